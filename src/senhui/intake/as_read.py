"""First stage of reading a layer: file, encoding, coordinates. What its columns mean is not asked here.

The way: open → outlines decoded, checked, moved to EPSG:4490 and measured batch by batch in threads, attributes kept
as they are. Reading goes to the end of the file whatever its rows say; only what makes the whole file unreadable is
refused. What comes out is kept with a draft, so that a mapping can be changed without the file.
Cases: ``tests/intake/test_as_read.py``; speed: ``benchmarks/intake.py``.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import polars as pl
import pyarrow as pa
import shapely

from senhui.intake.attribute_table import join_table, restore_zeros
from senhui.intake.coordinate_system import SYSTEMS, middle_point, recognise, refuse_coordinates_of_another_system
from senhui.intake.datum import Way, refuse_too_large, way_to_cgcs2000
from senhui.intake.delimited_text import refuse_repeated
from senhui.intake.gdal_layer import FileEmpty, OpenLayer
from senhui.intake.geometry import Outlines, decoded, read_outlines
from senhui.intake.layer_file import file_digest, open_layer
from senhui.intake.profile import ImportProfile
from senhui.intake.reasons import GEOMETRY_MISSING
from senhui.intake.refusal import LayerRefused
from senhui.intake.text_encoding import CutText

Progress = Callable[[float, str], None]

OUTLINES: Final[dict[str, pl.DataType]] = {
    "row": pl.UInt32(),
    "geometry": pl.Binary(),
    "geometry_area_ha": pl.Float64(),
    "min_lon": pl.Float64(),
    "min_lat": pl.Float64(),
    "max_lon": pl.Float64(),
    "max_lat": pl.Float64(),
    "reason": pl.String(),
    "detail": pl.String(),
}
"""Columns of the outlines: WKB in EPSG:4490 and what was measured of it; what is wrong with it, and where."""

BOUNDS: Final = ("min_lon", "min_lat", "max_lon", "max_lat")
"""Those of :data:`OUTLINES` that are the bounding box: west, south, east, north."""

NOTES: Final[dict[str, pl.DataType]] = {
    "row": pl.UInt32(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
}
"""Columns of the notes: what the first stage found wrong or doubtful in attributes; ``reason`` is one of REASONS."""

ROW_OF_LAYER: Final = "row@layer"
"""What a column ``row`` of the file is called, since ``row`` numbers the rows."""

_THREADS: Final = min(4, os.cpu_count() or 1)


@dataclass(eq=False)
class LayerWithoutPolygons(LayerRefused):
    """No row of the layer has a polygon."""

    what: ClassVar[str] = "{file_name} holds no polygons."
    why: ClassVar[str] = "Its {n_rows} rows have lines or points, or no outline at all; a stand covers an area."
    remedy: ClassVar[str] = "Choose the layer that has the polygons, or turn its closed lines into polygons."
    file_name: str
    n_rows: int


@dataclass(frozen=True)
class LayerAsRead:
    """A layer whose bytes are understood and whose columns are not yet interpreted.

    Attributes
    ----------
    source_fields : polars.DataFrame
        ``row`` (from 1, in the order of the file) and every attribute column as it was read; one of the file that is
        called ``row`` itself is :data:`ROW_OF_LAYER` here.
    outlines : polars.DataFrame
        One row for each row of ``source_fields``, in the same order (columns: :data:`OUTLINES`).
    notes : polars.DataFrame
        Findings of this stage (columns: :data:`NOTES`): text that was cut, rows without a partner in a joined table.
    profile : ImportProfile
        What the owner said, with the coordinate system and the encoding that were recognised.
    source : dict
        ``name``, ``sha256``, ``bytes``, ``driver``, ``crs``, ``encoding``, ``n_rows``; after a change of datum
        ``datum_change``: its parameters or the fit of its points, and how far the middle stand was moved; of a joined
        table ``attribute_table``: how many of its rows found an outline; ``licence_note`` where there is one.
    """

    source_fields: pl.DataFrame
    outlines: pl.DataFrame
    notes: pl.DataFrame
    profile: ImportProfile
    source: dict[str, Any]


def read_layer(
    path: str | os.PathLike[str], *, profile: ImportProfile | None = None, progress: Progress | None = None
) -> LayerAsRead:
    """Read the rows and outlines of a layer, whatever its columns are.

    Parameters
    ----------
    path : path
        A Shapefile (its .shp), GeoPackage, file geodatabase (its .gdb folder), GeoParquet or CSV with WKT, or a zip
        of one of them.
    profile : ImportProfile, optional
        What the owner knows; encoding and coordinate system are recognised where it is silent.
    progress : callable, optional
        Called with the fraction done and a note; an exception it raises stops the reading.

    Returns
    -------
    LayerAsRead

    Raises
    ------
    LayerRefused
        The file as a whole cannot be read; the class says why, the message what to do. Nothing is left behind.
    """
    path, profile, progress = Path(path), profile or ImportProfile(), progress or silent
    assert profile.crs is None or profile.crs in SYSTEMS, "a profile names a known coordinate system"
    progress(0.0, "Opening the file")
    with open_layer(path, profile=profile) as layer, ThreadPoolExecutor(_THREADS) as threads:
        code = profile.crs or recognise(layer.crs, file_name=path.name)
        way = way_to_cgcs2000(code, change=profile.datum)
        digest = threads.submit(file_digest, path)
        batches = _first_looked_at(layer, code=code, way=way, file_name=path.name)
        source_fields, outlines = _read_rows(batches, layer=layer, way=way, threads=threads, progress=progress)
        if outlines["geometry"].null_count() == outlines.height:
            raise LayerWithoutPolygons(path.name, outlines.height)
        notes = [_cut_notes(layer.cut_text)]
        facts: dict[str, Any] = {"datum_change": way.facts} if way.facts else {}
        if profile.attribute_table is not None:
            how = profile.attribute_table
            joined = join_table(
                source_fields, layer.tables.get(how.file_name), how=how, encoding=profile.encoding, file_name=path.name
            )
            source_fields, outlines = joined.source_fields, _with_missing(outlines, joined.source_fields.height)
            notes.append(joined.notes)
            facts["attribute_table"] = joined.facts
        is_table = profile.attribute_table is not None or layer.driver == "CSV"
        source_fields, zeros = restore_zeros(source_fields, names=profile.field_names, is_text_doubted=is_table)
        notes.append(zeros)
        sha256, n_bytes = digest.result()
    return LayerAsRead(
        source_fields,
        outlines,
        pl.concat(notes).sort("row", "field"),
        replace(profile, crs=code, encoding=layer.encoding),
        {
            "name": path.name,
            "sha256": sha256,
            "bytes": n_bytes,
            "driver": layer.driver,
            "crs": code,
            "encoding": layer.encoding,
            "n_rows": source_fields.height,
            **({"licence_note": profile.licence_note} if profile.licence_note else {}),
            **facts,
        },
    )


def silent(_fraction: float, _note: str) -> None:
    """Report progress to nobody."""


def _first_looked_at(layer: OpenLayer, *, code: str, way: Way, file_name: str) -> Iterator[pa.RecordBatch]:
    """Give the batches that have rows, after the coordinates of the first were found to be of the named system."""
    n_batches = 0
    for batch in layer.batches:
        if batch.num_rows == 0:
            continue
        if n_batches == 0:
            refuse_repeated(batch.schema.names, file_name=file_name)
            wkb = pl.Series(batch.column(layer.geometry_column).cast(pa.large_binary()))
            middle = middle_point(shapely.bounds(decoded(wkb)))
            refuse_coordinates_of_another_system(code, middle)
            if way.facts and middle is not None:
                way.facts["moved_m"] = refuse_too_large(way, code=code, point=middle)
        n_batches += 1
        yield batch
    if n_batches == 0:
        raise FileEmpty(file_name)


def _read_rows(
    batches: Iterator[pa.RecordBatch], *, layer: OpenLayer, way: Way, threads: ThreadPoolExecutor, progress: Progress
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read all batches: attributes as they are, outlines decoded in threads while the next batch is read."""
    attributes: list[pa.RecordBatch] = []
    pending: list[Future[Outlines]] = []
    n_read = 0
    for batch in batches:
        wkb = pl.Series(batch.column(layer.geometry_column).cast(pa.large_binary()))
        pending.append(threads.submit(read_outlines, wkb, move=way.move))
        attributes.append(batch.drop_columns([layer.geometry_column]))
        if len(pending) > 2 * _THREADS:
            pending[-2 * _THREADS].result()  # no more decoded batches in memory than the threads can work on
        n_read += batch.num_rows
        progress(n_read / max(layer.n_rows, n_read), "Reading outlines")
    outlines = pl.concat([_frame(future.result()) for future in pending], rechunk=False)
    table = pa.Table.from_batches(attributes)
    table = table.rename_columns([ROW_OF_LAYER if name == "row" else name for name in table.column_names])
    return pl.DataFrame(pl.from_arrow(table)).with_row_index("row", offset=1), outlines.with_row_index("row", offset=1)


