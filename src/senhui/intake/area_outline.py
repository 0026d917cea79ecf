"""One area that a person brings along: the polygons of a small file, as one outline in CGCS2000 (自带范围).

GeoJSON and KML, which name no system, are in WGS 84 by their own rules; a zipped Shapefile and a GeoPackage are read as
any layer is. Cases: ``tests/intake/test_area_outline.py``.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import polars as pl
import pyogrio.errors
import pyogrio.raw
import shapely

from senhui.intake.as_read import read_layer
from senhui.intake.coordinate_system import recognise
from senhui.intake.datum import way_to_cgcs2000
from senhui.intake.geometry import polygon_areas_ha, read_outlines
from senhui.intake.layer_file import LayerUnreadable
from senhui.intake.refusal import LayerRefused
from senhui.intake.scratch import scratch_directory

LARGEST_BYTES: Final = 2 * 10**6
MOST_VERTICES: Final = 20_000
_LARGEST_UNPACKED_BYTES: Final = 20 * LARGEST_BYTES


@dataclass(eq=False)
class AreaTooLarge(LayerRefused):
    """The file has more bytes or its outline more points than an area to choose by needs."""

    what: ClassVar[str] = "{file_name} is too large for an area to choose by."
    why: ClassVar[str] = "A file may have {limit_mb} MB and its outline {most_points} points."
    remedy: ClassVar[str] = "Keep only the outline that you need, and simplify it."
    file_name: str
    limit_mb: int = LARGEST_BYTES // 10**6
    most_points: int = MOST_VERTICES


@dataclass(eq=False)
class NoAreaInFile(LayerRefused):
    """No polygon is in the file."""

    what: ClassVar[str] = "{file_name} holds no area."
    why: ClassVar[str] = "Only polygons enclose something; it holds points, lines or nothing."
    remedy: ClassVar[str] = "Hand in GeoJSON, KML, a zipped Shapefile or a GeoPackage with polygons."
    file_name: str


@dataclass(frozen=True)
class AreaOutline:
    """One area.

    Attributes
    ----------
    wkb : polygon or multi-polygon, degrees of EPSG:4490, valid
    n_vertices : points of the outline
    area_ha : on the ellipsoid, hectares
    is_repaired : whether an outline crossed itself and was mended
    """

    wkb: bytes
    n_vertices: int
    area_ha: float
    is_repaired: bool


def read_area(path: Path, *, shown_name: str) -> AreaOutline:
    """Read all polygons of a file as one area.

    Parameters
    ----------
    path : Path
        GeoJSON, KML, a zipped Shapefile, a GeoPackage, or whatever else ``as_read.read_layer`` reads.
    shown_name : str
        Name of the file for messages.

    Raises
    ------
    AreaTooLarge, NoAreaInFile, LayerRefused
        In this order of precedence; the last are those of any layer.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise AreaTooLarge(shown_name)
    with path.open("rb") as stream:
        start = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PK\x03\x04") and _unpacked_bytes(path) > _LARGEST_UNPACKED_BYTES:
        raise AreaTooLarge(shown_name)
    if start.startswith(b"{"):
        outlines = _of_gdal(path, ".geojson", shown_name)
    elif start.startswith(b"<") and b"kml" in start:
        outlines = _of_gdal(path, ".kml", shown_name)
    else:
        outlines = read_layer(path).outlines["geometry"]
    return _joined(outlines, shown_name)


def _unpacked_bytes(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        return 0  # refused by name where it is opened


def _of_gdal(path: Path, suffix: str, shown_name: str) -> pl.Series:
    """Read every layer of a text format, each of which names its system or is in WGS 84."""
    found: list[pl.Series] = []
    with scratch_directory() as scratch:
        plain = scratch / f"area{suffix}"
        plain.symlink_to(path.resolve())
        try:
            for name, kind in pyogrio.list_layers(plain):
                if kind is None:
                    continue
                meta, _, wkb, _ = pyogrio.raw.read(plain, layer=name, columns=[])
                way = way_to_cgcs2000(recognise(meta["crs"], file_name=shown_name), change=None)
                read = read_outlines(pl.Series("geometry", list(wkb), dtype=pl.Binary), move=way.move)
                found.append(read.wkb)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as error:
            raise LayerUnreadable(shown_name) from error
    return pl.concat(found) if found else pl.Series("geometry", [], dtype=pl.Binary)


def _joined(outlines: pl.Series, shown_name: str) -> AreaOutline:
    shapes = shapely.force_2d(shapely.from_wkb(outlines.drop_nulls().to_numpy()))
    if shapely.get_num_coordinates(shapes).sum() > MOST_VERTICES:
        raise AreaTooLarge(shown_name)
    is_bad = ~shapely.is_valid(shapes)
    shapes[is_bad] = shapely.make_valid(shapes[is_bad], method="structure", keep_collapsed=False)
    joined = shapely.union_all([shape for shape in shapes if not shape.is_empty])
    west, south, east, north = joined.bounds if not joined.is_empty else (np.nan,) * 4
    is_on_earth = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if joined.is_empty or joined.area == 0 or not is_on_earth:
        raise NoAreaInFile(shown_name)
    area_ha = float(polygon_areas_ha(np.array([joined], dtype=object))[0])
    return AreaOutline(shapely.to_wkb(joined), int(shapely.get_num_coordinates(joined)), area_ha, bool(is_bad.any()))
