"""What is printed never tells a small cell: not by subtraction, not by bounds, not through another table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.inventory.surveys import two_releases

from senhui.atlas import disclosure
from senhui.atlas.cube import build_cube, cube_path
from senhui.atlas.disclosure import (
    ATTRIBUTES,
    FACTOR,
    FEWEST_SHOWN,
    MEASURES,
    NOTHING,
    Withheld,
    build_withheld,
    withheld,
    withheld_of,
)

COUNTIES = ("331102", "331121", "331126", "331181")
LAND = ("tree_forest", "bamboo_forest", "cutover", "nursery")
SPECIES = ("fir", "pine", "oak", "moso", None)


def cube(rows: list[tuple[str, str, str | None, int, float]]) -> pl.DataFrame:
    """Return a cube of (county, land class, species group, stands, tC per stand); the others follow."""
    return pl.DataFrame(
        {
            "township": [f"{county}100" for county, *_ in rows],
            "land_class": [land for _, land, *_ in rows],
            "species_group": pl.Series([species for _, _, species, *_ in rows], dtype=pl.String),
            "origin": ["natural" if species == "oak" else "planted" for _, _, species, *_ in rows],
            "age_group": [n % 2 + 1 for *_, n, _ in rows],
            "method": [f"by_{land}" for _, land, *_ in rows],
            "n": [n for *_, n, _ in rows],
            "area_ha": [float(3 * n) for *_, n, _ in rows],
            "forest_area_ha": [float(3 * n) for *_, n, _ in rows],
            "area_without_estimate_ha": [0.0 for _ in rows],
            "volume_m3": [90.0 * n for *_, n, _ in rows],
            "stock_tc": [n * tc for *_, n, tc in rows],
            "calibrated_stock_tc": [1.25 * n * tc for *_, n, tc in rows],
        }
    )


one_row = st.tuples(
    st.sampled_from(COUNTIES),
    st.sampled_from(LAND),
    st.sampled_from(SPECIES),
    st.integers(1, 12),
    st.floats(0.5, 60.0).map(lambda tc: round(tc, 1)),
)
cubes = st.lists(one_row, min_size=8, max_size=40).map(cube)


def sums(rows: pl.DataFrame, attribute: str, measure: str) -> dict[tuple[str | int | None, str], float]:
    grouped = rows.group_by(attribute, pl.col("township").str.head(6).alias("county")).agg(pl.col(measure).sum())
    found = dict.fromkeys(
        ((value, county) for value in rows[attribute].unique() for county in grouped["county"].unique()), 0.0
    )
    return found | {(value, county): float(total) for value, county, total in grouped.iter_rows()}


def bounds(
    cells: dict[tuple[str | int | None, str], float], hidden: Withheld, cell: tuple[str | int | None, str]
) -> tuple[float, float]:
    """Return the lowest and highest value of a withheld cell that fits all that is printed, by linear programming."""
    unknown = [key for key in cells if hidden.covers(*key)]
    counties = {county for _, county in cells}
    equations, results = [], []
    for county in counties:  # totals of counties are printed
        equations.append([float(key[1] == county) for key in unknown])
        results.append(sum(cells[key] for key in unknown if key[1] == county))
    for value in {value for value, _ in cells}:
        if not hidden.covers(value, None):
            equations.append([float(key[0] == value) for key in unknown])
            results.append(sum(cells[key] for key in unknown if key[0] == value))
    goal = [float(key == cell) for key in unknown]
    lowest = linprog(goal, A_eq=equations, b_eq=results, bounds=(0, None), method="highs")
    highest = linprog([-part for part in goal], A_eq=equations, b_eq=results, bounds=(0, None), method="highs")
    assert lowest.status == highest.status == 0
    return float(lowest.fun), -float(highest.fun)


@settings(max_examples=60, deadline=None)
@given(rows=cubes)
def test_no_small_cell_is_told_closer_than_the_factor(rows: pl.DataFrame) -> None:
    """Checked with a linear program, which knows nothing of the bounds by which the product chooses."""
    for attribute, hidden in withheld_of(rows).items():
        n = sums(rows, attribute, "n")
        values = {value for value, _ in n}
        for cell, count in n.items():
            if not 0 < count < FEWEST_SHOWN or len(values) == 1:
                continue  # the only value of all: its cells are the totals of places, which are public
            assert hidden.covers(*cell), (attribute, cell)
            for measure in MEASURES:
                of_measure = sums(rows, attribute, measure)
                if of_measure[cell] > 0:
                    lowest, highest = bounds(of_measure, hidden, cell)
                    assert highest >= FACTOR * lowest - 1e-6 * highest, (attribute, cell, measure, lowest, highest)


@settings(max_examples=40, deadline=None)
@given(rows=cubes)
def test_no_small_cell_follows_from_all_tables_together(rows: pl.DataFrame) -> None:
    """Move the unknowns along a direction that no printed number notices: each small cell must notice one."""
    chosen = withheld_of(rows)
    counties = sorted(rows["township"].str.head(6).unique())
    kinds = rows.select(ATTRIBUTES).unique(maintain_order=True).rows(named=True)
    unknowns = [(county, kind) for county in counties for kind in kinds]

    def sum_of(attribute: str, value: object, county: str | None) -> list[float]:
        return [float(kind[attribute] == value and county in (None, place)) for place, kind in unknowns]

    printed = [[float(place == county) for place, _ in unknowns] for county in counties]
    small = []
    for attribute, hidden in chosen.items():
        n = sums(rows, attribute, "n")
        values = {value for value, _ in n}
        for value in values:
            for county in (*counties, None):
                if not hidden.covers(value, county):
                    printed.append(sum_of(attribute, value, county))
            small += [
                sum_of(attribute, value, county)
                for county in counties
                if 0 < n[value, county] < FEWEST_SHOWN and len(values) > 1
            ]
    rank = np.linalg.matrix_rank(np.array(printed))
    for cell in small:
        assert np.linalg.matrix_rank(np.array([*printed, cell])) == rank + 1


def test_one_small_cell_takes_a_block_with_it_and_leaves_the_city() -> None:
    """Two firs in one county: their cell, another cell of the county, and both in another county are withheld."""
    rows = cube(
        [(county, "tree_forest", species, 10, 20.0) for county in COUNTIES[:3] for species in ("fir", "pine", "moso")]
    ).with_columns(n=pl.when(pl.int_range(9) == 0).then(2).otherwise("n"))
    hidden = withheld_of(rows)["species_group"]
    assert hidden.covers("fir", COUNTIES[0])
    assert len(hidden.values) == len(hidden.counties) == 2
    assert hidden.of_city == frozenset()


def test_values_rare_in_the_city_are_withheld_there_in_a_group() -> None:
    rows = cube([("331181", "tree_forest", species, n, 20.0) for species, n in (("fir", 30), ("moso", 9), ("pine", 2))])
    assert withheld_of(rows.with_columns(age_group=pl.lit(1)))["species_group"].of_city == {"pine", "moso"}


def test_a_cell_that_two_tables_would_tell_is_withheld_with_the_right_partner() -> None:
    """Bamboo land holds moso and other bamboo only: with moso printed, the other would be the difference."""
    rows = cube(
        [
            (county, land, species, n, 20.0)
            for county, rare in (("331102", 2), ("331181", 40))
            for land, species, n in (
                ("bamboo_forest", "other_bamboo", rare), ("bamboo_forest", "moso", 60), ("tree_forest", "fir", 30),
                ("tree_forest", "pine", 20),
            )
        ]
    )  # fmt: skip
    assert {"moso", "other_bamboo"} <= withheld_of(rows)["species_group"].values


def test_where_no_cell_is_small_nothing_is_withheld() -> None:
    rows = cube([(county, "tree_forest", species, 9, 20.0) for county in COUNTIES for species in ("fir", "oak")])
    assert set(withheld_of(rows.with_columns(age_group=pl.lit(1))).values()) == {NOTHING}


@pytest.mark.database
def test_the_job_keeps_what_is_withheld_and_no_reader_chooses_it_again(
    person: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, _ = two_releases(person, tmp_path)
    build_cube(release.id)
    some = Withheld(frozenset({None, "oak", "fir"}), frozenset({"331181"}), frozenset({1, None, 2}))
    monkeypatch.setattr(disclosure, "withheld_of", lambda rows: {"origin": NOTHING, "age_group": some})
    build_withheld(release.id)
    monkeypatch.setattr(disclosure, "withheld_of", lambda rows: pytest.fail("it is kept"))
    assert withheld(release.id) == {"origin": NOTHING, "age_group": some}


@pytest.mark.database
@pytest.mark.parametrize("spoil", ["format", "cube", "gone", "cut"])
def test_what_an_older_rule_or_cube_withheld_is_chosen_anew(
    person: Callable[..., Any], tmp_path: Path, spoil: str
) -> None:
    release, _ = two_releases(person, tmp_path)
    build_cube(release.id)
    expected = build_withheld(release.id)
    path = cube_path(release.id).with_name("withheld.json")
    kept = json.loads(path.read_text("utf-8"))
    other = {attribute: {"values": ["oak"], "counties": ["331181"], "of_city": []} for attribute in ATTRIBUTES}
    if spoil == "gone":
        path.unlink()
    elif spoil == "cut":
        path.write_text(path.read_text("utf-8")[:40], "utf-8")
    else:
        path.write_text(json.dumps({"format": kept["format"] - (spoil == "format"), "withheld": other}), "utf-8")
    written_ns = path.stat().st_mtime_ns if path.exists() else cube_path(release.id).stat().st_mtime_ns
    # As long after as the clock may take to move on: the cube of a release is remade when its columns change.
    os.utime(cube_path(release.id), ns=(written_ns + 10**6,) * 2 if spoil == "cube" else (written_ns - 10**6,) * 2)
    assert withheld(release.id) == expected
    assert json.loads(path.read_text("utf-8")) == kept
