"""A table with outlines, written in the formats that offices have: GeoPackage, Shapefile, CSV, workbook.

Each file carries in itself where its numbers come from and what its columns mean. Text stays text: what begins like a
formula is none in a spreadsheet. The cases are in ``tests/atlas/test_sub_compartments_file.py``.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
import shapely

from senhui.atlas.exports.columns import Column
from senhui.atlas.exports.provenance import PARAMETER_COLUMNS
from senhui.atlas.exports.qgis_style import Style
from senhui.intake import spreadsheet_safe
from senhui.intake.safe_workbook import new_workbook

Form = Literal["gpkg", "zip", "csv", "xlsx"]

MOST_XLSX_ROWS = 1_048_575
WKT = "WKT"
CRS = {"CRS": "EPSG:4490"}
"""A column of a CSV that names the coordinate system, for it has no other place; the import reads it from here."""
_ROWS_BETWEEN_REPORTS = 1000
_ROWS_AT_ONCE = 20_000


class TooManyRows(ValueError):
    """A worksheet cannot hold so many sub-compartments."""

    def __init__(self, n_rows: int) -> None:
        super().__init__(
            f"{n_rows:,} sub-compartments do not fit a worksheet of {MOST_XLSX_ROWS:,} rows. Choose GeoPackage or CSV."
        )
        self.n_rows = n_rows


@dataclass(frozen=True)
class Contents:
    """What is written, whatever the format.

    Attributes
    ----------
    frame : the columns, and ``geometry`` (WKB, degrees of CGCS2000)
    columns : what they mean; `Column.short` is the name in a Shapefile
    layer : name of layer and sheet
    facts : where the numbers come from, as pairs of text
    parameters : rows of `PARAMETER_COLUMNS`
    styles : for QGIS, the first opens
    repeated : facts that a CSV, which has room for nothing else, repeats in each row
    """

    frame: pl.DataFrame
    columns: Sequence[Column]
    layer: str
    facts: Sequence[tuple[str, str]]
    parameters: Sequence[tuple[str | float | bool | None, ...]] = ()
    styles: Sequence[Style] = ()
    repeated: dict[str, str | float] = field(default_factory=dict)


def write(contents: Contents, path: Path, *, form: Form, progress: Callable[[float], None]) -> None:
    """Write a file; ``progress`` is called with the fraction done.

    Raises
    ------
    TooManyRows
        XLSX only.
    """
    if form == "gpkg":
        _write_geopackage(contents, path)
    elif form == "zip":
        _write_shapefile(contents, path)
    elif form == "csv":
        _write_csv(contents, path, progress=progress)
    else:
        _write_workbook(contents, path, progress=progress)


def _write_geopackage(contents: Contents, path: Path) -> None:
    _write_layer(contents.frame, path, driver="GPKG", layer=contents.layer, facts=dict(contents.facts))
    said = [(column.name, column.unit, column.zh, column.en) for column in _present(contents)]
    tables: dict[str, pl.DataFrame] = {
        "provenance": pl.DataFrame(list(contents.facts), schema=["name", "value"], orient="row"),
        "columns": pl.DataFrame(said, schema=["name", "unit", "meaning_zh", "meaning_en"], orient="row"),
    }
    if contents.parameters:
        rows = [[None if value is None else str(value) for value in row] for row in contents.parameters]
        tables["parameters"] = pl.DataFrame(rows, schema=dict.fromkeys(PARAMETER_COLUMNS, pl.String), orient="row")
    if contents.styles:
        tables["layer_styles"] = _styles(contents)
    for name, table in tables.items():
        arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
        # QGIS finds the styles of a GeoPackage in a table of this name, by a key called id.
        options = {"FID": "id"} if name == "layer_styles" else {"FID": "fid"}
        pyogrio.write_arrow(arrow, path, layer=name, driver="GPKG", append=True, layer_options=options)


def _styles(contents: Contents) -> pl.DataFrame:
    n = len(contents.styles)
    return pl.DataFrame(
        {
            "f_table_catalog": [""] * n,
            "f_table_schema": [""] * n,
            "f_table_name": [contents.layer] * n,
            "f_geometry_column": ["geometry"] * n,
            "styleName": [style.name for style in contents.styles],
            "styleQML": [style.qml for style in contents.styles],
            "styleSLD": [""] * n,
            "useAsDefault": [nth == 0 for nth in range(n)],
            "description": [style.name for style in contents.styles],
            "owner": [""] * n,
            "ui": [None] * n,
        },
        schema_overrides={"ui": pl.String},
    )


def _present(contents: Contents) -> list[Column]:
    return [column for column in contents.columns if column.name in contents.frame.columns]


def _write_layer(
    frame: pl.DataFrame,
    path: Path,
    *,
    driver: str,
    layer: str | None = None,
    encoding: str = "UTF-8",
    facts: dict[str, str] | None = None,
) -> None:
    """Write with GDAL; every geometry becomes a multi-polygon, for a layer has one type."""
    shapes = shapely.from_wkb(frame["geometry"].to_numpy())
    is_single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    shapes[is_single] = shapely.multipolygons(shapes[is_single], indices=np.arange(is_single.sum()))
    table = frame.drop("geometry").to_arrow(compat_level=pl.CompatLevel.oldest())
    if driver == "ESRI Shapefile":
        table = table.cast(pa.schema(_as_wide_as_needed(field, frame, encoding) for field in table.schema))
    table = table.append_column("geometry", pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    pyogrio.write_arrow(
        table,
        path,
        layer=layer,
        driver=driver,
        geometry_name="geometry",
        geometry_type="MultiPolygon",
        crs="EPSG:4490",
        encoding=encoding,
        layer_metadata=facts,
    )


def _as_wide_as_needed(field: pa.Field, frame: pl.DataFrame, encoding: str) -> pa.Field:
    """Tell GDAL how many bytes a text needs; left to itself it begins with 80 and rewrites the file as it grows."""
    if frame.schema[field.name] != pl.String:
        return field
    n_bytes = max((len(text.encode(encoding)) for text in frame[field.name].drop_nulls().unique()), default=1)
    return field.with_metadata({"GDAL:OGR:width": str(max(n_bytes, 1))})


def _encoding(frame: pl.DataFrame) -> str:
    """Return GBK, which the programs of offices expect, or UTF-8 where a name has a character that GBK lacks."""
    texts = (text for name in frame.columns if frame.schema[name] == pl.String for text in frame[name].unique())
    try:
        for text in texts:
            (text or "").encode("gbk")
    except UnicodeEncodeError:
        return "UTF-8"
    return "GBK"


def _write_shapefile(contents: Contents, path: Path) -> None:
    encoding = _encoding(contents.frame)
    names = {column.name: column.short for column in contents.columns}
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        shapefile = Path(directory) / f"{path.stem}.shp"
        frame = contents.frame.rename(names, strict=False)
        _write_layer(frame, shapefile, driver="ESRI Shapefile", encoding=encoding)
        with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part in sorted(Path(directory).iterdir()):
                archive.write(part, part.name)
            archive.writestr(f"{path.stem}.txt", "\ufeff" + "\r\n".join(_read_me(contents, encoding)) + "\r\n")


def _read_me(contents: Contents, encoding: str) -> list[str]:
    """Return what the text beside a Shapefile says: facts, and each column with its unit."""
    lines = [f"{name}: {text}" for name, text in contents.facts]
    lines += ["坐标系 CRS: CGCS2000 (EPSG:4490)", f"属性编码 Encoding: {encoding}", "", "字段 Columns:"]
    for column in _present(contents):
        unit = f" [{column.unit}]" if column.unit else ""
        full = "" if column.short == column.name else f" ({column.name})"
        lines.append(f"{column.short}{full}{unit}: {column.zh}; {column.en}")
    return lines


def _write_csv(contents: Contents, path: Path, *, progress: Callable[[float], None]) -> None:
    """Write in blocks, for the outlines as text are larger than everything else together."""
    frame = contents.frame
    texts = [name for name in frame.columns if frame.schema[name] == pl.String]
    path.write_bytes(b"\xef\xbb\xbf")
    with path.open("ab") as file:
        for start in range(0, max(frame.height, 1), _ROWS_AT_ONCE):
            block = frame[start : start + _ROWS_AT_ONCE]
            # As exact as they are kept: an outline comes back as it was.
            outlines = shapely.to_wkt(shapely.from_wkb(block["geometry"].to_numpy()), rounding_precision=-1)
            block.drop("geometry").with_columns(spreadsheet_safe(name) for name in texts).with_columns(
                *(pl.lit(value).alias(name) for name, value in (contents.repeated | CRS).items()),
                pl.Series(WKT, outlines, dtype=pl.String),
            ).write_csv(file, include_header=start == 0)
            progress(min(1.0, (start + _ROWS_AT_ONCE) / max(frame.height, 1)))


def _write_workbook(contents: Contents, path: Path, *, progress: Callable[[float], None]) -> None:
    frame = contents.frame.drop("geometry")
    if frame.height > MOST_XLSX_ROWS:
        raise TooManyRows(frame.height)
    with new_workbook(path, constant_memory=True) as workbook:
        sheet = workbook.add_worksheet(contents.layer)
        sheet.write_row(0, 0, frame.columns)
        sheet.freeze_panes(1, 1)
        for nth, row in enumerate(frame.iter_rows(), start=1):
            sheet.write_row(nth, 0, row)
            if nth % _ROWS_BETWEEN_REPORTS == 0:
                progress(0.8 * nth / frame.height)
        sheet = workbook.add_worksheet("provenance")
        for nth, fact in enumerate(contents.facts):
            sheet.write_row(nth, 0, fact)
        sheet = workbook.add_worksheet("columns")
        for nth, column in enumerate(_present(contents)):
            sheet.write_row(nth, 0, (column.name, column.unit, column.zh, column.en))
        if contents.parameters:
            sheet = workbook.add_worksheet("parameters")
            sheet.write_row(0, 0, PARAMETER_COLUMNS)
            for nth, values in enumerate(contents.parameters, start=1):
                sheet.write_row(nth, 0, values)
