"""The wall: its slides, what it tells whom, and that an unchanged wall costs a header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.governance.whole_city import release_city, two_surveys
from tests.web.messages import WEB
from tests.web.test_look import AA_PARTS, AA_TEXT, colours, contrast

from senhui.access.queries import user_named
from senhui.inventory.changes import ChangeInfo
from senhui.web.views import wall

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
GROUND = "#0b100d"


@pytest.fixture
def change(person: Person, tmp_path: Path) -> ChangeInfo:
    return two_surveys(person, tmp_path)


def given(page: str, name: str) -> Any:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page, flags=re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_slide_is_there_and_labelled(change: ChangeInfo, browse: Browse, language: str) -> None:
    page = browse(language).get("/wall/").content.decode()
    names = ["city", "counties", "map", "composition", "targets", "change"]
    assert re.findall(r'data-name="(\w+)"', page) == names
    assert {"zh": "示例数据，无审图号", "en": "Sample data, no map review number"}[language] in page
    assert change.after.id in page
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page)
    data = given(page, "wall-data")
    shares = [bar["value"] for bar in data["species"]]
    assert shares[0] == max(shares) > 0
    assert data["map"]["choropleth"].startswith(f"/api/v1/releases/{change.after.id}/choropleth/township")


def test_unchanged_slides_are_not_sent_again_and_a_new_release_is(
    change: ChangeInfo, browse: Browse, tmp_path: Path
) -> None:
    client = browse("en")
    version = given(client.get("/wall/").content.decode(), "wall-state")["version"]
    same = client.get("/wall/slides/", headers={"If-None-Match": f'"{version}"'})
    assert (same.status_code, same.content) == (304, b"")
    people = user_named("lin"), user_named("chen")
    newer = release_city(people, tmp_path / "2024.gpkg", year=2024, volume_m3_ha=120.0)
    fresh = client.get("/wall/slides/", headers={"If-None-Match": f'"{version}"'})
    assert fresh.status_code == 200
    assert newer in fresh.content.decode()
    assert fresh["ETag"] != f'"{version}"'


def test_a_real_citys_map_without_a_review_number_is_not_for_the_public(
    change: ChangeInfo, browse: Browse, person: Person, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    real = wall.targets_in

    def as_of_a_real_city(year: int) -> Any:
        from dataclasses import replace

        found = real(year)
        return replace(found, newest=replace(found.newest, is_sample=False))

    monkeypatch.setattr(wall, "targets_in", as_of_a_real_city)
    settings.SENHUI_MAP_REVIEW_NUMBER = ""
    assert 'id="wall-map"' not in browse("en").get("/wall/").content.decode()
    assert 'id="wall-map"' in browse("en", as_user=person("wu", viewer="3311")).get("/wall/").content.decode()
    settings.SENHUI_MAP_REVIEW_NUMBER = "浙S(2026)1号"
    page = browse("en").get("/wall/").content.decode()
    assert 'id="wall-map"' in page
    assert "浙S(2026)1号" in page


@pytest.mark.parametrize(("asked", "seconds"), [("", 12), ("20", 20), ("1", 3), ("-5", 12), ("x", 12), ("99999", 12)])
def test_seconds_per_slide_are_taken_from_the_address(
    change: ChangeInfo, browse: Browse, asked: str, seconds: int
) -> None:
    page = browse("en").get("/wall/", {"seconds": asked}).content.decode()
    assert given(page, "wall-state")["seconds"] == seconds


def test_without_a_release_it_says_how_to_begin(db: None, browse: Browse) -> None:
    assert "There is no release yet" in browse("en").get("/wall/").content.decode()
    assert browse("en").get("/wall/slides/").content == b""


def test_text_and_parts_stand_out_from_the_dark_ground() -> None:
    style = (WEB / "static" / "css" / "wall.css").read_text("utf-8")
    assert f"background: {GROUND}" in style
    dark = colours(":root.dark")
    for name in ("ink", "ink-soft", "accent", "warn", "bad"):
        assert contrast(dark[name], GROUND) >= AA_TEXT, name
        assert contrast(dark[name], dark["surface"]) >= AA_TEXT, name
    for name, colour in re.findall(r"--(gain|loss): (#[0-9a-f]{6})", style):
        assert contrast(colour, GROUND) >= AA_PARTS, name
    luminances = [contrast(step["colour"], GROUND) for step in wall._steps()]
    assert luminances == sorted(luminances)  # more is brighter, for every kind of sight
