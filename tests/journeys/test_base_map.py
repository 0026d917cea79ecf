"""A base map by configuration: switched on it is asked, and it alone; one that fails says so and the map goes on."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect
from tests.journeys.conftest import SIZES, City, _wait_for

PATIENCE_MS = 90_000


def plain_picture(n: int = 256) -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\xb9\xd7\xa8" * n) * n
    head = struct.pack(">IIBBBBB", n, n, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Tiles(BaseHTTPRequestHandler):
    """Answers every address with a plain picture, or with a failure."""

    asked: list[str] = []
    fails = False

    def do_GET(self) -> None:
        """Answer one tile."""
        self.asked.append(self.path)
        self.send_response(503 if Tiles.fails else 200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        if not Tiles.fails:
            self.wfile.write(plain_picture())

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def tiles() -> Iterator[str]:
    """A second server of this machine, with tiles."""
    Tiles.asked, Tiles.fails = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def served(city: City, tiles: str) -> Iterator[str]:
    """The sample city, served once more with that base map."""
    port = free_port()
    environment = {
        **city.environment,
        "SENHUI_BASEMAP_URL": f"{tiles}/{{z}}/{{x}}/{{y}}.png",
        "SENHUI_BASEMAP_ATTRIBUTION": "Survey office",
        "SENHUI_BASEMAP_CRS": "CGCS2000",
    }
    command = [sys.executable, "-m", "senhui.cli.main", "serve", "--port", str(port)]
    with open(os.devnull, "w") as nowhere:
        server = subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere)
        try:
            _wait_for(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=15)


@pytest.mark.parametrize("fails", [False, True])
def test_only_what_is_switched_on_is_asked_and_a_failure_is_said(
    browser: Browser, served: str, tiles: str, fails: bool
) -> None:
    Tiles.fails = fails
    width, height = SIZES["wide"]
    context = browser.new_context(locale="en-GB", viewport={"width": width, "height": height})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(served)
    expect(page.locator("#base-box")).to_be_visible(timeout=PATIENCE_MS)
    assert Tiles.asked == []
    page.get_by_label("Survey office").check()
    if fails:
        expect(page.locator("#base-said")).to_contain_text("does not answer", timeout=PATIENCE_MS)
        expect(page.locator("#map[data-ready]")).to_be_visible()
        page.get_by_label("Own boundaries").check()
        expect(page.locator("#base-said")).to_be_empty()
    else:
        expect(page.locator("#base-said")).to_contain_text("Survey office")
        page.wait_for_function("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('.png'))")
    assert Tiles.asked
    assert all(url.startswith((served, tiles, "data:", "blob:")) for url in asked)
    context.close()
