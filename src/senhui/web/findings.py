"""Findings of an import in the reader's language: the English text of a reason is the key of its translation."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as translated


def described(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of findings with `message` and `remedy` translated."""
    return {**row, "message": translated(row["message_en"]), "remedy": translated(row["remedy_en"])}
