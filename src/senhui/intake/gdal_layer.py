"""Layers that GDAL reads: which of several, in batches of rows, with text that is really UTF-8 and no arcs.

Cases: ``tests/intake/test_layer_file.py``, ``tests/intake/test_formats.py``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
import pyogrio.raw

from senhui.intake.geometry import has_arcs
from senhui.intake.profile import ImportProfile
from senhui.intake.refusal import LayerRefused
from senhui.intake.text_encoding import CutText, Encoding, decode_whole

Driver = Literal["ESRI Shapefile", "GPKG", "OpenFileGDB", "GeoJSON", "Parquet", "CSV"]

BATCH_ROWS: Final = 32_768


@dataclass(eq=False)
class FileEmpty(LayerRefused):
    """The file has no bytes, or its layer no rows."""

    what: ClassVar[str] = "{file_name} holds no sub-compartments."
    why: ClassVar[str] = "The file or its layer is empty; perhaps a copy was interrupted."
    remedy: ClassVar[str] = "Copy or export the layer again."
    file_name: str


@dataclass(eq=False)
class SeveralLayers(LayerRefused):
    """The file holds more than one layer and none was chosen."""

    what: ClassVar[str] = "{file_name} holds several layers: {layers}."
    why: ClassVar[str] = "Which of them are the sub-compartments cannot be guessed."
    remedy: ClassVar[str] = "Choose one of them."
    file_name: str
    layers: tuple[str, ...]


@dataclass(eq=False)
class LayerNotFound(LayerRefused):
    """The chosen layer is not in the file."""

    what: ClassVar[str] = "{file_name} holds no layer “{layer}”."
    why: ClassVar[str] = "Its layers are: {layers}."
    remedy: ClassVar[str] = "Choose one of them."
    file_name: str
    layer: str
    layers: tuple[str, ...]


@dataclass(eq=False)
class TextNotUtf8(LayerRefused):
    """A format whose text is UTF-8 by definition holds other text."""

    what: ClassVar[str] = "The text in the column {field} of {file_name} cannot be read."
    why: ClassVar[str] = "In this format text is UTF-8, and some of it is not."
    remedy: ClassVar[str] = "Open it in the program it came from, and export it again."
    file_name: str
    field: str


@dataclass(frozen=True)
class OpenLayer:
    """A layer whose rows can be read once, batch by batch.

    Attributes
    ----------
    driver : str
        Format.
    crs : str or None
        Definition as the file has it.
    encoding : {"UTF-8", "GB18030"}
        Encoding of the text in the file.
    geometry_column : str
        Name of the column with WKB in each batch.
    n_rows : int
        Number of rows.
    cut_text : tuple of CutText
        Values of a Shapefile whose last character is cut.
    tables : dict
        Tables that came with the layer: readable name → file.
    batches : iterator of pyarrow.RecordBatch
        Attributes and WKB.
    """

    driver: Driver
    crs: str | None
    encoding: Encoding
    geometry_column: str
    n_rows: int
    cut_text: tuple[CutText, ...]
    batches: Iterator[pa.RecordBatch]
    tables: Mapping[str, Path] = field(default_factory=dict)


@contextmanager
def open_database(path: Path, driver: Driver, *, profile: ImportProfile, shown_name: str) -> Iterator[OpenLayer]:
    """Open a GeoPackage or geodatabase, which hold any number of layers, and tables without outlines."""
    layers = tuple(str(name) for name, geometry_type in pyogrio.list_layers(path) if geometry_type is not None)
    if profile.layer is not None and profile.layer not in layers:
        raise LayerNotFound(shown_name, profile.layer, layers)
    if not layers:
        raise FileEmpty(shown_name)
    if profile.layer is None and len(layers) > 1:
        raise SeveralLayers(shown_name, layers)
    with open_with_gdal(path, driver, shown_name=shown_name, layer=profile.layer or layers[0]) as layer:
        yield layer


@contextmanager
def open_with_gdal(
    path: Path,
    driver: Driver,
    *,
    shown_name: str,
    layer: str | None = None,
    encoding: Encoding = "UTF-8",
    to_gdal: Encoding | None = None,
) -> Iterator[OpenLayer]:
    n_rows = pyogrio.read_info(path, layer=layer, encoding=to_gdal, force_feature_count=True)["features"]
    if n_rows == 0:
        raise FileEmpty(shown_name)
    with pyogrio.open_arrow(path, layer=layer, encoding=to_gdal, batch_size=BATCH_ROWS, use_pyarrow=True) as (
        meta,
        reader,
    ):
        geometry_column = meta["geometry_name"] or "wkb_geometry"
        with_arcs = partial(_without_arcs, path=path, layer=layer, geometry_column=geometry_column)
        if encoding == "GB18030" and to_gdal == "UTF-8":
            batches = (_decoded(batch, encoding) for batch in reader)
        else:
            batches = (_with_valid_text(batch, shown_name, may_be_cut=driver == "ESRI Shapefile") for batch in reader)
        yield OpenLayer(driver, meta["crs"], encoding, geometry_column, n_rows, (), with_arcs(batches))


def _without_arcs(
    batches: Iterator[pa.RecordBatch], *, path: Path, layer: str | None, geometry_column: str
) -> Iterator[pa.RecordBatch]:
    """Let GDAL turn arcs into short chords: drawing programs keep them, and nothing after this knows them."""
    n_before = 0
    for batch in batches:
        index = batch.schema.get_field_index(geometry_column)
        if has_arcs(pl.Series(batch.column(index).cast(pa.large_binary()))).any():
            _, _, chords, _ = pyogrio.raw.read(
                path, layer=layer, columns=[], skip_features=n_before, max_features=batch.num_rows
            )
            item = batch.schema.field(index)
            yield batch.set_column(index, item, pa.array(chords, item.type))
        else:
            yield batch
        n_before += batch.num_rows


def _decoded(batch: pa.RecordBatch, encoding: Encoding) -> pa.RecordBatch:
    """Decode text whose bytes GDAL has passed on, each value of a column once."""
    for index, item in enumerate(batch.schema):
        column = batch.column(index)
        if not pa.types.is_string(item.type) and not pa.types.is_large_string(item.type):
            continue
        data = column.buffers()[2]
        if data is None or not (np.frombuffer(data, np.uint8) >= 0x80).any():
            continue
        values = column.cast(pa.large_binary()).dictionary_encode()
        decoded = [decode_whole(value, encoding) for value in values.dictionary.to_pylist()]
        batch = batch.set_column(index, item, pa.array(decoded, item.type).take(values.indices))
    return batch


def _with_valid_text(batch: pa.RecordBatch, file_name: str, *, may_be_cut: bool) -> pa.RecordBatch:
    """Make sure that text is UTF-8, which GDAL passes on unchecked and every later step takes for granted.

    A Shapefile in UTF-8 may hold values whose last character was cut: their whole characters are kept (and the
    values are among the layer's ``cut_text``). Anything else that is not UTF-8 makes the layer unreadable.
    """
    for index, item in enumerate(batch.schema):
        column = batch.column(index)
        if not pa.types.is_string(item.type) and not pa.types.is_large_string(item.type):
            continue
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if not may_be_cut:
                raise TextNotUtf8(file_name, item.name) from error
            values = column.cast(pa.large_binary()).to_pylist()
            whole = [None if value is None else decode_whole(value, "UTF-8") for value in values]
            batch = batch.set_column(index, item, pa.array(whole, item.type))
    return batch
