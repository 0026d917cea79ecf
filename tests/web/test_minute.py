"""The page of one minute: what it says follows from the release, and it says when it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from tests.governance.whole_city import COUNTIES, two_surveys

from senhui.atlas.statistics import WHOLE_CITY, error_of, statistics
from senhui.governance.cockpit import targets_in
from senhui.inventory.changes import ChangeInfo
from senhui.web import city_figures

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]


@pytest.fixture
def change(person: Person, tmp_path: Path) -> ChangeInfo:
    return two_surveys(person, tmp_path)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_figures_are_those_of_the_release_and_the_comparison(change: ChangeInfo, browse: Browse) -> None:
    cockpit = targets_in(2026)
    with override("en"):
        found = city_figures.figures_of(cockpit.newest, cockpit, ranked_by="forest")
    total = statistics(change.after.id, within=WHOLE_CITY, by=(), where={}).row(0, named=True)
    assert found.stock_tc == pytest.approx(total["stock_tc"])
    assert found.half_width_tc == pytest.approx(error_of(change.after.id, WHOLE_CITY).half_width_tc)
    assert found.change.before_tc + sum(
        value for line, _name, value in found.change.lines if not line.startswith("stock")
    ) == pytest.approx(found.change.after_tc)
    assert found.change.removal_tc_yr == pytest.approx((found.change.after_tc - found.change.before_tc) / 5)


def test_the_counties_are_ranked_and_equal_ones_share_a_rank(change: ChangeInfo) -> None:
    cockpit = targets_in(2026)
    for by in city_figures.RANKINGS:
        counties = city_figures.ranked(cockpit.newest, stock="stock_tc", by=by)
        assert {county.code for county in counties} == set(COUNTIES)
        values = [{"forest": c.per_forest_tc_ha, "land": c.per_land_tc_ha, "stock": c.stock_tc}[by] for c in counties]
        assert values == sorted(values, reverse=True)
        assert counties[0].rank == 1
        assert counties[0].bar == 100.0
        for county, value in zip(counties, values, strict=True):
            assert county.rank == 1 + sum(other > value for other in values)
            assert county.relative_error_frac > 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_vice_mayor_reads_the_answers(change: ChangeInfo, browse: Browse, language: str) -> None:
    page = browse(language).get("/minute/").content.decode()
    text = text_of(page)
    words = {
        "zh": ("有多少", "在增长吗", "谁领先", "目标 8,000 万吨碳", "目标 12,500 万m³",
               "在增长：2016—2021 年", "示例数据"),
        "en": ("How much is there", "Is it growing", "Who is ahead", "target 80 million t C", "target 125 million m³",
               "It grows:", "Sample data"),
    }[language]  # fmt: skip
    for word in words:
        assert word in text
    assert change.after.id in text
    for code in COUNTIES:
        assert f"/#release={change.after.id}&amp;place={code}" in page
    assert page.count('<svg class="bar"') == len(COUNTIES)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page)


def test_the_sentences_follow_the_numbers(change: ChangeInfo) -> None:
    cockpit = targets_in(2026)
    with override("en"):
        found = city_figures.figures_of(cockpit.newest, cockpit, ranked_by="forest")
        how_much, growth, goal = city_figures.sentences(found)
        assert str(city_figures.large(found.stock_tc, "stock_tc")) in how_much
        assert growth.startswith("It grows")
        assert "short of the target" in goal
        assert "has passed" in goal


def test_a_ranking_that_there_is_not_is_the_usual_one(change: ChangeInfo, browse: Browse) -> None:
    usual = browse("en").get("/minute/").content
    assert text_of(browse("en").get("/minute/?by=%3Cscript%3E").content.decode()) == text_of(usual.decode())
    assert browse("en").get("/minute/?by=stock").content != usual


def test_one_county_is_not_the_city(release_id: str, browse: Browse) -> None:
    text = text_of(browse("en").get("/minute/").content.decode())
    assert "does not cover all counties" in text
    assert "How far it is to the target cannot be said." in text
    assert "cannot be said: no two surveys" in text
    assert "No baseline" in text


def test_without_a_release_it_says_how_to_begin(db: None, browse: Browse) -> None:
    assert "There is no release yet" in browse("en").get("/minute/").content.decode()
