"""Tiles and statistics as people get them: the product's server on loopback, its role check, many connections.

    .venv/bin/python benchmarks/serving.py [--sub-compartments 300000] [--seconds 15] [--home DIRECTORY]

Makes the sample city through the product's own actions (or takes the one in DIRECTORY), starts `senhui serve`, and
lets a separate process ask for tiles over 16 kept connections, each asking again as soon as it has its answer. Each
scenario begins with a fresh server, so what is slow the first time is in the figures. Prints p50 and p99 for a user
of the city and one of a single county, the first and the warm statistics, and 200 different selections without and
with a shape, against the targets. `--answers` runs the selections alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from urllib.error import URLError
from urllib.request import urlopen

TILE_P99_MS, FIRST_STATISTICS_MS, WARM_STATISTICS_P95_MS, ANSWER_P95_MS = 40.0, 1000.0, 200.0, 300.0
USERS = {"city": "demo-viewer", "county": "demo-longquan"}
STATISTICS = ("county", "county,species_group", "township", "species_group,age_group", "land_class,origin", "method")
N_WARM = 200
N_ANSWERS = 200
BREAKDOWNS = "origin,species_group,age_group,land_class,method,protection"
FILTERS = {
    "origin": ("planted", "natural", "planted,-", "coppice,-"),
    "age_group": ("1", "2", "3,4", "5,-"),
    "land_class": ("tree_forest", "bamboo_forest", "tree_forest,special_shrub"),
    "species_group": ("chinese_fir", "masson_pine", "moso_bamboo", "chinese_fir,masson_pine"),
    "protection": ("011", "022", "011,012"),
}
PLACES = ("3311", "3311", "331181", "331126")


def prepare(n_sub_compartments: int) -> None:
    """Make the sample city if it is not there, sign people in, and print what the load needs as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senhui.web.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from pmtiles.reader import MmapSource, all_tiles

    Path(settings.SENHUI_HOME).mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    from senhui.access.queries import areas_for, user_named
    from senhui.atlas import tiles
    from senhui.cli import sample_city
    from senhui.inventory import queries

    sample_city.make(n_sub_compartments=n_sub_compartments)
    release = queries.releases()[0]
    archive = tiles._archive(release.id)
    with tiles.path_of(release.id).open("rb") as file:
        places = [place for place, _ in all_tiles(MmapSource(file))]
    found: dict[str, object] = {"release": release.id, "n": release.manifest["n_sub_compartments"]}
    for scenario, username in USERS.items():
        user = user_named(username)
        assert user is not None
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        areas = areas_for(user, tiles.PERMISSION, on=sample_city.timezone.localdate())
        mine = tiles._permitted(archive, areas)
        paths = [f"/tiles/{release.id}/{z}/{x}/{y}.mvt" for z, x, y in places if archive.places_in(z, x, y) & mine]
        found[scenario] = {
            "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
            "paths": paths,
        }
    print(json.dumps(found))


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, cookie: str) -> tuple[int, int]:
    """Ask once over a kept connection; return status and bytes of the body."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nCookie: {cookie}\r\n\r\n"
    writer.write(head.encode())
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    length = int(headers.get("content-length", 0))
    if length:
        await reader.readexactly(length)
    return int(lines[0].split()[1]), length


async def load(port: int, paths: list[str], cookie: str, *, connections: int, seconds: float) -> dict[str, object]:
    """Keep every connection busy for some seconds; return milliseconds of each answer, bytes and statuses."""
    taken_ms: list[float] = []
    statuses: dict[int, int] = {}
    n_bytes = 0
    end = time.perf_counter() + seconds

    async def one(seed: int) -> None:
        nonlocal n_bytes
        choose = random.Random(seed)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        while (began := time.perf_counter()) < end:
            status, length = await ask(reader, writer, choose.choice(paths), cookie)
            taken_ms.append((time.perf_counter() - began) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
            n_bytes += length
        writer.close()

    await asyncio.gather(*(one(seed) for seed in range(connections)))
    return {"taken_ms": taken_ms, "bytes": n_bytes, "statuses": statuses}


async def ask_statistics(port: int, release: str, cookie: str) -> list[float]:
    """Ask for statistics one after the other; return the milliseconds of each answer, the first first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    taken_ms = []
    for nth in range(N_WARM + 1):
        by = STATISTICS[(nth + 1) % len(STATISTICS)]
        began = time.perf_counter()
        status, _ = await ask(reader, writer, f"/api/v1/releases/{release}/statistics?by={by}", cookie)
        taken_ms.append((time.perf_counter() - began) * 1000)
        assert status == 200, f"statistics by {by} answered {status}"
    writer.close()
    return taken_ms


def questions(*, with_shape: bool) -> list[str]:
    """Return different selections: one to three filters each, half of them in the whole city, some in a shape."""
    choose = random.Random(3)
    found: dict[str, None] = {}
    while len(found) < N_ANSWERS:
        chosen = choose.sample(sorted(FILTERS), choose.randint(0 if with_shape else 1, 3))
        parts = [f"within={choose.choice(PLACES)}", f"by={BREAKDOWNS}"]
        parts += [f"where={dimension}:{choose.choice(FILTERS[dimension])}" for dimension in chosen]
        if with_shape:
            parts.append(f"shape={_star(choose)}")
        found["&".join(parts)] = None
    return list(found)


