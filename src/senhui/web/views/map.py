"""The one map (一张图) and the panel beside it.

The page brings the state of the map as JSON (no inline script); the panel is HTML from here, so that its words and
numbers pass the same catalogues and units as every page. `static/js/map.js` holds the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from senhui.atlas.cube import GROUND_POOLS
from senhui.atlas.layers import stand_densities_tc_ha
from senhui.inventory import queries
from senhui.web import names, selection_words, summaries, view_words
from senhui.web.map_style import legend, style
from senhui.web.page import page, row_asked, seen_areas, today
from senhui.web.views import change_panels
from senhui.web.views.selection_panel import is_selection, selection_panel

N_STANDS_LISTED = 60


# The browser hears of all parts of the script at once, not of one after the other as they import each other.
SCRIPT_PARTS = sorted(path.name for path in (Path(__file__).parents[1] / "static" / "js" / "map").glob("*.js"))


def map_page(request: HttpRequest) -> HttpResponse:
    """Show the map; without a release, say what it will show and how to begin."""
    releases = queries.releases()
    if not releases:
        return page(request, "no_release.html")
    units = queries.administrative_units("city") or queries.administrative_units("county")
    areas = seen_areas(request)
    state: dict[str, Any] = {
        "language": "zh-Hans" if (get_language() or "").startswith("zh") else "en",
        "city": units[0].code if units else "",
        "releases": [info.id for info in releases],
        "not_calibrated": [info.id for info in releases if not summaries.is_calibrated(info)],
        "stands": not areas.is_empty,
        "style": style(),
        "changes": change_panels.given(areas),
        "addresses": {
            "panel": reverse("map-panel"),
            "boundaries": "/api/v1/boundaries/{level}.geojson",
            "labels": "/api/v1/labels/{level}",
            "stand": "/api/v1/releases/{release}/sub-compartments/{row}",
            "choropleth": "/api/v1/releases/{release}/choropleth/{level}",
            "tiles": "/tiles/{release}/{z}/{x}/{y}.mvt",
            "places": "/api/v1/places",
        },
        "selection": selection_words.for_script(areas),
        "views": view_words.for_script(request, on=today()),
        "texts": _texts(),
    }
    context = {
        "releases": releases,
        "state": state,
        "legend": legend(),
        "script_parts": SCRIPT_PARTS,
        "sees_stands": not areas.is_empty,
    }
    return page(request, "map.html", context)


def panel(request: HttpRequest) -> HttpResponse:
    """Show what is known of one place (`place`, an area code) or one sub-compartment (`row`) of a release."""
    release = queries.release(request.GET.get("release", ""))
    if before := request.GET.get("before"):
        return change_panels.panel(request, release, before)
    wants_measured = request.GET.get("measure") == "measured" or not summaries.is_calibrated(release)
    measure = "stock_tc" if wants_measured else "calibrated_stock_tc"
    row = row_asked(request)
    if row is not None:
        return _stand_panel(request, release, row, measure)
    if is_selection(request):
        return selection_panel(request, release, request.GET.get("place", ""), measure)
    return _place_panel(request, release, request.GET.get("place", ""), measure)


def _stand_panel(request: HttpRequest, release: queries.ReleaseInfo, row: int, measure: str) -> HttpResponse:
    stand = queries.stand(request.user, release.id, row, on=today())
    derivations = {
        kind: queries.derivation(release.id, stand[column])
        for kind, column in (
            ("main", "derivation_id"),
            ("scattered", "scattered_derivation_id"),
            ("ground", "ground_derivation_id"),
        )
        if stand.get(column) is not None
    }
    context = {
        "release": release,
        "is_sample": release.is_sample,
        "stand": stand,
        "is_calibrated": measure == "calibrated_stock_tc",
        "density_tc_ha": stand_densities_tc_ha(stand),
        "words": names.stand_words(stand),
        "trail": names.trail(stand["township_code"]),
        "main": derivations["main"],
        "scattered": derivations.get("scattered"),
        "ground": derivations.get("ground"),
        "ground_pools": [(names.POOLS[pool], stand[f"{pool}_tc"]) for pool in GROUND_POOLS]
        if "ground" in derivations
        else [],
    }
    return page(request, "fragments/stand_panel.html", context)


def _place_panel(request: HttpRequest, release: queries.ReleaseInfo, code: str, measure: str) -> HttpResponse:
    if len(code) not in names.LEVEL_OF_LENGTH:
        raise queries.NoSuchPlace(code)
    level = names.LEVEL_OF_LENGTH[len(code)]
    per = "land" if request.GET.get("per") == "land" else "forest"
    areas = seen_areas(request)
    stands: list[dict[str, Any]] = []
    if level == "township" and areas.covers(code):
        stands = queries.find_stands(request.user, release.id, code, on=today(), limit=N_STANDS_LISTED)
    total = summaries.total(release.id, within=code)
    sees_composition = level != "township" or areas.covers(code)
    composition = (
        summaries.composition(release.id, areas=areas, within=code, measure=measure) if sees_composition else []
    )
    context = {
        "release": release,
        "is_sample": release.is_sample,
        "level": level,
        "code": code,
        "name": names.place(code),
        "trail": names.trail(code)[:-1],
        "measure": measure,
        "per": per,
        "ratio": f"{measure}_per_{per}_ha",
        "is_calibrated": measure == "calibrated_stock_tc",
        "total": total,
        "excluded_area_ha": release.excluded_area_within(code),
        "pools": summaries.pools(total) if total else [],
        "error": summaries.error(release, within=code, measure=measure) if total else None,
        "land_source": names.LAND_SOURCES[total["land_source"]] if total else "",
        "composition": composition,
        "has_withheld": any(part["is_withheld"] for part in composition),
        "parts": summaries.parts(release.id, areas=areas, within=code, level=level, measure=measure),
        "part_level": names.LEVEL_BELOW.get(level),
        "stands": stands,
        "sees_stands": areas.covers(code),
        "sees_some": not areas.is_empty,
        "n_listed": N_STANDS_LISTED,
    }
    return page(request, "fragments/place_panel.html", context)


def _texts() -> dict[str, str]:
    """Return the words that the script itself writes."""
    return {
        "calibrated": _("Stock per hectare, calibrated"),
        "measured": _("Stock per hectare, measured"),
        "not_calibrated": _("Stock per hectare, measured (not calibrated)"),
        "shown_county": _("Shown: counties"),
        "shown_township": _("Shown: townships"),
        "shown_stand": _("Shown: sub-compartments"),
        "zoom_in_for_stands": _(
            "Zoom in: this layer shows sub-compartments. Until then the map shows its colours here."
        ),
        "needs_role": _("This layer shows sub-compartments, which need a role."),
        "filtered_out": _("outside the filter"),
        "no_difference": _("nothing: one survey"),
        "difference": _("Shown: change a year from {before} to {after}"),
        "no_comparison": _("No comparison of these two surveys has been made; the map shows the later one."),
        "nothing_earlier": _("There is no earlier survey to compare with."),
        "play": _("Show the surveys one after the other"),
        "next_survey": _("Show the next survey"),
        "nothing": _("Nothing found. Search by a place's name or code, or by a sub-compartment number."),
        "no_webgl": _(
            "This browser cannot draw the map (WebGL is off). The panel, the statistics and the search still work."
        ),
        "tile_error": _("Part of the map could not be loaded. It will be tried again when you move the map."),
        "panel_error": _("The panel could not be loaded. Check the connection and choose the place again."),
        "sub_compartment": _("sub-compartment"),
        "county": _("county"),
        "township": _("township"),
        "city": _("city"),
        "village": _("village"),
        "data_version": _("Data version"),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "map": _("Map of carbon stock per hectare"),
        "km": _("km"),
        "m": _("m"),
    }
