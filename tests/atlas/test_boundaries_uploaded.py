"""Areas that people bring along: each person's own, listed, used, deleted, and swept after their time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.contrib.auth.models import AnonymousUser

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.atlas import boundaries_uploaded
from senhui.atlas.boundaries_uploaded import (
    NoSuchBoundary,
    TooManyBoundaries,
    add_boundary,
    boundaries_of,
    boundary,
    delete_boundary,
    polygon,
    sweep,
)
from senhui.atlas.models import UploadedBoundary
from senhui.intake.area_outline import NoAreaInFile

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Person = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "凤阳山保护区.geojson"
    path.write_text(shapely.to_geojson(shapely.box(119.1, 28.0, 119.2, 28.1)), "utf-8")
    return path


def add(actor: Any, path: Path, now: dt.datetime) -> Any:
    return add_boundary(actor, path=path, original_name=path.name, now=now)


def test_an_area_is_kept_under_the_name_of_its_file(
    person: Person, file: Path, now: dt.datetime, today: dt.date
) -> None:
    lin = person("lin", viewer="331181")
    kept = add(lin, file, now)
    assert (kept.name, kept.n_vertices, kept.is_repaired) == ("凤阳山保护区", 5, False)
    assert boundaries_of(lin) == [kept]
    found = polygon(str(kept.id), lin, on=today)
    assert found is not None
    assert shapely.equals(shapely.from_wkb(found), shapely.box(119.1, 28.0, 119.2, 28.1))
    entry = AuditEntry.objects.get(action="atlas.add_boundary")
    assert (entry.actor, entry.subject) == (lin, f"boundary {kept.id}")


def test_an_area_is_nobody_else_s(person: Person, file: Path, now: dt.datetime, today: dt.date) -> None:
    kept = add(person("lin", viewer="331181"), file, now)
    for other in (person("wu", administrator="3311"), AnonymousUser()):
        assert boundaries_of(other) == []
        assert polygon(str(kept.id), other, on=today) is None
        with pytest.raises(NoSuchBoundary):
            boundary(other, kept.id, on=today)
        with pytest.raises(NoSuchBoundary):
            delete_boundary(other, kept.id, now=now)
    assert UploadedBoundary.objects.count() == 1
    for text in ("x", "", "-1", "9" * 30):
        assert polygon(text, AnonymousUser(), on=today) is None


def test_who_sees_no_sub_compartments_uploads_nothing(person: Person, file: Path, now: dt.datetime) -> None:
    for actor in (person("wu"), AnonymousUser()):
        with pytest.raises(PermissionRefused):
            add(actor, file, now)
    assert not UploadedBoundary.objects.exists()
    assert not AuditEntry.objects.filter(action="atlas.add_boundary").exists()


def test_a_file_without_area_leaves_nothing(person: Person, tmp_path: Path, now: dt.datetime) -> None:
    path = tmp_path / "point.geojson"
    path.write_text(shapely.to_geojson(shapely.Point(119, 28)), "utf-8")
    with pytest.raises(NoAreaInFile):
        add(person("lin", viewer="331181"), path, now)
    assert not UploadedBoundary.objects.exists()


def test_not_more_than_some_are_kept(
    person: Person, file: Path, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = person("lin", viewer="331181")
    monkeypatch.setattr(boundaries_uploaded, "MOST_KEPT", 2)
    kept = [add(lin, file, now) for _ in range(2)]
    with pytest.raises(TooManyBoundaries):
        add(lin, file, now)
    delete_boundary(lin, kept[0].id, now=now)
    add(lin, file, now)
    assert UploadedBoundary.objects.count() == 2
    assert AuditEntry.objects.filter(action="atlas.delete_boundary").count() == 1


def test_areas_go_after_their_days(person: Person, file: Path, now: dt.datetime, settings: Any) -> None:
    settings.BOUNDARIES_KEPT_DAYS = 30
    lin = person("lin", viewer="331181")
    old, young = add(lin, file, now), add(lin, file, now + dt.timedelta(days=2))
    assert sweep(lin, now=now + dt.timedelta(days=30)) == 0
    assert sweep(lin, now=now + dt.timedelta(days=31)) == 1
    assert [one.id for one in boundaries_of(lin)] == [young.id]
    assert AuditEntry.objects.get(action="atlas.sweep_boundaries").detail == {"ids": [old.id]}
