"""Freeze a measured draft as a release; a second person does it.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `release_layer` over all of its land
   (`PermissionRefused`).
2. The draft must not be released already (`AlreadyReleased`) or discarded (`DraftIsClosed`), and must be measured
   (`DraftIsNotMeasured`).
3. It must have no open error (`DraftHasErrors`).
4. The actor must be nobody who imported it, measured it or decided anything of its rows (`SecondPersonNeeded`).
5. The stands on disk must still have the value hash that was measured (`DraftWasChanged`).
6. Files and manifest are written to a hidden directory; then, holding the draft's row, 2 to 4 are asked again and the
   draft must be the one that was read (`DraftChangedMeanwhile`); the release's row, the draft's state and the audit
   entry are written, the directory gets its name, and all of it is committed. Of two people at the same instant the
   second finds the draft released.

A directory that a kill leaves between its name and the commit has no row: no query gives it, the next try replaces it.
Cases: `tests/inventory/test_release_draft.py`; kills: `tests/races/test_kills.py`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import platform
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.utils import timezone

import senhui
from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.inventory import queries, store
from senhui.inventory.error_sums import copy_error_sums
from senhui.inventory.models import Draft, Release, RowDecision
from senhui.inventory.refusals import DraftChangedMeanwhile, DraftHasErrors, DraftIsClosed


class DraftIsNotMeasured(ValueError):
    """Only a measured draft becomes a release."""

    def __init__(self, draft_id: int, state: str) -> None:
        super().__init__(f"Draft {draft_id} is {state}, not measured. Measure it first.")
        self.draft_id = draft_id
        self.state = state


class AlreadyReleased(ValueError):
    """The draft is a release already."""

    def __init__(self, draft_id: int, release_id: str) -> None:
        super().__init__(
            f"Draft {draft_id} was released already, as {release_id}. There is nothing more to do; open that release."
        )
        self.draft_id = draft_id
        self.release_id = release_id


class SecondPersonNeeded(PermissionError):
    """Who imported or measured a draft, or decided something of its rows, may not release it."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(
            f"You imported, corrected or measured draft {draft_id}; a second person with the right to release must "
            "release it."
        )
        self.draft_id = draft_id


class DraftWasChanged(ValueError):
    """The draft's file no longer holds the values that were measured."""

    def __init__(self, draft_id: int, expected: str, found: str) -> None:
        super().__init__(
            f"The file of draft {draft_id} has value hash {found[:12]}…, measured was {expected[:12]}…. "
            "Measure it again."
        )
        self.draft_id = draft_id
        self.expected = expected
        self.found = found


