"""Rings: thinning is blind to direction and start, and cutting loses nobody."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from senhui.atlas import rings


def rings_of(*polygons: shapely.Geometry) -> rings.Rings:
    return rings.from_geometries(np.array(polygons, dtype=object))


def vertices(shape: rings.Rings) -> set[tuple[float, float]]:
    return set(zip(shape.x.tolist(), shape.y.tolist(), strict=True))


def test_projection_of_known_places() -> None:
    """Lon 0, lat 0 is the middle of the world; lon 180 its right edge; 85.0511287798066° its upper edge."""
    corner = shapely.Polygon([(0, 0), (180, 0), (0, 85.0511287798066)])
    world = rings.to_tile_units(rings_of(corner), zoom=0)
    np.testing.assert_allclose(world.x, [2048, 4096, 2048])
    np.testing.assert_allclose(world.y, [2048, 2048, 0], atol=1e-6)


def test_polygons_survive_the_way_there_and_back() -> None:
    holed = shapely.box(0, 0, 10, 10) - shapely.box(2, 2, 4, 4)
    two = shapely.MultiPolygon([shapely.box(20, 0, 22, 2), shapely.box(30, 0, 32, 2)])
    polygons, owner = rings.to_polygons(rings_of(holed, two))
    assert owner.tolist() == [0, 1, 1]
    assert shapely.equals(polygons, [holed, shapely.box(20, 0, 22, 2), shapely.box(30, 0, 32, 2)]).all()


@given(st.integers(0, 2**32 - 1), st.integers(4, 80), st.floats(0.05, 5))
def test_thinning_does_not_depend_on_start_or_direction(seed: int, n: int, tolerance: float) -> None:
    """So neighbours keep the same vertices on their common border."""
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, n))
    ring = np.column_stack((100 + 20 * np.cos(angle), 100 + 20 * np.sin(angle)))
    turned = np.roll(ring, int(random.integers(n)), axis=0)[::-1]
    one = rings.thin(rings_of(shapely.Polygon(ring)), tolerance=tolerance)
    other = rings.thin(rings_of(shapely.Polygon(turned)), tolerance=tolerance)
    assert vertices(one) == vertices(other)
    assert len(one.x) >= 3
    assert shapely.Polygon(ring).exterior.hausdorff_distance(rings.to_polygons(one)[0][0].exterior) <= tolerance


def test_thinning_keeps_the_tip_of_a_spike() -> None:
    spike = shapely.Polygon([(0, 0), (10, 0), (10, 5), (30, 5), (10, 5.1), (10, 10), (0, 10)])
    assert (30.0, 5.0) in vertices(rings.thin(rings_of(spike), tolerance=1))


def test_points_on_a_straight_line_go() -> None:
    square = shapely.segmentize(shapely.box(0, 0, 64, 64), 1)
    thinned = rings_of(square)
    for _ in range(30):
        thinned = rings.thin(thinned, tolerance=0.5)
    assert vertices(thinned) == {(0, 0), (0, 64), (64, 0), (64, 64)}


def test_a_polygon_smaller_than_the_grid_becomes_one_unit() -> None:
    pieces = rings.cut_into_tiles(rings_of(shapely.box(5000.2, 100.2, 5000.3, 100.3)))
    assert (pieces.column.tolist(), pieces.row.tolist()) == ([1], [0])
    assert rings.signed_areas(pieces.rings).tolist() == [1.0]


def test_a_polygon_near_a_border_is_drawn_in_both_tiles() -> None:
    near = shapely.box(4000, 100, 4080, 150)  # within the 64 units of buffer of column 1
    pieces = rings.cut_into_tiles(rings_of(near))
    assert pieces.column.tolist() == [0, 1]
    assert rings.signed_areas(pieces.rings).tolist() == [80 * 50.0, 48 * 50.0]


def test_no_polygons_make_no_pieces() -> None:
    nothing = rings.from_geometries(np.array([None, shapely.Point(0, 0), shapely.Polygon()], dtype=object))
    assert len(nothing.owner) == 0
    assert len(rings.cut_into_tiles(rings.thin(nothing, tolerance=0.5)).polygon) == 0
