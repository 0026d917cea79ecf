"""From a file to a release (导入): upload, the draft with its findings, measure, and release by a second person."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from senhui.access.queries import areas_for
from senhui.inventory import queries
from senhui.jobs import queries as job_queries
from senhui.jobs.actions.start_job import start_job
from senhui.web import job_titles, kept_uploads, uploads
from senhui.web.errors import explain
from senhui.web.import_forms import ImportForm
from senhui.web.page import page, today
from senhui.web.uploads import UploadIsGone
from senhui.web.views.jobs import can_start_again


def list_imports(request: HttpRequest) -> HttpResponse:
    """List drafts and jobs of the person, with the form that begins an import."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    may_import = not areas_for(request.user, "import_layer", on=today()).is_empty
    now = timezone.now()
    kept = kept_uploads.asked_for(request.POST.get("again") or request.GET.get("again", ""), request.user, now=now)
    form = _form(request, kept)
    too_large = _("The upload is larger than %(limit)s, the most that is taken here. Pack it, or cut it by county.") % {
        "limit": filesizeformat(settings.UPLOAD_MAX_BYTES)
    }
    if request.method == "POST" and uploads.is_too_large(request):
        form.errors["file"] = form.error_class([too_large], renderer=form.renderer)
    elif request.method == "POST" and form.is_valid():
        try:
            return redirect("jobs-one", _start_import(request, form, kept))
        except UploadIsGone as gone:
            explanation = explain(gone)
            assert explanation is not None, "it is explained"
            kept = None
            form.add_error("file", f"{explanation.what} {explanation.now}")
    asked = request.GET.get("option", "")
    context = {
        "form": form,
        "open_groups": form.open_groups(asked),
        "asked_option": asked,
        "kept": kept,
        "kept_is_gone": kept is None and "again" in request.GET,
        "may_import": may_import,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "too_large": too_large,
        "drafts": queries.drafts(request.user, on=today()),
        "jobs": [
            (job, can_start_again(job, request.user)) for job in job_queries.jobs_of(request.user, now=now, limit=10)
        ],
    }
    return page(request, "imports/list.html", context, status=400 if form.errors else 200)


def _form(request: HttpRequest, kept: kept_uploads.KeptUpload | None) -> ImportForm:
    """Return the form: empty, as it was sent, or filled with what was stated of an upload that is kept."""
    if kept is None:
        return ImportForm(request.POST or None, request.FILES or None)
    table = kept.profile.get("attribute_table") or {}
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        initial={"reference_year": kept.reference_year, **kept_uploads.stated(kept.profile)},
        table_kept=table.get("file_name", ""),
    )
    form.fields["file"].required = False
    return form


def _start_import(request: HttpRequest, form: ImportForm, kept: kept_uploads.KeptUpload | None) -> int:
    table = form.cleaned_data["attributes_file"]
    files = form.cleaned_data["file"]
    profile = form.profile()
    if files or kept is None:
        kept_uploads.make_room(request.user, now=timezone.now())
        paths = uploads.keep([*files, *([table] if table else [])])
        path = next((path for path in paths if path.suffix.lower() == ".shp"), paths[0])
    else:
        path = kept.take()
        uploads.write([table] if table else [], path.parent)
        profile = kept_uploads.not_shown(kept.profile) | profile
    arguments = {
        "path": str(path),
        "original_name": path.name,
        "reference_year": form.cleaned_data["reference_year"],
        "profile": profile,
    }
    facts = {"file": path.name}
    return start_job(
        request.user, kept_uploads.IMPORT, arguments, title=job_titles.IMPORT, title_facts=facts, now=timezone.now()
    )
