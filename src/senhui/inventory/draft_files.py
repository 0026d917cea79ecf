"""The directory of a draft: which files it has, and what of a reading goes into which.

| file | rows | written by |
| --- | --- | --- |
| `source_fields.parquet` | all, every column as the file has it | import |
| `outlines.parquet` | all, GeoParquet | import |
| `notes.parquet` | what the first stage of the reading found | import |
| `stands.parquet` | canonical stands of the rows without an error, GeoParquet | import, mapping |
| `findings.parquet` | what the checks found | import, mapping |
| `measured.parquet`, `derivations.json`, … | the numbers | measurement |

A directory that has its name never changes. A mapping or a measurement makes a new one, into which the files that stay
are linked, and the commit of the draft's row says which one counts: a kill leaves the one or the other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

import polars as pl

from senhui.intake import ImportProfile, Interpretation, LayerAsRead
from senhui.inventory import store
from senhui.inventory.models import Draft, Release
from senhui.inventory.row_decisions import Decisions, effective_outlines, effective_source

AS_READ = ("source_fields.parquet", "outlines.parquet", "notes.parquet")
INTERPRETED = ("stands.parquet", "findings.parquet")


def settle(directory: Path) -> str:
    """Give a directory that was filled within `store.unfinished` a name of its own, and return the name."""
    name = str(uuid.uuid4())
    store.finish(directory, store.drafts_directory() / name)
    return name


def leave_to_sweep(name: str) -> None:
    """Let a directory that another one followed lie for a day: somebody may be reading it at this moment."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(store.drafts_directory() / name)


def write_as_read(layer: LayerAsRead, directory: Path) -> None:
    """Write what the first stage of a reading gave."""
    store.write_parquet(layer.source_fields, directory / "source_fields.parquet")
    store.write_geoparquet(layer.outlines, directory / "outlines.parquet")
    store.write_parquet(layer.notes, directory / "notes.parquet")


def write_interpretation(interpretation: Interpretation, directory: Path) -> None:
    """Write what the second stage of a reading gave."""
    store.write_geoparquet(interpretation.stands, directory / "stands.parquet")
    store.write_parquet(interpretation.findings, directory / "findings.parquet")


def as_read(directory: Path, decisions: Decisions, *, profile: ImportProfile, source: dict[str, Any]) -> LayerAsRead:
    """Return a draft as the first stage would give it now: with its corrections, without the rows that are out."""
    notes = pl.read_parquet(directory / "notes.parquet")
    gone = sorted({*decisions.excluded, *decisions.corrected})
    return LayerAsRead(
        source_fields=effective_source(directory, decisions),
        outlines=effective_outlines(directory, decisions),
        notes=notes.filter(~pl.col("row").is_in(gone)),
        profile=profile,
        source=source,
    )


def sweep(*, uploads_in_use: frozenset[str], older_than_s: float = 24 * 3600.0) -> int:
    """Remove what nothing points to, and return how many directories that were.

    These are: drafts and releases that a kill left between files and row, directories that a later mapping or
    measurement followed, files of discarded drafts, and uploads of jobs that never ran. Only what has lain untouched
    for `older_than_s` seconds goes, so that work in progress keeps its files.

    Parameters
    ----------
    uploads_in_use : directories of uploads that a waiting or running job will still read, however old they are.
    """
    drafts = set(Draft.objects.exclude(state="discarded").values_list("directory_name", flat=True))
    known_by_root = {
        store.drafts_directory(): drafts,
        store.releases_directory(): set(Release.objects.values_list("pk", flat=True)),
        store.uploads_directory(): set(uploads_in_use),
    }
    removed = 0
    for root, known in known_by_root.items():
        for directory in root.iterdir() if root.exists() else ():
            if directory.name not in known and _idle_s(directory) > older_than_s:
                shutil.rmtree(directory, ignore_errors=True)
                removed += 1
    return removed


def _idle_s(directory: Path) -> float:
    """Return how long ago something was written here, s; 0 where another sweep was faster."""
    try:
        return time.time() - directory.stat().st_mtime
    except FileNotFoundError:
        return 0.0
