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
    "method": _("Method used"),
    "protection": _("Public-benefit and commercial forest"),
    "disturbance": _("Disturbance"),
    "error": _("Error of the stock (half the 95 % interval)"),
    "removal": _("Removal per hectare of forest and year"),
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
    "method": {
        "volume": _("Trees by a line over volume"),
        "expansion": _("Trees by expansion of volume"),
        "culms": _("Bamboo by culms"),
        "mean_tree": _("Trees by the mean tree"),
        "bamboo_density": _("Bamboo by mean density"),
        "shrub_density": _("Shrub land by mean biomass"),
        "economic_density": _("Economic forest by mean biomass"),
        "zero": _("Zero by definition"),
    },
    "protection": {
        "key_public_benefit": _("Key public-benefit forest"),
        "public_benefit": _("General public-benefit forest"),
        "key_commercial": _("Key commercial forest"),
        "commercial": _("General commercial forest"),
    },
    "disturbance": {
        "planting": _("Planted or restored"),
        "harvest": _("Harvest"),
        "weather": _("Wind, snow, landslide, drought"),
        "insects": _("Insects"),
        "fire": _("Fire"),
        "conversion": _("Conversion"),
        "disease": _("Disease, pine wilt among them"),
        "other": _("Another disaster"),
    },
}
"""What each colour of a layer of kinds stands for."""

WITHOUT_VALUE: dict[str, Promise] = {
    "density": _("no estimate"),
    "method": _("no estimate"),
    "disturbance": _("none known"),
    "error": _("no error known"),
    "removal": _("nothing to compare"),
}
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
        "none": layer.none,
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
    written = {"tC/ha": units.habit("density_tc_ha").unit, "tC/ha/yr": gettext("t C/ha per year")}
    return written.get(layer.unit or "", layer.unit or "")


def legend(layer: MapLayer = DENSITY) -> list[dict[str, str]]:
    """Return colour and words of each class, from little to much or kind by kind, then the class without a value."""
    classes = [{"colour": kind.colour, "label": str(KINDS[layer.id][kind.id])} for kind in layer.kinds]
    for nth, (step, following) in enumerate(itertools.pairwise(layer.steps)):
        is_open = nth == 0 and step.lower < 0  # a loss has no end
        label = f"< {following.lower:g}" if is_open else f"{step.lower:g} – {following.lower:g}"
        classes.append({"colour": step.colour, "label": label})
    if layer.steps:
        classes.append({"colour": layer.steps[-1].colour, "label": f"≥ {layer.steps[-1].lower:g}"})
    without = WITHOUT_VALUE.get(layer.id, names.NOT_RECORDED)
    return [*classes, {"colour": layer.no_value, "label": str(without)}]


def _bounds() -> list[float]:
    """Return west, south, east, north of all counties, degrees."""
    outlines = [unit.geometry for unit in queries.administrative_units("county") if unit.geometry is not None]
    return [float(value) for value in shapely.total_bounds(outlines)] if outlines else [118.6, 27.4, 120.5, 28.9]
