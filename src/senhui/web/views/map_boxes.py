"""What the boxes of boundaries, base map and drafts need, in the reader's words; asked for once the map is drawn.

The page itself stays light: nothing of this is in its first picture. `static/js/map/overlays.js`, `base.js` and
`drafts.js` hold the rest.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from senhui.inventory import overlays as room
from senhui.inventory import queries
from senhui.web import overlay_words, units
from senhui.web.import_facts import COLOURS
from senhui.web.map_style import DENSITY
from senhui.web.page import today
from senhui.web.units import shown

DRAFT_COLOURS: Final = ("#f4edf8", "#e2d3ec", "#ccb4de", "#b493cd", "#9a73ba", "#7f54a4", "#633889", "#46206a")
"""From little to much, and of another hue than every layer of a release: a draft is never taken for one."""

DRAFT_NO_VALUE: Final = "#d9d9d9"
DRAFT_HATCH: Final = "#2d1245"


def map_boxes(request: HttpRequest) -> JsonResponse:
    """Return boundaries, base map and drafts for the reader."""
    return JsonResponse({"base_map": _base_map(), "overlays": _overlays(request), "drafts": _drafts(request)})


def _base_map() -> dict[str, Any] | None:
    """Return the configured base map; without one there is nothing to switch."""
    if settings.SENHUI_BASE_MAP is None:
        return None
    return {
        **settings.SENHUI_BASE_MAP.as_json(),
        "texts": {
            "title": _("Ground"),
            "own": _("Own boundaries"),
            "failed": _("The base map does not answer. The map goes on without it; try it again later."),
        },
    }


def _overlays(request: HttpRequest) -> dict[str, Any]:
    """Return each kind that has boundaries, or belongs to the great garden, with its look and what lies in it."""
    found = room.overlays(request.user, on=today())
    kinds = [kind for kind in room.KINDS if kind in room.GARDEN_KINDS or any(one.kind == kind for one in found)]
    return {
        "kinds": [
            {
                "id": kind,
                "title": str(overlay_words.KIND_WORDS[kind]),
                "colour": overlay_words.LOOKS[kind].colour,
                "hatch": overlay_words.LOOKS[kind].hatch,
                "dash": list(overlay_words.LOOKS[kind].dash),
                "overlays": [
                    {
                        "id": one.id,
                        "name": overlay_words.name_of(one),
                        "source": one.source,
                        "year": one.year,
                        "is_sample": one.is_sample,
                        "area": str(shown(one.area_ha, "area_ha")),
                    }
                    for one in found
                    if one.kind == kind
                ],
            }
            for kind in kinds
        ],
        "addresses": {
            "outlines": "/api/v1/overlays/{id}.geojson",
            "union": "/api/v1/overlays/union",
            "list": reverse("overlays"),
        },
        "texts": {
            "title": _("Boundaries over the map"),
            "nothing": _("none here yet"),
            "sample": _("Sample data"),
            "source": _("Source"),
            "year": _("Year"),
            "area": _("Area"),
            "together": _("Together {area}, land under two of them once"),
            "list": _("List of boundaries"),
            "failed": _("The boundaries could not be loaded. Switch them off and on to try again."),
        },
    }


def _drafts(request: HttpRequest) -> dict[str, Any] | None:
    """Return the drafts that can be shown; None for who may see none."""
    found = [info for info in queries.drafts(request.user, on=today()) if info.state in {"imported", "measured"}]
    if not found:
        return None
    row = reverse("imports-row", args=[0, 0]).replace("/0/rows/0/", "/{draft}/rows/{row}/")
    return {
        "drafts": [{"id": str(info.id), "name": f"{info.original_name} · {info.reference_year}"} for info in found],
        "colours": list(DRAFT_COLOURS),
        "lower": [step.lower for step in DENSITY.steps],
        "no_value": DRAFT_NO_VALUE,
        "hatch": DRAFT_HATCH,
        "finding_colours": dict(COLOURS),
        "addresses": {
            "map": "/api/v1/drafts/{draft}/map",
            "changed": "/api/v1/drafts/{draft}/changed.geojson",
            "findings": "/api/v1/drafts/{draft}/findings.geojson",
            "page": reverse("imports-draft", args=[0]).replace("/0/", "/{draft}/"),
            "row": row,
            "draw": reverse("imports-draw-map", args=[0]).replace("/0/", "/{draft}/"),
        },
        "texts": {
            "title": _("Draft before its release"),
            "none": _("no draft"),
            "draft": _("Draft"),
            "legend": _("Stock of the draft, %(unit)s") % {"unit": units.habit("density_tc_ha").unit},
            "not_measured": _("not measured"),
            "corrected": _("corrected since the map was drawn"),
            "error": _("row with an error"),
            "warning": _("row with a warning"),
            "gap": _("gap between rows"),
            "page": _("Page of the draft"),
            "row": _("Row {row}"),
            "open_row": _("Open row {row}"),
            "draw": _("Draw the draft"),
            "draw_again": _("Draw it anew"),
            "drawing": _("The draft is being drawn …"),
            "not_drawn": _("Not drawn yet. Corrected rows and findings are shown."),
            "changed": _("{n} rows were decided since it was drawn; they are shown as they are now."),
            "old_stock": _("It was measured anew since; draw it to see the new stock."),
            "cut": _("More rows changed here than can be shown one by one. Zoom in."),
            "gone": _("This draft cannot be shown: it was released or discarded, or it is not yours."),
            "failed": _("The draft could not be loaded. Move the map to try again."),
        },
    }
