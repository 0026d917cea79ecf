"""Uploads of imports that stopped: kept for their owner, so that an answer needs no second upload.

The files stay where they were uploaded until the import is done, for a day at most (`inventory.draft_files.sweep`),
and of each person only the last few. A second import takes them by renaming their directory: of two requests at the
same moment one gets them. Cases: tests/web/test_kept_uploads.py.
"""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from senhui.access.rules import Actor
from senhui.intake.profile import ImportProfile
from senhui.inventory.store import uploads_directory
from senhui.jobs import queries
from senhui.web.import_forms import ROTATIONS, SHIFTS
from senhui.web.uploads import UploadIsGone

IMPORT: Final = "inventory.import_layer"
MOST_KEPT: Final = 3
"""Uploads of one person that are kept at the same time."""


@dataclass(frozen=True)
class KeptUpload:
    """The files of an import that stopped, and what was stated of them."""

    job_id: int
    path: Path
    original_name: str
    reference_year: int
    profile: dict[str, Any]

    @property
    def n_bytes(self) -> int:
        """Size of all its files, bytes."""
        return sum(one.stat().st_size for one in self.path.parent.iterdir())

    def take(self) -> Path:
        """Move the files to a directory of their own for another import, and return the path of the layer.

        Raises
        ------
        UploadIsGone
            They were swept, or another import took them.
        """
        directory = uploads_directory() / str(uuid.uuid4())
        try:
            self.path.parent.rename(directory)
        except FileNotFoundError:
            raise UploadIsGone from None
        return directory / self.path.name


def of_job(job: queries.JobInfo, reader: Actor) -> KeptUpload | None:
    """Return the files that an import left, or None: it got done, they are gone, or they are somebody else's."""
    if job.kind != IMPORT or job.state != "failed" or job.started_by_id != reader.pk:
        return None
    path = Path(job.arguments["path"])
    if uploads_directory() not in path.parents or not path.exists():
        return None
    return KeptUpload(
        job.id,
        path,
        job.arguments["original_name"],
        job.arguments["reference_year"],
        job.arguments.get("profile") or {},
    )


def asked_for(text: str, reader: Actor, *, now: dt.datetime) -> KeptUpload | None:
    """Return the kept files that an address or a form names by the number of their job.

    Raises
    ------
    JobUnknown, PermissionRefused
    """
    if not text.isdecimal() or len(text) > 9:
        return None
    return of_job(queries.job(reader, int(text), now=now), reader)


def make_room(owner: Actor, *, now: dt.datetime) -> None:
    """Remove the oldest kept uploads of a person, so that one more stays within the number that is kept."""
    kept = [upload for job in queries.jobs_of(owner, now=now) if (upload := of_job(job, owner)) is not None]
    for upload in kept[MOST_KEPT - 1 :]:
        shutil.rmtree(upload.path.parent, ignore_errors=True)


def stated(profile: dict[str, Any]) -> dict[str, Any]:
    """Return what a profile states as the fields of the import form show it."""
    names = ("crs", "encoding", "layer", "licence_note", "species_code_system", "land_class_generation", "area_unit")
    given: dict[str, Any] = {name: profile.get(name) or "" for name in names}
    if table := profile.get("attribute_table"):
        given |= {name: ", ".join(table[name]) for name in ("layer_keys", "table_keys")}
        given["sheet"] = table.get("sheet") or ""
    datum = profile.get("datum") or {}
    if datum.get("kind") == "control_points":
        lines = [",".join(f"{number:.12g}" for number in point) for point in datum["points"]]
        given |= {
            "datum_kind": "control_points",
            "control_points": "\n".join(lines),
            "points_system": datum["system"],
        }
    elif datum:
        numbers = {name: datum.get(name, 0.0) for name in (*SHIFTS, *ROTATIONS)}
        given |= {"datum_kind": "parameters", **numbers}
        given |= {name: datum[name] for name in ("convention", "direction")}
    return given | {"datum_source": datum.get("source", "")}


def not_shown(profile: dict[str, Any]) -> dict[str, Any]:
    """Return what a profile states that the import form does not show: columns, codes, constants."""
    kept = ("field_names", "code_map", "constants", "canopy_unit", "expected_bounds")
    assert set(kept) <= set(ImportProfile.__dataclass_fields__), "only what a profile has"
    return {name: profile[name] for name in kept if profile.get(name)}
