"""Names on a sheet never lie over one another, stay inside, and larger places come first."""

from __future__ import annotations

import itertools

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from senhui.atlas.sheet_extent import Frame
from senhui.atlas.sheet_names import Label, Named, place_labels

FRAME = Frame(west_m=400_000, north_m=3_100_000, width_mm=100, height_mm=80, denominator=100_000)
ARROW = (88.0, 0.0, 100.0, 20.0)


def place(name: str, x_mm: float, y_mm: float, size_mm: float, *, rank: int = 1, size_pt: float = 7.0) -> Named:
    """A square place by its middle."""
    x_m, y_m, half_m = FRAME.west_m + 100 * x_mm, FRAME.north_m - 100 * y_mm, 50 * size_mm
    return Named(name, shapely.box(x_m - half_m, y_m - half_m, x_m + half_m, y_m + half_m), rank, size_pt, "Regular")


def overlap(one: Label, other: Label) -> bool:
    """Whether the boxes of two names share room."""
    apart_x = abs(one.x_mm - other.x_mm) >= (one.width_mm + other.width_mm) / 2
    return not (apart_x or abs(one.y_mm - other.y_mm) >= (one.height_mm + other.height_mm) / 2)


def test_a_name_stands_in_the_middle_of_its_place() -> None:
    (label,) = place_labels(FRAME, [place("大漈乡", 40, 30, 20)], taken=ARROW)
    assert np.allclose((label.x_mm, label.y_mm), (40, 30), atol=0.6)
    assert np.isclose(label.width_mm, 3 * 7 * 25.4 / 72)


def test_the_county_comes_first_and_the_township_gives_way() -> None:
    labels = place_labels(FRAME, [place("上垟镇", 40, 30, 20), place("龙泉市", 40, 30, 60, rank=0)], taken=ARROW)
    assert [label.text for label in labels] == ["龙泉市", "上垟镇"]
    assert not overlap(*labels)


def test_a_place_smaller_than_its_name_or_outside_is_not_named() -> None:
    assert place_labels(FRAME, [place("竹垟畲族乡", 40, 30, 2), place("上垟镇", 140, 30, 20)], taken=ARROW) == []


def test_only_the_part_that_is_seen_bears_the_name() -> None:
    (label,) = place_labels(FRAME, [place("青田县", 0, 40, 30, rank=0)], taken=ARROW)
    assert label.x_mm - label.width_mm / 2 > 0
    assert label.x_mm < 15


def test_no_name_lies_under_the_north_arrow() -> None:
    labels = place_labels(FRAME, [place("缙云县", 94, 10, 11)], taken=ARROW)
    assert all(label.x_mm + label.width_mm / 2 < 88 or label.y_mm > 20 for label in labels)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 80), st.floats(1, 40)), max_size=25))
def test_names_never_overlap_and_never_leave_the_frame(squares: list[tuple[float, float, float]]) -> None:
    places = [place("畲族乡" * (1 + nth % 2), *entry, rank=nth % 3) for nth, entry in enumerate(squares)]
    labels = place_labels(FRAME, places, taken=ARROW)
    assert not any(overlap(*pair) for pair in itertools.combinations(labels, 2))
    for label in labels:
        assert label.width_mm / 2 <= label.x_mm <= 100 - label.width_mm / 2
        assert label.height_mm / 2 <= label.y_mm <= 80 - label.height_mm / 2
