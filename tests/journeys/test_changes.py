"""Change in the browser: a visitor adds the table up; a technician records a harvest and takes it back."""

from __future__ import annotations

import itertools
import re

import polars as pl
import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import City, OpenPage

COUNTY = "331181"
WORDS = {
    "zh": {
        "open": "打开此对比", "longquan": "龙泉市", "before": "期初碳储量", "after": "期末碳储量", "sample": "示例数据",
        "record": "登记事件", "find": "查找", "submit": "登记", "take_back": "冲正", "harvest": "采伐", "stems": "树干",
        "reason": "登记错了小班", "overtaken": "此后又登记或冲正了事件",
    },
    "en": {
        "open": "Open this comparison", "longquan": "Longquan", "before": "Stock before", "after": "Stock after",
        "sample": "Sample data", "record": "Record an event", "find": "Find", "submit": "Record",
        "take_back": "Take back", "harvest": "Harvest", "stems": "stems", "reason": "another stand",
        "overtaken": "Events were recorded or taken back since.",
    },
}  # fmt: skip
both_ways = pytest.mark.parametrize(
    ("language", "size"), list(itertools.product(("zh", "en"), ("wide", "phone"))), ids=str
)


def printed(page: Page) -> dict[str, list[float]]:
    """Return the numbers of the first table as they are printed, by the name of their line."""
    rows = page.locator("table").first.locator("tbody tr").all()
    texts = [(row.locator("th").inner_text(), row.locator("td").all_inner_texts()) for row in rows]
    return {name.strip(): [float(cell.replace(",", "")) for cell in cells] for name, cells in texts}


def assert_closes(page: Page, words: dict[str, str]) -> None:
    """Stock before and the movements make the stock after, and the places make the last column."""
    lines = printed(page)
    first, last = lines.pop(words["before"]), lines.pop(words["after"])
    assert lines
    for column, stock in enumerate(first):
        moved = sum(values[column] for values in lines.values())
        assert stock + moved == pytest.approx(last[column], abs=1e-6)
    for values in (first, last, *lines.values()):
        assert sum(values[:-1]) == pytest.approx(values[-1], abs=1e-6)


@both_ways
def test_a_visitor_reads_a_change_that_adds_up(open_page: OpenPage, city: City, language: str, size: str) -> None:
    words = WORDS[language]
    page = open_page(language, size)
    page.goto(f"{city.address}/changes/")
    expect(page.locator("main").get_by_text(words["sample"]).first).to_be_visible()
    assert_closes(page, words)
    page.get_by_role("link", name=words["open"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2016 → 2021")
    assert_closes(page, words)
    page.locator("thead").get_by_role("link", name=words["longquan"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words["longquan"])
    assert_closes(page, words)
    width = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0, "only the table scrolls sideways, never the page"


@both_ways
def test_a_technician_records_a_harvest_and_takes_it_back(
    open_page: OpenPage, city: City, language: str, size: str
) -> None:
    words = WORDS[language]
    stands = pl.scan_parquet(city.home / "releases" / "2016-1" / "sub_compartments.parquet")
    of_county = pl.col("township_code").str.starts_with(COUNTY)
    stand = (
        stands.filter(of_county, pl.col("land_class") == "tree_forest", pl.col("volume_m3_ha") > 50)
        .select("sub_compartment_id")
        .head(1)
        .collect()
        .item()
    )
    page = open_page(language, size, user="demo-longquan")
    page.goto(f"{city.address}/events/")
    page.get_by_role("link", name=words["record"]).click()
    page.locator("#q").fill(stand)
    page.get_by_role("button", name=words["find"]).click()
    page.get_by_role("link", name=stand).click()
    expect(page.get_by_role("heading", level=2)).to_have_text(stand)
    page.locator("#id_kind").select_option("harvest")
    page.locator("#id_happened_on").fill("2018-06-01")
    page.locator("#id_area").fill("0.5")
    page.get_by_role("button", name=words["submit"], exact=True).click()
    # A harvest without its share is refused, and what was typed is kept.
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#id_area")).to_have_value("0.5")
    page.locator("#id_taken_percent").fill("100")
    page.get_by_role("button", name=words["submit"], exact=True).click()
    expect(page).to_have_url(re.compile(r"/events/#event-\d+$"))
    number = int(page.url.rsplit("-", 1)[1])
    event = page.locator(f"#event-{number}")
    expect(event).to_contain_text(stand)
    expect(event).to_contain_text(words["harvest"])
    expect(event).to_contain_text(words["stems"])
    event.locator("summary").click()
    event.locator("input[name=reason]").fill(words["reason"])
    event.get_by_role("button", name=words["take_back"]).click()
    expect(page).to_have_url(re.compile(rf"/events/#event-(?!{number}$)\d+$"))
    reversal = page.locator(f"#event-{page.url.rsplit('-', 1)[1]}")
    expect(reversal).to_contain_text(words["reason"])
    expect(reversal).to_contain_text(str(number))
    expect(page.locator(f"#event-{number} summary")).to_have_count(0)
    # The comparison says that it should be made again.
    page.goto(f"{city.address}/changes/")
    page.get_by_role("link", name=words["open"]).click()
    expect(page.get_by_text(words["overtaken"])).to_be_visible()
