"""The cells of the sample city cover it without gap or overlap, and look like drawn sub-compartments."""

import numpy as np
import pytest
import shapely

from senhui.cli.demo.geometry import JOIN_BELOW_FRAC, Cells, counties, local_plane, make_cells
from senhui.cli.demo.mosaic import cell_polygons, jittered_seeds, voronoi_edges
from senhui.intake.geometry import polygon_areas_ha

N_CELLS = 6000


@pytest.fixture(scope="module")
def cells() -> Cells:
    return make_cells(N_CELLS, rng=np.random.default_rng(1))


def test_county_outlines_are_a_coverage_of_nine() -> None:
    assert len(counties().outlines) == 9
    assert shapely.coverage_is_valid(counties().outlines)


def test_cells_are_valid_polygons_that_share_their_borders_exactly(cells: Cells) -> None:
    assert shapely.is_valid(cells.polygons).all()
    assert set(shapely.get_type_id(cells.polygons)) == {shapely.GeometryType.POLYGON}
    assert shapely.coverage_is_valid(cells.polygons)


def test_cells_of_a_county_fill_its_outline_to_the_square_metre(cells: Cells) -> None:
    whole_ha = polygon_areas_ha(counties().outlines)
    for index, code in enumerate(counties().codes):
        filled_ha = cells.area_ha[cells.county == index].sum()
        # An equal-area cylinder bends long straight edges of the outline; 1e-6 of 200,000 ha is 0.2 ha.
        assert filled_ha == pytest.approx(whole_ha[index], rel=1e-6), code


def test_each_cell_lies_in_its_county(cells: Cells) -> None:
    inside = shapely.point_on_surface(cells.polygons)
    assert shapely.contains(counties().outlines[cells.county], inside).all()


def test_number_of_cells_and_vertices_is_about_what_was_asked_for(cells: Cells) -> None:
    assert len(cells.polygons) == pytest.approx(N_CELLS, rel=0.03)
    assert 40 <= shapely.get_num_coordinates(cells.polygons).mean() <= 60


def test_no_sliver_remains_at_a_border(cells: Cells) -> None:
    # Cells inside may be small by chance (a fifth of the mean); pieces at borders join below JOIN_BELOW_FRAC.
    at_border = shapely.intersects(cells.polygons, shapely.union_all(shapely.boundary(counties().outlines)))
    smallest = cells.area_ha[at_border].min() / cells.area_ha.mean()
    assert smallest > 0.9 * JOIN_BELOW_FRAC


def test_another_seed_draws_other_cells_and_the_same_seed_the_same() -> None:
    first, same, other = (make_cells(800, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(shapely.to_wkb(first.polygons), shapely.to_wkb(same.polygons))
    assert not np.array_equal(first.centre_km[:50], other.centre_km[:50])


@pytest.mark.parametrize("seed", range(5))
def test_wandering_edges_never_meet(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Full jitter makes the thinnest cells that this mosaic can have.
    seeds = jittered_seeds(np.zeros(2), np.full(2, 30.0), spacing_km=1.0, jitter=1.0, rng=rng)
    edges = voronoi_edges(seeds, segment_km=1 / 16, rng=rng)
    inner = ((seeds > 4) & (seeds < 26)).all(axis=1)
    polygons = cell_polygons(edges, seeds, inner, local_plane())[inner]
    assert len(polygons) > 400
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
