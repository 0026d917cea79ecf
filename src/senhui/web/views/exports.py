"""Files of a selection on the map: given at once where they are small or public, by a job where they are large."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from senhui.web import export_request
from senhui.web.page import page


def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """Give the file of a selection (GET), or start the job that writes it (POST).

    Whoever may export sub-compartments gets these, others the townships of the place. A large file is not written
    while a page waits: then a page offers to start the job.
    """
    written = export_request.form_of(form)
    release_id = request.GET.get("release", "")
    if request.method == "POST":
        return redirect("jobs-one", export_request.start_export(request, release_id, written))
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET", "POST"])
    if not export_request.takes_stands(request):
        return export_request.townships(request, release_id, written)
    path, n_rows = export_request.at_once(request, release_id, written)
    if path is None:
        context = {"n_rows": n_rows, "form": export_request.FORM_NAMES[written], "address": request.get_full_path()}
        return page(request, "large_export.html", context)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
