"""A process killed at any moment leaves the store as it was before, or as it is after: never between.

A real process does an action and gets SIGKILL after a part of the time that the action takes when nobody disturbs it;
the parts are spread over the whole, with a seed, so that a failure can be seen again.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.inventory.damaged import imported
from tests.small_layer import LONGQUAN, NOW, quiet, write_layer

from senhui.access.models import AuditEntry
from senhui.inventory import queries
from senhui.inventory.actions.import_layer import sweep_orphans
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.release_draft import release_draft
from senhui.inventory.models import Draft, Release, RowDecision
from senhui.inventory.verification import recalculate

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("database_for_processes")]
Person = Callable[..., Any]
ROOT = Path(__file__).parents[2]
KINDS = ("import", "map", "correct", "measure", "release")
N_STANDS = 400
"""Enough that writing takes a while, few enough for a kill each second."""


@dataclass
class Store:
    """The people and the layer of one test."""

    home: Path
    layer: Path
    lin: Any
    chen: Any

    def start(self, kind: str) -> subprocess.Popen[str]:
        """Make what the action needs and start its process; it returns when the action begins."""
        action = kind.rstrip("!")
        draft = None if action == "import" else imported(self.lin, self.layer)
        if draft is not None and action in {"release", "correct"}:
            measure_draft(self.lin, draft_id=draft.id, now=NOW, progress=quiet)
        name = "chen" if action == "release" else "lin"
        argument = str(self.layer) if draft is None else str(draft.id)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.races.work", kind, name, argument],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def kill_after(self, kind: str, seconds: float) -> bool:
        """Start an action, kill it, and return whether it had said that it was done."""
        process = self.start(kind)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0]
        return "done" in said

    def check(self) -> None:
        """Assert that every row has its files, every reader's file its row, and every action its audit entry."""
        for row in Draft.objects.all():
            directory = self.home / "drafts" / row.directory_name
            names = {"source_fields.parquet", "outlines.parquet", "notes.parquet", "stands.parquet", "findings.parquet"}
            names |= {"measured.parquet", "derivations.json"} if row.state in {"measured", "released"} else set()
            assert names <= {path.name for path in directory.iterdir()}
            info = queries.draft(self.lin, row.pk, on=NOW.date())
            assert queries.findings(info).filter(queries.findings(info)["severity"] == "error").height == (
                row.n_open_errors
            )
            assert (row.measurement is not None) == (row.state in {"measured", "released"})
            done = list(AuditEntry.objects.filter(subject=f"draft {row.pk}").values_list("action", flat=True))
            assert done.count("inventory.import_layer") == 1
            assert done.count("inventory.map_draft") == row.mapping_no - 1
            assert done.count("inventory.correct_row") == RowDecision.objects.filter(draft=row).count()
        for release in Release.objects.all():
            assert release.draft.state == "released"
            assert AuditEntry.objects.filter(subject=f"release {release.pk}").count() == 1
            assert recalculate(release.pk).differs_in == ()
        assert Draft.objects.filter(state="released").count() == Release.objects.count()
        for directory in (self.home / "releases").glob("[!.]*"):
            if not Release.objects.filter(pk=directory.name).exists():
                with pytest.raises(queries.NoSuchRelease):
                    queries.scan(directory.name)

    def check_that_work_goes_on(self) -> None:
        """Assert that what a kill left is swept, and that the whole way works as if nothing had been."""
        draft = imported(self.lin, self.layer)
        measure_draft(self.lin, draft_id=draft.id, now=NOW, progress=quiet)
        for row in Draft.objects.filter(state="measured"):
            release_draft(self.chen, draft_id=row.pk, label="Test", now=NOW, progress=quiet)
        sweep_orphans(older_than_s=0)
        assert {path.name for path in (self.home / "drafts").iterdir()} == set(
            Draft.objects.values_list("directory_name", flat=True)
        )
        assert {path.name for path in (self.home / "releases").iterdir()} == set(
            Release.objects.values_list("pk", flat=True)
        )
        self.check()


@pytest.fixture
def store(person: Person, tmp_path: Path, senhui_home: Path) -> Store:
    """A technician, a reviewer, and a layer of which no row is wrong."""
    areas = {"YOU_SHI_SZ": (["310", "220", "610"] * N_STANDS)[:N_STANDS]}
    layer = write_layer(tmp_path / "stands.gpkg", n=N_STANDS, **areas)
    return Store(senhui_home, layer, person("lin", technician=LONGQUAN), person("chen", reviewer="3311"))


def undisturbed_s(store: Store, kind: str) -> float:
    """Return how long an action takes that nobody kills, s."""
    process = store.start(kind)
    begun_s = time.monotonic()
    assert process.stdout is not None
    assert process.stdout.readline() == "done\n"
    took_s = time.monotonic() - begun_s
    assert process.wait() == 0
    return took_s


def kill_many(store: Store, kinds: tuple[str, ...], *, n_each: int, seed: int) -> None:
    dice = random.Random(seed)
    for kind in kinds:
        took_s = undisturbed_s(store, kind)
        for part in range(n_each):
            moment_s = took_s * (part + dice.random()) / n_each
            rows = Draft.objects.count(), Release.objects.count(), AuditEntry.objects.count()
            is_done = store.kill_after(kind, moment_s)
            store.check()
            if is_done:
                assert (Draft.objects.count(), Release.objects.count(), AuditEntry.objects.count()) > rows
    store.check_that_work_goes_on()


@pytest.mark.parametrize("kind", ["import", "measure", "release"])
def test_a_kill_leaves_the_store_as_before_or_as_after(store: Store, kind: str) -> None:
    kill_many(store, (kind,), n_each=1, seed=3)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_many_kills_leave_the_store_as_before_or_as_after(store: Store, kind: str) -> None:
    """Twenty kills of an import, the longest way; eight of each other action."""
    kill_many(store, (kind,), n_each=20 if kind == "import" else 8, seed=7)


@pytest.mark.parametrize("kind", ["import", "map", "measure", "release"])
def test_files_that_have_their_name_without_a_row_are_nobodys(store: Store, kind: str) -> None:
    """Killed at the worst moment: the directory has its name, and nothing is committed yet."""
    process = store.start(f"{kind}!")
    before = list(Draft.objects.values()), Release.objects.count(), AuditEntry.objects.count()
    assert process.wait() == -signal.SIGKILL
    assert (list(Draft.objects.values()), Release.objects.count(), AuditEntry.objects.count()) == before
    named = {path.name for root in ("drafts", "releases") for path in (store.home / root).glob("[!.]*")}
    nobodys = named - set(Draft.objects.values_list("directory_name", flat=True))
    assert nobodys
    store.check()
    store.check_that_work_goes_on()
