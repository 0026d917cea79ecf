"""The map's one style: colours and steps from `atlas.layers`, words from the catalogues."""

from __future__ import annotations

import itertools
from typing import Any

import shapely
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from senhui.atlas.layers import LAYERS, MapLayer, numbers_of
from senhui.inventory import queries
from senhui.web import names, units

DENSITY = LAYERS["density"]

TITLES: dict[str, Promise] = {
    "density": _("Carbon stock per hectare"),
    "species": _("Species"),
    "origin": _("Origin"),
    "age_group": _("Age group"),
    "land_class": _("Land class"),
}

KINDS: dict[str, dict[str, Promise]] = {
    "species": {
        "broadleaf": _("Broadleaf trees"),
        "bamboo": _("Bamboo"),
        "other_conifer": _("Other conifers"),
        "fir": _("Chinese fir and its kin"),
        "pine": _("Pines"),
        "mixed_conifer_broadleaf": _("Conifers and broadleaf trees mixed"),
        "shrub_herb": _("Shrubs and herbs"),
        "economic": _("Economic trees and shrubs"),
    },
    "origin": names.WORDS["origin"],
    "age_group": dict(
        zip(
            ("young", "middle_aged", "near_mature", "mature", "over_mature"),
            names.WORDS["age_group"].values(),
            strict=True,
        )
    ),
    "land_class": {
        "tree": _("Tree forest"),
        "bamboo": _("Bamboo forest"),
        "sparse": _("Sparse forest"),
        "young": _("Young plantation, closed for regrowth"),
        "economic": _("Economic forest"),
        "shrub": _("Shrub land"),
        "non_forest": _("Not forest land"),
        "without_trees": _("Forest land without trees"),
    },
}
"""What each colour of a layer of kinds stands for."""

WITHOUT_VALUE: dict[str, Promise] = {"density": _("no estimate")}
"""What the colour of no value stands for, where it is not "not recorded"."""


def style() -> dict[str, Any]:
    """Return what the script needs to colour the map and to name its level."""
    return {
        "layers": [_as_json(layer) for layer in LAYERS.values()],
        "steps": [{"lower": step.lower, "colour": step.colour} for step in DENSITY.steps],
        "no_value": DENSITY.no_value,
        "stands": {"measured": DENSITY.value_measured, "calibrated": DENSITY.value},
        "bounds": _bounds(),
        "levels": {
            "forest": {
                "county": gettext("Shown: counties, per hectare of forest (forest land with and without trees)"),
                "township": gettext("Shown: townships, per hectare of forest (forest land with and without trees)"),
                "stand": gettext("Shown: sub-compartments, per hectare of each"),
            },
            "land": {
                "county": gettext("Shown: counties, per hectare of land (all land of the place)"),
                "township": gettext("Shown: townships, per hectare of land (all land of the place)"),
                "stand": gettext("Shown: sub-compartments, per hectare of each"),
            },
        },
    }


def _as_json(layer: MapLayer) -> dict[str, Any]:
    """Return a layer with its words; ``numbers`` of a kind are the attribute's numbers in the tiles."""
    return {
        "id": layer.id,
        "title": str(TITLES[layer.id]),
        "unit": unit_of(layer),
        "source": "sub_compartments" if "stand" in layer.levels else "places",
        "levels": list(layer.levels),
        "needs_role": layer.needs_role,
        "value": layer.value,
        "value_measured": layer.value_measured or layer.value,
        "steps": [{"lower": step.lower, "colour": step.colour} for step in layer.steps],
        "kinds": [
            {
                "id": kind.id,
                "colour": kind.colour,
                "label": str(KINDS[layer.id][kind.id]),
                "numbers": list(numbers_of(layer, kind)),
            }
            for kind in layer.kinds
        ],
        "no_value": layer.no_value,
        "legend": legend(layer),
    }


def unit_of(layer: MapLayer) -> str:
    """Return the unit of a layer's steps as the active language writes it; of kinds, none."""
    return units.habit("density_tc_ha").unit if layer.unit == "tC/ha" else layer.unit or ""


def legend(layer: MapLayer = DENSITY) -> list[dict[str, str]]:
    """Return colour and words of each class, from little to much or kind by kind, then the class without a value."""
    classes = [{"colour": kind.colour, "label": str(KINDS[layer.id][kind.id])} for kind in layer.kinds]
    for step, following in itertools.pairwise(layer.steps):
        classes.append({"colour": step.colour, "label": f"{step.lower:g} – {following.lower:g}"})
    if layer.steps:
        classes.append({"colour": layer.steps[-1].colour, "label": f"≥ {layer.steps[-1].lower:g}"})
    without = WITHOUT_VALUE.get(layer.id, names.NOT_RECORDED)
    return [*classes, {"colour": layer.no_value, "label": str(without)}]


def _bounds() -> list[float]:
    """Return west, south, east, north of all counties, degrees."""
    outlines = [unit.geometry for unit in queries.administrative_units("county") if unit.geometry is not None]
    return [float(value) for value in shapely.total_bounds(outlines)] if outlines else [118.6, 27.4, 120.5, 28.9]