def release_draft(
    actor: Actor,
    *,
    draft_id: int,
    label: str,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> queries.ReleaseInfo:
    """Release a measured draft; see the module's numbered steps for what is refused, in order."""
    on = timezone.localdate(now)
    info = queries.draft(actor, draft_id, on=on)
    for code in info.township_codes:
        require(actor, "release_layer", area=code, on=on)
    require(actor, "release_layer", on=on)
    refuse_releasing(info, actor)
    assert info.measurement is not None, "a measured draft carries its measurement"
    progress(0.1, "Checking the measured values")
    frame = pl.read_parquet(info.directory / "measured.parquet")
    found = store.value_hash(frame)
    if found != info.measurement["value_hash"]:
        raise DraftWasChanged(draft_id, info.measurement["value_hash"], found)
    release_id = f"{info.reference_year}-{info.id}"
    manifest = _manifest(info, frame, release_id=release_id, label=label, released_by=str(actor), now=now)
    progress(0.4, "Writing the release")
    with store.unfinished(store.releases_directory()) as directory:
        shutil.copyfile(info.directory / "measured.parquet", directory / "sub_compartments.parquet")
        shutil.copyfile(info.directory / "derivations.json", directory / "derivations.json")
        copy_error_sums(info.directory, directory)
        manifest["files"] = {
            path.name: {"sha256": store.sha256_of(path), "bytes": path.stat().st_size}
            for path in sorted(directory.iterdir())
        }
        store.write_json(manifest, directory / "manifest.json")
        with transaction.atomic():
            row = Draft.objects.select_for_update().get(pk=draft_id)
            refuse_releasing(queries.draft(actor, draft_id, on=on), actor)
            if row.directory_name != info.directory.name:
                raise DraftChangedMeanwhile(draft_id)
            assert row.measured_by_id is not None, "the database lets no draft be measured by nobody"
            Release.objects.create(
                id=release_id,
                label=label,
                reference_year=info.reference_year,
                is_sample=info.is_sample,
                draft=row,
                imported_by_id=row.imported_by_id,
                measured_by_id=row.measured_by_id,
                released_by_id=actor.pk,
                released_at=now,
                manifest=manifest,
                value_hash=found,
            )
            row.state = "released"
            row.save()
            record_audit(
                actor,
                "inventory.release_draft",
                subject=f"release {release_id}",
                detail={"draft": draft_id, "value_hash": found},
                now=now,
            )
            target = store.releases_directory() / release_id
            # Without a row, a directory of this name is what a kill between the next line and the commit left.
            shutil.rmtree(target, ignore_errors=True)
            store.finish(directory, target)
    progress(1.0, "Released")
    return queries.release(release_id)


def refuse_releasing(info: queries.DraftInfo, actor: Actor) -> None:
    """Refuse a draft that is not ready, or an actor who prepared it.

    Raises
    ------
    AlreadyReleased, DraftIsClosed, DraftIsNotMeasured, DraftHasErrors, SecondPersonNeeded
        In this order of precedence.
    """
    if info.release_id is not None:
        raise AlreadyReleased(info.id, info.release_id)
    if info.state == "discarded":
        raise DraftIsClosed(info.id, info.state)
    if info.state != "measured":
        raise DraftIsNotMeasured(info.id, info.state)
    if info.n_open_errors:
        raise DraftHasErrors(info.id, info.n_open_errors)
    deciders = RowDecision.objects.filter(draft_id=info.id, decided_by_id=actor.pk)
    if actor.pk in {info.imported_by_id, info.measured_by_id} or deciders.exists():
        raise SecondPersonNeeded(info.id)


def _manifest(
    info: queries.DraftInfo,
    frame: pl.DataFrame,
    *,
    release_id: str,
    label: str,
    released_by: str,
    now: dt.datetime,
) -> dict[str, Any]:
    assert info.measurement is not None
    return {
        "release": release_id,
        "label": label,
        "reference_year": info.reference_year,
        "is_sample": info.is_sample,
        "source": {**info.source, "original_name": info.original_name},
        "profile": info.profile,
        "measurement": info.measurement,
        "licence_note": info.licence_note,
        "excluded": excluded_rows(info.id),
        "n_corrected": sum(1 for one in _standing(info.id) if one.kind == "corrected"),
        "value_hash": info.measurement["value_hash"],
        "n_sub_compartments": frame.height,
        "crs": "EPSG:4490",
        "columns": {name: str(dtype) for name, dtype in frame.schema.items()},
        "imported_by": info.imported_by,
        "imported_at": info.imported_at.isoformat(),
        "measured_by": info.measured_by,
        "measured_at": info.measured_at.isoformat() if info.measured_at else None,
        "released_by": released_by,
        "released_at": now.isoformat(),
        "code": code_version(),
    }


def excluded_rows(draft_id: int) -> dict[str, Any]:
    """Return what of a draft is left out: rows, their area as far as it is known (ha), and each with its reason."""
    rows = [one for one in _standing(draft_id) if one.kind == "excluded"]
    return {
        "n_rows": len(rows),
        "n_rows_without_area": sum(one.area_ha is None for one in rows),
        "area_ha": math.fsum(one.area_ha or 0.0 for one in rows),
        "rows": [
            {
                "row": one.row,
                "sub_compartment_id": one.sub_compartment_id,
                "area_ha": one.area_ha,
                "reason": one.reason,
                "decided_by": str(one.decided_by),
                "decided_at": one.decided_at.isoformat(),
            }
            for one in rows
        ],
    }


def _standing(draft_id: int) -> list[RowDecision]:
    """Return the decision that counts of each row that has one, in the order of the file."""
    lines = RowDecision.objects.filter(draft_id=draft_id).select_related("decided_by").order_by("id")
    return sorted({one.row: one for one in lines}.values(), key=lambda one: one.row)


def code_version() -> dict[str, str]:
    """Return what the values were calculated with: the science rooms by hash, the libraries by version."""
    root = Path(senhui.__file__).parent
    digests = [
        f"{path.relative_to(root)} {store.sha256_of(path)}"
        for room in ("quantities", "parameters", "measurement")
        for path in sorted((root / room).rglob("*"))
        if path.is_file() and path.suffix in {".py", ".csv", ".yaml"}
    ]
    return {
        "senhui": senhui.__version__,
        "science_sha256": hashlib.sha256("\n".join(digests).encode()).hexdigest(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in ("polars", "numpy", "pyarrow", "shapely", "pyproj", "pyogrio")},
    }
