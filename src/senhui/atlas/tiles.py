"""The map tiles of a release or a comparison: made once by a job, then shown to each user as far as his areas reach.

``tile_writer`` knows how they are written, ``tile_archive`` how they are read; here they get their place, the
permission is applied, and what a limited user sees is kept for the next request. Tiles go by a name: the id of their
release, or ``change-`` and the id of their comparison (``difference_tiles`` makes those).
The cases are in ``tests/atlas/test_tiles.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from senhui import parameters
from senhui.access.rules import AreaSet, PermissionRefused
from senhui.atlas.tile_archive import TileArchive
from senhui.atlas.tile_writer import DISTURBANCES, PROTECTIONS, Progress, TileReport, write_tiles
from senhui.atlas.uncertainty import stand_errors_of
from senhui.inventory import events, queries
from senhui.measurement.choice import method_rules

PERMISSION = "view_sub_compartments"
OF_CHANGE = "change-"
"""Begins the name of the tiles of a comparison."""


class TilesMissing(LookupError):
    """No tiles have been made of this release, or there is no such release."""

    def __init__(self, release_id: str) -> None:
        super().__init__(f"There are no map tiles of release {release_id!r}. Make them with: senhui tiles {release_id}")
        self.release_id = release_id


class ChangeTilesMissing(LookupError):
    """No tiles have been made of this comparison, or there is no such comparison."""

    def __init__(self, change_id: str) -> None:
        super().__init__(
            f"There are no map tiles of comparison {change_id!r}. Make them with: senhui tiles --change {change_id}"
        )
        self.change_id = change_id


def build(release_id: str, *, progress: Progress) -> TileReport:
    """Write the tiles of a release; run again, it writes the same.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    UnknownCode
        The release holds a land class or species group of which the tables know nothing.
    """
    release = queries.release(release_id)
    methods = list(method_rules().methods)
    return write_tiles(
        _stands(release_id, methods=methods),
        path_of(release_id),
        land_classes=parameters.table("land_classes").frame["id"].to_list(),
        species_groups=parameters.table("species_groups").frame["id"].to_list(),
        methods=methods,
        about={
            "release": release.id,
            "label": release.label,
            "reference_year": release.reference_year,
            "value_hash": release.value_hash,
            "is_sample": release.is_sample,
            "attribution": f"{release.label}{' · 示例数据 Sample data' if release.is_sample else ''}",
        },
        progress=progress,
    )


def _stands(release_id: str, *, methods: Sequence[str]) -> pl.LazyFrame:
    """Return the stands with what the map shows beside their own columns: error and disturbance.

    A release of an older version may lack the forest category or bear a method that is no more, and a survey may have
    codes of its own: what the map has no word for is shown as not recorded, and stands in the panel as it is.
    """
    stands = queries.scan(release_id)
    present = stands.collect_schema().names()
    if "forest_category" not in present:
        stands = stands.with_columns(pl.lit(None, dtype=pl.String).alias("forest_category"))
    disturbances = events.disturbances(release_id)
    known = {"method": methods, "forest_category": PROTECTIONS, "disturbance": DISTURBANCES}
    return (
        stands.with_columns(disturbances.alias("disturbance"))
        .with_columns(pl.when(pl.col(name).is_in(list(codes))).then(name) for name, codes in known.items())
        .join(
            stand_errors_of(release_id).lazy(), on=["township_code", "derivation_id"], how="left", maintain_order="left"
        )
    )


def metadata(name: str) -> dict[str, Any]:
    """Return what the tiles' numbers mean: layers and fields, villages, land classes, species groups, release."""
    return _archive(name).metadata


def tile(name: str, z: int, x: int, y: int, areas: AreaSet) -> bytes | None:
    """Return a tile, compressed with gzip, with the stands in these areas only; None where there are none.

    A tile of which the user may see everything is given out as stored.

    Raises
    ------
    PermissionRefused
        There are no areas at all.
    TilesMissing, ChangeTilesMissing
        There are no tiles of this name.
    """
    if areas.is_empty:
        raise PermissionRefused(PERMISSION)
    archive = _archive(name)
    permitted = _permitted(archive, areas)
    present = archive.places_in(z, x, y)
    if present <= permitted:
        return archive.whole(z, x, y)
    visible = present & permitted
    return _part(archive, z, x, y, visible) if visible else None


def etag(name: str, z: int, x: int, y: int, areas: AreaSet) -> str:
    """Return a weak entity tag that changes whenever `tile` would return another tile; it reads no tile."""
    archive = _archive(name)
    visible = archive.places_in(z, x, y) & _permitted(archive, areas)
    scope = f"{name}/{z}/{x}/{y}/{sorted(visible)}/{archive.version}"
    return f'W/"{blake2b(scope.encode(), digest_size=12).hexdigest()}"'


def attributes(name: str) -> frozenset[str]:
    """Return which attributes tiles carry: those made by an older version lack the newer ones."""
    if not has_map(name):
        return frozenset()
    (layer,) = _archive(name).metadata["vector_layers"]
    return frozenset(layer["fields"])


def has_map(name: str) -> bool:
    """Return whether tiles of this name have been made; places can be coloured without them."""
    return path_of(name).exists()


def path_of(name: str) -> Path:
    """Return where the tiles of this name lie, or would."""
    directory = Path(settings.SENHUI_HOME) / "atlas"
    if name.startswith(OF_CHANGE):
        directory /= "changes"
    return directory / name.removeprefix(OF_CHANGE) / "tiles.pmtiles"


def _missing(name: str) -> TilesMissing | ChangeTilesMissing:
    return ChangeTilesMissing(name.removeprefix(OF_CHANGE)) if name.startswith(OF_CHANGE) else TilesMissing(name)


def _archive(name: str) -> TileArchive:
    # The name comes from a web address: nothing but the name of a directory may become part of a path.
    if not name.replace("-", "").replace("_", "").isalnum():
        raise _missing(name)
    path = path_of(name)
    try:
        written = path.stat()
    except FileNotFoundError:
        raise _missing(name) from None
    return _open(path, f"{written.st_mtime_ns}-{written.st_size}")


@lru_cache(maxsize=8)
def _open(path: Path, version: str) -> TileArchive:
    return TileArchive(path, version=version)


@lru_cache(maxsize=256)
def _permitted(archive: TileArchive, areas: AreaSet) -> frozenset[int]:
    return frozenset(nth for nth, code in enumerate(archive.places) if areas.covers(code))


@lru_cache(maxsize=256)
def _part(archive: TileArchive, z: int, x: int, y: int, places: frozenset[int]) -> bytes | None:
    return archive.part(z, x, y, places)
