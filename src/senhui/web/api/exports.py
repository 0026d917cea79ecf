"""Files of a selection for programs: the same as the map gives."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Router, Schema, Status
from ninja.security import django_auth

from senhui.web import export_request

router = Router()


class ExportOut(Schema):
    """The job that writes a large file; who started it fetches the file from `file` when the job is done."""

    job: int
    address: str
    file: str


@router.get(
    "/releases/{release_id}/export.{form}",
    summary="A selection as gpkg, shp.zip, csv or xlsx: sub-compartments with the role for it, otherwise townships",
)
def give(request: HttpRequest, release_id: str, form: str) -> HttpResponseBase:
    """Give the file; `within`, `where` and `shape` as of `/answer`, `level=townships` for totals.

    More than 10,000 sub-compartments are refused here: POST to the same address starts a job that writes them.
    """
    written = export_request.form_of(form)
    if not export_request.takes_stands(request):
        return export_request.townships(request, release_id, written)
    path, n_rows = export_request.at_once(request, release_id, written)
    if path is None:
        raise export_request.TooManyAtOnce(n_rows)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


@router.post(
    "/releases/{release_id}/export.{form}",
    auth=django_auth,
    response={202: ExportOut},
    summary="Start writing a selection of sub-compartments, however large; needs the role for it",
)
def start(request: HttpRequest, release_id: str, form: str) -> Status[dict[str, int | str]]:
    """Start the job and say where it and its file are found."""
    job = export_request.start_export(request, release_id, export_request.form_of(form))
    address, file = reverse("jobs-one", args=[job]), reverse("jobs-download", args=[job])
    return Status(202, {"job": job, "address": address, "file": file})
