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
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for
from senhui.access.rules import Actor, PermissionRefused
from senhui.atlas.exports.provenance import PARAMETER_COLUMNS, parameter_rows, release_facts, release_label
from senhui.atlas.statistics import parameters_used
from senhui.intake.safe_workbook import new_workbook
from senhui.inventory import queries

Form = Literal["gpkg", "zip", "csv", "xlsx"]
Language = Literal["zh", "en"]
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
    "method_name": "METHOD_NM",
    "no_estimate_reason": "NO_EST_WHY",
    "no_estimate_words": "NO_EST_TXT",
    "derivation_id": "DERIV_ID",
    "scattered_no_estimate_words": "NOEST_SCAT",
    "scattered_derivation_id": "DERIV_SCAT",
    "main_tc": "MAIN_TC",
    "scattered_tc": "SCAT_TC",
    "stock_tc": "STOCK_TC",
    "stock_tc_ha": "STOCK_TCHA",
    "main_factor": "FACTOR",
    "scattered_factor": "FACTOR_SC",
    "calibrated_stock_tc": "CALIB_TC",
    "understory_tc_ha": "UNDER_TCHA",
    "understory_tc": "UNDER_TC",
    "dead_wood_tc_ha": "DEAD_TCHA",
    "dead_wood_tc": "DEAD_TC",
    "litter_tc_ha": "LITTR_TCHA",
    "litter_tc": "LITTR_TC",
    "soil_100cm_tc_ha": "S100_TCHA",
    "soil_100cm_tc": "S100_TC",
    "soil_30cm_tc_ha": "S30_TCHA",
    "soil_30cm_tc": "S30_TC",
    "ground_no_estimate_words": "NOEST_GRND",
    "ground_derivation_id": "DERIV_GRND",
    "release": "RELEASE",
}
"""The exported columns, and their names where only ten letters fit. Units are those of the column names.

``stock_tc`` is the vegetation: trees, bamboo, shrub, economic forest, scattered trees. Understory, dead wood, litter
and soil stand beside it and are never in it; soil to 30 cm is no part of soil to 100 cm. A release that did not
measure the ground lacks its columns.
"""

_WORDS = {
    "no_estimate_words": "no_estimate_reason",
    "scattered_no_estimate_words": "scattered_no_estimate_reason",
    "ground_no_estimate_words": "ground_no_estimate_reason",
}
"""Reasons in words, and the column with the id of the rule that they are the words of."""

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
    actor: Actor,
    release_id: str,
    *,
    form: Form,
    language: Language,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> Export:
    """Write the sub-compartments that a person may export, and note in the audit that it was done.

    Parameters
    ----------
    actor : whoever asks
    release_id : str
    form : "gpkg", "zip" (a Shapefile with its parts, GBK), "csv" or "xlsx"
        CSV and XLSX carry no geometry.
    language : "zh" or "en", of the names of methods and the reasons why there is no estimate
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
    stands = _with_words(queries.scan(release_id), release_id, language)
    present = stands.collect_schema().names()
    columns = [name for name in SHAPEFILE_NAMES if name in present]
    frame = (
        stands.filter(queries.area_filter(sorted(areas.codes)))
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


def _with_words(stands: pl.LazyFrame, release_id: str, language: Language) -> pl.LazyFrame:
    """Add the name of the method and, where there is no estimate, why: in words."""
    derivations = list(queries.derivations(release_id).values())
    methods = {row["method"]: row[f"name_{language}"] for row in derivations}
    reasons = {row["rule"]["id"]: row["rule"][f"reason_{language}"] for row in derivations}
    present = stands.collect_schema().names()

    def words(column: str, meanings: dict[str, str], name: str) -> pl.Expr:
        return pl.col(column).replace_strict(meanings, default=pl.col(column), return_dtype=pl.String).alias(name)

    return stands.with_columns(
        words("method", methods, "method_name"),
        *(words(column, reasons, name) for name, column in _WORDS.items() if column in present),
    )


def _write(
    frame: pl.DataFrame, release: queries.ReleaseInfo, path: Path, *, form: Form, progress: Callable[[float], None]
) -> None:
    if form == "gpkg":
        _write_layer(frame, path, driver="GPKG", facts=dict(release_facts(release)))
    elif form == "zip":
        _write_shapefile(frame, release, path)
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


def _write_layer(
    frame: pl.DataFrame, path: Path, *, driver: str, encoding: str = "UTF-8", facts: dict[str, str] | None = None
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
        layer=None if driver == "ESRI Shapefile" else "sub_compartments",
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


def _write_shapefile(frame: pl.DataFrame, release: queries.ReleaseInfo, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        shapefile = Path(directory) / f"{path.stem}.shp"
        _write_layer(frame.rename(SHAPEFILE_NAMES, strict=False), shapefile, driver="ESRI Shapefile", encoding="GBK")
        with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part in sorted(Path(directory).iterdir()):
                archive.write(part, part.name)
            facts = "\r\n".join(f"{name}: {text}" for name, text in release_facts(release))
            archive.writestr(f"{path.stem}.txt", "\ufeff" + facts + "\r\n")


def _write_workbook(
    frame: pl.DataFrame, release: queries.ReleaseInfo, path: Path, *, progress: Callable[[float], None]
) -> None:
    with new_workbook(path, constant_memory=True) as workbook:
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
