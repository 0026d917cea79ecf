"""The difference on the map: its API, its tiles and its panel tell each reader what is his to know."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.inventory.surveys import two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet

from senhui.atlas import difference_tiles, tiles
from senhui.atlas.change_jobs import compare_and_map
from senhui.atlas.cube import build_cube
from senhui.inventory import changes
from senhui.jobs.models import Job
from senhui.jobs.registry import function_for

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
TOWN = f"{LONGQUAN}103"


@pytest.fixture
def wang(person: Person) -> Any:
    return person("wang", technician=LONGQUAN)


@pytest.fixture
def compared(person: Person, tmp_path: Path, wang: Any) -> changes.ChangeInfo:
    """Two surveys of twelve stands in one township of Longquan, compared and drawn."""
    before, after = two_releases(person, tmp_path)
    for release in (before, after):
        build_cube(release.id)
    return compare_and_map(wang, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


@pytest.fixture
def withheld(person: Person, tmp_path: Path, wang: Any) -> changes.ChangeInfo:
    """The same with one stand that the later layer does not estimate: the removal would tell of it."""
    before, after = two_releases(person, tmp_path, DI_LEI=["1111"] * 11 + ["1410"])
    for release in (before, after):
        build_cube(release.id)
    return compare_and_map(wang, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


def colours(client: Client, info: changes.ChangeInfo, level: str, **query: str) -> Any:
    answer = client.get(f"/api/v1/changes/{info.id}/choropleth/{level}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_colours_are_the_numbers_of_the_comparison(compared: changes.ChangeInfo, browse: Browse) -> None:
    told = browse("en").get(f"/api/v1/changes/{compared.id}?within={LONGQUAN}").json()
    rate = colours(browse("en"), compared, "county", basis="measured")
    assert rate["values"] == {LONGQUAN: pytest.approx(told["change_tc_yr_per_forest_ha"])}
    assert (rate["unit"], rate["years"], rate["withheld"]) == ("tC/ha/yr", [2016, 2021], [])
    total = colours(browse("en"), compared, "township", value="removal_tc", basis="measured")
    assert total["values"] == {TOWN: pytest.approx(told["removal"]["change_tc"])}
    assert total["unit"] == "tC"
    # Neither survey was calibrated, so that is the basis nobody has to ask for.
    assert colours(browse("en"), compared, "county")["basis"] == "measured"


def test_a_withheld_place_says_so(withheld: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    for level, code in (("county", LONGQUAN), ("township", TOWN)):
        public = colours(browse("en"), withheld, level)
        assert (public["values"], public["withheld"]) == ({code: None}, [code])
        assert set(public["places"][0]["parts_tc"]) == {"difference"}
        own = colours(browse("en", as_user=wang), withheld, level)
        assert own["values"][code] is not None
        assert own["withheld"] == []


def test_removal_of_a_release_is_that_of_its_newest_comparison(
    withheld: changes.ChangeInfo, browse: Browse, wang: Any
) -> None:
    address = f"/api/v1/releases/{withheld.after.id}/choropleth/county?layer=removal&measure=measured"
    own, public = browse("en", as_user=wang).get(address).json(), browse("en").get(address).json()
    assert own["values"] == colours(browse("en", as_user=wang), withheld, "county", basis="measured")["values"]
    assert (public["values"], public["withheld"]) == ({LONGQUAN: None}, [LONGQUAN])
    first = browse("en").get(f"/api/v1/releases/{withheld.before.id}/choropleth/county?layer=removal")
    assert (first.status_code, first.json()["error"]) == (404, "NoSuchChange")


def test_what_is_not_there_is_not_found(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    client = browse("en", as_user=wang)
    assert client.get("/api/v1/changes/no-such/choropleth/county").status_code == 404
    assert client.get(f"/api/v1/changes/{compared.id}/choropleth/village").status_code == 422
    assert client.get(f"/api/v1/changes/{compared.id}/choropleth/county?value=stock").status_code == 422
    for row in (12, 10**17, 10**18):
        assert client.get(f"/api/v1/changes/{compared.id}/sub-compartments/{row}").status_code == 404


def test_a_stand_needs_the_role(compared: changes.ChangeInfo, browse: Browse, wang: Any, person: Person) -> None:
    address = f"/api/v1/changes/{compared.id}/sub-compartments/3"
    panel = f"/map/panel/?release={compared.after.id}&before={compared.before.id}&row=3"
    for client in (browse("en"), browse("en", as_user=person("zhou", technician=QINGYUAN))):
        assert client.get(address).status_code == 403
        refused = client.get(panel)
        assert refused.status_code == 403
        assert "t C/ha" not in refused.content.decode()
    told = browse("en", as_user=wang).get(address).json()
    lines = told["lines"]["measured"]
    moved = sum(value for line, value in lines.items() if not line.startswith("stock_"))
    assert lines["stock_before"] + moved == pytest.approx(lines["stock_after"])
    assert told["removal_tc_ha_yr"]["measured"] == pytest.approx(lines["growth"] / told["area_ha"] / 5)
    assert told["pieces"][0]["earlier_row"] == 3
    for link in (told["derivation"], told["pieces"][0]["derivation"]):
        assert browse("en", as_user=wang).get(link).status_code == 200


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Removal per year", "How one stock became the other", "Stock 2016", "Growth", "Stock 2021", "at most")),
        ("zh", ("年碳汇量", "碳储量如何变化", "2016 年碳储量", "生长", "2021 年碳储量", "至多")),
    ],
)
def test_the_panel_of_a_place_closes(
    compared: changes.ChangeInfo, browse: Browse, wang: Any, language: str, words: tuple[str, ...]
) -> None:
    for place in ("3311", LONGQUAN, TOWN):
        panel = browse(language, as_user=wang).get(
            f"/map/panel/?release={compared.after.id}&before={compared.before.id}&place={place}"
        )
        assert panel.status_code == 200
        page = panel.content.decode()
        if language == "zh":
            assert "Growth" not in page
        for word in words[1:] if language == "zh" else words:
            assert word in page, (place, word)
        rows = re.findall(r'<td class="number">(.*?)</td>', page, re.S)
        cells = [float(re.sub(r"<[^>]+>|,", "", row)) for row in rows]
        assert cells[0] + sum(cells[1:-1]) == pytest.approx(cells[-1], abs=0.01 * len(cells))
        assert f"/changes/{compared.id}/" in page


def test_the_panel_says_what_is_withheld_and_what_is_not_compared(
    withheld: changes.ChangeInfo, browse: Browse, wang: Any
) -> None:
    after, before = withheld.after.id, withheld.before.id
    page = browse("en").get(f"/map/panel/?release={after}&before={before}&place={TOWN}").content.decode()
    assert "withheld: it would tell of fewer than three sub-compartments" in page
    elsewhere = browse("en").get(f"/map/panel/?release={after}&before={before}&place={QINGYUAN}").content.decode()
    assert "share no land here" in elsewhere
    swapped = browse("en", as_user=wang).get(f"/map/panel/?release={before}&before={after}&place={TOWN}")
    assert "have not been compared yet" in swapped.content.decode()
    assert "<form" not in swapped.content.decode(), "an earlier survey is not compared with a later one"
    assert browse("en").get(f"/map/panel/?release={after}&before=1999-1&place={TOWN}").status_code == 404


def test_the_panel_of_a_stand_leads_to_both_derivations(
    compared: changes.ChangeInfo, browse: Browse, wang: Any
) -> None:
    page = browse("zh", as_user=wang).get(f"/map/panel/?release={compared.after.id}&before={compared.before.id}&row=3")
    text = page.content.decode()
    for release in (compared.before.id, compared.after.id):
        assert re.search(rf'href="/releases/{release}/derivations/\d+/\?row=3"', text)
    assert not re.search(r"\b(Removal|Growth|Stock|grew|difference)\b", re.sub(r"<[^>]+>", " ", text))


def test_the_map_is_given_the_newest_comparisons(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    def given(client: Client) -> Any:
        page = client.get("/").content.decode()
        found = re.search(r'<script[^>]*id="map-state"[^>]*>(.*?)</script>', page, re.S)
        assert found is not None
        return json.loads(found.group(1))["changes"]

    expected = {
        "id": compared.id, "before": compared.before.id, "after": compared.after.id, "years": [2016, 2021],
    }  # fmt: skip
    assert given(browse("en", as_user=wang)) == [{**expected, "has_tiles": True}]
    assert given(browse("en")) == [{**expected, "has_tiles": False}]


def test_a_comparison_without_a_map_is_drawn_from_its_page(
    compared: changes.ChangeInfo, browse: Browse, wang: Any
) -> None:
    address, draw = f"/changes/{compared.id}/", f"/changes/{compared.id}/draw-map/"
    client = browse("en", as_user=wang)
    assert draw not in client.get(address).content.decode()
    path = tiles.path_of(difference_tiles.name_of(compared.id))
    path.unlink()
    assert draw in client.get(address).content.decode()
    assert draw not in browse("en").get(address).content.decode()
    assert browse("en").post(draw).status_code == 403
    assert client.get(draw).status_code == 405
    assert not Job.objects.exists()
    assert client.post(draw).status_code == 302
    job = Job.objects.latest("id")
    assert (job.kind, job.arguments) == ("atlas.draw_change", {"change_id": compared.id})
    function_for(job.kind)(wang, **job.arguments, now=NOW, progress=quiet)
    assert path.exists()
