"""Words and looks of what lies over the map: a colour, a hatch and a line for each kind, never a colour alone.

The colours are dark and stand on any colour of a layer within a white edge; the hatch tells kinds apart without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senhui.inventory.overlays import OverlayInfo
from senhui.web import names

Hatch = Literal["slanting", "level", "back", "dots", "crossed", "upright"]


@dataclass(frozen=True)
class Look:
    """How a kind is drawn; `dash` are lengths of line and gap in widths of the line."""

    colour: str
    hatch: Hatch
    dash: tuple[float, ...]


KIND_WORDS: Final[dict[str, Promise]] = {
    "national_park": _("National park"),
    "beautiful_city": _("Beautiful cities"),
    "beautiful_town": _("Beautiful towns"),
    "beautiful_village": _("Beautiful villages"),
    "nature_reserve": _("Nature reserves"),
    "other": _("Other boundaries"),
}

VISIBILITY_WORDS: Final[dict[str, Promise]] = {
    "public": _("everybody"),
    "role": _("people with a role in the county"),
}

LOOKS: Final[dict[str, Look]] = {
    "national_park": Look("#5b2a86", "slanting", (1.0, 0.0)),
    "beautiful_city": Look("#8a3b00", "level", (4.0, 1.5)),
    "beautiful_town": Look("#003f8a", "back", (2.0, 1.5)),
    "beautiful_village": Look("#7a0045", "dots", (0.6, 1.4)),
    "nature_reserve": Look("#1c3d1c", "crossed", (6.0, 1.5, 1.0, 1.5)),
    "other": Look("#3a3a3a", "upright", (1.0, 1.0)),
}


class _Named(Protocol):
    @property
    def name_zh(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def name_of(named: _Named) -> str:
    """Return the name of an overlay or of one of its outlines in the reader's language, else the Chinese one."""
    return (named.name_en or named.name_zh) if names.language() == "en" else named.name_zh


def as_json(info: OverlayInfo) -> dict[str, Any]:
    """Return an overlay as the API gives it."""
    return {
        "id": info.id,
        "kind": info.kind,
        "name_zh": info.name_zh,
        "name_en": info.name_en,
        "source": info.source,
        "year": info.year,
        "licence_note": info.licence_note,
        "visibility": info.visibility,
        "is_sample": info.is_sample,
        "colour": LOOKS[info.kind].colour,
        "area_ha": info.area_ha,
    }
