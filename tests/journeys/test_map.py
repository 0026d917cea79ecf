"""The one map as a newcomer meets it: two questions answered within a minute, by keyboard too, open to everybody."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect
from tests.journeys.conftest import City, OpenPage
from tests.journeys.test_journeys import COUNTY, LANGUAGES, MOVE_MS, each_language, settled_address, show_map

A_MINUTE_S = 60.0
BOTH = list(itertools.product(LANGUAGES, ("wide", "phone")))
both_ways = pytest.mark.parametrize(("language", "size"), BOTH, ids=str)
WORDS = {
    "zh": {
        "town": "龙泉", "why": "树种组成", "difference": "年均变化", "loss": "减少", "role": "须有相应角色",
        "zoom_in": "请放大地图", "stands": "当前显示：小班", "species": "树种", "outside": "不在筛选范围内",
    },
    "en": {
        "town": "Longquan", "why": "Composition by species", "difference": "change a year", "loss": "loss",
        "role": "need a role", "zoom_in": "Zoom in", "stands": "Shown: sub-compartments", "species": "Species",
        "outside": "outside the filter",
    },
}  # fmt: skip
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


def choose_layer(page: Page, layer: str, *, size: str) -> None:
    """Choose a layer in the list; on a phone the list comes up by a button and goes away by another."""
    if size == "phone":
        page.locator("#open-layers").click()
    page.locator(f'#layer-list [value="{layer}"]').check()
    if size == "phone":
        page.locator("#close-layers").click()


def search_for(page: Page, text: str) -> None:
    page.locator("#search").fill(text)
    expect(page.locator("#found [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")


def densities(panel: Locator) -> list[tuple[float, str]]:
    """Return stock per hectare and code of every place that the panel lists."""
    rows = panel.locator("tbody tr", has=panel.page.locator("[data-place]"))
    return [
        (
            float(row.locator("td").nth(1).inner_text().replace(",", "")),
            row.locator("a").get_attribute("data-place") or "",
        )
        for row in rows.all()
    ]


@both_ways
def test_the_three_densest_townships_of_longquan_are_found_within_a_minute_and_why(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    page = open_page(language, size, user="demo-viewer")
    show_map(page, city)
    began = time.monotonic()
    search_for(page, WORDS[language]["town"])
    panel = page.locator("#panel-body")
    expect(panel.locator(f'a[data-place^="{COUNTY}"]').nth(3)).to_be_attached()
    densest = sorted(densities(panel), reverse=True)[:3]
    assert len(densest) == 3
    assert all(code.startswith(COUNTY) and len(code) == 9 for _, code in densest)
    name = panel.locator(f'a[data-place="{densest[0][1]}"]').inner_text()
    panel.locator(f'a[data-place="{densest[0][1]}"]').click()
    expect(page.locator("#panel-title")).to_have_text(name)
    expect(panel).to_contain_text(WORDS[language]["why"])
    assert panel.locator("tbody tr").count() > 0
    assert time.monotonic() - began < A_MINUTE_S


@both_ways
def test_two_surveys_of_one_valley_are_compared_within_a_minute(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    words = WORDS[language]
    page = open_page(language, size, user="demo-viewer")
    show_map(page, city)
    began = time.monotonic()
    search_for(page, words["town"])
    page.locator(f'#panel-body a[data-place^="{COUNTY}1"]').first.click()
    with page.expect_response(re.compile(r"/api/v1/changes/[\w-]+/choropleth/township")) as answer:
        page.locator("#before").select_option(index=1)
    assert answer.value.ok
    expect(page.locator("#time-note")).to_contain_text(words["difference"])
    expect(page.locator("#time-note")).to_contain_text(re.compile("2016.*2021"))
    expect(page.locator("#panel-body")).to_contain_text(re.compile("2016.*2021"))
    if size == "phone":
        page.locator("#legend summary").click()
    expect(page.locator("#legend-classes")).to_contain_text(words["loss"])
    assert time.monotonic() - began < A_MINUTE_S
    # The link says what was seen: the difference is there again for whoever opens it.
    other = open_page(language, "wide")
    other.goto(settled_address(page))
    expect(other.locator("#before")).to_have_value(page.locator("#before").input_value())
    expect(other.locator("#time-note")).to_contain_text(words["difference"])


@each_language
def test_a_layer_of_stands_says_to_zoom_in_and_then_shows_them(open_page: OpenPage, city: City, language: str) -> None:
    words = WORDS[language]
    page = open_page(language, "wide", user="demo-viewer")
    show_map(page, city)
    choose_layer(page, "species", size="wide")
    expect(page.locator("#legend-why")).to_contain_text(words["zoom_in"])
    page.evaluate("window.location.hash = 'layer=species&row=10&where=origin:natural'")
    expect(page.locator("#legend-level")).to_have_text(words["stands"], timeout=4 * MOVE_MS)
    expect(page.locator("#legend-measure")).to_have_text(words["species"])
    expect(page.locator("#legend-why")).to_be_hidden()
    expect(page.locator("#legend-classes")).to_contain_text(words["outside"])
    expect(page.locator('#layer-list [value="species"]')).to_be_checked()


@each_language
def test_the_public_reads_why_a_layer_is_closed(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    show_map(page, city, "#layer=species")
    expect(page.locator('#layer-list [value="origin"]')).to_be_disabled()
    expect(page.locator('#layer-list [value="error"]')).to_be_enabled()
    expect(page.locator("#layers-box")).to_contain_text(WORDS[language]["role"])
    expect(page.locator("#legend-why")).to_contain_text(WORDS[language]["role"])


def test_an_address_that_is_no_view_of_the_map_falls_back_to_one(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide")
    wrong = "#release=none&before=2021-2&layer=gold&where=origin:<b>&where=county:1&shape=1,2;3,4&row=x&draft=-1"
    show_map(page, city, wrong)
    page.locator("#panel-body a[data-place]").first.click()
    address = settled_address(page)
    for part in ("before=", "layer=", "where=", "shape=", "row=", "draft=", "none"):
        assert part not in address


@each_language
def test_the_slider_goes_through_the_surveys_by_keyboard(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    show_map(page, city)
    page.locator("#year").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#year")).to_have_attribute("aria-valuetext", re.compile("2016"))
    expect(page.locator("#release option:checked")).to_contain_text("2016")
    expect(page.locator("#before")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#before")).to_be_enabled()


def test_who_wants_less_motion_gets_one_survey_at_each_press(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide")
    page.emulate_media(reduced_motion="reduce")
    show_map(page, city)
    first = page.locator("#release").input_value()
    page.locator("#play").click()
    expect(page.locator("#release")).not_to_have_value(first)
    second = page.locator("#release").input_value()
    page.wait_for_timeout(2 * MOVE_MS)
    assert page.locator("#release").input_value() == second, "nothing moves by itself"


def test_large_print_enlarges_every_page_and_stays(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide")
    page.goto(f"{city.address}/statistics/")
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    page.locator("#print-size").click()
    larger = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    assert larger == pytest.approx(1.25 * size)
    page.goto(f"{city.address}/about/")
    expect(page.locator("html")).to_have_class("large")
    page.locator("#print-size").click()
    page.reload()
    expect(page.locator("html")).not_to_have_class("large")


@each_language
def test_a_question_mark_is_opened_and_closed_by_keyboard(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    show_map(page, city)
    mark = page.locator("#layer-list .help-mark").first
    mark.focus()
    page.keyboard.press("Enter")
    explained = page.locator("#layer-list .help-text").first
    expect(explained).to_be_visible()
    expect(explained.get_by_role("link")).to_be_visible()
    page.keyboard.press("Escape")
    expect(explained).to_be_hidden()


@pytest.mark.parametrize(("language", "size", "scheme"), [
    ("zh", "wide", "light"), ("en", "phone", "light"), ("en", "wide", "dark"), ("zh", "phone", "dark"),
])  # fmt: skip
def test_nothing_on_the_map_keeps_anybody_out(
    open_page: OpenPage, city: City, language: str, size: str, scheme: str
) -> None:
    page = open_page(language, size, user="demo-viewer")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    show_map(page, city, f"#place={COUNTY}")
    expect(page.locator("#panel-title")).to_be_visible()
    problems = violations(page)
    page.locator("#before").select_option(index=1)
    expect(page.locator("#time-note")).not_to_be_empty()
    if size == "phone":
        page.locator("#open-layers").click()
    problems += violations(page)
    assert problems == []


def violations(page: Page) -> list[str]:
    """Return what the scanner holds against WCAG 2 AA, with the elements it means."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]
