"""The published and computed reference cases of this room, `cases/*.yaml`."""

from pathlib import Path

import numpy as np
import pytest
from tests.measurement.stands import DECLARED, measured, stands
from tests.quantities.reference_cases import Case, assert_prints, read_cases

from senhui.measurement import (
    GROUND_POOLS,
    NOTHING_DECLARED,
    biomass_by_expansion_t_ha,
    biomass_by_volume_line_t_ha,
    carbon_tc_ha,
    default_book,
    design_totals_from_shares,
    tree_volume_m3,
)
from senhui.parameters import value
from senhui.quantities import tc_from_wan_tc, tco2e_from_tc, wan_tc_from_tc

CASES = Path(__file__).parent / "cases"
TREE = read_cases(CASES / "tree.yaml")


def _number(table: str, row: str, column: str) -> float:
    return float(value(table, row, column).value)


@pytest.mark.parametrize("case", [c for c in TREE if c.given["formula"] == "tree_volume_m3"], ids=str)
def test_the_volume_of_a_tree(case: Case) -> None:
    a, b, c = (_number("volume_equations", case.given["row"], name) for name in "abc")
    dbh_cm, height_m = np.array([float(case.given["dbh_cm"])]), np.array([float(case.given["height_m"])])
    assert_prints(tree_volume_m3(dbh_cm, height_m, a=a, b=b, c=c)[0], case.expect["volume_m3"], case)


@pytest.mark.parametrize("case", [c for c in TREE if c.given["formula"] == "stand"], ids=str)
def test_a_hundred_cubic_metres_by_both_methods(case: Case) -> None:
    volume_m3_ha = np.array([float(case.given["volume_m3_ha"])])
    arcm, zhejiang = case.given["arcm_row"], case.given["zhejiang_row"]
    expansion_t_ha = biomass_by_expansion_t_ha(
        volume_m3_ha,
        density_t_m3=_number("arcm_species_params", arcm, "density_t_m3"),
        expansion_ratio=_number("arcm_species_params", arcm, "bef_ratio"),
        root_ratio=_number("arcm_species_params", arcm, "root_shoot_ratio"),
    )
    expansion_tc_ha = carbon_tc_ha(expansion_t_ha, carbon_frac=_number("arcm_species_params", arcm, "carbon_frac"))
    line_t_ha = biomass_by_volume_line_t_ha(
        volume_m3_ha,
        slope_t_m3=_number("bef_continuous_zhejiang", zhejiang, "a_t_m3"),
        intercept_t_ha=_number("bef_continuous_zhejiang", zhejiang, "b_t_ha"),
    )
    found = {
        "expansion_t_ha": expansion_t_ha[0],
        "expansion_tc_ha": expansion_tc_ha[0],
        "expansion_tco2e_ha": tco2e_from_tc(float(expansion_tc_ha[0])),
        "line_t_ha": line_t_ha[0],
    }
    for name, printed in case.expect.items():
        # Table 2.2b prints three decimals; 82.912 stands for 82.9118 and 107.435 for 107.4351.
        assert_prints(found[name], printed, case)


def _measured_stand(case: Case) -> dict[str, float | None]:
    given = dict(case.given)
    declarations = DECLARED if given.pop("declared", False) else NOTHING_DECLARED
    book = default_book(prefer=given.pop("prefer", "volume_line"), declarations=declarations)
    return measured(stands([given]), book=book).row(0, named=True)


@pytest.mark.parametrize("case", [*read_cases(CASES / "stands.yaml"), *read_cases(CASES / "mean_tree.yaml")], ids=str)
def test_a_whole_stand(case: Case) -> None:
    found = _measured_stand(case)
    for name, printed in case.expect.items():
        assert_prints(found[name], printed, case)


@pytest.mark.parametrize("case", read_cases(CASES / "ground.yaml"), ids=str)
def test_the_ground_of_a_stand(case: Case) -> None:
    found = _measured_stand(case)
    for name, printed in case.expect.items():
        assert_prints(found[name], printed, case)
    unknown = [pool for pool in GROUND_POOLS if f"{pool}_tc_ha" not in case.expect]
    assert [(found[f"{pool}_tc_ha"], found[f"{pool}_tc"]) for pool in unknown] == [(None, None)] * len(unknown)


@pytest.mark.parametrize("case", read_cases(CASES / "calibration.yaml"), ids=str)
def test_the_design_totals_of_a_city(case: Case) -> None:
    totals = design_totals_from_shares(
        tc_from_wan_tc(case.given["total_wan_tc"]),
        shares_frac=case.given["shares_frac"],
        source=case.source,
        reason_zh="抽样总体",
        reason_en="design-based total",
    )
    for total in totals:
        assert_prints(wan_tc_from_tc(total.total_tc), case.expect[total.domain], case)
