"""Areas, roles and dates, without a database."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.access import rules
from senhui.access.rules import EVERYWHERE, NOWHERE, AreaCodeUnknown, AreaSet, PermissionRefused

LONGQUAN, QINGYUAN, LISHUI = "331181", "331126", "3311"
CODES = st.sampled_from(["33", "3311", "331181", "331126", "331181103", "331181103201", "331126001", "35", ""])


def test_a_county_covers_itself_and_its_villages_and_no_other_county():
    areas = AreaSet(frozenset({LONGQUAN}))
    assert areas.covers(LONGQUAN)
    assert areas.covers("331181103")
    assert areas.covers("331181103201")
    assert areas.covers("331181103201-12-034"), "a sub-compartment id begins with its village"
    assert not areas.covers(QINGYUAN)
    assert not areas.covers(LISHUI), "a part does not cover the whole"


def test_a_township_covers_its_villages_only():
    areas = AreaSet(frozenset({"331181103"}))
    assert areas.covers("331181103201")
    assert not areas.covers("331181104201")
    assert not areas.covers(LONGQUAN)


def test_the_city_covers_all_its_counties():
    areas = AreaSet(frozenset({LISHUI}))
    assert all(areas.covers(code) for code in (LISHUI, LONGQUAN, QINGYUAN, "331102001001"))
    assert not areas.covers("330702"), "Jinhua is another city"


def test_nowhere_covers_nothing_and_everywhere_all():
    assert NOWHERE.is_empty
    assert not NOWHERE.covers(LONGQUAN)
    assert not NOWHERE.covers(EVERYWHERE)
    assert AreaSet(frozenset({EVERYWHERE})).covers(EVERYWHERE)
    assert AreaSet(frozenset({EVERYWHERE})).covers("350100")


@given(codes=st.sets(CODES), asked=CODES)
def test_a_union_covers_exactly_what_its_parts_cover(codes, asked):
    assert rules.union(codes).covers(asked) == any(AreaSet(frozenset({code})).covers(asked) for code in codes)


@pytest.mark.parametrize(
    ("on", "holds"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-06-30", True), ("2026-07-01", False)],
)
def test_both_days_of_a_grant_are_inclusive(on, holds):
    first, last = dt.date(2026, 3, 1), dt.date(2026, 6, 30)
    assert rules.is_in_force(on=dt.date.fromisoformat(on), starts_on=first, ends_on=last, withdrawn_on=None) is holds


def test_a_grant_that_was_taken_back_does_not_hold_from_that_day_on():
    first, back = dt.date(2026, 3, 1), dt.date(2026, 4, 1)
    held = [
        rules.is_in_force(on=on, starts_on=first, ends_on=None, withdrawn_on=back)
        for on in (dt.date(2026, 3, 31), back, dt.date(2026, 4, 2))
    ]
    assert held == [True, False, False]


def test_importing_and_releasing_are_different_permissions():
    assert "import_layer" in rules.roles()["technician"].permissions
    assert "release_layer" not in rules.roles()["technician"].permissions
    assert "release_layer" in rules.roles()["reviewer"].permissions
    assert "import_layer" not in rules.roles()["reviewer"].permissions
    assert rules.roles()["viewer"].permissions == {"view_sub_compartments"}


def test_every_permission_is_held_by_some_role():
    assert all(rules.roles_holding(permission) for permission in rules.permissions())


def test_an_unknown_permission_is_a_programmers_mistake():
    with pytest.raises(AssertionError, match="fly"):
        rules.roles_holding("fly")


@pytest.mark.parametrize("text", ["331", "33118", "33118１", "龙泉", "331181x03", " 33", "3311810"])
def test_a_text_that_is_no_area_code_is_refused(text):
    with pytest.raises(AreaCodeUnknown) as refused:
        rules.check_area_code(text)
    assert refused.value.area_code == text


def test_a_refusal_carries_its_facts():
    refused = PermissionRefused("import_layer", QINGYUAN)
    assert (refused.permission, refused.area) == ("import_layer", QINGYUAN)
    assert "in area 331126" in str(refused)
