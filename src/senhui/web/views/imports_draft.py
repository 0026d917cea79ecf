"""The page of a draft (草稿): what was read, what the checks found, where, and what can be done next."""

from __future__ import annotations

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from senhui.access.queries import areas_for, require
from senhui.access.rules import PermissionRefused
from senhui.atlas import draft_tiles
from senhui.intake import spreadsheet_safe, write_rejected
from senhui.inventory import queries
from senhui.inventory.actions.correct_rows_from_file import correct_rows_from_file
from senhui.inventory.actions.discard_draft import discard_draft
from senhui.inventory.actions.exclude_rows import exclude_rows
from senhui.inventory.actions.release_draft import refuse_releasing
from senhui.inventory.refusals import DraftFilesMissing, DraftHasErrors, DraftIsClosed, DraftNeedsMapping
from senhui.jobs.actions.start_job import start_job
from senhui.web import draft_findings, import_facts, job_titles
from senhui.web.errors import Explanation, explain
from senhui.web.findings import described
from senhui.web.forms import ReleaseForm
from senhui.web.page import page, today

OPEN_STATES = ("imported", "measured")
N_PER_PAGE = 50
TABLE_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def show_draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show a draft."""
    return draft_page(request, queries.draft(request.user, draft_id, on=today()))


def draft_page(
    request: HttpRequest,
    draft: queries.DraftInfo,
    *,
    release_form: ReleaseForm | None = None,
    file_error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show a draft, with a refused form where there is one."""
    form = release_form or ReleaseForm()
    context: dict[str, Any] = {
        "draft": draft,
        "is_sample": draft.is_sample,
        "steps": import_facts.steps(draft),
        "question": import_facts.question(draft),
        "facts": import_facts.of_the_profile(draft.profile),
        "datum_change": import_facts.datum_change(draft),
        "counties": draft_findings.by_county(draft.township_codes),
        "may": may(request, draft),
        "release_form": form,
        "file_error": file_error,
        "has_map": draft.state in OPEN_STATES and bool(queries.releases()),
        "is_drawn": draft_tiles.drawn(draft) is not None,
    }
    missing = _files_missing(draft)
    if missing is not None:
        context["files_missing"], status = missing, missing.status
    elif draft.state not in {"discarded", "unmapped"}:
        context |= _findings(request, draft)
    return page(request, "imports/draft.html", context, status=400 if form.errors else status)


def _files_missing(draft: queries.DraftInfo) -> Explanation | None:
    """Return what is to be said where the files of a draft are gone from the store: its row alone can be shown."""
    if draft.state == "discarded":
        return None
    try:
        draft.directory  # noqa: B018 - it looks whether it is there
    except DraftFilesMissing as missing:
        return explain(missing)
    return None


def _findings(request: HttpRequest, draft: queries.DraftInfo) -> dict[str, Any]:
    choice = draft_findings.chosen(request)
    text = request.GET.get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 10 else 1
    found = draft_findings.found_page(request.user, draft, choice, page=number, on=today())
    every_error = draft_findings.rows_with(request.user, draft, draft_findings.Chosen("", "error", ""), on=today())
    shown = Paginator(range(found.n_findings), N_PER_PAGE).get_page(found.page)
    kinds = {one.row: one.kind for one in queries.draft_decisions(request.user, draft.id, on=today())}
    groups = draft_findings.groups(request.user, draft, on=today())
    return {
        "groups": groups,
        "chosen": choice,
        "findings": [draft_findings.worded(finding, draft.profile) for finding in found.findings],
        "shown": shown,
        "filter_query": choice.query,
        "previous_query": _with_page(choice, found.page - 1),
        "next_query": _with_page(choice, found.page + 1),
        "findings_address": reverse("imports-findings", args=[draft.id]),
        "first_error_row": every_error[0] if every_error else None,
        "summary": {
            "n_rows_open": len(every_error),
            "n_corrected": sum(kind == "corrected" for kind in kinds.values()),
            "n_accepted": draft.n_rows - draft.n_excluded - len(every_error),
        },
        "map_state": import_facts.map_state(draft) if groups else None,
        "map_legend": import_facts.map_legend(),
    }


def _with_page(choice: draft_findings.Chosen, number: int) -> str:
    return f"{choice.query}&page={number}" if choice.query else f"?page={number}"


