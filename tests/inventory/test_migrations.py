"""What offices have already is kept when the database learns of row decisions, and the promises hold afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from tests.small_layer import LONGQUAN, NOW

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Person = Callable[..., Any]
BEFORE = [("inventory", "0002_guards")]
AFTER = [("inventory", "0003_row_decisions")]


def migrate(target: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    return executor.loader.project_state(target).apps


@pytest.fixture
def latest() -> Iterator[None]:
    """Leave the database as the other tests expect it."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("inventory"))


def draft(model: Any, person: Any, **fields: Any) -> Any:
    return model.objects.create(**{
        "directory_name": f"d{model.objects.count()}", "original_name": "x", "reference_year": 2021, "source": {},
        "profile": {}, "township_codes": [], "n_rows": 5, "n_errors": 0, "n_warnings": 0, "area_ha": 1.0,
        "imported_by_id": person.pk, "imported_at": NOW, **fields,
    })  # fmt: skip


def test_drafts_and_releases_of_before_are_kept(person: Person, latest: None) -> None:
    lin = person("lin", technician=LONGQUAN)
    old = migrate(BEFORE).get_model("inventory", "Draft")
    open_one = draft(old, lin, n_errors=3).pk
    closed = draft(old, lin, state="released", measured_by_id=lin.pk, measured_at=NOW).pk
    new = migrate(AFTER).get_model("inventory", "Draft")
    assert new.objects.get(pk=open_one).n_open_errors == 3
    assert new.objects.get(pk=closed).n_open_errors == 0
    with pytest.raises(DatabaseError, match="released draft never changes"), transaction.atomic():
        new.objects.filter(pk=closed).update(area_ha=2.0)
    with pytest.raises(DatabaseError, match="draft_measured_has_no_open_error"), transaction.atomic():
        new.objects.filter(pk=open_one).update(state="measured", measured_by_id=lin.pk)
    migrate(BEFORE)
    with pytest.raises(DatabaseError, match="released draft never changes"), transaction.atomic():
        new.objects.filter(pk=closed).update(area_ha=2.0)
    migrate(AFTER)


def test_the_database_itself_keeps_every_decision(person: Person) -> None:
    from senhui.inventory.models import Draft, RowDecision

    lin = person("lin", technician=LONGQUAN)
    one = draft(Draft, lin, n_errors=1, n_open_errors=1)
    decided = {"draft": one, "row": 1, "mapping_no": 1, "findings_after": {}, "decided_by": lin, "decided_at": NOW}
    RowDecision.objects.create(number=1, kind="excluded", reason="a lake", **decided)
    refusals = {
        "row_decision_exclusion_has_a_reason": {"number": 2, "kind": "excluded"},
        "row_decision_kind_is_known": {"number": 2, "kind": "deleted"},
        # SQLite names the columns, PostgreSQL the constraint.
        "row_decision_answers_one_line|inventory_rowdecision.number": {"number": 1, "kind": "corrected"},
    }
    for refusal, fields in refusals.items():
        with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
            RowDecision.objects.create(**decided, **fields)
    for change in (
        lambda: RowDecision.objects.update(reason="another"),
        lambda: RowDecision.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="a decision on a row never changes"), transaction.atomic():
            change()
    Draft.objects.filter(pk=one.pk).update(state="discarded")
    with pytest.raises(DatabaseError, match="needs a draft that is imported"), transaction.atomic():
        RowDecision.objects.create(number=2, kind="reopened", **decided)
    assert list(RowDecision.objects.values_list("number", "reason")) == [(1, "a lake")]


def test_a_draft_without_mapping_carries_its_question(person: Person) -> None:
    from senhui.inventory.models import Draft

    lin = person("lin", technician=LONGQUAN)
    for fields in ({"state": "unmapped"}, {"state": "imported", "question": {"class": "x"}}):
        with pytest.raises(DatabaseError, match="draft_unmapped_has_a_question"), transaction.atomic():
            draft(Draft, lin, **fields)
    assert draft(Draft, lin, state="unmapped", question={"class": "x"}).pk
