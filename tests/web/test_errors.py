"""Every refusal that the rooms below can raise is explained, in both languages, by its class and fields."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from senhui.access.actions.redeem_sign_in_link import SignInLinkRefused
from senhui.access.actions.sign_in_with_password import SignInRefused
from senhui.access.rules import PermissionRefused, permissions
from senhui.atlas.exports import TooManyRows
from senhui.atlas.statistics import UnknownDimension
from senhui.inventory.actions.import_layer import LayerOutsideYourAreas
from senhui.inventory.actions.measure_draft import DraftHasErrors, DraftIsClosed
from senhui.inventory.actions.release_draft import DraftIsNotMeasured, DraftWasChanged, SecondPersonNeeded
from senhui.inventory.queries import NoSuchDraft, NoSuchRelease, NoSuchStand
from senhui.jobs.actions.cancel_job import JobHasEnded
from senhui.jobs.queries import JobUnknown
from senhui.parameters import UnknownParameter
from senhui.web.errors import PERMISSION_NAMES, explain

pytestmark = pytest.mark.django_db

REFUSALS = [
    (PermissionRefused("import_layer"), 403),
    (PermissionRefused("view_sub_compartments", "331181103201"), 403),
    (LayerOutsideYourAreas(["331126100"]), 403),
    (SecondPersonNeeded(7), 403),
    (SignInRefused(is_locked=False), 403),
    (SignInRefused(is_locked=True), 429),
    *[(SignInLinkRefused(reason), 403) for reason in ("unknown", "used", "expired", "closed")],
    (DraftHasErrors(7, 3), 409),
    (DraftIsClosed(7, "released"), 409),
    (DraftIsNotMeasured(7, "imported"), 409),
    (DraftWasChanged(7, "a", "b"), 409),
    (JobHasEnded(7, "failed"), 409),
    (TooManyRows(2_000_000), 409),
    (UnknownDimension("soil"), 400),
    (NoSuchDraft(7), 404),
    (NoSuchRelease("1999-1"), 404),
    (NoSuchStand("2021-1", 7), 404),
    (JobUnknown(7), 404),
    (UnknownParameter("x"), 404),
]


@pytest.mark.parametrize(("refusal", "status"), REFUSALS, ids=lambda value: type(value).__name__)
def test_a_refusal_says_what_and_what_now_in_both_languages(refusal: Exception, status: int) -> None:
    with override("en"):
        english = explain(refusal)
    with override("zh-hans"):
        chinese = explain(refusal)
    assert english is not None
    assert chinese is not None
    assert english.status == chinese.status == status
    assert english.what != chinese.what
    assert english.now != chinese.now
    assert english.what.endswith(".")


def test_every_permission_has_words() -> None:
    assert PERMISSION_NAMES.keys() == permissions().keys()


def test_a_mistake_of_the_program_is_not_explained_away() -> None:
    assert explain(ZeroDivisionError()) is None
