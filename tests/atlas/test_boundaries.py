"""Outlines of administrative units as GeoJSON."""

from __future__ import annotations

import json

import shapely
from shapely.geometry import shape

from senhui.atlas.boundaries import collection
from senhui.inventory.queries import Unit

SQUARE = shapely.box(119.1234567, 28.0, 119.2, 28.1)


def unit(code: str, geometry: shapely.Geometry | None) -> Unit:
    return Unit(code, "county", "龙泉市", "3311", is_sample=True, geometry=geometry)


def test_an_outline_is_given_with_its_name_counter_clockwise_and_rounded() -> None:
    (feature,) = json.loads(collection([unit("331181", shapely.reverse(SQUARE))]))["features"]
    outline = shape(feature["geometry"])
    assert feature["id"] == "331181"
    assert feature["properties"] == {"code": "331181", "name": "龙泉市", "parent_code": "3311", "is_sample": True}
    assert outline.exterior.is_ccw
    assert outline.equals(shapely.box(119.12346, 28.0, 119.2, 28.1))


def test_a_unit_without_outline_is_left_out() -> None:
    assert json.loads(collection([unit("331181", None)]))["features"] == []
