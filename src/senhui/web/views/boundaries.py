"""Boundaries that people bring along to choose sub-compartments by: kept, listed, drawn, removed."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shapely
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from senhui.atlas.boundaries_uploaded import BoundaryInfo, add_boundary, boundaries_of, boundary, delete_boundary
from senhui.intake.area_outline import LARGEST_BYTES, AreaTooLarge, NoAreaInFile
from senhui.web import uploads
from senhui.web.json_answers import told_as_json
from senhui.web.page import today


@told_as_json
def boundaries(request: HttpRequest) -> HttpResponse:
    """List one's own boundaries, or keep another that is handed in as the field ``file``."""
    if request.method != "POST":
        return JsonResponse({"boundaries": [_as_json(one) for one in boundaries_of(request.user)]})
    file = request.FILES.get("file")
    if file is None or isinstance(file, list):
        raise AreaTooLarge("") if uploads.is_too_large(request) else NoAreaInFile("")
    name = Path(file.name or "").name
    if (file.size or 0) > LARGEST_BYTES:
        raise AreaTooLarge(name)
    with TemporaryDirectory() as directory:
        (path,) = uploads.write([file], Path(directory))
        kept = add_boundary(request.user, path=path, original_name=name, now=timezone.now())
    return JsonResponse(_as_json(kept), status=201)


@told_as_json
@require_safe
def one_boundary(request: HttpRequest, boundary_id: int) -> HttpResponse:
    """Give a boundary as GeoJSON, to be drawn on the map."""
    found = boundary(request.user, boundary_id, on=today())
    geometry = json.loads(shapely.to_geojson(shapely.from_wkb(found.outline)))
    return JsonResponse({"type": "Feature", "id": found.id, "properties": _as_json(found), "geometry": geometry})


@told_as_json
@require_POST
def delete(request: HttpRequest, boundary_id: int) -> HttpResponse:
    """Remove one's own boundary."""
    delete_boundary(request.user, boundary_id, now=timezone.now())
    return JsonResponse({"deleted": boundary_id})


def _as_json(info: BoundaryInfo) -> dict[str, Any]:
    bounds = shapely.from_wkb(info.outline).bounds
    return {
        "id": info.id,
        "name": info.name,
        "n_vertices": info.n_vertices,
        "area_ha": info.area_ha,
        "is_repaired": info.is_repaired,
        "uploaded_at": info.uploaded_at.isoformat(timespec="seconds"),
        "bbox": list(bounds),
    }
