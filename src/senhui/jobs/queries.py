"""How the jobs stand. A job is seen by the person who started it and by who manages that person.

Cases: tests/jobs/test_queries.py.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from senhui.access.queries import manages
from senhui.access.rules import Actor, PermissionRefused
from senhui.jobs import log_file
from senhui.jobs.models import Job
from senhui.jobs.refusal import from_data
from senhui.jobs.rules import ENDED, estimate_s_left

N_LOG_LINES = 200


@dataclass(frozen=True)
class JobInfo:
    """A job (任务) as the pages show it.

    `title` is English; `title_key` and `title_facts` are the same as a key of the catalogue and what fills it in, so
    that each reader has it in his language. `error` is the message for log and terminal; `refusal` the exception with
    its fields, for a page to explain, or None where the program itself was at fault.
    """

    id: int
    kind: str
    title: str
    title_key: str
    title_facts: dict[str, str]
    arguments: dict[str, Any]
    state: str
    fraction: float
    note: str
    started_by: str
    started_by_id: int
    queued_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    estimate_s_left: float | None
    is_cancel_requested: bool
    error: str
    refusal: Exception | None
    result: Any

    @property
    def log(self) -> str:
        """The last lines of the log, read from the file when asked for."""
        return log_file.tail(self.id, n_lines=N_LOG_LINES)

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED


class JobUnknown(LookupError):
    """There is no such job.

    Parameters
    ----------
    job_id : its supposed key.
    """

    def __init__(self, job_id: int) -> None:
        super().__init__(f"There is no job {job_id}. Open the list of your jobs and choose from it.")
        self.job_id = job_id


def job(actor: Actor, job_id: int, *, now: dt.datetime) -> JobInfo:
    """Return how a job stands.

    Raises
    ------
    JobUnknown, PermissionRefused
        In this order of precedence.
    """
    return _info(visible_row(actor, job_id, now=now), now=now)


def jobs_of(user: Actor, *, now: dt.datetime, limit: int = 50) -> list[JobInfo]:
    """Return the jobs a person started, the newest first."""
    rows = Job.objects.filter(started_by_id=user.pk).select_related("started_by")[:limit]
    return [_info(row, now=now) for row in rows]


def arguments_of_unfinished(kind: str) -> list[dict[str, Any]]:
    """Return the arguments of the jobs of a kind that wait or run; for whoever cleans up behind them."""
    waiting = Job.objects.filter(kind=kind, state__in=["queued", "running"])
    return list(waiting.values_list("arguments", flat=True))


def visible_row(actor: Actor, job_id: int, *, now: dt.datetime) -> Job:
    """Return the row of a job that `actor` may see; for this room's actions.

    Raises
    ------
    JobUnknown, PermissionRefused
        In this order of precedence.
    """
    row = Job.objects.select_related("started_by").filter(pk=job_id).first()
    if row is None:
        raise JobUnknown(job_id)
    if row.started_by_id != actor.pk and not manages(actor, row.started_by, on=timezone.localdate(now)):
        raise PermissionRefused("manage_users")
    return row


def _info(row: Job, *, now: dt.datetime) -> JobInfo:
    left_s = None
    if row.state == "running" and row.started_at is not None and row.progress_at is not None:
        left_s = estimate_s_left(fraction=row.fraction, started_at=row.started_at, progress_at=row.progress_at, now=now)
    return JobInfo(
        id=row.pk,
        kind=row.kind,
        title=row.title_text,
        title_key=row.title,
        title_facts=row.title_facts,
        arguments=row.arguments,
        state=row.state,
        fraction=row.fraction,
        note=row.note,
        started_by=row.started_by.username,
        started_by_id=row.started_by_id,
        queued_at=row.queued_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        estimate_s_left=left_s,
        is_cancel_requested=row.cancel_requested_at is not None,
        error=row.error,
        refusal=from_data(row.refusal),
        result=row.result,
    )
