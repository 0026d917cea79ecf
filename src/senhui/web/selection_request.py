"""The selection that an address asks for; the one place where a page, the API and an export read it."""

from __future__ import annotations

from django.http import HttpRequest

from senhui.atlas.boundaries_uploaded import polygon
from senhui.atlas.selection import Selection, parse
from senhui.web.page import today


def selection_of(request: HttpRequest, release_id: str) -> Selection:
    """Return the selection in the parameters of a request; see `senhui.atlas.selection.parse` for what is refused.

    ``shape=b12`` is a boundary that the reader uploaded.
    """
    actor, on = request.user, today()
    pairs = [(name, text) for name, texts in request.GET.lists() for text in texts]
    return parse(pairs, release_id=release_id, boundary=lambda number: polygon(number, actor, on=on))
