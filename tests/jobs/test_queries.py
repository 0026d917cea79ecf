"""Who sees and who cancels a job, and how it stands before a worker takes it."""

from __future__ import annotations

import datetime as dt

import pytest

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.jobs.actions.cancel_job import JobHasEnded, cancel_job
from senhui.jobs.actions.start_job import start_job
from senhui.jobs.models import Job
from senhui.jobs.queries import JobUnknown, job, jobs_of
from senhui.jobs.registry import JobKindUnknown

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_queued_job_is_seen_by_its_starter(person, queue, now):
    lin = person("lin", technician="331181")
    job_id = queue(lin, "count", to=3)
    info = job(lin, job_id, now=now)
    assert (info.state, info.fraction, info.estimate_s_left, info.has_ended, info.log) == (
        "queued",
        0.0,
        None,
        False,
        "",
    )
    assert [one.id for one in jobs_of(lin, now=now)] == [job_id]
    assert AuditEntry.objects.filter(action="jobs.start_job", subject=f"job {job_id}", actor=lin).exists()


def test_a_job_is_seen_by_who_manages_its_starter_and_by_nobody_else(person, queue, now):
    lin = person("lin", technician="331181")
    job_id = queue(lin, "count", to=3)
    assert job(person("chief", administrator="3311"), job_id, now=now).started_by == "lin"
    for stranger in (person("mei", technician="331181"), person("other", administrator="331126")):
        with pytest.raises(PermissionRefused):
            job(stranger, job_id, now=now)
        with pytest.raises(PermissionRefused):
            cancel_job(stranger, job_id=job_id, now=now)
        assert jobs_of(stranger, now=now) == []
    assert Job.objects.get().state == "queued"


def test_an_unknown_job_and_an_unknown_kind_are_refused(person, now):
    lin = person("lin")
    with pytest.raises(JobUnknown):
        job(lin, 12345, now=now)
    with pytest.raises(JobKindUnknown):
        start_job(lin, "tests.nothing", {}, title="Nothing", now=now)
    assert not Job.objects.exists()


def test_the_estimate_follows_the_last_report(person, queue, now):
    lin = person("lin")
    job_id = queue(lin, "count", to=3)
    reported_at = now + dt.timedelta(seconds=20)
    Job.objects.update(
        state="running", worker="w", started_at=now, heartbeat_at=now, fraction=0.5, progress_at=reported_at
    )
    # 20 s for one half leave 20 s for the other, of which 5 s have passed.
    assert job(lin, job_id, now=reported_at + dt.timedelta(seconds=5)).estimate_s_left == pytest.approx(15.0)


def test_a_waiting_job_is_cancelled_at_once_and_only_once(person, queue, now):
    lin = person("lin")
    job_id = queue(lin, "count", to=3)
    cancel_job(lin, job_id=job_id, now=now)
    assert job(lin, job_id, now=now).state == "cancelled"
    with pytest.raises(JobHasEnded) as refused:
        cancel_job(lin, job_id=job_id, now=now)
    assert refused.value.state == "cancelled"
    assert AuditEntry.objects.filter(action="jobs.cancel_job").count() == 1


def test_an_administrator_cancels_the_job_of_somebody_managed(person, queue, now):
    job_id = queue(person("lin", technician="331181"), "count", to=3)
    chief = person("chief", administrator="3311")
    cancel_job(chief, job_id=job_id, now=now)
    assert AuditEntry.objects.get(action="jobs.cancel_job").actor == chief
