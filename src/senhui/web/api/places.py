"""Outlines of counties and townships, where to write their names, and the search by place, number and owner."""

from __future__ import annotations

import re
from typing import Any, Literal

import shapely
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from senhui.atlas.boundaries import boundaries_geojson
from senhui.inventory import queries
from senhui.web import names
from senhui.web.page import today

router = Router()

KEEP_S = 60
N_STANDS = 12
NUMBERED = re.compile(r"0*(\d{1,6})\s*(?:林班|[-–—/\s])\s*0*(\d{1,6})\s*(?:小班)?")
"""Compartment and number as people write them: 12-34, 12/34, 12林班34小班."""


class FoundOut(Schema):
    """A place or a sub-compartment that fits the search."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "kind": "county", "code": "331181", "name": "龙泉市", "detail": "", "row": None,
        "bbox": [118.7, 27.7, 119.4, 28.3],
    }})  # fmt: skip

    kind: Literal["city", "county", "township", "village", "sub_compartment"]
    code: str
    name: str
    detail: str = Field("", description="where it lies and, of a sub-compartment, who owns the land as the layer says")
    row: int | None = Field(None, description="position in the release, of a sub-compartment")
    bbox: list[float] | None


class SearchOut(Schema):
    """What was found."""

    found: list[FoundOut]


class LabelOut(Schema):
    """Where the name of a place is written."""

    code: str
    name: str
    bbox: list[float]
    point: list[float]


@router.get("/boundaries/{level}.geojson", summary="Outlines as GeoJSON, EPSG:4490", response={200: dict[str, Any]})
def show_boundaries(request: HttpRequest, level: Literal["city", "county", "township"]) -> HttpResponse:
    """Return the outlines of a level."""
    response = HttpResponse(boundaries_geojson(level), content_type="application/geo+json")
    response["Cache-Control"] = f"max-age={KEEP_S}"
    return response


@router.get("/labels/{level}", response=list[LabelOut], summary="Names of a level with a point inside each")
def show_labels(request: HttpRequest, level: Literal["city", "county", "township"]) -> list[dict[str, Any]]:
    """Return names in the reader's language, each with its bounding box and a point within the outline."""
    known = names.place_names()
    return [
        {
            "code": unit.code,
            "name": known[unit.code],
            "bbox": shapely.bounds(unit.geometry).tolist(),
            "point": shapely.get_coordinates(shapely.point_on_surface(unit.geometry))[0].tolist(),
        }
        for unit in queries.administrative_units(level)
        if unit.geometry is not None
    ]


@router.get("/places", response=SearchOut, summary="Search by name, code, sub-compartment number or owner of the land")
def search(request: HttpRequest, q: str, release: str | None = None, within: str = "") -> dict[str, Any]:
    """Return places, then the sub-compartments of a release within the reader's areas.

    A sub-compartment is found by its full number anywhere, by compartment and number (`12-34`) and by the owner of its
    land within the place `within`.
    """
    text = q.strip()
    known = names.place_names()
    found = [
        {
            "kind": unit["level"],
            "code": unit["code"],
            "name": unit["name_zh"],
            "detail": known.get(unit["parent_code"], ""),
            "bbox": _box(unit),
        }
        for unit in [*names.units_named_in_english(text), *queries.find_units(text)]
    ]
    if release:
        found += [
            {
                "kind": "sub_compartment",
                "code": stand["township_code"],
                "name": stand["sub_compartment_id"],
                "detail": _where(stand, known),
                "row": stand["row_index"],
                "bbox": _box(stand),
            }
            for stand in _stands(request, release, text, within=within if within.isdecimal() else "")
        ]
    return {"found": found}


def _stands(request: HttpRequest, release: str, text: str, *, within: str) -> list[dict[str, Any]]:
    if match := NUMBERED.fullmatch(text):
        compartment, number = (int(part) for part in match.groups())
        return queries.stands_numbered(
            request.user, release, compartment, number, within=within, on=today(), limit=N_STANDS
        )
    if owners := names.owners_named(text):
        return queries.stands_owned(request.user, release, owners, within=within, on=today(), limit=N_STANDS)
    return queries.find_stands(request.user, release, text, on=today(), limit=N_STANDS)


def _where(stand: dict[str, Any], known: dict[str, str]) -> str:
    """Return township, village and owner as far as they have names."""
    parts = [known.get(stand["township_code"], ""), known.get(stand["village_code"], "")]
    if stand["land_ownership"]:
        parts.append(names.word("ownership", stand["land_ownership"]))
    return " · ".join(part for part in parts if part)


def _box(entry: dict[str, Any]) -> list[float] | None:
    box = [entry[name] for name in ("min_lon", "min_lat", "max_lon", "max_lat")]
    return None if None in box else box
