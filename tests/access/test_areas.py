"""Where a person holds a permission, asked of the database."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from senhui.access import rules
from senhui.access.actions.end_grant import GrantIsOver, GrantUnknown, end_grant
from senhui.access.actions.grant_role import GrantEndsBeforeItStarts, RoleUnknown, grant_role
from senhui.access.models import AuditEntry, Grant
from senhui.access.queries import areas_for, grants_of, manages, require, user_named
from senhui.access.rules import AreaCodeUnknown, PermissionRefused
from senhui.access.terminal import OPERATOR

pytestmark = [pytest.mark.database, pytest.mark.django_db]

LONGQUAN, QINGYUAN, LISHUI = "331181", "331126", "3311"


def test_a_longquan_technician_neither_sees_nor_edits_qingyuan(person, today):
    lin = person("lin", technician=LONGQUAN)
    for permission in ("view_sub_compartments", "import_layer"):
        require(lin, permission, area="331181103", on=today)
        with pytest.raises(PermissionRefused) as refused:
            require(lin, permission, area=QINGYUAN, on=today)
        assert (refused.value.permission, refused.value.area) == (permission, QINGYUAN)


def test_areas_of_several_grants_add_up(person, today):
    mei = person("mei", technician="331181103", reviewer=QINGYUAN)
    assert areas_for(mei, "view_sub_compartments", on=today).codes == {"331181103", QINGYUAN}
    assert areas_for(mei, "import_layer", on=today).codes == {"331181103"}


def test_a_visitor_holds_nothing_anywhere(db, today):
    visitor = AnonymousUser()
    assert areas_for(visitor, "view_sub_compartments", on=today).is_empty
    with pytest.raises(PermissionRefused):
        require(visitor, "view_sub_compartments", on=today)


def test_a_closed_user_holds_nothing_even_with_an_old_object_in_hand(person, today):
    lin = person("lin", technician=LONGQUAN)
    type(lin).objects.filter(pk=lin.pk).update(is_active=False)
    assert lin.is_active, "the object in hand is older than the row"
    assert areas_for(lin, "import_layer", on=today).is_empty
    assert user_named("lin") is None


def test_the_operator_at_the_terminal_holds_all_everywhere(db, today):
    require(OPERATOR, "manage_users", area="", on=today)


def test_no_part_of_the_country_is_everywhere(person, today):
    chief = person("chief", administrator=LISHUI)
    with pytest.raises(PermissionRefused, match="everywhere"):
        require(chief, "manage_users", area="", on=today)


def test_the_database_and_the_pure_rule_agree_on_every_day(person, today):
    days = [None, *(today + dt.timedelta(days=n) for n in (-2, -1, 0, 1, 2))]
    lin = person("lin")
    for starts_on, ends_on, withdrawn_on in itertools.product(days[1:], days, days):
        if ends_on is not None and ends_on < starts_on:
            continue
        grant = Grant.objects.create(
            user=lin, role="viewer", area_code=LISHUI, starts_on=starts_on, ends_on=ends_on, withdrawn_on=withdrawn_on
        )
        expected = rules.is_in_force(on=today, starts_on=starts_on, ends_on=ends_on, withdrawn_on=withdrawn_on)
        found = not areas_for(lin, "view_sub_compartments", on=today).is_empty
        assert found == expected, (starts_on, ends_on, withdrawn_on)
        grant.delete()


def test_who_manages_an_area_grants_within_it_and_not_beyond(person, now, today):
    chief, lin = person("chief", administrator=LONGQUAN), person("lin")
    grant_role(chief, user=lin, role="technician", area_code="331181103", starts_on=today, now=now)
    entry = AuditEntry.objects.get(actor=chief)
    assert (entry.action, entry.subject, entry.detail["area_code"]) == ("access.grant_role", "user lin", "331181103")
    for area_code in (QINGYUAN, LISHUI, ""):
        with pytest.raises(PermissionRefused):
            grant_role(chief, user=lin, role="viewer", area_code=area_code, starts_on=today, now=now)
    assert [grant.area_code for grant in grants_of(lin)] == ["331181103"]


def test_who_manages_nobody_cannot_grant(person, now, today):
    lin = person("lin", technician=LISHUI)
    with pytest.raises(PermissionRefused):
        grant_role(lin, user=lin, role="administrator", area_code=LONGQUAN, starts_on=today, now=now)
    assert [grant.role for grant in grants_of(lin)] == ["technician"]


def test_an_unsound_grant_is_refused_before_the_permission_is_asked(person, now, today):
    lin = person("lin")
    with pytest.raises(RoleUnknown):
        grant_role(lin, user=lin, role="emperor", area_code=LISHUI, starts_on=today, now=now)
    with pytest.raises(AreaCodeUnknown):
        grant_role(lin, user=lin, role="viewer", area_code="331", starts_on=today, now=now)
    yesterday = today - dt.timedelta(days=1)
    with pytest.raises(GrantEndsBeforeItStarts):
        grant_role(lin, user=lin, role="viewer", area_code=LISHUI, starts_on=today, ends_on=yesterday, now=now)
    assert grants_of(lin) == []


def test_a_grant_taken_back_ends_today_and_yesterday_keeps_its_answer(person, now, today):
    chief, lin = person("chief", administrator=LISHUI), person("lin")
    yesterday = today - dt.timedelta(days=1)
    grant_id = grant_role(chief, user=lin, role="viewer", area_code=LONGQUAN, starts_on=yesterday, now=now)
    end_grant(chief, grant_id=grant_id, now=now)
    assert areas_for(lin, "view_sub_compartments", on=today).is_empty
    assert areas_for(lin, "view_sub_compartments", on=yesterday).covers(LONGQUAN)
    with pytest.raises(GrantIsOver):
        end_grant(chief, grant_id=grant_id, now=now)
    with pytest.raises(GrantUnknown):
        end_grant(chief, grant_id=grant_id + 1000, now=now)
    assert AuditEntry.objects.filter(action="access.end_grant").count() == 1


def test_a_grant_is_taken_back_only_by_who_manages_its_area(person, now, today):
    lin = person("lin", viewer=LONGQUAN)
    stranger = person("stranger", administrator=QINGYUAN)
    [grant] = grants_of(lin)
    with pytest.raises(PermissionRefused):
        end_grant(stranger, grant_id=grant.id, now=now)
    assert areas_for(lin, "view_sub_compartments", on=today).covers(LONGQUAN)


def test_a_person_is_managed_by_who_manages_all_their_areas(person, now, today):
    chief = person("chief", administrator=LONGQUAN)
    lin = person("lin", technician=LONGQUAN)
    assert manages(chief, lin, on=today)
    tomorrow = today + dt.timedelta(days=1)
    grant_role(OPERATOR, user=lin, role="viewer", area_code=QINGYUAN, starts_on=tomorrow, now=now)
    assert not manages(chief, lin, on=today), "what lin will hold tomorrow counts already"
    assert not manages(lin, chief, on=today)


def test_the_database_itself_refuses_an_unsound_grant(person, today):
    lin = person("lin")
    sound = {"user": lin, "role": "viewer", "area_code": LISHUI, "starts_on": today}
    for unsound in ({"role": "emperor"}, {"area_code": "331"}, {"ends_on": today - dt.timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(**(sound | unsound))
    assert Grant.objects.create(**sound, ends_on=today).pk, "a grant of one day is sound"
