"""Opening the file that a layer came in: which kind it is by its first bytes, its parts, its layers.

Cases: ``tests/intake/test_layer_file.py``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyogrio.errors
import shapely

from senhui.intake.archive import SHAPEFILE_PARTS, Archive, Member, open_archive
from senhui.intake.delimited_text import header_of, read_text_table
from senhui.intake.profile import ImportProfile
from senhui.intake.refusal import LayerRefused
from senhui.intake.scratch import scratch_directory
from senhui.intake.text_encoding import CutText, Encoding, decode_whole, encoding_of_name, read_dbf_text

Driver = Literal["ESRI Shapefile", "GPKG", "OpenFileGDB", "Parquet", "CSV"]

BATCH_ROWS: Final = 32_768

_SIGNATURES: Final[dict[bytes, str]] = {
    b"\x00\x00\x27\x0a": "ESRI Shapefile",
    b"SQLite format 3\x00": "GPKG",
    b"PAR1": "Parquet",
    b"PK\x03\x04": "zip",
}
_SUFFIXES: Final = {"ESRI Shapefile": ".shp", "GPKG": ".gpkg", "OpenFileGDB": ".gdb"}
_REQUIRED_PARTS: Final = (".shp", ".shx", ".dbf")
_TABLE_SUFFIXES: Final = (".csv", ".tsv")
_WORKBOOK_ENTRY: Final = "xl/workbook.xml"
"""An XLSX is a zip too; this entry tells it from others."""

_WKT_COLUMNS: Final = ("wkt", "geometry", "geom", "the_geom", "shape")


@dataclass(eq=False)
class FileNotFound(LayerRefused):
    """There is no such file."""

    what: ClassVar[str] = "There is no file {file_name}."
    why: ClassVar[str] = "It may have been moved or renamed."
    remedy: ClassVar[str] = "Choose the file again."
    file_name: str


@dataclass(eq=False)
class FileEmpty(LayerRefused):
    """The file has no bytes, or its layer no rows."""

    what: ClassVar[str] = "{file_name} holds no sub-compartments."
    why: ClassVar[str] = "The file or its layer is empty; perhaps a copy was interrupted."
    remedy: ClassVar[str] = "Copy or export the layer again."
    file_name: str


@dataclass(eq=False)
class FileTypeNotSupported(LayerRefused):
    """The file is none of the formats that are read."""

    what: ClassVar[str] = "{file_name} is not a layer that can be read."
    why: ClassVar[str] = (
        "Its content is neither a Shapefile, a GeoPackage, a file geodatabase, a GeoParquet file nor a CSV with "
        "outlines as WKT, nor a zip of one of them."
    )
    remedy: ClassVar[str] = (
        "Export the layer in one of these formats; of a Shapefile choose the .shp or a zip of it, of a geodatabase a "
        "zip of its .gdb folder."
    )
    file_name: str


@dataclass(eq=False)
class TableWithoutOutlines(LayerRefused):
    """The file is a table that says nothing of where the stands lie."""

    what: ClassVar[str] = "{file_name} is a table without outlines."
    why: ClassVar[str] = "A layer needs the outline of each stand; a CSV may have it as WKT in a column of its own."
    remedy: ClassVar[str] = (
        "Pack the table into one zip with the layer that has the outlines, and say which columns join them."
    )
    file_name: str


@dataclass(eq=False)
class ShapefilePartMissing(LayerRefused):
    """A Shapefile came without one of the files it consists of."""

    what: ClassVar[str] = "{file_name} came without its {part} file."
    why: ClassVar[str] = "A Shapefile is several files of one name: outlines .shp, index .shx, attributes .dbf."
    remedy: ClassVar[str] = "Hand in all parts together, best as one zip."
    file_name: str
    part: str


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
class ShapefilePartDamaged(LayerRefused):
    """A part of a Shapefile is shorter than its header says."""

    what: ClassVar[str] = "The {part} file of {file_name} is cut off."
    why: ClassVar[str] = "Its header announces {expected_bytes} bytes and the file has {n_bytes}."
    remedy: ClassVar[str] = "Copy the Shapefile again from its source, with all its parts."
    file_name: str
    part: str
    expected_bytes: int
    n_bytes: int


@dataclass(eq=False)
class LayerUnreadable(LayerRefused):
    """The format is right but the content is damaged or of a kind that is not read; the cause says more, in a log."""

    what: ClassVar[str] = "{file_name} could not be read."
    why: ClassVar[str] = "Its content is damaged or cut off, or of a kind that is not read."
    remedy: ClassVar[str] = "Open it in the program it came from, and export it again."
    file_name: str


@dataclass(eq=False)
class TextNotUtf8(LayerRefused):
    """A format whose text is UTF-8 by definition holds other text."""

    what: ClassVar[str] = "The text in the column {field} of {file_name} cannot be read."
    why: ClassVar[str] = "In this format text is UTF-8, and some of it is not."
    remedy: ClassVar[str] = "Open it in the program it came from, and export it again."
    file_name: str
    field: str


@dataclass(eq=False)
class NotGeoParquet(LayerRefused):
    """A Parquet file does not say which column holds outlines as WKB."""

    what: ClassVar[str] = "{file_name} is a Parquet file without outlines that can be read."
    why: ClassVar[str] = "It lacks the geometry description of GeoParquet, or its outlines are not encoded as WKB."
    remedy: ClassVar[str] = "Export the layer as GeoParquet with WKB, or as a GeoPackage."
    file_name: str


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
def open_layer(path: Path, *, profile: ImportProfile) -> Iterator[OpenLayer]:
    """Open a layer for reading and leave nothing behind.

    Raises
    ------
    LayerRefused
        One of the classes of this module or of ``text_encoding``.
    """
    kind = file_kind(path)
    try:
        with scratch_directory() as scratch:
            tables = _beside(path, profile)
            if kind == "zip":
                with open_archive(path) as archive:
                    layer_path, tables, layer_name = _unpack(archive, scratch, profile=profile)
                kind = file_kind(layer_path, shown_name=path.name)
                profile = replace(profile, layer=layer_name)
            else:
                layer_path = _linked(path, scratch, kind=kind)
            with _open(layer_path, kind, profile=profile, shown_name=path.name) as layer:
                yield replace(layer, tables=tables)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pa.ArrowException) as error:
        raise LayerUnreadable(path.name) from error


def _beside(path: Path, profile: ImportProfile) -> dict[str, Path]:
    """Find the table that the profile names among the files of the layer's own folder, and nowhere else."""
    wanted = profile.attribute_table
    return {file.name: file for file in path.parent.iterdir() if wanted is not None and file.name == wanted.file_name}


