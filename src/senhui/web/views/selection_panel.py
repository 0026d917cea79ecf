"""The panel of a selection: what the chosen sub-compartments of a place add up to, and by which rule they were chosen.

Cases: tests/web/test_answers.py.
"""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from senhui.atlas.selection import answer
from senhui.inventory import queries
from senhui.web import names, summaries
from senhui.web.page import page, seen_areas
from senhui.web.selection_request import selection_of


def is_selection(request: HttpRequest) -> bool:
    """Return whether an address chooses among the sub-compartments of its place."""
    return bool(any(request.GET.getlist("where")) or request.GET.get("shape"))


def selection_panel(request: HttpRequest, release: queries.ReleaseInfo, code: str, measure: str) -> HttpResponse:
    """Show a selection within a place with the error of its stock; `measure` is a column of the release's stocks."""
    chosen = replace(selection_of(request, release.id), within=code or None)
    is_calibrated = measure == "calibrated_stock_tc"
    found = answer(chosen, areas=seen_areas(request), measure="calibrated" if is_calibrated else "measured")
    context = {
        "release": release,
        "is_sample": release.is_sample,
        "code": code,
        "name": names.place(code),
        "trail": names.trail(code)[:-1],
        "is_calibrated": is_calibrated,
        "total": found.total,
        "error": summaries.error_as_shown(found.error),
        "where": [
            (names.DIMENSIONS[dimension], [names.of_value(dimension, value) for value in values])
            for dimension, values in chosen.where.items()
        ],
        "has_shape": chosen.shape is not None,
        "n_outside_reach": found.n_outside_reach,
    }
    return page(request, "fragments/selection_panel.html", context)
