"""Sub-compartments are exported by a job; only who started it gets the file, and only while a grant holds."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN, quiet

from senhui.access.actions.create_user import create_user
from senhui.access.actions.end_grant import end_grant
from senhui.access.actions.grant_role import grant_role
from senhui.access.models import AuditEntry
from senhui.access.queries import grants_of
from senhui.access.terminal import OPERATOR
from senhui.jobs.models import Job
from senhui.jobs.registry import function_for
from senhui.jobs.worker import COMMAND, Worker

pytestmark = pytest.mark.database
Browse = Callable[..., Client]
Person = Callable[..., Any]
TIMEOUT_S = 60.0


@pytest.fixture
def mei(db: None, now: dt.datetime) -> Any:
    """A technician of Longquan for long, so also by the clock of a process."""
    user = create_user(OPERATOR, username="mei", display_name="mei", now=now)
    begun = dt.date(2020, 1, 1)
    grant_role(OPERATOR, user=user, role="technician", area_code=LONGQUAN, starts_on=begun, now=now)
    return user


def exported(client: Client, release_id: str, form: str = "csv") -> Job:
    """Ask for an export and return its job."""
    response = client.post(f"/releases/{release_id}/sub-compartments.{form}")
    assert response.status_code == 302
    job = Job.objects.get(kind="atlas.export_sub_compartments")
    assert response["Location"] == f"/jobs/{job.pk}/"
    return job


def done(job: Job, now: dt.datetime) -> Job:
    """Do the job within this process."""
    function = function_for(job.kind)
    job.result = function(job.started_by, progress=quiet, now=now, **job.arguments)
    job.state, job.ended_at = "succeeded", now
    job.save()
    return job


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_for_processes")
def test_the_file_of_a_real_process_is_offered_and_downloaded(release_id: str, browse: Browse, mei: Any) -> None:
    client = browse("zh", as_user=mei)
    job = exported(client, release_id)
    worker = Worker(at_once=1, grace_s=1.0, silence_s=30.0, command=COMMAND)
    deadline_s = time.monotonic() + TIMEOUT_S
    try:
        while Job.objects.get(pk=job.pk).state in ("queued", "running") and time.monotonic() < deadline_s:
            worker.turn()
            time.sleep(0.05)
    finally:
        worker.shut_down()
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert f'href="/jobs/{job.pk}/file/"' in page
    assert "下载文件" in page
    response = client.get(f"/jobs/{job.pk}/file/")
    assert response.status_code == 200
    name = f"senhui_{release_id}_sub_compartments.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert pl.read_csv(b"".join(response.streaming_content)).height == 12
    entry = AuditEntry.objects.get(action="atlas.export_sub_compartments")
    assert (entry.actor, entry.detail["n_rows"]) == (mei, 12)


@pytest.mark.django_db
def test_nobody_but_the_starter_gets_the_file(
    release_id: str, browse: Browse, person: Person, mei: Any, now: dt.datetime
) -> None:
    job = done(exported(browse("en", as_user=mei), release_id), now)
    address = f"/jobs/{job.pk}/file/"
    colleague, chief = person("wu", technician=LONGQUAN), person("chief", administrator="3311")
    assert browse("en", as_user=mei).get(address).status_code == 200
    assert browse("en").get(address).status_code == 403
    assert browse("en", as_user=colleague).get(address).status_code == 403
    # Who manages the starter sees how the job stands; the file is not his.
    assert address not in browse("en", as_user=chief).get(f"/jobs/{job.pk}/").content.decode()
    assert browse("en", as_user=chief).get(address).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"), [("zh", "您无权导出小班"), ("en", "You may not export sub-compartments")]
)
def test_a_grant_that_ended_since_ends_the_download_too(
    release_id: str, browse: Browse, mei: Any, now: dt.datetime, language: str, said: str
) -> None:
    client = browse(language, as_user=mei)
    job = done(exported(client, release_id), now)
    (grant,) = grants_of(mei)
    end_grant(OPERATOR, grant_id=grant.id, now=now)
    response = client.get(f"/jobs/{job.pk}/file/")
    assert response.status_code == 403
    assert said in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("zh", "导出文件保留一天"), ("en", "was kept for a day")])
def test_a_file_that_was_swept_says_so(
    release_id: str, browse: Browse, mei: Any, now: dt.datetime, senhui_home: Path, language: str, said: str
) -> None:
    client = browse(language, as_user=mei)
    job = done(exported(client, release_id), now)
    (senhui_home / "exports" / job.result["export"]["place"]).unlink()
    response = client.get(f"/jobs/{job.pk}/file/")
    assert response.status_code == 404
    assert said in response.content.decode()


@pytest.mark.django_db
def test_an_export_is_refused_before_a_job_is_queued(release_id: str, browse: Browse, person: Person, mei: Any) -> None:
    address = f"/releases/{release_id}/sub-compartments.gpkg"
    for client in (browse("en"), browse("en", as_user=person("zhou", viewer=QINGYUAN))):
        assert client.post(address).status_code == 403
        assert client.get(address).status_code == 403
    client = browse("en", as_user=mei)
    assert client.get(address).status_code == 405, "a link opened in advance exports nothing"
    assert client.post("/releases/1999-1/sub-compartments.gpkg").status_code == 404
    assert client.post(f"/releases/{release_id}/sub-compartments.doc").status_code == 404
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_job_without_a_file_has_no_download(release_id: str, browse: Browse, mei: Any) -> None:
    client = browse("en", as_user=mei)
    job = exported(client, release_id)
    assert client.get(f"/jobs/{job.pk}/file/").status_code == 404
    assert "/file/" not in client.get(f"/jobs/{job.pk}/").content.decode()
