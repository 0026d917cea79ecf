"""Opening the file that a layer came in: which kind it is by its first bytes, its parts, its layers.

Cases: ``tests/intake/test_layer_file.py``.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyogrio.errors

from senhui.intake.profile import ImportProfile
from senhui.intake.refusal import LayerRefused
from senhui.intake.text_encoding import CutText, Encoding, decode_whole, encoding_of_name, read_dbf_text

Driver = Literal["ESRI Shapefile", "GPKG", "Parquet"]

BATCH_ROWS: Final = 32_768
LARGEST_PART_BYTES: Final = 4 * 2**30
"""No part of a Shapefile can be larger; a zip that announces more is not one."""

_SIGNATURES: Final[dict[bytes, str]] = {
    b"\x00\x00\x27\x0a": "ESRI Shapefile",
    b"SQLite format 3\x00": "GPKG",
    b"PAR1": "Parquet",
    b"PK\x03\x04": "zip",
}
_REQUIRED_PARTS: Final = (".shp", ".shx", ".dbf")
_PARTS: Final = (*_REQUIRED_PARTS, ".prj", ".cpg")


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
    why: ClassVar[str] = "Its content is neither a Shapefile (.shp, or zipped), a GeoPackage nor a GeoParquet file."
    remedy: ClassVar[str] = "Export the layer in one of these formats; of a Shapefile choose the .shp or a zip of it."
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
class LayerUnreadable(LayerRefused):
    """The format is right but the content is damaged or of a kind that is not read."""

    what: ClassVar[str] = "{file_name} could not be read."
    why: ClassVar[str] = "{detail}."
    remedy: ClassVar[str] = "Open it in the program it came from, and export it again."
    file_name: str
    detail: str


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
        if kind == "zip":
            with TemporaryDirectory(prefix="senhui-intake-") as directory:
                shapefile = _unpack(path, Path(directory), wanted=profile.layer)
                with _open_shapefile(shapefile, profile=profile) as layer:
                    yield layer
        elif kind == "ESRI Shapefile":
            with _open_shapefile(path, profile=profile) as layer:
                yield layer
        elif kind == "GPKG":
            with _open_geopackage(path, profile=profile) as layer:
                yield layer
        else:
            yield _open_geoparquet(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pa.ArrowException) as error:
        raise LayerUnreadable(path.name, str(error).rstrip(".")) from error


def file_kind(path: Path) -> str:
    """Give the kind of a file by its first bytes: its name may say anything.

    Raises
    ------
    FileNotFound, FileEmpty, FileTypeNotSupported
        See there.
    """
    if not path.is_file():
        raise FileNotFound(path.name)
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise FileEmpty(path.name)
    kind = next((kind for signature, kind in _SIGNATURES.items() if start.startswith(signature)), None)
    if kind is None:
        raise FileTypeNotSupported(path.name)
    return kind


def file_digest(path: Path) -> tuple[str, int]:
    """Give the SHA-256 and the number of bytes of a file, of a Shapefile those of its parts in a fixed order."""
    digest, n_bytes = hashlib.sha256(), 0
    parts = _parts(path) if file_kind(path) == "ESRI Shapefile" else {"": path}
    for part in parts.values():
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
        if sibling.stem == path.stem and sibling.suffix.lower() in _PARTS
    }
    return {part: found[part] for part in _PARTS if part in found}


@contextmanager
def _open_shapefile(path: Path, *, profile: ImportProfile) -> Iterator[OpenLayer]:
    parts = _parts(path)
    for part in _REQUIRED_PARTS:
        if part not in parts:
            raise ShapefilePartMissing(path.name, part)
    declared = parts[".cpg"].read_text("ascii", errors="replace") if ".cpg" in parts else None
    text = read_dbf_text(parts[".dbf"], declared=encoding_of_name(declared), wanted=profile.encoding)
    crs = parts[".prj"].read_text("utf-8", errors="replace").strip() if ".prj" in parts else None
    with _open_with_gdal(path, "ESRI Shapefile", encoding=text.encoding) as layer:
        yield OpenLayer(
            "ESRI Shapefile", crs, text.encoding, layer.geometry_column, layer.n_rows, text.cut, layer.batches
        )


@contextmanager
def _open_geopackage(path: Path, *, profile: ImportProfile) -> Iterator[OpenLayer]:
    layers = tuple(str(name) for name, geometry_type in pyogrio.list_layers(path) if geometry_type is not None)
    if profile.layer is not None and profile.layer not in layers:
        raise LayerNotFound(path.name, profile.layer, layers)
    if not layers:
        raise FileEmpty(path.name)
    if profile.layer is None and len(layers) > 1:
        raise SeveralLayers(path.name, layers)
    with _open_with_gdal(path, "GPKG", layer=profile.layer or layers[0]) as layer:
        yield layer


@contextmanager
def _open_with_gdal(
    path: Path, driver: Driver, *, layer: str | None = None, encoding: Encoding | None = None
) -> Iterator[OpenLayer]:
    n_rows = pyogrio.read_info(path, layer=layer, encoding=encoding, force_feature_count=True)["features"]
    if n_rows == 0:
        raise FileEmpty(path.name)
    with pyogrio.open_arrow(path, layer=layer, encoding=encoding, batch_size=BATCH_ROWS, use_pyarrow=True) as (
        meta,
        reader,
    ):
        geometry_column = meta["geometry_name"] or "wkb_geometry"
        batches = (_with_valid_text(batch, path.name, may_be_cut=driver == "ESRI Shapefile") for batch in reader)
        yield OpenLayer(driver, meta["crs"], encoding or "UTF-8", geometry_column, n_rows, (), batches)


def _with_valid_text(batch: pa.RecordBatch, file_name: str, *, may_be_cut: bool) -> pa.RecordBatch:
    """Make sure that text is UTF-8, which GDAL passes on unchecked and every later step takes for granted.

    A Shapefile in UTF-8 may hold values whose last character was cut: their whole characters are kept (and the
    values are among the layer's ``cut_text``). Anything else that is not UTF-8 makes the layer unreadable.
    """
    for index, field in enumerate(batch.schema):
        column = batch.column(index)
        if not pa.types.is_string(field.type) and not pa.types.is_large_string(field.type):
            continue
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if not may_be_cut:
                raise LayerUnreadable(file_name, f"The text in its column {field.name} is not UTF-8") from error
            values = column.cast(pa.large_binary()).to_pylist()
            whole = [None if value is None else decode_whole(value, "UTF-8") for value in values]
            batch = batch.set_column(index, field, pa.array(whole, field.type))
    return batch


def _open_geoparquet(path: Path) -> OpenLayer:
    file = pq.ParquetFile(path)
    metadata = (file.schema_arrow.metadata or {}).get(b"geo")
    if metadata is None:
        raise LayerUnreadable(path.name, "It is a Parquet file without the geometry description of GeoParquet")
    try:
        geo = json.loads(metadata)
        column = geo["primary_column"]
        description = geo["columns"][column]
        encoding = description["encoding"]
    except (ValueError, KeyError, TypeError) as error:
        raise LayerUnreadable(path.name, "Its geometry description is not that of GeoParquet") from error
    if encoding != "WKB":
        raise LayerUnreadable(path.name, f"Its geometry is encoded as {encoding}, not as WKB")
    if file.metadata.num_rows == 0:
        raise FileEmpty(path.name)
    # The specification: no key means OGC:CRS84, an explicit null means unknown.
    crs = description.get("crs", "OGC:CRS84")
    if isinstance(crs, dict):
        crs = json.dumps(crs)
    return OpenLayer(
        "Parquet", crs, "UTF-8", column, file.metadata.num_rows, (), file.iter_batches(batch_size=BATCH_ROWS)
    )


def _unpack(path: Path, directory: Path, *, wanted: str | None) -> Path:
    """Unpack the one Shapefile of a zip under a plain name.

    Names inside a zip may be in GBK without saying so and may contain paths: neither reaches the disk.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            stems = {
                member.filename[:-4]: member
                for member in archive.infolist()
                # A zip made on a Mac has a shadow of every file in a folder of its own.
                if member.filename.lower().endswith(".shp") and not member.filename.startswith("__MACOSX/")
            }
            names = {_shown(stem): stem for stem in stems}
            if not names:
                raise FileTypeNotSupported(path.name)
            if wanted is not None and wanted not in names:
                raise LayerNotFound(path.name, wanted, tuple(names))
            if wanted is None and len(names) > 1:
                raise SeveralLayers(path.name, tuple(names))
            stem = names[wanted] if wanted is not None else next(iter(stems))
            for member in archive.infolist():
                part = member.filename[len(stem) :].lower()
                if member.filename.startswith(stem) and part in _PARTS:
                    if member.file_size > LARGEST_PART_BYTES:
                        raise LayerUnreadable(path.name, f"Its part {part} is larger than a Shapefile can be")
                    with archive.open(member) as packed, (directory / f"layer{part}").open("wb") as unpacked:
                        shutil.copyfileobj(packed, unpacked)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise LayerUnreadable(path.name, f"The zip is damaged or locked: {error}") from error
    return directory / "layer.shp"


def _shown(stem: str) -> str:
    """Give the readable name of a Shapefile in a zip: without folders, and GBK where the zip does not say."""
    with suppress(UnicodeError):
        stem = stem.encode("cp437").decode("gb18030")
    return stem.replace("\\", "/").rsplit("/", 1)[-1]
