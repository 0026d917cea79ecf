"""The page of one minute, the targets and the wall in a browser: phone, paper, wall; and a connection that is lost."""

from __future__ import annotations

import itertools
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.journeys.conftest import City, OpenPage

WORDS = {
    "zh": {"much": "有多少", "grow": "在增长", "goal": "还差", "ahead": "谁领先", "sample": "示例数据",
           "lost": "连接中断", "paused": "已暂停", "no_baseline": "缺基线", "not_set": "未设定"},
    "en": {"much": "How much is there", "grow": "It grows", "goal": "to go", "ahead": "Who is ahead",
           "sample": "Sample data", "lost": "Connection lost", "paused": "Paused", "no_baseline": "No baseline",
           "not_set": "Not set"},
}  # fmt: skip
FIRST_VISIT_MS = 150_000
"""What the public may read of a release is worked out on the first visit; of a small city that takes longest."""
both_ways = pytest.mark.parametrize(
    ("language", "size"), list(itertools.product(("zh", "en"), ("wide", "phone"))), ids=str
)
both = pytest.mark.parametrize("language", ["zh", "en"])


def visit(page: Page, address: str) -> None:
    page.goto(address, timeout=FIRST_VISIT_MS)


def assert_accessible(page: Page) -> None:
    """No rule of WCAG 2 A or AA is broken."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == []


@both_ways
def test_a_vice_mayor_has_the_answers_in_a_minute(open_page: OpenPage, city: City, language: str, size: str) -> None:
    words = WORDS[language]
    page = open_page(language, size)
    visit(page, f"{city.address}/minute/")
    for word in ("much", "grow", "goal", "ahead", "sample"):
        expect(page.locator("main").get_by_text(words[word]).first).to_be_visible()
    rows = page.locator(".ranked tbody tr")
    expect(rows).to_have_count(9)
    density = [float(row.locator("td.number").nth(1).inner_text()) for row in rows.all()]
    assert density == sorted(density, reverse=True)
    for row in rows.all():
        expect(row.locator("svg.bar")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert_accessible(page)
    page.locator(".ranked a").first.click()
    expect(page).to_have_url(re.compile(r"/#.*place=3311\d\d"))


@both
def test_the_page_of_one_minute_fits_one_sheet(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    visit(page, f"{city.address}/minute/")
    sheet = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1


@both_ways
def test_the_targets_say_what_is_known_and_what_is_not(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    words = WORDS[language]
    page = open_page(language, size)
    visit(page, f"{city.address}/targets/")
    expect(page.locator("table.targets tbody tr")).to_have_count(17)
    expect(page.locator("#K03")).to_contain_text("±")
    expect(page.locator("#K04")).to_contain_text(words["no_baseline"])
    expect(page.locator("#K15")).to_contain_text(words["not_set"])
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert_accessible(page)


@both
def test_the_wall_goes_on_pauses_and_turns_by_key(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    page.set_viewport_size({"width": 1920, "height": 1080})
    visit(page, f"{city.address}/wall/?seconds=3")
    shown = page.locator(".slide.shown")
    expect(page.locator("#version")).to_contain_text(WORDS[language]["sample"])
    expect(page.locator("#clock")).to_contain_text(re.compile(r"\d\d:\d\d"))
    first = shown.get_attribute("data-name")
    expect(page.locator(f".slide[data-name={first}]")).not_to_have_class(re.compile("shown"), timeout=15_000)
    page.keyboard.press(" ")
    expect(page.locator("#state")).to_have_text(WORDS[language]["paused"])
    paused_at = shown.get_attribute("data-name")
    page.wait_for_timeout(4_000)
    assert shown.get_attribute("data-name") == paused_at
    names = []
    for _ in range(page.locator(".slide").count()):
        page.keyboard.press("ArrowRight")
        names.append(shown.get_attribute("data-name"))
        # Nothing is cut off, on either screen that walls have.
        for width, height in ((1920, 1080), (3840, 2160)):
            page.set_viewport_size({"width": width, "height": height})
            assert shown.evaluate(
                "slide => [slide.scrollHeight - slide.clientHeight, slide.scrollWidth - slide.clientWidth]"
            ) == [0, 0], names[-1]
        page.set_viewport_size({"width": 1920, "height": 1080})
    assert sorted(names) == ["change", "city", "composition", "counties", "map", "targets"]
    page.keyboard.press("ArrowLeft")
    assert shown.get_attribute("data-name") == names[-2]
    assert_accessible(page)


def test_the_walls_map_is_drawn(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide")
    visit(page, f"{city.address}/wall/")
    expect(page.locator("#wall-map[data-ready]")).to_be_attached(timeout=60_000)
    expect(page.locator("#wall-map canvas")).to_have_count(1)


@both
def test_a_lost_connection_keeps_the_slides_and_says_since_when(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    visit(page, f"{city.address}/wall/?refresh=2&seconds=600")
    expect(page.locator(".slide.shown .huge")).to_be_visible()
    total = page.locator(".huge").inner_text()
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_contain_text(WORDS[language]["lost"])
    expect(page.locator("#lost")).to_contain_text(re.compile(r"\d\d:\d\d"))
    assert page.locator(".huge").inner_text() == total
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()


def test_a_new_version_replaces_the_slides_and_keeps_the_place(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide")
    visit(page, f"{city.address}/wall/?refresh=2&seconds=600")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".slide.shown")).to_have_attribute("data-name", "counties")

    def newer(route) -> None:  # type: ignore[no-untyped-def]
        answer = route.fetch(headers={**route.request.headers, "if-none-match": ""})
        body = answer.text().replace("Who is ahead", "Who is in front")
        route.fulfill(response=answer, body=body, headers={**answer.headers, "etag": '"newer"'})

    page.route("**/wall/slides/", newer)
    expect(page.locator(".slide.shown h1")).to_contain_text("Who is in front")
    expect(page.locator("#slides")).to_have_attribute("data-version", "newer")
    page.unroute_all(behavior="wait")


def test_with_reduced_motion_nothing_moves_but_the_slides_still_turn(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide")
    page.emulate_media(reduced_motion="reduce")
    visit(page, f"{city.address}/wall/?seconds=3")
    assert page.locator(".slide").first.evaluate("slide => getComputedStyle(slide).transitionDuration") == "0s"
    expect(page.locator(".slide[data-name=city]")).not_to_have_class(re.compile("shown"), timeout=15_000)
