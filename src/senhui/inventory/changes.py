"""Comparisons of two releases (变化) as other rooms see them: their tables, read only when whole. Nothing here writes.

A comparison lies in a directory of its own that never changes. Its name says what went into it: the two releases, the
events recorded by then, the numbers. So the same question finds the same answer, and a further event makes another one.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.conf import settings

from senhui.inventory import queries, store
from senhui.inventory.events import events_between

MANIFEST: Final = "change.json"
_FACTS: Final = frozenset(
    ("compared_at", "counts", "events", "files", "method_book", "parameter_edition_hash", "remeasured", "sliver_ha",
     "townships", "townships_left_out")
)  # fmt: skip
"""What every manifest says, besides the two releases."""


class NoSuchChange(LookupError):
    """There is no comparison of this name."""

    def __init__(self, change_id: str) -> None:
        super().__init__(f"There is no comparison {change_id!r}. Compare two releases first.")
        self.change_id = change_id


class ChangeWasAltered(ValueError):
    """A file of the comparison no longer has the bytes that were written."""

    def __init__(self, change_id: str, file_name: str) -> None:
        super().__init__(f"File {file_name} of comparison {change_id} was changed. Compare the releases again.")
        self.change_id = change_id
        self.file_name = file_name


@dataclass(frozen=True)
class ChangeInfo:
    """A comparison: what was compared, how, and what became of the stands."""

    id: str
    before: queries.ReleaseInfo
    after: queries.ReleaseInfo
    manifest: dict[str, Any]

    @property
    def directory(self) -> Path:
        """Directory with its tables and `change.json`."""
        return changes_directory() / self.id

    @property
    def period_yr(self) -> int:
        """Years between the two surveys."""
        return self.after.reference_year - self.before.reference_year

    @property
    def compared_at(self) -> dt.datetime:
        """The instant (UTC)."""
        return dt.datetime.fromisoformat(self.manifest["compared_at"])

    @property
    def is_sample(self) -> bool:
        """Whether the releases are sample data."""
        return self.before.is_sample or self.after.is_sample


def changes_directory() -> Path:
    """Return where comparisons lie."""
    return Path(settings.SENHUI_HOME) / "changes"


def changes() -> list[ChangeInfo]:
    """Return all comparisons that can be read, the newest first."""
    found = [info for info in map(_readable, _names()) if info is not None]
    return sorted(found, key=lambda info: info.compared_at, reverse=True)


def unreadable_ids() -> list[str]:
    """Return the comparisons whose manifest cannot be read, by name."""
    return [name for name in _names() if _readable(name) is None]


def change(change_id: str) -> ChangeInfo:
    """Return one comparison.

    Raises
    ------
    NoSuchChange, ChangeWasAltered
    """
    path = changes_directory() / change_id / MANIFEST
    if not change_id.replace("-", "").replace("_", "").isalnum() or not path.exists():
        raise NoSuchChange(change_id)
    try:
        manifest = json.loads(path.read_text("utf-8"))
        before, after = queries.release(manifest["before"]), queries.release(manifest["after"])
        dt.datetime.fromisoformat(manifest["compared_at"])
        lacks = _FACTS - manifest.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, queries.NoSuchRelease) as problem:
        raise ChangeWasAltered(change_id, MANIFEST) from problem
    if lacks:
        raise ChangeWasAltered(change_id, MANIFEST)
    return ChangeInfo(change_id, before, after, manifest)


def _names() -> list[str]:
    """Return the names of all comparisons; a directory without a manifest is what a kill left, and no comparison."""
    return sorted(path.parent.name for path in changes_directory().glob(f"[!.]*/{MANIFEST}"))


def _readable(change_id: str) -> ChangeInfo | None:
    try:
        return change(change_id)
    except ChangeWasAltered:
        return None


def newest_ids() -> frozenset[str]:
    """Return the newest comparison of each two releases.

    Two comparisons of the same releases differ by the events recorded between them, so that one event can be read off
    from both: who does not see the stands sees these alone. Where a comparison of the two cannot be read,
    it may be the newest, so none of theirs is.
    """
    newest: dict[tuple[str, str], str] = {}
    for info in changes():
        newest.setdefault((info.before.id, info.after.id), info.id)
    pairs_in_doubt = tuple(change_id.rpartition("_")[0] for change_id in unreadable_ids())
    return frozenset(found for found in newest.values() if found.rpartition("_")[0] not in pairs_in_doubt)


def is_overtaken(info: ChangeInfo) -> bool:
    """Return whether events were recorded or taken back since: then the two should be compared again."""
    _, ids = events_between(info.before, info.after)
    return bool(ids != info.manifest["events"])


def movements(change_id: str) -> pl.DataFrame:
    """Return the closing table by township: township, line, n (stands), area_ha, measured_tc, calibrated_tc."""
    return _table(change_id, "movements.parquet")


def land(change_id: str) -> pl.DataFrame:
    """Return the land compared, by township: area_before_ha, area_after_ha, forest_before_ha, forest_after_ha."""
    return _table(change_id, "land.parquet")


def beside(change_id: str) -> pl.DataFrame:
    """Return what events posted beside the stock: township, kind, pool, n (stands), change_tc, emission_tco2e."""
    return _table(change_id, "beside.parquet")


def model_estimate(change_id: str) -> pl.DataFrame:
    """Return next year's growth by growth curves: township, species_group, model, n, area_ha, stock_tc, growth_tc_yr.

    The model is null, and so is the growth, of trees without a curve.
    """
    return _table(change_id, "model_estimate.parquet")


def pieces(change_id: str) -> pl.DataFrame:
    """Return the pieces of land with the cause of their difference; for those who see the sub-compartments alone."""
    return _table(change_id, "pieces.parquet")


def _table(change_id: str, name: str) -> pl.DataFrame:
    """Read a table, and only if its bytes are those that were written."""
    info = change(change_id)
    path = info.directory / name
    if not path.exists():
        raise ChangeWasAltered(change_id, name)
    found = _read(path, info.manifest["files"][name]["sha256"], path.stat().st_mtime_ns)
    if found is None:
        raise ChangeWasAltered(change_id, name)
    return found


@lru_cache(maxsize=32)
def _read(path: Path, expected: str, written_ns: int) -> pl.DataFrame | None:
    """Read a file once; None where its bytes are others."""
    del written_ns  # part of the key: a file that was written anew is read anew
    return pl.read_parquet(path) if store.sha256_of(path) == expected else None
