"""The page and the API of the targets: seventeen, with evidence, and no number where nothing was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from tests.governance.whole_city import two_surveys

from senhui.governance.assessment import Observation, Trend, assess
from senhui.governance.register import plan
from senhui.inventory.changes import ChangeInfo
from senhui.web import target_words

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]


@pytest.fixture
def change(person: Person, tmp_path: Path) -> ChangeInfo:
    """Two surveys of a very small whole city, compared."""
    return two_surveys(person, tmp_path)


def rows_of(page: str) -> dict[str, str]:
    """Return the text of each target's row, without markup."""
    found = re.findall(r'<tr id="(K\d\d)">(.*?)</tr>', page, flags=re.DOTALL)
    return {name: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for name, row in found}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_targets_stand_under_their_aims(change: ChangeInfo, browse: Browse, language: str) -> None:
    page = browse(language).get("/targets/").content.decode()
    rows = rows_of(page)
    assert sorted(rows) == [f"K{n:02d}" for n in range(1, 18)]
    no_baseline, not_set = {"zh": ("缺基线", "未设定"), "en": ("No baseline", "Not set")}[language]
    for target in plan().targets:
        assert target.wording in rows[target.id]
        if target.computed is None and target.limit is not None:
            assert no_baseline in rows[target.id]
    assert not_set in rows["K15"]
    assert no_baseline not in rows["K03"]
    for aim in plan().aims:
        assert (aim.name_zh if language == "zh" else aim.name_en) in page
    assert change.after.id in rows["K03"]
    assert "±" in rows["K03"]
    assert "6200" in rows["K03"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page)


def test_an_unknown_value_is_never_printed_as_zero(browse: Browse) -> None:
    page = browse("en").get("/targets/").content.decode()
    for name, row in rows_of(page).items():
        value = row.split("No baseline")[0] if name != "K15" else row
        assert not re.search(r"(?<![\d.,])0(\.0+)?(?![\d.,])", value), (name, row)
    assert "There is no release yet." in page


def test_the_api_tells_the_same(change: ChangeInfo, browse: Browse) -> None:
    found = {one["id"]: one for one in browse("en").get("/api/v1/targets").json()}
    assert len(found) == 17
    carbon = found["K03"]
    assert carbon["value"]["release_id"] == change.after.id
    assert carbon["value"]["lower"] < carbon["value"]["value"] < carbon["value"]["upper"]
    assert carbon["forecast"]["change_id"] == change.id
    assert carbon["gap"] == pytest.approx(80_000_000 - carbon["value"]["value"])
    assert carbon["is_overdue"] is True
    assert found["K15"]["limit"] is None
    for name in ("K04", "K08", "K15"):
        assert [found[name][key] for key in ("value", "gap", "share_frac", "forecast")] == [None] * 4
    assert json.dumps(found)  # plain JSON without a number that is none


def test_the_public_and_a_technician_read_the_same(change: ChangeInfo, browse: Browse, person: Person) -> None:
    technician = browse("en", as_user=person("wu", technician="3311")).get("/api/v1/targets").json()
    assert technician == browse("en").get("/api/v1/targets").json()


@pytest.mark.parametrize(
    ("rate_wan", "zh", "en"),
    [
        (20, "目标达不到", "the target is not reached"),
        (200, "还不能断定", "cannot be said"),
        (500, "目标可以达到", "the target is reached"),
    ],
)
def test_the_outlook_is_written_from_the_numbers(rate_wan: int, zh: str, en: str) -> None:
    carbon = next(target for target in plan().targets if target.id == "K03")
    newest = Observation(2021, "2021-1", 7000e4, 6650e4, 7350e4, "error")
    trend = Trend("c", "removal", rate_wan * 1e4, 2016, 2021, 300e4, 350e4)
    found = assess(carbon, [newest], trend=trend, deadline_year=2025, this_year=2026)
    with override("zh-hans"):
        said = target_words.outlook(found)
        assert zh in said
        assert "离目标还差 1,000 万吨碳，已达目标的 87.5 %" in said
        assert f"2025 年约 {7000 + 4 * rate_wan:,} 万吨碳 ± 674 万吨碳" in said
        assert "2025 年）已过" in target_words.overdue(found)
    with override("en"):
        assert en in target_words.outlook(found)
        assert "10.00 million t C short of the target" in target_words.outlook(found)
    in_time = assess(carbon, [newest], trend=trend, deadline_year=2025, this_year=2024)
    assert target_words.overdue(in_time) == ""


def test_a_hold_that_failed_names_the_year() -> None:
    coverage = next(target for target in plan().targets if target.id == "K01")
    years = [Observation(2022, "a", 0.79, 0.79, 0.79, "unknown"), Observation(2024, "b", 0.81, 0.81, 0.81, "unknown")]
    found = assess(coverage, years, trend=None, deadline_year=2025, this_year=2026)
    with override("en"):
        assert "Below the target in 2022" in target_words.outlook(found)
