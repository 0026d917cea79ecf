"""The targets of the plan (目标): all seventeen under the three aims, each with value, evidence and verdict."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from senhui.governance.cockpit import targets_in
from senhui.governance.register import definitions
from senhui.web import names, target_words
from senhui.web.page import page, today
from senhui.web.target_words import LIGHTS_IN_ORDER, SIGNS


def targets_page(request: HttpRequest) -> HttpResponse:
    """Show all targets; they are the same for everybody."""
    cockpit = targets_in(today().year)
    aims = target_words.rows(cockpit)
    rows = [row for _aim, of_aim in aims for row in of_aim]
    counts = [(words, SIGNS[light], light, sum(row.light == light for row in rows)) for light, words in LIGHTS_IN_ORDER]
    context = {
        "cockpit": cockpit,
        "plan": cockpit.plan,
        "aims": aims,
        "counts": counts,
        "computed": [(row, target_words.definition_note(row.target)) for row in rows if row.target.computed],
        "definitions": definitions(),
        "coverages": [
            (year, [(names.word("land_class", name), ha) for name, ha in parts.counted_ha.items()], parts)
            for year, parts in cockpit.coverages.items()
        ],
        "release": cockpit.newest,
        "this_year": today().year,
    }
    return page(request, "targets.html", context)
