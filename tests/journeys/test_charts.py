"""What people do with charts, filters and shapes: numbers are the API's, and everything is done by keys as well."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.journeys.conftest import City, OpenPage
from tests.journeys.test_journeys import COUNTY, each_language, show_map

UNITS = {"zh": ("万吨碳", 10_000.0), "en": ("t C", 1.0)}
AREA_WORDS = {"zh": "万亩", "en": "ha"}
CLOSE_VIEW = "map=13/28.07/119.1"
CORNERS = "119.0,28.0\n119.2,28.0\n119.2,28.2\n119.0,28.2"
CORNERS_IN_ADDRESS = "119.00000,28.00000;119.20000,28.00000;119.20000,28.20000;119.00000,28.20000"
CROSSING = "119.0,28.0\n119.2,28.2\n119.2,28.0\n119.0,28.3"
GEODESIC_HA = "43,562"
"""Area of `CORNERS` on the ellipsoid: 435.62 km² by pyproj's Geod(ellps="GRS80")."""
NAMES_PX, BAR_PX = 130, 26
"""Where the first bar of a chart begins: right of the names, at half the height of a bar."""


def open_charts(page: Page) -> None:
    """Open the tab of charts and wait for the numbers."""
    page.locator("#tab-charts").click()
    expect(page.locator('[data-chart="origin"] svg')).to_be_visible()
    expect(page.locator("#charts-box")).to_have_attribute("aria-busy", "false")


def answer_of(page: Page, city: City, by: str = "origin") -> dict[str, Any]:
    """Return the API's answer to the selection in the page's address."""
    state = parse_qsl(urlsplit(page.url).fragment)
    release = page.locator("#release").input_value()
    asked = [("within", dict(state)["place"]), ("by", by)]
    asked += [(name, value) for name, value in state if name in {"where", "shape"}]
    query = "&".join(f"{name}={value}" for name, value in asked)
    found = page.request.get(f"{city.address}/api/v1/releases/{release}/answer?{query}")
    assert found.status == 200, found.text()
    answer: dict[str, Any] = found.json()
    return answer


def written(value: float, language: str) -> str:
    """Return tonnes of carbon as the pages of a language write them."""
    return f"{value / UNITS[language][1]:,.{2 if language == 'zh' else 0}f}"


@each_language
def test_a_bar_chosen_by_keys_filters_totals_map_and_the_other_charts(
    open_page: OpenPage, city: City, language: str
) -> None:
    page = open_page(language, "wide", user="demo-viewer")
    show_map(page, city, f"#{CLOSE_VIEW}&place={COUNTY}")
    open_charts(page)
    before = page.locator("#map").screenshot()
    whole = answer_of(page, city)
    options = page.locator('[data-chart="origin"] [role=option]')
    expect(options).to_have_count(len(whole["by"]["origin"]))
    page.locator("#chart-origin").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("where=origin:planted"))
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#charts-box")).to_have_attribute("aria-busy", "false")
    chosen = answer_of(page, city, by="origin,species_group,protection")
    planted = next(part for part in whole["by"]["origin"] if part["value"] == "planted")
    assert chosen["total"]["n"] == planted["n"] < whole["total"]["n"]
    assert chosen["by"]["origin"] == whole["by"]["origin"], "a chart does not obey its own filter"
    stock = written(planted["calibrated_stock_tc"], language)
    expect(options.nth(1)).to_contain_text(f"{stock} {UNITS[language][0]}")
    of_species = sum(part["calibrated_stock_tc"] or 0.0 for part in chosen["by"]["species_group"])
    assert of_species == pytest.approx(planted["calibrated_stock_tc"])
    table = page.locator('[data-chart="protection"] tbody td:nth-child(2)')
    parts = [part for part in chosen["by"]["protection"] if part["calibrated_stock_tc"] is not None]
    expect(table).to_have_count(len(chosen["by"]["protection"]))
    assert set(table.all_text_contents()) >= {written(part["calibrated_stock_tc"], language) for part in parts}
    page.locator("#tab-answer").click()
    expect(page.locator("#panel .figure.main .value")).to_contain_text(stock)
    expect(page.locator("#panel .figure.main")).to_contain_text("±")
    page.wait_for_timeout(500)
    assert page.locator("#map").screenshot() != before, "what does not fit is pale on the map"
    page.locator("#filters-box .chip").press("Enter")
    expect(page).not_to_have_url(re.compile("where="))


