"""Start a job again that ended without a result (重新启动)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from senhui.access.rules import Actor
from senhui.jobs.actions.start_job import start_job
from senhui.jobs.models import Job
from senhui.jobs.queries import JobUnknown


class JobCannotStartAgain(Exception):
    """The job still goes on or got done: there is nothing to start again.

    Parameters
    ----------
    job_id : its key.
    state : how it stands.
    """

    def __init__(self, job_id: int, state: str) -> None:
        super().__init__(f"Job {job_id} is {state}; only a failed or cancelled job is started again. Open its page.")
        self.job_id = job_id
        self.state = state


def start_again(actor: Actor, *, job_id: int, now: dt.datetime, changed: Mapping[str, Any] | None = None) -> int:
    """Queue the same work once more, and return the id of the new job; the old one stays as it ended.

    1. The actor started the job himself: it runs in his name.
    2. It failed or was cancelled.
    3. The new job is queued as any other: what the person may do is asked again when it runs.

    Parameters
    ----------
    changed : arguments that are others now, such as the path of a file that was moved.

    Raises
    ------
    JobUnknown, JobCannotStartAgain
        In this order of precedence.
    """
    row = Job.objects.filter(pk=job_id, started_by_id=actor.pk).first()
    if row is None:
        raise JobUnknown(job_id)
    if row.state not in {"failed", "cancelled"}:
        raise JobCannotStartAgain(job_id, row.state)
    arguments = {**row.arguments, **(changed or {})}
    return start_job(actor, row.kind, arguments, title=row.title, title_facts=row.title_facts, now=now)
