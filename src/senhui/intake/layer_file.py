"""Opening the file that a layer came in: which kind it is by its first bytes, its parts, its layers.

Cases: ``tests/intake/test_layer_file.py``.
"""

import codecs
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.errors
import shapely

from senhui.intake.archive import Archive, Member, open_archive
from senhui.intake.delimited_text import header_of, read_text_table
from senhui.intake.gdal_layer import BATCH_ROWS, FileEmpty, LayerNotFound, OpenLayer, SeveralLayers, open_database
from senhui.intake.geometry import ARCS_IN_WKT
from senhui.intake.profile import ImportProfile
from senhui.intake.refusal import LayerRefused
from senhui.intake.scratch import scratch_directory
from senhui.intake.shapefile import open_shapefile, parts_of

_SIGNATURES: Final[dict[bytes, str]] = {
    b"\x00\x00\x27\x0a": "ESRI Shapefile",
    b"SQLite format 3\x00": "GPKG",
    b"PAR1": "Parquet",
    b"PK\x03\x04": "zip",
}
_SUFFIXES: Final = {"ESRI Shapefile": ".shp", "GPKG": ".gpkg", "OpenFileGDB": ".gdb", "GeoJSON": ".geojson"}
_TABLE_SUFFIXES: Final = (".csv", ".tsv")
_WORKBOOK_ENTRY: Final = "xl/workbook.xml"
"""An XLSX is a zip too; this entry tells it from others."""

_GEOJSON_START_BYTES: Final = 4096
"""A collection says its type before its features, which are long."""

_WKT_COLUMNS: Final = ("wkt", "geometry", "geom", "the_geom", "shape")


@dataclass(eq=False)
class FileNotFound(LayerRefused):
    """There is no such file."""

    what: ClassVar[str] = "There is no file {file_name}."
    why: ClassVar[str] = "It may have been moved or renamed."
    remedy: ClassVar[str] = "Choose the file again."
    file_name: str


@dataclass(eq=False)
class FileTypeNotSupported(LayerRefused):
    """The file is none of the formats that are read."""

    what: ClassVar[str] = "{file_name} is not a layer that can be read."
    why: ClassVar[str] = (
        "Its content is neither a Shapefile, a GeoPackage, a file geodatabase, a GeoParquet file, GeoJSON nor a CSV "
        "with outlines as WKT, nor a zip of one of them."
    )
    remedy: ClassVar[str] = (
        "Export the layer in one of these formats; of a Shapefile choose the .shp or a zip of it, of a geodatabase a "
        "zip of its .gdb folder."
    )
    file_name: str


@dataclass(eq=False)
class TextInUtf16(LayerRefused):
    """The file is text in UTF-16, which Excel calls Unicode text."""

    what: ClassVar[str] = "{file_name} is text in UTF-16."
    why: ClassVar[str] = "Tables are read in UTF-8 or GB18030 (GBK); Excel writes UTF-16 when told “Unicode text”."
    remedy: ClassVar[str] = "Save the table again as CSV in UTF-8."
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
class LayerUnreadable(LayerRefused):
    """The format is right but the content is damaged or of a kind that is not read; the cause says more, in a log."""

    what: ClassVar[str] = "{file_name} could not be read."
    why: ClassVar[str] = "Its content is damaged or cut off, or of a kind that is not read."
    remedy: ClassVar[str] = "Open it in the program it came from, and export it again."
    file_name: str


@dataclass(eq=False)
class NotGeoParquet(LayerRefused):
    """A Parquet file does not say which column holds outlines as WKB."""

    what: ClassVar[str] = "{file_name} is a Parquet file without outlines that can be read."
    why: ClassVar[str] = "It lacks the geometry description of GeoParquet, or its outlines are not encoded as WKB."
    remedy: ClassVar[str] = "Export the layer as GeoParquet with WKB, or as a GeoPackage."
    file_name: str


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
                    layer_path, packed_tables, layer_name = _unpack(archive, scratch, profile=profile)
                tables |= packed_tables
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
        return open_shapefile(path, profile=profile, shown_name=shown_name)
    if kind in {"GPKG", "OpenFileGDB", "GeoJSON"}:
        return open_database(path, kind, profile=profile, shown_name=shown_name)  # type: ignore[arg-type]
    if kind == "Parquet":
        return nullcontext(_open_geoparquet(path, shown_name=shown_name))
    if kind == "CSV":
        return nullcontext(_open_csv(path, profile=profile, shown_name=shown_name))
    raise FileTypeNotSupported(shown_name)


