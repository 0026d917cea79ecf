"""A draft on the one map for programs: what is drawn, its tiles, and the rows decided since.

Needs a session of a person who may see the draft; for others there is no such draft.
Cases: tests/web/test_draft_map.py.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.security import django_auth

from senhui.atlas import draft_tiles
from senhui.inventory import queries
from senhui.web import import_facts
from senhui.web.api.drafts import MOST_ON_MAP, box_of
from senhui.web.page import today
from senhui.web.views.imports_draft import may

router = Router(auth=django_auth)


class DraftMapOut(Schema):
    """How a draft stands as a layer of the map."""

    id: int
    original_name: str
    reference_year: int
    is_sample: bool
    state: str
    bounds: list[float] | None
    tiles: str | None
    is_current: bool
    is_being_drawn: bool
    since: int
    n_changed: int
    may_draw: bool


@router.get("/drafts/{draft_id}/map", response=DraftMapOut, summary="What of a draft is drawn")
def show_map(request: HttpRequest, draft_id: int) -> dict[str, Any]:
    """Return address and age of the tiles, and how many rows were decided since."""
    info = queries.draft(request.user, draft_id, on=today())
    known = draft_tiles.drawn(info)
    since = known.last_decision if known else 0
    tiles = f"/api/v1/drafts/{draft_id}/tiles/{{z}}/{{x}}/{{y}}.mvt?v={known.version}" if known else None
    return {
        "id": info.id,
        "original_name": info.original_name,
        "reference_year": info.reference_year,
        "is_sample": info.is_sample,
        "state": info.state,
        "bounds": None if info.state == "discarded" else import_facts.own_bounds(info),
        "tiles": tiles,
        "is_current": known is not None and known.is_current,
        "is_being_drawn": draft_tiles.is_being_drawn(draft_id),
        "since": since,
        "n_changed": queries.n_changed_rows(draft_id, since=since),
        "may_draw": may(request, info)["work"],
    }


@router.get("/drafts/{draft_id}/changed.geojson", response=dict[str, Any], summary="Rows decided since the tiles")
def show_changed(
    request: HttpRequest,
    draft_id: int,
    since: int = 0,
    bbox: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_MAP)] = MOST_ON_MAP,
) -> dict[str, Any]:
    """Return rows decided after the decision `since`: all their numbers, and the outlines that touch `bbox`."""
    box = None if bbox is None else box_of(bbox)
    found = queries.changed_rows(request.user, draft_id, since=since, on=today(), bbox=box, limit=limit)
    return {"type": "FeatureCollection", "rows": found.rows, "features": found.features, "is_cut": found.is_cut}


@router.get("/drafts/{draft_id}/tiles/{int:z}/{int:x}/{int:y}.mvt", summary="A vector tile of a draft",
            response={200: None, 204: None})  # fmt: skip
def show_tile(request: HttpRequest, draft_id: int, z: int, x: int, y: int) -> HttpResponse:
    """Return the rows that the person may see; 204 where there are none."""
    data = draft_tiles.draft_tile(request.user, draft_id, z, x, y, on=today())
    if data is None:
        return HttpResponse(status=204)
    response = HttpResponse(data, content_type="application/vnd.mapbox-vector-tile")
    response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = "private, no-cache"
    return response
