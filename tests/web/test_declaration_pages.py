"""Pages of declarations: what counts now, who may set it, refused beside the form, and kept with draft and release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN, quiet

from senhui.access.models import AuditEntry
from senhui.inventory import declarations
from senhui.inventory.actions.declare_value import declare_value
from senhui.inventory.models import Declaration

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
AREA = "/declarations/error.area_single/"


@pytest.fixture
def wang(person: Person) -> Any:
    """A technician of the whole city."""
    return person("wang", technician="3311")


def said(**changed: str) -> dict[str, str]:
    return {"value": "2.5", "ground": "control of 2025", "seen": "0"} | changed


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["本地声明", "立竹平均龄级", "小班面积", "未设定", "公布值", "7.44 %", "马尾松", "不得用于签发"]),
        ("en", ["Declarations", "Mean age of moso culms", "Area of a sub-compartment", "not set", "published", "oak"]),
    ],
)
def test_the_list_tells_what_counts_now(browse: Browse, wang: Any, language: str, words: list[str]) -> None:
    answer = browse(language, as_user=wang).get("/declarations/")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert [word for word in words if word not in text] == []


def test_an_error_is_declared_in_per_cent_shown_and_taken_back(browse: Browse, wang: Any) -> None:
    client = browse("en", as_user=wang)
    answer = client.post(AREA, said())
    assert (answer.status_code, answer.headers["location"]) == (302, AREA)
    (error,) = declarations.in_force().errors
    assert (error.id, error.relative_error_frac) == ("area_single", 0.025)
    text = client.get(AREA).content.decode()
    assert [word for word in ("2.5 %", "declared here", "control of 2025", "not declared") if word not in text] == []
    assert "control of 2025" in client.get("/declarations/").content.decode()
    answer = client.post(f"{AREA}withdraw/", {"ground": "found wrong", "seen": "1"})
    assert answer.status_code == 302
    assert declarations.in_force().errors == ()
    text = client.get(AREA).content.decode()
    assert [word for word in ("found wrong", "taken back", "control of 2025") if word not in text] == []


def test_a_soil_is_chosen_in_words_and_an_age_typed(browse: Browse, wang: Any) -> None:
    client = browse("zh", as_user=wang)
    assert "暖温带湿润 · 低活性黏粒" in client.get("/declarations/soil/").content.decode()
    assert client.post("/declarations/soil/", said(value="")).status_code == 400
    soil = said(value="warm_temperate_moist/low_activity", ground="土壤普查")
    assert client.post("/declarations/soil/", soil).status_code == 302
    assert client.post("/declarations/culm_age_du/", said(value="2.5", ground="龄级调查")).status_code == 302
    counts = declarations.in_force().assumptions
    assert counts.soil is not None
    assert counts.culm_age_du is not None
    assert (counts.soil.value, counts.culm_age_du.value) == ("warm_temperate_moist/low_activity", 2.5)
    assert "2.5 度" in client.get("/declarations/").content.decode()


@pytest.mark.parametrize(
    ("changed", "status", "zh", "en"),
    [
        ({"value": "0"}, 422, "请给出取值", "more than 0 and at most 100 %"),
        ({"value": "101"}, 422, "大于 0", "does not fit"),
        ({"value": "nan"}, 400, "数", "Enter a number"),
        ({"value": ""}, 400, "必填", "This field is required"),
        ({"ground": " "}, 400, "必填", "This field is required"),
        ({"seen": "4"}, 409, "其间他人", "Somebody else declared"),
    ],
)
def test_a_refusal_keeps_what_was_typed_and_nothing_else(
    browse: Browse, wang: Any, changed: dict[str, str], status: int, zh: str, en: str
) -> None:
    n_audits = AuditEntry.objects.count()
    for language, expected in (("zh", zh), ("en", en)):
        answer = browse(language, as_user=wang).post(AREA, said(**changed))
        assert answer.status_code == status
        text = answer.content.decode()
        assert expected in text
        assert all(typed in text for typed in said(**changed).values() if typed.strip() and typed != "4")
    assert not Declaration.objects.exists()
    assert AuditEntry.objects.count() == n_audits


def test_who_may_not_sees_no_form_and_is_refused(browse: Browse, wang: Any, person: Person, draft_id: int) -> None:
    """The draft lies in Longquan, so that a technician of Qingyuan does not speak for all land."""
    for someone in (person("reader", reviewer="3311"), person("zhou", technician=QINGYUAN)):
        client = browse("en", as_user=someone)
        page = client.get(AREA)
        assert page.status_code == 200
        assert 'name="value"' not in page.content.decode()
        assert client.post(AREA, said()).status_code == 403
        assert client.post(f"{AREA}withdraw/", {"ground": "x", "seen": "0"}).status_code == 403
    assert 'name="value"' in browse("en", as_user=wang).get(AREA).content.decode()
    assert not Declaration.objects.exists()


def test_a_visitor_signs_in_first_and_an_unknown_name_is_not_found(browse: Browse, wang: Any) -> None:
    for address in ("/declarations/", AREA):
        answer = browse("en").get(address)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/sign-in/")
    assert browse("en").post(AREA, said()).status_code == 302
    assert browse("en").post(f"{AREA}withdraw/", {"ground": "x", "seen": "0"}).status_code == 403
    for unknown in ("weather", "error.design_total"):
        assert browse("en", as_user=wang).get(f"/declarations/{unknown}/").status_code == 404
    assert not Declaration.objects.exists()


def test_draft_and_release_tell_what_was_declared_when_they_were_measured(
    browse: Browse, person: Person, draft_id: int, now: Any
) -> None:
    from senhui.atlas.jobs import release_and_map
    from senhui.inventory.actions.measure_draft import measure_draft

    lead = person("lead", technician=LONGQUAN)
    before = browse("en", as_user=lead).get(f"/imports/{draft_id}/").content.decode()
    assert "Declared by this installation" not in before
    declare_value(lead, declarable_id="error.area_single", value=0.025, ground="control of 2025", now=now)
    declare_value(lead, declarable_id="soil", value="tropical_moist/sandy", ground="soil survey", now=now)
    measure_draft(lead, draft_id=draft_id, now=now, progress=quiet)
    release_id = release_and_map(
        person("chen", reviewer="3311"), draft_id=draft_id, label="Case", now=now, progress=quiet
    )
    declare_value(lead, declarable_id="error.area_single", value=0.5, ground="later", now=now)
    for address in (f"/imports/{draft_id}/", f"/releases/{release_id}/"):
        text = browse("en", as_user=lead).get(address).content.decode()
        words = (
            "Declared by this installation",
            "2.5 %",
            "tropical, moist · sandy",
            "may not issue",
            "declared by lead",
        )
        assert [word for word in words if word not in text] == [], address
        assert "50 %" not in text
