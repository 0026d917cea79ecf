"""Drafts for programs: the same decisions and refusals as the pages, and the map of findings."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN
from tests.web.flawed import CANOPY_ROW, N_ROWS, NEGATIVE_ROW, SPECIES_ROW, import_flawed

from senhui.inventory import queries

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
EVERYWHERE = "119,27.9,120,28.1"
JSON = "application/json"


@pytest.fixture
def lin(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft(lin: Any, tmp_path: Path, now: dt.datetime) -> queries.DraftInfo:
    return import_flawed(lin, tmp_path, now=now)


def test_drafts_and_findings_are_listed_in_the_language_asked_for(
    draft: queries.DraftInfo, browse: Browse, lin: Any
) -> None:
    for language, said in (("zh", "树种代码"), ("en", "species code")):
        client = browse(language, as_user=lin)
        assert [one["id"] for one in client.get("/api/v1/drafts").json()] == [draft.id]
        found = client.get(f"/api/v1/drafts/{draft.id}/findings?reason=species_unknown").json()
        assert found["n_findings"] == 1
        assert found["findings"][0]["row"] == SPECIES_ROW
        assert said in found["findings"][0]["message"]


def test_a_row_is_corrected_and_comes_back_checked(draft: queries.DraftInfo, browse: Browse, lin: Any) -> None:
    client = browse("en", as_user=lin)
    address = f"/api/v1/drafts/{draft.id}/rows/{SPECIES_ROW}"
    before = client.get(address).json()
    assert before["values"]["YOU_SHI_SZ"] == "998"
    given = {"values": {"YOU_SHI_SZ": "310"}, "seen": before["number"]}
    after = client.post(f"{address}/correct", given, content_type=JSON).json()
    assert (after["state"], after["number"], after["as_read"]) == ("corrected", 1, {"YOU_SHI_SZ": "998"})
    assert [finding for finding in after["findings"] if finding["severity"] == "error"] == []


def test_a_refusal_has_the_shape_of_all_refusals_and_changes_nothing(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=lin)
    base = f"/api/v1/drafts/{draft.id}"
    for address, given, status in (
        (f"{base}/rows/{SPECIES_ROW}/correct", {"values": {"YOU_SHI_SZ": "310"}, "seen": 7}, 409),
        (f"{base}/rows/{SPECIES_ROW}/correct", {"values": {"NO_SUCH": "1"}}, 422),
        (f"{base}/rows/99/correct", {"values": {"YOU_SHI_SZ": "310"}}, 404),
        (f"{base}/rows/{SPECIES_ROW}/reopen", {}, 409),
        (f"{base}/exclude", {"rows": [SPECIES_ROW], "reason": " "}, 422),
        (f"{base}/exclude", {"rows": [], "reason": "x"}, 422),
        (f"{base}/exclude", {"rows": [1], "reason": "x"}, 409),
    ):
        response = client.post(address, given, content_type=JSON)
        assert response.status_code == status, address
        body = response.json()
        assert {"error", "what", "now"} <= body.keys(), address
        assert body["what"], address
    assert queries.draft_decisions(lin, draft.id, on=today) == []


def test_rows_are_excluded_and_opened_again(draft: queries.DraftInfo, browse: Browse, lin: Any) -> None:
    client = browse("en", as_user=lin)
    given = {"rows": [NEGATIVE_ROW, CANOPY_ROW], "reason": "burnt", "seen": {str(NEGATIVE_ROW): 0}}
    after = client.post(f"/api/v1/drafts/{draft.id}/exclude", given, content_type=JSON).json()
    assert (after["n_excluded"], after["excluded_area_ha"], after["n_open_errors"]) == (2, 8.0, 1)
    opened = client.post(f"/api/v1/drafts/{draft.id}/rows/{CANOPY_ROW}/reopen", {}, content_type=JSON).json()
    assert [one["kind"] for one in opened["decisions"]] == ["excluded", "reopened"]


def test_findings_on_the_map_are_within_the_box_and_capped_in_words(
    draft: queries.DraftInfo, browse: Browse, lin: Any
) -> None:
    client = browse("en", as_user=lin)
    address = f"/api/v1/drafts/{draft.id}/findings.geojson"
    everything = client.get(f"{address}?bbox={EVERYWHERE}").json()
    rows = {feature["properties"]["row"] for feature in everything["features"]}
    assert {NEGATIVE_ROW, SPECIES_ROW, CANOPY_ROW} <= rows
    for feature in everything["features"]:
        facts = feature["properties"]
        assert facts["kind"] in {"error", "warning", "gap"}
        assert 119 < facts["lon"] < 120
    one = client.get(f"{address}?bbox={EVERYWHERE}&limit=1").json()
    assert one["is_cut"]
    assert len(one["features"]) == 1
    assert "Zoom in" in one["said"]
    assert client.get(f"{address}?bbox=100,20,101,21").json()["features"] == []
    only = client.get(f"{address}?bbox={EVERYWHERE}&reason=species_unknown").json()
    assert [feature["properties"]["row"] for feature in only["features"]] == [SPECIES_ROW]


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "10,20,5,30", "0,0,999,1", "nan,0,1,1"])
def test_a_box_that_is_none_is_refused(draft: queries.DraftInfo, browse: Browse, lin: Any, bbox: str) -> None:
    response = browse("en", as_user=lin).get(f"/api/v1/drafts/{draft.id}/findings.geojson?bbox={bbox}")
    assert response.status_code == 422


def test_a_visitor_and_a_person_of_another_county_learn_nothing(
    draft: queries.DraftInfo, browse: Browse, person: Person
) -> None:
    base = f"/api/v1/drafts/{draft.id}"
    addresses = (base, f"{base}/findings", f"{base}/findings.geojson?bbox={EVERYWHERE}", f"{base}/rows/3")
    wu = browse("en", as_user=person("wu", technician=QINGYUAN))
    assert wu.get("/api/v1/drafts").json() == []
    for address in addresses:
        assert browse("en").get(address).status_code == 401, address
        assert wu.get(address).status_code == 404, address


def test_a_reviewer_reads_but_decides_nothing(draft: queries.DraftInfo, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("chen", reviewer="3311"))
    assert client.get(f"/api/v1/drafts/{draft.id}/findings").status_code == 200
    given = {"values": {"YOU_SHI_SZ": "310"}}
    response = client.post(f"/api/v1/drafts/{draft.id}/rows/{SPECIES_ROW}/correct", given, content_type=JSON)
    assert response.status_code == 403


def test_a_draft_that_waits_for_a_mapping_says_so_and_leads_there(
    browse: Browse, lin: Any, tmp_path: Path, now: dt.datetime
) -> None:
    waiting = import_flawed(lin, tmp_path, now=now, YOU_SHI_SZ=[None] * N_ROWS)
    assert waiting.state == "unmapped"
    client = browse("en", as_user=lin)
    base = f"/api/v1/drafts/{waiting.id}"
    for address in (f"{base}/findings", f"{base}/findings.geojson?bbox={EVERYWHERE}"):
        response = client.get(address)
        assert (response.status_code, response.json()["error"]) == (409, "DraftNeedsMapping"), address
    page = client.get(f"/imports/{waiting.id}/rows/1/")
    assert page.status_code == 409
    assert f'href="/imports/{waiting.id}/mapping/"' in page.content.decode()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"values": {"XIAO_BAN": "\ud800"}}, 422, "TextCannotBeWritten"),
        ({"values": {"XIAO_BAN": "a\x00b"}}, 422, "TextCannotBeWritten"),
        ({"values": {"\ud800": "a"}}, 422, "NoSuchColumn"),
        ({"values": {"XIAO_BAN": "9"}, "reason": "\ud800"}, 422, "TextCannotBeWritten"),
        ({"values": {"XIAO_BAN": "9"}, "reason": "x" * 2_001}, 422, "ReasonTooLong"),
        (None, 422, "NotValid"),
        ([], 422, "NotValid"),
        ({}, 409, "NothingToCorrect"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(
    draft: queries.DraftInfo,
    browse: Browse,
    lin: Any,
    today: dt.date,
    language: str,
    given: Any,
    status: int,
    error: str,
) -> None:
    address = f"/api/v1/drafts/{draft.id}/rows/{SPECIES_ROW}/correct"
    response = browse(language, as_user=lin).post(address, json.dumps(given), content_type=JSON)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert queries.draft_decisions(lin, draft.id, on=today) == []


def test_a_reason_too_long_excludes_and_reopens_nothing(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=lin)
    base = f"/api/v1/drafts/{draft.id}"
    for address, given in (
        (f"{base}/exclude", {"rows": [SPECIES_ROW], "reason": "x" * 2_001}),
        (f"{base}/rows/{SPECIES_ROW}/reopen", {"reason": "x" * 2_001}),
    ):
        response = client.post(address, given, content_type=JSON)
        assert (response.status_code, response.json()["error"]) == (422, "ReasonTooLong")
    assert queries.draft_decisions(lin, draft.id, on=today) == []


def test_a_visitor_decides_nothing(draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date) -> None:
    visitor = browse("en")
    for verb in ("correct", "exclude", "reopen"):
        page = visitor.post(f"/imports/{draft.id}/rows/{SPECIES_ROW}/{verb}/", {"reason": "x"})
        assert page.status_code == 404, verb
        if verb != "exclude":
            address = f"/api/v1/drafts/{draft.id}/rows/{SPECIES_ROW}/{verb}"
            assert visitor.post(address, {}, content_type=JSON).status_code == 401, verb
    assert queries.draft_decisions(lin, draft.id, on=today) == []


def test_a_page_beyond_the_last_is_empty(draft: queries.DraftInfo, browse: Browse, lin: Any) -> None:
    found = browse("en", as_user=lin).get(f"/api/v1/drafts/{draft.id}/findings?page=999999").json()
    assert (found["findings"], found["page"], found["n_pages"], found["n_findings"]) == ([], 999_999, 1, 3)