def _open(path: Path, kind: str, *, profile: ImportProfile, shown_name: str) -> AbstractContextManager[OpenLayer]:
    if kind == "ESRI Shapefile":
        return _open_shapefile(path, profile=profile, shown_name=shown_name)
    if kind in {"GPKG", "OpenFileGDB"}:
        return _open_database(path, kind, profile=profile, shown_name=shown_name)  # type: ignore[arg-type]
    if kind == "Parquet":
        return nullcontext(_open_geoparquet(path, shown_name=shown_name))
    if kind == "CSV":
        return nullcontext(_open_csv(path, profile=profile, shown_name=shown_name))
    raise FileTypeNotSupported(shown_name)


def _linked(path: Path, scratch: Path, *, kind: str) -> Path:
    """Give GDAL a plain name: it takes a GeoPackage named .zip for a zip, and a ! or ? in a name for its own signs."""
    if kind not in _SUFFIXES:
        return path
    parts = _parts(path) if kind == "ESRI Shapefile" else {_SUFFIXES[kind]: path}
    for suffix, part in parts.items():
        (scratch / f"layer{suffix}").symlink_to(part.resolve(), target_is_directory=part.is_dir())
    return scratch / f"layer{_SUFFIXES[kind]}"


def file_kind(path: Path, *, shown_name: str | None = None) -> str:
    """Give the kind of a file by its first bytes: its name may say anything.

    Parameters
    ----------
    path : Path
        A file, or the folder of a file geodatabase.
    shown_name : str, optional
        Name for messages, where the file has another one than its owner gave it.

    Raises
    ------
    FileNotFound, FileEmpty, FileTypeNotSupported, TableWithoutOutlines
        See there.
    """
    name = shown_name or path.name
    if path.is_dir():
        if any(path.glob("*.gdbtable")):
            return "OpenFileGDB"
        raise FileTypeNotSupported(name)
    if not path.is_file():
        raise FileNotFound(name)
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise FileEmpty(name)
    kind = next((kind for signature, kind in _SIGNATURES.items() if start.startswith(signature)), None)
    if kind is None:
        kind = "CSV" if _wkt_column(header_of(path)) is not None else None
    if kind is None and path.suffix.lower() in _TABLE_SUFFIXES:
        raise TableWithoutOutlines(name)
    if kind is None:
        raise FileTypeNotSupported(name)
    return kind


