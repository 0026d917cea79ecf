"""Drafts for programs: the same queries, decisions and refusals as the pages. Needs a session of a signed-in person.

Cases: tests/web/test_drafts_api.py.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import polars as pl
import shapely
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from ninja.security import django_auth
from pydantic import ConfigDict, Field, model_validator

from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.exclude_rows import exclude_rows
from senhui.inventory.actions.reopen_row import reopen_row
from senhui.web.draft_findings import worded
from senhui.web.page import today
from senhui.web.views.imports_draft import follow_with_tiles

router = Router(auth=django_auth)

MOST_ON_MAP = 2000


class DraftOut(Schema):
    """A draft."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": 3, "original_name": "longquan.zip", "reference_year": 2024, "state": "imported", "is_sample": False,
        "n_rows": 31200, "n_open_errors": 12, "n_warnings": 340, "n_excluded": 2, "excluded_area_ha": 7.4,
        "area_ha": 254000.0, "township_codes": ["331181103"], "licence_note": "", "imported_by": "lin",
        "imported_at": "2026-11-22T04:00:00Z",
    }})  # fmt: skip

    id: int
    original_name: str
    reference_year: int
    state: str
    is_sample: bool
    n_rows: int
    n_open_errors: int
    n_warnings: int
    n_excluded: int
    excluded_area_ha: float
    area_ha: float
    township_codes: list[str]
    licence_note: str
    imported_by: str
    imported_at: dt.datetime


class FindingOut(Schema):
    """What is wrong or doubtful with a row; message and remedy in the language asked for."""

    row: int | None
    sub_compartment_id: str | None
    field: str | None
    value: str | None
    reason: str
    severity: Literal["error", "warning"]
    message: str
    remedy: str
    other_row: int | None = Field(None, description="the other of two rows that the finding is about")


class FindingsOut(Schema):
    """One page of findings."""

    findings: list[FindingOut]
    n_findings: int
    n_by_reason: dict[str, int]
    page: int
    n_pages: int


class DecisionOut(Schema):
    """Who decided what of a row."""

    number: int
    kind: str
    values: dict[str, str | None]
    repair_outline: bool
    reason: str
    decided_by: str
    decided_at: dt.datetime


class RowOut(Schema):
    """One row of a draft as it counts now."""

    row: int
    number: int = Field(description="decisions on the row so far; hand it back as `seen`")
    state: Literal["as_read", "corrected", "excluded"]
    sub_compartment_id: str | None
    values: dict[str, Any]
    as_read: dict[str, Any]
    findings: list[FindingOut]
    outline: dict[str, Any] | None
    geometry_area_ha: float | None
    decisions: list[DecisionOut]


class BodyIn(Schema):
    """What a program sends: an object. Anything else, such as null or a list, is no empty one."""

    @model_validator(mode="before")
    @classmethod
    def _is_object(cls, given: Any) -> Any:
        if not isinstance(getattr(given, "_obj", given), dict):
            raise ValueError("the body must be a JSON object")
        return given


class CorrectionIn(BodyIn):
    """New values by column of the file; null empties a value, what is left out stays."""

    values: dict[str, str | None] = {}
    repair_outline: bool = False
    reason: str = ""
    seen: int | None = None


class ExclusionIn(BodyIn):
    """Rows to leave out, and why."""

    rows: list[int] = Field(max_length=100_000)
    reason: str
    seen: dict[int, int] | None = None


class ReopeningIn(BodyIn):
    """Take back what was decided."""

    reason: str = ""
    seen: int | None = None


@router.get("/drafts", response=list[DraftOut], summary="The drafts that you may see, the newest first")
def list_drafts(request: HttpRequest) -> list[queries.DraftInfo]:
    """Return the drafts within the person's areas."""
    return queries.drafts(request.user, on=today())


@router.get("/drafts/{draft_id}", response=DraftOut, summary="One draft")
def show_draft(request: HttpRequest, draft_id: int) -> queries.DraftInfo:
    """Return how a draft stands."""
    return queries.draft(request.user, draft_id, on=today())


@router.get("/drafts/{draft_id}/findings", response=FindingsOut, summary="What is wrong with a draft now")
def list_findings(
    request: HttpRequest,
    draft_id: int,
    severity: Literal["error", "warning"] = "error",
    reason: str | None = None,
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> dict[str, Any]:
    """Return a page of findings after all decisions; one beyond the last is empty."""
    profile = queries.draft(request.user, draft_id, on=today()).profile
    found = queries.draft_errors(request.user, draft_id, on=today(), severity=severity, reason=reason, page=page)
    shown = found.findings if page == found.page else []
    return {**vars(found), "page": page, "findings": [worded(one, profile) for one in shown]}


@router.get("/drafts/{draft_id}/findings.geojson", response=dict[str, Any], summary="Findings within a box, EPSG:4490")
def findings_on_map(
    request: HttpRequest,
    draft_id: int,
    bbox: str,
    reason: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_MAP)] = MOST_ON_MAP,
) -> dict[str, Any]:
    """Return rows with findings and gaps that touch `bbox` (west,south,east,north), errors before warnings."""
    box = box_of(bbox)
    found = queries.draft_findings_on_map(request.user, draft_id, bbox=box, on=today(), reason=reason, limit=limit)
    gaps = _gaps(queries.draft(request.user, draft_id, on=today()), box, reason)
    shown = [_signed(one) for one in found["features"] if one["geometry"] is not None] + gaps[:limit]
    is_cut = found["is_cut"] or len(gaps) > limit
    return {"type": "FeatureCollection", "features": shown, "is_cut": is_cut, "said": _said(len(shown), is_cut)}


