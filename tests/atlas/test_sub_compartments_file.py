"""Exported sub-compartments: only one's own, with the numbers of the release, noted in the audit."""

from __future__ import annotations

import datetime as dt
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyogrio
import pytest
import shapely

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.atlas.exports import sub_compartments
from senhui.atlas.exports.sub_compartments import SHAPEFILE_NAMES
from senhui.inventory.queries import ReleaseInfo

pytestmark = pytest.mark.django_db
Person = Callable[..., Any]
LONGQUAN = "331181"


@pytest.fixture
def technician(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def own(measured: pl.DataFrame) -> pl.DataFrame:
    return measured.filter(pl.col("county_code") == LONGQUAN)


def test_geopackage_holds_ones_own_stands_and_no_others(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, measured: pl.DataFrame, today: dt.date
) -> None:
    path = sub_compartments(technician, release.id, form="gpkg", on=today)
    info = pyogrio.read_info(path)
    table = pyogrio.read_dataframe(path)
    assert info["crs"] == "EPSG:4490"
    assert 0 < own.height < measured.height
    assert table["sub_compartment_id"].tolist() == own["sub_compartment_id"].to_list()
    assert table["stock_tc"].sum() == pytest.approx(own["stock_tc"].sum())
    assert table["stock_tc"].isna().sum() == own["stock_tc"].null_count() > 0
    assert table["release"].unique().tolist() == ["2021-1 · 示例数据 Sample data"]
    assert shapely.equals(table.geometry.to_numpy(), shapely.from_wkb(own["geometry"].to_numpy())).all()


def test_shapefile_is_gbk_with_names_of_ten_letters(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, today: dt.date, tmp_path: Path
) -> None:
    path = sub_compartments(technician, release.id, form="zip", on=today)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    shapefile = next(tmp_path.glob("*.shp"))
    assert {part.suffix for part in tmp_path.glob("*.*")} >= {".shp", ".shx", ".dbf", ".prj", ".cpg"}
    assert "示例数据".encode("gbk") in shapefile.with_suffix(".dbf").read_bytes()
    table = pyogrio.read_dataframe(shapefile)
    assert set(table.columns) - {"geometry"} == set(SHAPEFILE_NAMES.values())
    assert table["STOCK_TC"].sum() == pytest.approx(own["stock_tc"].sum())
    assert table["RELEASE"].unique().tolist() == ["2021-1 · 示例数据 Sample data"]


def test_names_of_the_shapefile_are_short_and_different() -> None:
    assert max(map(len, SHAPEFILE_NAMES.values())) <= 10
    assert len(set(SHAPEFILE_NAMES.values())) == len(SHAPEFILE_NAMES)


def test_csv_has_the_same_totals(release: ReleaseInfo, technician: Any, own: pl.DataFrame, today: dt.date) -> None:
    path = sub_compartments(technician, release.id, form="csv", on=today)
    table = pl.read_csv(path, schema_overrides={"village_code": pl.String}, infer_schema_length=None)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert table["village_code"].to_list() == own["village_code"].to_list()
    assert table["calibrated_stock_tc"].sum() == pytest.approx(own["calibrated_stock_tc"].sum())


def test_workbook_has_the_same_totals_and_its_sources(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, today: dt.date
) -> None:
    book = openpyxl.load_workbook(sub_compartments(technician, release.id, form="xlsx", on=today))
    head, *rows = book["sub_compartments"].iter_rows(values_only=True)
    column = head.index("stock_tc")
    assert len(rows) == own.height
    assert sum(row[column] or 0.0 for row in rows) == pytest.approx(own["stock_tc"].sum())
    assert ("数据版本 Release", release.id) in list(book["provenance"].iter_rows(values_only=True))
    assert book["parameters"].max_row > 10


def test_a_viewer_may_look_but_not_take_along(release: ReleaseInfo, person: Person, today: dt.date) -> None:
    with pytest.raises(PermissionRefused) as caught:
        sub_compartments(person("wu", viewer="3311"), release.id, form="csv", on=today)
    assert caught.value.permission == "export_sub_compartments"
    assert not (release.directory.parents[1] / "exports").exists()
    assert not AuditEntry.objects.filter(action="atlas.export_sub_compartments").exists()


def test_the_audit_tells_who_took_what(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, today: dt.date
) -> None:
    sub_compartments(technician, release.id, form="csv", on=today)
    entry = AuditEntry.objects.get(action="atlas.export_sub_compartments")
    assert entry.actor == technician
    assert entry.subject == "release 2021-1"
    assert entry.detail == {"form": "csv", "areas": [LONGQUAN], "n_rows": own.height}


def test_files_are_kept_for_an_hour(release: ReleaseInfo, technician: Any, today: dt.date) -> None:
    first = sub_compartments(technician, release.id, form="csv", on=today)
    second = sub_compartments(technician, release.id, form="csv", on=today)
    old = time.time() - 3700
    os.utime(first.parent, (old, old))
    third = sub_compartments(technician, release.id, form="csv", on=today)
    assert not first.exists()
    assert second.exists()
    assert third.exists()
