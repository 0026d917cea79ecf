"""From stands to one PMTiles file of vector tiles, zoom 11 to 13; a browser enlarges 13 for closer views.

Feature id = row index in the release + 1. All attributes are whole numbers (see `KEYS`); the lists they point
into are in the file's metadata, and so are the runs of each village within each tile, by which ``tile_archive``
cuts a tile down to a user's areas without decoding it. Why the product has a writer of its own is
told in ``docs/decisions/0009-own-tile-writer.md``; the cases are in ``tests/atlas/test_tile_writer.py``.
"""

from __future__ import annotations

import gzip
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from senhui.atlas import rings, vector_tile
from senhui.atlas.rings import Ints

ZOOMS = (11, 12, 13)
LAYER = "sub_compartments"
KEYS = {
    "stock": "carbon stock as calculated, in whole tC per hectare; 0 where there is no estimate",
    "calibrated": "the same after calibration to the design-based total",
    "land_class": "position in the metadata's list land_classes",
    "species": "position in the metadata's list species_groups; its last entry, null, is no species",
    "age_group": "1 young to 5 over-mature; 0 is none recorded",
    "origin": "position in the metadata's list origins; its last entry, null, is none recorded",
    "estimate": "1 where there is an estimate, otherwise 0",
    "method": "position in the metadata's list methods; its last entry, null, is a method of another version",
    "protection": "position in the metadata's list protections (SEN_LIN_LB); its last entry, null, is none recorded",
    "error": "half the 95 % interval of the stand's own stock over that stock as calculated, in whole percent up to "
    "254, by its kind of stand in its township; 255 is none known",
    "disturbance": "position in the metadata's list disturbances: the newest event recorded when the tiles were made, "
    "else the layer's own disaster field; 0, null, is none",
}
ORIGINS = ("natural", "planted", "coppice", None)
PROTECTIONS = ("011", "012", "021", "022", None)
"""Codes of the forest category (森林类别 SEN_LIN_LB). Source: `intake/schema/field_codes.csv`."""
DISTURBANCES = (
    None, "fire", "pine_wilt", "harvest", "conversion", "planting",
    "11", "12", "20", "31", "32", "33", "34", "40",
)  # fmt: skip
"""Kinds of events, then codes of the disaster field (灾害类型 DISPE). Source: `intake/schema/field_codes.csv`."""
NO_ERROR = 255
COLUMNS = (
    "geometry", "area_ha", "stock_tc_ha", "calibrated_stock_tc", "land_class", "species_group", "age_group", "origin",
    "village_code", "method", "forest_category", "error_frac", "disturbance",
)  # fmt: skip
"""Columns that `write_tiles` reads: of a release, and what `senhui.atlas.tiles` puts beside them."""

THIN_TOLERANCE = 0.5
"""Vertices closer than this to a straight line go, in tile units: below what rounding to the grid does anyway."""

_ROWS_AT_A_TIME = 20_000
_SMALLEST_VALUE_LIST = 256
_new_writer: Callable[[BinaryIO], Any] = Writer  # the library has no types

Progress = Callable[[float, str], None]
Attributes = NDArray[np.uint32]
Bounds = tuple[float, float, float, float]


class UnknownCode(ValueError):
    """A stand carries a code that is in none of the lists the map knows."""

    def __init__(self, column: str, codes: Sequence[str]) -> None:
        super().__init__(f"Column {column} holds codes that are not in its table: {', '.join(codes)}.")
        self.column = column
        self.codes = tuple(codes)


@dataclass(frozen=True)
class TileReport:
    """What was written: stands on the map, stands without geometry, tiles and bytes."""

    n_stands: int
    n_without_geometry: int
    n_tiles: int
    n_bytes: int


@dataclass(frozen=True)
class _Encoded:
    """The features of some rows at one zoom, sorted by tile."""

    column: Ints
    row: Ints
    village: Ints
    features: vector_tile.Features


def write_tiles(
    stands: pl.LazyFrame,
    out: Path,
    *,
    land_classes: Sequence[str],
    species_groups: Sequence[str],
    methods: Sequence[str],
    about: Mapping[str, Any],
    progress: Progress,
) -> TileReport:
    """Write the tiles of all stands to one PMTiles file; ``out`` appears only when it is complete.

    Parameters
    ----------
    stands : LazyFrame with `COLUMNS`
        Its row order gives the feature ids. Rows without geometry are counted, not drawn.
    out : Path
    land_classes, species_groups, methods : sequences of ids
        Their order gives the attribute numbers.
    about : Mapping
        Goes into the metadata as it is: release, label, attribution, is_sample …
    progress : called with a fraction and a note

    Raises
    ------
    UnknownCode
        A land class, species group or origin is not in its list.
    """
    frame = stands.select(COLUMNS).collect()
    species: list[str | None] = [*species_groups, None]
    lists = {
        "origins": list(ORIGINS),
        "land_classes": list(land_classes),
        "species_groups": species,
        "methods": [*methods, None],
        "protections": list(PROTECTIONS),
        "disturbances": list(DISTURBANCES),
    }
    return write_outlines(
        frame["geometry"],
        out,
        village_codes=frame["village_code"],
        attributes=_attributes(frame, land_classes=land_classes, species=species, methods=[*methods, None]),
        keys=KEYS,
        about={**about, **lists},
        progress=progress,
    )


