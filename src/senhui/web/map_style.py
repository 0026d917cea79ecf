"""The map's one style: colours and steps from `atlas.layers`, words from the catalogues."""

from __future__ import annotations

import itertools
from typing import Any

import shapely
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from senhui.atlas.layers import LAYERS, MapLayer, list_of, numbers_of
from senhui.inventory import queries
from senhui.web import names, units

DENSITY = LAYERS["density"]

LAYER_OF_DIMENSION = {
    "origin": "origin",
    "species_group": "species",
    "age_group": "age_group",
    "land_class": "land_class",
    "method": "method",
    "protection": "protection",
}
"""The layer whose attribute of the tiles tells a dimension of the filters."""

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
    "removal": _("Removal per hectare and year"),
    "cause": _("Why the stock differs"),
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
    "cause": {
        "growth": _("Growth"),
        "gain": _("Gain: planted, or of another land class"),
        "loss": _("Loss: cut, burned, diseased, converted or unexplained"),
        "method_change": _("Change of method (no removal)"),
        "boundary": _("Boundaries and corrections (no removal)"),
        "no_estimate": _("Estimate on one side only (no removal)"),
    },
}
"""What each colour of a layer of kinds stands for."""

WITHOUT_VALUE: dict[str, Promise] = {
    "density": _("no estimate"),
    "method": _("no estimate"),
    "disturbance": _("none known"),
    "error": _("no error known"),
    "removal": _("nothing to compare, or withheld"),
    "cause": _("no difference"),
}
"""What the colour of no value stands for, where it is not "not recorded"."""


def style() -> dict[str, Any]:
    """Return what the script needs to colour the map and to name its level."""
    return {
        "layers": [_as_json(layer) for layer in LAYERS.values()],
        "dimensions": {dimension: _attribute_of(LAYERS[name]) for dimension, name in LAYER_OF_DIMENSION.items()},
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
        "source": layer.source if "stand" in layer.levels else "places",
        "levels": list(layer.levels),
        "needs_role": layer.needs_role,
        "value": layer.value,
        "value_measured": layer.value_measured or layer.value,
        "none": layer.none,
        "zero": layer.zero,
        "per_unit": layer.per_unit,
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


def _attribute_of(layer: MapLayer) -> dict[str, Any]:
    """Return the attribute of the tiles and the values its numbers stand for; without a list they are the values."""
    return {"value": layer.value, "values": list(list_of(layer.table)) if layer.table else None}


def unit_of(layer: MapLayer) -> str:
    """Return the unit of a layer's steps as the active language writes it; of kinds, none."""
    written = {"tC/ha": units.habit("density_tc_ha").unit, "tC/ha/yr": gettext("t C/ha per year")}
    return written.get(layer.unit or "", layer.unit or "")


def legend(layer: MapLayer = DENSITY) -> list[dict[str, str]]:
    """Return colour and words of each class, from little to much or kind by kind, then the class without a value."""
    classes = [{"colour": kind.colour, "label": str(KINDS[layer.id][kind.id])} for kind in layer.kinds]
    without = WITHOUT_VALUE.get(layer.id, names.NOT_RECORDED)
    if layer.steps and layer.steps[0].lower < 0:
        return [*_both_ways(layer), {"colour": layer.no_value, "label": str(without)}]
    for step, following in itertools.pairwise(layer.steps):
        classes.append({"colour": step.colour, "label": f"{step.lower:g} – {following.lower:g}"})
    if layer.steps:
        classes.append({"colour": layer.steps[-1].colour, "label": f"≥ {layer.steps[-1].lower:g}"})
    return [*classes, {"colour": layer.no_value, "label": str(without)}]


def _both_ways(layer: MapLayer) -> list[dict[str, str]]:
    """Return the classes of a layer of losses and gains: in words, for a sign alone is easily overlooked."""
    lower = [step.lower for step in layer.steps]
    labels = [gettext("loss, more than %(tc)s") % {"tc": f"{-lower[1]:g}"}]
    for low, high in itertools.pairwise(lower[1:]):
        if high <= 0:
            labels.append(gettext("loss, %(low)s – %(high)s") % {"low": f"{-high:g}", "high": f"{-low:g}"})
        elif low < 0:
            labels.append(gettext("hardly any change"))
        else:
            labels.append(gettext("gain, %(low)s – %(high)s") % {"low": f"{low:g}", "high": f"{high:g}"})
    labels.append(gettext("gain, %(tc)s or more") % {"tc": f"{lower[-1]:g}"})
    return [{"colour": step.colour, "label": label} for step, label in zip(layer.steps, labels, strict=True)]


def _bounds() -> list[float]:
    """Return west, south, east, north of all counties, degrees."""
    outlines = [unit.geometry for unit in queries.administrative_units("county") if unit.geometry is not None]
    return [float(value) for value in shapely.total_bounds(outlines)] if outlines else [118.6, 27.4, 120.5, 28.9]
