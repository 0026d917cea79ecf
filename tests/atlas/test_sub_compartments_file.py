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
from tests.small_layer import quiet

from senhui.access.actions.end_grant import end_grant
from senhui.access.actions.grant_role import grant_role
from senhui.access.models import AuditEntry
from senhui.access.queries import grants_of
from senhui.access.rules import PermissionRefused
from senhui.access.terminal import OPERATOR
from senhui.atlas.exports import ExportIsGone, kept_export, sub_compartments
from senhui.atlas.exports.columns import SHAPEFILE_NAMES, Language
from senhui.atlas.exports.layer_files import Form
from senhui.atlas.selection import Selection
from senhui.inventory.queries import ReleaseInfo
from senhui.jobs.progress import JobCancelled
from senhui.measurement import default_book

pytestmark = pytest.mark.django_db
Person = Callable[..., Any]
Take = Callable[..., Path]
LONGQUAN = "331181"


@pytest.fixture
def technician(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def take(now: dt.datetime) -> Take:
    """Export the sub-compartments of a release and return the file: ``take(lin, release, form="csv")``."""

    def export(actor: Any, release: ReleaseInfo, *, form: Form, language: Language = "zh") -> Path:
        return sub_compartments(
            actor, Selection(release.id), form=form, language=language, now=now, progress=quiet
        ).path

    return export


@pytest.fixture
def own(measured: pl.DataFrame) -> pl.DataFrame:
    return measured.filter(pl.col("county_code") == LONGQUAN)


def test_geopackage_holds_ones_own_stands_and_no_others(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, measured: pl.DataFrame, take: Take
) -> None:
    path = take(technician, release, form="gpkg")
    info = pyogrio.read_info(path, layer="sub_compartments")
    table = pyogrio.read_dataframe(path, layer="sub_compartments")
    assert info["crs"] == "EPSG:4490"
    assert 0 < own.height < measured.height
    assert table["sub_compartment_id"].tolist() == own["sub_compartment_id"].to_list()
    assert table["stock_tc"].sum() == pytest.approx(own["stock_tc"].sum())
    assert table["stock_tc"].isna().sum() == own["stock_tc"].null_count() > 0
    assert table["release"].unique().tolist() == ["2021-1 · 示例数据 Sample data"]
    assert shapely.equals(table.geometry.to_numpy(), shapely.from_wkb(own["geometry"].to_numpy())).all()


def test_shapefile_is_gbk_with_names_of_ten_letters(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, take: Take, tmp_path: Path
) -> None:
    path = take(technician, release, form="zip")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    shapefile = next(tmp_path.glob("*.shp"))
    assert {part.suffix for part in tmp_path.glob("*.*")} >= {".shp", ".shx", ".dbf", ".prj", ".cpg"}
    assert "示例数据".encode("gbk") in shapefile.with_suffix(".dbf").read_bytes()
    table = pyogrio.read_dataframe(shapefile)
    present = set(table.columns) - {"geometry"}
    assert present <= set(SHAPEFILE_NAMES.values())
    # The layer of this case records no codes of species, function, category or ownership.
    assert set(SHAPEFILE_NAMES.values()) - present == {
        "DI_LEI", "YOU_SHI_SZ", "SSZYSZ", "PINGJUN_DM", "LIN_ZHONG", "SEN_LIN_LB", "LD_QS",
    }  # fmt: skip
    assert table["STOCK_TC"].sum() == pytest.approx(own["stock_tc"].sum())
    assert table["RELEASE"].unique().tolist() == ["2021-1 · 示例数据 Sample data"]


GROUND = ("understory_tc", "dead_wood_tc", "litter_tc", "soil_100cm_tc")


def read_again(path: Path, form: Form) -> pl.DataFrame:
    """Open an exported file with another library; of a Shapefile with the names of the other forms."""
    if form == "csv":
        return pl.read_csv(path, infer_schema_length=None)
    if form == "xlsx":
        head, *rows = openpyxl.load_workbook(path)["sub_compartments"].iter_rows(values_only=True)
        return pl.DataFrame(rows, schema=[str(name) for name in head], orient="row", infer_schema_length=None)
    table = pl.from_pandas(pyogrio.read_dataframe(path if form == "gpkg" else f"/vsizip/{path}", read_geometry=False))
    return table.rename({short: name for name, short in SHAPEFILE_NAMES.items()}, strict=False)


@pytest.mark.parametrize("form", ["gpkg", "zip", "csv", "xlsx"])
def test_every_form_holds_the_ground_beside_the_vegetation(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, take: Take, form: Form
) -> None:
    table = read_again(take(technician, release, form=form), form)
    assert table.height == own.height
    for pool in GROUND:
        assert table[pool].sum() == pytest.approx(own[pool].sum(), rel=1e-9), pool
        assert table[pool].null_count() == own[pool].null_count() > 0, pool
    assert own["soil_30cm_tc"].null_count() == own.height, "climate and clay are not declared here"
    assert table["soil_30cm_tc"].null_count() == own.height


@pytest.mark.parametrize(
    ("language", "why", "name"),
    [("zh", "未填每公顷蓄积", "竹株平均单株法"), ("en", "is not recorded", "Culms times the mean culm")],
)
@pytest.mark.parametrize("form", ["zip", "csv"])
def test_why_there_is_no_estimate_is_said_in_words(
    release: ReleaseInfo, technician: Any, take: Take, form: Form, language: Language, why: str, name: str
) -> None:
    table = read_again(take(technician, release, form=form, language=language), form)
    without = table.filter(pl.col("no_estimate_reason") == "volume_not_recorded")
    assert without.height > 0
    (words,) = without["no_estimate_words"].unique()
    assert why in words
    assert words.endswith(("。", ".")), "nothing is cut off"
    assert set(table.filter(pl.col("method") == "culms")["method_name"]) == {name}
    assert table.filter(pl.col("no_estimate_reason").is_null())["no_estimate_words"].is_null().all()
    assert table.filter(pl.col("understory_tc").is_null())["ground_no_estimate_words"].is_not_null().all()


def test_reasons_fit_a_field_of_a_shapefile() -> None:
    """A text field of a DBF holds 254 bytes."""
    for derivation in default_book().derivations:
        if derivation.method == "no_estimate":
            assert len(derivation.rule.reason_zh.encode("gbk")) <= 254, derivation.rule.id
            assert len(derivation.rule.reason_en.encode("gbk")) <= 254, derivation.rule.id


def test_names_of_the_shapefile_are_short_and_different() -> None:
    assert max(map(len, SHAPEFILE_NAMES.values())) <= 10
    assert len(set(SHAPEFILE_NAMES.values())) == len(SHAPEFILE_NAMES)


def test_csv_has_the_same_totals(release: ReleaseInfo, technician: Any, own: pl.DataFrame, take: Take) -> None:
    path = take(technician, release, form="csv")
    table = pl.read_csv(path, schema_overrides={"CUN": pl.String}, infer_schema_length=None)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert table["CUN"].to_list() == own["village_code"].to_list()
    assert table["calibrated_stock_tc"].sum() == pytest.approx(own["calibrated_stock_tc"].sum())


def test_workbook_has_the_same_totals_and_its_sources(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, take: Take
) -> None:
    book = openpyxl.load_workbook(take(technician, release, form="xlsx"))
    head, *rows = book["sub_compartments"].iter_rows(values_only=True)
    column = head.index("stock_tc")
    assert len(rows) == own.height
    assert sum(row[column] or 0.0 for row in rows) == pytest.approx(own["stock_tc"].sum())
    assert ("数据版本 Release", release.id) in list(book["provenance"].iter_rows(values_only=True))
    assert book["parameters"].max_row > 10


def test_a_viewer_may_look_but_not_take_along(release: ReleaseInfo, person: Person, take: Take) -> None:
    with pytest.raises(PermissionRefused) as caught:
        take(person("wu", viewer="3311"), release, form="csv")
    assert caught.value.permission == "export_sub_compartments"
    assert not (release.directory.parents[1] / "exports").exists()
    assert not AuditEntry.objects.filter(action="atlas.export_sub_compartments").exists()


def test_the_audit_tells_who_took_what(release: ReleaseInfo, technician: Any, own: pl.DataFrame, take: Take) -> None:
    take(technician, release, form="csv")
    entry = AuditEntry.objects.get(action="atlas.export_sub_compartments")
    assert entry.actor == technician
    assert entry.subject == "release 2021-1"
    assert entry.detail == {"form": "csv", "areas": [LONGQUAN], "n_rows": own.height}


def test_files_are_kept_for_a_day_and_swept_by_the_next_export(
    release: ReleaseInfo, technician: Any, take: Take
) -> None:
    first, second = take(technician, release, form="csv"), take(technician, release, form="csv")
    for path, age_s in ((first, 24 * 3600 + 60), (second, 24 * 3600 - 60)):
        then = time.time() - age_s
        os.utime(path.parent, (then, then))
    third = take(technician, release, form="csv")
    assert not first.parent.exists()
    assert second.exists()
    assert third.exists()


def test_a_cancelled_export_leaves_nothing(release: ReleaseInfo, technician: Any, now: dt.datetime) -> None:
    def cancel(fraction: float, note: str) -> None:
        if note == "Writing the file" and any((release.directory.parents[1] / "exports").glob("*")):
            raise JobCancelled

    for form in ("gpkg", "xlsx"):
        with pytest.raises(JobCancelled):
            sub_compartments(technician, Selection(release.id), form=form, language="zh", now=now, progress=cancel)
    assert list((release.directory.parents[1] / "exports").iterdir()) == []
    assert not AuditEntry.objects.filter(action="atlas.export_sub_compartments").exists()


def test_a_kept_file_is_given_only_while_the_grant_over_its_land_holds(
    release: ReleaseInfo, technician: Any, now: dt.datetime, today: dt.date
) -> None:
    written = sub_compartments(technician, Selection(release.id), form="csv", language="zh", now=now, progress=quiet)
    place = f"{written.path.parent.name}/{written.path.name}"
    assert kept_export(technician, place, areas=written.areas, on=today) == written.path
    grant_role(OPERATOR, user=technician, role="technician", area_code=f"{LONGQUAN}103", starts_on=today, now=now)
    (whole,) = (grant for grant in grants_of(technician) if grant.area_code == LONGQUAN)
    end_grant(OPERATOR, grant_id=whole.id, now=now)
    with pytest.raises(PermissionRefused) as caught:
        kept_export(technician, place, areas=written.areas, on=today)
    assert caught.value.area == LONGQUAN, "one township is left, and the file holds the county"


def test_a_file_that_was_swept_is_gone(release: ReleaseInfo, technician: Any, today: dt.date) -> None:
    with pytest.raises(ExportIsGone):
        kept_export(technician, "tmp1/senhui.csv", areas=[LONGQUAN], on=today)


def test_outlines_of_a_csv_are_read_by_gdal_too(
    release: ReleaseInfo, technician: Any, own: pl.DataFrame, take: Take
) -> None:
    table = pyogrio.read_dataframe(take(technician, release, form="csv"))
    assert shapely.equals(table.geometry.to_numpy(), shapely.from_wkb(own["geometry"].to_numpy())).all()
    assert set(table["CRS"]) == {"EPSG:4490"}
