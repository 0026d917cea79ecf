"""Targets as people read them: words for every verdict, numbers in the reader's habit, and one sentence of outlook.

Nothing is decided here; verdicts come from `senhui.governance`. Cases: tests/web/test_targets.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from senhui.governance.assessment import Assessment, Forecast, Light, Observation, Verdict
from senhui.governance.cockpit import Cockpit
from senhui.governance.observations import WhyNot
from senhui.governance.register import Aim, Target, definitions
from senhui.quantities import wan_tc_from_tc
from senhui.web import names, units

VERDICTS: dict[Verdict, Promise] = {
    "reached": gettext_lazy("Reached"),
    "on_course": gettext_lazy("On course"),
    "undecided": gettext_lazy("Within the error"),
    "below": gettext_lazy("Below the target"),
    "behind": gettext_lazy("Behind"),
    "missed": gettext_lazy("Missed"),
    "no_baseline": gettext_lazy("No baseline"),
    "not_set": gettext_lazy("Not set"),
}

SIGNS: dict[Light, str] = {"good": "✓", "open": "◐", "bad": "✕", "none": "–"}
"""A sign beside each colour, so that none is told by its colour alone."""

LIGHTS_IN_ORDER: tuple[tuple[Light, Promise], ...] = (
    ("good", gettext_lazy("reached or on course")),
    ("open", gettext_lazy("open: below, or within the error")),
    ("bad", gettext_lazy("missed or behind")),
    ("none", gettext_lazy("no record yet, or no number set")),
)

WHY_NOT: dict[WhyNot, Promise] = {
    "no_release": gettext_lazy("There is no release yet."),
    "not_whole_city": gettext_lazy("No release covers all counties of the city."),
    "land_unknown": gettext_lazy("The city's outline is not known, so its land is not either."),
    "withheld": gettext_lazy(
        "A class that counts has so few sub-compartments that its sum is kept from the public, and this value with it."
    ),
    "nothing_measured": gettext_lazy("The release holds no estimate of it."),
}

_ZH_LARGE, _EN_LARGE = 100.0, 1e6
_UNIT_OF_LARGE = {"stock_tc": "million t C", "volume_m3": "million m³", "emission_tco2e": "million t CO₂e"}
"""The city's totals in English: t C with eight digits are no numbers to remember."""


@dataclass(frozen=True)
class Bar:
    """A value beside its target, in percent of the bar's length; the server draws it.

    Attributes
    ----------
    lower, upper : the range of the value, or None where it is not known.
    """

    value: float
    target: float
    lower: float | None
    upper: float | None

    @property
    def width_of_range(self) -> float:
        """Length of the range."""
        return 0.0 if self.lower is None or self.upper is None else self.upper - self.lower


@dataclass(frozen=True)
class Row:
    """A target as a row of the page, ready to print; what is not known is None or empty."""

    target: Target
    name: str
    verdict: Verdict
    word: str
    light: Light
    sign: str
    printed: str
    owners: str
    value: units.Shown | None
    half_width: units.Shown | None
    second_share: units.Shown | None
    year: int | None
    release_id: str
    gap: units.Shown | None
    is_beyond: bool
    share: units.Shown | None
    needed: units.Shown | None
    forecast: units.Shown | None
    forecast_half_width: units.Shown | None
    why_not: str
    outlook: str
    overdue: str
    bar: Bar | None
    assessment: Assessment


def rows(cockpit: Cockpit) -> list[tuple[Aim, list[Row]]]:
    """Return the targets under their aims."""
    return [(aim, [row(one, cockpit) for one in cockpit.of_aim(aim)]) for aim in cockpit.plan.aims]


def row(found: Assessment, cockpit: Cockpit) -> Row:
    """Return one target ready to print."""
    target, newest, forecast = found.target, found.newest, found.forecast
    reason = cockpit.why_not.get(target.id)
    quantity = target.quantity or "count"

    def told(value: float | None) -> units.Shown | None:
        return None if value is None else large(value, quantity)

    return Row(
        target=target,
        name=target.name_zh if names.language() == "zh" else target.name_en,
        verdict=found.verdict,
        word=str(VERDICTS[found.verdict]),
        light=found.light,
        sign=SIGNS[found.light],
        printed=limit_words(target),
        owners=("、" if names.language() == "zh" else ", ").join(
            body.name_zh if names.language() == "zh" else body.name_en for body in target.owners
        ),
        value=told(newest.value if newest else None),
        half_width=told(newest.half_width if newest else None),
        second_share=told(newest.upper) if newest and newest.range_of == "not_told_classes" else None,
        year=newest.year if newest else None,
        release_id=newest.release_id if newest else "",
        gap=None if found.gap is None else large(abs(found.gap), quantity),
        is_beyond=found.gap is not None and found.gap <= 0,
        share=None if found.share_frac is None else units.shown(found.share_frac, "share_frac"),
        needed=told(found.needed_per_yr),
        forecast=told(forecast.value if forecast else None),
        forecast_half_width=told(forecast.half_width if forecast else None),
        why_not=str(WHY_NOT[reason]) if reason else "",
        outlook=outlook(found),
        overdue=overdue(found),
        bar=_bar(newest, target.limit) if newest and target.limit else None,
        assessment=found,
    )


