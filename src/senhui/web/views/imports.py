"""From a file to a release (导入): upload, the draft with its findings, measure, and release by a second person."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from senhui.access.queries import areas_for, require
from senhui.intake import spreadsheet_safe
from senhui.inventory import queries
from senhui.inventory.actions.discard_draft import discard_draft
from senhui.inventory.actions.measure_draft import DraftHasErrors, DraftIsClosed
from senhui.inventory.actions.release_draft import DraftIsNotMeasured, SecondPersonNeeded
from senhui.jobs import queries as job_queries
from senhui.jobs.actions.start_job import start_job
from senhui.web import names, uploads
from senhui.web.findings import described
from senhui.web.forms import ReleaseForm
from senhui.web.import_forms import ImportForm
from senhui.web.page import page, today

N_FINDINGS_PER_PAGE = 50


def list_imports(request: HttpRequest) -> HttpResponse:
    """List drafts and jobs of the person, with the form that begins an import."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    may_import = not areas_for(request.user, "import_layer", on=today()).is_empty
    form = ImportForm(request.POST or None, request.FILES or None)
    too_large = _("The upload is larger than %(limit)s, the most that is taken here. Pack it, or cut it by county.") % {
        "limit": filesizeformat(settings.UPLOAD_MAX_BYTES)
    }
    if request.method == "POST" and uploads.is_too_large(request):
        form.errors["file"] = form.error_class([too_large], renderer=form.renderer)
    elif request.method == "POST" and form.is_valid():
        return redirect("jobs-one", _start_import(request, form))
    asked = request.GET.get("option", "")
    context = {
        "form": form,
        "open_groups": form.open_groups(asked),
        "asked_option": asked,
        "may_import": may_import,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "too_large": too_large,
        "drafts": queries.drafts(request.user, on=today()),
        "jobs": job_queries.jobs_of(request.user, now=timezone.now(), limit=10),
    }
    return page(request, "imports/list.html", context, status=400 if form.errors else 200)


def _start_import(request: HttpRequest, form: ImportForm) -> int:
    table = form.cleaned_data["attributes_file"]
    paths = uploads.keep([*form.cleaned_data["file"], *([table] if table else [])])
    path = next((path for path in paths if path.suffix.lower() == ".shp"), paths[0])
    arguments = {
        "path": str(path),
        "original_name": path.name,
        "reference_year": form.cleaned_data["reference_year"],
        "profile": form.profile(),
    }
    title = _("Import %(file)s") % {"file": path.name}
    return start_job(request.user, "inventory.import_layer", arguments, title=title, now=timezone.now())


def show_draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show what was read and recognised, what the checks found, and what can be done next."""
    return _draft_page(request, queries.draft(request.user, draft_id, on=today()), ReleaseForm())


def _draft_page(request: HttpRequest, draft: queries.DraftInfo, release_form: ReleaseForm) -> HttpResponse:
    discarded = draft.state == "discarded"
    found = pl.DataFrame() if discarded else queries.findings(draft)
    severity, field = request.GET.get("severity", ""), request.GET.get("field", "")
    chosen = found
    if severity and not found.is_empty():
        chosen = chosen.filter(pl.col("severity") == severity)
    if field and not found.is_empty():
        chosen = chosen.filter(pl.col("field") == field)
    shown = Paginator(range(chosen.height), N_FINDINGS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "draft": draft,
        "is_sample": draft.is_sample,
        "townships": [names.place(code) for code in draft.township_codes],
        "findings": [
            described(row)
            for row in chosen.slice(max(shown.start_index() - 1, 0), N_FINDINGS_PER_PAGE).iter_rows(named=True)
        ],
        "n_findings": found.height,
        "fields": [] if found.is_empty() else found["field"].drop_nulls().unique().sort().to_list(),
        "chosen_field": field,
        "chosen_severity": severity,
        "shown": shown,
        "may": _may(request, draft),
        "release_form": release_form,
    }
    return page(request, "draft.html", context, status=400 if release_form.errors else 200)


def _may(request: HttpRequest, draft: queries.DraftInfo) -> dict[str, Any]:
    """Say which buttons the page offers; the actions themselves decide again."""
    importing = areas_for(request.user, "import_layer", on=today())
    releasing = areas_for(request.user, "release_layer", on=today())
    is_open = draft.state in {"imported", "measured"}
    prepared_it = request.user.pk in {draft.imported_by_id, draft.measured_by_id}
    return {
        "work": is_open and all(importing.covers(code) for code in draft.township_codes),
        "measure": not draft.n_errors,
        "release": draft.state == "measured"
        and not prepared_it
        and all(releasing.covers(code) for code in draft.township_codes),
        "prepared_it": prepared_it,
    }


def download_findings(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Give the findings as CSV, with reason and remedy in the reader's language."""
    found = queries.findings(queries.draft(request.user, draft_id, on=today()))
    found = found.with_columns(spreadsheet_safe("value"))
    rows = [described(row) for row in found.iter_rows(named=True)]
    columns = ("row", "sub_compartment_id", "field", "value", "severity", "reason", "message", "remedy")
    table = pl.DataFrame({name: [row[name] for row in rows] for name in columns}, strict=False)
    # Excel takes a CSV for the local code page unless it begins with the byte order mark.
    response = HttpResponse("\ufeff" + table.write_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="draft-{draft_id}-findings.csv"'
    return response


def _require_all(request: HttpRequest, draft: queries.DraftInfo, permission: str) -> None:
    """Refuse at once what the job would refuse; the action itself decides again."""
    for code in draft.township_codes:
        require(request.user, permission, area=code, on=today())


@require_POST
def measure(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Start measuring a draft."""
    draft = queries.draft(request.user, draft_id, on=today())
    _require_all(request, draft, "import_layer")
    if draft.state in {"released", "discarded"}:
        raise DraftIsClosed(draft.id, draft.state)
    if draft.n_errors:
        raise DraftHasErrors(draft.id, draft.n_errors)
    title = _("Measure %(file)s") % {"file": draft.original_name}
    job = start_job(request.user, "inventory.measure_draft", {"draft_id": draft_id}, title=title, now=timezone.now())
    return redirect("jobs-one", job)


@require_POST
def discard(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Discard a draft."""
    discard_draft(request.user, draft_id=draft_id, now=timezone.now())
    return redirect("imports")


@require_POST
def release(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Start releasing a draft, with its map."""
    draft = queries.draft(request.user, draft_id, on=today())
    _require_all(request, draft, "release_layer")
    if draft.state != "measured":
        raise DraftIsNotMeasured(draft.id, draft.state)
    if request.user.pk in {draft.imported_by_id, draft.measured_by_id}:
        raise SecondPersonNeeded(draft.id)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return _draft_page(request, draft, form)
    title = _("Release %(file)s") % {"file": draft.original_name}
    arguments = {"draft_id": draft_id, "label": form.cleaned_data["label"]}
    job = start_job(request.user, "atlas.release_and_map", arguments, title=title, now=timezone.now())
    return redirect("jobs-one", job)
