"""Two releases compared (两期变化): choose them, read the table that closes, place by place, and take it home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from senhui.access.queries import areas_for, require
from senhui.atlas import change_tables, difference_tiles
from senhui.atlas.change_disclosure import APPARENT_TOGETHER, OTHERS
from senhui.atlas.exports import change_file
from senhui.inventory import changes, queries
from senhui.inventory.changes import ChangeInfo, ChangeWasAltered
from senhui.jobs.actions.start_job import start_job
from senhui.measurement.change import APPARENT_LINES, LINES
from senhui.measurement.closing import DoesNotClose
from senhui.quantities import wan_tc_from_tc
from senhui.web import job_titles, names, summaries, units
from senhui.web.event_forms import CompareForm
from senhui.web.event_words import KINDS, POOLS, STAND_CLASSES
from senhui.web.page import page, seen_areas, today

BASES: dict[str, Promise] = {"calibrated": gettext_lazy("Calibrated"), "measured": gettext_lazy("Measured")}
LARGE_STOCK_TC = 1e6
"""From here on stocks are printed in the unit of the city's statistics, below in tonnes."""


@dataclass(frozen=True)
class Line:
    """A printed line: its name, whether it is one of the two stocks or never removal, and its cells."""

    name: str
    is_stock: bool
    is_apparent: bool
    cells: list[units.Shown]


def list_changes(request: HttpRequest) -> HttpResponse:
    """Show the newest comparison by county, the others by name, and the form that starts one."""
    may_compare = not areas_for(request.user, "view_sub_compartments", on=today()).is_empty
    choices = [(info.id, f"{info.reference_year} · {info.label} · {info.id}") for info in queries.releases()]
    form = CompareForm(request.POST or None, choices=choices, initial=_first_choice())
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if form.is_valid():
            return redirect("jobs-one", _start(request, form.cleaned_data["before"], form.cleaned_data["after"]))
    listed = [info for info in changes.changes() if change_tables.is_shown(info.id, areas=seen_areas(request))]
    context: dict[str, Any] = {
        "form": form,
        "may_compare": may_compare,
        "listed": listed,
        "unreadable": changes.unreadable_ids(),
        "n_releases": len(choices),
    }
    for info in listed:
        try:
            context |= _table_context(request, info, within="", basis=_basis(request, info))
            break
        except (DoesNotClose, ChangeWasAltered):
            continue  # its own page says why; the next one is shown here
    return page(request, "changes/list.html", context, status=400 if form.errors else 200)


def show_change(request: HttpRequest, change_id: str) -> HttpResponse:
    """Show a comparison of the whole city, or with `within` of one county or township."""
    info = changes.change(change_id)
    within = change_tables.place_compared(change_id, request.GET.get("within", ""))
    context = _table_context(request, info, within=within, basis=_basis(request, info))
    counts = info.manifest["counts"]
    estimate = change_tables.model_estimate(change_id, areas=seen_areas(request), within=within)
    rows = change_tables.beside(change_id, areas=seen_areas(request), within=within).rows(named=True)
    context |= {
        "counts": [(word, counts["before"][key], counts["after"][key]) for key, word in STAND_CLASSES.items()],
        "left_out": [names.place(code) for code in info.manifest["townships_left_out"]],
        "beside": [{**row, "kind": KINDS[row["kind"]], "pool": POOLS[row["pool"]]} for row in rows],
        "estimate": estimate,
        "estimate_groups": _named_groups(estimate) if estimate else [],
        "overtaken": changes.is_overtaken(info),
        "has_map": difference_tiles.has_tiles(change_id),
        "may_draw": not seen_areas(request).is_empty,
        "trail": names.trail(within) if within else [],
    }
    return page(request, "changes/change.html", context)


@require_POST
def draw_map(request: HttpRequest, change_id: str) -> HttpResponse:
    """Start drawing the map of a comparison that has none, or drawing it anew."""
    info = changes.change(change_id)
    require(request.user, "view_sub_compartments", on=today())
    job = start_job(
        request.user,
        "atlas.draw_change",
        {"change_id": change_id},
        title=job_titles.DRAW_CHANGE,
        title_facts={"before": info.before.id, "after": info.after.id},
        now=timezone.now(),
    )
    return redirect("jobs-one", job)


def download(request: HttpRequest, change_id: str, form: Literal["csv", "xlsx"]) -> HttpResponse:
    """Give the closing table on both bases as CSV or XLSX."""
    if form not in {"csv", "xlsx"}:
        raise Http404
    within = request.GET.get("within", "")
    data = change_file(change_id, areas=seen_areas(request), within=within, form=form, language=names.language())
    response = HttpResponse(data.content, content_type=data.content_type)
    response["Content-Disposition"] = f'attachment; filename="{data.name}"'
    return response