def write_outlines(
    geometry: pl.Series,
    out: Path,
    *,
    village_codes: pl.Series,
    attributes: Attributes,
    keys: Mapping[str, str],
    about: Mapping[str, Any],
    progress: Progress,
) -> TileReport:
    """Write the tiles of outlines with any whole numbers on them; ``out`` appears only when it is complete.

    Parameters
    ----------
    geometry : Series of WKB, EPSG:4490
        Its order gives the feature ids. Outlines that are null are counted, not drawn.
    out : Path
    village_codes : Series of text
        The village of each outline, by which a tile is cut down to a person's areas.
    attributes : (n, len(keys)) uint32
    keys : Mapping
        Name of each attribute in the order of the columns, with its meaning for the metadata.
    about : Mapping
        Goes into the metadata as it is.
    progress : called with a fraction and a note
    """
    villages = village_codes.unique().sort().to_list()
    village = _position(village_codes.alias("village_code").to_frame(), "village_code", villages)
    # Rounded up to a power of two, so that the head does not tell one stand's highest stock.
    n_values = max(_SMALLEST_VALUE_LIST, 1 << int(attributes.max(initial=0)).bit_length())
    head = vector_tile.head(name=LAYER, keys=tuple(keys), n_values=n_values)
    encoded, bounds = _encode_all(geometry, attributes, village.to_numpy().astype(np.int64), progress)
    metadata = {
        **about,
        "name": LAYER,
        "vector_layers": [{"id": LAYER, "fields": dict(keys), "minzoom": ZOOMS[0], "maxzoom": ZOOMS[-1]}],
        "villages": villages,
        "head_length": len(head),
    }
    n_missing = geometry.null_count()
    partial = out.with_suffix(".partial")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        n_tiles = _write_archive(partial, encoded, head=head, metadata=metadata, bounds=bounds, progress=progress)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    progress(1.0, f"{n_tiles} tiles")
    return TileReport(len(attributes) - n_missing, n_missing, n_tiles, out.stat().st_size)


def _attributes(
    frame: pl.DataFrame,
    *,
    land_classes: Sequence[str],
    species: Sequence[str | None],
    methods: Sequence[str | None],
) -> Attributes:
    stock = frame["stock_tc_ha"]
    columns = {
        "stock": stock.round().fill_null(0),
        "calibrated": (frame["calibrated_stock_tc"] / frame["area_ha"]).round().fill_null(0),
        "land_class": _position(frame, "land_class", land_classes),
        "species": _position(frame, "species_group", species),
        "age_group": frame["age_group"].fill_null(0),
        "origin": _position(frame, "origin", ORIGINS),
        "estimate": stock.is_not_null(),
        "method": _position(frame, "method", methods),
        "protection": _position(frame, "forest_category", PROTECTIONS),
        "error": (frame["error_frac"] * 100.0).round().clip(upper_bound=NO_ERROR - 1).fill_null(NO_ERROR),
        "disturbance": _position(frame, "disturbance", DISTURBANCES),
    }
    return pl.DataFrame([columns[key].cast(pl.UInt32).alias(key) for key in KEYS]).to_numpy()


def _position(frame: pl.DataFrame, column: str, values: Sequence[str | None]) -> pl.Series:
    table = pl.DataFrame({column: pl.Series(values, dtype=pl.String), "n": range(len(values))})
    found = frame.select(column).join(table, on=column, how="left", nulls_equal=True, maintain_order="left")
    unknown = found.filter(pl.col("n").is_null())[column].unique().sort()
    if len(unknown):
        raise UnknownCode(column, [str(code) for code in unknown])
    return found["n"]


