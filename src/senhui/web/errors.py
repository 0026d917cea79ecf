"""Tell a person what was refused, why, and what to do now, by the exception's class and fields.

The message of an exception is for the log and the terminal; the web never parses it, so both languages say the
same. An exception without an entry here is a mistake of the program and becomes the page for 500. A job that failed
keeps its exception by class and fields, so it is explained by the same entries (`explain_kept`).
Cases: tests/web/test_errors.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import singledispatch, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from senhui.access.actions.redeem_sign_in_link import SignInLinkRefused
from senhui.access.actions.sign_in_with_password import SignInRefused
from senhui.access.rules import PermissionRefused
from senhui.atlas.exports import ExportIsGone, TooManyRows
from senhui.atlas.jobs import MapNotMade
from senhui.atlas.statistics import TooFine, UnknownDimension
from senhui.atlas.tile_writer import UnknownCode
from senhui.atlas.tiles import TilesMissing
from senhui.intake import LayerRefused
from senhui.inventory.actions.correct_rows_from_file import NothingInTheFile
from senhui.inventory.actions.exclude_rows import NoRowsChosen, ReasonMissing, RowHasNoError
from senhui.inventory.actions.map_draft import MappingNeedsTheFile
from senhui.inventory.actions.measure_draft import NothingToMeasure
from senhui.inventory.actions.release_draft import (
    AlreadyReleased,
    DraftIsNotMeasured,
    DraftWasChanged,
    SecondPersonNeeded,
)
from senhui.inventory.actions.reopen_row import RowIsNotDecided
from senhui.inventory.corrections import NoSuchColumn, NothingToCorrect, ValueDoesNotFit
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.queries import NoSuchDraft, NoSuchRelease, NoSuchStand, unit_names
from senhui.inventory.refusals import (
    MOST_OF_A_REASON,
    DraftChangedMeanwhile,
    DraftFilesMissing,
    DraftHasErrors,
    DraftIsClosed,
    DraftNeedsMapping,
    NoSuchRow,
    ReasonTooLong,
    RowChangedMeanwhile,
    RowIsExcluded,
    TextCannotBeWritten,
)
from senhui.jobs.actions.cancel_job import JobHasEnded
from senhui.jobs.actions.start_again import JobCannotStartAgain
from senhui.jobs.queries import JobUnknown
from senhui.jobs.refusal import JobNotStarted, JobWasStopped, ProcessDied, WorkerDied
from senhui.jobs.registry import JobKindUnknown
from senhui.measurement import UnknownKeys
from senhui.parameters import UnknownParameter
from senhui.web.page import page
from senhui.web.uploads import UploadIsGone


@dataclass(frozen=True)
class Explanation:
    """What to answer: HTTP status, what happened, what to do now, and where `what` does not say it already, why."""

    status: int
    what: str
    now: str
    why: str = ""


@singledispatch
def explain(error: BaseException) -> Explanation | None:
    """Return the explanation of a known refusal, or None for a mistake of the program."""
    return None


def explain_kept(refusal: Exception | None) -> Explanation | None:
    """Return the explanation of a refusal that a job kept, or None; an older version may have kept other fields."""
    if refusal is None:
        return None
    try:
        return explain(refusal)
    except (AttributeError, KeyError):
        return None


def explained(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a view so that a known refusal becomes a page that explains it."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **named)
        except Exception as error:
            explanation = explain(error)
            if explanation is None:
                raise
            return refusal(request, explanation)

    return answer


def refusal(request: HttpRequest, explanation: Explanation) -> HttpResponse:
    """Return the page of a refusal; a part asked for by HTMX gets the short form."""
    template = "fragments/refusal.html" if request.headers.get("HX-Request") else "failures/refusal.html"
    return page(request, template, {"explanation": explanation}, status=explanation.status)


PERMISSION_NAMES: dict[str, Callable[[], str]] = {
    "view_sub_compartments": lambda: _("see sub-compartments"),
    "export_sub_compartments": lambda: _("export sub-compartments"),
    "import_layer": lambda: _("import a layer"),
    "declare_values": lambda: _("declare values of this installation"),
    "release_layer": lambda: _("release a layer"),
    "manage_users": lambda: _("manage users"),
    "cancel_job": lambda: _("cancel a job of somebody else"),
}
"""What each permission of `access` lets a person do, to be read after “may not”."""


@explain.register
def _permission(error: PermissionRefused) -> Explanation:
    action = PERMISSION_NAMES.get(error.permission, lambda: error.permission)()
    if error.area is None:
        what = _("You may not %(action)s.") % {"action": action}
    else:
        place = unit_names().get(error.area, error.area) or _("all areas")
        what = _("You may not %(action)s in %(place)s.") % {"action": action, "place": place}
    return Explanation(
        403, what, _("Sign in as somebody with this right, or ask an administrator for a grant over the area.")
    )


DATUM_NAMES: dict[str, Callable[[], str]] = {
    "CGCS2000": lambda: "CGCS2000",
    "WGS 84": lambda: "WGS 84",
    "Xian 1980": lambda: _("Xi'an 1980"),
    "Beijing 1954": lambda: _("Beijing 1954"),
}
"""Datums as people call them, by the names that `intake` gives them."""


@explain.register
def _layer(error: LayerRefused) -> Explanation:
    """Translate the templates of the class; their texts are keys of the catalogue."""
    facts = {name: _listed(fact) if isinstance(fact, tuple) else fact for name, fact in error.facts.items()}
    datum = facts.get("datum")
    if isinstance(datum, str) and datum in DATUM_NAMES:
        facts["datum"] = DATUM_NAMES[datum]()
    what, why, remedy = (_(template).format(**facts) for template in (error.what, error.why, error.remedy))
    return Explanation(422, what, remedy, why)


def _listed(names: Iterable[object]) -> str:
    return _(", ").join(map(str, names)) or _("none")


@explain.register
def _unknown_keys(error: UnknownKeys) -> Explanation:
    return Explanation(
        409,
        _("Column %(column)s holds values that no method knows: %(values)s.")
        % {"column": error.column, "values": _listed(error.unknown)},
        _("Correct them in the file and import it again, or ask an administrator to add them to the code tables."),
    )


@explain.register
def _unknown_code(error: UnknownCode) -> Explanation:
    return Explanation(
        409,
        _("Column %(column)s holds values that the map does not know: %(values)s.")
        % {"column": error.column, "values": _listed(error.codes)},
        _("Correct them in the file and import it again, or ask an administrator to add them to the code tables."),
    )


@explain.register
def _outside(error: LayerOutsideYourAreas) -> Explanation:
    names = unit_names()
    places = _listed(names.get(code, code) for code in error.township_codes[:5])
    return Explanation(
        403,
        _("The layer holds %(n)s townships outside your areas, such as %(places)s.")
        % {"n": len(error.township_codes), "places": places},
        _("Import only the rows of your own area, or ask an administrator for a wider grant."),
    )


@explain.register
def _draft_errors(error: DraftHasErrors) -> Explanation:
    return Explanation(
        409,
        _("The draft has %(n)s errors, and a number from it would rest on rows known to be wrong.")
        % {"n": error.n_errors},
        _("Correct each row with an error, or exclude it with a reason."),
    )


@explain.register
def _draft_closed(error: DraftIsClosed) -> Explanation:
    return Explanation(
        409,
        _("The draft has been released or discarded and cannot be changed."),
        _("Import the layer again to work on it."),
    )


@explain.register
def _not_measured(error: DraftIsNotMeasured) -> Explanation:
    return Explanation(409, _("Only a measured draft can be released."), _("Measure the draft first."))


@explain.register
def _second_person(error: SecondPersonNeeded) -> Explanation:
    return Explanation(
        403,
        _("You imported, corrected or measured this draft; whoever prepared a draft may not release it."),
        _("Ask a second person with the right to release."),
    )


@explain.register
def _released_already(error: AlreadyReleased) -> Explanation:
    return Explanation(
        409,
        _("This draft was released already, as %(id)s.") % {"id": error.release_id},
        _("There is nothing more to do: open that release."),
    )


@explain.register
def _draft_files_missing(error: DraftFilesMissing) -> Explanation:
    return Explanation(
        410,
        _("The files of draft %(id)s are gone from the store.") % {"id": error.draft_id},
        _("Ask an administrator to restore them from a backup, or discard the draft and import the layer again."),
    )


@explain.register
def _draft_unmapped(error: DraftNeedsMapping) -> Explanation:
    return Explanation(
        409,
        _("The columns or codes of this draft are not understood yet."),
        _("Answer the question on its mapping page."),
    )


@explain.register
def _mapping_needs_file(error: MappingNeedsTheFile) -> Explanation:
    return Explanation(
        409,
        _("The mapping changes how the file itself is read (%(names)s), and a draft keeps no file.")
        % {"names": _listed(error.names)},
        _("Import the file again with this mapping."),
    )


@explain.register
def _draft_changed_meanwhile(error: DraftChangedMeanwhile) -> Explanation:
    return Explanation(
        409,
        _("Somebody else changed this draft meanwhile; nothing of yours was kept."),
        _("Look at the draft as it is now and do it again."),
    )


@explain.register
def _row_changed_meanwhile(error: RowChangedMeanwhile) -> Explanation:
    words = {
        "corrected": _("Row %(row)s was corrected by %(person)s meanwhile; nothing of yours was kept."),
        "excluded": _("Row %(row)s was excluded by %(person)s meanwhile; nothing of yours was kept."),
        "reopened": _("Row %(row)s was opened again by %(person)s meanwhile; nothing of yours was kept."),
    }
    return Explanation(
        409,
        words[error.kind] % {"row": error.row, "person": error.decided_by},
        _("Look at the row as it is now and decide again."),
        error.reason,
    )


@explain.register
def _no_row(error: NoSuchRow) -> Explanation:
    return Explanation(
        404,
        _("This draft has no row %(row)s that you may see.") % {"row": error.row},
        _("Choose a row from its list; the first row of a file is 1."),
    )


@explain.register
def _row_excluded(error: RowIsExcluded) -> Explanation:
    return Explanation(409, _("Row %(row)s is excluded.") % {"row": error.row}, _("Open the row again first."))


@explain.register
def _row_undecided(error: RowIsNotDecided) -> Explanation:
    return Explanation(
        409,
        _("Row %(row)s is as the file has it.") % {"row": error.row},
        _("There is nothing to take back; look at the row as it is now."),
    )


@explain.register
def _row_sound(error: RowHasNoError) -> Explanation:
    return Explanation(
        409,
        _("Row %(row)s has no open error, and what is sound is not left out.") % {"row": error.row},
        _("Correct the row if a value is wrong all the same."),
    )


@explain.register
def _reason_missing(error: ReasonMissing) -> Explanation:
    return Explanation(
        422, _("Rows are left out only with a reason."), _("State the reason; it is printed with the release.")
    )


@explain.register
def _reason_too_long(error: ReasonTooLong) -> Explanation:
    return Explanation(
        422,
        _("The reason has %(n)s characters; at most %(most)s are kept.")
        % {"n": f"{error.n_characters:,}", "most": f"{MOST_OF_A_REASON:,}"},
        _("Shorten it."),
    )


@explain.register
def _text_unwritable(error: TextCannotBeWritten) -> Explanation:
    # Halves of characters in the name itself would break the answer.
    name = error.name.encode("ascii" if not error.name.isprintable() else "utf-8", "replace").decode()
    return Explanation(
        422,
        _("The text given for %(name)s holds characters that cannot be written, such as control characters.")
        % {"name": name},
        _("Type it anew."),
    )


@explain.register
def _no_rows(error: NoRowsChosen) -> Explanation:
    return Explanation(422, _("No row was chosen."), _("Choose at least one row."))


@explain.register
def _no_column(error: NoSuchColumn) -> Explanation:
    return Explanation(
        422,
        _("The file has no column %(column)s.") % {"column": error.column},
        _("Use a column of the file: %(columns)s.") % {"columns": _listed(error.columns[:12])},
    )


@explain.register
def _value_unfit(error: ValueDoesNotFit) -> Explanation:
    return Explanation(
        422,
        _("Row %(row)s: “%(value)s” does not fit column %(column)s.")
        % {"row": error.row, "value": error.value, "column": error.column},
        _("Enter a number for a column of numbers, or a date as 2026-11-22 for a column of dates."),
    )


@explain.register
def _nothing_to_correct(error: NothingToCorrect) -> Explanation:
    return Explanation(
        409,
        _("Row %(row)s says that already; nothing was changed.") % {"row": error.row},
        _("Change a value, or exclude the row with a reason."),
    )


@explain.register
def _nothing_in_file(error: NothingInTheFile) -> Explanation:
    return Explanation(
        422,
        _("The table changes nothing: every cell says what the draft says already."),
        _("Correct the cells and save the table before you hand it in."),
    )


@explain.register
def _nothing_to_measure(error: NothingToMeasure) -> Explanation:
    return Explanation(
        409, _("Every row of this draft is excluded; there is nothing to measure."), _("Open a row again.")
    )


@explain.register
def _draft_changed(error: DraftWasChanged) -> Explanation:
    return Explanation(
        409, _("The draft's file no longer holds the values that were measured."), _("Measure the draft again.")
    )


@explain.register
def _no_draft(error: NoSuchDraft) -> Explanation:
    return Explanation(
        404,
        _("There is no draft %(id)s that you may see.") % {"id": error.draft_id},
        _("Choose one from the list of imports."),
    )


@explain.register
def _no_release(error: NoSuchRelease) -> Explanation:
    return Explanation(
        404,
        _("There is no release %(id)s.") % {"id": error.release_id},
        _("Choose one from the list of releases."),
    )


@explain.register
def _no_tiles(error: TilesMissing) -> Explanation:
    return Explanation(
        404,
        _("There are no map tiles of the release %(id)s.") % {"id": error.release_id},
        _("Ask an administrator to make them in the terminal: senhui tiles %(id)s") % {"id": error.release_id},
    )


@explain.register
def _no_map(error: MapNotMade) -> Explanation:
    return Explanation(
        500,
        _("The release %(id)s was made and stands, but its map was not drawn.") % {"id": error.release_id},
        _("Draw the map now, here or in the terminal: senhui tiles %(id)s") % {"id": error.release_id},
    )


@explain.register
def _no_stand(error: NoSuchStand) -> Explanation:
    return Explanation(
        404,
        _("The release %(id)s holds no such entry.") % {"id": error.release_id},
        _("Go to the map and choose a sub-compartment there."),
    )


@explain.register
def _no_dimension(error: UnknownDimension) -> Explanation:
    return Explanation(
        400, _("The statistics are not kept along this dimension."), _("Choose one of those that the page offers.")
    )


@explain.register
def _too_fine(error: TooFine) -> Explanation:
    return Explanation(
        403,
        _("The public sees townships as totals; finer tables need a role."),
        _("Choose one attribute of a county or the city, or sign in as somebody with a role over the place."),
    )


@explain.register
def _no_parameter(error: UnknownParameter) -> Explanation:
    return Explanation(
        404,
        _("There is no parameter %(id)s.") % {"id": error.parameter_id},
        _("Choose one from the list of parameters."),
    )


@explain.register
def _no_job(error: JobUnknown) -> Explanation:
    return Explanation(404, _("There is no job %(id)s.") % {"id": error.job_id}, _("Choose one from your last jobs."))


@explain.register
def _job_over(error: JobHasEnded) -> Explanation:
    return Explanation(409, _("The job has already ended."), _("Open its page to see the result."))


@explain.register
def _job_not_again(error: JobCannotStartAgain) -> Explanation:
    return Explanation(
        409,
        _("This job still goes on or got done; there is nothing to start again."),
        _("Open its page to see the result."),
    )


@explain.register
def _upload_gone(error: UploadIsGone) -> Explanation:
    return Explanation(
        404,
        _("The uploaded file is no longer kept: it lay for a day, or another import took it."),
        _("Import the layer again, with its file."),
    )


@explain.register
def _no_kind(error: JobKindUnknown) -> Explanation:
    return Explanation(
        409,
        _("This version of the product does not know work of the kind %(kind)s.") % {"kind": error.kind},
        _("Start it again from its own page."),
    )


@explain.register
def _stopped(error: JobWasStopped) -> Explanation:
    return Explanation(500, _("The work was stopped from outside, with its worker or by the system."), _again())


@explain.register
def _worker_died(error: WorkerDied) -> Explanation:
    return Explanation(500, _("The worker that did this died, and the work with it."), _again())


@explain.register
def _process_died(error: ProcessDied) -> Explanation:
    return Explanation(
        500,
        _("The process that did this died without a word (%(how)s).") % {"how": error.how},
        _("Start it again. If it stays, give the log below to an administrator; often the memory was too small."),
    )


@explain.register
def _not_started(error: JobNotStarted) -> Explanation:
    return Explanation(
        500,
        _("The system could not start the process: %(detail)s.") % {"detail": error.detail.rstrip(".")},
        _again(),
    )


def _again() -> str:
    return _("Start it again. If it stays, tell an administrator the number of the job.")


@explain.register
def _sign_in(error: SignInRefused) -> Explanation:
    if error.is_locked:
        return Explanation(
            429,
            _("Too many wrong passwords."),
            _("Wait a quarter of an hour, or ask an administrator for a one-time sign-in link."),
        )
    return Explanation(
        403,
        _("User name and password do not fit."),
        _("Check both; capital letters in the password count."),
    )


LINK_REASONS: dict[str, Callable[[], str]] = {
    "unknown": lambda: _("There is no such sign-in link."),
    "used": lambda: _("This sign-in link was used before; each works once."),
    "expired": lambda: _("This sign-in link is too old."),
    "closed": lambda: _("The user of this sign-in link is closed."),
}


@explain.register
def _link(error: SignInLinkRefused) -> Explanation:
    return Explanation(
        403,
        LINK_REASONS[error.reason](),
        _("Check that the whole address was copied, or ask an administrator for a new link."),
    )


@explain.register
def _too_many_rows(error: TooManyRows) -> Explanation:
    return Explanation(
        409,
        _("%(n)s sub-compartments do not fit one worksheet.") % {"n": f"{error.n_rows:,}"},
        _("Choose GeoPackage or CSV."),
    )


@explain.register
def _export_gone(error: ExportIsGone) -> Explanation:
    return Explanation(
        404,
        _("The exported file was kept for a day and has been removed."),
        _("Export it again from the page of the release."),
    )
