"""No page breaks a rule of WCAG 2.1 A and AA, in light and dark. The map's own scan is in ``test_map.py``."""

from __future__ import annotations

import re
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from tests.journeys.conftest import City, OpenPage

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PAGES = (
    "/statistics/?by=county&measure=all", "/releases/", "/releases/{release}/", "/releases/{release}/error/",
    "/releases/{release}/parameters/", "/releases/{release}/derivations/0/", "/changes/", "/changes/{change}/",
    "/targets/", "/minute/", "/parameters/", "/parameters/land_classes/", "/about/", "/sign-in/", "/map/sheet/",
    "/imports/", "/imports/1/", "/imports/1/mapping/", "/events/", "/declarations/", "/overlays/", "/no-page/",
)  # fmt: skip


def _first(city: City, page: str, pattern: str) -> str:
    text = urllib.request.urlopen(f"{city.address}{page}").read().decode()
    found = re.search(pattern, text)
    assert found, f"{page} links to {pattern}"
    return found[1]


def _broken_rules(page: Page, run_only: object) -> list[tuple[str, str]]:
    found = Axe().run(page, options={"runOnly": run_only, "resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


@pytest.mark.parametrize(
    ("language", "size", "scheme", "other_scheme"),
    [("zh", "wide", "light", "dark"), ("en", "phone", "dark", "light")],
)
def test_no_page_breaks_a_rule(
    open_page: OpenPage, city: City, language: str, size: str, scheme: str, other_scheme: str
) -> None:
    """Both languages and sizes; in the other scheme only the colours are looked at again."""
    names = {
        "release": _first(city, "/releases/", r'href="/releases/([^/"]+)/"'),
        "change": _first(city, "/changes/", r'href="/changes/([^/"]+)/"'),
    }
    page = open_page(language, size, user="demo-technician")
    page.emulate_media(reduced_motion="reduce")  # or a colour on its way to another would be looked at
    wrong = {}
    for template in PAGES:
        address = template.format(**names)
        page.goto(f"{city.address}{address}")
        page.emulate_media(color_scheme=scheme)
        broken = _broken_rules(page, RULES)
        page.emulate_media(color_scheme=other_scheme)
        broken += _broken_rules(page, {"type": "rule", "values": ["color-contrast"]})
        if broken:
            wrong[address] = broken
    assert wrong == {}
