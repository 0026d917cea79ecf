"""Findings of an import in the reader's language: the English text of a reason is the key of its translation."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext


def described(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of findings with `message` and `remedy` translated."""
    return {**row, "message": gettext(row["message_en"]), "remedy": gettext(row["remedy_en"])}
