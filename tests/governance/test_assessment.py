"""Verdicts, gaps and forecasts by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.governance.assessment import Observation, Trend, assess
from senhui.governance.register import plan

TARGETS = {target.id: target for target in plan().targets}
COVERAGE, VOLUME, CARBON = TARGETS["K01"], TARGETS["K02"], TARGETS["K03"]
WAN = 10_000.0


def stock(wan_tc: float, half_wan_tc: float | None = None, *, year: int = 2021) -> Observation:
    """A stock in 万吨碳 with its half-width."""
    value, half = wan_tc * WAN, (half_wan_tc or 0.0) * WAN
    return Observation(
        year, f"{year}-1", value, value - half, value + half, "unknown" if half_wan_tc is None else "error"
    )


def cover(frac: float, upper_frac: float | None = None, *, year: int) -> Observation:
    """A coverage; with a second number, a range of land that may count."""
    upper = frac if upper_frac is None else upper_frac
    return Observation(year, f"{year}-1", frac, frac, upper, "unknown" if upper_frac is None else "not_told_classes")


def trend(wan_tc_yr: float, *, half_first: float | None = 300.0, half_last: float | None = 350.0) -> Trend:
    halves = [None if half is None else half * WAN for half in (half_first, half_last)]
    return Trend("2016-1_2021-1_x", "removal", wan_tc_yr * WAN, 2016, 2021, halves[0], halves[1])


def judged(*observations: Observation, target=CARBON, by: Trend | None = None, this_year: int = 2026):  # type: ignore[no-untyped-def]
    return assess(target, observations, trend=by, deadline_year=2025, this_year=this_year)


def test_no_record_is_no_baseline_and_never_zero() -> None:
    found = judged()
    assert (found.verdict, found.light) == ("no_baseline", "none")
    assert found.newest is None
    assert (found.gap, found.share_frac, found.needed_per_yr, found.forecast) == (None, None, None, None)


def test_a_target_without_a_number_is_not_set_whatever_was_observed() -> None:
    found = judged(stock(1.0), target=TARGETS["K15"])
    assert (found.verdict, found.newest) == ("not_set", None)


def test_gap_share_and_the_rate_that_was_needed() -> None:
    found = judged(stock(6800, 350))
    assert found.gap == pytest.approx(1200 * WAN)
    assert found.share_frac == pytest.approx(0.85)
    assert found.needed_per_yr == pytest.approx(300 * WAN)  # 1200 over the four years 2021-2025
    assert found.is_overdue
    assert not judged(stock(6800, 350), this_year=2025).is_overdue


def test_beyond_the_deadline_no_rate_is_needed_and_nothing_is_forecast() -> None:
    found = judged(stock(6800, 350), stock(7000, 350, year=2026), by=trend(40))
    assert (found.newest.year, found.verdict) == (2026, "missed")
    assert (found.needed_per_yr, found.forecast) == (None, None)


@pytest.mark.parametrize(
    ("observation", "verdict"),
    [
        (stock(8400, 350), "reached"),
        (stock(8200, 350), "undecided"),
        (stock(7800, 350), "undecided"),
        (stock(7000, 350), "below"),
        (stock(7000), "below"),
        (stock(8000), "reached"),
    ],
)
def test_without_a_comparison_only_the_survey_speaks(observation: Observation, verdict: str) -> None:
    assert judged(observation).verdict == verdict
    assert judged(observation).forecast is None


def test_a_straight_line_with_its_error() -> None:
    found = judged(stock(7000, 350), by=trend(100)).forecast
    # 7000 + 4 × 100; √((1 + 4/5)² 350² + (4/5)² 300²) = √(396 900 + 57 600)
    assert found.value == pytest.approx(7400 * WAN)
    assert found.half_width == pytest.approx(math.sqrt(396_900 + 57_600) * WAN)
    assert found.reached_in == pytest.approx(2031.0)  # 1000 more at 100 a year
    assert found.year == 2025


@pytest.mark.parametrize(("rate", "verdict"), [(20, "behind"), (200, "undecided"), (500, "on_course")])
def test_the_forecast_decides_only_beyond_its_error(rate: float, verdict: str) -> None:
    # The half-width is 674: 7080 lies below 8000 − 674, 7800 within, 9000 above.
    assert judged(stock(7000, 350), by=trend(rate)).verdict == verdict


def test_a_forecast_without_error_is_shown_and_decides_nothing() -> None:
    found = judged(stock(7000, 350), by=trend(900, half_first=None))
    assert found.forecast.value == pytest.approx(10_600 * WAN)
    assert found.forecast.half_width is None
    assert found.verdict == "below"


def test_a_shrinking_forest_never_reaches_the_target() -> None:
    assert judged(stock(7000, 350), by=trend(-10)).forecast.reached_in is None


def test_a_target_to_hold_fails_if_any_year_fails() -> None:
    found = judged(cover(0.79, year=2022), cover(0.81, year=2024), target=COVERAGE)
    assert (found.verdict, found.failed_in) == ("missed", (2022,))
    assert (found.newest.year, found.newest.value) == (2024, 0.81)
    held = judged(cover(0.80, year=2022), cover(0.81, year=2024), target=COVERAGE, by=trend(1))
    assert (held.verdict, held.failed_in, held.forecast, held.needed_per_yr) == ("reached", (), None, None)


def test_land_that_may_count_leaves_a_hold_undecided() -> None:
    assert judged(cover(0.79, 0.82, year=2024), target=COVERAGE).verdict == "undecided"
    assert judged(cover(0.77, 0.79, year=2024), target=COVERAGE).verdict == "missed"


@given(st.floats(1, 1e9), st.floats(0, 1e8), st.integers(2010, 2024), st.floats(-1e7, 1e7))
def test_a_verdict_never_says_more_than_the_range(value: float, half: float, year: int, rate: float) -> None:
    observation = Observation(year, "x", value, value - half, value + half, "error")
    line = replace(trend(0), rate_per_yr=rate)
    found = assess(CARBON, [observation], trend=line, deadline_year=2025, this_year=2026)
    assert (found.verdict == "reached") == (value - half >= CARBON.limit)
    if found.verdict == "on_course":
        assert found.forecast.value > CARBON.limit
    if found.verdict == "behind":
        assert found.forecast.value < CARBON.limit
    assert found.gap + found.newest.value == pytest.approx(CARBON.limit)
