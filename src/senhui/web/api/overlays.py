"""What lies over the map for programs: the boundaries that the reader may see, their outlines, their common area.

Cases: tests/web/test_overlay_pages.py.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import shapely
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import ConfigDict

from senhui.inventory import overlays as room
from senhui.web import overlay_words
from senhui.web.page import today
from senhui.web.units import shown

router = Router()

_N_DECIMALS = 6
"""A tenth of a metre: outlines are drawn here, and were measured before."""
_MOST_DIGITS = 18


class OverlayOut(Schema):
    """Boundaries over the map; the area is that of all outlines together, ha."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": 2, "kind": "national_park", "name_zh": "国家公园", "name_en": "National park", "source": "sample data",
        "year": 2024, "licence_note": "", "visibility": "public", "is_sample": True, "colour": "#5b2a86",
        "area_ha": 50400.0,
    }})  # fmt: skip

    id: int
    kind: Literal[room.KINDS]  # type: ignore[valid-type]
    name_zh: str
    name_en: str
    source: str
    year: int
    licence_note: str
    visibility: Literal["public", "role"]
    is_sample: bool
    colour: str
    area_ha: float


class UnionOut(Schema):
    """What overlays cover together: land under two of them counts once."""

    area_ha: float
    shown: str


@router.get("/overlays", response=list[OverlayOut], summary="Boundaries over the map, kind by kind")
def list_overlays(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the boundaries that the reader may see."""
    return [overlay_words.as_json(info) for info in room.overlays(request.user, on=today())]


@router.get("/overlays/union", response=UnionOut, summary="The area that overlays cover together, ha")
def show_union(request: HttpRequest, ids: str) -> dict[str, Any]:
    """Return the area under `ids` (1,2,…) on the ellipsoid, land under two of them once."""
    numbers = ids.split(",")
    if not all(number.isdecimal() and len(number) <= _MOST_DIGITS for number in numbers):
        raise HttpError(422, "ids are numbers of overlays, separated by commas.")
    area_ha = room.union_area_ha(request.user, [int(number) for number in numbers], on=today())
    return {"area_ha": area_ha, "shown": str(shown(area_ha, "area_ha"))}


@router.get("/overlays/{int:overlay_id}.geojson", summary="Outlines of one overlay, EPSG:4490",
            response={200: dict[str, Any]})  # fmt: skip
def show_outlines(request: HttpRequest, overlay_id: int) -> HttpResponse:
    """Return the outlines with name, source and year; an outline without a name has that of the whole."""
    info = room.overlay(request.user, overlay_id, on=today())
    features = [
        {
            "type": "Feature",
            "id": part.row,
            "properties": {
                "overlay": info.id,
                "kind": info.kind,
                "name": overlay_words.name_of(part) or overlay_words.name_of(info),
                "of": overlay_words.name_of(info),
                "source": info.source,
                "year": info.year,
                "is_sample": info.is_sample,
                "area_ha": part.area_ha,
                "area": str(shown(part.area_ha, "area_ha")),
            },
            "geometry": json.loads(shapely.to_geojson(_drawn(part.geometry))),
        }
        for part in room.parts(request.user, overlay_id, on=today())
    ]
    body = {"type": "FeatureCollection", "is_sample": info.is_sample, "features": features}
    response = HttpResponse(json.dumps(body, ensure_ascii=False), content_type="application/geo+json")
    response["Cache-Control"] = "private, no-cache"
    return response


def _drawn(geometry: shapely.Geometry) -> shapely.Geometry:
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, _N_DECIMALS))
    return shapely.orient_polygons(rounded, exterior_cw=False)
