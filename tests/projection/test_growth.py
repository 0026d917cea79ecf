"""Growth curves by hand, and what holds for every curve: it rises, and half a stock grows half as much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui import parameters
from senhui.projection.growth import (
    GrowthModel,
    TooYoungForTheCurve,
    growth_rate_per_yr,
    poly2,
    pressler_increment,
    stock_after,
)

PINE = GrowthModel(id="gx_masson_pine_volume", form="schumacher", a=123.38506, b=8.52159, c=None, valid_from_yr=5)
FIR = GrowthModel(id="fir", form="richards", a=34.4388, b=0.0893, c=1.4157, valid_from_yr=3)


def all_models() -> list[GrowthModel]:
    rows = parameters.table("growth_models").frame.iter_rows(named=True)
    return [
        GrowthModel(id=r["id"], form=r["form"], a=r["p1"], b=r["p2"], c=r["p3"], valid_from_yr=r["valid_from_yr"])
        for r in rows
    ]


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.id)
def test_every_curve_of_the_table_rises_and_stays_positive_while_it_holds(model: GrowthModel) -> None:
    ages = np.arange(model.valid_from_yr, 41.0)
    curve = model.at(ages)
    assert (curve > 0).all()
    assert (np.diff(curve) > 0).all()


def test_the_pine_curve_at_ten_years_by_hand() -> None:
    # 123.38506 · exp(−8.52159 / 10) = 123.38506 · 0.426493
    assert PINE.at(np.array([10.0]))[0] == pytest.approx(52.623, abs=5e-4)


def test_a_curve_says_nothing_before_its_first_age() -> None:
    with pytest.raises(TooYoungForTheCurve) as refusal:
        PINE.at(np.array([30.0, 4.0]))
    assert (refusal.value.model_id, refusal.value.youngest_yr, refusal.value.valid_from_yr) == (PINE.id, 4.0, 5)


def test_pressler_by_hand() -> None:
    # 80 · 2 · (55 − 50) / (55 + 50) = 800 / 105
    grown = pressler_increment(np.array([80.0]), now=np.array([50.0]), next_=np.array([55.0]))
    assert grown[0] == pytest.approx(7.619, abs=5e-4)


def test_the_growth_rate_of_zhejiang() -> None:
    assert growth_rate_per_yr(290.32, stock_tc=6654.97) == pytest.approx(0.0436, abs=5e-5)


def test_the_parabola_turns_where_its_source_says_nothing() -> None:
    top_yr = 3.05656 / (2 * 0.02154)
    before, after = poly2(np.array([top_yr - 5, top_yr + 5]), a=1.19575, b=3.05656, c=-0.02154)
    assert before == pytest.approx(after)


@given(stock=st.floats(0.0, 1_000.0), age_yr=st.floats(5.0, 80.0), n_years=st.integers(0, 15), k=st.floats(0.1, 10.0))
def test_growth_is_proportional_to_the_stock_and_never_negative(
    stock: float, age_yr: float, n_years: int, k: float
) -> None:
    one = stock_after(np.array([stock]), age_yr=np.array([age_yr]), model=FIR, n_years=n_years)
    many = stock_after(np.array([k * stock]), age_yr=np.array([age_yr]), model=FIR, n_years=n_years)
    assert one[0] >= stock
    assert many[0] == pytest.approx(k * one[0], rel=1e-9)


@given(age_yr=st.floats(5.0, 60.0), n_years=st.integers(1, 10))
def test_a_stand_on_the_curve_stays_near_it(age_yr: float, n_years: int) -> None:
    start = FIR.at(np.array([age_yr]))
    grown = stock_after(start, age_yr=np.array([age_yr]), model=FIR, n_years=n_years)
    # Pressler's mean percentage overshoots the ratio by the square of the percentage, more in youth.
    assert grown[0] == pytest.approx(FIR.at(np.array([age_yr + n_years]))[0], rel=0.1)
