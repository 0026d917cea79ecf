"""The sub-compartments of a release within a person's areas, as a file in a format that offices have.

A city's take up to a minute to write, so it is done by a job (`senhui.atlas.jobs`); the file waits under
SENHUI_HOME/exports for the person who asked for it.

The cases are in ``tests/atlas/test_sub_compartments_file.py``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
_KEPT_FOR_S = 24 * 3600
_ROWS_BETWEEN_REPORTS = 1000


class TooManyRows(ValueError):
    """A worksheet cannot hold so many sub-compartments."""

    def __init__(self, n_rows: int) -> None:
        super().__init__(
            f"{n_rows:,} sub-compartments do not fit a worksheet of {_MOST_XLSX_ROWS:,} rows. Choose GeoPackage or CSV."
        )
        self.n_rows = n_rows


class ExportIsGone(LookupError):
    """The file was kept for a day and has been removed."""

    def __init__(self) -> None:
        super().__init__("The exported file was kept for a day and has been removed. Export it again.")


@dataclass(frozen=True)
class Export:
    """A file that was written for one person: where it lies and the land it holds."""

    path: Path
    areas: frozenset[str]
    n_rows: int


def refuse_export(actor: Actor, *, on: dt.date, areas: Iterable[str] = ()) -> None:
    """Refuse a person who may export nothing, or not all of some areas.

    Raises
    ------
    PermissionRefused
    """
    granted = areas_for(actor, PERMISSION, on=on)
    if granted.is_empty:
        raise PermissionRefused(PERMISSION)
    for code in sorted(areas):
        if not granted.covers(code):
            raise PermissionRefused(PERMISSION, code)


def kept_export(actor: Actor, place: str, *, areas: Iterable[str], on: dt.date) -> Path:
    """Return an exported file that still lies at `place` below SENHUI_HOME/exports, if the person may have it today.

    Parameters
    ----------
    areas : the land that the file holds; a grant may have ended since it was written

    Raises
    ------
    PermissionRefused, ExportIsGone
        In this order of precedence.
    """
    refuse_export(actor, on=on, areas=areas)
    path = exports_directory() / place
    assert exports_directory() == path.parent.parent, "an export lies in a directory of its own"
    if not path.is_file():
        raise ExportIsGone
    return path


def exports_directory() -> Path:
    """Return where the exported files wait to be fetched."""
    return Path(settings.SENHUI_HOME) / "exports"


def sub_compartments(
    actor: Actor, release_id: str, *, form: Form, now: dt.datetime, progress: Callable[[float, str], None]
) -> Export:
    """Write the sub-compartments that a person may export, and note in the audit that it was done.

    Parameters
    ----------
    actor : whoever asks
    release_id : str
    form : "gpkg", "zip" (a Shapefile with its parts, GBK), "csv" or "xlsx"
        CSV and XLSX carry no geometry.
    now : instant at which the grants must hold
    progress : called with the fraction done (0–1) and a note

    Returns
    -------
    Export
        A file in a directory of its own, kept for a day.

    Raises
    ------
    PermissionRefused
        The person may export nothing at all.
    NoSuchRelease
        There is no such release.
    TooManyRows
        XLSX only.
    """
    on = timezone.localdate(now)
    refuse_export(actor, on=on)
    areas = areas_for(actor, PERMISSION, on=on)
    progress(0.0, "Reading the release")
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
    progress(0.1, "Writing the file")
    with _new_place() as directory:
        path = directory / f"senhui_{release_id}_sub_compartments.{form}"
        _write(frame, release, path, form=form, progress=lambda done: progress(0.1 + 0.9 * done, "Writing the file"))
        progress(1.0, "Writing the file")
        with transaction.atomic():
            record_audit(
                actor,
                "atlas.export_sub_compartments",
                subject=f"release {release_id}",
                detail={"form": form, "areas": sorted(areas.codes), "n_rows": frame.height},
                now=now,
            )
    return Export(path, areas.codes, frame.height)


def _write(
    frame: pl.DataFrame, release: queries.ReleaseInfo, path: Path, *, form: Form, progress: Callable[[float], None]
) -> None:
    if form == "gpkg":
        _write_layer(frame, path, driver="GPKG")
    elif form == "zip":
        _write_shapefile(frame, path)
    elif form == "csv":
        path.write_bytes(b"\xef\xbb\xbf")
        with path.open("ab") as file:
            frame.drop("geometry").write_csv(file)
    else:
        _write_workbook(frame.drop("geometry"), release, path, progress=progress)


@contextlib.contextmanager
def _new_place() -> Iterator[Path]:
    """Give an empty directory, removed again when nothing comes of it; earlier ones that had their day are removed."""
    home = exports_directory()
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_FOR_S:
            shutil.rmtree(old, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(dir=home))
    try:
        yield directory
    except BaseException:  # also of a cancelled job
        shutil.rmtree(directory, ignore_errors=True)
        raise


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


def _write_workbook(
    frame: pl.DataFrame, release: queries.ReleaseInfo, path: Path, *, progress: Callable[[float], None]
) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet("sub_compartments")
        sheet.write_row(0, 0, frame.columns)
        sheet.freeze_panes(1, 1)
        for nth, row in enumerate(frame.iter_rows(), start=1):
            sheet.write_row(nth, 0, row)
            if nth % _ROWS_BETWEEN_REPORTS == 0:
                progress(0.8 * nth / frame.height)
        sheet = workbook.add_worksheet("provenance")
        for nth, fact in enumerate(release_facts(release)):
            sheet.write_row(nth, 0, fact)
        sheet = workbook.add_worksheet("parameters")
        sheet.write_row(0, 0, PARAMETER_COLUMNS)
        for nth, values in enumerate(parameter_rows(parameters_used(release.id)), start=1):
            sheet.write_row(nth, 0, values)
