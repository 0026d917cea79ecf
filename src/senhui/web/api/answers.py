"""What a selection adds up to, by any dimension; and how a place came to what it holds, release by release."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import translation
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from senhui.atlas import selection
from senhui.atlas.selection import Answer, Measure
from senhui.atlas.stand_table import DIMENSIONS
from senhui.atlas.statistics import ErrorUnknown, error_of, statistics
from senhui.inventory import queries
from senhui.web import names, summaries
from senhui.web.page import seen_areas
from senhui.web.selection_request import selection_of

router = Router()

MOST_ROWS = 10_000


class AnswerQuery(Schema):
    """What may be asked of a selection."""

    measure: Measure = "calibrated"
    by: str = Field("", description=f"dimensions separated by commas: {', '.join(DIMENSIONS)}")
    within: str | None = Field(None, description="code of a city, county, township or village")
    where: list[str] = Field(
        [],
        description="may come several times; origin:planted,- keeps planted stands and those of unrecorded origin",
    )
    shape: str | None = Field(None, description="lon,lat;lon,lat;… in degrees of CGCS2000, at most 100 points")


class PartOut(Schema):
    """What one value of a dimension adds up to; `value` is null for "not recorded"."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "value": "planted", "name_zh": "人工", "name_en": "planted", "n": 2104, "area_ha": 30511.2,
        "forest_area_ha": 30120.0, "stock_tc": 981100.1, "calibrated_stock_tc": 1120441.9, "is_withheld": False,
    }})  # fmt: skip

    value: str | int | None
    name_zh: str
    name_en: str
    n: int | None
    area_ha: float | None
    forest_area_ha: float | None
    stock_tc: float | None
    calibrated_stock_tc: float | None
    is_withheld: bool


class WholeOut(Schema):
    """What the whole selection adds up to; `lower_tc` and `upper_tc` are of the stock of the measure asked for."""

    n: int
    area_ha: float | None
    forest_area_ha: float | None
    area_without_estimate_ha: float | None
    volume_m3: float | None
    stock_tc: float | None
    calibrated_stock_tc: float | None
    stock_tc_per_forest_ha: float | None
    calibrated_stock_tc_per_forest_ha: float | None
    lower_tc: float | None
    upper_tc: float | None
    error_unknown: str | None = Field(description="not_computed or nothing_set where there is no interval")
    excluded_area_ha: float = Field(
        description="land that named persons left out of the release in the place asked for"
    )


class AnswerOut(Schema):
    """What a selection adds up to.

    Each dimension of `by` obeys every filter but its own; it is null where the reader may not read it here. A shape
    keeps the sub-compartments whose inner point lies in it (`rule` is then `inner_point`). `n_outside_reach` are the
    sub-compartments of the place that the reader may not see, whatever their attributes, and that are not counted;
    null where a shape reaches land outside the reader's areas.
    """

    model_config = ConfigDict(json_schema_extra={"example": {
        "release": "2021-1", "reference_year": 2021, "is_sample": True, "measure": "calibrated",
        "selection": {"within": "331181", "where": {"origin": ["planted"]}, "has_shape": False}, "rule": None,
        "n_outside_reach": 0, "total": {}, "by": {"origin": []},
    }})  # fmt: skip

    release: str
    reference_year: int
    is_sample: bool
    measure: Measure
    selection: dict[str, Any]
    rule: str | None
    n_outside_reach: int | None
    total: WholeOut
    by: dict[str, list[PartOut] | None]


class TableOut(Schema):
    """A cross table; `n_rows` is how many combinations there are, of which at most 10,000 are given."""

    release: str
    is_sample: bool
    n_rows: int
    rows: list[dict[str, Any]] = Field(
        examples=[[{"village": "331181103201", "origin": "planted", "n": 12, "area_ha": 60.2, "stock_tc": 2100.5}]]
    )


