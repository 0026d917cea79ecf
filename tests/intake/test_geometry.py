"""Areas on the ellipsoid agree with the geodesic reference, for every shape; outlines are judged and moved."""

import math

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from senhui.intake.geometry import polygon_areas_ha, read_outlines

GEOD = Geod(a=6378137.0, rf=298.257222101)


def geodesic_area_ha(polygon: shapely.Polygon | shapely.MultiPolygon) -> float:
    """Area by the geodesic reference, ring by ring, so that the way a ring runs does not matter."""
    total = 0.0
    for part in shapely.get_parts(polygon):
        outer, *holes = (
            abs(GEOD.geometry_area_perimeter(shapely.Polygon(ring))[0]) for ring in shapely.get_rings(part)
        )
        total += outer - sum(holes)
    return total / 10_000


@given(
    lon=st.floats(73, 134),
    lat=st.floats(-10, 54),
    radius_m=st.floats(20, 3_000),
    roughness=st.lists(st.floats(0.5, 1.5), min_size=5, max_size=49),
    clockwise=st.booleans(),
)
def test_any_stand_has_its_geodesic_area(
    lon: float, lat: float, radius_m: float, roughness: list[float], clockwise: bool
) -> None:
    angle = np.linspace(0, 2 * np.pi, len(roughness), endpoint=False) * (-1 if clockwise else 1)
    radius = radius_m / 111_320 * np.array(roughness)
    stand = shapely.Polygon(
        np.column_stack([lon + radius * np.cos(angle) / math.cos(math.radians(lat)), lat + radius * np.sin(angle)])
    )
    assert polygon_areas_ha(np.array([stand]))[0] == pytest.approx(geodesic_area_ha(stand), rel=1e-4)


def test_holes_and_parts_count_as_they_should_among_simple_neighbours() -> None:
    outer, hole = shapely.box(120, 28, 120.02, 28.02), shapely.box(120.005, 28.005, 120.01, 28.01)
    ring_shaped = outer.difference(hole)
    two_parts = shapely.MultiPolygon([ring_shaped, shapely.box(120.03, 28, 120.04, 28.01)])
    shapes = np.array([outer, ring_shaped, hole, two_parts, outer])
    expected = [geodesic_area_ha(shape) for shape in shapes]
    assert polygon_areas_ha(shapes) == pytest.approx(expected, rel=1e-6)
    assert polygon_areas_ha(shapes)[1] == pytest.approx(expected[0] - expected[2], rel=1e-6)


def test_a_neighbour_changes_no_area() -> None:
    small, large = shapely.box(120, 28, 120.0001, 28.0001), shapely.box(118, 27, 121, 29)
    alone = polygon_areas_ha(np.array([small]))[0]
    assert polygon_areas_ha(np.array([large, small, large]))[1] == alone


def test_no_outline_has_no_area() -> None:
    assert polygon_areas_ha(np.array([], dtype=object)).shape == (0,)


def test_bad_outlines_get_a_reason_and_the_others_stay_as_they_are() -> None:
    good = shapely.to_wkb(shapely.box(120, 28, 120.01, 28.01))
    bow_tie = shapely.to_wkb(shapely.from_wkt("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"))
    point = shapely.to_wkb(shapely.Point(120, 28))
    wkb = pl.Series([good, None, bow_tie, point, b"\x01\x03broken", good], dtype=pl.Binary)

    outlines = read_outlines(wkb)

    assert list(outlines.reason) == [
        None,
        "geometry_missing",
        "geometry_invalid",
        "geometry_not_polygon",
        "geometry_invalid",
        None,
    ]
    assert list(outlines.detail[2:4]) == ["Self-intersection[0.5 0.5]", "Point"]
    assert outlines.wkb.to_list() == [good, None, bow_tie, None, None, good]
    assert np.isnan(outlines.area_ha).tolist() == [False, True, True, True, True, False]
    assert outlines.bounds[0].tolist() == [120, 28, 120.01, 28.01]
    assert np.isnan(outlines.bounds[1]).all()
