"""Refusals told as JSON, for what the script of a page asks: the same words as on a page, in the shape of the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse

from senhui.web.errors import explain


def told_as_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a view so that a known refusal becomes ``{error, what, now}`` with its status."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: object, **named: object) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except Exception as error:
            explanation = explain(error)
            if explanation is None:
                raise
            told = {"error": type(error).__name__, "what": explanation.what, "now": explanation.now}
            return JsonResponse(told, status=explanation.status)

    return answer
