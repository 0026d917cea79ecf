"""The JSON API at /api/v1: the same queries as the pages, described by OpenAPI with examples (/api/v1/openapi.json).

No page of documentation is served: the usual one loads its scripts from another host.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError

from senhui.web.api import changes, drafts, places, releases, uncertainty, work
from senhui.web.errors import explain

api = NinjaAPI(
    title="Senhui 森汇",
    version="1",
    description="Forest carbon of a city: releases, statistics, boundaries, derivations, parameters and jobs. "
    "Stocks are tonnes of carbon (tC), areas hectares, volumes cubic metres; null means no estimate.",
    docs_url=None,
    urls_namespace="api",
)
api.add_router("", releases.router, tags=["releases"])
api.add_router("", uncertainty.router, tags=["releases"])
api.add_router("", drafts.router, tags=["drafts"])
api.add_router("", places.router, tags=["places"])
api.add_router("", changes.router, tags=["changes and events"])
api.add_router("", work.router, tags=["parameters and jobs"])


@api.exception_handler(Exception)
def refuse(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer a known refusal with its status, what happened and what to do now; pass on what is a mistake."""
    if isinstance(error, Http404 | HttpError):
        raise error
    explanation = explain(error)
    if explanation is None:
        raise error
    body = {"error": type(error).__name__, "what": explanation.what, "now": explanation.now}
    return api.create_response(request, body, status=explanation.status)
