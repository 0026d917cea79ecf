"""What a page and the API do when somebody asks for a file of a selection; the rules are `senhui.atlas.exports`.

Few sub-compartments are written at once, many by a job, for a city's take a minute; townships, which everybody may
have, are given at once.
"""

from __future__ import annotations

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from senhui.access.queries import areas_for
from senhui.access.rules import PermissionRefused
from senhui.atlas import exports
from senhui.atlas.exports.layer_files import Form
from senhui.atlas.exports.townships import townships_file
from senhui.atlas.selection import Selection
from senhui.atlas.statistics import TooFine, read_by
from senhui.inventory import queries
from senhui.jobs.actions.start_job import start_job
from senhui.web import job_titles, names
from senhui.web.page import seen_areas, today
from senhui.web.selection_request import selection_of

FORMS: dict[str, Form] = {"gpkg": "gpkg", "shp.zip": "zip", "csv": "csv", "xlsx": "xlsx"}
"""How a file's name ends, and what is written."""

FORM_NAMES: dict[Form, str] = {"gpkg": "GeoPackage", "zip": "Shapefile", "csv": "CSV", "xlsx": "XLSX"}


MOST_AT_ONCE = 10_000
"""Sub-compartments that are written while a page waits."""


class TooManyAtOnce(ValueError):
    """A program asked for more sub-compartments than are written while it waits."""

    def __init__(self, n_rows: int) -> None:
        super().__init__(f"{n_rows:,} sub-compartments take too long to wait for. POST to the same address.")
        self.n_rows = n_rows


def form_of(suffix: str) -> Form:
    """Return the format that an address names.

    Raises
    ------
    Http404
    """
    if suffix not in FORMS:
        raise Http404
    return FORMS[suffix]


def takes_stands(request: HttpRequest) -> bool:
    """Return whether the reader gets sub-compartments; who asked for townships does not, nor does who may not export.

    Raises
    ------
    PermissionRefused
        Sub-compartments of a choice were asked for by somebody who sees them but may not export them.
    """
    if request.GET.get("level") == "townships":
        return False
    if not areas_for(request.user, "export_sub_compartments", on=today()).is_empty:
        return True
    if not seen_areas(request).is_empty and _is_choice(request):
        raise PermissionRefused("export_sub_compartments")
    return False


def at_once(request: HttpRequest, release_id: str, form: Form) -> tuple[Path | None, int]:
    """Write the sub-compartments of the selection that the address names if they are few; return how many they are.

    Raises
    ------
    PermissionRefused, NoSuchRelease, NothingChosen, and what `selection_of` raises
    """
    chosen, now = selection_of(request, release_id), timezone.now()
    n_rows = exports.n_exported(request.user, chosen, on=today())
    if n_rows > MOST_AT_ONCE:
        return None, n_rows
    written = exports.sub_compartments(
        request.user, chosen, form=form, language=names.language(), now=now, progress=lambda _done, _note: None
    )
    return written.path, n_rows


def _is_choice(request: HttpRequest) -> bool:
    return any(text for name in ("where", "shape") for text in request.GET.getlist(name))


def start_export(request: HttpRequest, release_id: str, form: Form) -> int:
    """Start writing the sub-compartments of the selection that the address names; return the number of the job.

    Raises
    ------
    PermissionRefused, NoSuchRelease, UnknownDimension, UnknownValue, ShapeWrong
        In this order of precedence; before anything is queued.
    """
    exports.refuse_export(request.user, on=today())
    release = queries.release(release_id)
    selection_of(request, release_id)
    asked = ("within", "where", "shape")
    query = [[name, text] for name in asked for text in request.GET.getlist(name) if text]
    return start_job(
        request.user,
        "atlas.export_sub_compartments",
        {"release_id": release_id, "form": form, "language": names.language(), "query": query},
        title=job_titles.EXPORT,
        title_facts={"release": release.label, "form": FORM_NAMES[form]},
        now=timezone.now(),
    )


def townships(request: HttpRequest, release_id: str, form: Form) -> HttpResponse:
    """Give the townships of the place that the address names, with their totals.

    Raises
    ------
    TooFine, NoSuchRelease, NoSuchPlace
    """
    release = queries.release(release_id)
    if _is_choice(request):
        raise TooFine
    within = request.GET.get("within") or None
    queries.require_place(within or "", townships=release.township_codes)
    areas, language = seen_areas(request), names.language()
    if form == "gpkg" or form == "zip":  # noqa: PLR1714  # told apart for the types
        file = townships_file(
            Selection(release_id, within),
            areas=areas,
            form=form,
            language=language,
        )
    else:
        with read_by(areas):
            file = exports.statistics_file(
                release_id, within=within, by=("township",), where={}, form=form, language=language
            )
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response
