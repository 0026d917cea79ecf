"""Users, administrators and signing in by password."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import RequestFactory

from senhui.access.actions.create_admin import WeakPassword, create_admin
from senhui.access.actions.create_user import UserExists, UsernameUnfit, create_user
from senhui.access.actions.sign_in_with_password import SignInRefused, sign_in_with_password
from senhui.access.models import AuditEntry, User
from senhui.access.queries import areas_for, user_named
from senhui.access.rules import AreaCodeUnknown, PermissionRefused
from senhui.access.terminal import OPERATOR

pytestmark = [pytest.mark.database, pytest.mark.django_db]

PASSWORD = "many firs on the Fengyang"


def sign_in(username: str, password: str, *, now, address: str = "10.0.0.1") -> User:
    request = RequestFactory().post("/sign-in/", REMOTE_ADDR=address)
    return sign_in_with_password(request, username=username, password=password, now=now)


def test_the_first_administrator_signs_in_with_the_password_given(db, now, today):
    create_admin(username="lin", password=PASSWORD, area_code="3311", now=now)
    lin = sign_in("lin", PASSWORD, now=now)
    assert areas_for(lin, "manage_users", on=today).codes == {"3311"}
    assert AuditEntry.objects.filter(action="access.sign_in_with_password", actor=lin).exists()


@pytest.mark.parametrize("password", ["", "short", "123456789012345", "linlinlinlin1"])
def test_a_weak_password_makes_nobody(db, now, password):
    with pytest.raises(WeakPassword) as refused:
        create_admin(username="linlinlinlin", password=password, now=now)
    assert refused.value.reasons
    assert not User.objects.exists()


def test_an_administrator_of_no_area_is_not_made_at_all(db, now):
    with pytest.raises(AreaCodeUnknown):
        create_admin(username="lin", password=PASSWORD, area_code="331", now=now)
    assert not User.objects.exists()


def test_a_user_without_password_cannot_sign_in_by_password(person, now):
    person("lin")
    for password in ("", "!", "lin"):
        with pytest.raises(SignInRefused):
            sign_in("lin", password, now=now)


def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(db, now):
    create_admin(username="lin", password=PASSWORD, now=now)
    answers = set()
    for username in ("lin", "nobody"):
        with pytest.raises(SignInRefused) as refused:
            sign_in(username, "wrong", now=now)
        answers.add((str(refused.value), refused.value.is_locked))
    assert len(answers) == 1


def test_five_wrong_passwords_lock_the_name_for_that_address_alone(db, now):
    create_admin(username="lin", password=PASSWORD, now=now)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in("lin", "wrong", now=now)
    with pytest.raises(SignInRefused) as refused:
        sign_in("lin", PASSWORD, now=now)
    assert refused.value.is_locked
    assert sign_in("lin", PASSWORD, now=now, address="10.0.0.2").username == "lin"


def test_a_name_differs_by_more_than_its_capitals(person, db, now):
    person("Lin")
    with pytest.raises(UserExists):
        create_user(OPERATOR, username="lin", display_name="another", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="LIN", display_name="a third", created_at=now)
    assert user_named("lIN") == User.objects.get()


@pytest.mark.parametrize("username", ["", "a b", "x" * 65, "lin;"])
def test_an_unfit_name_makes_nobody(db, now, username):
    with pytest.raises(UsernameUnfit):
        create_user(OPERATOR, username=username, display_name="Lin", now=now)
    assert not User.objects.exists()


def test_only_who_manages_users_makes_them(person, now):
    with pytest.raises(PermissionRefused):
        create_user(person("lin", technician="3311"), username="mei", display_name="Mei", now=now)
    chief = person("chief", administrator="331181")
    assert create_user(chief, username="mei", display_name="Mei", now=now).has_usable_password() is False
