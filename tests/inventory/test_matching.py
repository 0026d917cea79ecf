"""Polygons of two surveys: what is the same land, what was split, merged or moved; every hectare is accounted for."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from senhui.intake.geometry import polygon_areas_ha
from senhui.inventory.matching import Matching, match

WEST, SOUTH, SIDE = 119.0, 28.0, 0.003


def box(x: float, y: float, width: float = 1.0, height: float = 1.0) -> Any:
    """A rectangle in steps of 0.003 degrees (about 300 m)."""
    return shapely.box(WEST + SIDE * x, SOUTH + SIDE * y, WEST + SIDE * (x + width), SOUTH + SIDE * (y + height))


def layer(stands: dict[str, Any], *, recorded_ha: float | None = None) -> pl.DataFrame:
    outlines = np.array(list(stands.values()), dtype=object)
    area_ha = polygon_areas_ha(outlines).round(2) if recorded_ha is None else np.full(len(outlines), recorded_ha)
    return pl.DataFrame(
        {
            "sub_compartment_id": list(stands),
            "area_ha": area_ha,
            "geometry": pl.Series(shapely.to_wkb(outlines), dtype=pl.Binary),
        }
    )


def classes(matching: Matching, side: str) -> list[str]:
    return list((matching.before if side == "before" else matching.after)["class"])


def assert_areas_close(matching: Matching, before: pl.DataFrame, after: pl.DataFrame) -> None:
    for side, frame in (("before", before), ("after", after)):
        parts = matching.pieces.drop_nulls(f"row_{side}").group_by(f"row_{side}").agg(pl.col(f"area_{side}_ha").sum())
        assert parts.height == frame.height, "every stand has a piece"
        np.testing.assert_allclose(
            parts.sort(f"row_{side}")[f"area_{side}_ha"].to_numpy(), frame["area_ha"].to_numpy(), rtol=1e-9
        )


def test_the_same_layer_twice_is_all_unchanged_and_nothing_is_intersected() -> None:
    stands = layer({"a": box(0, 0), "b": box(1, 0)})
    matching = match(stands, stands)
    assert matching.n_same == 2
    assert classes(matching, "before") == classes(matching, "after") == ["unchanged", "unchanged"]
    assert matching.pieces.select("row_before", "row_after").rows() == [(0, 0), (1, 1)]


def test_an_outline_that_went_through_a_projection_and_back_is_the_same_outline() -> None:
    before = layer({"a": box(0, 0), "b": box(1, 0)})
    moved = {name: shapely.transform(box(i, 0), lambda xy: xy + 5e-10) for i, name in enumerate("ab")}
    assert match(before, layer(moved)).n_same == 2


def test_a_ring_that_runs_the_other_way_is_the_same_outline() -> None:
    before = layer({"a": box(0, 0)})
    assert match(before, layer({"a": shapely.reverse(box(0, 0))})).n_same == 1


def test_a_split_a_merge_a_moved_boundary_a_new_and_a_vanished_stand_are_named() -> None:
    before = layer({
        "same": box(0, 0), "split": box(1, 0), "left": box(2, 0, 0.5), "right": box(2.5, 0, 0.5),
        "west": box(3, 0), "east": box(4, 0), "old number": box(6, 0), "gone": box(8, 0),
    })  # fmt: skip
    after = layer({
        "same": box(0, 0), "split-1": box(1, 0, 0.4), "split-2": box(1.4, 0, 0.6), "merged": box(2, 0),
        "west": box(3, 0, 1.3), "east": box(4.3, 0, 0.7), "new number": box(6, 0), "found": box(10, 0),
    })  # fmt: skip
    matching = match(before, after)
    assert classes(matching, "before") == [
        "unchanged", "split", "merged", "merged", "moved_boundary", "moved_boundary", "renumbered", "vanished",
    ]  # fmt: skip
    assert classes(matching, "after") == [
        "unchanged", "split", "split", "merged", "moved_boundary", "moved_boundary", "renumbered", "new",
    ]  # fmt: skip
    assert matching.counts()["before"]["vanished"] == 1
    assert_areas_close(matching, before, after)
    crossing = matching.pieces.filter((pl.col("row_before") == 5) & (pl.col("row_after") == 4))["area_ha"].item()
    assert crossing == pytest.approx(0.3 * before["area_ha"][5], rel=2e-3)


def test_a_sliver_goes_to_the_larger_piece_and_the_areas_still_close() -> None:
    before = layer({"west": box(0, 0), "east": box(1, 0)})
    after = layer({"west": box(0, 0, 1.001), "east": box(1.001, 0, 0.999)})  # 30 cm × 330 m ≈ 0.01 ha
    matching = match(before, after)
    assert matching.pieces.height == 2, "the strip of 30 cm is no piece"
    assert matching.sliver_ha == pytest.approx(0.0098, abs=0.0005)
    assert_areas_close(matching, before, after)


def test_a_thin_stand_of_its_own_is_no_sliver() -> None:
    before = layer({"big": box(0, 0)})
    after = layer({"big": box(0.01, 0, 0.99), "strip": box(0, 0, 0.01)})
    matching = match(before, after)
    strip = matching.pieces.filter(pl.col("row_after") == 1)
    assert strip["row_before"].to_list() == [0]
    assert_areas_close(matching, before, after)


def test_the_pieces_add_up_to_the_recorded_area_and_not_to_that_of_the_outline() -> None:
    before = layer({"a": box(0, 0)}, recorded_ha=12.0)
    after = layer({"b": box(0, 0, 0.25), "c": box(0.25, 0, 0.75)}, recorded_ha=5.0)
    pieces = match(before, after).pieces.sort("row_after")
    assert pieces["area_before_ha"].to_list() == pytest.approx([3.0, 9.0], rel=1e-9)
    assert pieces["area_after_ha"].to_list() == [5.0, 5.0]


def test_two_stands_with_one_outline_or_one_number_are_matched_by_land() -> None:
    before = layer({"a": box(0, 0), "b": box(1, 0)})
    twice = pl.concat([layer({"a": box(0, 0)}), layer({"a": box(1, 0)})])
    matching = match(before, twice)
    assert matching.pieces.select("row_before", "row_after").sort("row_before").rows() == [(0, 0), (1, 1)]


@given(
    cuts=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=6),
    shift=st.floats(-0.4, 0.4),
)
@settings(max_examples=40, deadline=None)
def test_areas_close_whatever_the_polygons_and_swapping_the_layers_swaps_the_pieces(
    cuts: list[float], shift: float
) -> None:
    before = layer({f"b{i}": box(i, 0) for i in range(len(cuts))})
    parts: dict[str, Any] = {}
    for i, cut in enumerate(cuts):
        cell, knife = box(i, shift), shapely.box(WEST + SIDE * (i - 1), SOUTH - 1, WEST + SIDE * (i + cut), SOUTH + 1)
        parts[f"l{i}"] = shapely.intersection(cell, knife)
        parts[f"r{i}"] = shapely.difference(cell, knife)
    after = layer(parts)
    there, back = match(before, after), match(after, before)
    assert_areas_close(there, before, after)
    swapped = back.pieces.select(
        row_before="row_after", row_after="row_before", area_ha="area_ha", area_before_ha="area_after_ha",
        area_after_ha="area_before_ha",
    )  # fmt: skip
    key = ["row_before", "row_after"]
    one, other = there.pieces.sort(key), swapped.sort(key)
    assert one.select(key).equals(other.select(key))
    for column in ("area_ha", "area_before_ha", "area_after_ha"):
        np.testing.assert_allclose(one[column].to_numpy(), other[column].to_numpy(), rtol=1e-9, atol=1e-9)