def _encode_all(
    geometry: pl.Series, attributes: Attributes, village: Ints, progress: Progress
) -> tuple[dict[int, list[_Encoded]], Bounds]:
    """Encode all rows at all zooms, a few thousand at a time; GEOS and NumPy let threads run side by side."""
    firsts = range(0, len(geometry), _ROWS_AT_A_TIME)
    results: dict[int, tuple[dict[int, _Encoded], Bounds]] = {}
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))
    try:
        futures = {
            pool.submit(_encode_rows, geometry.slice(first, _ROWS_AT_A_TIME), attributes, village, first): first
            for first in firsts
        }
        for done, future in enumerate(as_completed(futures), start=1):
            results[futures[future]] = future.result()
            progress(0.8 * done / len(futures), f"{done * _ROWS_AT_A_TIME:,} stands cut into tiles")
    finally:
        pool.shutdown(cancel_futures=True)
    west, south, east, north = zip(*(bounds for _, bounds in results.values()), strict=True)
    encoded = {zoom: [results[first][0][zoom] for first in firsts] for zoom in ZOOMS}
    return encoded, (min(west), min(south), max(east), max(north))


def _encode_rows(
    geometry: pl.Series, attributes: Attributes, village: Ints, first: int
) -> tuple[dict[int, _Encoded], Bounds]:
    """Encode some rows at each zoom, from the closest outward: each level is thinned from the one before."""
    shapes = rings.from_geometries(shapely.from_wkb(geometry.to_numpy()))
    west, east = shapes.x.min(initial=np.inf), shapes.x.max(initial=-np.inf)
    south, north = shapes.y.min(initial=np.inf), shapes.y.max(initial=-np.inf)
    level = rings.to_tile_units(shapes, zoom=ZOOMS[-1])
    encoded = {}
    for zoom in reversed(ZOOMS):
        level = rings.thin(level, tolerance=THIN_TOLERANCE)
        pieces = rings.cut_into_tiles(level)
        row_index = first + pieces.polygon
        features = vector_tile.encode(pieces, ids=row_index + 1, attributes=attributes[row_index])
        encoded[zoom] = _Encoded(pieces.column, pieces.row, village[row_index], features)
        level = rings.halve(level)
    return encoded, (float(west), float(south), float(east), float(north))


def _write_archive(
    path: Path,
    encoded: Mapping[int, list[_Encoded]],
    *,
    head: bytes,
    metadata: dict[str, Any],
    bounds: Bounds,
    progress: Progress,
) -> int:
    tiles: list[tuple[int, list[tuple[_Encoded, int, int]]]] = []
    for zoom in ZOOMS:
        slices = _slices_by_tile(encoded[zoom])
        tiles += [(zxy_to_tileid(zoom, column, row), part) for (column, row), part in slices.items()]
    tiles.sort(key=lambda item: item[0])

    def finish(parts: list[tuple[_Encoded, int, int]]) -> bytes:
        bodies = [part.features.data[part.features.start[a] : part.features.start[b]].tobytes() for part, a, b in parts]
        return gzip.compress(vector_tile.tile(head, b"".join(bodies)), compresslevel=6, mtime=0)

    with path.open("wb") as file, ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        writer = _new_writer(file)
        compressed = pool.map(finish, [parts for _, parts in tiles])
        for done, ((tile_id, _), data) in enumerate(zip(tiles, compressed, strict=True)):
            writer.write_tile(tile_id, data)
            if done % 100 == 0:
                progress(0.8 + 0.2 * done / len(tiles), f"{done} of {len(tiles)} tiles written")
        west, south, east, north = (round(degrees * 1e7) for degrees in bounds)
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_zoom": ZOOMS[0],
        }
        runs = {tile_id: list(_village_runs(parts)) for tile_id, parts in tiles}
        writer.finalize({"version": 3, **header}, {**metadata, "village_runs": runs})
    return len(tiles)


def _slices_by_tile(chunks: list[_Encoded]) -> dict[tuple[int, int], list[tuple[_Encoded, int, int]]]:
    """Find for each tile the stretches of features that lie in it."""
    found: dict[tuple[int, int], list[tuple[_Encoded, int, int]]] = defaultdict(list)
    for chunk in chunks:
        is_new = (np.diff(chunk.column, prepend=-1) != 0) | (np.diff(chunk.row, prepend=-1) != 0)
        borders = [*np.flatnonzero(is_new).tolist(), len(chunk.column)]
        for begin, end in pairwise(borders):
            found[int(chunk.column[begin]), int(chunk.row[begin])].append((chunk, begin, end))
    return found


def _village_runs(parts: list[tuple[_Encoded, int, int]]) -> Iterator[tuple[int, int]]:
    """List (village, bytes of its features) in the order of a tile's features."""
    for part, begin, end in parts:
        village = part.village[begin:end]
        starts = begin + np.flatnonzero(np.diff(village, prepend=-1))
        offsets = part.features.start[np.append(starts, end)]
        yield from zip(part.village[starts].tolist(), np.diff(offsets).tolist(), strict=True)
