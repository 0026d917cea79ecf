"""The panel of the map in the view of a difference: a place or a stand between two releases, and which there are."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senhui.access.rules import AreaSet
from senhui.atlas import change_tables, difference, difference_tiles
from senhui.atlas.change_disclosure import APPARENT_TOGETHER
from senhui.atlas.change_tables import LINE_NAMES
from senhui.inventory import changes, queries
from senhui.measurement.change import APPARENT_LINES, NOTHING_TC
from senhui.web import map_style, names
from senhui.web.event_words import KINDS
from senhui.web.page import page, row_asked, seen_areas, today

LARGE_STOCK_TC = 1e6
"""From here on stocks are printed in the unit of the city's statistics, below in tonnes."""

PIECE_CLASSES: dict[str, Promise] = {
    "growth": _("grew"),
    "loss": _("lost stock"),
    "land_class_change": _("of another land class"),
    "method_change": _("measured by another method"),
    "boundary": _("boundary or correction"),
    "no_estimate": _("estimate on one side only"),
}
"""What the difference of a piece of land is, beside its events."""


def given(areas: AreaSet) -> list[dict[str, Any]]:
    """Return the comparisons that the map can show to a reader, the newest first."""
    return [
        {
            "id": info.id,
            "before": info.before.id,
            "after": info.after.id,
            "years": [info.before.reference_year, info.after.reference_year],
            "has_tiles": not areas.is_empty and difference_tiles.has_tiles(info.id),
        }
        for info in difference.newest_changes()
    ]


def panel(request: HttpRequest, release: queries.ReleaseInfo, before_id: str) -> HttpResponse:
    """Show what the newest comparison of two releases says of a place or of one sub-compartment."""
    before = queries.release(before_id)
    info = difference.newest_between(before.id, release.id)
    if info is None:
        facts = {
            "before": before,
            "release": release,
            "is_sample": release.is_sample,
            "may_compare": not seen_areas(request).is_empty and before.reference_year < release.reference_year,
        }
        return page(request, "fragments/change_missing_panel.html", facts)
    asked: change_tables.Basis = "measured" if request.GET.get("measure") == "measured" else "calibrated"
    basis = asked if difference.usual_basis(info) == "calibrated" else "measured"
    row = row_asked(request)
    if row is not None:
        return _stand_panel(request, info, row, basis)
    return _place_panel(request, info, request.GET.get("place", ""), basis)


def _place_panel(request: HttpRequest, info: changes.ChangeInfo, code: str, basis: change_tables.Basis) -> HttpResponse:
    if len(code) not in names.LEVEL_OF_LENGTH:
        raise queries.NoSuchPlace(code)
    level = names.LEVEL_OF_LENGTH[len(code)]
    context: dict[str, Any] = {
        "change": info,
        "is_sample": info.is_sample,
        "basis": basis,
        "code": code,
        "level": level,
        "name": names.place(code),
        "trail": names.trail(code)[:-1],
    }
    found = difference.differences(info.id, areas=seen_areas(request), level=level, basis=basis)  # type: ignore[arg-type]
    place = next((one for one in found if one.code == code), None)
    if place is not None:
        half_width_tc = difference.half_width_tc(info.id, within=code, basis=basis)
        stock_tc = place.stock_after_tc or 0.0
        context |= {
            "place": place,
            "quantity": "stock_tc" if stock_tc >= LARGE_STOCK_TC else "stand_stock_tc",
            "removal_tc_yr": None if place.removal_tc is None else place.removal_tc / info.period_yr,
            "half_width_tc_yr": None if half_width_tc is None else half_width_tc / info.period_yr,
            "parts": [
                (_cause_word(cause), cause in _NEVER_REMOVAL, value_tc) for cause, value_tc in place.parts_tc.items()
            ],
        }
    return page(request, "fragments/change_place_panel.html", context)


_NEVER_REMOVAL = {"method_change", "boundary", "no_estimate", APPARENT_TOGETHER}


def _cause_word(cause: str) -> str:
    """Return the name of a cause, or of several that are read together."""
    word = map_style.KINDS["cause"].get(cause)
    return str(word) if word else LINE_NAMES[cause][0 if names.language() == "zh" else 1]


def _stand_panel(request: HttpRequest, info: changes.ChangeInfo, row: int, basis: change_tables.Basis) -> HttpResponse:
    found = difference.stand_difference(request.user, info.id, row, on=today())
    at = 0 if names.language() == "zh" else 1
    lines = found.lines_tc[basis]
    context = {
        "change": info,
        "is_sample": info.is_sample,
        "basis": basis,
        "stand": found.stand,
        "row": row,
        "trail": names.trail(found.stand["township_code"]),
        "removal_tc_ha_yr": found.removal_tc_ha_yr[basis],
        "cause": _cause_word(found.cause) if found.cause else "",
        "is_compared": bool(lines),
        "stock_before_tc": lines.get("stock_before"),
        "stock_after_tc": lines.get("stock_after"),
        "lines": [
            (names_of_line[at], line in APPARENT_LINES, lines[line])
            for line, names_of_line in LINE_NAMES.items()
            if not line.startswith("stock_") and abs(lines.get(line, 0.0)) > NOTHING_TC
        ],
        "pieces": [{"piece": piece, "word": PIECE_CLASSES[piece.class_]} for piece in found.pieces],
        "events": [{"event": event, "kind": KINDS[event.kind]} for event in found.events],
    }
    return page(request, "fragments/change_stand_panel.html", context)
