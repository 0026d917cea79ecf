"""What people do in the browser, in both languages, on a wide screen and on a phone."""

from __future__ import annotations

import functools
import itertools
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pyogrio
import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import City, OpenPage

LANGUAGES = ("zh", "en")
READY = "#map[data-ready]"
MOVE_MS = 2500
STANDS_FROM = 11.5
"""The zoom from which single sub-compartments are drawn."""
IN_ADDRESS = re.compile(r"map=([\d.]+)/")
CLOSE_BY = re.compile(r"map=1[2-9]\.\d+/")
"""How long the map takes to fly to a place and load its tiles, on a slow machine without a graphics card."""
ROW_IN_LAST_COUNTY = 1990
COUNTY = "331181"
RATIOS = ("forest", "land")
WORDS = {
    "zh": {
        "sample": "示例数据，无审图号", "stock": "碳储量", "not_public": "公众可看到乡镇合计", "source": "来源与出处",
        "no_credit": "不得据此签发碳汇", "done": "已完成", "draft": "打开草稿", "longquan": "龙泉市",
        "refused": "您无权", "forest": "每公顷森林", "land": "每公顷土地", "shown": "地图所示",
        "interval": "95% 置信区间", "left_out": "未纳入本版的面积",
    },
    "en": {
        "sample": "Sample data, no map review number", "stock": "Carbon stock", "not_public": "The public sees totals",
        "source": "Source and where in it", "no_credit": "Cannot issue a credit", "done": "done",
        "draft": "Open the draft", "longquan": "Longquan", "refused": "You may not", "forest": "Per hectare of forest",
        "land": "Per hectare of land", "shown": "shown on the map", "interval": "95 per cent interval",
        "left_out": "Left out of the release",
    },
}  # fmt: skip

both_ways = pytest.mark.parametrize(
    ("language", "size"), list(itertools.product(LANGUAGES, ("wide", "phone"))), ids=str
)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def show_map(page: Page, city: City, state: str = "") -> None:
    """Open the map and wait until it is drawn; a new document, also when only the state differs."""
    page.goto("about:blank")
    page.goto(f"{city.address}/{state}")
    page.wait_for_selector(READY, timeout=45_000)


