"""The long actions of the map: tiles and statistics of a release, made together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from senhui.access.rules import Actor
from senhui.atlas import statistics, tiles
from senhui.inventory.actions.release_draft import release_draft


def build_map(release_id: str, *, progress: Callable[[float, str], None]) -> None:
    """Make the tiles and the statistics of a release; run again, it makes the same.

    Parameters
    ----------
    release_id : release
    progress : called with the fraction done (0–1) and a note.
    """
    progress(0.0, "Statistics")
    statistics.build_cube(release_id)
    tiles.build(release_id, progress=lambda fraction, note: progress(0.1 + 0.9 * fraction, note))


def release_and_map(
    actor: Actor,
    *,
    draft_id: int,
    label: str,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> str:
    """Release a draft and make its map at once; return the release's id.

    The release is committed before its map begins: a failed map is made again with `senhui tiles`.
    """
    info = release_draft(
        actor,
        draft_id=draft_id,
        label=label,
        now=now,
        progress=lambda fraction, note: progress(0.3 * fraction, note),
    )
    build_map(info.id, progress=lambda fraction, note: progress(0.3 + 0.7 * fraction, note))
    return info.id
