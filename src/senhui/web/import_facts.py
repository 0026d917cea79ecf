"""What the page of a draft says of its reading: the steps to a release, the question it waits on, units and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from django.urls import reverse
from django.utils.translation import gettext as _
from pyproj import CRS

from senhui.inventory import queries
from senhui.jobs.refusal import from_data
from senhui.web.errors import Explanation, explain_kept

COLOURS: Final = {"error": "#b3003c", "warning": "#8a5a00", "gap": "#0b57d0"}
"""Of the signs on the map; each kind also has a shape and a pattern of its own."""

_STEP_OF_STATE: Final = {"unmapped": 1, "imported": 2, "measured": 4, "released": 5, "discarded": 5}


def steps(draft: queries.DraftInfo) -> list[dict[str, str]]:
    """Return the way from the file to the release, with where the draft stands on it."""
    labels = (_("Read"), _("Columns and codes"), _("Rows in order"), _("Measure"), _("Release"))
    here = _STEP_OF_STATE[draft.state]
    if draft.state == "imported" and not draft.n_open_errors:
        here = 3
    words = {"done": _("Done:"), "here": _("Now:"), "later": _("Later:")}
    found = []
    for number, label in enumerate(labels):
        state = "done" if number < here else "here" if number == here else "later"
        if draft.state == "discarded":
            state = "later"
        found.append({"label": label, "state": state, "word": words[state]})
    return found


def question(draft: queries.DraftInfo) -> Explanation | None:
    """Return what a draft that is not mapped waits on, in the reader's language."""
    return explain_kept(from_data(draft.question)) if draft.question else None


def of_the_profile(profile: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what was recognised or stated of codes and units, in words."""
    systems = {"nfi": _("national forest inventory"), "gx": _("Guangxi variant")}
    areas = {"ha": _("hectare"), "mu": _("mu"), "outline": _("none recorded; the area of the outline is taken")}
    covers = {"frac": _("share from 0 to 1"), "percent": _("percent")}
    rows = (
        (_("Species codes"), systems.get(profile.get("species_code_system") or "")),
        (_("Land-class codes"), profile.get("land_class_generation")),
        (_("Unit of the area field"), areas.get(profile.get("area_unit") or "")),
        (_("Unit of the canopy field"), covers.get(profile.get("canopy_unit") or "")),
    )
    return [{"label": label, "value": value or _("not recognised")} for label, value in rows]


def map_state(draft: queries.DraftInfo) -> dict[str, Any] | None:
    """Return what the map of findings needs, or nothing where no row has an outline."""
    bounds = own_bounds(draft)
    if bounds is None:
        return None
    return {
        "bounds": bounds,
        "colours": dict(COLOURS),
        "addresses": {
            "findings": f"/api/v1/drafts/{draft.id}/findings.geojson",
            "boundaries": "/api/v1/boundaries/{level}.geojson",
            "row": reverse("imports-row", args=[draft.id, 0]).replace("/0/", "/{row}/"),
        },
        "texts": {
            "map": _("Map of findings"),
            "zoom_in": _("Zoom in"),
            "zoom_out": _("Zoom out"),
            "ctrl_to_zoom": _("Hold Ctrl while you scroll to zoom the map"),
            "cmd_to_zoom": _("Hold ⌘ while you scroll to zoom the map"),
            "two_fingers": _("Move the map with two fingers"),
            "no_webgl": _("This browser cannot draw the map (WebGL is off). The list below names the same rows."),
            "not_loaded": _("The findings could not be loaded. Move the map to try again."),
        },
    }


def own_bounds(draft: queries.DraftInfo) -> list[float] | None:
    """Return west, south, east, north of all outlines of a draft, degrees."""
    least = [pl.col(name).min() for name in ("min_lon", "min_lat")]
    most = [pl.col(name).max() for name in ("max_lon", "max_lat")]
    found = pl.scan_parquet(draft.directory / "outlines.parquet").select(*least, *most).collect().row(0)
    return None if None in found else list(found)


def lies_elsewhere(draft: queries.DraftInfo, profile: Mapping[str, Any]) -> bool:
    """Return whether outlines lie where no stand is expected: outside the bounds of the profile, or of China."""
    own, expected = own_bounds(draft), profile.get("expected_bounds") or china()
    if own is None:
        return False
    west, south, east, north = expected
    return own[0] < west or own[1] < south or own[2] > east or own[3] > north


def china() -> list[float]:
    """Return the bounds within which EPSG:4490 is in use: west, south, east, north, degrees."""
    area = CRS("EPSG:4490").area_of_use
    assert area is not None, "PROJ knows where EPSG:4490 is in use"
    return list(area.bounds)


def map_legend() -> list[dict[str, str]]:
    """Return the signs of the map with their words."""
    words = {"error": _("row with an error"), "warning": _("row with a warning"), "gap": _("gap between rows")}
    return [{"kind": kind, "label": label} for kind, label in words.items()]
