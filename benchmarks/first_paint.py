"""How soon the map is there: from the end of the HTML to the first picture of the map, in a real browser.

    .venv/bin/python benchmarks/first_paint.py [--sub-compartments 300000] [--times 7] [--home DIRECTORY]

Makes the sample city (or takes the one in DIRECTORY), serves it as the product does, and opens the map in Chromium
without a graphics card: WebGL is drawn by the processor. Each opening is a browser context of its own, so nothing is
in its cache. What ends the clock is the first frame in which the outlines of the view have their colours (for a view
close by, in which its tiles of sub-compartments are drawn): the page sets the mark ``map-drawn``. Printed: the median
and the slowest of several openings against the target, and their ratio to it. The charts' library must not have been
asked for by then.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from serving import in_another_process, server

FIRST_PAINT_MS = 2000.0
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-background-networking",
]  # fmt: skip
VIEWS = {
    "the city, public": ("", False),
    "the city, a role": ("", True),
    "close by, a role": ("#map=13.00/28.07000/119.13000", True),
}
TIMES = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const mark = performance.getEntriesByName("map-drawn")[0].startTime;
    const early = performance.getEntriesByType("resource").filter((one) => one.startTime < mark);
    return {
        html: page.responseEnd,
        first: mark - page.responseEnd,
        requests: early.length,
        kilobytes: early.reduce((sum, one) => sum + one.encodedBodySize, 0) / 1000,
        charts: early.filter((one) => one.name.includes("echarts")).length,
    };
}"""


def opened(browser: Browser, address: str, *, cookie: tuple[str, str] | None) -> dict[str, Any]:
    """Open the map with an empty cache and return the milliseconds."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    if cookie is not None:
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address.split("#", maxsplit=1)[0]}])
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#map[data-drawn]", timeout=60_000)
    found = dict(page.evaluate(TIMES))
    context.close()
    return found


def run(home: Path, *, n_sub_compartments: int, times: int) -> None:
    """Open every view several times and print the figures."""
    os.environ["SENHUI_HOME"] = str(home)
    found = in_another_process("--prepare", "--sub-compartments", str(n_sub_compartments))
    name, _, value = found["city"]["cookie"].partition("=")  # type: ignore[index]
    print(f"release {found['release']}: {found['n']:,} sub-compartments, software rendering, {times} openings each")
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    with server(home) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        address = f"http://127.0.0.1:{port}/"
        opened(browser, address, cookie=None)  # the server's first answer is the server's benchmark
        for view, (where, has_role) in VIEWS.items():
            cookie = (name, value) if has_role else None
            runs = [opened(browser, address + where, cookie=cookie) for _ in range(times)]
            assert not any(one["charts"] for one in runs), "the charts came before the map"
            first = [one["first"] for one in runs]
            middle = median(first)
            print(
                f"{view:18} first picture {middle:6.0f} ms after the HTML, slowest {max(first):6.0f} ms "
                f"(HTML {median(one['html'] for one in runs):4.0f} ms, {runs[0]['requests']} requests, "
                f"{runs[0]['kilobytes']:.0f} kB)  target ≤ {FIRST_PAINT_MS:.0f} ms: "
                f"ratio {middle / FIRST_PAINT_MS:.2f}, {'met' if middle <= FIRST_PAINT_MS else 'MISSED'}"
            )
        browser.close()


def main() -> None:
    """Take a home or make one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sub-compartments", type=int, default=300_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    facts = {"n_sub_compartments": arguments.sub_compartments, "times": arguments.times}
    if arguments.home:
        run(arguments.home.resolve(), **facts)
    else:
        with tempfile.TemporaryDirectory() as directory:
            run(Path(directory), **facts)


if __name__ == "__main__":
    main()
