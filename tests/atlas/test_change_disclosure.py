"""No line of few stands can be worked out from what the public reads of a comparison, whoever adds and subtracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from senhui.atlas.change_disclosure import (
    APPARENT_TOGETHER,
    DIFFERENCE,
    EVENTS_TOGETHER,
    REMOVAL_TOGETHER,
    PublicLines,
    public_lines,
)
from senhui.atlas.disclosure import FEWEST_SHOWN
from senhui.measurement.change import APPARENT_LINES, EVENT_KINDS, LINES, MOVEMENTS, REMOVAL_LINES

COUNTIES = ("331102", "331121", "331126", "331181")
TOWNSHIPS = ("331102001", "331102002", "331121001", "331121002", "331121003", "331181001")
ENOUGH = float(FEWEST_SHOWN)
Cell = tuple[str, str]


def movements(stands: dict[Cell, float], *, nil: tuple[Cell, ...] = ()) -> pl.DataFrame:
    """Townships and lines with their stands; each prints something unless it has none or is among `nil`."""
    rows = [
        (township, line, n, *([0.0 if n == 0.0 or (township, line) in nil else 7.0 * n] * 3))
        for (township, line), n in stands.items()
    ]
    names = ["township", "line", "n", "area_ha", "measured_tc", "calibrated_tc"]
    return pl.DataFrame(rows, schema=names, orient="row", schema_overrides=dict.fromkeys(names[2:], pl.Float64))


def counties(*cells: tuple[str, str, float]) -> pl.DataFrame:
    """A township in each county with plenty of stands in every line, unless a cell (county, line, stands) differs."""
    n = {(f"{county}001", line): 50.0 for county in COUNTIES for line in MOVEMENTS}
    return movements(n | {(f"{county}001", line): stands for county, line, stands in cells})


def test_where_no_line_is_small_the_public_reads_each() -> None:
    assert lines_of_counties(counties()) == {line: line for line in LINES}
    nothing = [(county, "fire", 0.0) for county in COUNTIES]
    assert lines_of_counties(counties(*nothing))["fire"] == "fire", "that nothing burned tells of no stand"


def test_an_event_on_two_stands_of_one_county_hides_the_kinds_of_all() -> None:
    read = lines_of_counties(counties((COUNTIES[0], "fire", ENOUGH - 1)))
    assert {read[kind] for kind in EVENT_KINDS} == {EVENTS_TOGETHER}
    assert read["growth"] == "growth"
    assert lines_of_counties(counties((COUNTIES[0], "fire", ENOUGH)))["fire"] == "fire"


@pytest.mark.parametrize("others", [0.0, 2.0])
def test_events_that_are_few_even_together_go_to_the_removal(others: float) -> None:
    """Two stands in each kind may be the same two stands."""
    few = [(COUNTIES[1], kind, others) for kind in EVENT_KINDS[1:]]
    read = lines_of_counties(counties((COUNTIES[1], EVENT_KINDS[0], 1.0), *few))
    assert {read[line] for line in REMOVAL_LINES} == {REMOVAL_TOGETHER}


def lines_of_counties(table: pl.DataFrame) -> Mapping[str, str]:
    return public_lines(table).of_counties


@pytest.mark.parametrize("line", ["growth", "loss", "land_class_change"])
def test_a_single_stand_that_grew_or_shrank_is_not_told(line: str) -> None:
    read = lines_of_counties(counties((COUNTIES[2], line, 1.0)))
    assert {read[one] for one in REMOVAL_LINES} == {REMOVAL_TOGETHER}


@pytest.mark.parametrize("line", APPARENT_LINES)
def test_an_apparent_difference_of_a_single_stand_is_not_told(line: str) -> None:
    read = lines_of_counties(counties((COUNTIES[3], line, 1.0)))
    assert {read[one] for one in APPARENT_LINES} == {APPARENT_TOGETHER}
    assert read["growth"] == "growth"


def test_parts_of_stands_count_upwards() -> None:
    """2.1 stands lie on three at least; a third of one is still one stand."""
    assert lines_of_counties(counties((COUNTIES[0], "loss", ENOUGH - 0.9)))["loss"] == "loss"
    assert lines_of_counties(counties((COUNTIES[0], "loss", 1 / 3)))["loss"] == REMOVAL_TOGETHER


def alone(line: str, stands: float) -> pl.DataFrame:
    """One county where nothing but `line` is an apparent difference, among counties where nothing is small."""
    return counties(*[(COUNTIES[0], one, stands if one == line else 0.0) for one in APPARENT_LINES])


def test_a_sum_that_is_one_withheld_line_is_withheld_in_its_place_and_one_more() -> None:
    """Two stands changed method and nothing else did: the other differences of that county are those two stands."""
    public = public_lines(alone("method_change", 2.0))
    hidden = public.together[""]
    assert COUNTIES[0] in hidden
    assert len(hidden) == 2, "alone it would be the city less the others"
    assert set(public.read_as(COUNTIES[0]).values()) == {"stock_before", DIFFERENCE, "stock_after"}
    for county in COUNTIES:
        assert public.tells_removal(county) is public.tells_removal(f"{county}001") is (county not in hidden)
    assert public.tells_removal(""), "of the city there are many more"
    assert public.read_as("")["boundary"] == APPARENT_TOGETHER, "land may have moved between the two counties"
    stays = public_lines(alone("method_change", 2.0).filter(pl.col("line") != "transfer"))
    assert stays.read_as("")["method_change"] == "method_change", "of the two counties together there are many"
    assert lines_of_counties(alone("method_change", 3.0))["method_change"] == "method_change"


def test_a_city_whose_other_differences_are_two_stands_tells_no_removal() -> None:
    only = {(f"{COUNTIES[0]}001", "growth"): 50.0, (f"{COUNTIES[0]}001", "method_change"): 2.0}
    public = public_lines(movements(only))
    assert not any(public.tells_removal(place) for place in ("", COUNTIES[0], f"{COUNTIES[0]}001"))
    assert set(public.read_side_by_side("")[0].values()) == {"stock_before", DIFFERENCE, "stock_after"}


def test_lines_that_print_nothing_hide_nothing() -> None:
    """Fifty stands without carbon and one that lost some: their sum is what the one lost."""
    township = f"{COUNTIES[0]}001"
    cells = {(township, line): n for line, n in (("growth", 50.0), ("boundary", 50.0), ("method_change", 1.0))}
    assert public_lines(movements(cells)).tells_removal(COUNTIES[0])
    assert not public_lines(movements(cells, nil=((township, "boundary"),))).tells_removal(COUNTIES[0])


def test_what_townships_of_a_county_gave_each_other_hides_nothing_of_the_county() -> None:
    """Fifty stands went from one township to its neighbour and one changed method: the county shows the one."""
    one, other = (f"{COUNTIES[0]}00{n}" for n in (1, 2))
    table = movements({(one, "growth"): 50.0, (one, "method_change"): 1.0, (other, "growth"): 50.0})
    moved = movements({(one, "transfer"): 50.0, (other, "transfer"): 50.0}).with_columns(
        pl.when(pl.col("township") == one).then(-pl.col(name)).otherwise(name).alias(name)
        for name in ("measured_tc", "calibrated_tc", "area_ha")
    )
    assert not public_lines(pl.concat([table, moved])).tells_removal(COUNTIES[0])


def test_what_is_printed_of_no_counted_stand_is_of_a_few() -> None:
    table = counties().with_columns(
        pl.when((pl.col("township") == f"{COUNTIES[0]}001") & (pl.col("line") == "boundary"))
        .then(0.0)
        .otherwise("n")
        .alias("n")
    )
    assert lines_of_counties(table)["boundary"] == APPARENT_TOGETHER


def small_township() -> pl.DataFrame:
    """Everything on many stands, but the other differences of one township, which are a single stand."""
    cells = {(township, line): 50.0 for township in TOWNSHIPS for line in MOVEMENTS}
    cells |= {("331121002", line): 1.0 if line == "boundary" else 0.0 for line in APPARENT_LINES}
    return movements(cells)


def test_a_city_with_one_small_township_withholds_it_and_one_neighbour() -> None:
    public = public_lines(small_township())
    assert public.together == {
        "": frozenset(),
        "331102": frozenset(),
        "331121": frozenset({"331121001", "331121002"}),
        "331181": frozenset(),
    }
    told = {place for place in ("", *{town[:6] for town in TOWNSHIPS}, *TOWNSHIPS) if public.tells_removal(place)}
    assert told == {"", "331102", "331121", "331181", *TOWNSHIPS} - public.together["331121"]
    assert public.read_as("331121002")["growth"] == DIFFERENCE
    assert public.read_as("331121003")["growth"] == REMOVAL_TOGETHER
    assert public.read_as("331121")["growth"] == "growth"
    assert public.read_side_by_side("331121")[0]["boundary"] == APPARENT_TOGETHER


def test_small_townships_that_are_many_together_need_no_other() -> None:
    cells = {(township, line): 50.0 for township in TOWNSHIPS for line in MOVEMENTS}
    for township in ("331121001", "331121003"):
        cells |= {(township, line): 2.0 if line == "boundary" else 0.0 for line in APPARENT_LINES}
    assert public_lines(movements(cells)).together["331121"] == {"331121001", "331121003"}


def test_the_neighbour_that_is_withheld_is_the_smallest_that_hides() -> None:
    """A neighbour of no other differences would leave the one stand alone; of the two that have some, the smaller."""
    cells = {(f"33112100{n}", line): size for n, size in enumerate((50.0, 20.0, 90.0, 50.0)) for line in MOVEMENTS}
    cells |= {("331121000", line): 1.0 if line == "boundary" else 0.0 for line in APPARENT_LINES}
    cells |= {("331121001", line): 0.0 for line in APPARENT_LINES}
    assert public_lines(movements(cells)).together["331121"] == {"331121000", "331121003"}


def test_where_a_county_withholds_all_its_townships_it_still_tells_its_own_removal() -> None:
    cells = {(f"33112100{n}", line): 1.0 for n in range(4) for line in MOVEMENTS}
    public = public_lines(movements(cells))
    assert public.tells_removal("331121")
    assert len(public.together["331121"]) == 4


def _printed(n: dict[Cell, float]) -> list[set[Cell]]:
    """Return what the public finds on all pages: each sum as the set of its (township, line)."""
    public = public_lines(movements(n))
    codes = {""} | {township[:6] for township in TOWNSHIPS} | set(TOWNSHIPS)
    sums: list[set[Cell]] = []

    def print_lines(inside: list[str], read: Mapping[str, str]) -> None:
        for shown in set(read.values()) - {"stock_before", "stock_after"}:
            sums.append({(township, line) for township in inside for line in MOVEMENTS if read[line] == shown})

    for code in codes:
        inside = [township for township in TOWNSHIPS if township.startswith(code)]
        sums.append({(township, line) for township in inside for line in MOVEMENTS})  # the stocks' difference
        if public.tells_removal(code):
            sums += [{(township, line) for township in inside for line in together}
                     for together in (REMOVAL_LINES, APPARENT_LINES)]  # fmt: skip
        print_lines(inside, public.read_as(code))
        read, together = public.read_side_by_side(code)
        print_lines(inside, read)
        n_digits = 9 if code else 6
        parts = {township[:n_digits] for township in inside}
        for part in parts - together:
            print_lines([township for township in inside if township.startswith(part)], read)
        print_lines([township for township in inside if township[:n_digits] in together], read)
    return [summed for summed in sums if summed]


CELLS = [(township, line) for township in TOWNSHIPS for line in MOVEMENTS]
few_or_none = st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 7.0])
rare_cells = st.dictionaries(st.sampled_from(CELLS), few_or_none, max_size=14)
where_nothing_is_apparent = st.sets(st.sampled_from(TOWNSHIPS))


@settings(max_examples=60)
@given(rare_cells, where_nothing_is_apparent)
@example({}, set())
@example({(TOWNSHIPS[0], "method_change"): 2.0, (TOWNSHIPS[1], "method_change"): 7.0}, set(TOWNSHIPS))
@example({(TOWNSHIPS[0], "method_change"): 2.0}, set(TOWNSHIPS))
@example({(TOWNSHIPS[3], "method_change"): 1.0}, {TOWNSHIPS[3]})
@example({(TOWNSHIPS[2], "boundary"): 1.0, (TOWNSHIPS[3], "boundary"): 1.0}, set(TOWNSHIPS[2:4]))
def test_nothing_of_few_stands_follows_from_all_that_is_printed(rare: dict[Cell, float], without: set[str]) -> None:
    """Solve the printed equations for every line of every township and county, and for removal and its counterpart.

    Each line of each township is an unknown. Where a printed sum is zero because no stand is in it, all its parts are
    known to be nothing.
    """
    n = dict.fromkeys(CELLS, 400.0) | {(township, line): 0.0 for township in without for line in APPARENT_LINES} | rare
    sums = _printed(n)
    empty = set().union(*[summed for summed in sums if not any(n[cell] for cell in summed)], set())
    equations = np.array([[cell in summed for cell in CELLS] for summed in sums], dtype=float)
    equations = np.vstack([equations, *[[cell == one for one in CELLS] for cell in empty]])
    unseen = np.linalg.svd(equations)[2][np.linalg.matrix_rank(equations) :]
    for code in {township[:6] for township in TOWNSHIPS} | set(TOWNSHIPS):
        for together in (*[(line,) for line in MOVEMENTS], REMOVAL_LINES, APPARENT_LINES):
            sizes = [sum(n[township, line] for township in TOWNSHIPS if township.startswith(code)) for line in together]
            if any(sizes) and max(sizes) <= FEWEST_SHOWN - 1:
                asked = np.array([township.startswith(code) and line in together for township, line in CELLS])
                assert np.abs(unseen @ asked).max(initial=0.0) > 1e-9, (code, together)


def test_the_attack_finds_what_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver above is no blunt knife: with every line printed it finds the small one."""
    in_each = PublicLines({line: line for line in LINES}, {"": frozenset()})
    in_each = replace(in_each, together={code: frozenset() for code in ("", *{town[:6] for town in TOWNSHIPS})})
    monkeypatch.setattr(f"{__name__}.public_lines", lambda table: in_each)
    attack = test_nothing_of_few_stands_follows_from_all_that_is_printed.hypothesis.inner_test  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="331181"):
        attack({(TOWNSHIPS[-1], "boundary"): 2.0}, set())


def test_the_attack_finds_a_place_withheld_without_a_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The county less its other townships is the one that is not shown."""
    small = {("331121002", line): 1.0 if line == "boundary" else 0.0 for line in APPARENT_LINES}
    public = public_lines(small_township())
    lonely = replace(public, together={**public.together, "331121": frozenset({"331121002"})})
    monkeypatch.setattr(f"{__name__}.public_lines", lambda table: lonely)
    attack = test_nothing_of_few_stands_follows_from_all_that_is_printed.hypothesis.inner_test  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="331121002"):
        attack(small, set())
