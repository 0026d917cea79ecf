"""Releases, their statistics, colours of places, single sub-compartments and derivations."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from senhui.atlas import difference
from senhui.atlas.layers import choropleth
from senhui.atlas.place_errors import place_errors
from senhui.atlas.statistics import ErrorUnknown, error_of, parameters_used, public_statistics, read_by
from senhui.inventory import queries
from senhui.inventory.changes import NoSuchChange
from senhui.quantities import percent_from_frac
from senhui.web.page import MOST_DIGITS_OF_A_ROW, seen_areas, today

router = Router()

Measure = Literal["calibrated", "measured"]
Ratio = Literal["forest", "land"]
EXCLUDED = Field(
    description="land that named persons left out of the release in the place asked for, in no number; rows that do "
    "not say where they lie count in every place"
)
COLUMN_OF_MEASURE = {"calibrated": "calibrated_stock_tc_per_{}_ha", "measured": "stock_tc_per_{}_ha"}


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
    """Totals of one combination of the dimensions asked for.

    Only the dimensions asked for are there; null in one of them means "not recorded". Stock per hectare of forest is
    over `forest_area_ha`, forest land with and without trees; stock per hectare of land over `land_area_ha`, of which
    `land_source` tells the origin. A pool is null together with its area without estimate where the release did not
    measure it. Where `is_withheld`, the cell holds fewer than three sub-compartments, or one that does could be
    computed from it; its measures are kept from the public, and the pools stand only beside totals of places.
    `excluded_area_ha` and `is_sample` are of the whole answer and the same in each row.
    """

    model_config = ConfigDict(json_schema_extra={"example": {
        "county": "331181", "n": 2104, "area_ha": 305116.2, "forest_area_ha": 301200.0,
        "area_without_estimate_ha": 1204.0, "land_area_ha": 304500.0, "land_source": "outline",
        "volume_m3": 18904112.0, "stock_tc": 9811003.1, "calibrated_stock_tc": 11204411.9,
        "stock_tc_per_forest_ha": 32.57, "calibrated_stock_tc_per_forest_ha": 37.2,
        "stock_tc_per_land_ha": 32.22, "calibrated_stock_tc_per_land_ha": 36.8, "is_withheld": False,
        "excluded_area_ha": 12.4, "is_sample": True,
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
    forest_area_ha: float | None
    area_without_estimate_ha: float | None
    land_area_ha: float | None
    land_source: str | None
    volume_m3: float | None
    stock_tc: float | None
    calibrated_stock_tc: float | None
    stock_tc_per_forest_ha: float | None
    calibrated_stock_tc_per_forest_ha: float | None
    stock_tc_per_land_ha: float | None
    calibrated_stock_tc_per_land_ha: float | None
    tree_above_tc: float | None = None
    tree_above_without_estimate_ha: float | None = None
    tree_below_tc: float | None = None
    tree_below_without_estimate_ha: float | None = None
    bamboo_tc: float | None = None
    bamboo_without_estimate_ha: float | None = None
    shrub_tc: float | None = None
    shrub_without_estimate_ha: float | None = None
    economic_tc: float | None = None
    economic_without_estimate_ha: float | None = None
    scattered_tc: float | None = None
    scattered_without_estimate_ha: float | None = None
    understory_tc: float | None = None
    understory_without_estimate_ha: float | None = None
    dead_wood_tc: float | None = None
    dead_wood_without_estimate_ha: float | None = None
    litter_tc: float | None = None
    litter_without_estimate_ha: float | None = None
    soil_100cm_tc: float | None = None
    soil_100cm_without_estimate_ha: float | None = None
    soil_30cm_tc: float | None = None
    soil_30cm_without_estimate_ha: float | None = None
    is_withheld: bool
    excluded_area_ha: float = EXCLUDED
    is_sample: bool


class ErrorOut(Schema):
    """The error of a place's vegetation stock (95 %), or the reason why it is not known."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "total_tc": 73807700.0, "half_width_tc": 5165000.0, "lower_tc": 68642700.0, "upper_tc": 78972700.0,
        "confidence_frac": 0.95, "contributions": [], "not_set": [], "reason": None, "excluded_area_ha": 12.4,
        "is_sample": True,
    }})  # fmt: skip

    total_tc: float | None = None
    half_width_tc: float | None = None
    lower_tc: float | None = None
    upper_tc: float | None = None
    confidence_frac: float | None = None
    contributions: list[dict[str, Any]] = []
    not_set: list[dict[str, Any]] = []
    reason: str | None = Field(None, description="not_computed or nothing_set where there is no interval")
    excluded_area_ha: float = EXCLUDED
    is_sample: bool


