"""Pages and API of events: found, recorded, refused beside the form, taken back; each on his own land."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from tests.inventory.surveys import two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN

from senhui.access.models import AuditEntry
from senhui.inventory import queries
from senhui.inventory.actions.record_event import EventStatementWrong, Statement, record_event
from senhui.inventory.models import Event
from senhui.web import change_errors

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
HARVEST = {
    "kind": "harvest", "happened_on": "2018-06-01", "area": "30", "taken_percent": "100", "product_percent": "50",
    "burned_forest": "temperate_forest", "gwp_report": "ar5",
}  # fmt: skip


@pytest.fixture
def surveys(person: Person, tmp_path: Path) -> tuple[queries.ReleaseInfo, queries.ReleaseInfo]:
    return two_releases(person, tmp_path, BHYY=["71", *[None] * 11])


@pytest.fixture
def wang(person: Person) -> Any:
    return person("wang", technician=LONGQUAN)


@pytest.fixture
def zhou(person: Person) -> Any:
    """A technician of Qingyuan, who has no business in Longquan."""
    return person("zhou", technician=QINGYUAN)


def record_address(release: queries.ReleaseInfo, row: int = 11) -> str:
    return f"/events/record/?release={release.id}&row={row}"


def recorded(release: queries.ReleaseInfo, actor: Any) -> int:
    return record_event(
        actor, kind="fire", release_id=release.id, row=11, happened_on=dt.date(2018, 6, 1), area_ha=1.0,
        statement=Statement(), now=NOW,
    ).id  # fmt: skip


def test_a_harvest_is_recorded_in_mu_and_percent_and_listed_by_its_pools(
    surveys: Any, browse: Browse, wang: Any
) -> None:
    client = browse("zh", as_user=wang)
    found = client.get(f"/events/record/?release={surveys[0].id}&q=0011").content.decode()
    assert "row=11" in found
    assert "下列" not in found
    answer = client.post(record_address(surveys[0]), HARVEST)
    event = Event.objects.get()
    assert answer.url == f"/events/#event-{event.pk}"
    assert event.area_ha == pytest.approx(2.0), "30 亩 are 2 ha"
    assert event.facts["statement"]["taken_frac"] == 1.0
    page = client.get("/events/").content.decode()
    for word in ("采伐", "树干", "木产品", "吨碳", "冲正"):
        assert word in page
    english = browse("en", as_user=wang)
    assert "stems" in english.get("/events/").content.decode()
    english.post(record_address(surveys[0], 10), {**HARVEST, "area": "1.5"})
    assert Event.objects.latest("id").area_ha == 1.5, "hectares on an English page"


@pytest.mark.parametrize(
    ("changed", "status", "zh", "en"),
    [
        ({"taken_percent": ""}, 422, "未填或超出范围", "is missing or out of range"),
        ({"happened_on": "2016-01-01"}, 422, "2016", "does not lie after 2016"),
        ({"area": "900"}, 422, "公顷", "The stand has 4.00 ha"),
        ({"area": ""}, 400, "必填", "This field is required"),
        ({"taken_percent": "130"}, 400, "100", "less than or equal to 100"),
        ({"kind": "conversion", "after_tc_ha": "100000"}, 400, "小于或等于", "less than or equal to"),
    ],
)
def test_a_refused_event_keeps_what_was_typed_and_says_what_now(
    surveys: Any, browse: Browse, wang: Any, changed: dict[str, str], status: int, zh: str, en: str
) -> None:
    for language, said in (("zh", zh), ("en", en)):
        answer = browse(language, as_user=wang).post(
            record_address(surveys[0]), {**HARVEST, "note": "as typed", "area": "3", **changed}
        )
        assert answer.status_code == status
        page = answer.content.decode()
        assert said in page
        assert "as typed" in page
    assert not Event.objects.exists()


def test_a_double_click_records_once_and_an_equal_event_is_asked_about(surveys: Any, browse: Browse, wang: Any) -> None:
    client = browse("en", as_user=wang)
    page = client.get(record_address(surveys[0])).content.decode()
    found = re.search(r'name="request_key" value="([0-9a-f-]{36})"', page)
    assert found is not None
    harvest = {**HARVEST, "area": "1.5"}
    answers = [client.post(record_address(surveys[0]), {**harvest, "request_key": found[1]}) for _ in range(2)]
    assert answers[0].url == answers[1].url
    assert Event.objects.count() == 1
    box = '<input type="checkbox" name="is_another"'
    assert box not in page
    asked = client.post(record_address(surveys[0]), {**harvest, "request_key": "x"})
    assert asked.status_code == 409
    assert "says the same of this stand and day" in asked.content.decode()
    assert box in asked.content.decode()
    assert "checked" not in re.findall(f"{box}[^>]*>", asked.content.decode())[0]
    assert "已就该小班和该日登记" in browse("zh", as_user=wang).post(
        record_address(surveys[0]), {**harvest, "area": "22.5", "request_key": "y"}
    ).content.decode()  # fmt: skip
    assert client.post(
        record_address(surveys[0]), {**harvest, "request_key": "x", "is_another": "on"}
    ).status_code == 302  # fmt: skip
    assert Event.objects.count() == 2


def test_what_may_be_stated_is_said_in_the_readers_language(surveys: Any, browse: Browse, wang: Any) -> None:
    body = {"kind": "conversion", "release_id": surveys[0].id, "row": 11, "happened_on": "2018-06-01", "area_ha": 1.0}
    for language in ("zh", "en"):
        with translation.override({"zh": "zh-hans", "en": "en"}[language]):
            explanation = change_errors.explain(EventStatementWrong("conversion", "after_tc_ha", most_tc_ha=300.0))
            assert explanation is not None
            assert (
                explanation.why
                == {"zh": "允许范围为 0 至 300 吨碳/公顷。", "en": "It may be 0 to 300 t C/ha."}[language]
            )
    answer = browse("en", as_user=wang).post(
        "/api/v1/events", {**body, "after_tc_ha": 1e9}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["error"]) == (422, "EventStatementWrong")
    assert not Event.objects.exists()


def test_the_api_answers_a_request_that_is_sent_again_alike(surveys: Any, browse: Browse, wang: Any, zhou: Any) -> None:
    body = {
        "kind": "harvest", "release_id": surveys[0].id, "row": 11, "happened_on": "2018-06-01", "area_ha": 1.0,
        "taken_frac": 0.5,
    }  # fmt: skip

    def post(key: str | None, who: Any = wang, **other: Any) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        client = browse("en", as_user=who)
        return client.post("/api/v1/events", {**body, **other}, content_type="application/json", headers=headers)

    first, again = post("a"), post("a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["entries"]
    for key, other, status, error in (
        ("a", {"area_ha": 2.0}, 409, "RequestKeyUsed"),
        ("b", {}, 409, "EventAlreadyRecorded"),
        (None, {}, 409, "EventAlreadyRecorded"),
        ("k" * 65, {}, 422, "NotValid"),
        ("c", {"note": "\x00"}, 422, "TextCannotBeWritten"),
    ):
        refused = post(key, **other)
        assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert post("a", zhou).status_code == 403
    assert post("a", None).status_code == 401
    assert Event.objects.count() == 1
    assert post("b", is_another=True).status_code == 201


def test_who_has_other_land_finds_and_records_nothing(surveys: Any, browse: Browse, wang: Any, zhou: Any) -> None:
    event = recorded(surveys[0], wang)
    client = browse("en", as_user=zhou)
    n_audits = AuditEntry.objects.count()
    assert "row=11" not in client.get(f"/events/record/?release={surveys[0].id}&q=0011").content.decode()
    assert client.get(record_address(surveys[0])).status_code in (403, 404)
    assert client.post(record_address(surveys[0]), HARVEST).status_code in (403, 404)
    assert client.post(f"/events/{event}/reverse/", {"reason": "mine"}).status_code == 403
    assert f"event-{event}" not in client.get("/events/").content.decode()
    assert client.get(f"/events/?said_by={surveys[1].id}").content.decode().count("331181103201") == 0
    assert client.get("/api/v1/events").json() == []
    assert Event.objects.count() == 1
    assert AuditEntry.objects.count() == n_audits


def test_a_visitor_signs_in_first_and_who_only_looks_sees_no_button(
    surveys: Any, browse: Browse, wang: Any, person: Person
) -> None:
    event = recorded(surveys[0], wang)
    for address in ("/events/", "/events/record/"):
        assert "/sign-in/" in browse("en").get(address).url
    assert browse("en").get("/api/v1/events").status_code == 401
    viewer = browse("en", as_user=person("xu", viewer="3311"))
    page = viewer.get("/events/").content.decode()
    assert f"event-{event}" in page
    assert "Take back" not in page
    assert "Record an event" not in page
    assert "needs the right to import" in viewer.get(record_address(surveys[0])).content.decode()
    assert viewer.post(record_address(surveys[0]), HARVEST).status_code == 403
    assert Event.objects.count() == 1


def test_an_event_is_taken_back_once_and_with_a_reason(surveys: Any, browse: Browse, wang: Any) -> None:
    event = recorded(surveys[0], wang)
    client = browse("zh", as_user=wang)
    address = f"/events/{event}/reverse/"
    assert client.get(address).status_code == 405
    for reason, status, said in (("", 422, "未说明"), ("另一小班", 302, ""), ("再来", 409, "已")):
        answer = client.post(address, {"reason": reason})
        assert answer.status_code == status
        assert said in answer.content.decode()
    assert Event.objects.count() == 2
    page = client.get("/events/").content.decode()
    assert "另一小班" in page
    assert client.post("/events/999/reverse/", {"reason": "x"}).status_code == 404


def test_the_layer_proposes_and_the_address_leads_to_the_stand_before(surveys: Any, browse: Browse, wang: Any) -> None:
    page = browse("en", as_user=wang).get(f"/events/?said_by={surveys[1].id}").content.decode()
    assert "What the layer of 2021 says happened" in page
    assert f"release={surveys[0].id}&amp;q=331181103201-0001-0000&amp;kind=fire" in page
    assert not Event.objects.exists(), "nothing is recorded until a person does it"
    assert browse("en", as_user=wang).get("/events/?kind=flood").status_code == 404


def test_the_api_lists_events_with_entries_and_parameters(surveys: Any, browse: Browse, wang: Any) -> None:
    event = recorded(surveys[0], wang)
    (one,) = browse("en", as_user=wang).get(f"/api/v1/events?release_id={surveys[0].id}&kind=fire").json()
    assert one["id"] == event
    assert {"ch4", "n2o", "living"} <= {entry["pool"] for entry in one["entries"]}
    fraction = next(use for use in one["facts"]["parameters"] if use["symbol"] == "CF")
    derivation = queries.derivation(surveys[0].id, one["facts"]["stand"]["derivation_id"])
    own = next(use for use in derivation["parameters"] if use["symbol"] == "CF")
    assert fraction["id"] == own["id"], "the stand's own carbon fraction"
    assert browse("en", as_user=wang).get("/api/v1/events?kind=harvest").json() == []
