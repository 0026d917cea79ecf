"""Who may not do the work of a job is told at once: no job is queued only to be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN

from senhui.access.models import User
from senhui.jobs.models import Job

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]


def test_measuring_and_discarding_need_the_right_to_import(draft_id: int, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("chen", reviewer="3311"))
    for verb in ("measure", "discard"):
        response = client.post(f"/imports/{draft_id}/{verb}/")
        assert response.status_code == 403
        assert "You may not import a layer" in response.content.decode()
    assert not Job.objects.exists()


def test_releasing_needs_the_right_to_release(draft_id: int, browse: Browse, person: Person) -> None:
    lin, wu = User.objects.get(username="lin"), person("wu", technician=LONGQUAN)
    for user in (lin, wu):
        response = browse("en", as_user=user).post(f"/imports/{draft_id}/release/", {"label": "x"})
        assert response.status_code == 403
        assert "You may not release a layer" in response.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("label", ["", "   ", "x" * 121])
def test_a_label_that_does_not_fit_is_answered_with_a_message(
    draft_id: int, browse: Browse, person: Person, label: str
) -> None:
    client = browse("en", as_user=person("chen", reviewer="3311"))
    response = client.post(f"/imports/{draft_id}/release/", {"label": label})
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert not Job.objects.exists()
    assert client.post(f"/imports/{draft_id}/release/", {"label": "x" * 120}).status_code == 302
