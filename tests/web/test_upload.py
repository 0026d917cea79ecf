"""The form that begins an import: what it takes, what it refuses before a job begins, and what it hands to the job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.small_layer import LONGQUAN, write_layer

from senhui.intake import ImportProfile
from senhui.intake.attribute_table import KeyColumnsMissing, NothingJoins, TableNotFound
from senhui.intake.coordinate_system import SUPPORTED
from senhui.intake.datum import way_to_cgcs2000
from senhui.intake.workbook import SheetUnclear
from senhui.jobs import queries as job_queries
from senhui.web.import_forms import CONTROL_POINT_EXAMPLE, COORDINATE_SYSTEMS, ImportForm
from senhui.web.import_options import option_of

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]

POINTS = (
    "40501000 3100000 501000.5 3100002.5\n40502000\t3100000\t502000.5\t3100002.5\n40501000,3101000,501000.5,3101002.5"
)


def file(name: str, content: bytes = b"x") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def form(files: list[SimpleUploadedFile], /, **given: Any) -> ImportForm:
    from django.utils.datastructures import MultiValueDict

    tables = {name: [given.pop(name)] for name in ("attributes_file", "mapping_file") if name in given}
    return ImportForm({"reference_year": "2024", **given}, MultiValueDict({"file": files, **tables}))


def nothing_begun(user: Any, home: Path) -> bool:
    from django.utils import timezone

    kept = home / "uploads"
    return not job_queries.jobs_of(user, now=timezone.now()) and not (kept.exists() and any(kept.iterdir()))


def test_every_coordinate_system_that_is_read_can_be_chosen() -> None:
    assert {code for code, _ in COORDINATE_SYSTEMS} == set(SUPPORTED)


def test_the_parts_of_a_shapefile_come_together_and_nothing_else_does() -> None:
    assert form([file("stands.shp"), file("stands.dbf"), file("stands.shx"), file("STANDS.prj")]).is_valid()
    for files in (
        [file("a.gpkg"), file("b.gpkg")],
        [file("stands.shp"), file("other.dbf")],
        [file("stands.dbf"), file("stands.shx")],
        [file("stands.xlsx")],
        [file("stands.pdf")],
    ):
        refused = form(files)
        assert not refused.is_valid()
        assert list(refused.errors) == ["file"]


def test_a_seven_parameter_change_says_direction_and_convention() -> None:
    shifts = {"datum_kind": "parameters", "dx_m": "12.5", "dy_m": "-30", "dz_m": "0", "rx_arcsec": "0.4"}
    refused = form([file("a.gpkg")], **shifts)
    assert not refused.is_valid()
    assert set(refused.errors) == {"direction", "convention"}
    whole = form([file("a.gpkg")], **shifts, direction="to_cgcs2000", convention="coordinate_frame")
    assert whole.is_valid()
    datum = ImportProfile.from_json(whole.profile()).datum
    assert (datum.dx_m, datum.rx_arcsec, datum.convention) == (12.5, 0.4, "coordinate_frame")


def test_a_missing_shift_is_not_taken_for_zero() -> None:
    refused = form([file("a.gpkg")], datum_kind="parameters", dx_m="1", dz_m="1", direction="to_cgcs2000")
    assert not refused.is_valid()
    assert list(refused.errors) == ["dy_m"]


def test_control_points_are_read_line_by_line_as_copied() -> None:
    whole = form([file("a.gpkg")], datum_kind="control_points", control_points=POINTS, points_system="EPSG:4549")
    assert whole.is_valid(), whole.errors
    datum = ImportProfile.from_json(whole.profile()).datum
    assert datum.points[1] == (40502000.0, 3100000.0, 502000.5, 3100002.5)


@pytest.mark.parametrize("points", ["1,2,3", "1,2,3,x", "1,2,3,4\n5,6,7,8"])
def test_control_points_that_do_not_suffice_are_refused(points: str) -> None:
    refused = form([file("a.gpkg")], datum_kind="control_points", control_points=points, points_system="EPSG:4549")
    assert not refused.is_valid()
    assert list(refused.errors) == ["control_points"]


def test_a_table_is_joined_by_named_columns_of_equal_number() -> None:
    assert set(form([file("a.gpkg")], attributes_file=file("t.xlsx")).errors) == {"layer_keys", "table_keys"}
    named = {"layer_keys": "CUN,XBH", "table_keys": "cun"}
    assert set(form([file("a.gpkg")], attributes_file=file("t.xlsx"), **named).errors) == {"table_keys"}
    whole = form([file("a.gpkg")], attributes_file=file("t.xlsx"), layer_keys="CUN，XBH", table_keys="cun, no")
    assert whole.is_valid()
    table = ImportProfile.from_json(whole.profile()).attribute_table
    assert (table.file_name, table.layer_keys, table.table_keys) == ("t.xlsx", ("CUN", "XBH"), ("cun", "no"))


def test_a_saved_mapping_is_read_strictly_and_what_is_stated_in_the_form_goes_before_it() -> None:
    saved = {"senhui_mapping": 1, "area_unit": "mu", "encoding": "UTF-8"}
    given = form([file("a.gpkg")], mapping_file=file("m.json", json.dumps(saved).encode()), encoding="GB18030")
    assert given.is_valid(), given.errors
    profile = ImportProfile.from_json(given.profile())
    assert (profile.area_unit, profile.encoding) == ("mu", "GB18030")
    for content in (b"[]", b"{", json.dumps({**saved, "area_unitt": "mu"}).encode()):
        refused = form([file("a.gpkg")], mapping_file=file("m.json", content))
        assert list(refused.errors) == ["mapping_file"]


@pytest.mark.parametrize(("language", "said"), [("zh", "上限"), ("en", "the most that is taken here")])
def test_too_large_an_upload_is_refused_and_never_kept(
    browse: Browse, person: Person, settings: Any, senhui_home: Path, language: str, said: str
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    lin = person("lin", technician=LONGQUAN)
    given = {"file": file("a.gpkg", b"x" * 2000), "reference_year": 2024}
    response = browse(language, as_user=lin).post("/imports/", given)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert nothing_begun(lin, senhui_home)


def test_a_good_form_begins_a_job_with_all_its_files(
    browse: Browse, person: Person, senhui_home: Path, tmp_path: Path
) -> None:
    lin = person("lin", technician=LONGQUAN)
    layer = write_layer(tmp_path / "stands.gpkg").read_bytes()
    given = {
        "file": file("stands.gpkg", layer), "attributes_file": file("table.csv", b"a,b\n1,2\n"), "table_keys": "a",
        "layer_keys": "XIAO_BAN", "reference_year": 2024, "licence_note": "internal use only",
    }  # fmt: skip
    response = browse("en", as_user=lin).post("/imports/", given)
    assert response.status_code == 302
    assert {path.name for path in (senhui_home / "uploads").glob("*/*")} == {"stands.gpkg", "table.csv"}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("option", ["crs", "datum_kind", "layer_keys", "encoding", "species_code_system"])
def test_the_page_opens_at_the_option_that_an_earlier_import_lacked(
    browse: Browse, person: Person, language: str, option: str
) -> None:
    client = browse(language, as_user=person("lin", technician=LONGQUAN))
    page = client.get(f"/imports/?option={option}").content.decode()
    before = page[: page.index(f'id="id_{option}"')]
    group = before.rindex("<details")
    assert " open>" in before[group : group + 60]
    assert {"zh": "上次导入因缺少此项而停止", "en": "The last import stopped for want of this"}[language] in page


def test_who_may_not_import_is_offered_no_form(browse: Browse, person: Person) -> None:
    page = browse("en", as_user=person("zhou", viewer=LONGQUAN)).get("/imports/").content.decode()
    assert 'id="upload"' not in page
    assert "does not include importing" in page


def test_the_example_of_a_control_point_is_east_before_north_as_the_fit_reads_it() -> None:
    whole = form([], control_points=CONTROL_POINT_EXAMPLE)
    whole.is_valid()
    assert str(whole.fields["control_points"].widget.attrs["placeholder"]) == CONTROL_POINT_EXAMPLE
    east_m, north_m, _, _ = whole.cleaned_data["control_points"][0]
    move = way_to_cgcs2000("EPSG:4528", change=None).move
    assert move is not None
    lon_deg, lat_deg = move(np.array([[east_m, north_m]]))[0]
    assert (round(lon_deg), round(lat_deg)) == (120, 28)


@pytest.mark.parametrize(
    ("refusal", "option"),
    [
        (TableNotFound, "attributes_file"),
        (KeyColumnsMissing, "layer_keys"),
        (NothingJoins, "layer_keys"),
        (SheetUnclear, "sheet"),
    ],
)
def test_a_table_that_is_not_joined_leads_back_to_its_options(refusal: type[Exception], option: str) -> None:
    assert option_of(refusal.__new__(refusal)) == option
    assert option in ImportForm.TABLE
