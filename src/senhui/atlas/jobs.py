"""The long actions of the map: tiles and statistics of a release, made together; the export of sub-compartments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.utils import timezone

from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.atlas import exports, tiles
from senhui.atlas.boundaries_uploaded import polygon
from senhui.atlas.cube import build_cube
from senhui.atlas.disclosure import build_withheld
from senhui.atlas.exports.columns import Language
from senhui.atlas.exports.layer_files import Form
from senhui.atlas.place_errors import build_place_errors
from senhui.atlas.selection import parse
from senhui.atlas.stand_table import build_stand_table
from senhui.inventory import queries
from senhui.inventory.actions.release_draft import release_draft
from senhui.jobs.progress import JobCancelled


class MapNotMade(Exception):
    """A release was made, but its map was not; the cause is the exception's own.

    Parameters
    ----------
    release_id : the release, which stands.
    """

    def __init__(self, release_id: str) -> None:
        super().__init__(
            f"Release {release_id} was made and stands, but its map was not. Make it with: senhui tiles {release_id}"
        )
        self.release_id = release_id


def build_map(release_id: str, *, progress: Callable[[float, str], None]) -> None:
    """Make the tiles and the statistics of a release; run again, it makes the same.

    Parameters
    ----------
    release_id : release
    progress : called with the fraction done (0–1) and a note.
    """
    progress(0.0, "Statistics")
    build_cube(release_id)
    build_withheld(release_id)
    build_place_errors(release_id)
    build_stand_table(release_id)
    # One note for the whole stage: the writer's own counts tiles, and a page can translate no number in a note.
    tiles.build(release_id, progress=lambda fraction, note: progress(0.1 + 0.9 * fraction, "Drawing the map"))


def release_and_map(
    actor: Actor,
    *,
    draft_id: int,
    label: str,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> str:
    """Release a draft and make its map at once; return the release's id.

    The release is committed before its map begins: a map that failed or was cancelled is drawn by another job.

    Raises
    ------
    MapNotMade
        After the release; what `release_draft` raises comes before it.
    """
    info = release_draft(
        actor,
        draft_id=draft_id,
        label=label,
        now=now,
        progress=lambda fraction, note: progress(0.3 * fraction, note),
    )
    try:
        build_map(info.id, progress=lambda fraction, note: progress(0.3 + 0.7 * fraction, note))
    except (Exception, JobCancelled) as problem:
        # Also when it was cancelled by now: the release stands, and whoever cancelled must be told so.
        raise MapNotMade(info.id) from problem
    return info.id


def release_and_map_as_job(
    actor: Actor, *, draft_id: int, label: str, now: dt.datetime, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Do `release_and_map` and return its release as a job's result, so that the page of the job leads there."""
    return {"release_id": release_and_map(actor, draft_id=draft_id, label=label, now=now, progress=progress)}


def draw_map_as_job(
    actor: Actor, *, release_id: str, now: dt.datetime, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Make the map of a release that has none, or make it anew; return the release as a job's result.

    Raises
    ------
    NoSuchRelease, PermissionRefused
        The actor must hold `release_layer` over all land of the release.
    """
    info = queries.release(release_id)
    for code in info.township_codes:
        require(actor, "release_layer", area=code, on=timezone.localdate(now))
    build_map(release_id, progress=progress)
    return {"release_id": release_id}


def export_sub_compartments(
    actor: Actor,
    *,
    release_id: str,
    form: Form,
    language: Language = "zh",
    query: Sequence[tuple[str, str]] = (),
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> dict[str, Any]:
    """Write the sub-compartments within a person's areas as a file; return where it lies and which land it holds.

    `query` is a selection as an address says it (`selection.parse`); empty for the whole release.
    """
    on = timezone.localdate(now)
    pairs = [(name, text) for name, text in query]
    chosen = parse(pairs, release_id=release_id, boundary=lambda number: polygon(number, actor, on=on))
    written = exports.sub_compartments(actor, chosen, form=form, language=language, now=now, progress=progress)
    place = f"{written.path.parent.name}/{written.path.name}"
    return {"export": {"place": place, "areas": sorted(written.areas), "n_rows": written.n_rows}}