def large(value: float, quantity: str) -> units.Shown:
    """Return a total of the city in as many digits as one remembers; the tooltip keeps all of them.

    Examples
    --------
    >>> from django.utils.translation import override
    >>> with override("zh-hans"):
    ...     str(large(73_807_700.0, "stock_tc")), str(large(1_883_994.0, "stock_tc"))
    ('7,381 万吨碳', '188 万吨碳')
    >>> with override("en"):
    ...     str(large(73_807_700.0, "stock_tc")), str(large(0.8069, "share_frac"))
    ('73.81 million t C', '80.7 %')
    """
    shown = units.shown(value, quantity)
    if quantity not in _UNIT_OF_LARGE or not math.isfinite(value):
        return shown
    if names.language() == "zh":
        # 万 of a mass is the same number of 万 whatever the mass is of.
        is_gas = quantity == "emission_tco2e"
        number = wan_tc_from_tc(value) if is_gas else units.habit(quantity).convert(value)
        text = f"{number:,.0f}" if abs(number) >= _ZH_LARGE else f"{number:,.1f}"
        found = units.Shown(text, f"万{shown.unit}" if is_gas else shown.unit, shown.exact)
    else:
        found = units.Shown(f"{value / _EN_LARGE:,.2f}", _UNIT_OF_LARGE[quantity], shown.exact)
    # What would be printed as nothing keeps the digits that it has.
    return shown if value and not found.text.strip("-0.,") else found


def limit_words(target: Target) -> str:
    """Return the target as it is read: the plan's number with its unit, or that there is none."""
    if target.limit is None:
        return str(VERDICTS["not_set"])
    if target.quantity == "count":
        return f"{target.printed} {target.unit}" if names.language() == "zh" else target.printed
    if names.language() == "zh":
        shown = f"{float(target.printed):,g} {target.unit}"
    elif target.quantity in _UNIT_OF_LARGE:
        shown = f"{target.limit / _EN_LARGE:,g} {_UNIT_OF_LARGE[target.quantity]}"
    else:
        shown = str(units.shown(target.limit, target.quantity or ""))
    return f"≥ {shown}" if target.kind == "hold" else shown


def outlook(found: Assessment) -> str:
    """Say in plain sentences how far it is and where the trend leads."""
    if found.newest is None or found.target.limit is None:
        return ""
    parts = [_distance(found), *([_ahead(found, found.forecast)] if found.forecast else [])]
    return ("" if names.language() == "zh" else " ").join(parts)


def _distance(found: Assessment) -> str:
    target, newest = found.target, found.newest
    assert newest is not None and found.gap is not None and found.share_frac is not None  # noqa: PT018
    if target.kind == "hold":
        if found.failed_in:
            years = ", ".join(map(str, found.failed_in))
            return _("Below the target in %(years)s; a target that must be kept fails with any year.") % {
                "years": years
            }
        if found.verdict == "undecided":
            return _("Whether it is kept depends on shrubland whose class does not tell whether it counts.")
        years = ", ".join(str(one.year) for one in found.years)
        return _("Kept in every surveyed year (%(years)s).") % {"years": years}
    quantity = target.quantity or "count"
    values = {"gap": large(abs(found.gap), quantity), "share": units.shown(found.share_frac, "share_frac")}
    if found.gap <= 0:
        return _("%(gap)s beyond the target.") % values
    return _("%(gap)s short of the target, %(share)s of it reached.") % values


def _ahead(found: Assessment, forecast: Forecast) -> str:
    quantity = found.target.quantity or "count"
    values = {
        "first": forecast.trend.first_year,
        "last": forecast.trend.last_year,
        "rate": large(forecast.trend.rate_per_yr, quantity),
        "year": forecast.year,
        "value": large(forecast.value, quantity),
        "error": "" if forecast.half_width is None else large(forecast.half_width, quantity),
    }
    if forecast.half_width is None:
        return (
            _(
                "Straight on by the difference of the surveys %(first)s and %(last)s (%(rate)s a year), %(year)s would "
                "have %(value)s; the error of this is not known, so it decides nothing."
            )
            % values
        )
    said = (
        _(
            "Straight on at the mean removal of %(first)s–%(last)s (%(rate)s a year), %(year)s would have %(value)s ± "
            "%(error)s: "
        )
        % values
    )
    return said + {
        "reached": _("the target is kept."),
        "on_course": _("the target is reached."),
        "behind": _("the target is not reached."),
    }.get(found.verdict, _("the target lies within the error, so it cannot be said whether it is reached."))


def overdue(found: Assessment) -> str:
    """Say that the deadline has passed without a survey of it, where it has."""
    newest = found.newest
    if newest is None or not found.is_overdue or newest.year >= found.deadline_year:
        return ""
    return _(
        "The deadline, %(deadline)s, has passed, and the last survey is of %(year)s: no survey says yet how it ended."
    ) % {
        "deadline": found.deadline_year,
        "year": newest.year,
    }


def definition_note(target: Target) -> str:
    """Return what a computed value counts and what it leaves out."""
    if target.computed is None:
        return ""
    definition = definitions()[target.computed]
    return definition.note_zh if names.language() == "zh" else definition.note_en


def _bar(newest: Observation, limit: float) -> Bar:
    has_range = newest.range_of != "unknown"
    whole = 1.08 * max(limit, newest.upper)
    part = 100 / whole
    return Bar(
        value=round(newest.value * part, 2),
        target=round(limit * part, 2),
        lower=round(max(newest.lower, 0.0) * part, 2) if has_range else None,
        upper=round(newest.upper * part, 2) if has_range else None,
    )
