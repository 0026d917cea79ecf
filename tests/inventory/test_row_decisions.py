"""Rows with errors are corrected or excluded by a named person; a release says what was left out and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.contrib.auth.models import AnonymousUser
from tests.inventory.damaged import (
    BOW_TIE,
    MOVED,
    MOVED_ONTO,
    ON,
    WRONG_AREA,
    imported,
    open_errors,
    unchanged,
    write_damaged,
)
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.discard_draft import discard_draft
from senhui.inventory.actions.exclude_rows import NoRowsChosen, ReasonMissing, RowHasNoError, exclude_rows
from senhui.inventory.actions.measure_draft import NothingToMeasure, measure_draft
from senhui.inventory.actions.release_draft import SecondPersonNeeded, release_draft
from senhui.inventory.actions.reopen_row import RowIsNotDecided, reopen_row
from senhui.inventory.corrections import NoSuchColumn, NothingToCorrect, ValueDoesNotFit
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.models import Draft, RowDecision
from senhui.inventory.refusals import (
    DraftHasErrors,
    DraftIsClosed,
    NoSuchRow,
    RowChangedMeanwhile,
    RowIsExcluded,
)
from senhui.inventory.verification import recalculate

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
IN_QINGYUAN = {"XIAN": QINGYUAN, "XIANG": f"{QINGYUAN}103", "CUN": f"{QINGYUAN}103201", "MIAN_JI": "4"}
ALL_WRONG = {
    (WRONG_AREA, "area_impossible"),
    (MOVED, "outline_overlaps"),
    (MOVED_ONTO, "outline_overlaps"),
    (BOW_TIE, "geometry_invalid"),
}


@pytest.fixture
def lin(person: Person) -> Any:
    """A technician of Longquan."""
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft(lin: Any, tmp_path: Path) -> queries.DraftInfo:
    """The damaged layer, imported."""
    return imported(lin, write_damaged(tmp_path / "damaged.gpkg"))


def correct(actor: Any, draft_id: int, row: int, **more: Any) -> queries.DraftInfo:
    return correct_row(actor, draft_id=draft_id, row=row, now=NOW, **{"values": {"MIAN_JI": "4"}, **more})


def exclude(actor: Any, draft_id: int, *rows: int, reason: str = "lies in a lake") -> queries.DraftInfo:
    return exclude_rows(actor, draft_id=draft_id, rows=rows, reason=reason, now=NOW)


def mend(actor: Any, draft_id: int) -> queries.DraftInfo:
    """Decide of every error: one value, one outline, one row left out."""
    correct(actor, draft_id, WRONG_AREA)
    correct(actor, draft_id, BOW_TIE, values={}, repair_outline=True)
    return exclude(actor, draft_id, MOVED)


def test_every_error_is_open_at_first(lin: Any, draft: queries.DraftInfo) -> None:
    assert open_errors(lin, draft.id) == ALL_WRONG
    assert queries.draft_errors(lin, draft.id, on=ON).n_by_reason["outline_overlaps"] == 2
    assert queries.draft_errors(lin, draft.id, on=ON, reason="area_impossible").n_findings == 1


def test_a_corrected_value_closes_its_error_and_no_other(lin: Any, draft: queries.DraftInfo) -> None:
    after = correct(lin, draft.id, WRONG_AREA, reason="a slip of the keyboard")
    assert open_errors(lin, draft.id) == ALL_WRONG - {(WRONG_AREA, "area_impossible")}
    assert after.n_errors == 4, "what the file said stays on record"
    row = queries.draft_row(lin, draft.id, WRONG_AREA, on=ON)
    assert (row.number, row.state, row.values["MIAN_JI"], row.as_read) == (1, "corrected", 4.0, {"MIAN_JI": 400.0})
    assert [(one.kind, one.values, one.reason, one.decided_by) for one in row.decisions] == [
        ("corrected", {"MIAN_JI": "4"}, "a slip of the keyboard", "lin")
    ]
    entry = AuditEntry.objects.get(action="inventory.correct_row")
    assert (entry.actor_id, entry.detail["rows"]) == (lin.pk, [WRONG_AREA])


def test_a_wrong_correction_is_kept_and_its_errors_stay_open(lin: Any, draft: queries.DraftInfo) -> None:
    correct(lin, draft.id, 1, values={"LIN_BAN": None, "MIAN_JI": "-4"})
    new = {reason for row, reason in open_errors(lin, draft.id) if row == 1}
    assert {"number_missing", "value_negative"} <= new
    correct(lin, draft.id, 1, values={"LIN_BAN": "0001", "MIAN_JI": "4"})
    assert open_errors(lin, draft.id) == ALL_WRONG
    assert queries.draft_row(lin, draft.id, 1, on=ON).values["LIN_BAN"] == "0001"


def test_a_number_given_twice_is_an_error_of_both_rows(lin: Any, draft: queries.DraftInfo) -> None:
    correct(lin, draft.id, 2, values={"XIAO_BAN": "0000"})
    assert open_errors(lin, draft.id) - ALL_WRONG == {(1, "id_duplicate"), (2, "id_duplicate")}
    correct(lin, draft.id, 7, values={"XIAO_BAN": "0000"})
    assert {row for row, reason in open_errors(lin, draft.id) if reason == "id_duplicate"} == {1, 2, 7}
    reopen_row(lin, draft_id=draft.id, row=2, now=NOW)
    assert {row for row, reason in open_errors(lin, draft.id) if reason == "id_duplicate"} == {1, 7}
    correct(lin, draft.id, 7, values={"XIAO_BAN": "0099"})
    assert open_errors(lin, draft.id) == ALL_WRONG


def test_of_two_that_overlap_one_is_left_out_and_the_other_is_sound(lin: Any, draft: queries.DraftInfo) -> None:
    after = exclude(lin, draft.id, MOVED)
    assert open_errors(lin, draft.id) == ALL_WRONG - {(MOVED, "outline_overlaps"), (MOVED_ONTO, "outline_overlaps")}
    assert (after.n_excluded, after.excluded_area_ha) == (1, 4.0)
    reopened = reopen_row(lin, draft_id=draft.id, row=MOVED, now=NOW)
    assert open_errors(lin, draft.id) == ALL_WRONG
    assert (reopened.n_excluded, reopened.excluded_area_ha) == (0, 0.0)
    kinds = [one.kind for one in queries.draft_decisions(lin, draft.id, on=ON, row=MOVED)]
    assert kinds == ["excluded", "reopened"], "nothing of the record goes"


def test_an_excluded_row_with_a_wrong_area_counts_with_that_of_its_outline(lin: Any, draft: queries.DraftInfo) -> None:
    after = exclude(lin, draft.id, WRONG_AREA)
    outline_ha = queries.draft_row(lin, draft.id, WRONG_AREA, on=ON).geometry_area_ha
    assert after.excluded_area_ha == pytest.approx(outline_ha)
    assert outline_ha == pytest.approx(4.0, rel=0.01)


def test_a_repaired_outline_closes_its_error(lin: Any, draft: queries.DraftInfo) -> None:
    correct(lin, draft.id, BOW_TIE, values={}, repair_outline=True)
    assert (BOW_TIE, "geometry_invalid") not in open_errors(lin, draft.id)
    outline = queries.draft_row(lin, draft.id, BOW_TIE, on=ON).outline
    assert outline is not None
    assert outline["type"] == "MultiPolygon"


def test_the_whole_way_with_decisions_ends_in_a_release_that_says_them(
    lin: Any, draft: queries.DraftInfo, person: Person
) -> None:
    chen = person("chen", reviewer="3311")
    assert mend(lin, draft.id).n_open_errors == 0
    measured = measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    assert measured.measurement is not None
    assert measured.measurement["excluded_area_ha"] == measured.excluded_area_ha == 4.0
    frame = pl.read_parquet(measured.directory / "measured.parquet").sort("row")
    assert frame["row"].to_list() == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]
    assert frame.filter(pl.col("row") == WRONG_AREA)["area_ha"].item() == 4.0
    release = release_draft(chen, draft_id=draft.id, label="Test", now=NOW, progress=quiet)
    assert (release.n_excluded, release.excluded_area_ha) == (1, 4.0)
    assert release.excluded_area_within(LONGQUAN) == 4.0
    assert release.excluded_area_within(QINGYUAN) == 0.0
    (left_out,) = release.manifest["excluded"]["rows"]
    assert (left_out["row"], left_out["reason"], left_out["decided_by"]) == (MOVED, "lies in a lake", "lin")
    assert release.manifest["n_corrected"] == 2
    for reader, rows in ((chen, [left_out]), (person("zhou", viewer=QINGYUAN), []), (AnonymousUser(), [])):
        seen = queries.manifest_for(reader, release, on=ON)["excluded"]
        assert (seen["area_ha"], seen["rows"]) == (4.0, rows), "the area is for all, single stands are not"
    assert recalculate(release.id).differs_in == (), "files and decisions give the same numbers again"


def test_the_numbers_are_those_of_a_layer_that_was_right_from_the_start(
    lin: Any, draft: queries.DraftInfo, tmp_path: Path
) -> None:
    """Corrected in the browser or in the file: the stand is the same, to the bit."""
    mend(lin, draft.id)
    corrected = measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    right = imported(lin, write_layer(tmp_path / "right.gpkg"))
    right = measure_draft(lin, draft_id=right.id, now=NOW, progress=quiet)
    columns = ["row", "sub_compartment_id", "area_ha", "species_group", "stock_tc", "geometry"]
    one, other = (
        pl.read_parquet(info.directory / "measured.parquet")
        .select(columns)
        .filter(~pl.col("row").is_in([MOVED, BOW_TIE]))
        .sort("row")
        for info in (corrected, right)
    )
    assert one.equals(other)


def test_open_errors_keep_a_draft_from_being_measured(lin: Any, draft: queries.DraftInfo) -> None:
    problem = unchanged(
        draft.id, lambda: measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet), DraftHasErrors
    )
    assert isinstance(problem, DraftHasErrors)
    assert problem.n_errors == 4


def test_a_correction_voids_the_numbers_of_a_measured_draft(lin: Any, draft: queries.DraftInfo) -> None:
    mend(lin, draft.id)
    measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    after = correct(lin, draft.id, 1, values={"HUO_LMGQXJ": "11"})
    assert (after.state, after.measurement, after.measured_by) == ("imported", None, None)
    again = measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    assert again.state == "measured"


def test_who_decided_of_a_row_may_not_release(lin: Any, draft: queries.DraftInfo, person: Person) -> None:
    both = person("both", technician="3311", reviewer="3311")
    correct(both, draft.id, WRONG_AREA)
    correct(lin, draft.id, BOW_TIE, values={}, repair_outline=True)
    exclude(lin, draft.id, MOVED)
    measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    unchanged(
        draft.id,
        lambda: release_draft(both, draft_id=draft.id, label="x", now=NOW, progress=quiet),
        SecondPersonNeeded,
    )


def test_a_draft_of_which_nothing_is_left_is_not_measured(lin: Any, tmp_path: Path) -> None:
    draft = imported(lin, write_layer(tmp_path / "numberless.gpkg", LIN_BAN=[""] * 12))
    exclude(lin, draft.id, *range(1, 13))
    unchanged(draft.id, lambda: measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet), NothingToMeasure)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"row": 13}, NoSuchRow),
        ({"row": 0}, NoSuchRow),
        ({"seen": 3}, RowChangedMeanwhile),
        ({"values": {"VOLUME": "4"}}, NoSuchColumn),
        ({"values": {"row": "4"}}, NoSuchColumn),
        ({"values": {"MIAN_JI": "four"}}, ValueDoesNotFit),
        ({"values": {}}, NothingToCorrect),
        ({"values": {"MIAN_JI": "400.0"}}, NothingToCorrect),
        ({"values": IN_QINGYUAN}, LayerOutsideYourAreas),
    ],
)  # fmt: skip
def test_a_correction_that_is_refused_changes_nothing(
    lin: Any, draft: queries.DraftInfo, change: dict[str, Any], refusal: type[Exception]
) -> None:
    if "seen" in change:
        correct(lin, draft.id, WRONG_AREA, values={"MIAN_JI": "5"})
    given = {"row": WRONG_AREA, **change}
    problem = unchanged(draft.id, lambda: correct(lin, draft.id, **given), refusal)
    if isinstance(problem, RowChangedMeanwhile):
        assert (problem.kind, problem.decided_by, problem.number) == ("corrected", "lin", 1)


def test_an_exclusion_that_is_refused_changes_nothing(lin: Any, draft: queries.DraftInfo) -> None:
    unchanged(draft.id, lambda: exclude(lin, draft.id, WRONG_AREA, reason=" "), ReasonMissing)
    unchanged(draft.id, lambda: exclude(lin, draft.id), NoRowsChosen)
    unchanged(draft.id, lambda: exclude(lin, draft.id, 99), NoSuchRow)
    unchanged(draft.id, lambda: exclude(lin, draft.id, WRONG_AREA, 1), RowHasNoError)
    exclude(lin, draft.id, WRONG_AREA)
    unchanged(draft.id, lambda: exclude(lin, draft.id, WRONG_AREA), RowIsExcluded)
    unchanged(draft.id, lambda: correct(lin, draft.id, WRONG_AREA), RowIsExcluded)
    unchanged(draft.id, lambda: reopen_row(lin, draft_id=draft.id, row=1, now=NOW), RowIsNotDecided)


def test_rows_are_decided_by_those_who_may_import_there(lin: Any, draft: queries.DraftInfo, person: Person) -> None:
    zhou, chen, xu = person("zhou", technician=QINGYUAN), person("chen", reviewer="3311"), person("xu", viewer="3311")
    unchanged(draft.id, lambda: correct(zhou, draft.id, WRONG_AREA), queries.NoSuchDraft)
    unchanged(draft.id, lambda: correct(chen, draft.id, WRONG_AREA), PermissionRefused)
    unchanged(draft.id, lambda: exclude(xu, draft.id, WRONG_AREA), queries.NoSuchDraft)
    assert correct(person("hu", technician="3311"), draft.id, WRONG_AREA).n_open_errors == 3


def test_a_technician_neither_sees_nor_decides_rows_of_another_county(lin: Any, person: Person, tmp_path: Path) -> None:
    """The city imports both counties; of Qingyuan only rows with errors, which give the draft no land there."""
    city = person("city", technician="3311")
    counties = [LONGQUAN] * 10 + [QINGYUAN] * 2
    codes = {
        "XIAN": counties,
        "XIANG": [f"{county}103" for county in counties],
        "CUN": [f"{county}103201" for county in counties],
        # Row 11 has a number and a wrong area, row 12 has no number.
        "LIN_BAN": ["0001"] * 11 + [None],
    }
    areas = [4.0] * 12
    areas[WRONG_AREA - 1] = areas[10] = 400.0
    draft = imported(city, write_damaged(tmp_path / "both.gpkg", MIAN_JI=areas, **codes))
    assert draft.township_codes == (f"{LONGQUAN}103",)
    assert {row for row, _ in open_errors(city, draft.id)} == {WRONG_AREA, MOVED, MOVED_ONTO, BOW_TIE, 11, 12}
    seen = {finding["row"] for finding in queries.draft_errors(lin, draft.id, on=ON).findings}
    assert seen == {WRONG_AREA, MOVED, MOVED_ONTO, BOW_TIE}
    everywhere = (119.0, 27.0, 120.0, 29.0)
    shown = queries.draft_findings_on_map(lin, draft.id, bbox=everywhere, on=ON)["features"]
    assert {feature["id"] for feature in shown} == {WRONG_AREA, MOVED, MOVED_ONTO, BOW_TIE}
    for row in (11, 12):
        with pytest.raises(NoSuchRow):
            queries.draft_row(lin, draft.id, row, on=ON)
        unchanged(draft.id, lambda row=row: correct(lin, draft.id, row), NoSuchRow)  # type: ignore[misc]
        unchanged(draft.id, lambda row=row: exclude(lin, draft.id, row), NoSuchRow)  # type: ignore[misc]
    assert 11 not in {one["id"] for one in queries.draft_row(lin, draft.id, 10, on=ON).neighbours}
    correct(city, draft.id, 11)
    with pytest.raises(queries.NoSuchDraft):
        queries.draft(lin, draft.id, on=ON)


def test_a_closed_draft_takes_no_decision(lin: Any, draft: queries.DraftInfo, person: Person) -> None:
    discard_draft(lin, draft_id=draft.id, now=NOW)
    unchanged(draft.id, lambda: correct(lin, draft.id, WRONG_AREA), DraftIsClosed)
    unchanged(draft.id, lambda: exclude(lin, draft.id, WRONG_AREA), DraftIsClosed)
    assert not RowDecision.objects.exists()
    assert Draft.objects.get(pk=draft.id).state == "discarded"


def test_the_map_shows_each_row_with_a_finding_once_errors_first(lin: Any, draft: queries.DraftInfo) -> None:
    shown = queries.draft_findings_on_map(lin, draft.id, bbox=(119.0, 27.0, 120.0, 29.0), on=ON)
    assert [feature["id"] for feature in shown["features"]] == [WRONG_AREA, MOVED, MOVED_ONTO, BOW_TIE]
    assert {feature["properties"]["severity"] for feature in shown["features"]} == {"error"}
    assert shown["features"][0]["properties"]["reasons"] == ["area_impossible", "volume_inconsistent"]
    cut = queries.draft_findings_on_map(lin, draft.id, bbox=(119.0, 27.0, 120.0, 29.0), on=ON, limit=2)
    assert (len(cut["features"]), cut["is_cut"]) == (2, True)
    nothing = queries.draft_findings_on_map(lin, draft.id, bbox=(10.0, 10.0, 11.0, 11.0), on=ON)
    assert nothing["features"] == []
