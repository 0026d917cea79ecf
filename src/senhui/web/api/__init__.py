"""The JSON API at /api/v1: the same queries as the pages, described by OpenAPI with examples (/api/v1/openapi.json).

No page of documentation is served: the usual one loads its scripts from another host.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from senhui.web.api import (
    answers,
    changes,
    draft_map,
    drafts,
    exports,
    overlays,
    places,
    releases,
    sheet,
    targets,
    uncertainty,
    work,
)
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
api.add_router("", answers.router, tags=["selections"])
api.add_router("", uncertainty.router, tags=["releases"])
api.add_router("", exports.router, tags=["releases"])
api.add_router("", drafts.router, tags=["drafts"])
api.add_router("", draft_map.router, tags=["drafts"])
api.add_router("", overlays.router, tags=["places"])
api.add_router("", places.router, tags=["places"])
api.add_router("", sheet.router, tags=["places"])
api.add_router("", changes.router, tags=["changes and events"])
api.add_router("", targets.router, tags=["targets"])
api.add_router("", work.router, tags=["parameters and jobs"])


def _answer(request: HttpRequest, *, status: int, error: str, what: str, now: str) -> HttpResponse:
    """Answer in the one shape that every refusal of the API and of the tiles has."""
    return api.create_response(request, {"error": error, "what": what, "now": now}, status=status)


@api.exception_handler(Exception)
def refuse(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer a known refusal with its status, what happened and what to do now; pass on what is a mistake."""
    explanation = explain(error)
    if explanation is None:
        raise error
    return _answer(
        request,
        status=explanation.status,
        error=type(error).__name__,
        what=explanation.what,
        now=explanation.now,
    )


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """Answer an address of something that is not there."""
    now = _("Look at /api/v1/openapi.json for the addresses there are.")
    return _answer(request, status=404, error="NotFound", what=_("There is nothing at this address."), now=now)


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a request whose parameters do not fit, naming each."""
    wrong = "; ".join(f"{'.'.join(map(str, entry['loc'][1:]))}: {entry['msg']}" for entry in error.errors)
    what = _("The request does not fit the description of the API: %(wrong)s.") % {"wrong": wrong}
    now = _("Correct the parameters named; /api/v1/openapi.json says what each may be.")
    return _answer(request, status=422, error="NotValid", what=what, now=now)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Answer a visitor who asks for what only a person who signed in may see."""
    return _answer(request, status=401, error="NotSignedIn", what=_("You are not signed in."), now=_("Sign in first."))


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer a refusal of the framework itself, such as a body that is no JSON."""
    now = _("Look at /api/v1/openapi.json for what the address takes.")
    return _answer(request, status=error.status_code, error="Refused", what=error.message, now=now)
