"""The tables say what the documents printed, down to the last digit and with their contradictions."""

from pathlib import Path

import polars as pl
import pytest
from tests.quantities.reference_cases import Case, assert_prints, read_cases

from senhui.parameters import scalar, table, value
from senhui.quantities import tco2e_from_tc

CASES = Path(__file__).parent / "cases"
TG_PER_T = 1e-6
WAN_PER_YI = 1e4


def cases(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", read_cases(CASES / f"{name}.yaml"), ids=str)


@cases("zhejiang_type_table")
def test_the_zhejiang_type_table_keeps_the_published_inconsistency(case: Case) -> None:
    frame = table("zhejiang_carbon_density_2009_2012").frame
    types, total = frame.filter(~pl.col("is_total")), frame.filter("is_total")
    match case.given:
        case {"sum_over_types": column}:
            answer = types[column].sum()
        case {"printed_total": column, **rest}:
            answer = total[column].item() - float(rest.get("minus", 0))
        case {"cell": cell, "minus": subtrahend}:
            answer = float(value("zhejiang_carbon_density_2009_2012", *cell.split(".")).value) - float(subtrahend)
        case {"stock_over_types": column}:
            answer = (types["area_ha"] * types[column]).sum() * TG_PER_T
        case {"mean_over_types": column}:
            answer = (types["area_ha"] * types[column]).sum() / types["area_ha"].sum()
    assert_prints(answer, case.expect["value"], case)


@cases("lishui_totals")
def test_the_published_facts_of_the_city_agree_with_each_other(case: Case) -> None:
    def fact(name: str) -> float:
        return float(scalar(name).value)

    pools = ("arbor", "bamboo", "shrub", "other")
    sink_wan_tc_yr = fact("lishui_sink_wan_tc_yr")
    answers = {
        "stock by pool": {pool: fact("lishui_stock_wan_tc") * fact(f"lishui_share_{pool}_frac") for pool in pools},
        "sum of shares": {"value": sum(fact(f"lishui_share_{pool}_frac") for pool in pools)},
        "price of the sink": {
            "by_tax": fact("lishui_sink_value_tax_yi_yuan_yr") * WAN_PER_YI / sink_wan_tc_yr,
            "by_cost": fact("lishui_sink_value_cost_yi_yuan_yr") * WAN_PER_YI / sink_wan_tc_yr,
        },
        "sink as co2": {"value": tco2e_from_tc(sink_wan_tc_yr)},
        "land per plot": {"value": fact("lishui_land_area_km2") / fact("lishui_fixed_plots")},
    }[case.given["question"]]
    assert answers.keys() == case.expect.keys()
    for name, expected in case.expect.items():
        assert_prints(answers[name], expected, case)


@cases("stand_factors")
def test_a_group_finds_its_stand_factors_in_both_sets(case: Case) -> None:
    group = table("species_groups").frame.filter(pl.col("id") == case.given).row(0, named=True)
    bef, root, carbon, density = (
        float(value("arcm_species_params", group["arcm_row"], column).value)
        for column in ("bef_ratio", "root_shoot_ratio", "carbon_frac", "density_t_m3")
    )
    slope, intercept = (
        float(value("bef_continuous_zhejiang", group["zhejiang_row"], column).value) for column in ("a_t_m3", "b_t_ha")
    )
    arcm_t_ha = 100 * density * bef * (1 + root)
    assert_prints(arcm_t_ha, case.expect["arcm_t_ha"], case)
    assert_prints(arcm_t_ha * carbon, case.expect["arcm_tc_ha"], case)
    assert_prints(100 * slope + intercept, case.expect["zhejiang_t_ha"], case)


@cases("tree_volumes")
def test_a_volume_equation_gives_the_published_volume(case: Case) -> None:
    a, b, c = (float(value("volume_equations", case.given["row"], column).value) for column in "abc")
    assert_prints(a * case.given["dbh_cm"] ** b * case.given["height_m"] ** c, case.expect["m3"], case)
