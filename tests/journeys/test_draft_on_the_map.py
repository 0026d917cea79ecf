"""Correct a wrong row and see it: from the draft's page to the map, to the row, and back to the map."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.journeys.conftest import City, OpenPage
from tests.journeys.test_drafts import MEANT, ODD, PATIENCE_MS, damaged, fits_the_screen
from tests.journeys.test_drafts import WORDS as OPEN

__all__ = ["damaged"]
WORDS = {"zh": "制图后有 1 行经过处理", "en": "1 rows were decided since it was drawn"}
both_ways = pytest.mark.parametrize(
    ("language", "size"), list(itertools.product(("zh", "en"), ("wide", "phone"))), ids=str
)


@both_ways
def test_a_corrected_row_is_seen_at_once(
    open_page: OpenPage, city: City, damaged: Path, language: str, size: str
) -> None:
    page = open_page(language, size, user="demo-technician")
    page.goto(f"{city.address}/imports/")
    page.locator("#id_file").set_input_files(damaged)
    page.locator("#id_reference_year").fill("2021")
    # By the keyboard: the long form of a phone ends under the head of the page, which stays in place.
    page.locator("#upload button.first").press("Enter")
    page.get_by_role("link", name=OPEN[language]["open"]).click(timeout=PATIENCE_MS)
    expect(page).to_have_url(re.compile(r"/imports/\d+/$"), timeout=PATIENCE_MS)
    draft = page.url
    page.locator("#what-now a.first").click()
    page.locator(".asked").locator(f'select[name="code:YOU_SHI_SZ:{ODD}"]').select_option(MEANT)
    page.locator(".asked button.first").click()
    expect(page).to_have_url(draft, timeout=PATIENCE_MS)

    page.locator('form[action$="/draw-map/"] button').click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+/"))
    expect(page.get_by_role("link", name=OPEN[language]["open"])).to_be_visible(timeout=PATIENCE_MS)

    page.goto(f"{draft}rows/31/")
    page.locator("#show-on-map").click()
    box = page.locator("#drafts-box")
    expect(box).to_have_attribute("data-ready", "true", timeout=PATIENCE_MS)
    expect(box).to_have_attribute("data-changed", "")
    expect(box).to_have_attribute("data-findings", re.compile(r"^[1-9]"))
    assert fits_the_screen(page)

    page.goto(f"{draft}rows/31/")
    volume = page.locator('#correct [name="value:HUO_LMGQXJ"]')
    volume.fill(volume.input_value().removeprefix("-"))
    page.locator("#correct button.first").click()
    expect(page.locator("#row-said")).not_to_be_empty(timeout=PATIENCE_MS)
    # By the keyboard: on a phone the answer stands at the top, and the link may lie under the head of the page.
    page.locator("#show-on-map").press("Enter")
    expect(box).to_have_attribute("data-ready", "true", timeout=PATIENCE_MS)
    # Told by its number, row 31 is hidden in the tiles and drawn from its outline: once, and as it is now.
    expect(box).to_have_attribute("data-changed", "31")
    expect(page.locator("#draft-said")).to_contain_text(WORDS[language])
    assert fits_the_screen(page)
