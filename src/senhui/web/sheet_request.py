"""A map sheet as an address asks for it: the same keys on the page, in its downloads and in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar, get_args

from django.http import Http404

from senhui.atlas.sheet_extent import Box, BoxDoesNotFit
from senhui.atlas.sheet_layout import Orientation, Paper
from senhui.atlas.sheet_values import Asked, Language, Measure, Ratio
from senhui.inventory import queries
from senhui.web import names

N_EDGES = 4
Word = TypeVar("Word", bound=str)
Extent = Literal["place", "view"]
"""Whether a sheet shows the place or the box that the map showed."""


def asked_from(query: Mapping[str, str]) -> Asked:
    """Return what a query asks for; what it does not say is as on a new page.

    Raises
    ------
    Http404
        A word is none of those that the page offers, or there is no release yet.
    BoxDoesNotFit
        The box is not four numbers.
    """
    releases = queries.releases()
    if not releases:
        raise Http404
    box = box_from(query.get("bbox", "")) if query.get("extent", "view") == "view" else None
    return Asked(
        release_id=query.get("release") or releases[0].id,
        layer_id=query.get("layer") or "density",
        place=_code(query.get("place", "")),
        box=box,
        measure=_one_of(get_args(Measure), query.get("measure")),
        per=_one_of(get_args(Ratio), query.get("per")),
        paper=_one_of(get_args(Paper), query.get("paper")),
        orientation=_one_of(get_args(Orientation), query.get("orientation")),
        language=_one_of(get_args(Language), query.get("language") or names.language()),
    )


def box_from(text: str) -> Box | None:
    """Return the box of a text such as ``119.0,28.0,119.5,28.4``; of no text, none."""
    if not text:
        return None
    try:
        edges = [float(part) for part in text.split(",")]
    except ValueError:
        raise BoxDoesNotFit(text) from None
    if len(edges) != N_EDGES:
        raise BoxDoesNotFit(text)
    west, south, east, north = edges
    return west, south, east, north


def _one_of(known: tuple[Word, ...], word: str | None) -> Word:
    for one in known:
        if word in (one, None, ""):
            return one
    raise Http404


def _code(text: str) -> str:
    if text and (not text.isdecimal() or len(text) not in names.LEVEL_OF_LENGTH):
        raise Http404
    return text
