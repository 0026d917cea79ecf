"""Queue a job (启动任务)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from senhui.access.actions.record_audit import record_audit
from senhui.access.rules import Actor
from senhui.jobs.models import Job
from senhui.jobs.registry import function_for


def start_job(
    actor: Actor,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    title: str,
    title_facts: Mapping[str, str] | None = None,
    now: dt.datetime,
) -> int:
    """Queue a job that runs as `actor`, and return its id.

    What the person may do is asked by the action itself when it runs, for by then a grant may have ended; the page
    that starts it asks beforehand only in order to refuse sooner.

    Parameters
    ----------
    actor : a signed-in user.
    kind : a registered kind, such as ``inventory.import_layer``.
    arguments : plain JSON, given to the function by name; files by their path.
    title : what the job does, in English, with a place for each of the facts: ``Import %(file)s``.
    title_facts : what fills the places; kept apart, so that a page says the title in its reader's language.
    now : the instant (UTC).

    Raises
    ------
    JobKindUnknown
        The kind belongs to another version of the product.
    """
    assert actor.pk is not None, "a job belongs to a user"
    function_for(kind)
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind,
            title=title[:200],
            title_facts=dict(title_facts or {}),
            arguments=dict(arguments),
            started_by_id=actor.pk,
            queued_at=now,
        )
        detail = {"kind": kind, "title": job.title_text}
        record_audit(actor, "jobs.start_job", subject=f"job {job.pk}", detail=detail, now=now)
    return job.pk
