"""Cancel a job (取消任务)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.jobs.models import Job
from senhui.jobs.queries import visible_row


class JobHasEnded(Exception):
    """The job is over: there is nothing to cancel.

    Parameters
    ----------
    job_id : its key.
    state : how it ended.
    """

    def __init__(self, job_id: int, state: str) -> None:
        super().__init__(f"Job {job_id} has already ended ({state}). Open its page to see the result.")
        self.job_id = job_id
        self.state = state


def cancel_job(actor: Actor, *, job_id: int, now: dt.datetime) -> None:
    """Cancel a job: at once while it waits; through its worker, within a few seconds, while it runs.

    1. The actor started the job; or manages its starter and holds `cancel_job`.
    2. A waiting job becomes cancelled, a running one is marked for its worker. Both are conditional UPDATEs, so that
       a worker which claims or ends the job at this moment is never overwritten. To cancel twice does no harm.
    3. The audit row is written.

    Raises
    ------
    JobUnknown, PermissionRefused, JobHasEnded
        In this order of precedence.
    """
    row = visible_row(actor, job_id, now=now)
    if row.started_by_id != actor.pk:
        require(actor, "cancel_job", on=timezone.localdate(now))
    mine = Job.objects.filter(pk=job_id)
    with transaction.atomic():
        # Waiting first: a job claimed between the two is then met by the second.
        is_cancelled = mine.filter(state="queued").update(
            state="cancelled", cancel_requested_at=now, ended_at=now
        ) or mine.filter(state="running").update(cancel_requested_at=now)
        if is_cancelled:
            record_audit(actor, "jobs.cancel_job", subject=f"job {job_id}", detail={"title": row.title_text}, now=now)
    if not is_cancelled:
        raise JobHasEnded(job_id, mine.values_list("state", flat=True).get())
