"""The sub-compartments of a release within a person's areas, as a file in a format that offices have.

The cases are in ``tests/atlas/test_sub_compartments_file.py``.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
import shapely
import xlsxwriter
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for
from senhui.access.rules import Actor, PermissionRefused
from senhui.atlas.exports.provenance import PARAMETER_COLUMNS, parameter_rows, release_facts, release_label
from senhui.atlas.statistics import parameters_used
from senhui.inventory import queries

Form = Literal["gpkg", "zip", "csv", "xlsx"]
PERMISSION = "export_sub_compartments"

SHAPEFILE_NAMES = {
    "sub_compartment_id": "XB_ID",
    "county_code": "XIAN",
    "township_code": "XIANG",
    "village_code": "CUN",
    "compartment_no": "LIN_BAN",
    "sub_compartment_no": "XIAO_BAN",
    "land_class": "LAND_CLASS",
    "species_group": "SPECIES",
    "origin": "ORIGIN",
    "age_yr": "AGE_YR",
    "age_group": "AGE_GROUP",
    "canopy_frac": "CANOPY",
    "dbh_cm": "DBH_CM",
    "height_m": "HEIGHT_M",
    "stems_ha": "STEMS_HA",
    "area_ha": "AREA_HA",
    "volume_m3_ha": "VOL_M3_HA",
    "volume_m3": "VOL_M3",
    "scattered_volume_m3": "SCATVOL_M3",
    "method": "METHOD",
    "no_estimate_reason": "NO_EST_WHY",
    "derivation_id": "DERIV_ID",
    "scattered_derivation_id": "DERIV_SCAT",
    "main_tc": "MAIN_TC",
    "scattered_tc": "SCAT_TC",
    "stock_tc": "STOCK_TC",
    "stock_tc_ha": "STOCK_TCHA",
    "main_factor": "FACTOR",
    "scattered_factor": "FACTOR_SC",
    "calibrated_stock_tc": "CALIB_TC",
    "release": "RELEASE",
}
"""The exported columns, and their names where only ten letters fit. Units are those of the column names."""

_MOST_XLSX_ROWS = 1_048_575
_KEPT_FOR_S = 3600


class TooManyRows(ValueError):
    """A worksheet cannot hold so many sub-compartments."""

    def __init__(self, n_rows: int) -> None:
        super().__init__(
            f"{n_rows:,} sub-compartments do not fit a worksheet of {_MOST_XLSX_ROWS:,} rows. Choose GeoPackage or CSV."
        )
        self.n_rows = n_rows


def sub_compartments(actor: Actor, release_id: str, *, form: Form, on: dt.date) -> Path:
    """Write the sub-compartments that a person may export, and note in the audit that it was done.

    Parameters
    ----------
    actor : whoever asks
    release_id : str
    form : "gpkg", "zip" (a Shapefile with its parts, GBK), "csv" or "xlsx"
        CSV and XLSX carry no geometry.
    on : date on which the grants must hold

    Returns
    -------
    Path
        A file of its own, kept for an hour.

    Raises
    ------
    PermissionRefused
        The person may export nothing at all.
    NoSuchRelease
        There is no such release.
    TooManyRows
        XLSX only.
    """
    areas = areas_for(actor, PERMISSION, on=on)
    if areas.is_empty:
        raise PermissionRefused(PERMISSION)
    release = queries.release(release_id)
    columns = [name for name in SHAPEFILE_NAMES if name != "release"]
    frame = (
        queries.scan(release_id)
        .filter(queries.area_filter(sorted(areas.codes)))
        .select(*columns, pl.lit(release_label(release)).alias("release"), "geometry")
        .collect()
    )
    if form == "xlsx" and frame.height > _MOST_XLSX_ROWS:
        raise TooManyRows(frame.height)
    path = _new_place() / f"senhui_{release_id}_sub_compartments.{form}"
    if form == "gpkg":
        _write_layer(frame, path, driver="GPKG")
    elif form == "zip":
        _write_shapefile(frame, path)
    elif form == "csv":
        path.write_bytes(b"\xef\xbb\xbf")
        with path.open("ab") as file:
            frame.drop("geometry").write_csv(file)
    else:
        _write_workbook(frame.drop("geometry"), release, path)
    with transaction.atomic():
        record_audit(
            actor,
            "atlas.export_sub_compartments",
            subject=f"release {release_id}",
            detail={"form": form, "areas": sorted(areas.codes), "n_rows": frame.height},
            now=timezone.now(),
        )
    return path


def _new_place() -> Path:
    """Return an empty directory; earlier ones that had their hour are removed."""
    home = Path(settings.SENHUI_HOME) / "exports"
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_FOR_S:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=home))


def _write_layer(frame: pl.DataFrame, path: Path, *, driver: str, encoding: str = "UTF-8") -> None:
    """Write with GDAL; every geometry becomes a multi-polygon, for a layer has one type."""
    shapes = shapely.from_wkb(frame["geometry"].to_numpy())
    is_single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    shapes[is_single] = shapely.multipolygons(shapes[is_single], indices=np.arange(is_single.sum()))
    table = frame.drop("geometry").to_arrow(compat_level=pl.CompatLevel.oldest())
    table = table.append_column("geometry", pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    pyogrio.write_arrow(
        table,
        path,
        layer=None if driver == "ESRI Shapefile" else "sub_compartments",
        driver=driver,
        geometry_name="geometry",
        geometry_type="MultiPolygon",
        crs="EPSG:4490",
        encoding=encoding,
    )


def _write_shapefile(frame: pl.DataFrame, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        shapefile = Path(directory) / f"{path.stem}.shp"
        _write_layer(frame.rename(SHAPEFILE_NAMES), shapefile, driver="ESRI Shapefile", encoding="GBK")
        with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part in sorted(Path(directory).iterdir()):
                archive.write(part, part.name)


def _write_workbook(frame: pl.DataFrame, release: queries.ReleaseInfo, path: Path) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet("sub_compartments")
        sheet.write_row(0, 0, frame.columns)
        sheet.freeze_panes(1, 1)
        for nth, row in enumerate(frame.iter_rows(), start=1):
            sheet.write_row(nth, 0, row)
        sheet = workbook.add_worksheet("provenance")
        for nth, fact in enumerate(release_facts(release)):
            sheet.write_row(nth, 0, fact)
        sheet = workbook.add_worksheet("parameters")
        sheet.write_row(0, 0, PARAMETER_COLUMNS)
        for nth, values in enumerate(parameter_rows(parameters_used(release.id)), start=1):
            sheet.write_row(nth, 0, values)
