"""The row of a job. Opened by this room alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from senhui.jobs.rules import STATES


class Job(models.Model):
    """One piece of long work (任务), from the queue to its end.

    The starter writes the row once; a cancelling person sets `cancel_requested_at`; all else is written by
    the worker that claimed it, always under the condition that it still holds it.
    """

    kind = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    title_facts = models.JSONField(default=dict)
    arguments = models.JSONField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    queued_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="queued")
    worker = models.CharField(max_length=36, blank=True)
    pid = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    fraction = models.FloatField(default=0.0)
    note = models.CharField(max_length=200, blank=True)
    progress_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    refusal = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="job_by_state")]
        constraints = [
            models.CheckConstraint(name="job_state_is_known", condition=Q(state__in=STATES)),
            models.CheckConstraint(name="job_fraction_is_a_fraction", condition=Q(fraction__gte=0, fraction__lte=1)),
            models.CheckConstraint(
                name="job_running_has_a_worker",
                condition=~Q(state="running")
                | (Q(started_at__isnull=False) & Q(heartbeat_at__isnull=False) & ~Q(worker="")),
            ),
            models.CheckConstraint(
                name="job_ends_once",
                condition=Q(state__in=["queued", "running"], ended_at__isnull=True)
                | (~Q(state__in=["queued", "running"]) & Q(ended_at__isnull=False)),
            ),
        ]

    @property
    def title_text(self) -> str:
        """The title in English, for log, terminal and API; a page translates `title` and fills in the facts."""
        return self.title % self.title_facts if self.title_facts else self.title

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} {self.state}"