class ColoursQuery(Schema):
    """What places are coloured by."""

    layer: Literal["density", "error", "removal"] = Field(
        "density",
        description="stock per hectare, half of its 95 % interval over it, or removal per hectare of forest and year "
        "by the newest comparison with an earlier release",
    )
    measure: Measure = "calibrated"
    per: Ratio = "forest"


class ColoursOut(Schema):
    """A measure by area code."""

    release: str
    measure: str = Field(examples=["calibrated_stock_tc_per_forest_ha"])
    unit: str = Field(examples=["tC/ha"])
    values: dict[str, float | None] = Field(examples=[{"331181": 36.87}])
    withheld: list[str] = Field([], description="places whose removal is known and kept from the reader")


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
    """Return a release; of the rows left out of it only those on land whose stands the reader may see."""
    info = queries.release(release_id)
    return replace(info, manifest=queries.manifest_for(request.user, info, on=today()))


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
    beside = beside_totals(queries.release(release_id), within or "")
    return [{**row, **beside} for row in frame.to_dicts()]


@router.get(
    "/releases/{release_id}/choropleth/{level}",
    response=ColoursOut,
    summary="Stock per hectare of forest or of land, its error, or removal, of each county or township",
)
def show_choropleth(
    request: HttpRequest,
    release_id: str,
    level: Literal["county", "township"],
    asked: Query[ColoursQuery],
) -> dict[str, Any]:
    """Return a layer by area code; `measure` of the answer says which. Removal without a comparison is not found."""
    measure, per = asked.measure, asked.per
    if asked.layer == "removal":
        return _removal(request, release_id, level=level, basis=measure)
    if asked.layer == "error":
        errors = place_errors(release_id, level=level, is_calibrated=measure == "calibrated")
        percent = {code: None if error is None else percent_from_frac(error) for code, error in errors.items()}
        return {"release": release_id, "measure": "error", "unit": "%", "values": percent}
    column = COLUMN_OF_MEASURE[measure].format(per)
    values = choropleth(release_id, level=level, measure=column)
    return {"release": release_id, "measure": column, "unit": "tC/ha", "values": values}


def _removal(
    request: HttpRequest, release_id: str, *, level: Literal["county", "township"], basis: Measure
) -> dict[str, Any]:
    """Return the removal up to a release by its newest comparison."""
    info = difference.newest_to(queries.release(release_id).id)
    if info is None:
        raise NoSuchChange(release_id)
    places = difference.differences(info.id, areas=seen_areas(request), level=level, basis=basis)
    return {
        "release": release_id,
        "measure": "removal_tc_ha_yr",
        "unit": "tC/ha/yr",
        "values": {place.code: place.removal_tc_ha_yr for place in places},
        "withheld": [place.code for place in places if place.is_withheld],
    }


@router.get(
    "/releases/{release_id}/parameters",
    response=list[dict[str, Any]],
    summary="Every published number on which the totals rest",
)
def show_parameters_used(request: HttpRequest, release_id: str, within: str | None = None) -> list[dict[str, Any]]:
    """Return the parameters used, each with value, unit, mark and source."""
    with read_by(seen_areas(request)):
        return [asdict(value) for value in parameters_used(release_id, within=within)]


@router.get("/releases/{release_id}/error", response=ErrorOut, summary="The 95 % interval of a place's stock")
def show_error(
    request: HttpRequest, release_id: str, within: str | None = None, measure: Measure = "calibrated"
) -> dict[str, Any]:
    """Return the interval with what it consists of, and with the sources of error that have no published value."""
    info = queries.release(release_id)
    found = error_of(release_id, within, is_calibrated=measure == "calibrated")
    told = {"reason": found.reason} if isinstance(found, ErrorUnknown) else found.as_dict()
    return told | beside_totals(info, within or "")


def beside_totals(info: queries.ReleaseInfo, within: str) -> dict[str, Any]:
    """Return what stands beside every total of a place."""
    return {"excluded_area_ha": info.excluded_area_within(within), "is_sample": info.is_sample}


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
