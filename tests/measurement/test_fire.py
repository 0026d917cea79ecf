"""Fire: the published case, and what must hold for any fire."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quantities.reference_cases import Case, assert_prints, read_cases

from senhui.measurement import fire_dead_organic_matter_tco2e, fire_gas_t, fire_non_co2_tco2e
from senhui.parameters import scalar, value

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", read_cases(CASES / "fire.yaml"), ids=str)
def test_methane_and_nitrous_oxide_of_a_forest_fire(case: Case) -> None:
    combustion_frac = float(value("fire_combustion_factors", case.given["climate"], "combustion_frac").value)
    gas_t, gwp = {}, {}
    for gas in ("ch4", "n2o"):
        gas_t[gas] = fire_gas_t(
            np.array([float(case.given["burned_ha"])]),
            above_ground_t_ha=float(case.given["above_ground_t_ha"]),
            combustion_frac=combustion_frac,
            emission_factor=float(
                value("fire_emission_factors", f"{case.given['forest']}/{gas}", "emission_g_kg").value
            ),
        )
        gwp[gas] = float(value("global_warming_potentials", f"{case.given['report']}/{gas}", "gwp_ratio").value)
        assert_prints(gas_t[gas][0], case.expect[f"{gas}_t"], case)
    found = fire_non_co2_tco2e(gas_t["ch4"], n2o_t=gas_t["n2o"], ch4_gwp_ratio=gwp["ch4"], n2o_gwp_ratio=gwp["n2o"])
    assert_prints(found[0], case.expect["non_co2_tco2e"], case)


@given(area_ha=st.floats(0.0, 1e4), share=st.floats(0.0, 1.0), biomass=st.floats(0.0, 500.0))
def test_the_parts_of_a_burned_area_add_up(area_ha: float, share: float, biomass: float) -> None:
    def burn(part_ha: float) -> float:
        fire = {"above_ground_t_ha": biomass, "combustion_frac": 0.45, "emission_factor": 4.7}
        return float(fire_gas_t(np.array([part_ha]), **fire)[0])

    whole = burn(area_ha)
    assert burn(area_ha * share) + burn(area_ha * (1.0 - share)) == pytest.approx(whole, rel=1e-9, abs=1e-9)
    # 4.7 g of each kilogram: no fire gives off more methane than that share of what stood there.
    assert 0.0 <= whole <= area_ha * biomass * 0.0047


def test_dead_organic_matter_is_weighed_as_carbon_dioxide() -> None:
    ratio = float(scalar("fire_dead_organic_matter_ratio").value)
    # 3 tC are 11 tCO2; seven hundredths of them
    assert fire_dead_organic_matter_tco2e(np.array([3.0]), non_co2_ratio=ratio)[0] == pytest.approx(0.77)
