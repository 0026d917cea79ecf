"""The tiles of a draft (草稿): written by the same writer as those of a release, made anew as often as it changes.

A draft's feature id is its row. Which decision the tiles know last stands in their metadata: rows that were decided
since are drawn from their outlines over the tiles, until a job has drawn these anew. A tile is cut down to what its
reader may see of the draft. Cases: `tests/atlas/test_draft_tiles.py`.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.conf import settings
from django.utils import timezone

from senhui.access.rules import Actor
from senhui.atlas.tile_archive import TileArchive
from senhui.atlas.tile_writer import write_outlines
from senhui.inventory import queries
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.refusals import DraftIsClosed
from senhui.jobs.actions.start_job import start_job
from senhui.jobs.queries import arguments_of_unfinished

DRAW: Final = "atlas.draw_draft"
DRAW_TITLE: Final = "Draw the map of draft %(draft)s"
KEYS: Final = {
    "stock": "carbon stock of the last measurement, in whole tC per hectare; 0 where there is none",
    "estimate": "1 where there is one, otherwise 0",
    "corrected": "1 where the row was corrected, otherwise 0",
}
FOLLOW_FROM: Final = 50
"""Rows decided since, from which on the tiles are drawn anew without being asked for."""

_OPEN = ("imported", "measured")


class DraftNotDrawn(LookupError):
    """The draft has no tiles."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(f"There are no map tiles of draft {draft_id}. Draw it from its page.")
        self.draft_id = draft_id


@dataclass(frozen=True)
class Drawn:
    """What the tiles of a draft know.

    Attributes
    ----------
    version : names this writing of the file.
    last_decision : the last decision that is in them.
    is_current : whether they show the present measurement; decisions since are counted apart.
    """

    version: str
    last_decision: int
    is_current: bool


def draw_draft(actor: Actor, draft_id: int, *, on: dt.date, progress: Callable[[float, str], None]) -> None:
    """Write the tiles of a draft as it is now; older ones are shown until they are whole.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNeedsMapping
    """
    _sweep()
    _refuse_closed(queries.draft(actor, draft_id, on=on))
    progress(0.0, "Drawing the map")
    layer = queries.draft_layer(actor, draft_id, on=on)
    stock = layer.rows["stock_tc_ha"]
    columns = {
        "stock": stock.round().fill_null(0),
        "estimate": stock.is_not_null(),
        "corrected": layer.rows["is_changed"],
    }
    write_outlines(
        layer.rows["geometry"],
        _path(draft_id),
        village_codes=layer.rows["place_code"],
        attributes=pl.DataFrame([columns[key].cast(pl.UInt32).alias(key) for key in KEYS]).to_numpy(),
        keys=KEYS,
        about={
            "draft": draft_id,
            "directory": layer.info.directory_name,
            "last_decision": layer.last_decision,
            "is_sample": layer.info.is_sample,
        },
        progress=lambda fraction, note: progress(fraction, "Drawing the map"),
    )


def drawn(info: queries.DraftInfo) -> Drawn | None:
    """Return what the tiles of a draft know, or None where there are none."""
    archive = _archive(info.id)
    if archive is None:
        return None
    facts = archive.metadata
    is_current = info.state != "measured" or facts["directory"] == info.directory_name
    return Drawn(archive.version, facts["last_decision"], is_current)


def draft_tile(actor: Actor, draft_id: int, z: int, x: int, y: int, *, on: dt.date) -> bytes | None:
    """Return a tile, compressed with gzip, with the rows that the actor may see; None where there are none.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNotDrawn
    """
    info = queries.draft(actor, draft_id, on=on)
    _refuse_closed(info)
    archive = _archive(draft_id)
    if archive is None:
        raise DraftNotDrawn(draft_id)
    areas = queries.draft_areas(actor, info, on=on)
    present = archive.places_in(z, x, y)
    if areas is None:
        return archive.whole(z, x, y)
    # A row that names no place, or only a county around the reader's areas, does not say that it lies elsewhere.
    seen = frozenset(
        nth
        for nth in present
        if areas.covers(code := archive.places[nth]) or any(own.startswith(code) for own in areas.codes)
    )
    if seen == present:
        return archive.whole(z, x, y)
    return archive.part(z, x, y, seen) if seen else None


def is_being_drawn(draft_id: int) -> bool:
    """Return whether a job that draws the draft waits or runs."""
    return any(arguments.get("draft_id") == draft_id for arguments in arguments_of_unfinished(DRAW))


def start_drawing(actor: Actor, draft_id: int, *, now: dt.datetime) -> int | None:
    """Queue a job that draws the draft, unless one waits or runs; return its number.

    Raises
    ------
    NoSuchDraft, DraftIsClosed
    """
    _refuse_closed(queries.draft(actor, draft_id, on=timezone.localdate(now)))
    if is_being_drawn(draft_id):
        return None
    facts = {"draft": str(draft_id)}
    return start_job(actor, DRAW, {"draft_id": draft_id}, title=DRAW_TITLE, title_facts=facts, now=now)


def follow(actor: Actor, info: queries.DraftInfo, *, now: dt.datetime) -> int | None:
    """Queue the drawing of a draft of which many rows were decided since its tiles were made; return the job."""
    known = drawn(info) if info.state in _OPEN else None
    if known is None or queries.n_changed_rows(info.id, since=known.last_decision) < FOLLOW_FROM:
        return None
    return start_drawing(actor, info.id, now=now)


def draw_draft_as_job(
    actor: Actor, *, draft_id: int, now: dt.datetime, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Do `draw_draft` and return the draft as a job's result, so that the page of the job leads there."""
    draw_draft(actor, draft_id, on=timezone.localdate(now), progress=progress)
    return {"draft_id": draft_id, "is_drawn": True}


def measure_and_draw_as_job(
    actor: Actor, *, draft_id: int, now: dt.datetime, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Measure a draft, then queue the drawing of its map: a map that fails takes no measurement with it."""
    info = measure_draft(actor, draft_id=draft_id, now=now, progress=progress)
    start_drawing(actor, info.id, now=now)
    return {"draft_id": info.id}


def _refuse_closed(info: queries.DraftInfo) -> None:
    if info.state not in (*_OPEN, "unmapped"):
        raise DraftIsClosed(info.id, info.state)


def _directory() -> Path:
    return Path(settings.SENHUI_HOME) / "atlas" / "drafts"


def _path(draft_id: int) -> Path:
    return _directory() / str(draft_id) / "tiles.pmtiles"


def _archive(draft_id: int) -> TileArchive | None:
    try:
        written = _path(draft_id).stat()
    except FileNotFoundError:
        return None
    return _open(_path(draft_id), f"{written.st_mtime_ns}-{written.st_size}")


@lru_cache(maxsize=8)
def _open(path: Path, version: str) -> TileArchive:
    return TileArchive(path, version=version)


def _sweep() -> None:
    """Remove the tiles of drafts that were released or discarded."""
    directories = [path for path in _directory().glob("*") if path.name.isdecimal()]
    known = queries.open_drafts({int(path.name) for path in directories})
    for path in directories:
        if int(path.name) not in known:
            shutil.rmtree(path, ignore_errors=True)
