"""No line of few stands can be worked out from what the public reads of a comparison, whoever adds and subtracts."""

from __future__ import annotations

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
    lines_of_counties,
    lines_of_townships,
    tells_removal,
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


def test_a_sum_that_is_one_withheld_line_is_withheld_too() -> None:
    """Two stands changed method and nothing else did: the other differences together are those two stands."""
    read = lines_of_counties(alone("method_change", 2.0))
    assert {read[line] for line in MOVEMENTS} == {DIFFERENCE}
    assert (read["stock_before"], read["stock_after"]) == ("stock_before", "stock_after")
    for place in (COUNTIES[0], COUNTIES[1], f"{COUNTIES[1]}001"):
        assert not tells_removal(alone("method_change", 2.0), place)
    assert tells_removal(alone("method_change", 2.0), ""), "of the city there are many more"
    assert lines_of_counties(alone("method_change", 3.0))["method_change"] == "method_change"


def test_a_city_whose_other_differences_are_two_stands_tells_no_removal() -> None:
    only = {(f"{COUNTIES[0]}001", "growth"): 50.0, (f"{COUNTIES[0]}001", "method_change"): 2.0}
    assert not tells_removal(movements(only), "")


def test_lines_that_print_nothing_hide_nothing() -> None:
    """Fifty stands without carbon and one that lost some: their sum is what the one lost."""
    township = f"{COUNTIES[0]}001"
    cells = {(township, line): n for line, n in (("growth", 50.0), ("boundary", 50.0), ("method_change", 1.0))}
    assert tells_removal(movements(cells), COUNTIES[0])
    assert not tells_removal(movements(cells, nil=((township, "boundary"),)), COUNTIES[0])


def test_what_is_printed_of_no_counted_stand_is_of_a_few() -> None:
    table = counties().with_columns(
        pl.when((pl.col("township") == f"{COUNTIES[0]}001") & (pl.col("line") == "boundary"))
        .then(0.0)
        .otherwise("n")
        .alias("n")
    )
    assert lines_of_counties(table)["boundary"] == APPARENT_TOGETHER


def test_the_townships_of_a_county_are_read_alike() -> None:
    """One township with a single stand of other differences: that of its neighbour would tell it from the county's."""
    cells = {(township, line): 50.0 for township in TOWNSHIPS for line in MOVEMENTS}
    cells |= {("331121002", line): 1.0 if line == "boundary" else 0.0 for line in APPARENT_LINES}
    table = movements(cells)
    assert set(lines_of_townships(table, "331121").values()) == {"stock_before", DIFFERENCE, "stock_after"}
    assert lines_of_townships(table, "331102")["boundary"] == APPARENT_TOGETHER
    assert not tells_removal(table, "331121003")
    assert tells_removal(table, "331121")


def _printed(n: dict[Cell, float]) -> list[set[Cell]]:
    """Return what the public finds on all pages: each sum as the set of its (township, line)."""
    table = movements(n)
    codes = {""} | {township[:6] for township in TOWNSHIPS} | set(TOWNSHIPS)
    sums: list[set[Cell]] = []
    for code in codes:
        inside = [township for township in TOWNSHIPS if township.startswith(code)]
        sums.append({(township, line) for township in inside for line in MOVEMENTS})  # the stocks' difference
        if tells_removal(table, code):
            sums += [{(township, line) for township in inside for line in together}
                     for together in (REMOVAL_LINES, APPARENT_LINES)]  # fmt: skip
        read = lines_of_townships(table, code[:6]) if len(code) == 9 else lines_of_counties(table)
        for shown in set(read.values()) - {"stock_before", "stock_after"}:
            sums.append({(township, line) for township in inside for line in MOVEMENTS if read[line] == shown})
    return sums


CELLS = [(township, line) for township in TOWNSHIPS for line in MOVEMENTS]
few_or_none = st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 7.0])
rare_cells = st.dictionaries(st.sampled_from(CELLS), few_or_none, max_size=14)
where_nothing_is_apparent = st.sets(st.sampled_from(TOWNSHIPS))


@settings(max_examples=60)
@given(rare_cells, where_nothing_is_apparent)
@example({}, set())
@example({(TOWNSHIPS[0], "method_change"): 2.0, (TOWNSHIPS[1], "method_change"): 7.0}, set(TOWNSHIPS))
@example({(TOWNSHIPS[0], "method_change"): 2.0}, set(TOWNSHIPS))
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
    monkeypatch.setattr(f"{__name__}.lines_of_counties", lambda table: {line: line for line in LINES})
    attack = test_nothing_of_few_stands_follows_from_all_that_is_printed.hypothesis.inner_test  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="331181"):
        attack({(TOWNSHIPS[-1], "boundary"): 2.0}, set())
