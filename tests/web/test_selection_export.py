"""Files of a selection by an address: stands for who may export them, townships for everybody, large ones by a job."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pyogrio
import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN

from senhui.access.models import AuditEntry
from senhui.jobs.models import Job
from senhui.web import export_request

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Browse = Callable[..., Client]
Person = Callable[..., Any]
SHAPE = "119.09000,27.99000;119.12000,27.99000;119.12000,28.01000;119.09000,28.01000"


@pytest.fixture
def mei(release_id: str, person: Person) -> Any:
    return person("mei", technician=LONGQUAN)


def got(response: Any, path: Path) -> Path:
    assert response.status_code == 200, response.content[:500]
    content = b"".join(response.streaming_content) if response.streaming else response.content
    path.write_bytes(content)
    return path


def test_a_choice_of_stands_opens_in_gdal_with_a_style_for_qgis(
    release_id: str, browse: Browse, mei: Any, tmp_path: Path
) -> None:
    client = browse("zh", as_user=mei)
    response = client.get(f"/map/export.gpkg?release={release_id}&where=species_group:chinese_fir&shape={SHAPE}")
    path = got(response, tmp_path / "taken.gpkg")
    table = pyogrio.read_dataframe(path, layer="sub_compartments")
    assert set(table["species_group"]) == {"chinese_fir"}
    assert 0 < len(table) < 4
    assert pyogrio.read_info(path, layer="sub_compartments")["crs"] == "EPSG:4490"
    with sqlite3.connect(path) as database:
        styles = database.execute(
            "select f_table_name, f_geometry_column, styleName, styleQML, useAsDefault from layer_styles order by id"
        ).fetchall()
        facts = dict(database.execute("select name, value from provenance").fetchall())
        (srs,) = database.execute("select srs_id from gpkg_contents where table_name = 'sub_compartments'").fetchone()
    assert srs == 4490
    assert [style[4] for style in styles] == [1] + [0] * (len(styles) - 1)
    assert {style[:2] for style in styles} == {("sub_compartments", "geometry")}
    kinds = {style[2]: ElementTree.fromstring(style[3]).find("renderer-v2").get("type") for style in styles}
    assert kinds["树种"] == "categorizedSymbol"
    assert kinds["每公顷碳储量（测算）"] == "graduatedSymbol"
    assert facts["数据版本 Release"] == release_id
    assert len(facts["数值指纹 Value hash (SHA-256)"]) == 64
    assert "where=species_group:chinese_fir" in facts["选择 Selection"]
    assert facts["说明 Note"] == "示例数据 Sample data"
    assert AuditEntry.objects.get(action="atlas.export_sub_compartments").detail["n_rows"] == len(table)


def test_a_workbook_tells_its_columns(release_id: str, browse: Browse, mei: Any, tmp_path: Path) -> None:
    response = browse("en", as_user=mei).get(f"/map/export.xlsx?release={release_id}&within={LONGQUAN}103")
    book = openpyxl.load_workbook(got(response, tmp_path / "taken.xlsx"))
    assert book["sub_compartments"].max_row == 13
    assert ("MIAN_JI", "ha", "面积", "area") in list(book["columns"].iter_rows(values_only=True))


@pytest.mark.parametrize("form", ["gpkg", "shp.zip", "csv", "xlsx"])
def test_the_public_gets_townships(release_id: str, browse: Browse, tmp_path: Path, form: str) -> None:
    response = browse("en").get(f"/map/export.{form}?release={release_id}&within={LONGQUAN}")
    path = got(response, tmp_path / f"townships.{form.rsplit('.', maxsplit=1)[-1]}")
    assert "sub_compartment" not in response["Content-Disposition"]
    if form in ("gpkg", "shp.zip"):
        table = pyogrio.read_dataframe(
            path if form == "gpkg" else f"/vsizip/{path}", layer=None if form != "gpkg" else "townships"
        )
        assert len(table) == 1
        assert table.iloc[0]["code" if form == "gpkg" else "CODE"] == f"{LONGQUAN}103"
        assert table.iloc[0]["n" if form == "gpkg" else "N"] == 12
    assert not AuditEntry.objects.filter(action="atlas.export_sub_compartments").exists()


@pytest.mark.parametrize("query", ["where=origin:planted", f"shape={SHAPE}"])
def test_the_public_and_who_only_looks_get_no_choice(
    release_id: str, browse: Browse, person: Person, query: str
) -> None:
    for client in (browse("en"), browse("en", as_user=person("wu", viewer="3311"))):
        for method in (client.get, client.post):
            assert method(f"/map/export.gpkg?release={release_id}&{query}").status_code == 403
    assert not Job.objects.exists()
    assert not AuditEntry.objects.filter(action="atlas.export_sub_compartments").exists()


def test_land_of_others_is_not_in_the_file(release_id: str, browse: Browse, person: Person) -> None:
    client = browse("zh", as_user=person("zhou", technician=QINGYUAN))
    response = client.get(f"/map/export.csv?release={release_id}")
    assert response.status_code == 409
    assert "没有您可以导出的小班" in response.content.decode()


def test_many_stands_are_written_by_a_job(
    release_id: str, browse: Browse, mei: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_request, "MOST_AT_ONCE", 11)
    client = browse("en", as_user=mei)
    address = f"/map/export.gpkg?release={release_id}&where=origin:planted"
    page = client.get(address)
    assert page.status_code == 200
    assert "in the background" in page.content.decode()
    assert not Job.objects.exists(), "a link opened in advance exports nothing"
    assert client.post(address).status_code == 302
    job = Job.objects.get(kind="atlas.export_sub_compartments")
    assert job.arguments["query"] == [["where", "origin:planted"]]


def test_what_is_no_file_no_release_and_no_value_is_refused(release_id: str, browse: Browse, mei: Any) -> None:
    client = browse("en", as_user=mei)
    assert client.get(f"/map/export.doc?release={release_id}").status_code == 404
    assert client.get("/map/export.csv?release=1999-1").status_code == 404
    assert client.get(f"/map/export.csv?release={release_id}&where=colour:red").status_code == 400
    assert client.get(f"/map/export.csv?release={release_id}&shape=b77").status_code == 400
    assert client.post("/map/export.csv?release=1999-1").status_code == 404
    assert client.delete(f"/map/export.csv?release={release_id}").status_code == 405
    assert not Job.objects.exists()


def test_programs_ask_the_same_of_the_api(release_id: str, browse: Browse, mei: Any, tmp_path: Path) -> None:
    address = f"/api/v1/releases/{release_id}/export.csv?where=species_group:chinese_fir"
    response = browse("en").get(address)
    assert response.status_code == 403
    assert set(response.json()) == {"error", "what", "now"}
    path = got(browse("en", as_user=mei).get(address), tmp_path / "taken.csv")
    assert path.read_text("utf-8-sig").splitlines()[0].startswith("XIAN,XIANG,CUN,LIN_BAN,XIAO_BAN,")
