"""Files of drafts and releases: GeoParquet in, GeoParquet out, written all or nothing.

A directory is filled under a name that begins with a dot and renamed only when it is whole, so that a
killed process leaves nothing that a reader could take for a draft or a release. What has its name never changes:
another mapping or a measurement of a draft is another directory, and the draft's row says which one counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pyproj
from django.conf import settings

from senhui.inventory.refusals import DraftFilesMissing

ROW_GROUP_ROWS = 20_000

VALUE_COLUMNS = (
    "sub_compartment_id", "land_class", "area_ha", "method", "tree_above_tc_ha", "tree_below_tc_ha", "bamboo_tc_ha",
    "shrub_tc_ha", "economic_tc_ha", "scattered_tc_ha", "main_tc", "scattered_tc", "stock_tc_ha", "stock_tc",
    "main_factor", "scattered_factor", "calibrated_stock_tc", "understory_tc_ha", "dead_wood_tc_ha", "litter_tc_ha",
    "soil_100cm_tc_ha", "soil_30cm_tc_ha",
)  # fmt: skip
"""The columns whose bytes make the value hash of a release; their order is part of the definition."""


def drafts_directory() -> Path:
    """Return where drafts lie."""
    return Path(settings.SENHUI_HOME) / "drafts"


def draft_directory(draft_id: int, name: str) -> Path:
    """Return where the files of a draft lie.

    Raises
    ------
    DraftFilesMissing
        They were there when the draft was written, and somebody or something has removed them since.
    """
    directory = drafts_directory() / name
    if next(directory.glob("*.parquet"), None) is None:
        raise DraftFilesMissing(draft_id, str(directory))
    return directory


def releases_directory() -> Path:
    """Return where releases lie."""
    return Path(settings.SENHUI_HOME) / "releases"


def uploads_directory() -> Path:
    """Return where uploaded files wait for their import, each alone in a directory."""
    return Path(settings.SENHUI_HOME) / "uploads"


@contextmanager
def unfinished(parent: Path) -> Iterator[Path]:
    """Give a hidden directory of one's own to fill; what is not finished when the block ends is removed."""
    directory = parent / f".{uuid.uuid4()}.partial"
    directory.mkdir(parents=True)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def finish(directory: Path, target: Path) -> None:
    """Flush a filled directory to disk and give it its name in one step.

    Raises
    ------
    OSError
        `target` is there already: a draft or release is never written twice.
    """
    for path in [*directory.rglob("*"), directory]:
        _flush(path)
    directory.rename(target)
    _flush(target.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_geoparquet(frame: pl.DataFrame, path: Path) -> None:
    """Write stands as GeoParquet 1.1 in EPSG:4490 with a bounding box per row.

    Parameters
    ----------
    frame : (n,) polars.DataFrame with `geometry` (WKB, lon/lat degrees) and `min_lon` … `max_lat`.
    path : file to write; it must not exist yet.

    Source: GeoParquet 1.1.0 specification, "Metadata" and "Column metadata".
    """
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["Polygon", "MultiPolygon"],
                "crs": pyproj.CRS.from_epsg(4490).to_json_dict(),
                "edges": "planar",
            }
        },
    }
    if frame.height:
        geo["columns"]["geometry"]["bbox"] = [  # type: ignore[index]
            frame[name].min() if name.startswith("min") else frame[name].max()
            for name in ("min_lon", "min_lat", "max_lon", "max_lat")
        ]
    table = table.replace_schema_metadata({b"geo": json.dumps(geo).encode()})
    pq.write_table(table, path, compression="zstd", compression_level=1, row_group_size=ROW_GROUP_ROWS)


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a plain table (source fields, findings) beside the stands; one row of it is found without reading all."""
    frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=ROW_GROUP_ROWS)


def link_files(source: Path, directory: Path, names: Iterable[str]) -> None:
    """Give the files of a finished directory that stay as they are to its successor, without copying their bytes."""
    for name in names:
        os.link(source / name, directory / name)


def value_hash(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of the calculated values of a layer, whatever the order of its rows.

    Same lock file and architecture → same hash: each value is calculated from its own row alone, so no sum
    whose order could change enters it.

    Parameters
    ----------
    frame : (n,) polars.DataFrame with the columns of `VALUE_COLUMNS`.

    Returns
    -------
    str, 64 hexadecimal digits over the Arrow buffers of the columns, sorted by `sub_compartment_id`.
    """
    digest = hashlib.sha256()
    table = frame.select(VALUE_COLUMNS).sort("sub_compartment_id")
    for name in VALUE_COLUMNS:
        column = table[name]
        digest.update(name.encode())
        digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        if column.dtype.is_numeric():
            # -0.0 and 0.0 are one value; adding 0.0 makes them one pattern of bits.
            digest.update((column.cast(pl.Float64).fill_null(0.0) + 0.0).to_numpy().tobytes())
        else:
            digest.update("\x1f".join(column.cast(pl.String).fill_null("").to_list()).encode())
    return digest.hexdigest()


def write_json(value: Any, path: Path) -> str:
    """Write canonical JSON (sorted keys, UTF-8) and return its SHA-256."""
    data = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
