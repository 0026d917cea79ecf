"""Shapefiles: several files that must all be there, be whole, and speak of the same rows.

Cases: ``tests/intake/test_shapefile.py``, ``tests/intake/test_layer_file.py``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from senhui.intake.archive import SHAPEFILE_PARTS
from senhui.intake.gdal_layer import OpenLayer, open_with_gdal
from senhui.intake.profile import ImportProfile
from senhui.intake.refusal import LayerRefused
from senhui.intake.text_encoding import Encoding, encoding_of_name, read_dbf_text

_REQUIRED_PARTS: Final = (".shp", ".shx", ".dbf")
_HEADER_BYTES: Final = 100
_INDEX_BYTES: Final = 8
"""Length of the entry that the .shx has of each outline."""


@dataclass(eq=False)
class ShapefilePartMissing(LayerRefused):
    """A Shapefile came without one of the files it consists of."""

    what: ClassVar[str] = "{file_name} came without its {part} file."
    why: ClassVar[str] = "A Shapefile is several files of one name: outlines .shp, index .shx, attributes .dbf."
    remedy: ClassVar[str] = "Hand in all parts together, best as one zip."
    file_name: str
    part: str


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
class ShapefilePartsDisagree(LayerRefused):
    """Outlines and attributes of a Shapefile are not of the same rows."""

    what: ClassVar[str] = "The parts of {file_name} do not belong together."
    why: ClassVar[str] = "Its index (.shx) lists {n_outlines} outlines and its attribute table (.dbf) {n_rows} rows."
    remedy: ClassVar[str] = "Copy all parts again from one and the same export."
    file_name: str
    n_outlines: int
    n_rows: int


def parts_of(path: Path) -> dict[str, Path]:
    """Find the parts of a Shapefile, whatever the case of their names; the very name goes before another case."""
    found = {
        sibling.suffix.lower(): sibling
        for sibling in sorted(path.parent.iterdir(), key=lambda sibling: (sibling.stem == path.stem, sibling.name))
        if sibling.stem.casefold() == path.stem.casefold() and sibling.suffix.lower() in SHAPEFILE_PARTS
    }
    return {part: found[part] for part in SHAPEFILE_PARTS if part in found}


@contextmanager
def open_shapefile(path: Path, *, profile: ImportProfile, shown_name: str) -> Iterator[OpenLayer]:
    """Open a Shapefile that lies in a place of our own: the files there are links or copies."""
    parts = parts_of(path)
    for part in _REQUIRED_PARTS:
        if part not in parts:
            raise ShapefilePartMissing(shown_name, part)
    for part in (".shp", ".shx"):
        _refuse_cut(parts[part], part, shown_name=shown_name)
    declared = parts[".cpg"].read_text("ascii", errors="replace") if ".cpg" in parts else None
    text = read_dbf_text(
        parts[".dbf"], declared=encoding_of_name(declared), wanted=profile.encoding, shown_name=shown_name
    )
    n_outlines = (parts[".shx"].stat().st_size - _HEADER_BYTES) // _INDEX_BYTES
    if n_outlines != text.n_rows:
        raise ShapefilePartsDisagree(shown_name, n_outlines, text.n_rows)
    crs = None
    if ".prj" in parts:
        crs = _text(parts[".prj"].read_bytes()).strip()
        parts[".prj"].unlink()  # GDAL need not see it, and pyogrio fails on a name in GBK
    # GDAL recodes GB18030 value by value, which takes longer than all else; told UTF-8 it passes the bytes on. Only the
    # names of columns it must then be able to read.
    to_gdal: Encoding = "UTF-8" if text.has_plain_names else text.encoding
    with open_with_gdal(
        path, "ESRI Shapefile", shown_name=shown_name, encoding=text.encoding, to_gdal=to_gdal
    ) as layer:
        yield replace(layer, crs=crs, cut_text=text.cut)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def _refuse_cut(path: Path, part: str, *, shown_name: str) -> None:
    """Compare the length in a header (a count of 16-bit words) with that of the file; GDAL reads on past the end."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
    expected, n_bytes = max(2 * int.from_bytes(header[24:28], "big"), _HEADER_BYTES), path.stat().st_size
    if n_bytes < expected:
        raise ShapefilePartDamaged(shown_name, part, expected, n_bytes)
