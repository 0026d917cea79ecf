"""The page of a draft: what it says of the rows, its filters, the exclusion of a whole kind, and who may do what."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN
from tests.web.flawed import CANOPY_ROW, N_ROWS, NEGATIVE_ROW, SPECIES_ROW, import_flawed

from senhui.intake.datum import SimilarityFit
from senhui.intake.profile import HelmertChange
from senhui.inventory import queries
from senhui.inventory.models import Draft

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
SPECIES = "species_unknown"


@pytest.fixture
def lin(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft(lin: Any, tmp_path: Path, now: dt.datetime) -> queries.DraftInfo:
    return import_flawed(lin, tmp_path, now=now)


def text_of(page: str) -> str:
    """Return a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ["逐行处理", "树种代码不在本图层的代码表中", "更正第一处错误", "331181", "1 个乡镇"]),
        ("en", ["Rows in order", "The species code is not in the code list", "Correct the first error", "1 township"]),
    ],
)
def test_the_page_says_what_is_wrong_by_reason_and_row(
    draft: queries.DraftInfo, browse: Browse, lin: Any, language: str, said: list[str]
) -> None:
    page = browse(language, as_user=lin).get(f"/imports/{draft.id}/").content.decode()
    for words in said:
        assert words in text_of(page) or words in page, words
    for row in (NEGATIVE_ROW, SPECIES_ROW, CANOPY_ROW):
        assert f'href="/imports/{draft.id}/rows/{row}/"' in page
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page), (
        "the policy of the page forbids inline style and script"
    )


def test_a_reason_filters_the_list_and_goes_with_the_row(draft: queries.DraftInfo, browse: Browse, lin: Any) -> None:
    page = browse("en", as_user=lin).get(f"/imports/{draft.id}/?reason={SPECIES}").content.decode()
    listed = page.split('id="list"', 1)[1].split("</table>", 1)[0]
    assert re.findall(rf"/imports/{draft.id}/rows/(\d+)/\?reason={SPECIES}", listed) == [str(SPECIES_ROW)]


def test_an_unknown_reason_or_page_is_no_mistake_of_the_program(
    draft: queries.DraftInfo, browse: Browse, lin: Any
) -> None:
    client = browse("en", as_user=lin)
    for query in ("reason=no_such", "severity=no_such", "page=99999", "page=x", "page=" + "9" * 400):
        assert client.get(f"/imports/{draft.id}/?{query}").status_code == 200, query


def test_all_rows_of_a_reason_are_excluded_with_a_reason_and_counted(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=lin)
    given = {"finding": SPECIES, "reason": "the survey of 2019 did not name the tree"}
    assert client.post(f"/imports/{draft.id}/exclude/", given).status_code == 302
    after = queries.draft(lin, draft.id, on=today)
    assert (after.n_excluded, after.n_open_errors) == (1, draft.n_open_errors - 1)
    page = client.get(f"/imports/{draft.id}/").content.decode()
    assert "4.00" in page.split("Excluded area", 1)[1][:120]  # one square of 4 ha
    row = client.get(f"/imports/{draft.id}/rows/{SPECIES_ROW}/").content.decode()
    assert "the survey of 2019 did not name the tree" in row


@pytest.mark.parametrize(("language", "said"), [("zh", "必须注明原因"), ("en", "only with a reason")])
def test_without_a_reason_nothing_is_excluded(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, language: str, said: str
) -> None:
    response = browse(language, as_user=lin).post(f"/imports/{draft.id}/exclude/", {"finding": SPECIES, "reason": " "})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert queries.draft(lin, draft.id, on=today).n_excluded == 0


def test_a_draft_with_open_errors_offers_no_measuring_and_one_in_order_does(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=lin)
    address = f"/imports/{draft.id}/"
    assert f'action="{address}measure/"' not in client.get(address).content.decode()
    assert client.post(f"{address}measure/").status_code == 409
    for reason in queries.draft_errors(lin, draft.id, on=today).n_by_reason:
        client.post(f"{address}exclude/", {"finding": reason, "reason": "left out"})
    page = client.get(address).content.decode()
    assert f'action="{address}measure/"' in page
    assert "No errors. Measure it" in page
    assert ("findings_map.js" in page) == ('id="findings-map"' in page), "the script comes with the map it draws"
    assert "there is nothing to correct" in page


def test_a_person_of_another_county_sees_nothing_of_it(
    draft: queries.DraftInfo, browse: Browse, person: Person
) -> None:
    client = browse("en", as_user=person("wu", technician=QINGYUAN))
    for address in ("", "rows/3/", "findings.csv"):
        assert client.get(f"/imports/{draft.id}/{address}").status_code == 404
    assert client.post(f"/imports/{draft.id}/exclude/", {"finding": SPECIES, "reason": "x"}).status_code == 404


def test_a_reviewer_looks_but_is_offered_no_decision(draft: queries.DraftInfo, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("chen", reviewer="3311"))
    page = client.get(f"/imports/{draft.id}/").content.decode()
    assert "The species code is not in the code list" in page
    assert "/exclude/" not in page
    assert client.post(f"/imports/{draft.id}/exclude/", {"finding": SPECIES, "reason": "x"}).status_code == 403