def test_a_click_on_a_bar_filters_and_another_takes_the_filter_back(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide", user="demo-viewer")
    show_map(page, city, f"#place={COUNTY}")
    open_charts(page)
    where = re.compile(r"where=protection:011")
    drawing = page.locator("#chart-protection .drawing")
    for is_filtered in (True, False):
        drawing.scroll_into_view_if_needed()
        place = drawing.bounding_box()
        assert place is not None
        page.mouse.click(place["x"] + NAMES_PX + 8, place["y"] + BAR_PX / 2)
        (expect(page).to_have_url if is_filtered else expect(page).not_to_have_url)(where)
        expect(page.locator("#charts-box")).to_have_attribute("aria-busy", "false")
        page.mouse.move(0, 0)


def test_a_filter_is_answered_while_the_old_numbers_stay_grey(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide", user="demo-viewer")
    show_map(page, city, f"#place={COUNTY}")
    open_charts(page)
    page.locator(".open-filters").click()
    dialog = page.locator(".filter-dialog")
    expect(dialog.locator("label", has_text="planted").locator("[data-count]")).to_contain_text("ha")
    with page.expect_response(re.compile(r"/answer\?(?!.*where=origin).*where=age_group:-")) as found:
        dialog.locator('input[data-dimension="age_group"][data-value="-"]').check()
    total = found.value.json()["total"]
    expect(dialog.get_by_role("status")).to_contain_text(f"{total['n']:,}")
    expect(page).to_have_url(re.compile("where=age_group:-"))
    page.keyboard.press("Escape")
    expect(page.locator(".open-filters")).to_be_focused()
    page.locator(".clear-filters").click()
    expect(page.locator("#filters-box .chip")).to_have_count(0)


@each_language
def test_a_box_and_a_polygon_are_drawn_on_the_map(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide", user="demo-viewer")
    show_map(page, city, f"#map=11/28.07/119.1&place={COUNTY}")
    tools, bar = page.locator("#draw-box .draw-tools button"), page.locator(".draw-bar")
    page.locator("#draw-box summary").click()
    tools.nth(0).click()
    page.mouse.move(450, 300)
    page.mouse.down()
    page.mouse.move(600, 450, steps=3)
    expect(bar).to_contain_text(AREA_WORDS[language])
    page.mouse.move(800, 600, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"shape=([\d.]+,[\d.]+;){3}[\d.]+,[\d.]+(&|$)"))
    box = answer_of(page, city)
    assert box["rule"] == "inner_point"
    expect(page.locator("#panel .figure.main .value")).to_contain_text(
        written(box["total"]["calibrated_stock_tc"], language)
    )
    page.locator("#draw-box summary").click()
    tools.nth(1).click()
    for x, y in ((450, 300), (800, 300), (500, 500)):
        page.mouse.click(x, y)
        page.wait_for_timeout(400)
    page.keyboard.press("Backspace")
    page.mouse.click(800, 600)
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    expect(bar).to_be_hidden()
    expect(page).to_have_url(re.compile(r"shape=([\d.]+,[\d.]+;){2}[\d.]+,[\d.]+(&|$)"))
    polygon = answer_of(page, city)
    assert 0 < polygon["total"]["n"] < box["total"]["n"], "the triangle is half of the box"
    assert "place=" + COUNTY in page.url, "a corner is no click on the map"
    with_shape = page.url
    page.locator("#draw-box summary").click()
    tools.nth(1).click()
    page.mouse.click(500, 400)
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    assert page.url == with_shape
    page.locator("#filters-box .chip").click()
    expect(page).not_to_have_url(re.compile("shape="))


def test_a_shape_is_typed_by_keys_alone_and_one_that_crosses_itself_is_refused(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide", user="demo-viewer")
    show_map(page, city, f"#place={COUNTY}")
    page.locator("#draw-box summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Type corners").press("Enter")
    expect(page.locator("#corners-input")).to_be_focused()
    page.keyboard.type(CROSSING)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#corners [role=alert]")).to_contain_text("crosses itself")
    assert "shape=" not in page.url
    page.locator("#corners-input").fill(CORNERS)
    expect(page.locator("#corners-area")).to_have_text(f"{GEODESIC_HA} ha")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(f"shape={CORNERS_IN_ADDRESS}")))
    expect(page.locator("#panel-title")).to_contain_text("Selection")
    expect(page.locator("#draw-box summary")).to_be_focused()


def test_fingers_draw_a_polygon_on_a_phone(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "phone", user="demo-viewer")
    show_map(page, city, f"#map=10/28.07/119.1&place={COUNTY}")
    page.locator("#draw-box summary").tap()
    page.locator("#draw-box .draw-tools button").nth(1).tap()
    area = page.locator("#map").bounding_box()
    assert area is not None
    middle = area["y"] + area["height"] / 2
    for x, y in ((80, middle), (300, middle), (180, middle - 90)):
        page.touchscreen.tap(x, y)
        page.wait_for_timeout(400)
    page.locator(".draw-bar button").first.tap()
    expect(page).to_have_url(re.compile(r"shape=([\d.]+,[\d.]+;){2}[\d.]+,[\d.]+(&|$)"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_boundary_that_is_handed_in_becomes_the_selection(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide", user="demo-viewer")
    show_map(page, city, f"#place={COUNTY}")
    outline = [[float(degrees) for degrees in line.split(",")] for line in CORNERS.splitlines()]
    feature = {"type": "Polygon", "coordinates": [[*outline, outline[0]]]}
    content = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": feature}]}
    page.locator("#draw-box summary").click()
    page.get_by_role("button", name="Upload a boundary").click()
    file = {"name": "valley.geojson", "mimeType": "application/geo+json", "buffer": json.dumps(content).encode()}
    page.locator("#boundary-file").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload and select").click()
    expect(page).to_have_url(re.compile(r"shape=b\d+"))
    uploaded = answer_of(page, city)
    page.evaluate(f"window.location.hash = 'place={COUNTY}&shape={CORNERS_IN_ADDRESS}'")
    expect(page).to_have_url(re.compile("shape=119"))
    drawn = answer_of(page, city)
    assert uploaded["total"] == drawn["total"]


@each_language
def test_a_server_that_stops_answering_is_told_and_asked_again(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide", user="demo-viewer")
    show_map(page, city, f"#place={COUNTY}")
    open_charts(page)
    page.context.set_offline(True)
    page.locator("#chart-origin").focus()
    page.keyboard.press("Enter")
    status = page.locator("#charts-box .chart-status")
    expect(status.get_by_role("button")).to_be_visible()
    expect(page.locator(".charts")).to_have_class(re.compile("stale"))
    page.context.set_offline(False)
    status.get_by_role("button").click()
    expect(page.locator(".charts")).not_to_have_class(re.compile("stale"))
    expect(status).to_be_empty()


def test_the_public_reads_charts_of_a_county_and_filters_nothing(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/answer?" in request.url else None)
    show_map(page, city, f"#place={COUNTY}")
    open_charts(page)
    expect(page.locator("#charts-box")).to_contain_text("need a role")
    expect(page.locator('[data-chart="age_group"]')).to_be_visible()
    expect(page.locator('[data-chart="protection"]')).to_have_count(0)
    page.locator("#chart-origin").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert "where=" not in page.url
    assert all("where=" not in url for url in asked)
    expect(page.locator("#draw-box button, .open-filters")).to_have_count(0)
    withheld = [part for parts in answer_of(page, city, by="species_group")["by"].values() for part in parts or []]
    hidden = sum(part["is_withheld"] for part in withheld)
    cells = page.locator('[data-chart="species_group"] tbody td', has_text="withheld")
    expect(cells).to_have_count(hidden)


@each_language
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_tab_of_charts_and_the_filters_pass_axe(open_page: OpenPage, city: City, language: str, size: str) -> None:
    page = open_page(language, size, user="demo-viewer")
    show_map(page, city, f"#place={COUNTY}&where=origin:planted")
    open_charts(page)
    page.locator(".as-table").first.click()
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
    for context in ("#panel", "#filters-box", "#draw-box"):
        found = Axe().run(page, context=context, options=rules)
        assert found.violations_count == 0, found.generate_report()
    page.locator(".open-filters").click()
    found = Axe().run(page, context=".filter-dialog", options=rules)
    assert found.violations_count == 0, found.generate_report()
