"""From a damaged layer to a measured draft, as a technician does it: map a code, look at the map, correct, exclude."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyogrio
import pytest
from playwright.sync_api import Page, expect
from tests.journeys.conftest import City, OpenPage

COUNTY = "331181"
N_ROWS = 80
PATIENCE_MS = 90_000
"""Until a job has ended or a map is drawn, on a slow machine without a graphics card."""
ODD, MEANT = "CJ9", "310"
WORDS = {
    "zh": {"open": "打开草稿", "sound": "本行已无错误", "out": "已排除", "measured": "已测算"},
    "en": {
        "open": "Open the draft",
        "sound": "no error is left in this row",
        "out": "Excluded.",
        "measured": "measured",
    },
}

both_ways = pytest.mark.parametrize(
    ("language", "size"), list(itertools.product(("zh", "en"), ("wide", "phone"))), ids=str
)


@pytest.fixture
def damaged(city: City, tmp_path: Path) -> Path:
    """Eighty stands of the sample city: a code of its own for fir, two negative volumes."""
    meta, table = pyogrio.read_arrow(city.home / "sample" / "xiaoban_2021.shp", encoding="GB18030")
    outline = meta["geometry_name"] or "wkb_geometry"
    rows = pl.from_arrow(table)
    assert isinstance(rows, pl.DataFrame)
    here = rows.filter(pl.col("XIAN") == COUNTY)
    firs = here.filter(pl.col("YOU_SHI_SZ") == MEANT, pl.col("HUO_LMGQXJ") > 0).head(20)
    others = here.filter(pl.col("YOU_SHI_SZ") != MEANT, pl.col("HUO_LMGQXJ") > 0).head(N_ROWS - firs.height)
    volume = pl.col("HUO_LMGQXJ")
    flawed = (
        pl.concat([firs, others])
        .with_row_index("at")
        .with_columns(
            YOU_SHI_SZ=pl.when(pl.col("YOU_SHI_SZ") == MEANT).then(pl.lit(ODD)).otherwise("YOU_SHI_SZ"),
            HUO_LMGQXJ=pl.when(pl.col("at").is_in([30, 40])).then(-volume).otherwise(volume),
        )
    )
    kept = [name for name in flawed.columns if name != "at" and flawed[name].null_count() < flawed.height]
    path = tmp_path / "damaged.gpkg"
    pyogrio.write_arrow(
        pa.table(flawed.select(kept).to_arrow(compat_level=pl.CompatLevel.oldest())),
        path, driver="GPKG", layer="xiaoban", geometry_name=outline, geometry_type="Unknown", crs="EPSG:4490",
    )  # fmt: skip
    return path


def fits_the_screen(page: Page) -> bool:
    """Return whether nothing sticks out at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@both_ways
def test_a_damaged_layer_is_mapped_corrected_excluded_and_measured(
    open_page: OpenPage, city: City, damaged: Path, language: str, size: str
) -> None:
    words = WORDS[language]
    page = open_page(language, size, user="demo-technician")
    page.goto(f"{city.address}/imports/")
    assert fits_the_screen(page)
    page.locator("#id_file").set_input_files(damaged)
    page.locator("#id_reference_year").fill("2021")
    page.locator("#upload button.first").click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+/"), timeout=PATIENCE_MS)
    page.get_by_role("link", name=words["open"]).click(timeout=PATIENCE_MS)

    expect(page).to_have_url(re.compile(r"/imports/\d+/$"))
    draft = page.url
    page.locator("#what-now a.first").click()
    expect(page).to_have_url(f"{draft}mapping/")
    assert fits_the_screen(page)
    page.locator(".asked").locator(f'select[name="code:YOU_SHI_SZ:{ODD}"]').select_option(MEANT)
    page.locator(".asked button.first").click()
    expect(page).to_have_url(draft, timeout=PATIENCE_MS)

    expect(page.locator("#findings-map[data-ready]")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#findings-map")).to_have_attribute("data-shown", re.compile(r"^[1-9]"))
    assert fits_the_screen(page)
    page.locator("#what-now a.first").click()
    expect(page).to_have_url(re.compile(r"/rows/31/"))
    volume = page.locator('#correct [name="value:HUO_LMGQXJ"]')
    expect(volume).to_have_value(re.compile(r"^-"))
    volume.fill(volume.input_value().removeprefix("-"))
    page.locator("#correct button.first").click()
    expect(page.locator("#row-said")).to_contain_text(words["sound"], timeout=PATIENCE_MS)
    assert fits_the_screen(page)

    page.locator("#next-row").focus()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"/rows/41/"))
    page.locator("#exclude-reason").fill("burnt in 2023")
    page.locator("#exclude button.danger").click()
    expect(page.locator("#row-said")).to_contain_text(words["out"], timeout=PATIENCE_MS)
    expect(page.locator(".history")).to_contain_text("burnt in 2023")

    page.goto(draft)
    page.locator('form[action$="/measure/"] button').click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+/"))
    page.get_by_role("link", name=words["open"]).click(timeout=PATIENCE_MS)
    expect(page.locator(".state-measured")).to_contain_text(words["measured"])


def test_a_click_on_the_map_of_findings_leads_to_the_row(open_page: OpenPage, city: City, damaged: Path) -> None:
    page = open_page("en", "wide", user="demo-technician")
    page.goto(f"{city.address}/imports/")
    page.locator("#id_file").set_input_files(damaged)
    page.locator("#id_reference_year").fill("2021")
    page.locator("#upload button.first").click()
    page.get_by_role("link", name=WORDS["en"]["open"]).click(timeout=PATIENCE_MS)
    page.locator("#what-now a.first").click()
    page.locator(".asked").locator(f'select[name="code:YOU_SHI_SZ:{ODD}"]').select_option(MEANT)
    page.locator(".asked button.first").click()
    page.locator("#findings-map-reason").select_option("value_negative")
    draft = page.url
    rows = page.request.get(
        f"{city.address}/api/v1/drafts/{re.findall(r'[0-9]+', draft)[-1]}/findings.geojson"
        "?bbox=117,26,121,30&reason=value_negative"
    ).json()["features"]
    assert {feature["properties"]["row"] for feature in rows} == {31, 41}
    expect(page.locator('#findings-map[data-shown="2"]')).to_be_visible(timeout=PATIENCE_MS)
