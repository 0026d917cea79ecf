"""Stand tables: from counted classes to a hectare, part by part."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senhui.measurement.stand_table import (
    MASSES,
    ROW_OF,
    Equation,
    NoEquationForSpecies,
    measure_culm_table,
    measure_stand_table,
    sums_by,
)
from senhui.measurement.tree_equations import measure_trees
from senhui.parameters import table

PINES = pl.DataFrame(
    {
        "species_group": ["masson_pine"] * 3 + ["schima"],
        "dbh_cm": [8.0, 12.0, 20.0, 12.0],
        "height_m": [7.0, 10.0, 14.0, 9.0],
        "n_ha": [600.0, 400.0, 100.0, 200.0],
    }
)
TREES = table("species_groups").frame.filter(pl.col("kind") == "tree")["id"].to_list()


def test_a_class_holds_its_trees() -> None:
    found = measure_stand_table(PINES, equation="li_lei", outside="refuse").row(1, named=True)
    one = measure_trees(
        pl.DataFrame({"row": ["masson_and_other_pine"], "dbh_cm": [12.0]}), equation="li_lei", outside="refuse"
    ).row(0, named=True)
    # 400 trees of 12 cm; 1000 kg are a tonne; Masson pine holds 0.460 tC/t
    assert found["whole_t_ha"] == pytest.approx(0.4 * one["whole_kg"])
    assert found["whole_tc_ha"] == pytest.approx(0.4 * one["whole_kg"] * 0.460)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "species_group": st.sampled_from(TREES),
                "dbh_cm": st.floats(1.0, 80.0),
                "height_m": st.floats(1.5, 40.0),
                "crown_length_m": st.floats(0.5, 15.0),
                "n_ha": st.floats(0.0, 5000.0),
            }
        ),
        min_size=1,
        max_size=10,
    ),
    equation=st.sampled_from(["zhejiang_2009", "li_lei"]),
    share=st.floats(0.0, 1.0),
)
@settings(deadline=None)
def test_sums_close_and_a_split_class_adds_up(rows: list[dict[str, Any]], equation: Equation, share: float) -> None:
    whole = measure_stand_table(pl.DataFrame(rows), equation=equation, outside="flag")
    everything = sums_by(whole, by=[]).row(0, named=True)
    by_species = sums_by(whole, by=["species_group"])
    parts = [row | {"n_ha": row["n_ha"] * part} for row in rows for part in (share, 1.0 - share)]
    split = sums_by(measure_stand_table(pl.DataFrame(parts), equation=equation, outside="flag"), by=[])
    for name in ("n_ha", "above_t_ha", "below_t_ha", "whole_t_ha", "whole_tc_ha"):
        assert everything[name] >= 0.0
        assert by_species[name].sum() == pytest.approx(everything[name], rel=1e-9, abs=1e-9)
        assert split[name].item() == pytest.approx(everything[name], rel=1e-9, abs=1e-9)
    assert everything["above_t_ha"] + everything["below_t_ha"] == pytest.approx(everything["whole_t_ha"], abs=1e-9)


def test_a_part_that_a_set_does_not_tell_apart_is_null_and_not_zero() -> None:
    broadleaf = PINES.filter(pl.col("species_group") == "schima")
    found = measure_stand_table(broadleaf, equation="zhejiang_d2h", outside="refuse").row(0, named=True)
    assert found["above_t_ha"] > 0.0
    assert [found[f"{part}_t_ha"] for part in MASSES if part != "above"] == [None] * (len(MASSES) - 1)
    assert found["whole_tc_ha"] is None
    assert sums_by(measure_stand_table(broadleaf, equation="zhejiang_d2h", outside="refuse"), by=[])[
        "below_t_ha"
    ].to_list() == [None]


@pytest.mark.parametrize(
    ("equation", "without"), [("zhejiang_d2h", ("masson_pine",)), ("lyt2264", ("masson_pine", "schima"))]
)
def test_a_species_without_an_equation_is_named(equation: Equation, without: tuple[str, ...]) -> None:
    with pytest.raises(NoEquationForSpecies) as caught:
        measure_stand_table(PINES, equation=equation, outside="refuse")
    assert caught.value.groups == without


def test_every_set_of_a_stand_table_finds_its_row() -> None:
    columns = table("species_groups").frame.columns
    assert all(way is None or way in columns for way in ROW_OF.values())
    fir = PINES.head(1).with_columns(species_group=pl.lit("chinese_fir"))
    assert measure_stand_table(fir, equation="lyt2264", outside="refuse")["whole_tc_ha"].item() > 0.0


def test_the_mean_tree_is_lighter_than_the_trees_it_stands_for() -> None:
    mean_cm = float((PINES["dbh_cm"] * PINES["n_ha"]).sum() / PINES["n_ha"].sum())
    classes = PINES.with_columns(species_group=pl.lit("masson_pine"))
    mean = classes.head(1).with_columns(dbh_cm=pl.lit(mean_cm), n_ha=pl.lit(float(PINES["n_ha"].sum())))
    by_class, by_mean = (
        sums_by(measure_stand_table(t, equation="li_lei", outside="flag"), by=[])["whole_t_ha"].item()
        for t in (classes, mean)
    )
    assert 0.6 * by_class < by_mean < by_class


def test_culms_by_diameter_and_age() -> None:
    culms = pl.DataFrame({"dbh_cm": [10.0, 8.0], "age_du": [2.0, 2.0], "n_ha": [1000.0, 2000.0]})
    found = measure_culm_table(culms)
    # 13.819 kg and 9.186 kg above ground; 0.45 of it below; 0.475 tC/t
    assert found["above_t_ha"].to_list() == pytest.approx([13.819, 18.372], abs=0.001)
    assert found["whole_t_ha"].to_list() == pytest.approx([13.819 * 1.45, 18.372 * 1.45], abs=0.002)
    assert sums_by(found, by=[])["whole_tc_ha"].item() == pytest.approx(32.191 * 1.45 * 0.475, abs=0.002)
