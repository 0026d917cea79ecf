"""Every refusal that the rooms below can raise is explained, in both languages, by its class and fields."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from dataclasses import fields

import pytest
from django.utils.translation import override
from tests.web.messages import refused_layers

from senhui.access.actions.redeem_sign_in_link import SignInLinkRefused
from senhui.access.actions.sign_in_with_password import SignInRefused
from senhui.access.rules import PermissionRefused, permissions
from senhui.atlas.boundaries_uploaded import NoSuchBoundary, TooManyBoundaries
from senhui.atlas.change_jobs import ChangeMapNotMade
from senhui.atlas.draft_tiles import DraftNotDrawn
from senhui.atlas.exports import ExportIsGone, NothingChosen, TooManyRows
from senhui.atlas.jobs import MapNotMade
from senhui.atlas.saved_views import NoSuchView, NotSignedIn, TooManyViews, ViewNameWrong, ViewStateWrong
from senhui.atlas.selection import ShapeWrong, UnknownValue
from senhui.atlas.sheet import LayerNotOnPaper, MapNeedsReviewNumber, TooManyStands
from senhui.atlas.sheet_extent import BoxDoesNotFit
from senhui.atlas.statistics import TooFine, UnknownDimension
from senhui.atlas.tile_writer import UnknownCode
from senhui.atlas.tiles import ChangeTilesMissing, TilesMissing
from senhui.documents import MissingGlyph
from senhui.intake import LayerRefused
from senhui.intake.recognition import LandClassGenerationUnclear
from senhui.inventory.actions.compare_releases import (
    CannotBeMeasuredAgain,
    NoLandInCommon,
    SampleAgainstSurvey,
    SurveysNotInOrder,
)
from senhui.inventory.actions.correct_rows_from_file import NothingInTheFile
from senhui.inventory.actions.declare_value import DeclarationNeedsAGround, DeclaredMeanwhile
from senhui.inventory.actions.exclude_rows import NoRowsChosen, ReasonMissing, RowHasNoError
from senhui.inventory.actions.import_overlay import (
    OverlayIsThere,
    OverlayLiesNowhere,
    OverlayOutlinesWrong,
    OverlayStatementWrong,
)
from senhui.inventory.actions.map_draft import MappingNeedsTheFile
from senhui.inventory.actions.measure_draft import NothingToMeasure
from senhui.inventory.actions.record_event import (
    EventAlreadyRecorded,
    EventAreaTooLarge,
    EventDateNotBetween,
    EventStatementWrong,
    LossLargerThanStock,
    RequestKeyUsed,
    StandHasNoEstimate,
)
from senhui.inventory.actions.release_draft import (
    AlreadyReleased,
    DraftIsNotMeasured,
    DraftWasChanged,
    SecondPersonNeeded,
)
from senhui.inventory.actions.remove_overlay import OverlayIsRemoved, RemovalNeedsAReason
from senhui.inventory.actions.reopen_row import RowIsNotDecided
from senhui.inventory.actions.reverse_event import EventAlreadyReversed, ReversalIsFinal, ReversalNeedsAReason
from senhui.inventory.actions.withdraw_declaration import NothingDeclaredThere
from senhui.inventory.changes import ChangeWasAltered, NoSuchChange
from senhui.inventory.corrections import NoSuchColumn, NothingToCorrect, ValueDoesNotFit
from senhui.inventory.events import NoSuchEvent
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.overlays import NoSuchOverlay
from senhui.inventory.queries import NoSuchDraft, NoSuchPlace, NoSuchRelease, NoSuchStand
from senhui.inventory.refusals import (
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
from senhui.jobs.refusal import JobNotStarted, JobWasStopped, ProcessDied, WorkerDied, as_data, from_data
from senhui.jobs.registry import JobKindUnknown
from senhui.measurement import UnknownKeys
from senhui.measurement.closing import DoesNotClose
from senhui.measurement.declarable import DeclaredValueWrong, NotDeclarable
from senhui.parameters import UnknownParameter
from senhui.web.errors import PERMISSION_NAMES, explain, explain_kept
from senhui.web.export_request import TooManyAtOnce
from senhui.web.uploads import UploadIsGone

pytestmark = pytest.mark.django_db


def a_refused_layer(kind: type[LayerRefused]) -> LayerRefused:
    """Return a refusal of this kind with some facts."""
    facts = {str: "some", int: 3, float: 1.5, tuple[str, ...]: ("a", "b")}
    return kind(*(facts[field.type] for field in fields(kind)))


REFUSALS = [
    (PermissionRefused("import_layer"), 403),
    (PermissionRefused("view_sub_compartments", "331181103201"), 403),
    (LayerOutsideYourAreas(["331126100"]), 403),
    (SecondPersonNeeded(7), 403),
    (SignInRefused(is_locked=False), 403),
    (SignInRefused(is_locked=True), 429),
    *[(SignInLinkRefused(reason), 403) for reason in ("unknown", "used", "expired", "closed")],
    (DraftHasErrors(7, 3), 409),
    (DraftIsClosed(7, "released"), 409),
    (DraftIsNotMeasured(7, "imported"), 409),
    (DraftWasChanged(7, "a", "b"), 409),
    (AlreadyReleased(7, "2021-7"), 409),
    (DraftNeedsMapping(7), 409),
    (DraftFilesMissing(7, "/var/senhui/drafts/gone"), 410),
    (MappingNeedsTheFile(7, ("crs", "encoding")), 409),
    (DraftChangedMeanwhile(7), 409),
    *[
        (RowChangedMeanwhile(7, 3, kind=kind, decided_by="Lin", number=2, reason="a lake"), 409)
        for kind in ("corrected", "excluded", "reopened")
    ],
    (NoSuchRow(7, 3), 404),
    (RowIsExcluded(7, 3), 409),
    (RowIsNotDecided(7, 3), 409),
    (RowHasNoError(7, 3), 409),
    (ReasonMissing(), 422),
    (ReasonTooLong(2_001), 422),
    (TextCannotBeWritten("XIAO_BAN"), 422),
    (NoRowsChosen(), 422),
    (NoSuchColumn(7, "VOL", ("XIAN", "CUN")), 422),
    (ValueDoesNotFit(3, "MIAN_JI", "much", "Float64"), 422),
    (NothingToCorrect(7, 3), 409),
    (NothingToMeasure(7), 409),
    (NothingInTheFile(7), 422),
    (NoSuchChange("2016-1_2021-2_0"), 404),
    (ChangeWasAltered("2016-1_2021-2_0", "movements.parquet"), 409),
    (DoesNotClose(0, 3.5), 500),
    (SurveysNotInOrder(2021, 2016), 409),
    (SampleAgainstSurvey("2016-1", "2021-2"), 409),
    (NoLandInCommon("2016-1", "2021-2"), 409),
    (CannotBeMeasuredAgain("2016-1", "unable to find column"), 409),
    (NoSuchEvent(7), 404),
    *[(EventStatementWrong("harvest", field), 422) for field in ("kind", "taken_frac", "gwp_report")],
    (EventDateNotBetween(dt.date(2016, 3, 4), 2016, dt.date(2021, 12, 31)), 422),
    (EventAreaTooLarge(9.0, 4.0), 422),
    (StandHasNoEstimate("331181103201-0001-0004"), 422),
    (LossLargerThanStock(9.0, 4.0), 409),
    (EventStatementWrong("conversion", "after_tc_ha", most_tc_ha=300.0), 422),
    (EventAlreadyRecorded(3), 409),
    (RequestKeyUsed(3), 409),
    (ReversalNeedsAReason(7), 422),
    (ReversalIsFinal(7), 409),
    (EventAlreadyReversed(7), 409),
    (NotDeclarable("weather"), 404),
    *[(DeclaredValueWrong(id, 99.0, "…"), 422) for id in ("culm_age_du", "soil", "error.area_single", "gone")],
    (DeclarationNeedsAGround("error.volume_line_model.oak"), 422),
    (NothingDeclaredThere("culm_age_du"), 409),
    (DeclaredMeanwhile("culm_age_du"), 409),
    (NothingChosen(), 409),
    (TooManyAtOnce(20_000), 409),
    (NoSuchBoundary(), 404),
    (TooManyBoundaries(), 409),
    (NotSignedIn(), 403),
    (NoSuchView(), 404),
    (TooManyViews(), 409),
    *[(ViewNameWrong("valley", is_taken=is_taken), 422) for is_taken in (True, False)],
    (ViewStateWrong(), 422),
    (ShapeWrong("too_many"), 400),
    (UnknownValue("origin", "moon"), 400),
    (DraftNotDrawn(7), 404),
    (MissingGlyph([("𰻝", "U+30EDD", "title")]), 422),
    (MapNeedsReviewNumber(), 403),
    (LayerNotOnPaper("removal"), 404),
    (TooManyStands(90_000, 50_000), 422),
    (BoxDoesNotFit("0,0,1,1"), 422),
    (NoSuchOverlay(7), 404),
    (OverlayStatementWrong("year", 3000), 422),
    (OverlayOutlinesWrong("park.gpkg", (2, 3), 2), 422),
    (OverlayLiesNowhere("park.gpkg"), 422),
    (OverlayIsThere(7, "国家公园"), 409),
    (OverlayIsRemoved(7, "Lin"), 409),
    (RemovalNeedsAReason(7), 422),
    (JobHasEnded(7, "failed"), 409),
    (JobCannotStartAgain(7, "succeeded"), 409),
    (UploadIsGone(), 404),
    (TooManyRows(2_000_000), 409),
    (UnknownDimension("soil"), 400),
    (TooFine(), 403),
    (NoSuchDraft(7), 404),
    (NoSuchRelease("1999-1"), 404),
    (NoSuchStand("2021-1", 7), 404),
    (NoSuchPlace("331199"), 404),
    (JobUnknown(7), 404),
    (UnknownParameter("x"), 404),
    (PermissionRefused("import_layer", ""), 403),
    (UnknownKeys("species_group", ["x", "y"]), 409),
    (UnknownCode("land_class", ["x"]), 409),
    (TilesMissing("2021-1"), 404),
    (ChangeTilesMissing("2016-1_2021-2_1f0c9a2b"), 404),
    (ChangeMapNotMade("2016-1_2021-2_1f0c9a2b"), 500),
    (ExportIsGone(), 404),
    (MapNotMade("2021-1"), 500),
    (JobKindUnknown("old.kind"), 409),
    (JobWasStopped(), 500),
    (WorkerDied(), 500),
    (ProcessDied("exit code 7", "…"), 500),
    (JobNotStarted("no memory"), 500),
    *[(a_refused_layer(kind), 422) for kind in refused_layers()],
]

NEVER_AT_THE_WEB = {
    "AreaCodeUnknown", "GrantEndsBeforeItStarts", "GrantIsOver", "GrantUnknown", "RoleUnknown", "UserExists",
    "UsernameUnfit", "WeakPassword",  # the terminal alone makes users and grants
    "DatabaseUrlUnknown", "BaseMapShifted", "BaseMapUnclear",  # before the web begins
    "LayerRefused", "MappingNeeded",  # only their kinds are raised
    "DensityOutOfRange",  # told as `EventStatementWrong`, with the kind of event
}  # fmt: skip
"""Refusals that no page and no job can meet."""

ROOMS_WITH_REFUSALS = ("access", "intake", "jobs", "inventory", "atlas", "web")


@pytest.mark.parametrize(("refusal", "status"), REFUSALS, ids=lambda value: type(value).__name__)
def test_a_refusal_says_what_and_what_now_in_both_languages(refusal: Exception, status: int) -> None:
    with override("en"):
        english = explain(refusal)
    with override("zh-hans"):
        chinese = explain(refusal)
    assert english is not None
    assert chinese is not None
    assert english.status == chinese.status == status
    assert english.what != chinese.what
    assert english.now != chinese.now
    assert english.what.endswith(".")
    assert not any("{" in text or "%(" in text for text in (english.what, english.why, english.now))
    kept = from_data(as_data(refusal))
    with override("zh-hans"):
        assert explain_kept(kept) == chinese, "a job that failed explains itself alike"


def _refusals_of_the_rooms() -> set[type[Exception]]:
    found = set()
    for room in ROOMS_WITH_REFUSALS:
        home = importlib.import_module(f"senhui.{room}")
        for module in pkgutil.walk_packages(home.__path__, f"{home.__name__}."):
            if ".migrations" in module.name or module.name == "senhui.jobs.run":
                continue
            things = vars(importlib.import_module(module.name)).values()
            found |= {
                thing
                for thing in things
                if isinstance(thing, type) and issubclass(thing, Exception) and thing.__module__.startswith("senhui.")
            }
    return found


def test_no_refusal_of_the_rooms_was_forgotten() -> None:
    tried = {type(refusal) for refusal, _status in REFUSALS}
    forgotten = {kind.__name__ for kind in _refusals_of_the_rooms() - tried}
    assert forgotten == NEVER_AT_THE_WEB


def test_a_refused_layer_names_its_facts_in_the_readers_habit() -> None:
    refusal = LandClassGenerationUnclear(("G1 200", "G3 7"), ())
    with override("zh-hans"):
        chinese = explain(refusal)
    with override("en"):
        english = explain(refusal)
    assert chinese is not None
    assert english is not None
    assert chinese.why == "各版本代码的行数：G1 200、G3 7。不在任何代码表中的代码：无。"
    assert english.why == "Rows by generation: G1 200, G3 7. Codes in no list: none."


def test_what_another_version_kept_is_not_explained_wrongly() -> None:
    assert explain_kept(from_data({"class": "senhui.inventory.queries:NoSuchDraft", "fields": {}})) is None
    assert explain_kept(None) is None


def test_every_permission_has_words() -> None:
    assert PERMISSION_NAMES.keys() == permissions().keys()


def test_a_mistake_of_the_program_is_not_explained_away() -> None:
    assert explain(ZeroDivisionError()) is None
