"""The map's one style: colours and steps from `atlas.layers`, words from the catalogues."""

from __future__ import annotations

import itertools
from typing import Any

import shapely
from django.utils.translation import gettext as _

from senhui.atlas.layers import LAYERS, MapLayer
from senhui.inventory import queries

DENSITY = LAYERS["county_density"]
STANDS = {"measured": LAYERS["stand_density"], "calibrated": LAYERS["stand_calibrated_density"]}
assert all((layer.steps, layer.no_value) == (DENSITY.steps, DENSITY.no_value) for layer in STANDS.values()), (
    "one legend serves near and far, before and after calibration"
)


def style() -> dict[str, Any]:
    """Return what the script needs to colour the map and to name its level."""
    return {
        "steps": [{"lower": step.lower, "colour": step.colour} for step in DENSITY.steps],
        "no_value": DENSITY.no_value,
        "stands": {measure: layer.value for measure, layer in STANDS.items()},
        "bounds": _bounds(),
        "levels": {
            "forest": {
                "county": _("Shown: counties, per hectare of forest (forest land with and without trees)"),
                "township": _("Shown: townships, per hectare of forest (forest land with and without trees)"),
                "stand": _("Shown: sub-compartments, per hectare of each"),
            },
            "land": {
                "county": _("Shown: counties, per hectare of land (all land of the place)"),
                "township": _("Shown: townships, per hectare of land (all land of the place)"),
                "stand": _("Shown: sub-compartments, per hectare of each"),
            },
        },
    }


def legend(layer: MapLayer = DENSITY) -> list[dict[str, str]]:
    """Return colour and words of each class, from little to much, then the class without a value."""
    steps = list(layer.steps)
    classes = [
        {"colour": step.colour, "label": f"{step.lower:g} – {following.lower:g}"}
        for step, following in itertools.pairwise(steps)
    ]
    last = {"colour": steps[-1].colour, "label": f"≥ {steps[-1].lower:g}"}
    return [*classes, last, {"colour": layer.no_value, "label": _("no estimate")}]


def _bounds() -> list[float]:
    """Return west, south, east, north of all counties, degrees."""
    outlines = [unit.geometry for unit in queries.administrative_units("county") if unit.geometry is not None]
    return [float(value) for value in shapely.total_bounds(outlines)] if outlines else [118.6, 27.4, 120.5, 28.9]
