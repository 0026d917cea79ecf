"""One-time sign-in links: once, in time, for an open user, within the maker's reach."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connections

from senhui.access.actions.create_sign_in_link import create_sign_in_link
from senhui.access.actions.redeem_sign_in_link import SignInLinkRefused, redeem_sign_in_link
from senhui.access.models import AuditEntry, SignInLink
from senhui.access.rules import PermissionRefused

pytestmark = [pytest.mark.database, pytest.mark.django_db]

TEN_MINUTES = dt.timedelta(minutes=10)


def refusal(token: str, *, now: dt.datetime) -> str:
    with pytest.raises(SignInLinkRefused) as refused:
        redeem_sign_in_link(token, now=now)
    return refused.value.reason


def test_a_link_signs_its_person_in_once(person, now):
    lin = person("lin")
    token = create_sign_in_link(lin, now=now, valid_for=TEN_MINUTES)
    assert redeem_sign_in_link(token, now=now) == lin
    assert refusal(token, now=now) == "used"
    assert AuditEntry.objects.filter(action="access.redeem_sign_in_link", actor=lin).count() == 1


def test_a_link_is_too_old_at_the_end_of_its_time(person, now):
    token = create_sign_in_link(person("lin"), now=now, valid_for=TEN_MINUTES)
    assert refusal(token, now=now + TEN_MINUTES) == "expired"
    assert redeem_sign_in_link(token, now=now + TEN_MINUTES - dt.timedelta(seconds=1)).username == "lin"


def test_a_link_of_a_closed_user_signs_nobody_in(person, now):
    lin = person("lin")
    token = create_sign_in_link(lin, now=now, valid_for=TEN_MINUTES)
    type(lin).objects.filter(pk=lin.pk).update(is_active=False)
    assert refusal(token, now=now) == "closed"
    assert SignInLink.objects.get().redeemed_at is None


def test_an_invented_token_signs_nobody_in(db, now):
    assert refusal("not a token", now=now) == "unknown"


def test_the_token_itself_is_stored_nowhere(person, now):
    token = create_sign_in_link(person("lin"), now=now, valid_for=TEN_MINUTES)
    rows = [*SignInLink.objects.values(), *AuditEntry.objects.values()]
    assert rows
    assert token not in repr(rows)


def test_a_manager_makes_no_link_for_somebody_of_wider_reach(person, now):
    chief = person("chief", administrator="331181")
    token = create_sign_in_link(person("lin", technician="331181"), now=now, valid_for=TEN_MINUTES, created_by=chief)
    assert redeem_sign_in_link(token, now=now).username == "lin"
    with pytest.raises(PermissionRefused):
        create_sign_in_link(person("mayor", viewer="3311"), now=now, valid_for=TEN_MINUTES, created_by=chief)
    assert SignInLink.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_redeem_one_link_at_the_same_moment_one_wins(person, now):
    lin = person("lin")
    token = create_sign_in_link(lin, now=now, valid_for=TEN_MINUTES)
    n = 8
    barrier = threading.Barrier(n)
    outcomes: list[str] = []

    def redeem() -> None:
        try:
            barrier.wait(timeout=10)
            outcomes.append(redeem_sign_in_link(token, now=now).username)
        except SignInLinkRefused as refused:
            outcomes.append(refused.reason)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=redeem) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["lin"] + ["used"] * (n - 1)
    assert AuditEntry.objects.filter(action="access.redeem_sign_in_link").count() == 1
