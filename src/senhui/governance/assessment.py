"""Whether a target is reached, from values as they are given (达标判定): pure, no database, no clock.

A value is a range: from its error, or from land that may or may not count. A verdict is given only where the whole
range lies on one side of the target; a forecast without an error decides nothing. Hand-computed cases:
tests/governance/test_assessment.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from senhui.governance.register import Kind, Target

Verdict = Literal["reached", "on_course", "undecided", "below", "behind", "missed", "no_baseline", "not_set"]
"""In words: `undecided` the target lies within the range; `below` it was, when last surveyed, and nothing tells more;
`on_course` and `behind` are said of the forecast; `missed` of a survey of the last year or later, or of a year in which
a target that must be kept was not."""

Light = Literal["good", "open", "bad", "none"]
LIGHTS: dict[Verdict, Light] = {
    "reached": "good",
    "on_course": "good",
    "undecided": "open",
    "below": "open",
    "behind": "bad",
    "missed": "bad",
    "no_baseline": "none",
    "not_set": "none",
}

RangeOf = Literal["error", "not_told_classes", "unknown"]
ForecastOf = Literal["removal", "difference"]


@dataclass(frozen=True)
class Observation:
    """What a release says of a target, in the target's SI unit.

    Attributes
    ----------
    lower, upper : the range of the value; both are the value where its error is not known.
    range_of : what makes it a range: the 95 % interval, or land whose class does not tell whether it counts.
    """

    year: int
    release_id: str
    value: float
    lower: float
    upper: float
    range_of: RangeOf

    @property
    def half_width(self) -> float | None:
        """Half of the 95 % interval, or None where there is none."""
        return (self.upper - self.lower) / 2 if self.range_of == "error" else None


@dataclass(frozen=True)
class Trend:
    """What two releases say of one year: the rate from the first to the second, in the target's SI unit per year.

    Attributes
    ----------
    of : `removal` of a comparison, which leaves out what only looks like change; or the `difference` of two totals.
    """

    change_id: str
    of: ForecastOf
    rate_per_yr: float
    first_year: int
    last_year: int
    first_half_width: float | None
    last_half_width: float | None


@dataclass(frozen=True)
class Forecast:
    """Where the trend leads by the deadline: a straight line on from the newest survey, and no model.

    Attributes
    ----------
    half_width : of the 95 % interval, None where one of the two surveys has none.
    reached_in : the year in which the line meets the target, as a fraction of years; None where it never does.
    """

    trend: Trend
    year: int
    value: float
    half_width: float | None
    reached_in: float | None


@dataclass(frozen=True)
class Assessment:
    """A target with all that is known of it.

    Attributes
    ----------
    newest : the newest observation, or None of no record: never zero.
    years : all observations, the first year first.
    failed_in : years in which a target that must be kept was not.
    gap : target less value, SI; negative beyond the target.
    needed_per_yr : gap over the years from the survey to the deadline; None where none are left.
    is_overdue : whether the deadline has passed on the day of asking.
    """

    target: Target
    verdict: Verdict
    newest: Observation | None
    years: tuple[Observation, ...]
    failed_in: tuple[int, ...]
    gap: float | None
    share_frac: float | None
    needed_per_yr: float | None
    forecast: Forecast | None
    deadline_year: int
    is_overdue: bool

    @property
    def light(self) -> Light:
        """The colour of the traffic light; the verdict is its word."""
        return LIGHTS[self.verdict]


def assess(
    target: Target, observations: Sequence[Observation], *, trend: Trend | None, deadline_year: int, this_year: int
) -> Assessment:
    """Judge a target by what the surveys say.

    Parameters
    ----------
    observations : one per surveyed year, in any order; none where nothing is known.
    trend : of the newest comparison, or None.
    deadline_year : the last year of the plan.
    this_year : the year of asking; it decides whether the deadline has passed, and nothing else.
    """
    is_overdue = this_year > deadline_year
    if target.limit is None or not observations:
        verdict: Verdict = "not_set" if target.limit is None else "no_baseline"
        return Assessment(target, verdict, None, (), (), None, None, None, None, deadline_year, is_overdue)
    years = tuple(sorted(observations, key=lambda one: one.year))
    newest = years[-1]
    forecast = None
    if target.kind != "hold" and trend is not None and newest.year < deadline_year:
        forecast = forecast_of(newest, trend, limit=target.limit, year=deadline_year)
    failed_in = tuple(one.year for one in years if target.kind == "hold" and one.upper < target.limit)
    gap = target.limit - newest.value
    years_left = deadline_year - newest.year
    return Assessment(
        target=target,
        verdict=verdict_of(target.kind, years, limit=target.limit, forecast=forecast, deadline_year=deadline_year),
        newest=newest,
        years=years,
        failed_in=failed_in,
        gap=gap,
        share_frac=newest.value / target.limit,
        needed_per_yr=gap / years_left if gap > 0 and years_left > 0 and target.kind != "hold" else None,
        forecast=forecast,
        deadline_year=deadline_year,
        is_overdue=is_overdue,
    )


def forecast_of(newest: Observation, trend: Trend, *, limit: float, year: int) -> Forecast:
    """Go on in a straight line from the newest survey.

    Returns
    -------
    Forecast
        With T years between the surveys and n years on, the value is S₂ + n r, and its half-width
        √(((1 + n/T) h₂)² + ((n/T) h₁)²): the line through two surveys whose errors are independent. Surveys of one
        method share part of their errors, which cancels in the rate: it is rather too large than too small.

    Examples
    --------
    >>> newest = Observation(2021, "2021-1", 70.0, 66.0, 74.0, "error")
    >>> trend = Trend("c", "removal", 2.0, 2016, 2021, 3.0, 4.0)
    >>> found = forecast_of(newest, trend, limit=80.0, year=2026)
    >>> found.value, round(found.half_width, 2), found.reached_in
    (80.0, 8.54, 2026.0)
    """
    n_yr, period_yr = year - newest.year, trend.last_year - trend.first_year
    assert period_yr > 0, "two surveys lie years apart"
    half_width = None
    if trend.first_half_width is not None and trend.last_half_width is not None:
        ahead = n_yr / period_yr
        half_width = math.hypot((1 + ahead) * trend.last_half_width, ahead * trend.first_half_width)
    reached_in = None
    if newest.value >= limit:
        reached_in = float(newest.year)
    elif trend.rate_per_yr > 0:
        reached_in = newest.year + (limit - newest.value) / trend.rate_per_yr
    return Forecast(trend, year, newest.value + n_yr * trend.rate_per_yr, half_width, reached_in)


def verdict_of(
    kind: Kind, years: Sequence[Observation], *, limit: float, forecast: Forecast | None, deadline_year: int
) -> Verdict:
    """Say in one word how a target stands; `years` begin with the first and are not empty."""
    newest = years[-1]
    if kind == "hold":
        held = all(one.lower >= limit for one in years)
        return "missed" if any(one.upper < limit for one in years) else "reached" if held else "undecided"
    is_below = newest.upper < limit
    if newest.lower >= limit:
        return "reached"
    if newest.year >= deadline_year:
        return "missed" if is_below else "undecided"
    if forecast is None or forecast.half_width is None:
        return "below" if is_below else "undecided"
    if forecast.value - forecast.half_width >= limit:
        return "on_course"
    return "behind" if forecast.value + forecast.half_width < limit else "undecided"
