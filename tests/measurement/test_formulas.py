"""The formulas as functions over columns: one text, three column types, and the shape that forest science expects."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.measurement import (
    above_ground_t_ha,
    biomass_by_culms_t_ha,
    biomass_by_expansion_t_ha,
    biomass_by_volume_line_t_ha,
    biomass_on_volume_ramp_t_ha,
    carbon_tc_ha,
    stock_tc,
    tree_volume_m3,
)

FORMULAS: dict[str, tuple[Callable[..., Any], int, dict[str, float]]] = {
    "tree_volume_m3": (tree_volume_m3, 2, {"a": 5.88e-05, "b": 1.97, "c": 0.896}),
    "expansion": (
        biomass_by_expansion_t_ha,
        1,
        {"density_t_m3": 0.307, "expansion_ratio": 1.634, "root_ratio": 0.246},
    ),
    "volume_line": (biomass_by_volume_line_t_ha, 1, {"slope_t_m3": 0.4652, "intercept_t_ha": 19.141}),
    "volume_ramp": (
        biomass_on_volume_ramp_t_ha,
        1,
        {"slope_t_m3": 0.4652, "intercept_t_ha": 19.141, "ramp_end_m3_ha": 20.0},
    ),
    "above_ground": (above_ground_t_ha, 1, {"root_ratio": 0.246}),
    "culms": (biomass_by_culms_t_ha, 1, {"culm_mass_kg": 10.44}),
    "carbon": (carbon_tc_ha, 1, {"carbon_frac": 0.52}),
    "stock": (stock_tc, 1, {"density_tc_ha": 23.78}),
}


@pytest.mark.parametrize("name", FORMULAS)
@given(values=st.lists(st.just(0.0) | st.floats(1e-6, 5000.0), min_size=1, max_size=20))
def test_numpy_series_and_expression_give_the_same(name: str, values: list[float]) -> None:
    formula, n_columns, numbers = FORMULAS[name]
    array = np.array(values)
    by_numpy = formula(*[array] * n_columns, **numbers)
    by_series = formula(*[pl.Series(values, dtype=pl.Float64)] * n_columns, **numbers)
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    by_expression = frame.select(formula(*[pl.col("x")] * n_columns, **numbers)).to_series()
    assert isinstance(by_numpy, np.ndarray)
    assert isinstance(by_series, pl.Series)
    # The engine divides by multiplying with the reciprocal and rounds a product and a sum at once: last bits differ.
    np.testing.assert_allclose(by_series.to_numpy(), by_numpy, rtol=1e-14)
    np.testing.assert_allclose(by_expression.to_numpy(), by_numpy, rtol=1e-14)


@given(volume=st.floats(0.0, 1000.0), step=st.floats(0.0, 1000.0))
def test_more_volume_is_never_less_biomass(volume: float, step: float) -> None:
    numbers = FORMULAS["volume_ramp"][2]
    low, high = biomass_on_volume_ramp_t_ha(np.array([volume, volume + step]), **numbers)
    assert high >= low >= 0.0


def test_the_two_lines_meet_at_the_end_of_the_ramp() -> None:
    line, ramp = FORMULAS["volume_line"][2], FORMULAS["volume_ramp"][2]
    end = ramp["ramp_end_m3_ha"]
    (below,) = biomass_on_volume_ramp_t_ha(np.array([end - 1e-9]), **ramp)
    at, above = biomass_by_volume_line_t_ha(np.array([end, end + 1e-9]), **line)
    assert at == pytest.approx(0.4652 * 20.0 + 19.141)
    assert below == pytest.approx(at, rel=1e-9)
    assert above == pytest.approx(at, rel=1e-9)


def test_the_root_ratio_is_below_over_above() -> None:
    whole = np.array([124.6])
    above = above_ground_t_ha(whole, root_ratio=0.246)
    assert (whole - above) / above == pytest.approx(np.array([0.246]))


def test_a_missing_value_stays_missing() -> None:
    found = biomass_by_expansion_t_ha(pl.Series([None, 1.0]), density_t_m3=0.3, expansion_ratio=1.5, root_ratio=0.2)
    assert found[0] is None
    assert found[1] == pytest.approx(0.3 * 1.5 * 1.2)