def box_of(text: str) -> tuple[float, float, float, float]:
    """Read a bounding box, or refuse it."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise HttpError(422, _("bbox is four numbers: west,south,east,north in degrees.")) from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise HttpError(422, _("bbox is four numbers: west,south,east,north in degrees."))
    return west, south, east, north


def _signed(feature: dict[str, Any]) -> dict[str, Any]:
    """Add where the sign of a row stands: the middle of its box."""
    west, south, east, north = shapely.bounds(shapely.geometry.shape(feature["geometry"]))
    facts = feature["properties"]
    place = {"lon": (west + east) / 2, "lat": (south + north) / 2}
    return {**feature, "properties": {**facts, "kind": facts["severity"], **place}}


def _gaps(draft: queries.DraftInfo, box: tuple[float, float, float, float], reason: str | None) -> list[dict[str, Any]]:
    """Return findings that lie between rows and belong to none, as points."""
    west, south, east, north = box
    found = queries.findings(draft)
    if "lon" not in found.columns:
        return []
    found = found.filter(
        pl.col("row").is_null(), pl.col("lon").is_between(west, east), pl.col("lat").is_between(south, north)
    )
    if reason is not None:
        found = found.filter(pl.col("reason") == reason)
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [gap["lon"], gap["lat"]]},
            "properties": {
                "row": None, "reasons": [gap["reason"]], "severity": gap["severity"], "kind": "gap",
                "lon": gap["lon"], "lat": gap["lat"],
            },
        }
        for gap in found.iter_rows(named=True)
    ]  # fmt: skip


def _said(n: int, is_cut: bool) -> str:
    """Say how many there are in view, and when there are more than are shown."""
    if is_cut:
        return _("Shown are %(n)s findings, errors first; there are more here. Zoom in to see all.") % {"n": f"{n:,}"}
    if n == 0:
        return _("Nothing was found in this part of the map.")
    return _("Shown are all %(n)s rows and gaps of this part of the map.") % {"n": f"{n:,}"}


@router.get("/drafts/{draft_id}/rows/{row}", response=RowOut, summary="One row as it counts now")
def show_row(request: HttpRequest, draft_id: int, row: int) -> dict[str, Any]:
    """Return what a row says, what is wrong with it, where it lies and who decided what of it."""
    return _row(request, draft_id, row)


@router.post(
    "/drafts/{draft_id}/rows/{row}/correct", response=RowOut, summary="Correct a row; only it is checked again"
)
def correct(request: HttpRequest, draft_id: int, row: int, given: CorrectionIn) -> dict[str, Any]:
    """Correct columns or the outline of a row, and return it as it is then."""
    correct_row(request.user, draft_id=draft_id, row=row, now=timezone.now(), **given.dict())
    follow_with_tiles(request, draft_id)
    return _row(request, draft_id, row)


@router.post("/drafts/{draft_id}/rows/{row}/reopen", response=RowOut, summary="Take back what was decided of a row")
def reopen(request: HttpRequest, draft_id: int, row: int, given: ReopeningIn) -> dict[str, Any]:
    """Let a row say again what the file says, and return it as it is then."""
    reopen_row(request.user, draft_id=draft_id, row=row, now=timezone.now(), **given.dict())
    follow_with_tiles(request, draft_id)
    return _row(request, draft_id, row)


@router.post("/drafts/{draft_id}/exclude", response=DraftOut, summary="Leave rows with errors out, with a reason")
def exclude(request: HttpRequest, draft_id: int, given: ExclusionIn) -> queries.DraftInfo:
    """Exclude rows, and return the draft as it is then."""
    left = exclude_rows(request.user, draft_id=draft_id, now=timezone.now(), **given.dict())
    follow_with_tiles(request, draft_id)
    return left


def _row(request: HttpRequest, draft_id: int, row: int) -> dict[str, Any]:
    profile = queries.draft(request.user, draft_id, on=today()).profile
    found = queries.draft_row(request.user, draft_id, row, on=today())
    return {**vars(found), "findings": [worded(one, profile) for one in found.findings]}
