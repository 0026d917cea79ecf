"""The city in a few figures, for the page of one minute and the wall: stock, removal, counties ranked, sentences.

Everything is what the public reads, so every reader sees the same numbers. Cases: tests/web/test_minute.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from senhui.access.rules import NOWHERE
from senhui.atlas import change_tables
from senhui.atlas.statistics import WHOLE_CITY, ErrorUnknown, error_of, public_statistics
from senhui.governance.cockpit import Cockpit
from senhui.governance.observations import basis_of
from senhui.inventory.changes import ChangeInfo
from senhui.inventory.queries import ReleaseInfo
from senhui.web import names, summaries, target_words, units
from senhui.web.target_words import large

RANKINGS: Final[dict[str, Promise]] = {
    "forest": gettext_lazy("Stock per hectare of forest"),
    "land": gettext_lazy("Stock per hectare of land"),
    "stock": gettext_lazy("Stock"),
}
"""What counties may be ranked by, the default first."""


@dataclass(frozen=True)
class County:
    """A county in the ranking.

    Attributes
    ----------
    rank : 1 is first; equal values share a rank, and a county without a value has none.
    bar : its ranked value in percent of the largest.
    relative_error_frac : half of the 95 % interval of its stock over the stock.
    """

    code: str
    name: str
    rank: int | None
    bar: float
    stock_tc: float | None
    per_forest_tc_ha: float | None
    per_land_tc_ha: float | None
    relative_error_frac: float | None


@dataclass(frozen=True)
class Change:
    """What the newest comparison says of the city, in the basis of the stock; None where the public reads only both."""

    info: ChangeInfo
    basis: change_tables.Basis
    before_tc: float
    after_tc: float
    removal_tc: float | None
    removal_tc_yr: float | None
    removal_tco2e_yr: float | None
    apparent_tc: float | None
    lines: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Figures:
    """The city in a few figures."""

    release: ReleaseInfo
    is_calibrated: bool
    is_whole_city: bool
    total: dict[str, Any]
    stock_tc: float | None
    half_width_tc: float | None
    relative_error_frac: float | None
    error_unknown: str
    per_forest_tc_ha: float | None
    per_land_tc_ha: float | None
    change: Change | None
    counties: list[County]
    carbon: target_words.Row
    volume: target_words.Row


def figures_of(release: ReleaseInfo, cockpit: Cockpit, *, ranked_by: str) -> Figures | None:
    """Return the figures of a release; None where it has no stand at all."""
    within = WHOLE_CITY if cockpit.newest else None
    frame = public_statistics(release.id, areas=NOWHERE, within=within, by=(), where={})
    if frame.is_empty():
        return None
    total = frame.row(0, named=True)
    is_calibrated = summaries.is_calibrated(release)
    stock = "calibrated_stock_tc" if is_calibrated else "stock_tc"
    error = error_of(release.id, within, is_calibrated=is_calibrated)
    unknown = error if isinstance(error, ErrorUnknown) else None
    interval = None if isinstance(error, ErrorUnknown) else error
    return Figures(
        release=release,
        is_calibrated=is_calibrated,
        is_whole_city=cockpit.newest is not None,
        total=total,
        stock_tc=total[stock],
        half_width_tc=interval.half_width_tc if interval else None,
        relative_error_frac=interval.relative_half_width_frac if interval else None,
        error_unknown=str(names.ERROR_UNKNOWN[unknown.reason]) if unknown else "",
        per_forest_tc_ha=total[f"{stock}_per_forest_ha"],
        per_land_tc_ha=total[f"{stock}_per_land_ha"],
        change=change_of(cockpit.change) if cockpit.change else None,
        counties=ranked(release, stock=stock, by=ranked_by),
        carbon=target_words.row(cockpit.of("K03"), cockpit),
        volume=target_words.row(cockpit.of("K02"), cockpit),
    )


def ranked(release: ReleaseInfo, *, stock: str, by: str) -> list[County]:
    """Return the counties, the largest first; a county that the release does not hold is not among them."""
    column = {"stock": stock, "forest": f"{stock}_per_forest_ha", "land": f"{stock}_per_land_ha"}[by]
    frame = public_statistics(release.id, areas=NOWHERE, within=None, by=("county",), where={})
    rows = frame.sort(column, descending=True, nulls_last=True).to_dicts()
    largest = max((row[column] or 0.0 for row in rows), default=0.0)
    found: list[County] = []
    for row in rows:
        error = error_of(release.id, row["county"], is_calibrated=stock == "calibrated_stock_tc")
        value = row[column]
        found.append(
            County(
                code=row["county"],
                name=names.place(row["county"]),
                rank=None if value is None else 1 + sum((other[column] or 0.0) > value for other in rows),
                bar=round(100 * value / largest, 1) if value and largest > 0 else 0.0,
                stock_tc=row[stock],
                per_forest_tc_ha=row[f"{stock}_per_forest_ha"],
                per_land_tc_ha=row[f"{stock}_per_land_ha"],
                relative_error_frac=None if isinstance(error, ErrorUnknown) else error.relative_half_width_frac,
            )
        )
    return found


def change_of(info: ChangeInfo) -> Change:
    """Return what a comparison says of the whole city."""
    basis = basis_of(info)
    table = change_tables.closing(info.id, areas=NOWHERE, within="", basis=basis)
    summary = change_tables.summary(info.id, areas=NOWHERE, within="", basis=basis)
    removal = summary.removal
    at = 0 if names.language() == "zh" else 1
    totals = dict(zip(table.lines, table.total_tc.tolist(), strict=True))
    lines = tuple((line, change_tables.LINE_NAMES[line][at], value) for line, value in totals.items())
    return Change(
        info=info,
        basis=basis,
        before_tc=totals["stock_before"],
        after_tc=totals["stock_after"],
        removal_tc=removal.change_tc if removal else None,
        removal_tc_yr=removal.change_tc_yr if removal else None,
        removal_tco2e_yr=removal.change_tco2e_yr if removal else None,
        apparent_tc=summary.apparent_tc,
        lines=lines,
    )


def sentences(found: Figures) -> list[str]:
    """Say in three plain sentences how much there is, whether it grows, and whether the target is reached."""
    return [sentence for sentence in (_how_much(found), _does_it_grow(found), _will_it_reach(found)) if sentence]


def _how_much(found: Figures) -> str:
    if found.stock_tc is None:
        return _("This release holds no estimate of the stock.")
    values = {
        "year": found.release.reference_year,
        "stock": large(found.stock_tc, "stock_tc"),
        "error": "" if found.half_width_tc is None else large(found.half_width_tc, "stock_tc"),
        "density": units.shown(found.per_forest_tc_ha, "density_tc_ha"),
    }
    if found.half_width_tc is None:
        said = (
            _("In %(year)s the forest's vegetation held %(stock)s, %(density)s of forest; its error is not known.")
            % values
        )
    else:
        said = _("In %(year)s the forest's vegetation held %(stock)s ± %(error)s, %(density)s of forest.") % values
    by_density = sorted(
        (county for county in found.counties if county.per_forest_tc_ha),
        key=lambda county: -(county.per_forest_tc_ha or 0),
    )
    if len(by_density) < 2:
        return said
    first, last = by_density[0], by_density[-1]
    assert first.per_forest_tc_ha and last.per_forest_tc_ha  # noqa: PT018
    ahead = _("%(first)s leads with %(value)s, %(times)s times %(last)s.") % {
        "first": first.name,
        "value": units.shown(first.per_forest_tc_ha, "density_tc_ha"),
        "times": f"{first.per_forest_tc_ha / last.per_forest_tc_ha:.1f}",
        "last": last.name,
    }
    return _joined(said, ahead)


def _does_it_grow(found: Figures) -> str:
    change = found.change
    if change is None:
        return _("Whether it grows cannot be said: no two surveys of the city have been compared yet.")
    values: dict[str, object] = {"first": change.info.before.reference_year, "last": change.info.after.reference_year}
    if change.removal_tc_yr is None:
        return _(
            "Between %(first)s and %(last)s the stock changed by %(change)s; how much of it grew is not public."
        ) % {**values, "change": large(change.after_tc - change.before_tc, "stock_tc")}
    values |= {
        "rate": large(abs(change.removal_tc_yr), "stock_tc"),
        "share": units.shown(abs(change.removal_tc_yr) / change.after_tc, "rate_per_yr") if change.after_tc else "",
        "other": large(change.apparent_tc or 0.0, "stock_tc"),
    }
    if change.removal_tc_yr >= 0:
        said = _("It grows: %(rate)s a year between %(first)s and %(last)s, %(share)s of the stock.") % values
    else:
        said = _("It shrinks: %(rate)s a year between %(first)s and %(last)s, %(share)s of the stock.") % values
    return _joined(
        said,
        _("A further difference of %(other)s comes from methods, calibration and boundaries and is no growth.")
        % values,
    )


def _will_it_reach(found: Figures) -> str:
    if found.carbon.assessment.newest is None:
        reason = found.carbon.why_not
        return _joined(_("How far it is to the target cannot be said."), reason)
    return _joined(found.carbon.outlook, found.carbon.overdue)


def _joined(*parts: str) -> str:
    return ("" if names.language() == "zh" else " ").join(part for part in parts if part)