def _linked(path: Path, scratch: Path, *, kind: str) -> Path:
    """Give GDAL a plain name: it takes a GeoPackage named .zip for a zip, and a ! or ? in a name for its own signs."""
    if kind not in _SUFFIXES:
        return path
    parts = parts_of(path) if kind == "ESRI Shapefile" else {_SUFFIXES[kind]: path}
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
    FileNotFound, FileEmpty, FileTypeNotSupported, TextInUtf16, TableWithoutOutlines
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
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TextInUtf16(name)
    kind = next((kind for signature, kind in _SIGNATURES.items() if start.startswith(signature)), None)
    if kind is None and _is_geojson(path):
        kind = "GeoJSON"
    if kind is None:
        kind = "CSV" if _wkt_column(header_of(path)) is not None else None
    if kind is None and path.suffix.lower() in _TABLE_SUFFIXES:
        raise TableWithoutOutlines(name)
    if kind is None:
        raise FileTypeNotSupported(name)
    return kind


def _is_geojson(path: Path) -> bool:
    """Whether a text begins as an object that says of what type it is; what it holds is for the reader to find."""
    with path.open("rb") as stream:
        start = stream.read(_GEOJSON_START_BYTES).removeprefix(codecs.BOM_UTF8).lstrip()
    return start.startswith(b"{") and re.search(rb'"type"\s*:\s*"(FeatureCollection|Feature)"', start) is not None


def file_digest(path: Path) -> tuple[str, int]:
    """Give the SHA-256 and the number of bytes of a file, of several files that belong together in a fixed order."""
    digest, n_bytes = hashlib.sha256(), 0
    if path.is_dir():
        parts = sorted(part for part in path.iterdir() if part.is_file() and part.suffix != ".lock")
    else:
        parts = list(parts_of(path).values()) if file_kind(path) == "ESRI Shapefile" else [path]
    for part in parts:
        with part.open("rb") as stream:
            while chunk := stream.read(2**22):
                digest.update(chunk)
                n_bytes += len(chunk)
    return digest.hexdigest(), n_bytes


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
    """Open a table whose outlines are WKT. Where it does not name its system, that comes from the profile."""
    table = read_text_table(path, wanted=profile.encoding, shown_name=shown_name)
    column = _wkt_column(table.frame.columns)
    assert column is not None, "the kind of the file was told by this column"
    if table.frame.height == 0:
        raise FileEmpty(shown_name)
    batches = (_with_wkb(run, column) for run in table.frame.iter_slices(BATCH_ROWS))
    return OpenLayer("CSV", _system_named(table.frame, column), table.encoding, column, table.frame.height, (), batches)


def _system_named(frame: pl.DataFrame, outlines: str) -> str | None:
    """Return the system that every row names, in a column CRS or with its outline (SRID=4490;POLYGON …), or None."""
    named = frame[outlines].drop_nulls().str.extract(r"(?i)^\s*SRID=(\d{1,6});").unique()
    column = next((name for name in frame.columns if name.strip().lower() == "crs"), None)
    if column is not None:
        named = frame[column].str.extract(r"(?i)^\s*EPSG:(\d{1,6})\s*$").unique()
    return None if named.len() != 1 or named[0] is None else f"EPSG:{named[0]}"


def _with_wkb(run: pl.DataFrame, column: str) -> pa.RecordBatch:
    """Turn WKT into WKB; text that is none becomes empty WKB, which is found invalid, and no text stays null."""
    texts = run[column].str.replace(r"(?i)^\s*SRID=\d+;", "").str.replace(ARCS_IN_WKT, "no polygon")
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
    inside: str | None = None
    outer = next((name for name in by_name if choice is not None and choice.startswith(f"{name}/")), None)
    if choice in by_name:
        member = by_name[choice]
    elif choice is not None and outer is not None:
        member, inside = by_name[outer], choice.removeprefix(f"{outer}/")
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
