"""The page of one row: its form, the answer at once, refusals in place, the other person's values, and the history."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.test import Client
from tests.small_layer import LONGQUAN
from tests.web.flawed import CANOPY_ROW, NEGATIVE_ROW, SPECIES_ROW, import_flawed

from senhui.inventory import queries
from senhui.web.row_sketch import sketch
from senhui.web.views.imports_row import as_text

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lin(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft(lin: Any, tmp_path: Path, now: dt.datetime) -> queries.DraftInfo:
    return import_flawed(lin, tmp_path, now=now)


def address(draft: queries.DraftInfo, row: int, verb: str = "") -> str:
    return f"/imports/{draft.id}/rows/{row}/" + (f"{verb}/" if verb else "")


def test_the_field_at_fault_stands_first_with_unit_both_names_and_codes(
    draft: queries.DraftInfo, browse: Browse, lin: Any
) -> None:
    page = browse("zh", as_user=lin).get(address(draft, SPECIES_ROW)).content.decode()
    before, others = page.split('<details class="options">', 1)
    assert 'name="value:YOU_SHI_SZ"' in before
    assert "优势树种" in before
    assert "dominant species" in before
    assert re.search(r'<option value="310">[^<]*杉木', before), "the code list names its codes"
    assert 'name="value:HUO_LMGQXJ"' in others
    english = browse("en", as_user=lin).get(address(draft, NEGATIVE_ROW)).content.decode()
    assert "m³/ha" in english.split('<details class="options">', 1)[0]


@pytest.mark.parametrize(("language", "said"), [("zh", "本行已无错误"), ("en", "no error is left in this row")])
def test_a_correction_is_answered_at_once_and_only_what_changed_is_kept(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, language: str, said: str
) -> None:
    client = browse(language, as_user=lin)
    given = {"seen": "0", "value:YOU_SHI_SZ": "310", "value:XIAN": LONGQUAN, "reason": "asked the ranger"}
    response = client.post(address(draft, SPECIES_ROW, "correct"), given, headers=HTMX)
    assert response.status_code == 200
    assert said in response.content.decode()
    row = queries.draft_row(lin, draft.id, SPECIES_ROW, on=today)
    assert row.decisions[-1].values == {"YOU_SHI_SZ": "310"}
    page = client.get(address(draft, SPECIES_ROW)).content.decode()
    assert "<code>998</code>" in page, "the file's own value stays visible"
    assert "asked the ranger" in page


def test_without_the_script_a_decision_leads_back_to_the_row(
    draft: queries.DraftInfo, browse: Browse, lin: Any
) -> None:
    given = {"seen": "0", "value:YU_BI_DU": "0.6"}
    response = browse("en", as_user=lin).post(address(draft, CANOPY_ROW, "correct") + "?severity=error", given)
    assert response.status_code == 302
    assert response["Location"] == address(draft, CANOPY_ROW) + "?severity=error"


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"value:YOU_SHI_SZ": "998"}, 409, "says that already"),
        ({"value:YU_BI_DU": "dense"}, 422, "does not fit"),
        ({"value:NO_SUCH": "1"}, 422, "no column"),
    ],
)
def test_a_refused_correction_stands_on_the_page_with_what_was_typed(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, given: dict[str, str], status: int, said: str
) -> None:
    client = browse("en", as_user=lin)
    response = client.post(address(draft, SPECIES_ROW, "correct"), {"seen": "0", **given}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == status
    assert said in page
    assert 'id="row"' in page, "the answer is the page of the row"
    if "value:YU_BI_DU" in given:
        assert 'value="dense"' in page
    assert queries.draft_row(lin, draft.id, SPECIES_ROW, on=today).decisions == []


@pytest.mark.parametrize(("language", "said"), [("zh", "wang"), ("en", "corrected by wang")])
def test_who_comes_second_sees_what_the_other_person_decided(
    draft: queries.DraftInfo, browse: Browse, lin: Any, person: Person, today: dt.date, language: str, said: str
) -> None:
    wang = person("wang", technician=LONGQUAN)
    browse("en", as_user=wang).post(address(draft, SPECIES_ROW, "correct"), {"seen": "0", "value:YOU_SHI_SZ": "220"})
    given = {"seen": "0", "value:YOU_SHI_SZ": "610"}
    response = browse(language, as_user=lin).post(address(draft, SPECIES_ROW, "correct"), given, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert said in page
    assert 'name="seen" value="1"' in page, "the next attempt answers the other person's decision"
    assert 'value="610"' in page, "what was typed is still there"
    assert [one.values for one in queries.draft_row(lin, draft.id, SPECIES_ROW, on=today).decisions] == [
        {"YOU_SHI_SZ": "220"}
    ]


def test_a_row_is_excluded_with_a_reason_and_opened_again(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=lin)
    refused = client.post(address(draft, NEGATIVE_ROW, "exclude"), {"seen": "0", "reason": ""}, headers=HTMX)
    assert refused.status_code == 422
    assert queries.draft(lin, draft.id, on=today).n_excluded == 0
    done = client.post(address(draft, NEGATIVE_ROW, "exclude"), {"seen": "0", "reason": "burnt in 2023"}, headers=HTMX)
    assert "Excluded. Its area is printed beside every total" in done.content.decode()
    assert queries.draft(lin, draft.id, on=today).n_excluded == 1
    opened = client.post(address(draft, NEGATIVE_ROW, "reopen"), {"seen": "1"}, headers=HTMX)
    assert opened.status_code == 200
    page = opened.content.decode()
    assert "burnt in 2023" in page, "the record keeps what was taken back"
    assert queries.draft(lin, draft.id, on=today).n_excluded == 0


def test_next_and_previous_lead_through_the_open_rows(draft: queries.DraftInfo, browse: Browse, lin: Any) -> None:
    page = browse("en", as_user=lin).get(address(draft, SPECIES_ROW)).content.decode()
    assert re.search(rf'id="next-row"[^>]+href="{address(draft, CANOPY_ROW)}"', page)
    assert re.search(rf'id="previous-row"[^>]+href="{address(draft, NEGATIVE_ROW)}"', page)
    assert "2 of 3 open" in page


@pytest.mark.parametrize("row", [0, 41, 2**31, 10**18])
def test_a_row_that_is_not_there_is_not_found(draft: queries.DraftInfo, browse: Browse, lin: Any, row: int) -> None:
    assert browse("en", as_user=lin).get(address(draft, row)).status_code == 404


def test_who_only_looks_gets_no_form_and_no_decision(
    draft: queries.DraftInfo, browse: Browse, person: Person, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=person("chen", reviewer="3311"))
    page = client.get(address(draft, SPECIES_ROW)).content.decode()
    assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]
    given = {"seen": "0", "value:YOU_SHI_SZ": "310"}
    assert client.post(address(draft, SPECIES_ROW, "correct"), given).status_code == 403
    assert queries.draft_row(lin, draft.id, SPECIES_ROW, on=today).decisions == []


def test_the_sketch_shows_what_two_rows_share() -> None:
    def geojson(west: float) -> dict[str, Any]:
        ring = shapely.get_coordinates(shapely.box(west, 28.0, west + 0.002, 28.002)).tolist()
        return {"type": "Polygon", "coordinates": [ring]}

    neighbours = [
        {"geometry": geojson(119.001), "properties": {"row": 2}},
        {"geometry": geojson(119.0025), "properties": {"row": 3}},
        {"geometry": None, "properties": {"row": 4}},
    ]
    drawn = sketch(geojson(119.0), neighbours, row=1, partners={2})
    assert drawn is not None
    assert [shape.kind for shape in drawn.shapes] == ["neighbour", "partner", "own", "overlap"]
    assert 0 < drawn.scale_px < drawn.width / 2
    assert sketch(None, neighbours, row=1, partners=set()) is None


def test_a_value_stands_in_its_input_as_a_person_writes_it() -> None:
    values = (4.0, 0.7, None, " 0012 ", float("nan"), 12)
    assert [as_text(value) for value in values] == ["4", "0.7", "", "0012", "", "12"]