class YearOut(Schema):
    """What a place held by one release."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "release": "2021-1", "reference_year": 2021, "label": "2021 survey", "is_sample": True, "is_calibrated": True,
        "stock_tc": 11204411.9, "lower_tc": 10200000.0, "upper_tc": 12200000.0, "error_unknown": None,
        "forest_area_ha": 301200.0,
    }})  # fmt: skip

    release: str
    reference_year: int
    label: str
    is_sample: bool
    is_calibrated: bool
    stock_tc: float | None
    lower_tc: float | None
    upper_tc: float | None
    error_unknown: str | None
    forest_area_ha: float | None


@router.get(
    "/releases/{release_id}/answer",
    response={200: AnswerOut, 400: dict[str, str], 403: dict[str, str]},
    summary="What a selection adds up to: place, values of attributes, shape",
)
def show_answer(request: HttpRequest, release_id: str, asked: Query[AnswerQuery]) -> dict[str, Any]:
    """Return the whole and its parts.

    A filter, a shape or a village needs a role; the public reads single dimensions of a county or the city.
    """
    chosen, measure = selection_of(request, release_id), asked.measure
    dimensions = tuple(part for part in asked.by.split(",") if part)
    found = selection.answer(chosen, areas=seen_areas(request), measure=measure, dimensions=dimensions)
    info = queries.release(release_id)
    return {
        "release": info.id,
        "reference_year": info.reference_year,
        "is_sample": info.is_sample,
        "measure": measure,
        "selection": {
            "within": chosen.within,
            "where": {dimension: list(values) for dimension, values in chosen.where.items()},
            "has_shape": chosen.shape is not None,
        },
        "rule": found.rule,
        "n_outside_reach": found.n_outside_reach,
        "total": _whole(found) | {"excluded_area_ha": info.excluded_area_within(chosen.within or "")},
        "by": {dimension: _parts(dimension, rows) for dimension, rows in found.by.items()},
    }


def _whole(found: Answer) -> dict[str, Any]:
    return found.total | _interval(found.error)


def _interval(error: Any) -> dict[str, Any]:
    if isinstance(error, ErrorUnknown):
        return {"lower_tc": None, "upper_tc": None, "error_unknown": error.reason}
    return {"lower_tc": error.lower_tc, "upper_tc": error.upper_tc, "error_unknown": None}


def _parts(dimension: str, rows: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if rows is None:
        return None
    values = [row["value"] for row in rows]
    words = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            words[language] = [names.of_value(dimension, value) for value in values]
    return [
        {**row, "name_zh": zh, "name_en": en} for row, zh, en in zip(rows, words["zh-hans"], words["en"], strict=True)
    ]


@router.get(
    "/releases/{release_id}/cross-table",
    response={200: TableOut, 400: dict[str, str], 403: dict[str, str]},
    summary="A selection by several dimensions at once, villages and ownership among them; needs a role",
)
def show_cross_table(
    request: HttpRequest, release_id: str, asked: Query[AnswerQuery], limit: int = MOST_ROWS
) -> dict[str, Any]:
    """Return a row for each combination of the dimensions of `by` that occurs; the reader must see the whole place."""
    dimensions = tuple(part for part in asked.by.split(",") if part)
    frame = selection.cross_table(selection_of(request, release_id), areas=seen_areas(request), by=dimensions)
    info = queries.release(release_id)
    return {
        "release": info.id,
        "is_sample": info.is_sample,
        "n_rows": frame.height,
        "rows": frame.head(max(0, min(limit, MOST_ROWS))).to_dicts(),
    }


@router.get("/places/{code}/history", response=list[YearOut], summary="What a place held, release by release")
def show_history(request: HttpRequest, code: str, measure: Measure = "calibrated") -> list[dict[str, Any]]:
    """Return the totals of a city, county or township by every release that has land there, the earliest first."""
    releases = sorted(queries.releases(), key=lambda info: (info.reference_year, info.released_at))
    covering = [info for info in releases if any(township.startswith(code) for township in info.township_codes)]
    if not covering:
        queries.require_place(code, townships=())
    return [_year(info, code, measure) for info in covering]


def _year(info: queries.ReleaseInfo, code: str, measure: Measure) -> dict[str, Any]:
    total = statistics(info.id, within=code, by=(), where={}).row(0, named=True)
    column = "calibrated_stock_tc" if measure == "calibrated" else "stock_tc"
    return {
        "release": info.id,
        "reference_year": info.reference_year,
        "label": info.label,
        "is_sample": info.is_sample,
        "is_calibrated": measure == "calibrated" and summaries.is_calibrated(info),
        "stock_tc": total[column],
        **_interval(error_of(info.id, code, is_calibrated=measure == "calibrated")),
        "forest_area_ha": total["forest_area_ha"],
    }