def test_the_summary_adds_up(draft: queries.DraftInfo, browse: Browse, lin: Any) -> None:
    page = browse("en", as_user=lin).get(f"/imports/{draft.id}/").content.decode()
    summary = text_of(page.split('id="summary"', 1)[1].split("<h2", 1)[0])
    assert re.search(rf"Rows in the file {N_ROWS} ", summary)
    assert re.search(rf"Rows accepted {N_ROWS - 3} ", summary)
    assert re.search(r"Rows with open errors 3 ", summary)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_rows_with_errors_go_out_and_come_back_corrected(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, form: str
) -> None:
    client = browse("zh", as_user=lin)
    table = client.get(f"/imports/{draft.id}/rejected.{form}")
    assert table.status_code == 200
    content = corrected(table.content, form, {"998": "310", "1.6": "0.6"})
    response = client.post(f"/imports/{draft.id}/corrected/", {"file": SimpleUploadedFile(f"rows.{form}", content)})
    assert response.status_code == 302, text_of(response.content.decode())
    left = queries.draft_errors(lin, draft.id, on=today).findings
    assert {finding["row"] for finding in left} == {NEGATIVE_ROW}


def corrected(content: bytes, form: str, changes: dict[str, str]) -> bytes:
    """Change cells of a table as a person does in an office program."""
    if form == "csv":
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        out = io.StringIO()
        csv.writer(out).writerows([[changes.get(cell, cell) for cell in line] for line in lines])
        return out.getvalue().encode("utf-8-sig")
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    for line in workbook.worksheets[0].iter_rows():
        for cell in line:
            cell.value = changes.get(cell.value, cell.value)
    kept = io.BytesIO()
    workbook.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_file_that_is_no_table_of_rows_is_refused_beside_its_field(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, language: str
) -> None:
    client = browse(language, as_user=lin)
    file = SimpleUploadedFile("rows.csv", b"\xff\xfe\x00broken\x00")
    response = client.post(f"/imports/{draft.id}/corrected/", {"file": file})
    assert response.status_code in {409, 422}
    assert 'class="field wrong"' in response.content.decode()
    assert client.post(f"/imports/{draft.id}/corrected/").status_code == 400
    assert queries.draft(lin, draft.id, on=today).n_open_errors == draft.n_open_errors


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", ["由 3 个控制点拟合", "残差中误差: 0.012 m", "移动距离: 118.40 m"]),
     ("en", ["fitted to 3 control points", "root mean square: 0.012 m", "was moved: 118.40 m"])],
)  # fmt: skip
def test_the_page_says_how_the_datum_was_changed_and_how_well_it_fits(
    draft: queries.DraftInfo, browse: Browse, lin: Any, language: str, said: list[str]
) -> None:
    fit = SimilarityFit(0.5, 1.2, ((0.01, -0.02), (0.0, 0.011), (-0.01, 0.009)), 0.0123, 0.0224)
    facts = {"kind": "control_points", "source": "Bureau 2019", **asdict(fit), "moved_m": 118.4}
    row = Draft.objects.get(pk=draft.id)
    row.source = {**row.source, "datum_change": facts}
    row.save()
    client = browse(language, as_user=lin)
    page = text_of(client.get(f"/imports/{draft.id}/").content.decode())
    for words in (*said, "Bureau 2019", "0.022 m", "-0.020"):
        assert words in page, words
    change = HelmertChange(dx_m=-31.5, dy_m=2, dz_m=0, convention="position_vector", direction="to_cgcs2000")
    row.source = {**row.source, "datum_change": {**asdict(change), "moved_m": 7.0}}
    row.save()
    page = text_of(client.get(f"/imports/{draft.id}/").content.decode())
    assert "-31.5" in page
    assert "7.00 m" in page


def test_a_draft_that_its_own_corrector_may_not_release_starts_no_job(
    draft_id: int, browse: Browse, person: Person, now: dt.datetime, today: dt.date
) -> None:
    chen = person("chen", reviewer="3311")
    response = browse("en", as_user=chen).post(f"/imports/{draft_id}/release/", {"label": ""})
    assert response.status_code == 400, "who may release is asked for the name"
    Draft.objects.filter(pk=draft_id).update(imported_by=chen.pk)
    response = browse("en", as_user=chen).post(f"/imports/{draft_id}/release/", {"label": "x"})
    assert response.status_code == 403
    assert "whoever prepared a draft" in response.content.decode()


@pytest.mark.parametrize(("language", "said"), [("zh", "草稿"), ("en", "are gone from the store")])
def test_a_draft_whose_files_vanished_is_explained_and_can_be_discarded(
    browse: Browse, person: Person, tmp_path: Path, now: dt.datetime, today: dt.date, language: str, said: str
) -> None:
    lin = person("lin", technician=LONGQUAN)
    draft = import_flawed(lin, tmp_path, now=now)
    shutil.rmtree(draft.directory)
    client = browse(language, as_user=lin)
    assert f"/imports/{draft.id}/" in client.get("/imports/").content.decode(), "the list still shows it"
    response = client.get(f"/imports/{draft.id}/")
    page = response.content.decode()
    assert response.status_code == 410
    assert said in page.split('class="note bad"', 1)[1].split("</div>", 1)[0]
    assert f'action="/imports/{draft.id}/discard/"' in page
    assert client.get(f"/imports/{draft.id}/mapping/").status_code == 410
    assert client.post(f"/imports/{draft.id}/discard/").status_code == 302
    assert queries.draft(lin, draft.id, on=today).state == "discarded"
