"""What the page of a draft says of its reading: the steps to a release, the question it waits on, units and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from django.urls import reverse
from django.utils.translation import gettext as _
from pyproj import CRS

from senhui.intake import MappingNeeded
from senhui.intake.datum import ControlPointsDoNotFit
from senhui.inventory import queries
from senhui.jobs.refusal import from_data
from senhui.web.errors import Explanation, explain_kept
from senhui.web.field_words import FieldWords, field_words

COLOURS: Final = {"error": "#b3003c", "warning": "#8a5a00", "gap": "#0b57d0"}
"""Of the signs on the map; each kind also has a shape and a pattern of its own."""

MOST_COLUMNS: Final = 8
"""Columns of a file that a question names before it says how many more there are."""

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
    return explain_kept(in_short(from_data(draft.question))) if draft.question else None


def in_short(refusal: Exception | None) -> Exception | None:
    """Return a refusal with the first of a long list of columns: the mapping page lists them all, folded."""
    columns = getattr(refusal, "columns", ())
    if not isinstance(refusal, MappingNeeded) or len(columns) <= MOST_COLUMNS:
        return refusal
    rest = _("and %(n)s more") % {"n": len(columns) - MOST_COLUMNS}
    return type(refusal)(**{**refusal.facts, "columns": (*columns[:MOST_COLUMNS], rest)})


def missing_fields(refusal: Exception | None) -> list[FieldWords]:
    """Return the fields that a question says are missing, with their names in both languages."""
    return [field_words(name) for name in getattr(refusal, "missing", ()) or ()]


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


def datum_change(draft: queries.DraftInfo) -> dict[str, Any] | None:
    """Return how the coordinates were moved to CGCS2000, with the fit of control points; None where they were not."""
    facts = draft.source.get("datum_change")
    if not facts:
        return None
    shown: dict[str, Any] = {"source": facts.get("source", ""), "rows": [], "residuals": []}
    if facts["kind"] == "control_points":
        shown["how"] = _("fitted to %(n)s control points") % {"n": len(facts["residuals_m"])}
        shown["residuals"] = [
            {"point": number, "east": f"{east:.3f}", "north": f"{north:.3f}"}
            for number, (east, north) in enumerate(facts["residuals_m"], start=1)
        ]
        rows = [
            (_("Rotation"), f"{facts['rotation_arcsec']:.4f}″"),
            (_("Scale, ppm"), f"{facts['scale_ppm']:.4f}"),
            (_("Residuals, root mean square"), f"{facts['rms_m']:.3f} m"),
            (_("Residuals, largest"), f"{facts['largest_m']:.3f} m"),
        ]
    else:
        conventions = {"position_vector": _("position vector (Bursa-Wolf, EPSG:9606)"),
                       "coordinate_frame": _("coordinate frame (EPSG:9607)")}  # fmt: skip
        directions = {"to_cgcs2000": _("from the layer's system to CGCS2000"),
                      "from_cgcs2000": _("from CGCS2000 to the layer's system")}  # fmt: skip
        shown["how"] = _("three or seven parameters of the surveying office")
        rows = [
            (_("Shift in x, m"), f"{facts['dx_m']:g}"),
            (_("Shift in y, m"), f"{facts['dy_m']:g}"),
            (_("Shift in z, m"), f"{facts['dz_m']:g}"),
            (_("Rotation about x, arc seconds"), f"{facts['rx_arcsec']:g}"),
            (_("Rotation about y, arc seconds"), f"{facts['ry_arcsec']:g}"),
            (_("Rotation about z, arc seconds"), f"{facts['rz_arcsec']:g}"),
            (_("Scale, ppm"), f"{facts['scale_ppm']:g}"),
            (_("Sense of the rotations"), conventions[facts["convention"]]),
            (_("Direction"), directions[facts["direction"]]),
        ]
    if facts.get("moved_m") is not None:
        rows.append((_("Distance by which the middle stand was moved"), f"{facts['moved_m']:.2f} m"))
    shown["rows"] = [{"label": label, "value": value} for label, value in rows]
    return shown


def refused_residuals(refusal: Exception | None) -> list[tuple[int, str, bool]]:
    """Return number, length in metres and whether it is the worst, of control points that do not fit; else nothing."""
    if not isinstance(refusal, ControlPointsDoNotFit):
        return []
    return [
        (number, length, number == refusal.point) for number, length in enumerate(refusal.residuals_m or (), start=1)
    ]


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
