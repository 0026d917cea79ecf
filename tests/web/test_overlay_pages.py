"""Boundaries over the map on pages and for programs: brought by a form, listed by who may see them, removed."""

# ruff: noqa: F811  # the fixture of another file
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.inventory.test_overlays import LEFT, RIGHT, VILLAGES, brought, layer, wang  # noqa: F401  # a fixture
from tests.small_layer import LONGQUAN, NOW

from senhui.inventory.actions.remove_overlay import remove_overlay
from senhui.inventory.models import Overlay
from senhui.inventory.store import uploads_directory

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
STATED = {
    "kind": "beautiful_village",
    "name_zh": "美丽乡村",
    "source": "规划局",
    "year": "2024",
    "visibility": "public",
}


def sent(path: Path, **changes: str) -> dict[str, Any]:
    return {**STATED, **changes, "file": SimpleUploadedFile(path.name, path.read_bytes())}


def test_a_form_brings_boundaries_and_leaves_no_file(wang: Any, browse: Browse, tmp_path: Path) -> None:
    client = browse("en", as_user=wang)
    answer = client.post("/overlays/", sent(layer(tmp_path / "v.geojson", LEFT, RIGHT)))
    assert (answer.status_code, Overlay.objects.count()) == (302, 1)
    assert list(uploads_directory().glob("*")) == []
    shown = client.get("/overlays/").content.decode()
    assert "Beautiful villages" in shown
    assert "规划局" in shown


def test_what_is_refused_is_said_above_the_form_and_nothing_is_kept(
    wang: Any,
    browse: Browse,
    tmp_path: Path,
) -> None:
    client = browse("en", as_user=wang)
    path = layer(tmp_path / "v.gpkg", LEFT)
    assert client.post("/overlays/", sent(path)).status_code == 302
    again = client.post("/overlays/", sent(path))
    assert again.status_code == 409
    assert "lies over the map already" in again.content.decode()
    assert client.post("/overlays/", sent(path, year="")).status_code == 400
    assert (Overlay.objects.count(), list(uploads_directory().glob("*"))) == (1, [])


def test_a_visitor_sees_no_form_and_may_not_send_it(wang: Any, browse: Browse, tmp_path: Path) -> None:
    assert "bring" not in browse("en").get("/overlays/").content.decode()
    assert browse("en").post("/overlays/", sent(layer(tmp_path / "v.gpkg", LEFT))).status_code == 403
    assert not Overlay.objects.exists()


def test_programs_get_outlines_and_the_common_area_of_what_they_may_see(
    wang: Any,
    browse: Browse,
    tmp_path: Path,
) -> None:
    shown = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    kept = brought(wang, layer(tmp_path / "b.gpkg", RIGHT), replace(VILLAGES, visibility="role"))
    public = browse("en")
    assert [one["id"] for one in public.get("/api/v1/overlays").json()] == [shown.id]
    assert public.get(f"/api/v1/overlays/{kept.id}.geojson").status_code == 404
    assert public.get(f"/api/v1/overlays/union?ids={shown.id},{kept.id}").status_code == 404
    (feature,) = public.get(f"/api/v1/overlays/{shown.id}.geojson").json()["features"]
    assert feature["properties"]["name"] == "村0"
    assert (feature["properties"]["source"], feature["properties"]["year"]) == ("市规划局", 2024)
    staff = browse("en", as_user=wang)
    together = staff.get(f"/api/v1/overlays/union?ids={shown.id},{kept.id}").json()["area_ha"]
    assert together == pytest.approx((shown.area_ha + kept.area_ha) * 3 / 4, rel=1e-6)
    assert public.get("/api/v1/overlays/union?ids=a").status_code == 422


def test_the_boxes_of_the_map_offer_the_four_kinds_each_with_a_hatch_of_its_own(
    wang: Any,
    browse: Browse,
    tmp_path: Path,
) -> None:
    brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    boxes = browse("zh").get("/map/boxes/").json()
    kinds = boxes["overlays"]["kinds"]
    assert [kind["title"] for kind in kinds] == ["国家公园", "美丽城市", "美丽城镇", "美丽乡村"]
    assert len({kind["hatch"] for kind in kinds}) == len({kind["colour"] for kind in kinds}) == 4
    assert [len(kind["overlays"]) for kind in kinds] == [0, 0, 0, 1]
    assert (boxes["base_map"], boxes["drafts"]) == (None, None)


def test_a_removed_one_is_told_below_to_who_may_change_it(wang: Any, browse: Browse, tmp_path: Path) -> None:
    info = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    client = browse("en", as_user=wang)
    assert client.post(f"/overlays/{info.id}/remove/", {"reason": "replaced"}).status_code == 302
    assert "replaced" in client.get("/overlays/").content.decode()
    assert "replaced" not in browse("en").get("/overlays/").content.decode()
    assert client.post(f"/overlays/{info.id}/remove/", {"reason": "again"}).status_code == 409


def test_who_may_not_remove_is_refused(wang: Any, person: Any, browse: Browse, tmp_path: Path) -> None:
    info = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    viewer = browse("en", as_user=person("li", viewer=LONGQUAN))
    assert viewer.post(f"/overlays/{info.id}/remove/", {"reason": "mine"}).status_code == 403
    assert remove_overlay(wang, overlay_id=info.id, reason="mine", now=NOW).removed_by == "wang"
