"""Events: recorded by who may, refused in order, added and never changed, taken back once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from tests.inventory.surveys import Person, two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.inventory import events, queries
from senhui.inventory.actions.record_event import (
    EventAlreadyRecorded,
    EventAreaTooLarge,
    EventDateNotBetween,
    EventStatementWrong,
    LossLargerThanStock,
    RequestKeyUsed,
    StandHasNoEstimate,
    Statement,
    record_event,
)
from senhui.inventory.actions.reverse_event import (
    EventAlreadyReversed,
    ReversalIsFinal,
    ReversalNeedsAReason,
    reverse_event,
)
from senhui.inventory.models import Event, Movement
from senhui.measurement.disturbance import most_density_tc_ha

pytestmark = pytest.mark.database
CLEAR_CUT = Statement(taken_frac=1.0, product_frac=0.5)


def record(actor: Any, release: queries.ReleaseInfo, **other: Any) -> events.EventInfo:
    ordinary: dict[str, Any] = {
        "kind": "harvest", "row": 11, "happened_on": dt.date(2018, 6, 1), "area_ha": 1.0, "statement": CLEAR_CUT,
    }  # fmt: skip
    return record_event(actor, now=NOW, **{"release_id": release.id, **ordinary, **other})


@pytest.fixture
def surveys(person: Person, tmp_path: Path) -> tuple[queries.ReleaseInfo, queries.ReleaseInfo]:
    return two_releases(person, tmp_path)


@pytest.fixture
def forester(person: Person, surveys: object) -> Any:
    return person("wang", technician=f"{LONGQUAN}103")


def stand(release: queries.ReleaseInfo, row: int = 11) -> dict[str, Any]:
    return queries.scan(release.id).collect().row(row, named=True)


def test_a_harvest_takes_the_stock_by_its_parts_and_says_with_which_numbers(surveys: Any, forester: Any) -> None:
    event = record(forester, surveys[0])
    before = stand(surveys[0])
    assert event.living_change_tc == pytest.approx(-before["stock_tc_ha"])
    pools = {entry.pool: entry.change_tc for entry in event.entries}
    assert set(pools) == {"stem", "branches", "roots", "wood_products"}
    assert pools["roots"] == pytest.approx(-before["tree_below_tc_ha"])
    assert pools["wood_products"] == pytest.approx(-0.5 * pools["stem"])
    assert {use["symbol"] for use in event.facts["parameters"]} == {"D", "CF"}
    assert all(use["source"] and use["mark"] in "ABCD" for use in event.facts["parameters"])
    assert AuditEntry.objects.filter(action="inventory.record_event", subject=f"event {event.id}").count() == 1


def test_the_gases_of_a_fire_are_no_stock_and_name_their_report(surveys: Any, forester: Any) -> None:
    event = record(forester, surveys[0], kind="fire", statement=Statement())
    gases = {entry.pool: entry for entry in event.entries if entry.emission_tco2e is not None}
    assert {"ch4", "n2o"} <= set(gases)
    assert event.emission_tco2e == pytest.approx(sum(entry.emission_tco2e or 0.0 for entry in gases.values()))
    assert event.living_change_tc == pytest.approx(-0.45 * (stand(surveys[0])["stock_tc_ha"]
                                                            - stand(surveys[0])["tree_below_tc_ha"]))  # fmt: skip
    assert event.facts["statement"]["gwp_report"] == "ar5"
    assert {"GWP_CH4", "GWP_N2O", "COMF"} <= {use["symbol"] for use in event.facts["parameters"]}
    older = record(forester, surveys[0], kind="fire", statement=Statement(gwp_report="ar4"), row=10)
    assert [use["value"] for use in older.facts["parameters"] if use["symbol"] == "GWP_CH4"] == [25]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"release_id": "1999-1", "row": 99, "kind": "flood"}, queries.NoSuchRelease),
        ({"row": 99, "kind": "flood"}, queries.NoSuchStand),
        ({"kind": "flood", "area_ha": 99.0}, EventStatementWrong),
        ({"statement": Statement(), "area_ha": 99.0}, EventStatementWrong),
        ({"statement": Statement(taken_frac=1.2)}, EventStatementWrong),
        ({"kind": "pine_wilt", "statement": Statement(taken_frac=0.1)}, EventStatementWrong),
        ({"kind": "fire", "statement": Statement(gwp_report="ar9")}, EventStatementWrong),
        ({"kind": "fire", "statement": Statement(burned_forest="steppe")}, EventStatementWrong),
        ({"happened_on": dt.date(2016, 12, 31), "area_ha": 99.0}, EventDateNotBetween),
        ({"happened_on": dt.date(2022, 1, 1)}, EventDateNotBetween),
        ({"kind": "conversion", "statement": Statement(after_tc_ha=1e300)}, EventStatementWrong),
        ({"kind": "conversion", "statement": Statement(after_tc_ha=0, soil_after_tc_ha=1e308)}, EventStatementWrong),
        ({"kind": "planting", "statement": Statement(after_tc_ha=1e9)}, EventStatementWrong),
        ({"area_ha": 4.5}, EventAreaTooLarge),
        ({"area_ha": 0.0}, EventAreaTooLarge),
        ({"area_ha": float("nan")}, EventAreaTooLarge),
    ],
)
def test_a_refused_event_leaves_nothing_behind(surveys: Any, forester: Any, change: Any, refusal: Any) -> None:
    n_audits = AuditEntry.objects.count()
    with pytest.raises(refusal):
        record(forester, surveys[0], **change)
    assert not Event.objects.exists()
    assert not Movement.objects.exists()
    assert AuditEntry.objects.count() == n_audits


def test_a_day_in_the_future_is_refused(surveys: Any, forester: Any) -> None:
    with pytest.raises(EventDateNotBetween) as refusal:
        record(forester, surveys[1], happened_on=dt.date(2026, 11, 23))
    assert refusal.value.until == "2026-11-22"
    assert not Event.objects.exists()


def test_who_has_no_right_over_the_land_records_nothing_and_learns_nothing(surveys: Any, person: Person) -> None:
    for actor in (person("zhou", technician=QINGYUAN), person("xu", viewer="3311")):
        with pytest.raises(PermissionRefused) as refusal:
            record(actor, surveys[0])
        assert refusal.value.area is None
    assert not Event.objects.exists()


def test_a_stand_without_an_estimate_loses_nothing_but_may_be_planted(person: Person, tmp_path: Path) -> None:
    land = ["1111"] * 11 + ["1410"]
    _, after = two_releases(person, tmp_path, DI_LEI=land)
    forester = person("wang", technician=LONGQUAN)
    assert stand(after)["stock_tc_ha"] is None
    with pytest.raises(StandHasNoEstimate):
        record(forester, after, happened_on=dt.date(2022, 5, 1))
    assert not Event.objects.exists()
    planted = record(
        forester, after, kind="planting", happened_on=dt.date(2022, 5, 1), statement=Statement(after_tc_ha=0.4)
    )
    assert planted.living_change_tc == pytest.approx(0.4)


def test_a_loss_larger_than_what_is_left_is_refused(surveys: Any, forester: Any) -> None:
    record(forester, surveys[0], area_ha=3.0)
    with pytest.raises(LossLargerThanStock) as refusal:
        record(forester, surveys[0], area_ha=2.0)
    density = stand(surveys[0])["stock_tc_ha"]
    assert refusal.value.loss_tc == pytest.approx(2 * density)
    assert refusal.value.left_tc == pytest.approx(density)
    assert Event.objects.count() == 1
    record(forester, surveys[0], area_ha=1.0)


def test_a_reversal_posts_opposite_signs_and_gives_the_stock_back(surveys: Any, forester: Any) -> None:
    event = record(forester, surveys[0], area_ha=4.0)
    reversal = reverse_event(forester, event_id=event.id, reason="另一小班", now=NOW)
    assert reversal.living_change_tc == -event.living_change_tc
    assert [entry.change_tc for entry in reversal.entries] == [-(entry.change_tc or 0.0) for entry in event.entries]
    assert (reversal.reverses_id, events.event(forester, event.id, on=NOW.date()).reversed_by_id) == (
        event.id, reversal.id,
    )  # fmt: skip
    record(forester, surveys[0], area_ha=4.0)
    found, ids = events.events_between(*surveys)
    assert len(ids) == 3
    assert found["change_tc"].sum() == pytest.approx(event.living_change_tc)


def test_the_largest_densities_allowed_are_taken_back_too(surveys: Any, forester: Any) -> None:
    most = Statement(
        after_tc_ha=most_density_tc_ha("after_tc_ha"), soil_after_tc_ha=most_density_tc_ha("soil_after_tc_ha")
    )
    for kind in ("conversion", "planting"):
        event = record(forester, surveys[0], kind=kind, area_ha=4.0, statement=most)
        reversal = reverse_event(forester, event_id=event.id, reason="mistake", now=NOW)
        assert reversal.living_change_tc == -event.living_change_tc


def test_refused_reversals_leave_nothing_behind(surveys: Any, forester: Any, person: Person) -> None:
    event = record(forester, surveys[0])
    stranger, viewer = person("zhou", technician=QINGYUAN), person("xu", viewer="3311")
    refusals: list[tuple[Any, int, str, type[Exception]]] = [
        (viewer, 999, "", PermissionRefused),
        (forester, 999, "", events.NoSuchEvent),
        (stranger, event.id, "", PermissionRefused),
        (forester, event.id, "  ", ReversalNeedsAReason),
    ]
    for actor, event_id, reason, refusal in refusals:
        with pytest.raises(refusal):
            reverse_event(actor, event_id=event_id, reason=reason, now=NOW)
    assert Event.objects.count() == 1
    reversal = reverse_event(forester, event_id=event.id, reason="mistake", now=NOW)
    n_audits = AuditEntry.objects.count()
    for event_id, refusal in ((event.id, EventAlreadyReversed), (reversal.id, ReversalIsFinal)):
        with pytest.raises(refusal):
            reverse_event(forester, event_id=event_id, reason="again", now=NOW)
    assert Event.objects.count() == 2
    assert AuditEntry.objects.count() == n_audits


def test_a_gain_that_was_used_is_not_taken_back(surveys: Any, forester: Any) -> None:
    planted = record(forester, surveys[0], kind="planting", area_ha=4.0, statement=Statement(after_tc_ha=2.0))
    density = stand(surveys[0])["stock_tc_ha"]
    record(forester, surveys[0], area_ha=4.0)
    record(
        forester, surveys[0], kind="conversion", area_ha=4.0, statement=Statement(after_tc_ha=max(density - 2.0, 0.0))
    )
    with pytest.raises(LossLargerThanStock):
        reverse_event(forester, event_id=planted.id, reason="mistake", now=NOW)
    assert Event.objects.filter(reverses__isnull=False).count() == 0


@pytest.mark.parametrize("table", ["inventory_event", "inventory_movement"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_an_event(surveys: Any, forester: Any, table: str, statement: str) -> None:
    record(forester, surveys[0])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert Event.objects.count() == 1


def test_the_database_itself_takes_one_reversal_and_no_gas_as_a_stock(surveys: Any, forester: Any) -> None:
    event = record(forester, surveys[0])
    reversal = reverse_event(forester, event_id=event.id, reason="mistake", now=NOW)
    row = Event.objects.get(pk=reversal.id)
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.create(event_id=event.id, pool="ch4", year=2018, change_tc=1.0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.create(event_id=event.id, pool="living", year=2018, change_tc=1.0, emission_tco2e=1.0)


def test_events_are_seen_on_ones_own_land_only(surveys: Any, forester: Any, person: Person) -> None:
    event = record(forester, surveys[0])
    on = NOW.date()
    assert [info.id for info in events.events(forester, on=on)] == [event.id]
    assert events.events(person("zhou", viewer=QINGYUAN), on=on) == []
    with pytest.raises(events.NoSuchEvent):
        events.event(person("wu", viewer=QINGYUAN), event.id, on=on)


def test_the_codes_of_a_layer_propose_events(person: Person, tmp_path: Path) -> None:
    codes = ["71", "21", "11", "41", "93", "99", None, "50", "72", "22", "13", "96"]
    _, after = two_releases(person, tmp_path, BHYY=codes)
    viewer = person("xu", viewer=LONGQUAN)
    found = events.proposals(viewer, after.id, on=NOW.date())
    assert found["kind"].to_list() == [
        "fire", "harvest", "planting", "conversion", "conversion", "harvest", "planting",
    ]  # fmt: skip
    assert events.change_codes(after.id).to_list() == codes
    assert events.proposals(person("zhou", viewer=QINGYUAN), after.id, on=NOW.date()).is_empty()


def test_a_request_that_is_sent_again_is_answered_alike_and_recorded_once(surveys: Any, forester: Any) -> None:
    first = record(forester, surveys[0], request_key="a")
    n_audits = AuditEntry.objects.count()
    again = record(forester, surveys[0], request_key="a")
    assert (again.id, again.entries, Event.objects.count()) == (first.id, first.entries, 1)
    for other in ({"area_ha": 1.5}, {"statement": Statement(taken_frac=0.5)}, {"row": 10}, {"note": "x"},
                  {"release_id": surveys[1].id}):  # fmt: skip
        with pytest.raises(RequestKeyUsed) as refusal:
            record(forester, surveys[0], request_key="a", **other)
        assert refusal.value.event_id == first.id
    reverse_event(forester, event_id=first.id, reason="mistake", now=NOW)
    assert record(forester, surveys[0], request_key="a").reversed_by_id, (
        "nor is it recorded anew when it was taken back"
    )
    assert (Event.objects.count(), AuditEntry.objects.count()) == (2, n_audits + 1)


def test_keys_are_each_persons_own(surveys: Any, forester: Any, person: Person) -> None:
    first = record(forester, surveys[0], request_key="a")
    second = record(person("zhao", technician=LONGQUAN), surveys[0], request_key="a", area_ha=2.0)
    assert second.id != first.id


def test_an_equal_event_is_refused_unless_it_is_another(surveys: Any, forester: Any) -> None:
    first = record(forester, surveys[0], request_key="a")
    n_audits = AuditEntry.objects.count()
    for key in (None, "b"):
        with pytest.raises(EventAlreadyRecorded) as refusal:
            record(forester, surveys[0], request_key=key, note="a second hand")
        assert refusal.value.event_id == first.id
    assert (Event.objects.count(), AuditEntry.objects.count()) == (1, n_audits)
    for other in ({"row": 10}, {"happened_on": dt.date(2018, 6, 2)}, {"statement": Statement(taken_frac=0.5)}):
        record(forester, surveys[0], **other)
    another = record(forester, surveys[0], request_key="b", is_another=True)
    assert record(forester, surveys[0], request_key="b", is_another=True).id == another.id
    assert Event.objects.count() == 5


def test_what_was_taken_back_is_recorded_again_without_a_question(surveys: Any, forester: Any) -> None:
    for _ in range(2):
        event = record(forester, surveys[0])
        reverse_event(forester, event_id=event.id, reason="mistake", now=NOW)
    assert Event.objects.count() == 4


def test_the_database_itself_takes_an_equal_event_and_a_key_once(surveys: Any, forester: Any) -> None:
    made = record(forester, surveys[0], request_key="a")
    for change in ({"request_key": "b"}, {"nth_equal": 1}):
        row = Event.objects.get(pk=made.id)
        row.pk = None
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
    assert Event.objects.count() == 1


def test_a_reversal_is_refused_by_place_to_who_sees_it(surveys: Any, forester: Any, person: Person) -> None:
    event = record(forester, surveys[0])
    for actor, told in ((person("wu", technician=QINGYUAN, viewer=LONGQUAN), f"{LONGQUAN}103"),
                        (person("zhou", technician=QINGYUAN), None)):  # fmt: skip
        with pytest.raises(PermissionRefused) as refusal:
            reverse_event(actor, event_id=event.id, reason="mine", now=NOW)
        assert refusal.value.area == told
    assert Event.objects.count() == 1


def both_at_once(attempts: list[Callable[[], object]]) -> list[str]:
    """Run all at the same instant; return the names of the refusals, or "done"."""
    barrier = threading.Barrier(len(attempts))
    outcomes: list[str] = []

    def run(attempt: Callable[[], object]) -> None:
        barrier.wait()
        try:
            attempt()
            outcomes.append("done")
        except (EventAlreadyRecorded, EventAlreadyReversed, LossLargerThanStock, RequestKeyUsed) as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_reversals_at_the_same_instant_one_is_kept(person: Person, tmp_path: Path) -> None:
    before, _ = two_releases(person, tmp_path)
    people = [person("wang", technician=LONGQUAN), person("zhao", technician=LONGQUAN)]
    event = record(people[0], before)
    outcomes = both_at_once(
        [lambda who=who: reverse_event(who, event_id=event.id, reason="mistake", now=NOW) for who in people]
    )  # type: ignore[misc]
    assert outcomes == ["EventAlreadyReversed", "done"]
    assert Event.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_harvests_of_the_last_trees_one_is_kept(person: Person, tmp_path: Path) -> None:
    before, _ = two_releases(person, tmp_path)
    people = [person("wang", technician=LONGQUAN), person("zhao", technician=LONGQUAN)]
    attempts = zip(people, (3.0, 2.9), strict=True)
    outcomes = both_at_once([lambda who=who, ha=ha: record(who, before, area_ha=ha) for who, ha in attempts])  # type: ignore[misc]
    assert outcomes == ["LossLargerThanStock", "done"]
    assert Event.objects.count() == 1
    assert Movement.objects.count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("keys", "rows", "expected"),
    [
        (("a", "a"), (11, 11), ["done", "done"]),
        (("a", "a"), (11, 10), ["RequestKeyUsed", "done"]),
        (("a", "b"), (11, 11), ["EventAlreadyRecorded", "done"]),
        ((None, None), (11, 11), ["EventAlreadyRecorded", "done"]),
    ],
)
def test_of_two_requests_at_the_same_instant_one_is_recorded(
    person: Person, tmp_path: Path, keys: tuple[str | None, str | None], rows: tuple[int, int], expected: list[str]
) -> None:
    before, _ = two_releases(person, tmp_path)
    wang = person("wang", technician=LONGQUAN)
    outcomes = both_at_once(
        [lambda key=key, row=row: record(wang, before, row=row, request_key=key)
         for key, row in zip(keys, rows, strict=True)]
    )  # type: ignore[misc]  # fmt: skip
    assert outcomes == expected
    assert Event.objects.count() == 1
    assert Movement.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_of_one_key_on_two_releases_at_the_same_instant_one_is_recorded(person: Person, tmp_path: Path) -> None:
    """Each holds its own release, so on a database that locks rows the constraint decides."""
    releases = two_releases(person, tmp_path)
    wang = person("wang", technician=LONGQUAN)
    outcomes = both_at_once(
        [lambda info=info, day=day: record(wang, info, happened_on=day, request_key="a")
         for info, day in zip(releases, (dt.date(2018, 6, 1), dt.date(2022, 6, 1)), strict=True)]
    )  # type: ignore[misc]  # fmt: skip
    assert outcomes == ["RequestKeyUsed", "done"]
    assert Event.objects.count() == 1
