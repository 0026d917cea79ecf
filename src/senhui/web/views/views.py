"""Saved views of the map and their short links."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from senhui.atlas import saved_views
from senhui.atlas.saved_views import View, ViewStateWrong
from senhui.web.json_answers import told_as_json

_MOST_BYTES = 20_000


@require_safe
def open_view(request: HttpRequest, key: str) -> HttpResponse:
    """Lead to the map as it was kept; what is seen there is what the reader may see."""
    found = saved_views.view(request.user, key)
    return HttpResponseRedirect(f"{reverse('map')}#{found.state}")


@told_as_json
def views(request: HttpRequest) -> HttpResponse:
    """List one's own views, or keep another: ``{name, state, is_shared}``."""
    if request.method != "POST":
        return JsonResponse({"views": [_as_json(request, one) for one in saved_views.views_of(request.user)]})
    said = _said(request)
    kept = saved_views.save_view(
        request.user,
        name=str(said.get("name", "")),
        state=str(said.get("state", "")),
        is_shared=said.get("is_shared") is True,
        now=timezone.now(),
    )
    return JsonResponse(_as_json(request, kept), status=201)


@told_as_json
@require_POST
def change(request: HttpRequest, key: str) -> HttpResponse:
    """Rename one's own view (``name``), share it or no longer (``is_shared``), or remove it (``delete``)."""
    said = _said(request)
    if said.get("delete") is True:
        saved_views.delete_view(request.user, key, now=timezone.now())
        return JsonResponse({"deleted": key})
    is_shared = said.get("is_shared")
    changed = saved_views.change_view(
        request.user,
        key,
        name=str(said["name"]) if "name" in said else None,
        is_shared=is_shared if isinstance(is_shared, bool) else None,
        now=timezone.now(),
    )
    return JsonResponse(_as_json(request, changed))


def _said(request: HttpRequest) -> dict[str, Any]:
    try:
        said = json.loads(request.body[:_MOST_BYTES])
    except ValueError:
        raise ViewStateWrong from None
    if not isinstance(said, dict):
        raise ViewStateWrong
    return said


def _as_json(request: HttpRequest, view: View) -> dict[str, Any]:
    return {
        "key": view.key,
        "name": view.name,
        "state": view.state,
        "is_shared": view.is_shared,
        "made_at": view.made_at.isoformat(timespec="seconds"),
        "link": request.build_absolute_uri(reverse("view", args=[view.key])),
    }
