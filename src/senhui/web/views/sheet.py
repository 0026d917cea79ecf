"""A map sheet (图件): choose place, layer, paper and language, look at it, take it away as PDF or PNG."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from senhui.atlas import sheet
from senhui.atlas.layers import LAYERS
from senhui.atlas.sheet_values import Asked
from senhui.inventory import queries
from senhui.web import names, summaries
from senhui.web.page import page, seen_areas, today
from senhui.web.sheet_request import asked_from, box_from
from senhui.web.sheet_words import layer_title

CONTENT_TYPES: dict[sheet.Form, str] = {"pdf": "application/pdf", "png": "image/png"}


def show_form(request: HttpRequest) -> HttpResponse:
    """Show the choices and the sheet as it will be."""
    if not queries.releases():
        return page(request, "no_release.html")
    asked = asked_from(request.GET.dict())
    release = queries.release(asked.release_id)
    box = box_from(request.GET.get("bbox", ""))
    planned, _stands = sheet.plan(asked, areas=seen_areas(request))
    query = _query(asked)
    context = {
        "releases": queries.releases(),
        "release": release,
        "is_sample": release.is_sample,
        "asked": asked,
        "view": "" if box is None else ",".join(f"{edge:.5f}" for edge in box),
        "shows_view": asked.box is not None,
        "layers": [(layer_id, layer_title(LAYERS[layer_id])) for layer_id in _offered(request)],
        "places": _places(),
        "is_calibrated": summaries.is_calibrated(release),
        "has_steps": bool(planned.layer.steps),
        "planned": planned,
        "scale": f"1:{planned.frame.denominator:,}".replace(",", " "),
        "languages": [("zh", "中文"), ("en", "English")],
        "query": query,
    }
    return page(request, "sheet.html", context)


def download(request: HttpRequest, form: sheet.Form) -> HttpResponse:
    """Give the sheet as a file; with `preview`, a small picture for the page."""
    if form not in CONTENT_TYPES:
        raise Http404
    asked = asked_from(request.GET.dict())
    if form == "png" and request.GET.get("preview"):
        _sheet, made = sheet.make_sheet(request.user, asked, form=form, on=today(), pixels_per_inch=sheet.PREVIEW_PPI)
        return HttpResponse(made, content_type=CONTENT_TYPES[form])
    name, made = sheet.hand_out_sheet(request.user, asked, form=form, now=timezone.now())
    response = HttpResponse(made, content_type=CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _offered(request: HttpRequest) -> list[str]:
    """Return the layers that the reader may see: without land of his own, none of single stands."""
    is_public = seen_areas(request).is_empty
    return [layer_id for layer_id in sheet.drawable_layers() if not (is_public and LAYERS[layer_id].needs_role)]


def _places() -> list[dict[str, Any]]:
    """Return the counties, each with its townships, and before them the whole city."""
    known = names.place_names()
    townships = queries.administrative_units("township")
    counties = [
        {
            "name": known[county.code],
            "entries": [
                (county.code, known[county.code]),
                *((unit.code, known[unit.code]) for unit in townships if unit.parent_code == county.code),
            ],
        }
        for county in queries.administrative_units("county")
    ]
    return [{"name": _("City"), "entries": [("", _("Whole city"))]}, *counties]


def _query(asked: Asked) -> str:
    """Return the query that asks for the same sheet."""
    chosen = {
        "release": asked.release_id,
        "layer": asked.layer_id,
        "place": asked.place,
        "bbox": "" if asked.box is None else ",".join(f"{edge:.5f}" for edge in asked.box),
        "measure": asked.measure,
        "per": asked.per,
        "paper": asked.paper,
        "orientation": asked.orientation,
        "language": asked.language,
    }
    return urlencode({key: value for key, value in chosen.items() if value})
