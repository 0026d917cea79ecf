"""The room's long actions as jobs: arguments and results are plain JSON."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from senhui.access.rules import Actor
from senhui.intake import ImportProfile
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.map_draft import map_draft
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.store import uploads_directory


def import_uploaded_layer(
    actor: Actor,
    *,
    path: str,
    original_name: str,
    reference_year: int,
    now: dt.datetime,
    progress: Callable[[float, str], None],
    profile: dict[str, Any] | None = None,
    licence_note: str = "",
) -> dict[str, Any]:
    """Import an uploaded file and remove it, whatever comes of it; return the draft's number.

    Parameters
    ----------
    path : the file below `uploads_directory()`, alone in a directory of its own.
    profile : fields of `senhui.intake.ImportProfile` that the owner stated.
    licence_note : whose the data are and under which terms.
    """
    file = Path(path)
    assert uploads_directory() in file.parents, "only an uploaded file is imported and removed by this job"
    try:
        info = import_layer(
            actor,
            path=file,
            original_name=original_name,
            reference_year=reference_year,
            profile=ImportProfile.from_json(profile) if profile else None,
            licence_note=licence_note,
            now=now,
            progress=progress,
        )
    finally:
        shutil.rmtree(file.parent, ignore_errors=True)
    return {"draft_id": info.id}


def measure(actor: Actor, *, draft_id: int, now: dt.datetime, progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Measure a draft; return its number."""
    return {"draft_id": measure_draft(actor, draft_id=draft_id, now=now, progress=progress).id}


def remap(
    actor: Actor,
    *,
    draft_id: int,
    profile: dict[str, Any],
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> dict[str, Any]:
    """Read a draft's columns in another way; return its number."""
    mapping = ImportProfile.from_json(profile)
    return {"draft_id": map_draft(actor, draft_id=draft_id, profile=mapping, now=now, progress=progress).id}
