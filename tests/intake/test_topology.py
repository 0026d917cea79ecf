"""What outlines are to each other is found with place and measure, and a layer in good order gives nothing.

All outlines stand near 119.9° E 28.4° N, where 0.001° are 97.96 m to the east and 110.85 m to the north.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from senhui.intake.as_read import OUTLINES
from senhui.intake.geometry import polygon_areas_ha
from senhui.intake.topology import outside_county_findings, pair_findings, topology_findings

WEST, SOUTH = 119.9, 28.4
EAST_M, NORTH_M = 97_960.0, 110_850.0  # metres in a degree


def box(west_m: float, south_m: float, east_m: float, north_m: float) -> shapely.Polygon:
    """Draw a rectangle with corners in metres from the origin."""
    return shapely.box(
        WEST + west_m / EAST_M, SOUTH + south_m / NORTH_M, WEST + east_m / EAST_M, SOUTH + north_m / NORTH_M
    )


def outlines(polygons: Sequence[shapely.Geometry]) -> pl.DataFrame:
    """Give polygons as the first stage of reading does."""
    drawn = np.array(polygons, dtype=object)
    bounds = shapely.bounds(drawn)
    return pl.DataFrame(
        {
            "row": np.arange(1, len(drawn) + 1),
            "geometry": shapely.to_wkb(drawn),
            "geometry_area_ha": polygon_areas_ha(drawn),
            **{name: bounds[:, i] for i, name in enumerate(("min_lon", "min_lat", "max_lon", "max_lat"))},
            "reason": [None] * len(drawn),
            "detail": [None] * len(drawn),
        },
        schema=OUTLINES,
    )


def told(polygons: Sequence[shapely.Geometry]) -> list[tuple[int | None, int | None, str]]:
    """Return row, other row and reason of what is found."""
    found = topology_findings(outlines(polygons))
    return sorted(found.select("row", "other_row", "reason").rows(), key=str)


def grid(n: int, *, east_m: float = 0.0, side_m: float = 100.0) -> list[shapely.Polygon]:
    """Draw n × n squares that share their borders, moved to the east."""
    at = side_m * np.arange(n + 1)
    return [box(at[i] + east_m, at[j], at[i + 1] + east_m, at[j + 1]) for i in range(n) for j in range(n)]


def test_squares_that_share_their_borders_give_nothing() -> None:
    assert told(grid(4)) == []


def test_a_border_without_common_points_gives_nothing() -> None:
    """The southern neighbour has two points on the border that the northern ones do not have."""
    assert told([box(0, 100, 100, 200), box(100, 100, 200, 200), box(30, 0, 170, 100)]) == []


def test_rounding_to_six_decimals_gives_nothing() -> None:
    rng = np.random.default_rng(1)
    cells = [shapely.transform(cell, lambda p: np.round(p, 6)) for cell in grid(5, side_m=123.4)]
    cut = [shapely.transform(shapely.segmentize(cell, 0.0001), lambda p: np.round(p, 6)) for cell in cells]
    assert told([a if rng.random() < 0.5 else b for a, b in zip(cells, cut, strict=True)]) == []


def test_an_overlap_is_told_of_both_rows_with_its_area_share_and_place() -> None:
    found = topology_findings(outlines([box(0, 0, 100, 100), box(90, 0, 290, 100)]))
    assert found.select("row", "other_row", "reason").rows() == [
        (1, 2, "outline_overlaps"),
        (2, 1, "outline_overlaps"),
    ]
    # 10 m × 100 m of 100 m × 100 m, and of 200 m × 100 m.
    assert found["value"].to_list() == ["1000 m² (10.0 %)", "1000 m² (5.0 %)"]
    assert WEST + 90 / EAST_M < found["lon"][0] < WEST + 100 / EAST_M
    assert SOUTH < found["lat"][0] < SOUTH + 100 / NORTH_M


@pytest.mark.parametrize(
    ("other", "is_found"),
    [
        (box(99.9, 0, 200, 100), False),  # 0.1 m wide: rounding
        (box(99.3, 0, 200, 60), False),  # 42 m²: below half the last decimal of an area
        (box(99.3, 0, 200, 100), True),  # 70 m²
        (box(20, 20, 80, 80), True),  # wholly inside: no border is crossed
        (box(-50, 20, 150, 80), True),  # across: no corner of either lies in the other
        (box(0, 0, 50, 100), True),  # a part of it, drawn along three of its sides
    ],
)
def test_an_overlap_counts_above_its_width_and_area(other: shapely.Polygon, is_found: bool) -> None:
    reasons = {reason for _, _, reason in told([box(0, 0, 100, 100), other])}
    assert reasons == ({"outline_overlaps"} if is_found else set())


def test_a_hole_that_another_outline_fills_is_no_overlap() -> None:
    ring = shapely.difference(box(0, 0, 300, 300), box(100, 100, 200, 200))
    assert told([ring, box(100, 100, 200, 200)]) == []
    assert told([ring, box(90, 100, 200, 200)]) == [(1, 2, "outline_overlaps"), (2, 1, "outline_overlaps")]


def test_an_outline_of_several_parts_is_compared_part_by_part() -> None:
    parts = shapely.union(box(0, 0, 50, 50), box(100, 0, 150, 50))
    assert told([parts, box(50, 0, 100, 50)]) == []
    assert told([parts, box(50, 0, 110, 50)]) == [(1, 2, "outline_overlaps"), (2, 1, "outline_overlaps")]


def test_the_same_outline_twice_is_told_of_both_rows_once() -> None:
    cells = grid(3)
    turned = shapely.reverse(shapely.Polygon(np.roll(shapely.get_coordinates(cells[4])[:-1], 1, axis=0)))
    assert told([*cells, turned]) == [(10, 5, "outline_duplicate"), (5, 10, "outline_duplicate")]


def test_a_layer_laid_over_itself_is_found_to_its_middle() -> None:
    """Inside of both copies every edge is shared; only the rims give them away."""
    cells, moved = grid(6), grid(6, east_m=40.0)
    found = {pair for row, other, _ in told([*cells, *moved]) for pair in [(row, other)]}
    # Square (i, j) has 60 m in common with its own copy and 40 m with the copy to its west.
    expected = {(6 * i + j + 1, 36 + 6 * i + j + 1) for i in range(6) for j in range(6)}
    expected |= {(6 * i + j + 1, 36 + 6 * (i - 1) + j + 1) for i in range(1, 6) for j in range(6)}
    assert found == expected | {(b, a) for a, b in expected}


@pytest.mark.parametrize("form", [{"byte_order": 0}, {"include_srid": True}, {"output_dimension": 3}])
def test_uncommon_forms_of_wkb_are_read_too(form: dict[str, int]) -> None:
    drawn = shapely.set_srid(shapely.force_3d([box(0, 0, 100, 100), box(90, 0, 190, 100)], 7.0), 4490)
    frame = outlines([box(0, 0, 100, 100), box(90, 0, 190, 100)])
    flat = drawn if form.get("output_dimension") == 3 else shapely.force_2d(drawn)
    other = frame.with_columns(geometry=pl.Series(shapely.to_wkb(flat, **form), dtype=pl.Binary))
    assert topology_findings(other).equals(topology_findings(frame))


def test_a_narrow_gap_is_a_finding_of_the_layer_with_its_place() -> None:
    found = topology_findings(outlines([box(0, 0, 100, 200), box(100.5, 0, 200, 200)]))
    assert found.select("row", "other_row", "reason").rows() == [(None, None, "gap_between")]
    assert found["value"].to_list() == ["100 m², 0.5 m (| 1 | 2 |)"]  # 0.5 m × 200 m
    assert found["lon"][0] == pytest.approx(WEST + 100.25 / EAST_M, abs=0.1 / EAST_M)


@pytest.mark.parametrize(
    "other",
    [
        box(101.5, 0, 200, 200),  # broad enough for a path
        box(100.5, 0, 200, 80),  # 40 m²
        shapely.Polygon([(WEST + 100 / EAST_M, SOUTH), *shapely.get_coordinates(box(101.5, 0, 200, 60))[:2]]),
    ],
)
def test_a_path_a_short_gap_and_a_corner_are_no_gaps(other: shapely.Polygon) -> None:
    assert told([box(0, 0, 100, 200), other]) == []


def test_what_another_outline_fills_is_no_gap() -> None:
    """A ditch of its own, 4 m × 200 m with 0.4 m less at its ends, stands between them."""
    found = told([box(0, 0, 100, 200), box(100.9, 0, 200, 200), box(100, -0.2, 100.9, 200.2)])
    assert found == [(3, None, "sliver")]


def test_a_sliver_is_told_with_its_mean_width() -> None:
    found = topology_findings(outlines([box(0, 0, 6, 300), box(50, 0, 54, 300)]))
    # 2 × 4 × 300 / (2 × 304); the first is 2 × 6 × 300 / (2 × 306) = 5.9 m wide.
    assert found.select("row", "reason", "value").rows() == [(2, "sliver", "3.9 m")]


def test_rows_without_a_valid_outline_are_left_out() -> None:
    frame = outlines([box(0, 0, 100, 100), box(50, 0, 150, 100)]).with_columns(
        reason=pl.Series(["geometry_invalid", None])
    )
    assert topology_findings(frame).height == 0
    assert topology_findings(frame.clear()).height == 0


def test_pairs_of_some_rows_are_the_pairs_of_the_layer_that_concern_them() -> None:
    frame = outlines([*grid(3), box(90, 90, 110, 110), box(250, 250, 350, 350)])
    some = pair_findings(frame, of_rows=pl.Series([11], dtype=pl.UInt32))
    assert some.select("row", "other_row").rows() == [(9, 11), (11, 9)]


def test_an_outline_far_outside_the_county_of_its_code_is_found() -> None:
    county = pl.DataFrame({"code": ["331181"], "geometry": [shapely.to_wkb(box(0, 0, 5000, 5000))]})
    frame = outlines(
        [
            box(4000, 0, 4900, 900),  # inside
            box(4950, 0, 5450, 500),  # outside a generalised border by less than its error
            box(5400, 0, 6000, 500),  # five sixths of it farther out than 500 m
            box(9000, 0, 9500, 500),  # of a county that has no outline here
        ]
    )
    codes = pl.Series(["331181", "331181", "331181", "331126"])
    found = outside_county_findings(frame, codes, county)
    assert found.select("row", "reason").rows() == [(3, "outside_county")]
    assert found["value"][0].startswith("331181 (83")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(20, 150), st.integers(20, 150)),
        min_size=2,
        max_size=12,
    )
)
def test_overlaps_are_those_that_exact_intersections_give(boxes: list[tuple[int, int, int, int]]) -> None:
    polygons = [box(x, y, x + width, y + height) for x, y, width, height in boxes]
    certain, possible = set(), set()
    for i, a in enumerate(polygons):
        for j, b in enumerate(polygons):
            # Boxes have whole metres for sides: what they have in common is at least one metre wide.
            common_m2 = shapely.intersection(a, b).area * EAST_M * NORTH_M if i != j else 0.0
            if common_m2 > 49:
                possible.add((i + 1, j + 1))
            if common_m2 > 52:
                certain.add((i + 1, j + 1))
    found = {(row, other) for row, other, reason in told(polygons) if reason.startswith("outline_") and other}
    assert certain <= found <= possible
