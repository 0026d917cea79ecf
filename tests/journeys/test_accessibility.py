"""Pages for everybody: by keyboard alone, without scripts, without WebGL; and no page asks another host."""

from __future__ import annotations

import re
import urllib.request

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.conftest import City, OpenPage, watch

READY = "#map[data-ready]"
FIRST_VISIT_MS = 150_000
SLOW_MS = 60_000
CONTROLS = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((one) => !one.disabled && !one.closest('[inert]') && one.checkVisibility({ visibilityProperty: true })
    && one.tabIndex >= 0 && !(one.type === 'radio' && !one.checked))
  .map((one, n) => (one.dataset.met = n, one.outerHTML.slice(0, 120)))"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one);
  const is_seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return [one.dataset.met ?? null, is_seen, one.outerHTML.slice(0, 120)];
}"""


@pytest.fixture
def addresses(city: City) -> dict[str, str]:
    """Return where the newest release and the comparison of the sample city are."""

    def first(page: str, pattern: str) -> str:
        text = urllib.request.urlopen(f"{city.address}{page}").read().decode()
        return sorted(re.findall(pattern, text))[-1]

    return {
        "release": first("/releases/", r'"(/releases/[^"/]+/)"'),
        "change": first("/changes/", r'"(/changes/[^"/]+_[^"/]+/)"'),
    }


def visit(page: Page, city: City, address: str) -> None:
    # A new document, also where only the state behind the address differs.
    page.goto("about:blank")
    page.goto(f"{city.address}{address}", timeout=FIRST_VISIT_MS)


@pytest.mark.parametrize("address", ["/statistics/", "/imports/1/", "/map/sheet/", "{change}"])
def test_the_tab_key_reaches_every_control_and_one_sees_where_it_is(
    open_page: OpenPage, city: City, addresses: dict[str, str], address: str
) -> None:
    page = open_page("zh", "wide", user="demo-technician")
    visit(page, city, address.format(**addresses))
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    controls = page.evaluate(CONTROLS)
    met, unseen = {"0"}, []
    for _ in range(len(controls) + 5):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or focused[0] == "0":
            break
        met.add(focused[0])
        if not focused[1]:
            unseen.append(focused[2])
    assert unseen == []
    assert [one for n, one in enumerate(controls) if str(n) not in met] == []
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_dialog_keeps_the_focus_and_gives_it_back(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide", user="demo-technician")
    visit(page, city, "/")
    page.wait_for_selector(READY, timeout=SLOW_MS)
    menu = page.locator("#draw-box summary").first
    menu.focus()
    page.keyboard.press("Enter")
    page.locator("#draw-box").get_by_role("button", name="corners").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#corners")
    expect(dialog).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        # Past the last control the browser's own bar follows, which is no part of the page.
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_request_to_another_host_would_be_noticed(browser: Browser, city: City) -> None:
    """The check that ends every journey fails where a page asks another host, runs into its policy, or breaks."""
    complaints: list[str] = []
    context = browser.new_context()
    watch(context, city.address, complaints)
    page = context.new_page()
    context.route("**/deliberate/", lambda route: route.fulfill(
        content_type="text/html", body='<img src="http://elsewhere.invalid/a.png"><script>nothing.at.all()</script>'
    ))  # fmt: skip
    page.goto(f"{city.address}/deliberate/")
    page.goto(f"{city.address}/about/")
    page.evaluate("fetch('http://elsewhere.invalid/').catch(() => null)")
    page.wait_for_timeout(200)
    context.close()
    assert "request to http://elsewhere.invalid/a.png" in complaints
    assert any("script error" in complaint for complaint in complaints)
    assert any("Content Security Policy" in complaint for complaint in complaints)


def test_files_of_statistics_and_sheet_come_from_this_host(open_page: OpenPage, city: City) -> None:
    """The journey itself fails at a request to another host; wall, minute and charts are opened above."""
    page = open_page("en", "wide", user="demo-technician")
    for address, link in (("/statistics/", "a[href*='table.csv']"), ("/map/sheet/", "a[href*='sheet.png']")):
        visit(page, city, address)
        with page.expect_download(timeout=SLOW_MS) as download:
            page.locator(link).first.click()
        assert download.value.url.startswith(city.address)
        assert download.value.path().stat().st_size > 100


def test_without_scripts_the_numbers_of_the_map_are_a_link_away(browser: Browser, city: City) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    visit(page, city, "/")
    page.locator("#panel").get_by_role("link", name="Statistics").click()
    expect(page.locator("main td.number").first).to_have_text(re.compile(r"\d"))
    context.close()


def test_without_webgl_the_panel_still_tells_its_numbers(open_page: OpenPage, city: City) -> None:
    page = open_page("en", "wide")
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : get.call(this, kind, ...more); };"
    )
    visit(page, city, "/")
    expect(page.locator("#map")).to_contain_text("WebGL is off")
    expect(page.locator("#panel .figure.main .value")).to_have_text(re.compile(r"\d"))
