"""The values that a draft or a release keeps of what the installation declared (本地声明)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from senhui.web.declaration_words import kept_rows

register = template.Library()


@register.inclusion_tag("senhui/declarations/kept.html")
def declared_values(measurement: Mapping[str, Any] | None) -> dict[str, Any]:
    """List what a measurement rests on that this installation declared; nothing where it rests on nothing declared."""
    return {"declared": kept_rows(measurement)}