def _start(request: HttpRequest, before_id: str, after_id: str) -> int:
    require(request.user, "view_sub_compartments", on=today())
    return start_job(
        request.user,
        "atlas.compare_releases",
        {"before_id": before_id, "after_id": after_id},
        title=job_titles.COMPARE,
        title_facts={"before": before_id, "after": after_id},
        now=timezone.now(),
    )


def _first_choice() -> dict[str, str]:
    """Return the two newest releases that cover most, the older first."""
    pair = sorted(queries.releases()[:2], key=lambda info: info.reference_year)
    return {"before": pair[0].id, "after": pair[1].id} if len(pair) == 2 else {}


def _basis(request: HttpRequest, info: ChangeInfo) -> change_tables.Basis:
    if not (summaries.is_calibrated(info.before) or summaries.is_calibrated(info.after)):
        return "measured"
    return "measured" if request.GET.get("basis") == "measured" else "calibrated"


def _table_context(
    request: HttpRequest, info: ChangeInfo, *, within: str, basis: change_tables.Basis
) -> dict[str, Any]:
    table = change_tables.closing(info.id, areas=seen_areas(request), within=within, basis=basis)
    summary = change_tables.summary(info.id, areas=seen_areas(request), within=within, basis=basis)
    quantity = "stock_tc" if abs(table.total_tc[0]) >= LARGE_STOCK_TC else "stand_stock_tc"
    is_township = len(within) == names.LENGTH_OF_LEVEL["township"]
    return {
        "change": info,
        "is_sample": info.is_sample,
        "within": within,
        "place": names.place(within) if within else _("Whole city"),
        "basis": basis,
        "bases": list(BASES.items())
        if summaries.is_calibrated(info.before) or summaries.is_calibrated(info.after)
        else [],
        "unit": units.habit(quantity).unit,
        "places": [
            (code, _("Other places together") if code == OTHERS else names.place(code)) for code in table.places
        ],
        "others": OTHERS,
        "has_places_below": not within,
        "is_township": is_township,
        "total_name": names.place(within) if within else _("Whole city"),
        "lines": _lines(table, quantity, is_township=is_township),
        "has_merged_lines": any(line not in LINES for line in table.lines),
        "summary": summary,
        "land_source": names.LAND_SOURCES[summary.land_source],
        "quantity": quantity,
        "removal_tco2e_yr": summary.removal and _tco2e(summary.removal.change_tco2e_yr),
        "removal_tco2e": summary.removal and _tco2e(summary.removal.change_tco2e),
    }


def _lines(table: change_tables.Closing, quantity: str, *, is_township: bool) -> list[Line]:
    """Print the table so that it closes: rounded together, not number by number."""
    habit = units.habit(quantity)
    per_tc = habit.convert(1.0)
    rounded = table.rounded_tc(10.0**-habit.n_digits / per_tc)
    at = 0 if names.language() == "zh" else 1
    lines = []
    for i, name in enumerate(table.lines):
        exact = [*table.exact_tc[i], table.total_tc[i]]
        # A single township is its own total.
        keep = slice(-1, None) if is_township else slice(None)
        cells = [
            units.Shown(f"{value * per_tc + 0.0:,.{habit.n_digits}f}", habit.unit, f"{tc:,.2f} t C")
            for value, tc in zip(rounded[i], exact, strict=True)
        ][keep]
        is_apparent = name in {*APPARENT_LINES, APPARENT_TOGETHER}
        lines.append(Line(change_tables.LINE_NAMES[name][at], name.startswith("stock_"), is_apparent, cells))
    return lines


def _named_groups(estimate: change_tables.ModelEstimate) -> list[dict[str, Any]]:
    """Return the estimate of each species group with its name, and of all together in the last row."""
    named = [{"name": _group_name(row.species_group), "row": row} for row in estimate.groups]
    return [*named, {"name": _("Together"), "row": estimate.whole, "is_whole": True}]


def _group_name(group: str | None) -> str:
    return _("Other species groups") if group is None else names.word("species_group", group or None)


def _tco2e(value: float) -> units.Shown:
    """Return tonnes of CO₂ equivalent in the reader's habit; large ones in ten-thousands on Chinese pages."""
    shown = units.shown(value, "emission_tco2e")
    if names.language() == "zh" and abs(value) >= LARGE_STOCK_TC:
        # 万 of a mass is the same number of 万 whatever the mass is of.
        return units.Shown(f"{wan_tc_from_tc(value):,.2f}", f"万{shown.unit}", shown.exact)
    return shown
