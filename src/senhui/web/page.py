"""What every page carries: navigation, language, who is signed in, and the sample-data label."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from senhui.access.queries import areas_for
from senhui.access.rules import AreaSet
from senhui.inventory import queries


@dataclass(frozen=True)
class Door:
    """An entry of the navigation; `public` says whether a visitor without an account sees it."""

    name: str
    label: Promise
    public: bool = True

    @property
    def url(self) -> str:
        """Address of the page."""
        return reverse(self.name)


MOST_DIGITS_OF_A_ROW = 18

DOORS = (
    Door("map", _("Map")),
    Door("statistics", _("Statistics")),
    Door("changes", _("Change")),
    Door("releases", _("Releases")),
    Door("targets", _("Targets")),
    Door("minute", _("One minute")),
    Door("parameters", _("Parameters")),
    Door("imports", _("Imports"), public=False),
    Door("about", _("About")),
)


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a template with what every page carries."""
    signed_in = request.user.is_authenticated
    match = request.resolver_match
    return render(
        request,
        f"senhui/{template}",
        {
            "doors": [door for door in DOORS if door.public or signed_in],
            "here": (match.url_name or "").split("-")[0] if match else "",
            "is_sample": any(release.is_sample for release in queries.releases()),
            "other_language": "en" if (get_language() or "").startswith("zh") else "zh-hans",
            **(context or {}),
        },
        status=status,
    )


def row_asked(request: HttpRequest) -> int | None:
    """Return the position of a sub-compartment that the address names as `row`, or None where it names none."""
    text = request.GET.get("row", "")
    if not text.isdecimal():
        return None
    if len(text) > MOST_DIGITS_OF_A_ROW:
        raise Http404
    return int(text)


def seen_areas(request: HttpRequest) -> AreaSet:
    """Return the land whose sub-compartments the reader sees."""
    return areas_for(request.user, "view_sub_compartments", on=today())


def today() -> dt.date:
    """Return the day on which a grant must hold for this request."""
    return timezone.localdate()
