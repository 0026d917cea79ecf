"""The page of a release: what was left out and by whom, what was corrected, its licence, its map, what uses it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from tests.small_layer import LONGQUAN, QINGYUAN, quiet
from tests.web.flawed import CANOPY_ROW, NEGATIVE_ROW, SPECIES_ROW, import_flawed

from senhui.inventory import queries
from senhui.web.templatetags.senhui import own_name

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
REASON = "the file card is lost"


@pytest.fixture
def lin(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def chen(person: Person) -> Any:
    return person("chen", reviewer="3311")


@pytest.fixture
def partial_id(lin: Any, chen: Any, tmp_path: Path, now: dt.datetime) -> str:
    """A release without a map, of a draft with two rows left out and one corrected."""
    from senhui.inventory.actions.correct_row import correct_row
    from senhui.inventory.actions.exclude_rows import exclude_rows
    from senhui.inventory.actions.measure_draft import measure_draft
    from senhui.inventory.actions.release_draft import release_draft

    draft = import_flawed(lin, tmp_path, now=now)
    exclude_rows(lin, draft_id=draft.id, rows=[NEGATIVE_ROW, SPECIES_ROW], reason=REASON, now=now)
    correct_row(lin, draft_id=draft.id, row=CANOPY_ROW, values={"YU_BI_DU": "0.6"}, now=now)
    measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    return release_draft(chen, draft_id=draft.id, label="Partial", now=now, progress=quiet).id


def page_of(client: Client, release_id: str) -> str:
    response = client.get(f"/releases/{release_id}/")
    assert response.status_code == 200
    return response.content.decode()


def test_the_api_tells_what_was_left_out_beside_every_total(partial_id: str, browse: Browse) -> None:
    address = f"/api/v1/releases/{partial_id}"
    rows = browse("en").get(f"{address}/statistics?by=species_group&within={LONGQUAN}").json()
    answers = [browse("en").get(f"{address}/{asked}").json() for asked in ("error", f"error/draws?within={LONGQUAN}")]
    assert rows
    for told in (*rows, *answers):
        assert told["excluded_area_ha"] == pytest.approx(8.0)
        assert told["is_sample"] is queries.release(partial_id).is_sample


def test_everybody_reads_how_much_was_left_out_and_those_of_the_land_read_which_and_by_whom(
    partial_id: str, browse: Browse, person: Person, lin: Any
) -> None:
    public, other, own = (
        page_of(browse("en", as_user=reader), partial_id)
        for reader in (None, person("zhou", viewer=QINGYUAN), person("wu", viewer=LONGQUAN))
    )
    for text in (public, other, own):
        assert "2 rows were excluded by named persons" in text
        assert 'title="8.00 ha"' in text
        assert 'Rows corrected before measuring</dt><dd><span title="1" translate="no">1</span>' in text
    for text in (public, other):
        assert REASON not in text
        assert "are counted here and not listed" in text
    assert own.count(REASON) == 2
    assert f"<td>{lin}</td>" in own
    assert "are counted here and not listed" not in own


@pytest.mark.parametrize(
    ("language", "without", "draw"),
    [("en", "has no map of sub-compartments", "Draw the map"), ("zh", "没有小班地图", "绘制地图")],
)
def test_a_release_without_a_map_says_so_and_offers_to_draw_it_to_whom_may(
    partial_id: str, browse: Browse, lin: Any, chen: Any, language: str, without: str, draw: str
) -> None:
    for reader, may_draw in ((None, False), (lin, False), (chen, True)):
        text = page_of(browse(language, as_user=reader), partial_id)
        assert without in text
        assert (draw in text) == may_draw
    listed = browse(language).get("/releases/").content.decode()
    assert ("no map of sub-compartments" if language == "en" else "无小班地图") in listed


def test_a_whole_release_with_a_map_has_nothing_of_this(release_id: str, browse: Browse) -> None:
    text = page_of(browse("en"), release_id)
    assert "Nothing: every row of the file is in this release." in text
    assert "None: it has not been compared with another release." in text
    assert "no map of sub-compartments" not in text
    assert f'href="/releases/{release_id}/error/"' in text


def test_the_ground_of_a_stand_leads_to_its_derivation(release_id: str, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("wu", viewer=LONGQUAN))
    panel = client.get(f"/map/panel/?release={release_id}&row=0").content.decode()
    stand = queries.stand(person("xu", viewer=LONGQUAN), release_id, 0, on=dt.date(2026, 11, 22))
    address = f"/releases/{release_id}/derivations/{stand['ground_derivation_id']}/?row=0"
    assert address in panel
    text = client.get(address).content.decode()
    assert "beside its stock and are never in it" in text
    assert f'title="{stand["litter_tc"]:.2f} t C"' in text
    assert "Soil, 0–30 cm" in text


@pytest.mark.parametrize("per", ["forest", "land"])
def test_colours_of_places_come_per_hectare_of_forest_or_of_land(release_id: str, browse: Browse, per: str) -> None:
    client = browse("en")
    found = client.get(f"/api/v1/releases/{release_id}/choropleth/county?measure=measured&per={per}").json()
    (total,) = client.get(f"/api/v1/releases/{release_id}/statistics?by=county").json()
    assert found["measure"] == f"stock_tc_per_{per}_ha"
    assert found["values"] == {LONGQUAN: pytest.approx(total[f"stock_tc_per_{per}_ha"])}
    panel = client.get(f"/map/panel/?release={release_id}&place={LONGQUAN}&per={per}").content.decode()
    name = r"class=.name.[^>]*>Per hectare of (\w+) (?:(?!class=.figure).)*shown on the map"
    (shown,) = re.findall(name, panel, flags=re.DOTALL)
    (head,) = re.findall(r"<th[^>]*>Per hectare of (\w+)<br>", panel)
    assert (shown, head) == (per, per)


def test_a_chinese_name_on_an_english_page_says_its_language() -> None:
    with override("en"):
        assert own_name("兰巨乡") == '<span lang="zh" title="Chinese name">兰巨乡</span>'
        assert own_name("Longquan") == "Longquan"
        assert "&lt;" in own_name("<乡>"), "names come from files"
    with override("zh-hans"):
        assert own_name("兰巨乡") == "兰巨乡"
