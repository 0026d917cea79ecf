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
from senhui.web import uploads
from senhui.web.import_forms import ImportForm
from senhui.web.page import page, today


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
