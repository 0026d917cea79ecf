"""Pages for what went wrong outside a view: not found, not allowed, a form too old, a mistake."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from senhui.web.page import page


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    context = {
        "what": _("There is no such page"),
        "now": _("The address may be mistyped or the thing was never here. Begin at the map or with a search there."),
    }
    return page(request, "failures/failure.html", context, status=404)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    context = {
        "what": _("You may not open this"),
        "now": _("Sign in as somebody with this right, or ask an administrator for a grant over the area."),
    }
    return page(request, "failures/failure.html", context, status=403)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose protection token does not fit (CSRF)."""
    context = {
        "what": _("The form was too old or came from another page"),
        "now": _("Nothing was changed. Go back, reload the page and send the form again."),
    }
    return page(request, "failures/failure.html", context, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without touching the database, the session or the catalogues: any of them may be what broke."""
    return HttpResponse(render_to_string("senhui/failures/broken.html"), status=500)
