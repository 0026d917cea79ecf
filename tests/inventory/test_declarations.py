"""Declarations: by whom, on what ground, in which range; kept line by line, and with what is measured from then on."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from tests.inventory.surveys import release_of
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.atlas.uncertainty import errors_of
from senhui.inventory import declarations, queries
from senhui.inventory.actions.declare_value import DeclarationNeedsAGround, DeclaredMeanwhile, declare_value
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.withdraw_declaration import NothingDeclaredThere, withdraw_declaration
from senhui.inventory.models import Declaration
from senhui.inventory.refusals import ReasonTooLong, TextCannotBeWritten
from senhui.inventory.verification import recalculate
from senhui.measurement import Declared
from senhui.measurement.declarable import DeclaredValueWrong, NotDeclarable
from senhui.measurement.uncertainty import Interval

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
TODAY = dt.date(2026, 11, 22)
AREA = "error.area_single"


@pytest.fixture
def lin(person: Person) -> Any:
    """A technician of the whole city."""
    return person("lin", technician="3311")


def refused(kind: type[Exception], act: Callable[[], object]) -> None:
    """Act, and see that it is refused and leaves neither a line nor an audit entry."""
    before = Declaration.objects.count(), AuditEntry.objects.count()
    with pytest.raises(kind):
        act()
    assert (Declaration.objects.count(), AuditEntry.objects.count()) == before


def interval(release: queries.ReleaseInfo) -> Interval:
    found = errors_of(release.id, [""], is_calibrated=False)
    assert found is not None
    return found[""]


class TestWhoAndWhat:
    def test_each_line_stays_with_who_when_before_and_after(self, lin: Any) -> None:
        declare_value(lin, declarable_id=AREA, value=0.02, ground=" control of 2025 ", now=NOW)
        declare_value(lin, declarable_id=AREA, value=0.03, ground="control of 2026", now=NOW)
        withdraw_declaration(lin, declarable_id=AREA, ground="found wrong", now=NOW)
        lines = declarations.history(lin, AREA, on=TODAY)
        assert [(line.number, line.before, line.value, line.ground, line.declared_by) for line in lines] == [
            (3, 0.03, None, "found wrong", "lin"),
            (2, 0.02, 0.03, "control of 2026", "lin"),
            (1, None, 0.02, "control of 2025", "lin"),
        ]
        audits = AuditEntry.objects.filter(subject=f"declaration {AREA}")
        assert [(entry.action, entry.detail["before"], entry.detail["after"]) for entry in audits] == [
            ("inventory.declare_value", None, 0.02),
            ("inventory.declare_value", 0.02, 0.03),
            ("inventory.withdraw_declaration", 0.03, None),
        ]
        assert declarations.in_force().errors == ()

    def test_the_list_shows_every_declarable_and_what_counts(self, lin: Any) -> None:
        declare_value(lin, declarable_id="culm_age_du", value=2.5, ground="survey of culms", now=NOW)
        found = {item.id: last for item, last in declarations.standing(lin, on=TODAY)}
        assert {"culm_age_du", "soil", AREA, "error.volume_line_model.oak"} <= found.keys()
        assert found["soil"] is None
        assert found["culm_age_du"] is not None
        assert found["culm_age_du"].value == 2.5
        counts = declarations.in_force().assumptions
        assert counts.culm_age_du == Declared(2.5, "survey of culms (declared by lin)", "2026-11-22")

    @pytest.mark.parametrize("role", ["viewer", "reviewer"])
    def test_who_looks_or_releases_does_not_declare(self, person: Person, role: str) -> None:
        someone = person("someone", **{role: "3311"})
        refused(
            PermissionRefused,
            lambda: declare_value(someone, declarable_id=AREA, value=0.02, ground="control", now=NOW),
        )
        assert not declarations.may_declare(someone, on=TODAY)
        assert declarations.history(someone, AREA, on=TODAY) == []

    def test_one_county_does_not_declare_for_the_others(self, lin: Any, person: Person, tmp_path: Path) -> None:
        hu = person("hu", technician=LONGQUAN)
        declare_value(lin, declarable_id=AREA, value=0.02, ground="control", now=NOW)
        for county in (LONGQUAN, QINGYUAN):
            path = write_layer(tmp_path / f"{county}.gpkg", county=county)
            import_layer(lin, path=path, original_name="x", reference_year=2021, now=NOW, progress=quiet)
        assert not declarations.may_declare(hu, on=TODAY)
        assert declarations.may_declare(lin, on=TODAY)
        refused(PermissionRefused, lambda: declare_value(hu, declarable_id=AREA, value=0.5, ground="mine", now=NOW))
        refused(PermissionRefused, lambda: withdraw_declaration(hu, declarable_id=AREA, ground="mine", now=NOW))

    def test_where_one_county_is_all_there_is_its_technician_declares(self, person: Person, tmp_path: Path) -> None:
        hu = person("hu", technician=LONGQUAN)
        path = write_layer(tmp_path / "layer.gpkg")
        import_layer(hu, path=path, original_name="x", reference_year=2021, now=NOW, progress=quiet)
        assert declare_value(hu, declarable_id=AREA, value=0.02, ground="control", now=NOW).number == 1

    def test_who_has_no_seat_reads_nothing(self, person: Person) -> None:
        nobody = person("nobody")
        for read in (declarations.standing, lambda actor, on: declarations.history(actor, AREA, on=on)):
            with pytest.raises(PermissionRefused):
                read(nobody, on=TODAY)

    @pytest.mark.parametrize(
        ("kind", "changed"),
        [
            (NotDeclarable, {"declarable_id": "weather"}),
            (NotDeclarable, {"declarable_id": "error.design_total"}),
            (DeclaredValueWrong, {"value": 0.0}),
            (DeclaredValueWrong, {"value": 1.5}),
            (DeclaredValueWrong, {"value": math.nan}),
            (DeclaredValueWrong, {"value": math.inf}),
            (DeclaredValueWrong, {"value": "much"}),
            (DeclaredValueWrong, {"declarable_id": "soil", "value": "red"}),
            (DeclaredValueWrong, {"declarable_id": "culm_age_du", "value": 40.0}),
            (DeclarationNeedsAGround, {"ground": " \n"}),
            (ReasonTooLong, {"ground": "x" * 2001}),
            (TextCannotBeWritten, {"ground": "a\x00b"}),
            (DeclaredMeanwhile, {"seen": 1}),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, lin: Any, kind: type[Exception], changed: dict[str, Any]) -> None:
        said: dict[str, Any] = {"declarable_id": AREA, "value": 0.02, "ground": "control"} | changed
        refused(kind, lambda: declare_value(lin, now=NOW, **said))

    def test_only_what_counts_is_taken_back_and_with_a_reason(self, lin: Any) -> None:
        refused(NothingDeclaredThere, lambda: withdraw_declaration(lin, declarable_id=AREA, ground="x", now=NOW))
        refused(NotDeclarable, lambda: withdraw_declaration(lin, declarable_id="weather", ground="x", now=NOW))
        declare_value(lin, declarable_id=AREA, value=0.02, ground="control", now=NOW)
        refused(DeclarationNeedsAGround, lambda: withdraw_declaration(lin, declarable_id=AREA, ground="", now=NOW))
        refused(DeclaredMeanwhile, lambda: withdraw_declaration(lin, declarable_id=AREA, ground="x", seen=0, now=NOW))
        withdraw_declaration(lin, declarable_id=AREA, ground="x", seen=1, now=NOW)
        refused(NothingDeclaredThere, lambda: withdraw_declaration(lin, declarable_id=AREA, ground="x", now=NOW))

    def test_the_database_itself_keeps_every_line(self, lin: Any) -> None:
        declare_value(lin, declarable_id=AREA, value=0.02, ground="control", now=NOW)
        for change in (
            lambda: Declaration.objects.update(value=0.5),
            lambda: Declaration.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError, match="a declaration never changes"), transaction.atomic():
                change()
        again = {"declarable": AREA, "value": 0.5, "declared_by": lin, "declared_at": NOW}
        for match, fields in (
            ("declaration_answers_one_line|inventory_declaration.number", {"number": 1, "ground": "x"}),
            ("declaration_has_a_ground", {"number": 2, "ground": ""}),
        ):
            with pytest.raises(DatabaseError, match=match), transaction.atomic():
                Declaration.objects.create(**again, **fields)
        assert [line.value for line in declarations.history(lin, AREA, on=TODAY)] == [0.02]


class TestEffect:
    def test_a_declared_error_widens_the_interval_and_leaves_the_total(
        self, lin: Any, person: Person, tmp_path: Path
    ) -> None:
        """Twelve stands of one township: the variance grows by the sum of the squares of 2 % of each stand."""
        reviewer = person("chen", reviewer="3311")
        first = release_of(lin, reviewer, write_layer(tmp_path / "first.gpkg"), year=2021)
        before = interval(first)
        declare_value(lin, declarable_id=AREA, value=0.02, ground="control of 2025", now=NOW)
        second = release_of(lin, reviewer, write_layer(tmp_path / "second.gpkg"), year=2022)
        after = interval(second)
        assert after.total_tc == before.total_tc
        assert second.value_hash == first.value_hash
        squares_tc2 = float((queries.scan(second.id).collect()["stock_tc"] ** 2).sum())
        assert after.standard_error_tc**2 - before.standard_error_tc**2 == pytest.approx(0.02**2 * squares_tc2)
        assert after.half_width_tc > before.half_width_tc
        assert "area_single" in {part.source for part in before.not_set} - {part.source for part in after.not_set}
        (part,) = (part for part in after.contributions if part.source == "area_single")
        assert part.mark == "C"
        assert interval(first) == before, "the old release keeps its own"
        withdraw_declaration(lin, declarable_id=AREA, ground="found wrong", now=NOW)
        assert interval(second) == after, "and so does the one that was measured with it"
        third = release_of(lin, reviewer, write_layer(tmp_path / "third.gpkg"), year=2023)
        assert interval(third).standard_error_tc == before.standard_error_tc

    def test_a_declared_error_of_one_group_has_the_weaker_mark(self, lin: Any, person: Person, tmp_path: Path) -> None:
        declare_value(lin, declarable_id="error.volume_line_model.oak", value=0.3, ground="own plots", now=NOW)
        release = release_of(lin, person("chen", reviewer="3311"), write_layer(tmp_path / "one.gpkg"), year=2021)
        (part,) = (part for part in interval(release).contributions if part.source == "volume_line_model")
        assert part.mark == "C"

    def test_a_draft_keeps_what_counted_when_it_was_measured(self, lin: Any, tmp_path: Path) -> None:
        path = write_layer(tmp_path / "layer.gpkg")
        draft = import_layer(lin, path=path, original_name="x", reference_year=2021, now=NOW, progress=quiet)
        declare_value(lin, declarable_id=AREA, value=0.02, ground="control", now=NOW)
        declare_value(lin, declarable_id="soil", value="tropical_moist/sandy", ground="soil survey", now=NOW)
        measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
        declare_value(lin, declarable_id=AREA, value=0.9, ground="a slip", now=NOW)
        kept = queries.draft(lin, draft.id, on=TODAY).measurement
        assert kept is not None
        assert kept["declared_errors"] == [
            {
                "id": "area_single",
                "relative_error_frac": 0.02,
                "source": "control (declared by lin)",
                "group": "*",
                "declared_on": "2026-11-22",
            }
        ]
        assert kept["declarations"]["culm_age_du"] is None
        assert kept["declarations"]["soil"]["value"] == "tropical_moist/sandy"
        assert measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet).measurement != kept

    def test_what_is_declared_may_not_issue_and_the_release_still_reproduces(
        self, lin: Any, person: Person, tmp_path: Path
    ) -> None:
        declare_value(lin, declarable_id="soil", value="tropical_moist/sandy", ground="soil survey", now=NOW)
        release = release_of(lin, person("chen", reviewer="3311"), write_layer(tmp_path / "one.gpkg"), year=2021)
        withdraw_declaration(lin, declarable_id="soil", ground="found wrong", now=NOW)
        used = [use for row in queries.derivations(release.id).values() for use in row["parameters"]]
        declared = [use for use in used if use["id"] == "declared.soil"]
        assert declared
        assert {(use["mark"], use["may_issue"], use["source"]) for use in declared} == {
            ("C", False, "soil survey (declared by lin)")
        }
        assert recalculate(release.id).differs_in == ()