def file_digest(path: Path) -> tuple[str, int]:
    """Give the SHA-256 and the number of bytes of a file, of several files that belong together in a fixed order."""
    digest, n_bytes = hashlib.sha256(), 0
    if path.is_dir():
        parts = sorted(part for part in path.iterdir() if part.is_file() and part.suffix != ".lock")
    else:
        parts = list(_parts(path).values()) if file_kind(path) == "ESRI Shapefile" else [path]
    for part in parts:
        with part.open("rb") as stream:
            while chunk := stream.read(2**22):
                digest.update(chunk)
                n_bytes += len(chunk)
    return digest.hexdigest(), n_bytes


def _parts(path: Path) -> dict[str, Path]:
    """Find the parts of a Shapefile, whatever the case of their extensions."""
    found = {
        sibling.suffix.lower(): sibling
        for sibling in sorted(path.parent.iterdir())
        if sibling.stem == path.stem and sibling.suffix.lower() in SHAPEFILE_PARTS
    }
    return {part: found[part] for part in SHAPEFILE_PARTS if part in found}


@contextmanager
def _open_shapefile(path: Path, *, profile: ImportProfile, shown_name: str) -> Iterator[OpenLayer]:
    parts = _parts(path)
    for part in _REQUIRED_PARTS:
        if part not in parts:
            raise ShapefilePartMissing(shown_name, part)
    for part in (".shp", ".shx"):
        _refuse_cut(parts[part], part, shown_name=shown_name)
    declared = parts[".cpg"].read_text("ascii", errors="replace") if ".cpg" in parts else None
    text = read_dbf_text(
        parts[".dbf"], declared=encoding_of_name(declared), wanted=profile.encoding, shown_name=shown_name
    )
    crs = parts[".prj"].read_text("utf-8", errors="replace").strip() if ".prj" in parts else None
    # GDAL recodes GB18030 value by value, which takes longer than all else; told UTF-8 it passes the bytes on. Only the
    # names of columns it must then be able to read.
    to_gdal: Encoding = "UTF-8" if text.has_plain_names else text.encoding
    with _open_with_gdal(
        path, "ESRI Shapefile", shown_name=shown_name, encoding=text.encoding, to_gdal=to_gdal
    ) as layer:
        yield replace(layer, crs=crs, cut_text=text.cut)


def _refuse_cut(path: Path, part: str, *, shown_name: str) -> None:
    """Compare the length in a header (a count of 16-bit words) with that of the file; GDAL reads on past the end."""
    with path.open("rb") as stream:
        header = stream.read(100)
    expected, n_bytes = max(2 * int.from_bytes(header[24:28], "big"), 100), path.stat().st_size
    if n_bytes < expected:
        raise ShapefilePartDamaged(shown_name, part, expected, n_bytes)


@contextmanager
def _open_database(path: Path, driver: Driver, *, profile: ImportProfile, shown_name: str) -> Iterator[OpenLayer]:
    """Open a GeoPackage or geodatabase, which hold any number of layers, and tables without outlines."""
    layers = tuple(str(name) for name, geometry_type in pyogrio.list_layers(path) if geometry_type is not None)
    if profile.layer is not None and profile.layer not in layers:
        raise LayerNotFound(shown_name, profile.layer, layers)
    if not layers:
        raise FileEmpty(shown_name)
    if profile.layer is None and len(layers) > 1:
        raise SeveralLayers(shown_name, layers)
    with _open_with_gdal(path, driver, shown_name=shown_name, layer=profile.layer or layers[0]) as layer:
        yield layer


