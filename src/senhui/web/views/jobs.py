"""A long piece of work (任务): progress, estimate, log and cancel. The page asks again each second until it ends."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from senhui.access.rules import Actor
from senhui.atlas import exports
from senhui.atlas.change_jobs import ChangeMapNotMade
from senhui.atlas.jobs import MapNotMade
from senhui.jobs import queries
from senhui.jobs.actions import cancel_job as cancel
from senhui.jobs.actions.start_again import start_again
from senhui.jobs.refusal import JobNotStarted, JobWasStopped, ProcessDied, WorkerDied
from senhui.web import import_facts, kept_uploads
from senhui.web.errors import explain_kept
from senhui.web.import_options import option_of
from senhui.web.page import page, today
from senhui.web.uploads import UploadIsGone


def show_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how a job stands."""
    return page(request, "job.html", _context(request, job_id))


def job_state(request: HttpRequest, job_id: int) -> HttpResponse:
    """Return the part of the page that changes while the job runs."""
    return page(request, "fragments/job_state.html", _context(request, job_id))


# A job of these ended for no reason that an answer would mend: the same work once more is the remedy.
_ENDED_BY_CHANCE = (JobNotStarted, JobWasStopped, ProcessDied, WorkerDied)


def can_start_again(job: queries.JobInfo, reader: Actor) -> bool:
    """Return whether the page offers its starter to start the same work once more; the action decides again."""
    if job.started_by_id != reader.pk or job.state not in {"failed", "cancelled"}:
        return False
    if job.refusal is not None and not isinstance(job.refusal, _ENDED_BY_CHANCE):
        return False
    return job.kind != kept_uploads.IMPORT or kept_uploads.of_job(job, reader) is not None


@require_POST
def again(request: HttpRequest, job_id: int) -> HttpResponse:
    """Start the same work once more and show it; an import takes the upload that was kept."""
    now = timezone.now()
    job = queries.job(request.user, job_id, now=now)
    changed = {}
    if job.kind == kept_uploads.IMPORT and job.state in {"failed", "cancelled"}:
        kept = kept_uploads.of_job(job, request.user)
        if kept is None:
            raise UploadIsGone
        changed = {"path": str(kept.take())}
    return redirect("jobs-one", start_again(request.user, job_id=job_id, now=now, changed=changed))


@require_POST
def cancel_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Cancel a job and show it."""
    cancel.cancel_job(request.user, job_id=job_id, now=timezone.now())
    return redirect("jobs-one", job_id)


def download(request: HttpRequest, job_id: int) -> FileResponse:
    """Give the file that a job wrote to the person who started it, if he may still have it."""
    job = queries.job(request.user, job_id, now=timezone.now())
    export = _export(job)
    if job.started_by_id != request.user.pk or export is None:
        raise Http404
    path = exports.kept_export(request.user, export["place"], areas=export["areas"], on=today())
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


def _export(job: queries.JobInfo) -> dict[str, Any] | None:
    return job.result.get("export") if isinstance(job.result, dict) else None


def _answer_link(job: queries.JobInfo, reader: Actor) -> str:
    """Return the address of the option that answers a refused import, with the upload where it is kept; or nothing."""
    option = option_of(job.refusal)
    if not option:
        return ""
    kept = kept_uploads.of_job(job, reader)
    query = f"again={job.id}&option={option}" if kept else f"option={option}"
    return f"{reverse('imports')}?{query}#id_{option}"


def _context(request: HttpRequest, job_id: int) -> dict[str, object]:
    job = queries.job(request.user, job_id, now=timezone.now())
    result = job.result if isinstance(job.result, dict) else {}
    # A comparison stands also where its map failed: its page draws it.
    change_id = job.refusal.change_id if isinstance(job.refusal, ChangeMapNotMade) else result.get("change_id")
    is_starter = job.started_by_id == request.user.pk
    links = {
        "option": _answer_link(job, request.user) if is_starter else "",
        "draft": reverse("imports-draft", args=[result["draft_id"]]) if "draft_id" in result else "",
        "change": reverse("changes-one", args=[change_id]) if change_id else "",
        "release": reverse("releases-one", args=[result["release_id"]]) if "release_id" in result else "",
        "file": reverse("jobs-download", args=[job_id]) if is_starter and _export(job) else "",
    }
    return {
        "job": job,
        "explanation": explain_kept(job.refusal),
        "is_starter": is_starter,
        "links": links,
        "can_start_again": can_start_again(job, request.user),
        "is_kept": kept_uploads.of_job(job, request.user) is not None,
        "residuals": import_facts.refused_residuals(job.refusal),
        "draw_map_of": job.refusal.release_id if isinstance(job.refusal, MapNotMade) else "",
    }
