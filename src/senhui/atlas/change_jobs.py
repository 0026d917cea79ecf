"""The long actions of a comparison: comparing two releases and drawing what came of it; drawing it anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.atlas import difference_tiles, tiles
from senhui.inventory import changes
from senhui.inventory.actions.compare_releases import compare_releases
from senhui.jobs.progress import JobCancelled

Progress = Callable[[float, str], None]


class ChangeMapNotMade(Exception):
    """Two releases were compared, but the map of their difference was not drawn; the cause is the exception's own.

    Parameters
    ----------
    change_id : the comparison, which stands.
    """

    def __init__(self, change_id: str) -> None:
        super().__init__(
            f"Comparison {change_id} was made and stands, but its map was not. "
            f"Make it with: senhui tiles --change {change_id}"
        )
        self.change_id = change_id


def compare_and_map(
    actor: Actor, *, before_id: str, after_id: str, now: dt.datetime, progress: Progress
) -> changes.ChangeInfo:
    """Compare two releases and draw their difference, unless it is drawn already.

    The comparison is kept before its map begins: a map that failed or was cancelled is drawn by another job.

    Raises
    ------
    ChangeMapNotMade
        After the comparison; what `compare_releases` raises comes before it.
    """
    info = compare_releases(
        actor,
        before_id=before_id,
        after_id=after_id,
        now=now,
        progress=lambda fraction, note: progress(0.6 * fraction, note),
    )
    if not difference_tiles.has_tiles(info.id):
        try:
            draw(info.id, progress=lambda fraction, note: progress(0.6 + 0.4 * fraction, note))
        except (Exception, JobCancelled) as problem:
            # Also when it was cancelled by now: the comparison stands, and whoever cancelled must be told so.
            raise ChangeMapNotMade(info.id) from problem
    return info


def draw(change_id: str, *, progress: Progress) -> None:
    """Make the tiles of a comparison; run again, it makes the same."""
    # One note for the whole stage: the writer's own counts tiles, and a page can translate no number in a note.
    difference_tiles.build(change_id, progress=lambda fraction, note: progress(fraction, "Drawing the map"))


def compare_and_map_as_job(
    actor: Actor, *, before_id: str, after_id: str, now: dt.datetime, progress: Progress
) -> dict[str, Any]:
    """Do `compare_and_map` as a job; its result leads to the comparison."""
    info = compare_and_map(actor, before_id=before_id, after_id=after_id, now=now, progress=progress)
    return {"change_id": info.id}


def draw_change_as_job(actor: Actor, *, change_id: str, now: dt.datetime, progress: Progress) -> dict[str, Any]:
    """Draw a comparison that has no map, or draw it anew; the result leads to the comparison.

    Raises
    ------
    NoSuchChange, ChangeWasAltered
    PermissionRefused
        Who sees sub-compartments anywhere may have it drawn, as he may compare; of its tiles he sees his own land.
    """
    require(actor, tiles.PERMISSION, on=timezone.localdate(now))
    draw(changes.change(change_id).id, progress=progress)
    return {"change_id": change_id}