@contextmanager
def _open_with_gdal(
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
        if encoding == "GB18030" and to_gdal == "UTF-8":
            batches = (_decoded(batch, encoding) for batch in reader)
        else:
            batches = (_with_valid_text(batch, shown_name, may_be_cut=driver == "ESRI Shapefile") for batch in reader)
        yield OpenLayer(driver, meta["crs"], encoding, geometry_column, n_rows, (), batches)


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


def _open_geoparquet(path: Path, *, shown_name: str) -> OpenLayer:
    file = pq.ParquetFile(path)
    try:
        geo = json.loads((file.schema_arrow.metadata or {})[b"geo"])
        column = geo["primary_column"]
        description = geo["columns"][column]
        encoding = description["encoding"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotGeoParquet(shown_name) from error
    if encoding != "WKB":
        raise NotGeoParquet(shown_name)
    if file.metadata.num_rows == 0:
        raise FileEmpty(shown_name)
    # The specification: no key means OGC:CRS84, an explicit null means unknown.
    crs = description.get("crs", "OGC:CRS84")
    if isinstance(crs, dict):
        crs = json.dumps(crs)
    return OpenLayer(
        "Parquet", crs, "UTF-8", column, file.metadata.num_rows, (), file.iter_batches(batch_size=BATCH_ROWS)
    )


def _wkt_column(columns: list[str]) -> str | None:
    """Give the column of a table that holds outlines, by its name."""
    return next((column for name in _WKT_COLUMNS for column in columns if column.lower() == name), None)


def _open_csv(path: Path, *, profile: ImportProfile, shown_name: str) -> OpenLayer:
    """Open a table whose outlines are WKT. It names no coordinate system: that comes from the profile."""
    table = read_text_table(path, wanted=profile.encoding, shown_name=shown_name)
    column = _wkt_column(table.frame.columns)
    assert column is not None, "the kind of the file was told by this column"
    if table.frame.height == 0:
        raise FileEmpty(shown_name)
    batches = (_with_wkb(run, column) for run in table.frame.iter_slices(BATCH_ROWS))
    return OpenLayer("CSV", None, table.encoding, column, table.frame.height, (), batches)


def _with_wkb(run: pl.DataFrame, column: str) -> pa.RecordBatch:
    """Turn WKT into WKB; text that is none becomes empty WKB, which is found invalid, and no text stays null."""
    texts = run[column].str.replace(r"(?i)^\s*SRID=\d+;", "")
    outlines = shapely.to_wkb(shapely.from_wkt(texts.to_numpy(), on_invalid="ignore"))
    wkb = pl.Series(column, [b"" if outline is None else outline for outline in outlines], dtype=pl.Binary)
    frame = run.with_columns(wkb.set(texts.is_null(), None))
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks().to_batches()[0]


def _unpack(archive: Archive, directory: Path, *, profile: ImportProfile) -> tuple[Path, dict[str, Path], str | None]:
    """Unpack the one layer of a zip and the table to join; give both and the layer to choose inside of it.

    The owner's choice may name the file in the zip, a layer of the only file in it, or both: ``file/layer``.
    """
    choice, layers = profile.layer, archive.layers
    wkt_tables = [] if layers else [_as_layer(table) for table in archive.tables if table.suffix in _TABLE_SUFFIXES]
    candidates = list(layers) or wkt_tables
    if not candidates:
        is_table = any(table.suffix != ".txt" for table in archive.tables) or _WORKBOOK_ENTRY in archive.zip.namelist()
        raise TableWithoutOutlines(archive.file_name) if is_table else FileTypeNotSupported(archive.file_name)
    by_name = {each.name: each for each in candidates}
    outer, _, inner = (choice or "").partition("/")
    inside: str | None = None
    if choice in by_name:
        member = by_name[choice]
    elif outer in by_name and inner:
        member, inside = by_name[outer], inner
    elif len(candidates) == 1 and (choice is None or candidates[0].suffix in {".gpkg", ".gdb"}):
        member, inside = candidates[0], choice
    elif choice is None:
        raise SeveralLayers(archive.file_name, tuple(by_name))
    else:
        raise LayerNotFound(archive.file_name, choice, tuple(by_name))
    joined = profile.attribute_table
    tables = [table for table in archive.tables if joined is not None and table.name == joined.file_name][:1]
    archive.unpack([member, *tables], directory)
    return (
        directory / f"layer{member.suffix}",
        {table.name: directory / next(iter(table.files)) for table in tables},
        inside,
    )


def _as_layer(table: Member) -> Member:
    name = table.name.removesuffix(table.suffix)
    return Member(name, table.suffix, {f"layer{table.suffix}": next(iter(table.files.values()))})
