"""An import that stopped for want of an answer keeps its file: the answer goes on with it, without another upload."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override
from tests.small_layer import LONGQUAN, quiet, write_layer

from senhui.access.queries import user_named
from senhui.intake import LayerRefused
from senhui.intake.coordinate_system import NoCoordinateSystem
from senhui.intake.datum import DatumChangeNeeded
from senhui.inventory.actions.import_layer import sweep_orphans
from senhui.inventory.jobs import import_uploaded_layer
from senhui.inventory.queries import drafts
from senhui.jobs import queries
from senhui.jobs.models import Job
from senhui.jobs.refusal import WorkerDied, as_data
from senhui.web import kept_uploads
from senhui.web.job_titles import title_of

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:'crs' was not provided"),
]
Browse = Callable[..., Client]
Person = Callable[..., Any]


@pytest.fixture
def lin(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def nowhere(tmp_path: Path) -> SimpleUploadedFile:
    """Twelve stands that do not say in which coordinate system they lie."""
    path = write_layer(tmp_path / "stands.gpkg")
    frame = pyogrio.read_dataframe(path).set_crs(None, allow_override=True)
    path.unlink()
    pyogrio.write_dataframe(frame, path, layer="xiaoban")
    return SimpleUploadedFile("stands.gpkg", path.read_bytes())


def run(job_id: int, actor: Any, *, now: dt.datetime) -> None:
    """Do an import as its worker would, and write how it ended."""
    row = Job.objects.get(pk=job_id)
    end: dict[str, Any]
    try:
        result = import_uploaded_layer(actor, progress=quiet, now=now, **row.arguments)
        end = {"state": "succeeded", "result": result}
    except LayerRefused as refusal:
        end = {"state": "failed", "refusal": as_data(refusal)}
    Job.objects.filter(pk=job_id).update(ended_at=now, **end)


def upload(client: Client, file: SimpleUploadedFile, **given: Any) -> int:
    file.seek(0)
    response = client.post("/imports/", {"file": file, "reference_year": 2024, **given})
    assert response.status_code == 302, response.content.decode()
    return int(response["Location"].split("/")[2])


def uploads(home: Path) -> list[Path]:
    return sorted((home / "uploads").glob("*/*"))


def test_the_answer_goes_on_with_the_kept_file_and_then_nothing_is_kept(
    browse: Browse, lin: Any, nowhere: SimpleUploadedFile, senhui_home: Path, now: dt.datetime
) -> None:
    client = browse("en", as_user=lin)
    job_id = upload(client, nowhere, licence_note="of the county")
    run(job_id, lin, now=now)
    assert isinstance(queries.job(lin, job_id, now=now).refusal, NoCoordinateSystem)
    assert len(uploads(senhui_home)) == 1
    page = client.get(f"/jobs/{job_id}/").content.decode()
    assert "without another upload" in page
    address = f"/imports/?again={job_id}&option=crs"
    assert address.replace("&", "&amp;") in page
    form = client.get(address).content.decode()
    assert "is still here from your last import" in form
    assert 'value="2024"' in form
    assert "of the county" in form
    answer = {"again": job_id, "reference_year": 2024, "crs": "EPSG:4490", "licence_note": "of the county"}
    answered = client.post("/imports/", answer)
    assert answered.status_code == 302, answered.content.decode()
    second = int(answered["Location"].split("/")[2])
    run(second, lin, now=now)
    assert [(draft.state, draft.n_rows, draft.licence_note) for draft in drafts(lin, on=now.date())] == [
        ("imported", 12, "of the county")
    ]
    assert uploads(senhui_home) == []


def test_a_file_that_another_import_took_is_asked_for_again(
    browse: Browse, lin: Any, nowhere: SimpleUploadedFile, now: dt.datetime
) -> None:
    client = browse("en", as_user=lin)
    job_id = upload(client, nowhere)
    run(job_id, lin, now=now)
    answer = {"again": job_id, "reference_year": 2024, "crs": "EPSG:4490"}
    assert client.post("/imports/", answer).status_code == 302
    again = client.post("/imports/", answer)
    assert again.status_code == 400, "the second of two answers has no file"
    assert Job.objects.count() == 2


def test_a_kept_file_is_its_owners_alone(
    browse: Browse, lin: Any, person: Person, nowhere: SimpleUploadedFile, senhui_home: Path, now: dt.datetime
) -> None:
    job_id = upload(browse("en", as_user=lin), nowhere)
    run(job_id, lin, now=now)
    wu = browse("en", as_user=person("wu", technician=LONGQUAN))
    answer = {"again": job_id, "reference_year": 2024, "crs": "EPSG:4490"}
    assert wu.post("/imports/", answer).status_code == 403
    assert wu.post(f"/jobs/{job_id}/again/").status_code == 403
    assert len(uploads(senhui_home)) == 1
    assert Job.objects.count() == 1


def test_a_person_keeps_no_more_than_a_few_files_and_none_for_longer_than_a_day(
    browse: Browse, lin: Any, nowhere: SimpleUploadedFile, senhui_home: Path, now: dt.datetime
) -> None:
    client = browse("en", as_user=lin)
    for _ in range(kept_uploads.MOST_KEPT + 1):
        run(upload(client, nowhere), lin, now=now)
    assert len(uploads(senhui_home)) == kept_uploads.MOST_KEPT
    assert sweep_orphans() == 0
    long_ago = time.time() - 25 * 3600
    for kept in uploads(senhui_home):
        os.utime(kept.parent, (long_ago, long_ago))
    assert sweep_orphans() == kept_uploads.MOST_KEPT
    assert uploads(senhui_home) == []


def test_what_was_stated_of_the_datum_stands_in_the_form_again(lin: Any) -> None:
    points = [[1.5, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.25], [9.0, 1.0, 2.0, 3.0]]
    profile = {"crs": "EPSG:2364", "datum": {"kind": "control_points", "points": points, "system": "EPSG:4528",
               "source": "the office"}}  # fmt: skip
    given = kept_uploads.stated(profile)
    assert given["control_points"].splitlines() == ["1.5,2,3,4", "5,6,7,8.25", "9,1,2,3"]
    assert (given["points_system"], given["datum_source"], given["crs"]) == ("EPSG:4528", "the office", "EPSG:2364")


def test_an_import_whose_worker_was_killed_starts_again_with_its_file(
    browse: Browse, lin: Any, tmp_path: Path, senhui_home: Path, now: dt.datetime
) -> None:
    client = browse("en", as_user=lin)
    job_id = upload(client, SimpleUploadedFile("whole.gpkg", write_layer(tmp_path / "whole.gpkg").read_bytes()))
    Job.objects.filter(pk=job_id).update(state="failed", ended_at=now, refusal=as_data(WorkerDied()))
    button = f'action="/jobs/{job_id}/again/"'
    assert button in client.get("/imports/").content.decode()
    assert button in client.get(f"/jobs/{job_id}/").content.decode()
    second = int(client.post(f"/jobs/{job_id}/again/")["Location"].split("/")[2])
    run(second, lin, now=now)
    assert [draft.original_name for draft in drafts(lin, on=now.date())] == ["whole.gpkg"]
    assert button not in client.get("/imports/").content.decode(), "its file is gone"
    assert client.post(f"/jobs/{job_id}/again/").status_code == 404
    assert client.post(f"/jobs/{second}/again/").status_code == 409, "what got done is not done again"
    assert Job.objects.count() == 2


def test_a_measurement_whose_worker_was_killed_starts_again(browse: Browse, draft_id: int, now: dt.datetime) -> None:
    lin: Any = user_named("lin")
    client = browse("zh", as_user=lin)
    job_id = int(client.post(f"/imports/{draft_id}/measure/")["Location"].split("/")[2])
    assert client.post(f"/jobs/{job_id}/again/").status_code == 409, "it still waits"
    Job.objects.filter(pk=job_id).update(state="failed", ended_at=now, refusal=as_data(WorkerDied()))
    assert "重新启动" in client.get(f"/jobs/{job_id}/").content.decode()
    assert client.post(f"/jobs/{job_id}/again/").status_code == 302
    assert [job.arguments for job in queries.jobs_of(lin, now=now)] == [{"draft_id": draft_id}] * 2


def test_the_title_of_a_job_is_in_its_readers_language(
    browse: Browse, lin: Any, nowhere: SimpleUploadedFile, now: dt.datetime
) -> None:
    job = queries.job(lin, upload(browse("zh", as_user=lin), nowhere), now=now)
    said = {}
    for language in ("zh-hans", "en"):
        with override(language):
            said[language] = title_of(job)
    assert said == {"zh-hans": "导入 stands.gpkg", "en": "Import stands.gpkg"}
    assert job.title == "Import stands.gpkg", "log and terminal have it in English"


@pytest.mark.parametrize(("language", "said"), [("zh", "西安80坐标系"), ("en", "Xi&#x27;an 1980")])
def test_a_datum_is_called_as_its_readers_call_it(
    browse: Browse, lin: Any, nowhere: SimpleUploadedFile, now: dt.datetime, language: str, said: str
) -> None:
    client = browse(language, as_user=lin)
    job_id = upload(client, nowhere)
    refusal = as_data(DatumChangeNeeded("EPSG:2364", "Xian 1980"))
    Job.objects.filter(pk=job_id).update(state="failed", ended_at=now, refusal=refusal)
    page = client.get(f"/jobs/{job_id}/").content.decode()
    assert said in page
    assert "Xian 1980" not in page
