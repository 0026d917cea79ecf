"""The map's layers as styles of QGIS (QML), so that an exported GeoPackage opens in the colours of the map.

Steps become a graduated style, kinds a categorised one with a class for each value that is there. What is not known
is grey, as on the map. Only the symbology is said; labels and forms stay the user's own.
The cases are in ``tests/atlas/test_qgis_style.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

import polars as pl

from senhui import parameters
from senhui.atlas.exports.columns import Language
from senhui.atlas.layers import LAYERS, MapLayer
from senhui.intake.schema import FIELD_CODES

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_VERSION = "3.28.0"
_OUTLINE = "90,90,90,255"
_NO_END = 1e9
_UNKNOWN = -1e6
"""Stands for no value in a graduated style, which has no class for null; no step reaches so low."""

_COLUMN = {
    "density": "stock_tc_ha",
    "species": "species_group",
    "origin": "origin",
    "age_group": "LING_ZU",
    "land_class": "land_class",
    "method": "method",
    "protection": "SEN_LIN_LB",
}
"""The exported column that a layer colours; the layers that are not here need more than one release."""

_NAMES = {
    "density": ("每公顷碳储量（校准）", "Carbon stock per hectare, calibrated"),
    "measured": ("每公顷碳储量（测算）", "Carbon stock per hectare, measured"),
    "species": ("树种", "Species"),
    "origin": ("起源", "Origin"),
    "age_group": ("龄组", "Age group"),
    "land_class": ("地类", "Land class"),
    "method": ("测算方法", "Method used"),
    "protection": ("森林类别", "Public-benefit and commercial forest"),
}
_ORIGINS = {"natural": ("天然", "natural"), "planted": ("人工", "planted"), "coppice": ("萌生", "coppice")}
_AGES = dict(
    zip(
        "12345",
        (("幼龄林", "young"), ("中龄林", "middle-aged"), ("近熟林", "near-mature"), ("成熟林", "mature"),
         ("过熟林", "over-mature")),
        strict=True,
    )
)  # fmt: skip
_NO_ESTIMATE = ("无估算", "no estimate")
_NOT_RECORDED = ("未记载", "not recorded")


@dataclass(frozen=True)
class Style:
    """A style for one layer of the map: its name and its QML."""

    id: str
    name: str
    qml: str


def styles_of(frame: pl.DataFrame, *, language: Language, methods: Mapping[str, str]) -> list[Style]:
    """Return the styles for exported sub-compartments; the first is the one that opens.

    Parameters
    ----------
    frame : what is exported
    language : of the names
    methods : names of the methods by id
    """
    at = 0 if language == "zh" else 1
    made = []
    density = LAYERS["density"]
    if frame["calibrated_stock_tc"].null_count() < frame.height:
        per_hectare = '"calibrated_stock_tc" / "MIAN_JI"'
        made.append(Style("density", _NAMES["density"][at], graduated(density, per_hectare, unknown=_NO_ESTIMATE[at])))
    made.append(
        Style("measured", _NAMES["measured"][at], graduated(density, '"stock_tc_ha"', unknown=_NO_ESTIMATE[at]))
    )
    for layer in LAYERS.values():
        column = _COLUMN.get(layer.id, "")
        if layer.kinds and column in frame.columns:
            present = frame[column].drop_nulls().unique().sort().to_list()
            labels = {value: _label(layer.id, str(value), methods, at) for value in present}
            made.append(
                Style(layer.id, _NAMES[layer.id][at], categorised(layer, column, labels, rest=_NOT_RECORDED[at]))
            )
    return made


def graduated(layer: MapLayer, value: str, *, unknown: str) -> str:
    """Return the style of a layer of steps over an expression of the exported columns."""
    bounds = [step.lower for step in layer.steps]
    classes = [
        (lower, upper, f"{lower:g} – {upper:g} {layer.unit}", step.colour)
        for step, (lower, upper) in zip(layer.steps, itertools.pairwise(bounds), strict=False)
    ]
    classes.append((bounds[-1], _NO_END, f"≥ {bounds[-1]:g} {layer.unit}", layer.steps[-1].colour))
    classes.append((_UNKNOWN, _UNKNOWN, unknown, layer.no_value))
    root, renderer = _root("graduatedSymbol", f"coalesce({value}, {_UNKNOWN:.0f})")
    renderer.set("graduatedMethod", "GraduatedColor")
    ranges = Xml.SubElement(renderer, "ranges")
    for nth, (lower, upper, label, _) in enumerate(classes):
        said = {
            "lower": f"{lower:.15g}",
            "upper": f"{upper:.15g}",
            "symbol": str(nth),
            "label": label,
            "render": "true",
        }
        Xml.SubElement(ranges, "range", said)
    return _written(root, renderer, [colour for *_, colour in classes])


def categorised(layer: MapLayer, column: str, labels: Mapping[str, str], *, rest: str) -> str:
    """Return the style of a layer of kinds, with a class for each value and one for all others."""
    colour_of = {code: kind.colour for kind in layer.kinds for code in kind.codes}
    order = {code: nth for nth, code in enumerate(colour_of)}
    values = sorted(labels, key=lambda value: (order.get(value, len(order)), value))
    root, renderer = _root("categorizedSymbol", column)
    categories = Xml.SubElement(renderer, "categories")
    classes = [*((value, labels[value], colour_of.get(value, layer.no_value)) for value in values)]
    classes.append(("", rest, layer.no_value))
    for nth, (value, label, _) in enumerate(classes):
        said = {"value": value, "type": "string", "symbol": str(nth), "label": label, "render": "true"}
        Xml.SubElement(categories, "category", said)
    return _written(root, renderer, [colour for *_, colour in classes])


def _label(layer_id: str, value: str, methods: Mapping[str, str], at: int) -> str:
    """Return the words of a value; of the province's codes there are only Chinese ones."""
    if layer_id in {"origin", "age_group"}:
        known = _ORIGINS if layer_id == "origin" else _AGES
        return known[value][at] if value in known else value
    if layer_id == "method":
        return methods.get(value, value)
    if layer_id == "protection":
        return FIELD_CODES["SEN_LIN_LB"].get(value, value)
    frame = parameters.table("land_classes" if layer_id == "land_class" else "species_groups").frame
    return str(dict(frame.select("id", ("name_zh", "name_en")[at]).iter_rows()).get(value, value))