@both_ways
def test_the_public_sees_the_map_its_totals_and_why_no_sub_compartments(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    page = open_page(language, size)
    show_map(page, city)
    words = WORDS[language]
    expect(page.get_by_text(words["sample"])).to_be_visible()
    panel = page.locator("#panel")
    expect(panel).to_contain_text(words["stock"])
    panel.get_by_role("link", name=words["longquan"], exact=True).click()
    expect(page.locator("#panel-title")).to_have_text(words["longquan"])
    first_township = panel.locator(f'tbody a[data-place^="{COUNTY}"]').first
    name = first_township.inner_text()
    first_township.click()
    expect(page.locator("#panel-title")).to_have_text(name)
    expect(panel).to_contain_text(words["not_public"])
    # Nothing sticks out at the side of a small screen.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@both_ways
def test_a_sub_compartment_leads_from_the_map_to_source_and_page(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    page = open_page(language, size, user="demo-viewer")
    show_map(page, city, "#row=10")
    panel = page.locator("#panel")
    expect(panel.locator("#panel-title")).to_contain_text(re.compile(r"\d+"))
    panel.locator(".figure.main a[href*='/derivations/']").click()
    words = WORDS[language]
    expect(page.locator("main")).to_contain_text(words["source"])
    expect(page.locator("main")).to_contain_text(words["no_credit"])
    assert page.locator(".equation").inner_text().strip()
    row = page.locator("table").nth(1).locator("tbody tr").first
    assert row.locator("td").nth(3).inner_text().strip(), "each parameter names its source"
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/parameters/"))
    expect(page.locator("main .mark").first).to_be_visible()


def test_a_click_on_the_map_opens_the_sub_compartment_under_it(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide", user="demo-viewer")
    show_map(page, city, "#row=10")
    page.wait_for_timeout(MOVE_MS)
    chosen = page.locator("#panel code").first.inner_text()
    page.locator("#panel .trail a").last.click()
    expect(page.locator("#panel code")).to_have_count(0)
    page.wait_for_timeout(MOVE_MS)
    for _ in range(3):
        page.locator(".maplibregl-ctrl-zoom-in").click()
        page.wait_for_timeout(600)
    page.wait_for_timeout(MOVE_MS)
    page.locator("#map").click(position={"x": 640, "y": 420})
    opened = page.locator("#panel code").first
    expect(opened).to_have_text(re.compile(chosen[:6]))


@each_language
def test_a_link_restores_view_release_and_selection(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    show_map(page, city)
    page.locator("#release").select_option(index=1)
    page.locator(f'#panel a[data-place="{COUNTY}"]').click()
    expect(page).to_have_url(re.compile(rf"map=.*place={COUNTY}"), timeout=4 * MOVE_MS)
    link = settled_address(page)
    other = open_page("en" if language == "zh" else "zh", "wide")
    other.goto(link)
    other.wait_for_selector(READY, timeout=45_000)
    other_language = "en" if language == "zh" else "zh"
    expect(other.locator("#panel-title")).to_have_text(WORDS[other_language]["longquan"])
    assert other.locator("#release").input_value() == page.locator("#release").input_value()
    expect(other).to_have_url(link)


@each_language
def test_search_by_keyboard_leads_to_a_place(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    show_map(page, city)
    page.locator("#search").fill("龙泉" if language == "zh" else "Longq")
    expect(page.locator("#found [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_have_text(WORDS[language]["longquan"])


@both_ways
def test_the_county_table_is_downloaded_and_opens_again(
    open_page: OpenPage, city: City, language: str, size: str, tmp_path: Path
) -> None:
    page = open_page(language, size)
    page.goto(f"{city.address}/statistics/?by=county&measure=all")
    expect(page.locator('[aria-labelledby="table-name"] tbody tr')).to_have_count(9)
    with page.expect_download() as waiting:
        page.locator('a[href*="table.xlsx"]').click()
    waiting.value.save_as(tmp_path / "table.xlsx")
    book = openpyxl.load_workbook(tmp_path / "table.xlsx")
    sheet = book.worksheets[0]
    assert sheet.max_row == 9 + 2, "a head, nine counties and the total"
    assert any("示例数据" in str(cell.value) for s in book for line in s.iter_rows() for cell in line)
    with page.expect_download() as waiting:
        page.locator('a[href*="table.csv"]').click()
    assert pl.read_csv(waiting.value.path()).height == 9


def test_the_language_changes_by_one_click_and_stays(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide")
    page.goto(f"{city.address}/statistics/")
    expect(page.locator("h1")).to_have_text("面积与碳储量")
    page.locator("#language").click()
    expect(page.locator("h1")).to_have_text("Area and carbon stock")
    page.goto(f"{city.address}/about/")
    expect(page.locator("html")).to_have_attribute("lang", "en")


@each_language
def test_the_public_is_refused_by_page_api_and_tiles(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide")
    page.goto(f"{city.address}/releases/")
    release = page.locator("tbody a").first.get_attribute("href")
    assert release is not None
    release_id = release.strip("/").split("/")[-1]
    answer = page.goto(f"{city.address}/releases/{release_id}/derivations/1/?row=10")
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("h1")).to_contain_text(WORDS[language]["refused"])
    expect(page.locator('main a[href^="/sign-in/"]')).to_be_visible()
    for address in (
        f"/api/v1/releases/{release_id}/sub-compartments/10",
        f"/tiles/{release_id}/11/1700/850.mvt",
        f"/map/panel/?release={release_id}&row=10",
        f"/releases/{release_id}/sub-compartments.gpkg",
    ):
        assert page.request.get(city.address + address).status == 403, address


def test_a_technician_of_longquan_sees_nothing_of_another_county(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide", user="demo-longquan")
    found = page.request.get(f"{city.address}/api/v1/releases").json()
    release_id = found[0]["id"]
    statuses = {
        page.request.get(f"{city.address}/api/v1/releases/{release_id}/sub-compartments/{row}").status
        for row in (0, ROW_IN_LAST_COUNTY)
    }
    assert statuses == {200, 403}, "the first row lies in Liandu, the last in Longquan: rows are sorted by township"


def test_a_sign_in_link_works_once(open_page: OpenPage, city: City) -> None:
    link = city.sign_in_address("demo-viewer")
    page = open_page("zh", "wide")
    page.goto(link)
    page.locator("main form button").click()
    expect(page.locator(".who")).to_be_visible()
    again = open_page("en", "wide")
    again.goto(link)
    expect(again.locator("h1")).to_contain_text("used before")


@each_language
def test_a_technician_imports_a_file_to_a_draft_and_may_not_release_it(
    open_page: OpenPage, city: City, language: str, tmp_path: Path
) -> None:
    words = WORDS[language]
    page = open_page(language, "wide", user="demo-technician")
    page.goto(f"{city.address}/imports/")
    page.locator("#id_file").set_input_files(_small_layer(city, tmp_path))
    page.locator("#id_reference_year").fill("2022")
    page.locator("form.plate button.first").click()
    expect(page.locator("#job .state")).to_have_text(words["done"], timeout=60_000)
    page.get_by_role("link", name=words["draft"]).click()
    expect(page.locator("h1")).to_contain_text("stands.zip")
    page.locator('form[action$="/measure/"] button').click()
    expect(page.locator("#job .state")).to_have_text(words["done"], timeout=60_000)
    page.get_by_role("link", name=words["draft"]).click()
    expect(page.locator(".plate")).to_contain_text("另一位" if language == "zh" else "second person")
    expect(page.locator('form[action$="/release/"]')).to_have_count(0)


def _small_layer(city: City, directory: Path) -> Path:
    """Pack the sample layer of 2016 as a zip, as an office would hand it in."""
    shapefile = next((city.home / "sample").rglob("*2016*.shp"))
    packed = directory / "stands.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for part in shapefile.parent.glob(f"{shapefile.stem}.*"):
            archive.write(part, f"stands{part.suffix}")
    return packed


@each_language
def test_the_chosen_measure_comes_first_at_every_zoom(open_page: OpenPage, city: City, language: str) -> None:
    page = open_page(language, "wide", user="demo-viewer")
    show_map(page, city, "#row=10")
    figures = page.locator("#panel .figure")
    calibrated = figures.nth(0).locator(".value").inner_text()
    measured = figures.nth(2).locator(".value").inner_text()
    legend = page.locator("#legend-measure").inner_text()
    page.locator("#measure").select_option("measured")
    expect(figures.nth(0).locator(".value")).to_have_text(measured)
    expect(figures.nth(2).locator(".value")).to_have_text(calibrated)
    expect(page.locator("#legend-measure")).not_to_have_text(legend)
    assert "实测" not in page.locator("body").inner_text(), "a stock is calculated, nobody weighed it"


def test_a_link_to_a_sub_compartment_without_a_view_leads_there(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide", user="demo-viewer")
    show_map(page, city)
    far = zoom_of(page)
    assert far < STANDS_FROM
    page.evaluate("window.location.hash = 'row=10'")
    expect(page).to_have_url(CLOSE_BY, timeout=2 * MOVE_MS)


def settled_address(page: Page) -> str:
    """Return the address once it has stood still for longer than a flight takes, however slow the machine."""
    for _ in range(20):
        before = page.url
        page.wait_for_timeout(MOVE_MS)
        if page.url == before:
            return before
    raise AssertionError(f"the map never came to rest: {page.url}")


def zoom_of(page: Page) -> float:
    """Return the zoom that the address names, once the map has come to rest and written it."""
    expect(page).to_have_url(IN_ADDRESS, timeout=2 * MOVE_MS)
    return float(IN_ADDRESS.search(page.url)[1])  # type: ignore[index]


def test_the_sheet_carries_legend_scale_north_and_data_version(open_page: OpenPage, city: City) -> None:
    page = open_page("zh", "wide")
    show_map(page, city)
    zoom_of(page)
    view = settled_address(page)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    for part in ("#paper", "#legend", ".maplibregl-ctrl-scale", ".north", "#imprint-release"):
        expect(page.locator(part)).to_be_visible()
    expect(page.locator("#imprint-release")).to_contain_text("数据版本 2021")
    expect(page.get_by_text(WORDS["zh"]["sample"])).to_be_visible()
    drawn = page.evaluate("""() => {
        const paper = document.getElementById("paper");
        const middle = paper.getContext("2d").getImageData(paper.width / 2, paper.height / 2, 1, 1).data;
        return [paper.width, middle[3]];
    }""")
    assert drawn[0] > 1000
    assert drawn[1] == 255, "the map itself is on the sheet"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page).to_have_url(view)


@both_ways
def test_the_panel_tells_the_error_and_both_ratios_by_name(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    words = WORDS[language]
    page = open_page(language, size)
    show_map(page, city, f"#place={COUNTY}")
    main = page.locator("#panel .figure.main")
    expect(main).to_contain_text("±")
    expect(main).to_contain_text(words["interval"])
    for ratio in ("forest", "land"):
        figure = page.locator("#panel .figure", has=page.get_by_text(words[ratio], exact=True))
        expect(figure.locator(".value")).to_have_text(re.compile(r"\d+\.\d\d"))
    page.locator("#panel details summary").first.click()
    expect(page.locator("#panel details tbody tr").first).to_be_visible()
    expect(page.locator("#panel details .not-set").first).to_be_attached()


@each_language
def test_places_are_coloured_per_hectare_of_forest_or_of_land_and_the_link_says_which(
    open_page: OpenPage, city: City, language: str
) -> None:
    words = WORDS[language]
    page = open_page(language, "wide")
    show_map(page, city)
    figures = {
        ratio: page.locator("#panel .figure", has=page.get_by_text(words[ratio], exact=True)) for ratio in RATIOS
    }
    expect(figures["forest"]).to_contain_text(words["shown"])
    expect(figures["land"]).not_to_contain_text(words["shown"])
    level = page.locator("#legend-level").inner_text()
    with page.expect_response(re.compile(r"/choropleth/county\?.*per=land")) as answer:
        page.locator("#ratio [value=land]").check()
    assert answer.value.json()["measure"] == "calibrated_stock_tc_per_land_ha"
    expect(figures["land"]).to_contain_text(words["shown"])
    expect(page.locator("#panel thead").nth(1)).to_contain_text(words["land"])
    expect(page.locator("#legend-level")).not_to_have_text(level)
    expect(page).to_have_url(re.compile("per=land"))
    other = open_page(language, "wide")
    other.goto(settled_address(page))
    expect(other.locator("#ratio [value=land]")).to_be_checked()
    expect(other.locator("#panel .figure", has=other.get_by_text(words["land"], exact=True))).to_contain_text(
        words["shown"]
    )


@pytest.fixture(scope="module")
def left_out(city: City, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Release thirty stands of Longquan, of which one with a negative volume was left out; return the id."""
    meta, table = pyogrio.read_arrow(city.home / "sample" / "xiaoban_2021.shp", encoding="GB18030")
    outline = meta["geometry_name"] or "wkb_geometry"
    rows = pl.from_arrow(table)
    assert isinstance(rows, pl.DataFrame)
    here = rows.filter(pl.col("XIAN") == COUNTY, pl.col("HUO_LMGQXJ") > 0).head(30).with_row_index("at")
    flawed = here.with_columns(pl.when(pl.col("at") == 4).then(-1.0).otherwise("HUO_LMGQXJ").alias("HUO_LMGQXJ"))
    kept = [name for name in flawed.columns if name != "at" and flawed[name].null_count() < flawed.height]
    path = tmp_path_factory.mktemp("left_out") / "longquan.gpkg"
    pyogrio.write_arrow(
        pa.table(flawed.select(kept).to_arrow(compat_level=pl.CompatLevel.oldest())),
        path, driver="GPKG", layer="xiaoban", geometry_name=outline, geometry_type="Unknown", crs="EPSG:4490",
    )  # fmt: skip
    senhui = [sys.executable, "-m", "senhui.cli.main"]
    run = functools.partial(subprocess.run, env=city.environment, capture_output=True, text=True)
    person = ["--as", "demo-technician"]
    read = run([*senhui, "import", str(path), "--year", "2023", *person, "--json"])
    draft = str(json.loads(read.stdout)["draft"])
    for command in (
        ["exclude", draft, "5", "--reason", "the volume is negative, the file card is lost", *person],
        ["measure", draft, *person],
        ["release", draft, "--label", "Longquan 2023", "--as", "demo-reviewer"],
    ):
        run([*senhui, *command], check=True)
    releases = json.loads(run([*senhui, "releases", "--json"], check=True).stdout)
    return str(next(one["release"] for one in releases if one["label"] == "Longquan 2023"))


@both_ways
def test_what_was_left_out_stands_beside_the_total(
    open_page: OpenPage, city: City, left_out: str, language: str, size: str
) -> None:
    words = WORDS[language]
    page = open_page(language, size)
    show_map(page, city, f"#release={left_out}&place={COUNTY}")
    figure = page.locator("#panel .figure", has=page.locator(".name", has_text=words["left_out"]))
    expect(figure.locator(".value")).to_have_text(re.compile(r"[1-9]"))
    expect(page.locator("#panel .figure.main")).to_contain_text("±")
    figure.get_by_role("link").click()
    expect(page).to_have_url(re.compile(rf"/releases/{left_out}/#excluded"))
    expect(page.locator("#excluded + p")).to_contain_text("1")
    expect(page.locator("main")).not_to_contain_text("the file card is lost")
    insider = open_page(language, size, user="demo-longquan")
    insider.goto(f"{city.address}/releases/{left_out}/#excluded")
    expect(insider.locator("main")).to_contain_text("the file card is lost")
    expect(insider.locator("main")).to_contain_text("示例 市级技术员")
    assert insider.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
