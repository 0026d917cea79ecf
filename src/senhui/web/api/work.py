"""Parameters and jobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.security import django_auth
from pydantic import ConfigDict

from senhui import parameters
from senhui.jobs import queries
from senhui.web.errors import Explanation, explain_kept
from senhui.web.parameter_rows import rows_of

router = Router()


class ExplanationOut(Schema):
    """Why a job failed, in the language asked for: what happened, why, and what to do now."""

    what: str
    why: str
    now: str


class JobOut(Schema):
    """A job."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": 7, "title": "Import longquan.zip", "state": "running", "fraction": 0.4, "note": "Checking rows",
        "estimate_s_left": 12.0, "error": "", "explanation": None, "result": None,
    }})  # fmt: skip

    id: int
    title: str
    state: str
    fraction: float
    note: str
    estimate_s_left: float | None
    error: str
    explanation: ExplanationOut | None
    result: Any

    @staticmethod
    def resolve_explanation(job: queries.JobInfo) -> Explanation | None:
        """Explain a failure in the reader's language; `error` is the English message for a log."""
        return explain_kept(job.refusal)


@router.get("/parameters", response=list[dict[str, Any]], summary="All published numbers, by scalar and table")
def list_parameters(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the list of parameters with edition and marks."""
    return [asdict(summary) for summary in parameters.all_parameters()]


@router.get("/parameters/{parameter_id}", response=list[dict[str, Any]], summary="One scalar or table, row by row")
def show_parameter(request: HttpRequest, parameter_id: str) -> list[dict[str, Any]]:
    """Return the values with mark, source, where, region, range and may_issue."""
    return rows_of(parameter_id)


@router.get("/jobs", response=list[JobOut], auth=django_auth, summary="Your jobs, the newest first")
def list_jobs(request: HttpRequest) -> list[queries.JobInfo]:
    """Return the jobs of the person who is signed in."""
    return queries.jobs_of(request.user, now=timezone.now())


@router.get("/jobs/{job_id}", response=JobOut, auth=django_auth, summary="One job")
def show_job(request: HttpRequest, job_id: int) -> queries.JobInfo:
    """Return how a job stands."""
    return queries.job(request.user, job_id, now=timezone.now())
