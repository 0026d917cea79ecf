"""Single trees and culms: published values, and what must hold for any tree."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.quantities.reference_cases import Case, assert_prints, read_cases

from senhui.measurement.bamboo import moso_culm_kg
from senhui.measurement.sample_precision import precision_of_sample
from senhui.measurement.shrub import shrub_biomass_t_ha
from senhui.measurement.tree_biomass import oak_stand_volume_m3_ha, root_ratio_by_biomass, stand_volume_m3_ha
from senhui.measurement.tree_equations import (
    EQUATIONS,
    EquationName,
    OutsideFittedRange,
    UnknownEquationRow,
    chinese_fir_carbon_kg,
    chinese_fir_factors,
    measure_trees,
)
from senhui.parameters import scalar, table, value

CASES = Path(__file__).parent / "cases"
ZHOU = {name: float(value("biomass_moso_zhou", "moso_bamboo", name).value) for name in "abcdef"}
WITH_ROOTS: tuple[EquationName, ...] = ("zhejiang_2009", "li_lei", "anhui_d2h", "lyt2264")
ROWS = {name: table(chosen.table).frame["id"].to_list() for name, chosen in EQUATIONS.items()}


def tree(**given: object) -> pl.DataFrame:
    return pl.DataFrame([given | {"dbh_cm": float(str(given["dbh_cm"]))}], strict=False)


@pytest.mark.parametrize("case", read_cases(CASES / "tree_biomass.yaml"), ids=str)
def test_the_components_of_a_tree(case: Case) -> None:
    given = dict(case.given)
    equation = given.pop("equation")
    found = measure_trees(tree(**given), equation=equation, outside="refuse").row(0, named=True)
    for name, printed in case.expect.items():
        assert_prints(found[name], printed, case)


@pytest.mark.parametrize("case", read_cases(CASES / "lyt2264_tree_8.yaml"), ids=str)
def test_nine_ages_of_a_chinese_fir(case: Case) -> None:
    measured = measure_trees(tree(**case.given), equation="lyt2264", outside="refuse")
    found = chinese_fir_factors(chinese_fir_carbon_kg(measured)).row(0, named=True)
    printed = {name: float(text) for name, text in case.expect.items()}
    for name in ("above_kg", "below_kg", "whole_kgc"):
        assert found[name] == pytest.approx(printed[name], abs=0.003), name
    for name in ("conversion_factor_t_m3", "root_shoot_ratio"):
        assert found[name] == pytest.approx(printed[name], abs=0.0006), name
    # By volume: mass over factor is the volume, to half of the 0.001 m3 that are printed; root and carbon from there.
    factor_kg_m3 = found["conversion_factor_t_m3"] * 1000
    assert printed["volume_above_kg"] / factor_kg_m3 == pytest.approx(printed["volume_m3"], abs=0.000501)
    below_kg = found["root_shoot_ratio"] * printed["volume_above_kg"]
    assert below_kg == pytest.approx(printed["volume_below_kg"], abs=0.003)
    whole_frac = float(value("lyt2264_cunninghamia", "bcf_from_5_cm", "carbon_frac").value)
    whole_kg = printed["volume_above_kg"] + printed["volume_below_kg"]
    assert whole_kg * whole_frac == pytest.approx(printed["volume_kgc"], abs=0.001)


@pytest.mark.parametrize("case", read_cases(CASES / "culms.yaml"), ids=str)
def test_a_culm_by_diameter_and_age(case: Case) -> None:
    for place, culm in enumerate(case.given):
        found = moso_culm_kg(np.array([float(culm["dbh_cm"])]), age_du=float(culm["age_du"]), **ZHOU)
        assert_prints(found[0], case.expect[str(place)], case)


@pytest.mark.parametrize("case", read_cases(CASES / "roots.yaml"), ids=str)
def test_the_root_ratio_of_a_stand(case: Case) -> None:
    a, b = (float(scalar(f"root_cairns_{name}").value) for name in ("intercept", "exponent"))
    for above_t_ha in case.given:
        found = root_ratio_by_biomass(np.array([float(above_t_ha)]), a=a, b=b)
        assert_prints(found[0], case.expect[str(above_t_ha)], case)


@pytest.mark.parametrize("case", read_cases(CASES / "sample_precision.yaml"), ids=str)
def test_the_precision_of_a_sample(case: Case) -> None:
    found = precision_of_sample(**case.given)
    for name, printed in case.expect.items():
        assert_prints(getattr(found, name), printed, case)


@given(cv=st.floats(0.0, 3.0), n=st.integers(2, 5000), more=st.integers(0, 5000))
def test_more_plots_never_widen_the_interval(cv: float, n: int, more: int) -> None:
    few, many = (precision_of_sample(cv, n_plots=k, confidence_frac=0.95).half_width_frac for k in (n, n + more))
    assert many <= few * (1.0 + 1e-12)


@given(dbh=st.floats(0.5, 90.0), height=st.floats(1.5, 45.0), crown=st.floats(0.1, 20.0), data=st.data())
@settings(deadline=None)
def test_a_tree_is_never_negative_and_its_parts_add_up(
    dbh: float, height: float, crown: float, data: st.DataObject
) -> None:
    equation = data.draw(st.sampled_from(WITH_ROOTS))
    row = data.draw(st.sampled_from(ROWS[equation]))
    one = tree(row=row, dbh_cm=dbh, height_m=height, crown_length_m=crown)
    found = measure_trees(one, equation=equation, outside="flag").row(0, named=True)
    assert found["whole_kg"] == pytest.approx(found["above_kg"] + found["below_kg"], rel=1e-12)
    assert found["below_kg"] == found["root_kg"] > 0.0
    parts = [found[name] for name in ("stem_kg", "crown_kg") if found[name] is not None]
    if parts:
        assert sum(parts) == pytest.approx(found["above_kg"], rel=1e-12)
    if found["branch_kg"] is not None:
        assert found["branch_kg"] + found["leaf_kg"] == pytest.approx(found["crown_kg"], rel=1e-12)


@given(dbh=st.floats(0.5, 80.0), step=st.floats(0.0, 10.0), height=st.floats(1.5, 40.0), data=st.data())
@settings(deadline=None)
def test_a_thicker_tree_is_heavier(dbh: float, step: float, height: float, data: st.DataObject) -> None:
    equation: EquationName = data.draw(st.sampled_from(sorted(EQUATIONS)))
    row = data.draw(st.sampled_from(ROWS[equation]))
    pair = pl.DataFrame(
        {"row": [row, row], "dbh_cm": [dbh, dbh + step], "height_m": [height] * 2, "crown_length_m": [height / 3] * 2}
    )
    thin, thick = measure_trees(pair, equation=equation, outside="flag")["above_kg"]
    # At 5 cm the standard for Chinese fir changes its coefficients and steps down by less than a thousandth.
    assert thick >= thin * (1.0 - 1e-3 if equation == "lyt2264" else 1.0 - 1e-12)


def test_the_two_classes_of_chinese_fir_meet_at_five_centimetres() -> None:
    heights = pl.DataFrame({"height_m": [3.0, 5.0, 8.0]})
    sides = [
        measure_trees(heights.with_columns(dbh_cm=pl.lit(dbh)), equation="lyt2264", outside="flag")
        for dbh in (5.0 - 1e-9, 5.0)
    ]
    for name in ("above_kg", "below_kg"):
        np.testing.assert_allclose(sides[0][name], sides[1][name], rtol=2e-3)


def test_a_tree_outside_the_fitted_diameters_is_refused_or_flagged() -> None:
    trees = pl.DataFrame({"row": ["oak_of_no_table"], "dbh_cm": [60.0], "height_m": [20.0]})
    with pytest.raises(UnknownEquationRow, match="oak_of_no_table"):
        measure_trees(trees, equation="anhui_d2h", outside="flag")
    trees = pl.DataFrame({"row": ["masson_pine"] * 3, "dbh_cm": [0.9, 50.4, 50.5], "height_m": [2.0, 20.0, 20.0]})
    flagged = measure_trees(trees, equation="anhui_d2h", outside="flag")
    assert flagged["is_outside_range"].to_list() == [True, False, True]
    with pytest.raises(OutsideFittedRange) as caught:
        measure_trees(trees, equation="anhui_d2h", outside="refuse")
    assert (caught.value.n_trees, caught.value.equation) == (2, "anhui_d2h")


def test_a_range_that_no_document_says_is_not_a_range_that_holds() -> None:
    trees = pl.DataFrame({"row": ["oak"], "dbh_cm": [20.0]})
    found = measure_trees(trees, equation="li_lei", outside="refuse")
    assert found["is_outside_range"].to_list() == [None]


@given(dbh=st.floats(3.0, 18.0), step=st.floats(0.0, 4.0), age=st.floats(0.5, 5.0), older=st.floats(0.0, 3.0))
def test_a_thicker_or_older_culm_is_heavier(dbh: float, step: float, age: float, older: float) -> None:
    young, thick = moso_culm_kg(np.array([dbh, dbh + step]), age_du=age, **ZHOU)
    (old,) = moso_culm_kg(np.array([dbh]), age_du=age + older, **ZHOU)
    assert 0.0 < young <= thick
    assert young <= old * (1.0 + 1e-12)


@given(cover=st.floats(0.0, 1.0), more=st.floats(0.0, 1.0))
def test_shrubs_below_five_percent_of_cover_are_zero(cover: float, more: float) -> None:
    numbers = {
        "threshold_frac": float(scalar("shrub_cover_threshold_frac").value),
        "shrub_to_forest_ratio": float(scalar("bdr_shrub_ar_tool14").value),
        "forest_above_ground_t_ha": float(scalar("forest_above_biomass_china_t_ha").value),
        "root_ratio": float(scalar("root_shoot_ratio_shrub_ar_tool14").value),
    }
    low, high = shrub_biomass_t_ha(np.array([cover, cover + more]), **numbers)
    assert 0.0 <= low <= high
    assert (low == 0.0) == (cover < 0.05)
    assert np.isnan(shrub_biomass_t_ha(np.array([np.nan]), **numbers)).all()


@pytest.mark.parametrize("row", table("stand_volume_forms").frame["id"].to_list())
def test_the_volume_of_a_stand_from_basal_area_and_height(row: str) -> None:
    found = table("stand_volume_forms").frame.filter(pl.col("id") == row).row(0, named=True)
    basal_area, height = np.array([10.0, 20.0]), np.array([12.0, 12.0])
    if found["form"] == "oak":
        volume = oak_stand_volume_m3_ha(basal_area, height, a=found["a"], c=found["c"])
    else:
        volume = stand_volume_m3_ha(basal_area, height, a=found["a"], b=found["b"], c=found["c"])
    assert volume[1] == pytest.approx(2 * volume[0])
    # A form factor: volume over basal area times height lies between that of a cone and that of a cylinder.
    assert 1 / 3 < volume[0] / 120.0 < 1.0
