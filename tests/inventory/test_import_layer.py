"""A file becomes a draft, wholly or not at all, and only on one's own land."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.rules import PermissionRefused
from senhui.intake import ImportProfile
from senhui.inventory import queries
from senhui.inventory.actions.discard_draft import discard_draft
from senhui.inventory.actions.import_layer import import_layer, sweep_orphans
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.models import Draft
from senhui.inventory.refusals import DraftFilesMissing, DraftIsClosed
from senhui.jobs.actions.cancel_job import cancel_job
from senhui.jobs.actions.start_job import start_job

pytestmark = pytest.mark.database
Person = Callable[..., Any]


def imported(actor: Any, path: Path) -> queries.DraftInfo:
    return import_layer(actor, path=path, original_name=path.name, reference_year=2021, now=NOW, progress=quiet)


def nothing_was_kept(senhui_home: Path) -> bool:
    return not Draft.objects.exists() and not list((senhui_home / "drafts").glob("*"))


def test_a_technician_imports_a_layer_of_the_own_county(person: Person, layer: Path) -> None:
    draft = imported(person("lin", technician=LONGQUAN), layer)
    assert (draft.n_rows, draft.n_errors, draft.state) == (12, 0, "imported")
    assert draft.area_ha == pytest.approx(48.0)
    stands = pl.read_parquet(draft.directory / "stands.parquet")
    assert stands["species_group"].unique().sort().to_list() == ["chinese_fir", "masson_pine", "mixed_conifer"]


def test_a_layer_outside_the_own_county_is_refused_and_nothing_is_kept(
    person: Person, tmp_path: Path, senhui_home: Path
) -> None:
    other = write_layer(tmp_path / "qingyuan.gpkg", county=QINGYUAN)
    with pytest.raises(LayerOutsideYourAreas) as refusal:
        imported(person("lin", technician=LONGQUAN), other)
    assert refusal.value.township_codes == [f"{QINGYUAN}103"]
    assert nothing_was_kept(senhui_home)


def test_a_viewer_may_not_import(person: Person, layer: Path, senhui_home: Path) -> None:
    with pytest.raises(PermissionRefused):
        imported(person("wang", viewer="3311"), layer)
    assert nothing_was_kept(senhui_home)


def test_errors_are_counted_and_listed_with_their_remedy(person: Person, tmp_path: Path) -> None:
    damaged = write_layer(tmp_path / "damaged.gpkg", n=12, YOU_SHI_SZ=["310", "610"] * 5 + ["310", "999"])
    draft = imported(person("lin", technician=LONGQUAN), damaged)
    found = queries.findings(draft).filter(pl.col("severity") == "error")
    assert draft.n_errors == found.height == 1
    assert found.row(0, named=True)["row"] == 12
    assert found.row(0, named=True)["field"] == "YOU_SHI_SZ"
    assert found.row(0, named=True)["value"] == "999"
    assert found.row(0, named=True)["remedy_en"]


def test_drafts_are_seen_only_by_those_who_work_on_that_land(person: Person, layer: Path) -> None:
    draft = imported(person("lin", technician=LONGQUAN), layer)
    on = NOW.date()
    neighbour = person("zhou", technician=QINGYUAN)
    assert queries.drafts(neighbour, on=on) == []
    with pytest.raises(queries.NoSuchDraft):
        queries.draft(neighbour, draft.id, on=on)
    assert [info.id for info in queries.drafts(person("chen", reviewer="3311"), on=on)] == [draft.id]


def test_a_layer_of_nothing_but_errors_is_seen_by_its_importer_alone(person: Person, tmp_path: Path) -> None:
    damaged = write_layer(tmp_path / "damaged.gpkg", n=3, YOU_SHI_SZ=["999"] * 3)
    technician = person("lin", technician=LONGQUAN)
    profile = ImportProfile(species_code_system="nfi")
    draft = import_layer(
        technician, path=damaged, original_name="x", reference_year=2021, profile=profile, now=NOW, progress=quiet
    )
    assert (draft.n_rows, draft.n_errors) == (3, 3)
    assert [info.id for info in queries.drafts(technician, on=NOW.date())] == [draft.id]
    assert queries.drafts(person("hu", technician=LONGQUAN), on=NOW.date()) == []


def test_a_layer_that_calls_itself_sample_data_stays_sample_data(person: Person, tmp_path: Path) -> None:
    remarks = ["", "示例数据 sample data", *[""] * 10]
    technician = person("lin", technician=LONGQUAN)
    assert imported(technician, write_layer(tmp_path / "sample.gpkg", Remarks=remarks)).is_sample
    assert not imported(technician, write_layer(tmp_path / "real.gpkg", Remarks=[""] * 12)).is_sample


def test_a_discarded_draft_leaves_its_row_and_no_files(person: Person, layer: Path) -> None:
    technician = person("lin", technician=LONGQUAN)
    draft = imported(technician, layer)
    directory = draft.directory
    discard_draft(technician, draft_id=draft.id, now=NOW)
    discarded = queries.draft(technician, draft.id, on=NOW.date())
    assert discarded.state == "discarded"
    assert not directory.exists()
    with pytest.raises(DraftIsClosed):
        _ = discarded.directory


def test_files_of_a_draft_that_are_gone_are_missed_by_name(person: Person, layer: Path) -> None:
    technician = person("lin", technician=LONGQUAN)
    draft = imported(technician, layer)
    shutil.rmtree(draft.directory)
    for read in (
        lambda: queries.findings(draft),
        lambda: queries.draft_errors(technician, draft.id, on=NOW.date()),
        lambda: queries.draft_mapping(technician, draft.id, on=NOW.date()),
    ):
        with pytest.raises(DraftFilesMissing, match=f"senhui discard {draft.id}"):
            read()
    discard_draft(technician, draft_id=draft.id, now=NOW)
    assert queries.draft(technician, draft.id, on=NOW.date()).state == "discarded"


def test_a_kill_between_files_and_row_leaves_nothing_a_reader_finds(
    person: Person, layer: Path, senhui_home: Path
) -> None:
    """A directory of files without a row is an orphan: no query shows it, and the sweep removes it."""
    orphan = senhui_home / "drafts" / "orphan"
    orphan.mkdir(parents=True)
    (orphan / "stands.parquet").write_bytes(b"PAR1")
    upload = senhui_home / "uploads" / "of-a-cancelled-job"
    upload.mkdir(parents=True)
    long_ago = time.time() - 2 * 24 * 3600
    for left in (orphan, upload):
        os.utime(left, (long_ago, long_ago))
    draft = imported(person("lin", technician=LONGQUAN), layer)
    assert not orphan.exists()
    assert not upload.exists()
    assert draft.directory.exists()
    assert sweep_orphans(older_than_s=0) == 0


def test_an_upload_whose_job_still_waits_is_not_swept(person: Person, senhui_home: Path) -> None:
    """A queue may stand for days; its files are older than the sweep's limit and must still be there."""
    technician = person("lin", technician=LONGQUAN)
    uploads = {name: senhui_home / "uploads" / name for name in ("queued", "over")}
    long_ago = time.time() - 2 * 24 * 3600
    for name, upload in uploads.items():
        upload.mkdir(parents=True)
        arguments = {"path": str(upload / "layer.gpkg"), "original_name": "x", "reference_year": 2021}
        job_id = start_job(technician, "inventory.import_layer", arguments, title=name, now=NOW)
        os.utime(upload, (long_ago, long_ago))
    cancel_job(technician, job_id=job_id, now=NOW)
    assert sweep_orphans() == 1
    assert uploads["queued"].exists()
    assert not uploads["over"].exists()


def test_kill_9_while_files_are_written_leaves_no_draft_directory(tmp_path: Path) -> None:
    """A real process, killed while it fills a directory: only a hidden partial directory may remain."""
    target = tmp_path / "drafts" / "one"
    script = textwrap.dedent(
        f"""
        import pathlib, time
        from senhui.inventory.store import finish, unfinished
        with unfinished(pathlib.Path({str(target.parent)!r})) as directory:
            (directory / "stands.parquet").write_bytes(b"half")
            print("inside", flush=True)
            time.sleep(60)
            finish(directory, pathlib.Path({str(target)!r}))
        """
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "senhui.web.settings", "SENHUI_HOME": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"inside"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not target.exists()
    left = [path.name for path in target.parent.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".")
