"""Wood products: published values, and what must hold for any pool."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quantities.reference_cases import Case, assert_prints, read_cases

from senhui.parameters import value
from senhui.projection.wood_products import in_use_frac, pool_in_use_tc, product_carbon_tc

CASES = read_cases(Path(__file__).parent / "cases" / "wood_products.yaml")


@pytest.mark.parametrize("case", [c for c in CASES if "elapsed_yr" in c.given], ids=str)
def test_what_is_in_use_after_years(case: Case) -> None:
    for product, printed in case.expect.items():
        lifetime_yr = float(value("hwp_factors", f"ar_cm/{product}", "lifetime_yr").value)
        found = in_use_frac(np.array([float(case.given["elapsed_yr"])]), lifetime_yr=lifetime_yr)
        assert_prints(found[0], printed, case)


@pytest.mark.parametrize("case", [c for c in CASES if "inflow_tc" in c.given], ids=str)
def test_a_pool_fed_every_year(case: Case) -> None:
    half_life_yr = float(value("hwp_factors", f"ipcc/{case.given['product']}", "half_life_yr").value)
    pool = pool_in_use_tc(np.full(10, float(case.given["inflow_tc"])), half_life_yr=half_life_yr)
    for year, printed in case.expect.items():
        assert_prints(pool[int(year) - 1], printed, case)


@given(
    inflow=st.lists(st.floats(0.0, 1e6), min_size=1, max_size=60),
    half_life_yr=st.floats(0.5, 100.0),
    start_tc=st.floats(0.0, 1e6),
)
def test_a_pool_holds_no_more_than_went_in(inflow: list[float], half_life_yr: float, start_tc: float) -> None:
    pool = pool_in_use_tc(np.array(inflow), half_life_yr=half_life_yr, start_tc=start_tc)
    assert (pool >= 0.0).all()
    assert (pool <= start_tc + np.cumsum(inflow) * (1.0 + 1e-12) + 1e-9).all()


@given(years=st.floats(0.0, 200.0), more=st.floats(0.0, 100.0), lifetime_yr=st.floats(0.5, 100.0))
def test_what_is_in_use_only_falls(years: float, more: float, lifetime_yr: float) -> None:
    early, late = in_use_frac(np.array([years, years + more]), lifetime_yr=lifetime_yr)
    assert 1.0 >= early >= late >= 0.0


def test_half_is_left_after_the_lifetime() -> None:
    assert in_use_frac(np.array([0.0, 30.0]), lifetime_yr=30.0).tolist() == [1.0, 0.5]


@given(stem=st.floats(0.0, 1e6), outturn=st.floats(0.0, 1.0), waste=st.floats(0.0, 1.0), in_use=st.floats(0.0, 1.0))
def test_a_product_never_holds_more_than_the_harvest(stem: float, outturn: float, waste: float, in_use: float) -> None:
    (found,) = product_carbon_tc(np.array([stem]), outturn_frac=outturn, waste_frac=waste, in_use_frac=in_use)
    assert 0.0 <= found <= stem
