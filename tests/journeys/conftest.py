"""A small sample city, served as people meet it, and a real Chromium that may speak to nobody else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
N_SUB_COMPARTMENTS = 2000
PATIENCE_S = 60
# What is right at once stays right; a busy machine of two cores only needs longer to show it.
expect.set_options(timeout=20_000)
LINK_SCRIPT = """
import sys, django
django.setup()
import datetime as dt
from senhui.access.actions.create_sign_in_link import create_sign_in_link
from senhui.access.queries import user_named
print(create_sign_in_link(user_named(sys.argv[1]), now=dt.datetime.now(dt.UTC), valid_for=dt.timedelta(hours=1)))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this directory, and skip it where there is no Chromium."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not Path(CHROMIUM).exists():
                item.add_marker(pytest.mark.skip(reason="no Chromium here: apt-get install chromium fonts-noto-cjk"))


@dataclass(frozen=True)
class City:
    """The served sample city: where it answers, and where its files lie."""

    address: str
    home: Path
    environment: dict[str, str]

    def sign_in_address(self, username: str) -> str:
        """Return a fresh one-time link of one of the sample city's people."""
        command = [sys.executable, "-c", LINK_SCRIPT, username]
        token = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout
        return f"{self.address}/sign-in/{token.strip()}/"


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Make the sample city by the product's own command and serve it with its job worker."""
    home = tmp_path_factory.mktemp("city")
    environment = {**os.environ, "SENHUI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "senhui.web.settings"}
    environment.pop("SENHUI_DATABASE_URL", None)
    senhui = [sys.executable, "-m", "senhui.cli.main"]
    demo = [*senhui, "demo", "--sub-compartments", str(N_SUB_COMPARTMENTS), "--no-serve"]
    subprocess.run(demo, env=environment, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (home / "server.log").open("w")
    server = subprocess.Popen([*senhui, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield City(address, home, environment)
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(PATIENCE_S * 2):
        assert server.poll() is None, "the server ended before it answered"
        try:
            urllib.request.urlopen(f"{address}/about/", timeout=5)
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the server did not answer within {PATIENCE_S} s")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]


def watch(context: BrowserContext, address: str, complaints: list[str]) -> None:
    """Note each request to another host, each script that failed, and what the policy of a page blocked."""

    def request_made(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            complaints.append(f"request to {request.url}")

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    context.on("request", request_made)
    context.on("weberror", lambda error: complaints.append(f"script error: {error.error}"))
    context.on("console", said)


@pytest.fixture
def open_page(browser: Browser, city: City) -> Iterator[OpenPage]:
    """Open a page in a language and size: ``open_page("zh", "phone", user="demo-viewer")``.

    At the end: no request left the host, no script failed, and the policy of the page blocked nothing of ours.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(language: str, size: str, *, user: str | None = None) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            locale={"zh": "zh-CN", "en": "en-GB"}[language],
            viewport={"width": width, "height": height},
            is_mobile=size == "phone",
            has_touch=size == "phone",
            accept_downloads=True,
        )
        contexts.append(context)
        watch(context, city.address, complaints)
        page = context.new_page()
        if user is not None:
            page.goto(city.sign_in_address(user))
            page.locator("main form button").click()
            # Else the answer to the form would end whatever the journey opens first.
            page.wait_for_url(lambda url: "/sign-in/" not in url, wait_until="commit")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