def _root(kind: str, value: str) -> tuple[Xml.Element, Xml.Element]:
    root = Xml.Element("qgis", {"version": _VERSION, "styleCategories": "Symbology"})
    said = {"type": kind, "attr": value, "symbollevels": "0", "enableorderby": "0", "forceraster": "0"}
    return root, Xml.SubElement(root, "renderer-v2", said)


def _written(root: Xml.Element, renderer: Xml.Element, colours: Sequence[str]) -> str:
    symbols = Xml.SubElement(renderer, "symbols")
    for nth, colour in enumerate(colours):
        said = {"type": "fill", "name": str(nth), "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
        symbol = Xml.SubElement(symbols, "symbol", said)
        drawn = Xml.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"})
        options = Xml.SubElement(drawn, "Option", {"type": "Map"})
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        for name, value in (
            ("color", f"{red},{green},{blue},255"),
            ("style", "solid"),
            ("outline_color", _OUTLINE),
            ("outline_style", "solid"),
            ("outline_width", "0.1"),
            ("outline_width_unit", "MM"),
        ):
            Xml.SubElement(options, "Option", {"name": name, "type": "QString", "value": value})
            Xml.SubElement(drawn, "prop", {"k": name, "v": value})  # what QGIS before 3.26 reads
    Xml.indent(root)
    return _DOCTYPE + Xml.tostring(root, encoding="unicode")
