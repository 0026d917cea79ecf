"""Saved views and uploaded boundaries as the script of the map asks for them, and the short link."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.small_layer import LONGQUAN

from senhui.atlas.models import SavedView, UploadedBoundary

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Browse = Callable[..., Client]
Person = Callable[..., Any]
STATE = "map=11.20/28.10000/119.10000&release=2021-1&place=331181"


def said(client: Client, address: str, **body: Any) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


def area(content: str | None = None) -> SimpleUploadedFile:
    text = content or shapely.to_geojson(shapely.box(119.09, 27.99, 119.12, 28.01))
    return SimpleUploadedFile("凤阳山.geojson", text.encode())


def test_a_view_is_kept_listed_renamed_shared_opened_and_removed(browse: Browse, person: Person) -> None:
    client = browse("zh", as_user=person("lin"))
    kept = said(client, "/map/views/", name="密林", state=STATE)
    assert kept.status_code == 201
    key, link = kept.json()["key"], kept.json()["link"]
    assert link == f"http://testserver/v/{key}/"
    assert [one["name"] for one in client.get("/map/views/").json()["views"]] == ["密林"]
    assert client.get(f"/v/{key}/")["Location"] == f"/#{STATE}"
    assert browse("zh").get(f"/v/{key}/").status_code == 404, "not shared"
    changed = said(client, f"/map/views/{key}/", name="密林二", is_shared=True).json()
    assert (changed["name"], changed["is_shared"]) == ("密林二", True)
    assert browse("en").get(f"/v/{key}/")["Location"] == f"/#{STATE}"
    assert said(client, f"/map/views/{key}/", delete=True).status_code == 200
    assert browse("en").get(f"/v/{key}/").status_code == 404
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "", "state": STATE}, 422),
        ({"name": "x", "state": "javascript:alert(1)"}, 422),
        ({"name": "x"}, 422),
    ],
)
def test_a_view_that_is_none_is_refused_in_words(
    browse: Browse, person: Person, body: dict[str, str], status: int
) -> None:
    answer = said(browse("en", as_user=person("lin")), "/map/views/", **body)
    assert answer.status_code == status
    assert answer.json()["what"]
    assert not SavedView.objects.exists()


def test_visitors_and_strangers_change_nothing(browse: Browse, person: Person) -> None:
    assert said(browse("en"), "/map/views/", name="x", state=STATE).status_code == 403
    assert browse("en").get("/map/views/").json() == {"views": []}
    key = said(browse("en", as_user=person("lin")), "/map/views/", name="x", state=STATE).json()["key"]
    stranger = browse("en", as_user=person("wu"))
    assert said(stranger, f"/map/views/{key}/", delete=True).status_code == 404
    assert said(browse("en"), f"/map/views/{key}/", name="y").status_code == 403
    assert stranger.post("/map/views/", "no json", content_type="application/json").status_code == 422
    assert SavedView.objects.get().name == "x"


def test_a_form_of_another_site_keeps_nothing(person: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("lin", viewer=LONGQUAN), backend="django.contrib.auth.backends.ModelBackend")
    assert said(client, "/map/views/", name="x", state=STATE).status_code == 403
    assert client.post("/map/boundaries/", {"file": area()}).status_code == 403
    assert not SavedView.objects.exists()
    assert not UploadedBoundary.objects.exists()


def test_a_boundary_is_kept_drawn_used_and_removed(release_id: str, browse: Browse, person: Person) -> None:
    mei = person("mei", technician=LONGQUAN)
    client = browse("zh", as_user=mei)
    kept = client.post("/map/boundaries/", {"file": area()})
    assert kept.status_code == 201
    number = kept.json()["id"]
    assert (kept.json()["name"], kept.json()["is_repaired"]) == ("凤阳山", False)
    assert client.get("/map/boundaries/").json()["boundaries"] == [kept.json()]
    drawn = client.get(f"/map/boundaries/{number}/").json()
    assert drawn["geometry"]["type"] == "Polygon"
    answer = client.get(f"/api/v1/releases/{release_id}/answer?shape=b{number}").json()
    assert 0 < answer["total"]["n"] < 12
    stranger = browse("zh", as_user=person("wu", technician=LONGQUAN))
    assert stranger.get(f"/map/boundaries/{number}/").status_code == 404
    assert stranger.get(f"/api/v1/releases/{release_id}/answer?shape=b{number}").status_code == 400
    assert stranger.post(f"/map/boundaries/{number}/delete/").status_code == 404
    assert client.post(f"/map/boundaries/{number}/delete/").status_code == 200
    assert not UploadedBoundary.objects.exists()


@pytest.mark.parametrize(("language", "said_so"), [("zh", "没有"), ("en", "holds no area")])
def test_a_boundary_that_is_none_is_refused_in_words(
    browse: Browse, person: Person, language: str, said_so: str
) -> None:
    client = browse(language, as_user=person("mei", viewer=LONGQUAN))
    answer = client.post("/map/boundaries/", {"file": area(shapely.to_geojson(shapely.Point(119, 28)))})
    assert answer.status_code == 422
    assert said_so in answer.json()["what"]
    assert client.post("/map/boundaries/", {"file": area("{" + " " * 2 * 10**6)}).status_code == 422
    assert client.post("/map/boundaries/").status_code == 422
    assert browse(language).post("/map/boundaries/", {"file": area()}).status_code == 403
    assert not UploadedBoundary.objects.exists()