def _frame(outlines: Outlines) -> pl.DataFrame:
    """Give a run of outlines as columns of :data:`OUTLINES`, without their row numbers."""
    numbers = {"geometry_area_ha": outlines.area_ha}
    numbers |= {name: outlines.bounds[:, i] for i, name in enumerate(BOUNDS)}
    return pl.DataFrame(
        [
            outlines.wkb,
            *(pl.Series(name, values).fill_nan(None) for name, values in numbers.items()),
            pl.Series("reason", outlines.reason.tolist(), dtype=pl.String),
            pl.Series("detail", outlines.detail.tolist(), dtype=pl.String),
        ]
    )


def _with_missing(outlines: pl.DataFrame, n_rows: int) -> pl.DataFrame:
    """Add a missing outline for each row of a joined table that found none."""
    n_missing = n_rows - outlines.height
    rows = pl.int_range(outlines.height + 1, n_rows + 1, dtype=pl.UInt32, eager=True)
    missing = pl.DataFrame(
        {"row": rows, "reason": [GEOMETRY_MISSING] * n_missing}, schema_overrides={"reason": pl.String}
    )
    return pl.concat([outlines, missing], how="diagonal")


def _cut_notes(cut_text: tuple[CutText, ...]) -> pl.DataFrame:
    columns = {
        "row": [cut.row for cut in cut_text],
        "field": [cut.field for cut in cut_text],
        "value": [cut.value for cut in cut_text],
        "reason": ["text_cut"] * len(cut_text),
    }
    return pl.DataFrame(columns, schema=NOTES)