def _star(choose: random.Random) -> str:
    """Return a shape of 60 points somewhere in the city, from a valley to half of it."""
    lon, lat, size = choose.uniform(118.9, 120.1), choose.uniform(27.7, 28.7), choose.uniform(0.03, 0.6)
    points = []
    for nth in range(60):
        angle, radius = 2 * math.pi * nth / 60, size * (0.8 + 0.2 * (nth % 2))
        points.append(f"{lon + radius * math.cos(angle):.5f},{lat + radius * math.sin(angle):.5f}")
    return ";".join(points)


async def ask_answers(port: int, release: str, cookie: str, *, with_shape: bool) -> list[float]:
    """Ask for different selections one after the other; return the milliseconds of each but the first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    taken_ms = []
    for query in [f"by={BREAKDOWNS}&where=origin:planted", *questions(with_shape=with_shape)]:
        began = time.perf_counter()
        status, _ = await ask(reader, writer, f"/api/v1/releases/{release}/answer?{query}", cookie)
        taken_ms.append((time.perf_counter() - began) * 1000)
        assert status == 200, f"the selection {query} answered {status}"
    writer.close()
    print(f"answers, first {taken_ms[0]:6.1f} ms")
    return taken_ms[1:]


@contextmanager
def server(home: Path) -> Iterator[int]:
    """Serve as the product does, on a free port; end it by its own process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "senhui.cli.main", "serve", "--port", str(port)],
        env={**os.environ, "SENHUI_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def wait_for(port: int) -> None:
    """Wait until the server answers anything."""
    for _ in range(300):
        try:
            with urlopen(f"http://127.0.0.1:{port}/about/", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"no answer on port {port}")


def in_another_process(*arguments: str) -> dict[str, object]:
    """Run a part of this file as a process of its own, so that the load's Python does not slow the server's."""
    run = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def percentile(values: list[float], of_hundred: int) -> float:
    """Return a percentile."""
    return quantiles(values, n=100, method="inclusive")[of_hundred - 1]


def verdict(value: float, target: float) -> str:
    """Say whether a target is met."""
    return f"target ≤ {target:.0f} ms: {'met' if value <= target else 'MISSED'}"


def run_all(home: Path, arguments: argparse.Namespace) -> None:
    """Run the scenarios and print the figures."""
    os.environ["SENHUI_HOME"] = str(home)
    found = in_another_process("--prepare", "--sub-compartments", str(arguments.sub_compartments))
    print(f"release {found['release']}: {found['n']:,} sub-compartments, {arguments.connections} connections")
    for scenario in () if arguments.answers else USERS:
        plan = home / f"{scenario}.json"
        plan.write_text(json.dumps(found[scenario]))
        with server(home) as port:
            result = in_another_process(
                "--load", str(plan), "--port", str(port),
                "--connections", str(arguments.connections), "--seconds", str(arguments.seconds),
            )  # fmt: skip
        plan.unlink()
        taken_ms: list[float] = result["taken_ms"]  # type: ignore[assignment]
        mean_kb = int(str(result["bytes"])) / len(taken_ms) / 1000
        p50, p99 = percentile(taken_ms, 50), percentile(taken_ms, 99)
        print(
            f"tiles, {scenario:7} p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {len(taken_ms) / arguments.seconds:6.0f}/s  "
            f"{mean_kb:5.0f} kB each  status {result['statuses']}  {verdict(p99, TILE_P99_MS)}"
        )
    if not arguments.answers:
        _print_statistics(home, found)
    for with_shape in (False, True):
        with server(home) as port:
            taken_ms = asyncio.run(
                ask_answers(port, str(found["release"]), str(found["city"]["cookie"]), with_shape=with_shape)  # type: ignore[index]
            )
        p95 = percentile(taken_ms, 95)
        print(
            f"answers to {N_ANSWERS} selections {'with a shape' if with_shape else 'without one '} "
            f"p50 {percentile(taken_ms, 50):6.1f} ms  p95 {p95:6.1f} ms  {verdict(p95, ANSWER_P95_MS)}"
        )


def _print_statistics(home: Path, found: dict[str, object]) -> None:
    """Ask a fresh server for statistics and print the figures."""
    with server(home) as port:
        first, *warm = asyncio.run(ask_statistics(port, str(found["release"]), str(found["city"]["cookie"])))  # type: ignore[index]
    print(f"statistics, first {first:6.1f} ms  {verdict(first, FIRST_STATISTICS_MS)}")
    print(
        f"statistics, warm p95 {percentile(warm, 95):6.1f} ms  {verdict(percentile(warm, 95), WARM_STATISTICS_P95_MS)}"
    )


def main() -> None:
    """Run one part or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sub-compartments", type=int, default=300_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--answers", action="store_true", help="only the selections")
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prepare:
        prepare(arguments.sub_compartments)
    elif arguments.load:
        plan = json.loads(arguments.load.read_text())
        result = asyncio.run(
            load(
                arguments.port,
                plan["paths"],
                plan["cookie"],
                connections=arguments.connections,
                seconds=arguments.seconds,
            )
        )
        print(json.dumps(result))
    elif arguments.home:
        run_all(arguments.home.resolve(), arguments)
    else:
        with tempfile.TemporaryDirectory() as directory:
            run_all(Path(directory), arguments)


if __name__ == "__main__":
    main()
