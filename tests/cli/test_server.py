"""The first command of the README, as a person runs it: a new home, real processes, and pages that answer."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(address: str, *, within_s: float) -> tuple[int, str]:
    """Ask until somebody answers; an answer that does not come fails the test."""
    end = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(address, timeout=within_s) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """Serve a new sample city; give its address, its log and its process."""
    home = tmp_path_factory.mktemp("home")
    log = home / "log"
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SENHUI_") and name != "DJANGO_SETTINGS_MODULE"
    }
    command = [sys.executable, "-m", "senhui.cli.main", "demo", "--sub-compartments", "2000", "--port", str(port)]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, env={**environment, "SENHUI_HOME": str(home / "var")}, stdout=stream, stderr=subprocess.STDOUT
        )
    yield f"http://127.0.0.1:{port}", log, process
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)


def test_every_page_answers_after_the_first_start(place: tuple[str, Path, subprocess.Popen[bytes]]) -> None:
    """Pages that calculate hang if the server was forked from a process that had calculated."""
    base, _, _ = place
    assert answer(base, within_s=120)[0] == 200
    for page in ("/statistics/", "/api/v1/releases/2021-2/choropleth/county", "/releases/2021-2/", "/about/"):
        assert answer(base + page, within_s=60)[0] == 200


def test_each_sign_in_link_is_printed_for_one_person(place: tuple[str, Path, subprocess.Popen[bytes]]) -> None:
    base, log, _ = place
    answer(base, within_s=120)
    links = re.findall(r"^ +(demo-\w+) +\w+ +(http\S+)$", log.read_text(), flags=re.MULTILINE)
    assert [name for name, _ in links] == [
        "demo-admin", "demo-technician", "demo-reviewer", "demo-longquan", "demo-viewer",
    ]  # fmt: skip
    assert len({link for _, link in links}) == 5
    assert all(answer(link, within_s=60)[0] == 200 for _, link in links)


def test_a_worker_that_dies_is_started_again(place: tuple[str, Path, subprocess.Popen[bytes]]) -> None:
    base, _, process = place
    answer(base, within_s=120)

    def workers() -> list[int]:
        found = []
        for children in Path(f"/proc/{process.pid}/task").glob("*/children"):
            for child in children.read_text().split():
                with contextlib.suppress(OSError):
                    words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                    found += [int(child)] if b"work" in words else []
        return found

    first = workers()
    assert len(first) == 1
    os.kill(first[0], signal.SIGKILL)
    end = time.monotonic() + 60
    while (now := workers()) in ([], first):
        assert time.monotonic() < end, "no new worker"
        time.sleep(0.2)
    assert len(now) == 1


def test_a_second_server_on_the_same_port_is_refused(place: tuple[str, Path, subprocess.Popen[bytes]]) -> None:
    base, _, _ = place
    answer(base, within_s=120)
    port = base.rsplit(":", 1)[1]
    second = subprocess.run(
        [sys.executable, "-m", "senhui.cli.main", "serve", "--port", port],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert second.returncode == 1
    assert "already listens" in " ".join(second.stderr.split())
