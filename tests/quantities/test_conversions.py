"""Conversions agree with published numbers, undo each other, and keep the shape of what they are given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal
from tests.quantities.reference_cases import Case, assert_prints, read_cases

from senhui import quantities

PAIRS = [
    (quantities.tco2e_from_tc, quantities.tc_from_tco2e),
    (quantities.mu_from_ha, quantities.ha_from_mu),
    (quantities.wan_mu_from_ha, quantities.ha_from_wan_mu),
    (quantities.wan_m3_from_m3, quantities.m3_from_wan_m3),
    (quantities.wan_tc_from_tc, quantities.tc_from_wan_tc),
    (quantities.percent_from_frac, quantities.frac_from_percent),
]
ALL = [function for pair in PAIRS for function in pair]
pairs = pytest.mark.parametrize(("there", "back"), PAIRS, ids=lambda f: f.__name__)
each = pytest.mark.parametrize("convert", ALL, ids=lambda f: f.__name__)
amounts = st.floats(min_value=-1e12, max_value=1e12).filter(lambda x: x == 0 or abs(x) > 1e-12)

Conversion = Callable[[Any], Any]


@pytest.mark.parametrize("case", read_cases(Path(__file__).parent / "cases" / "conversions.yaml"), ids=str)
def test_a_conversion_prints_the_published_number(case: Case) -> None:
    convert = getattr(quantities, case.given["call"])
    assert_prints(convert(float(case.given["argument"])), case.expect["value"], case)


@pairs
@given(amount=amounts)
def test_there_and_back_is_where_we_started(there: Conversion, back: Conversion, amount: float) -> None:
    assert back(there(amount)) == pytest.approx(amount, rel=1e-14)
    assert there(back(amount)) == pytest.approx(amount, rel=1e-14)


@each
@given(parts=st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=20))
def test_converting_parts_or_their_sum_is_the_same(convert: Conversion, parts: list[float]) -> None:
    assert sum(map(convert, parts)) == pytest.approx(convert(sum(parts)), rel=1e-12, abs=1e-12)


@each
def test_floats_arrays_series_and_expressions_agree(convert: Conversion) -> None:
    numbers = [0.0, 1.5, 290.32]
    frame = pl.DataFrame({"x": numbers})
    expected = pl.Series("x", [convert(number) for number in numbers])
    np.testing.assert_array_equal(convert(np.array(numbers)), expected.to_numpy())
    assert_series_equal(convert(frame["x"]), expected)
    assert_series_equal(frame.select(convert(pl.col("x")))["x"], expected)


@each
def test_a_missing_value_stays_missing(convert: Conversion) -> None:
    assert convert(pl.Series([None, 1.0]))[0] is None


def test_carbon_becomes_co2_by_44_over_12_and_once() -> None:
    assert quantities.CO2_PER_C == 44 / 12
    assert quantities.tco2e_from_tc(12.0) == 44.0
