"""Colours: steadily darker, and told apart by people with any kind of colour blindness."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import polars as pl
import pytest

from senhui import parameters
from senhui.atlas import difference_tiles, layers
from senhui.atlas.layers import LAYERS, MapLayer, choropleth, numbers_of, stand_densities_tc_ha
from senhui.atlas.statistics import statistics
from senhui.atlas.tile_writer import KEYS
from senhui.intake.schema import FIELD_CODES
from senhui.inventory.models import Event
from senhui.inventory.queries import ReleaseInfo
from senhui.measurement.choice import method_rules

# Machado, Oliveira and Fernandes 2009, A physiologically-based model for simulation of color vision deficiency, IEEE
# TVCG 15(6), table 1, severity 1.0; applied to linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
NEIGHBOURS_APART = 8.0
"""Neighbouring steps, in CIE 1976 units, where about 2.3 is just noticeable."""
KINDS_APART = 12.0


def seen(colour: str, vision: str) -> np.ndarray:
    """Return CIE L*a*b* (D65) of a colour as a person with this vision sees it."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    xyz = SRGB_TO_XYZ @ np.clip(VISION[vision] @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_steps_grow_darker_and_neighbours_differ(vision: str) -> None:
    steps = [seen(colour, vision) for colour in layers.STEADY]
    assert all(lighter[0] > darker[0] + 5 for lighter, darker in pairwise(steps))
    assert min(np.linalg.norm(one - other) for one, other in pairwise(steps)) > NEIGHBOURS_APART


@pytest.mark.parametrize("vision", VISION)
def test_kinds_are_told_apart(vision: str) -> None:
    kinds = [seen(colour, vision) for colour in (*layers.DISTINCT, layers.NO_VALUE)]
    assert min(np.linalg.norm(one - other) for one, other in combinations(kinds, 2)) > KINDS_APART


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_shows_how_much_or_of_what_kind(layer: MapLayer) -> None:
    assert bool(layer.steps) != bool(layer.kinds)
    assert [step.lower for step in layer.steps] == sorted({step.lower for step in layer.steps})
    assert (layer.unit is not None) == bool(layer.steps)


def test_single_stands_need_a_role_and_places_do_not() -> None:
    assert not LAYERS["density"].needs_role
    assert all(layer.needs_role for layer in LAYERS.values() if layer.levels == ("stand",))


@pytest.mark.parametrize("layer", [layer for layer in LAYERS.values() if layer.kinds], ids=lambda layer: layer.id)
def test_no_attribute_number_has_two_colours(layer: MapLayer) -> None:
    numbers = [number for kind in layer.kinds for number in numbers_of(layer, kind)]
    assert len(set(numbers)) == len(numbers)
    assert len({kind.colour for kind in layer.kinds}) == len(layer.kinds)


@pytest.mark.parametrize("layer", ["land_class", "species"])
def test_every_kind_of_the_table_has_a_colour(layer: str) -> None:
    chosen = LAYERS[layer]
    numbers = range(parameters.table(chosen.table).frame.height)
    assert {number for kind in chosen.kinds for number in numbers_of(chosen, kind)} == set(numbers)


@pytest.mark.parametrize("vision", VISION)
def test_kinds_of_every_layer_are_told_apart(vision: str) -> None:
    for layer in LAYERS.values():
        kinds = [seen(colour, vision) for colour in (*(kind.colour for kind in layer.kinds), layer.no_value)]
        apart = KINDS_APART if layer.id != "age_group" else NEIGHBOURS_APART
        assert all(np.linalg.norm(one - other) > apart for one, other in combinations(kinds, 2)), layer.id


@pytest.mark.parametrize("vision", VISION)
def test_age_groups_grow_darker(vision: str) -> None:
    ages = [seen(kind.colour, vision) for kind in LAYERS["age_group"].kinds]
    assert all(lighter[0] > darker[0] + 5 for lighter, darker in pairwise(ages))


@pytest.mark.parametrize("vision", VISION)
def test_loss_and_gain_are_told_apart_and_grow_darker_both_ways(vision: str) -> None:
    steps = [seen(colour, vision) for colour in layers.TWO_WAYS]
    losses, gains = steps[layers.NEUTRAL :: -1], steps[layers.NEUTRAL :]
    for side in (losses, gains):
        assert all(lighter[0] > darker[0] + 5 for lighter, darker in pairwise(side))
    assert min(np.linalg.norm(one - other) for one, other in combinations(steps, 2)) > NEIGHBOURS_APART
    assert all(np.linalg.norm(loss - gain) > KINDS_APART for loss in losses[1:] for gain in gains[1:])


def test_the_neutral_colour_is_that_of_hardly_any_change() -> None:
    steps = LAYERS["removal"].steps
    assert [step.colour for step in steps] == list(layers.TWO_WAYS)
    assert steps[layers.NEUTRAL].lower < 0 < steps[layers.NEUTRAL + 1].lower


def test_a_step_of_removal_begins_on_a_number_of_the_tiles() -> None:
    """The tiles round down to a tenth, so each step holds exactly the stands whose removal is in it."""
    removal = LAYERS["removal"]
    for step in removal.steps[1:]:
        assert removal.zero + removal.per_unit * step.lower == pytest.approx(round(removal.zero + 10 * step.lower))
        at, below = difference_tiles.numbers_of(pl.Series([step.lower, step.lower - 0.001], dtype=pl.Float64))
        assert at == round(removal.zero + removal.per_unit * step.lower)
        assert below == at - 1


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_of_stands_shows_an_attribute_of_its_tiles(layer: MapLayer) -> None:
    keys = {"sub_compartments": KEYS, "changes": difference_tiles.KEYS}[layer.source]
    assert {layer.value, layer.value_measured or layer.value} <= set(keys)


def test_every_method_and_code_of_the_field_list_has_a_colour() -> None:
    coloured = {name: {code for kind in LAYERS[name].kinds for code in kind.codes} for name in LAYERS}
    stand_methods = {name for name, method in method_rules().methods.items() if method.pool in {"tree", "bamboo"}}
    assert stand_methods - {"scattered_expansion"} <= coloured["method"] | {"no_estimate", "declared_zero"}
    assert coloured["protection"] == set(FIELD_CODES["SEN_LIN_LB"])
    assert coloured["disturbance"] >= set(FIELD_CODES["DISPE"]) - {"00"}
    assert coloured["disturbance"] >= set(Event.KINDS)


def test_a_choropleth_has_the_numbers_of_the_statistics(release: ReleaseInfo) -> None:
    values = choropleth(release.id, level="township", measure="calibrated_stock_tc")
    total = statistics(release.id, within=None, by=(), where={})["calibrated_stock_tc"].item()
    assert set(values) == {"331181100", "331181101", "331126100", "331126102"}
    assert sum(value or 0.0 for value in values.values()) == pytest.approx(total)


def test_a_stand_has_the_density_of_its_stock_before_and_after_calibration() -> None:
    stand = {"area_ha": 4.0, "stock_tc_ha": 30.0, "calibrated_stock_tc": 150.0}
    assert stand_densities_tc_ha(stand) == {"measured": 30.0, "calibrated": 150.0 / 4.0}
    unknown = {"area_ha": 4.0, "stock_tc_ha": None, "calibrated_stock_tc": None}
    assert stand_densities_tc_ha(unknown) == {"measured": None, "calibrated": None}
