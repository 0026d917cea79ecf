"""Releases, their statistics, colours of places, single sub-compartments and derivations."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from senhui.atlas.layers import choropleth
from senhui.atlas.statistics import parameters_used, public_statistics
from senhui.inventory import queries
from senhui.web.page import MOST_DIGITS_OF_A_ROW, seen_areas, today

router = Router()

Measure = Literal["calibrated", "measured"]
COLUMN_OF_MEASURE = {"calibrated": "calibrated_stock_tc_ha", "measured": "stock_tc_ha"}


class ReleaseOut(Schema):
    """A release."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": "2021-1", "label": "2021 survey", "reference_year": 2021, "is_sample": True,
        "released_at": "2026-11-22T08:00:00Z", "imported_by": "lin", "measured_by": "lin", "released_by": "chen",
        "value_hash": "9f2c…",
    }})  # fmt: skip

    id: str
    label: str
    reference_year: int
    is_sample: bool
    released_at: dt.datetime
    imported_by: str
    measured_by: str
    released_by: str
    value_hash: str


class ManifestOut(ReleaseOut):
    """A release with its manifest."""

    manifest: dict[str, Any]


class TotalOut(Schema):
    """Totals of one combination of the dimensions asked for; per hectare means of land with an estimate.

    Only the dimensions asked for are there; null in one of them means "not recorded". Where `is_withheld`, the cell
    holds fewer than three sub-compartments and its measures are kept from the public.
    """

    model_config = ConfigDict(json_schema_extra={"example": {
        "county": "331181", "n": 2104, "area_ha": 305116.2, "area_without_estimate_ha": 1204.0,
        "volume_m3": 18904112.0, "stock_tc": 9811003.1, "calibrated_stock_tc": 11204411.9,
        "stock_tc_ha": 32.28, "calibrated_stock_tc_ha": 36.87, "is_withheld": False,
    }})  # fmt: skip

    county: str | None = None
    township: str | None = None
    land_class: str | None = None
    species_group: str | None = None
    origin: str | None = None
    age_group: int | None = None
    method: str | None = None
    n: int | None
    area_ha: float | None
    area_without_estimate_ha: float | None
    volume_m3: float | None
    stock_tc: float | None
    calibrated_stock_tc: float | None
    stock_tc_ha: float | None
    calibrated_stock_tc_ha: float | None
    is_withheld: bool


class ColoursOut(Schema):
    """A measure by area code."""

    release: str
    measure: str = Field(examples=["calibrated_stock_tc_ha"])
    unit: str = Field(examples=["tC/ha"])
    values: dict[str, float | None] = Field(examples=[{"331181": 36.87}])


class StandOut(Schema):
    """A sub-compartment with its inputs and results; units are the ends of the names."""

    row_index: int
    sub_compartment_id: str = Field(examples=["331181103201-001-012"])
    county_code: str
    township_code: str
    village_code: str
    land_class: str
    species_code: str | None
    species_group: str | None
    origin: str | None
    age_yr: int | None
    age_group: int | None
    canopy_frac: float | None
    dbh_cm: float | None
    height_m: float | None
    stems_ha: float | None
    area_ha: float
    volume_m3_ha: float | None
    volume_m3: float | None
    scattered_volume_m3: float | None
    scattered_species_group: str | None
    bbox: list[float] = Field(description="west, south, east, north in degrees (EPSG:4490)")
    method: str
    no_estimate_reason: str | None
    derivation_id: int
    scattered_derivation_id: int | None
    tree_above_tc_ha: float | None
    tree_below_tc_ha: float | None
    bamboo_tc_ha: float | None
    shrub_tc_ha: float | None
    economic_tc_ha: float | None
    scattered_tc_ha: float | None
    main_tc: float | None
    scattered_tc: float | None
    stock_tc_ha: float | None
    stock_tc: float | None
    main_factor: float
    scattered_factor: float
    calibrated_stock_tc: float | None


@router.get("/releases", response=list[ReleaseOut], summary="All releases, the newest year first")
def list_releases(request: HttpRequest) -> list[queries.ReleaseInfo]:
    """Return all releases."""
    return queries.releases()


@router.get("/releases/{release_id}", response=ManifestOut, summary="One release with its manifest")
def show_release(request: HttpRequest, release_id: str) -> queries.ReleaseInfo:
    """Return a release."""
    return queries.release(release_id)


@router.get(
    "/releases/{release_id}/statistics",
    response={200: list[TotalOut], 400: dict[str, str], 403: dict[str, str]},
    exclude_unset=True,
    summary="Areas and stocks by any of: county, township, land_class, species_group, origin, age_group, method",
)
def show_statistics(
    request: HttpRequest, release_id: str, by: str = "county", within: str | None = None
) -> list[dict[str, Any]]:
    """Return totals; `by` holds dimensions separated by commas, empty for one total.

    The public sees townships as totals; finer tables need a role over the place.
    """
    dimensions = tuple(part for part in by.split(",") if part)
    frame = public_statistics(release_id, areas=seen_areas(request), within=within, by=dimensions, where={})
    return frame.to_dicts()


@router.get(
    "/releases/{release_id}/choropleth/{level}", response=ColoursOut, summary="Density of each county or township"
)
def show_choropleth(
    request: HttpRequest, release_id: str, level: Literal["county", "township"], measure: Measure = "calibrated"
) -> dict[str, Any]:
    """Return the carbon density by area code."""
    column = COLUMN_OF_MEASURE[measure]
    values = choropleth(release_id, level=level, measure=column)
    return {"release": release_id, "measure": column, "unit": "tC/ha", "values": values}


@router.get(
    "/releases/{release_id}/parameters",
    response=list[dict[str, Any]],
    summary="Every published number on which the totals rest",
)
def show_parameters_used(request: HttpRequest, release_id: str, within: str | None = None) -> list[dict[str, Any]]:
    """Return the parameters used, each with value, unit, mark and source."""
    from dataclasses import asdict

    return [asdict(value) for value in parameters_used(release_id, within=within)]


@router.get(
    "/releases/{release_id}/sub-compartments/{row}",
    response={200: StandOut, 403: dict[str, str], 404: dict[str, str]},
    summary="One sub-compartment; needs a role for its area",
)
def show_stand(request: HttpRequest, release_id: str, row: int) -> dict[str, Any]:
    """Return a sub-compartment by its position in the release (a tile's feature id − 1)."""
    if row >= 10**MOST_DIGITS_OF_A_ROW:
        raise Http404
    stand = queries.stand(request.user, release_id, row, on=today())
    stand["bbox"] = [stand.pop(name) for name in ("min_lon", "min_lat", "max_lon", "max_lat")]
    return stand


@router.get(
    "/releases/{release_id}/derivations/{number}", response=dict[str, Any], summary="How a kind of stand got its number"
)
def show_derivation(request: HttpRequest, release_id: str, number: int) -> dict[str, Any]:
    """Return a derivation as it was stored with the release."""
    return queries.derivation(release_id, number)
