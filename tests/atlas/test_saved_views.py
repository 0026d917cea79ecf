"""Views of the map under a name: one's own, shared by a link nobody guesses, bounded, and nothing kept on refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from senhui.access.models import AuditEntry
from senhui.atlas import saved_views
from senhui.atlas.models import SavedView
from senhui.atlas.saved_views import (
    NoSuchView,
    NotSignedIn,
    TooManyViews,
    ViewNameWrong,
    ViewStateWrong,
    change_view,
    delete_view,
    save_view,
    view,
    views_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Person = Callable[..., Any]
STATE = "map=11.20/28.10000/119.10000&release=2021-1&measure=calibrated&per=forest&place=331181&where=origin:planted,-"
NOBODY = AnonymousUser()


def save(actor: Any, now: dt.datetime, *, name: str = "密林", state: str = STATE, is_shared: bool = False) -> Any:
    return save_view(actor, name=name, state=state, is_shared=is_shared, now=now)


def test_a_view_comes_back_as_it_was_kept(person: Person, now: dt.datetime) -> None:
    lin = person("lin")
    kept = save(lin, now, name="  龙泉  密林 ", state=f"#{STATE}")
    assert (kept.name, kept.state, kept.is_shared, kept.made_at) == ("龙泉 密林", STATE, False, now)
    assert views_of(lin) == [kept]
    assert view(lin, kept.key) == kept
    assert len(kept.key) >= 12, "nobody guesses it"
    entry = AuditEntry.objects.get(action="atlas.save_view")
    assert (entry.actor, entry.subject) == (lin, f"view {kept.key}")


def test_a_view_is_seen_by_others_only_while_it_is_shared(person: Person, now: dt.datetime) -> None:
    lin, wu = person("lin"), person("wu")
    kept = save(lin, now)
    for other in (wu, NOBODY):
        with pytest.raises(NoSuchView):
            view(other, kept.key)
    shared = change_view(lin, kept.key, is_shared=True, now=now)
    assert view(wu, kept.key) == view(NOBODY, kept.key) == shared
    assert views_of(wu) == views_of(NOBODY) == []
    change_view(lin, kept.key, is_shared=False, now=now)
    with pytest.raises(NoSuchView):
        view(wu, kept.key)


def test_nobody_changes_or_deletes_what_is_another_s(person: Person, now: dt.datetime) -> None:
    lin, wu = person("lin"), person("wu")
    kept = save(lin, now, is_shared=True)
    n_lines = AuditEntry.objects.count()
    for actor, refusal in ((wu, NoSuchView), (NOBODY, NotSignedIn)):
        with pytest.raises(refusal):
            change_view(actor, kept.key, name="mine", now=now)
        with pytest.raises(refusal):
            delete_view(actor, kept.key, now=now)
    assert views_of(lin) == [kept]
    assert AuditEntry.objects.count() == n_lines


def test_a_view_is_renamed_and_deleted(person: Person, now: dt.datetime) -> None:
    lin = person("lin")
    kept = save(lin, now)
    assert change_view(lin, kept.key, name="密林二", now=now).name == "密林二"
    delete_view(lin, kept.key, now=now)
    assert views_of(lin) == []
    with pytest.raises(NoSuchView):
        view(lin, kept.key)
    actions = list(AuditEntry.objects.filter(subject=f"view {kept.key}").values_list("action", flat=True))
    assert sorted(actions) == ["atlas.change_view", "atlas.delete_view", "atlas.save_view"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "\u202eabc"])
def test_a_name_that_is_none_is_refused(person: Person, now: dt.datetime, name: str) -> None:
    with pytest.raises(ViewNameWrong) as caught:
        save(person("lin"), now, name=name)
    assert not caught.value.is_taken
    assert not SavedView.objects.exists()


def test_a_name_is_used_once_by_each_person(person: Person, now: dt.datetime) -> None:
    lin = person("lin")
    save(lin, now)
    other = save(lin, now, name="第二")
    save(person("wu"), now)
    with pytest.raises(ViewNameWrong) as caught:
        save(lin, now)
    assert caught.value.is_taken
    with pytest.raises(ViewNameWrong):
        change_view(lin, other.key, name="密林", now=now)
    assert [one.name for one in views_of(lin)] == ["第二", "密林"]


@pytest.mark.parametrize(
    "state",
    ["", "https://example.org", "javascript:alert(1)", "a=1#b=2", "a=<b>", "a=1&", "a=" + "1" * 6000, "a=1\nb=2"],
)
def test_what_is_no_state_of_the_map_is_refused(person: Person, now: dt.datetime, state: str) -> None:
    with pytest.raises(ViewStateWrong):
        save(person("lin"), now, state=state)
    assert not SavedView.objects.exists()


def test_visitors_keep_nothing_and_people_not_without_end(
    person: Person, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotSignedIn):
        save(NOBODY, now)
    lin = person("lin")
    monkeypatch.setattr(saved_views, "MOST_KEPT", 2)
    for name in ("一", "二"):
        save(lin, now, name=name)
    with pytest.raises(TooManyViews):
        save(lin, now, name="三")
    assert SavedView.objects.count() == 2


def test_a_shared_view_lends_its_boundary_to_people_with_land(
    person: Person, now: dt.datetime, today: dt.date, tmp_path: Path
) -> None:
    from senhui.atlas.boundaries_uploaded import add_boundary, polygon, sweep

    lin, wu, without_land = person("lin", technician="331181"), person("wu", viewer="331126"), person("zhou")
    path = tmp_path / "区.geojson"
    path.write_text('{"type":"Polygon","coordinates":[[[119,28],[119.1,28],[119.1,28.1],[119,28]]]}', "utf-8")
    area = add_boundary(lin, path=path, original_name=path.name, now=now)
    kept = save(lin, now, state=f"release=2021-1&shape=b{area.id}")
    assert polygon(str(area.id), wu, on=today) is None
    change_view(lin, kept.key, is_shared=True, now=now)
    assert polygon(str(area.id), wu, on=today) == area.outline
    assert polygon(str(area.id), without_land, on=today) is None
    assert polygon(str(area.id), NOBODY, on=today) is None
    assert sweep(lin, now=now + dt.timedelta(days=4000)) == 0, "a saved view uses it"