def may(request: HttpRequest, draft: queries.DraftInfo) -> dict[str, Any]:
    """Say which buttons the pages offer; the actions themselves decide again."""
    importing = areas_for(request.user, "import_layer", on=today())
    releasing = areas_for(request.user, "release_layer", on=today())
    is_open = draft.state in {"unmapped", *OPEN_STATES}
    prepared_it = request.user.pk in {draft.imported_by_id, draft.measured_by_id}
    works = is_open and not importing.is_empty and all(importing.covers(code) for code in draft.township_codes)
    return {
        "work": works,
        "decide": works and draft.state in OPEN_STATES,
        "measure": draft.state in OPEN_STATES and not draft.n_open_errors,
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


def download_rejected(request: HttpRequest, draft_id: int, form: str) -> HttpResponse:
    """Give every row with an open error, with all its columns, what is wrong and what to do, to be sent back."""
    if form not in TABLE_TYPES:
        raise Http404
    draft = queries.draft(request.user, draft_id, on=today())
    if draft.state not in OPEN_STATES:
        raise DraftNeedsMapping(draft.id) if draft.state == "unmapped" else DraftIsClosed(draft.id, draft.state)
    found, source = queries.rejected_rows(request.user, draft_id, on=today())
    with TemporaryDirectory() as directory:
        path = Path(directory) / f"draft-{draft_id}-rows.{form}"
        write_rejected(found, source, path, translate=_)
        response = HttpResponse(path.read_bytes(), content_type=TABLE_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{path.name}"'
    return response


@require_POST
def correct_from_file(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Take back the table of rows with errors, corrected; what is refused of it is said beside the field."""
    draft = queries.draft(request.user, draft_id, on=today())
    file = request.FILES.get("file")
    if file is None:
        return draft_page(request, draft, file_error=_("Choose the corrected file first."), status=400)
    try:
        with TemporaryDirectory() as directory:
            path = Path(directory) / PurePath(file.name or "rows").name
            path.write_bytes(file.read())
            correct_rows_from_file(request.user, draft_id=draft_id, path=path, now=timezone.now())
    except Exception as error:
        explanation = explain(error)
        if explanation is None or isinstance(error, queries.NoSuchDraft | PermissionRefused):
            raise
        said = " ".join(part for part in (explanation.what, explanation.why, explanation.now) if part)
        return draft_page(request, draft, file_error=said, status=explanation.status)
    follow_with_tiles(request, draft_id)
    return redirect(f"{reverse('imports-draft', args=[draft_id])}#findings")


@require_POST
def exclude(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Exclude all rows that have an open error of one reason."""
    draft = queries.draft(request.user, draft_id, on=today())
    finding = request.POST.get("finding", "")
    rows = draft_findings.rows_with(request.user, draft, draft_findings.Chosen(finding, "error", ""), on=today())
    reason = request.POST.get("reason", "")
    exclude_rows(request.user, draft_id=draft_id, rows=rows, reason=reason, now=timezone.now())
    follow_with_tiles(request, draft_id)
    return redirect(f"{reverse('imports-draft', args=[draft_id])}#findings")


def follow_with_tiles(request: HttpRequest, draft_id: int) -> None:
    """Have the map of a draft drawn anew where many of its rows were decided since."""
    draft_tiles.follow(request.user, queries.draft(request.user, draft_id, on=today()), now=timezone.now())


@require_POST
def draw_map(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Start drawing a draft; where that is under way, lead back to its page."""
    draft = queries.draft(request.user, draft_id, on=today())
    _require_all(request, draft, "import_layer")
    if draft.state == "unmapped":
        raise DraftNeedsMapping(draft.id)
    job = draft_tiles.start_drawing(request.user, draft_id, now=timezone.now())
    return redirect("imports-draft", draft_id) if job is None else redirect("jobs-one", job)


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
    if draft.state == "unmapped":
        raise DraftNeedsMapping(draft.id)
    if draft.n_open_errors:
        raise DraftHasErrors(draft.id, draft.n_open_errors)
    job = start_job(
        request.user,
        "atlas.measure_and_draw",
        {"draft_id": draft_id},
        title=job_titles.MEASURE,
        title_facts={"file": draft.original_name},
        now=timezone.now(),
    )
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
    refuse_releasing(draft, request.user)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return draft_page(request, draft, release_form=form)
    job = start_job(
        request.user,
        "atlas.release_and_map",
        {"draft_id": draft_id, "label": form.cleaned_data["label"]},
        title=job_titles.RELEASE,
        title_facts={"file": draft.original_name},
        now=timezone.now(),
    )
    return redirect("jobs-one", job)
