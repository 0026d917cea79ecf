"""What an event posts: every tonne that leaves a pool is there once, and gases are no stock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.measurement.disturbance import (
    FATES,
    GASES,
    LIVING,
    Entry,
    conversion,
    fire,
    harvest,
    living_change_tc,
    pine_wilt,
    planting,
)

AR5 = {"ch4_gwp_ratio": 28.0, "n2o_gwp_ratio": 265.0}
TEMPERATE = {"combustion_frac": 0.45, "ch4_factor": 4.7, "n2o_factor": 0.26, "dead_matter_ratio": 0.07}
some = st.floats(0.0, 500.0)
share = st.floats(0.0, 1.0)


def by_pool(entries: tuple[Entry, ...]) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for entry in entries:
        amount = entry.change_tc if entry.change_tc is not None else entry.emission_tco2e
        assert amount is not None
        amounts[entry.pool] = amounts.get(entry.pool, 0.0) + amount
    return amounts


def burned(**other: Any) -> tuple[Entry, ...]:
    pools = {"above_tc_ha": 50.0, "carbon_frac": 0.5, "dead_wood_tc_ha": None, "litter_tc_ha": None}
    return fire(10.0, **{**pools, **TEMPERATE, **AR5, **other}, year=2019)


def test_t23_ten_hectares_of_100_t_give_off_90_tonnes_besides_their_co2() -> None:
    entries = {entry.pool: entry for entry in burned()}
    assert entries["ch4"].gas_t == pytest.approx(2.115, abs=5e-4)
    assert entries["n2o"].gas_t == pytest.approx(0.117, abs=5e-4)
    ch4, n2o = entries["ch4"].emission_tco2e, entries["n2o"].emission_tco2e
    assert ch4 is not None
    assert n2o is not None
    assert ch4 + n2o == pytest.approx(90.225, abs=1e-3)
    assert living_change_tc(burned()) == pytest.approx(-10 * 50 * 0.45)


def test_t23_by_the_older_warming_potentials() -> None:
    amounts = by_pool(burned(ch4_gwp_ratio=25.0, n2o_gwp_ratio=298.0))
    assert amounts["ch4"] + amounts["n2o"] == pytest.approx(87.741, abs=1e-3)


def test_dead_wood_and_litter_burn_where_they_are_known_and_their_gas_stands_apart() -> None:
    amounts = by_pool(burned(dead_wood_tc_ha=0.8, litter_tc_ha=0.4))
    assert (amounts["dead_wood"], amounts["litter"]) == (-8.0, -4.0)
    assert amounts["ch4_n2o"] == pytest.approx(12.0 * 44 / 12 * 0.07)
    assert "ch4_n2o" not in by_pool(burned())


@given(area=some, above=some, below=some, stem=st.none() | some, taken=share, product=st.none() | share)
def test_a_harvest_takes_the_same_however_it_is_split(
    area: float, above: float, below: float, stem: float | None, taken: float, product: float | None
) -> None:
    entries = harvest(
        area, above_tc_ha=above, below_tc_ha=below, stem_tc_ha=stem, taken_frac=taken, product_frac=product, year=2018
    )
    assert living_change_tc(entries) == pytest.approx(-area * taken * (above + below), abs=1e-6, rel=1e-9)
    assert all(entry.change_tc is not None and entry.change_tc <= 0 for entry in entries if entry.pool in LIVING)
    products = by_pool(entries).get("wood_products", 0.0)
    assert 0.0 <= products <= area * taken * above + 1e-6


def test_a_product_is_recorded_only_where_its_share_is_known() -> None:
    known = {"above_tc_ha": 40.0, "below_tc_ha": 10.0, "taken_frac": 1.0, "year": 2018}
    assert "wood_products" not in by_pool(harvest(1.0, **known, stem_tc_ha=30.0, product_frac=None))
    assert by_pool(harvest(1.0, **known, stem_tc_ha=30.0, product_frac=0.6))["wood_products"] == 18.0
    assert by_pool(harvest(1.0, **known, stem_tc_ha=None, product_frac=0.6)) == {"living": -50.0}


@pytest.mark.parametrize("fate", FATES)
def test_the_transfer_out_of_the_living_pool_does_not_depend_on_the_fate_of_the_wood(fate: Any) -> None:
    entries = pine_wilt(2.0, living_tc_ha=32.0, dead_frac=0.25, fate=fate, product_frac=0.5, year=2020)
    assert living_change_tc(entries) == -16.0
    assert by_pool(entries).get(fate, 0.0) == {"oxidised": 0.0, "dead_wood": 16.0, "wood_products": 8.0}[fate]


def test_a_conversion_takes_biomass_at_once_and_soil_over_twenty_years() -> None:
    entries = conversion(
        3.0, living_tc_ha=40.0, after_tc_ha=5.0, soil_tc_ha=60.0, soil_after_tc_ha=40.0, year=2018
    )  # fmt: skip
    soil = [entry for entry in entries if entry.pool == "soil"]
    assert living_change_tc(entries) == -105.0
    assert [entry.year for entry in soil] == list(range(2018, 2038))
    assert sum(entry.change_tc or 0.0 for entry in soil) == pytest.approx(-60.0)


def test_soil_that_is_not_known_posts_nothing() -> None:
    entries = conversion(3.0, living_tc_ha=40.0, after_tc_ha=0.0, soil_tc_ha=None, soil_after_tc_ha=40.0, year=2018)
    assert by_pool(entries) == {"living": -120.0}


def test_seedlings_hold_nothing_yet() -> None:
    assert living_change_tc(planting(4.0, planted_tc_ha=0.0, year=2019)) == 0.0
    assert living_change_tc(planting(4.0, planted_tc_ha=0.5, year=2019)) == 2.0


def test_an_entry_and_its_reversal_cancel() -> None:
    for entry in burned(dead_wood_tc_ha=0.8):
        back = entry.reversed()
        assert (entry.change_tc or 0.0) + (back.change_tc or 0.0) == 0.0
        assert (entry.emission_tco2e or 0.0) + (back.emission_tco2e or 0.0) == 0.0
        assert (entry.gas_t or 0.0) + (back.gas_t or 0.0) == 0.0
        assert (entry.pool in GASES) == (entry.change_tc is None)
