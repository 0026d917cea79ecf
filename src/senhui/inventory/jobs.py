"""The room's long actions as jobs: arguments and results are plain JSON."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from senhui.access.rules import Actor, PermissionRefused
from senhui.intake import ImportProfile
from senhui.inventory.actions.import_layer import import_layer, sweep_orphans
from senhui.inventory.actions.map_draft import map_draft
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.store import uploads_directory
from senhui.jobs.progress import JobCancelled


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
    """Import an uploaded file and remove it; return the draft's number.

    A file that could not be read as it was stated (no coordinate system, an unknown datum) is kept for the person who
    brought it, until the sweep takes what has lain for a day: the answer does not need another upload. A file that the
    person may not import, or an import that he cancelled, leaves nothing.

    Parameters
    ----------
    path : the file below `uploads_directory()`, alone in a directory of its own.
    profile : fields of `senhui.intake.ImportProfile` that the owner stated.
    licence_note : whose the data are and under which terms.
    """
    file = Path(path)
    assert uploads_directory() in file.parents, "only an uploaded file is imported and removed by this job"
    sweep_orphans()
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
    except (PermissionRefused, LayerOutsideYourAreas, JobCancelled):
        shutil.rmtree(file.parent, ignore_errors=True)
        raise
    except Exception:
        with contextlib.suppress(FileNotFoundError):
            os.utime(file.parent)  # the day begins now
        raise
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
