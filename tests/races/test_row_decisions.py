"""Two people at one draft at the same instant: one is heard on a row, both on different rows, and the counts hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from tests.inventory.damaged import BOW_TIE, MOVED, MOVED_ONTO, WRONG_AREA, imported, open_errors, write_damaged
from tests.small_layer import LONGQUAN, NOW, quiet

from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.exclude_rows import RowHasNoError, exclude_rows
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.models import RowDecision
from senhui.inventory.refusals import DraftChangedMeanwhile, RowChangedMeanwhile

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Person = Callable[..., Any]
N_ROUNDS = 5


def at_once(*attempts: Callable[[], object]) -> list[str]:
    """Do all at the same instant and return how each ended: "done" or the name of the refusal, in their order."""
    barrier = threading.Barrier(len(attempts))
    ends = [""] * len(attempts)

    def attempt(index: int) -> None:
        barrier.wait()
        try:
            attempts[index]()
            ends[index] = "done"
        except (RowChangedMeanwhile, DraftChangedMeanwhile, RowHasNoError) as refusal:
            ends[index] = type(refusal).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(index,)) for index in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_of_two_who_correct_the_same_row_one_is_heard(person: Person, tmp_path: Path) -> None:
    lin, hu = person("lin", technician=LONGQUAN), person("hu", technician=LONGQUAN)
    draft = imported(lin, write_damaged(tmp_path / "damaged.gpkg"))

    def correct(actor: Any, area: int, seen: int) -> Callable[[], object]:
        return lambda: correct_row(
            actor, draft_id=draft.id, row=WRONG_AREA, values={"MIAN_JI": str(area)}, seen=seen, now=NOW
        )

    for seen in range(N_ROUNDS):
        ends = at_once(correct(lin, 10 + seen, seen), correct(hu, 30 + seen, seen))
        assert sorted(ends) == ["RowChangedMeanwhile", "done"]
        heard = (lin, 10 + seen) if ends[0] == "done" else (hu, 30 + seen)
        last = RowDecision.objects.latest("id")
        assert (last.number, last.decided_by_id, last.values) == (seen + 1, heard[0].pk, {"MIAN_JI": str(heard[1])})
    assert RowDecision.objects.count() == N_ROUNDS
    open_errors(lin, draft.id)  # which asserts that the count is that of the list


def test_of_two_who_decide_different_rows_both_are_heard(person: Person, tmp_path: Path) -> None:
    """Also when the rows are each other's neighbours: what the one finds of the other is never old."""
    lin, hu = person("lin", technician=LONGQUAN), person("hu", technician=LONGQUAN)
    for seed in range(N_ROUNDS):
        draft = imported(lin, write_damaged(tmp_path / f"damaged{seed}.gpkg"))
        number = partial(correct_row, draft_id=draft.id, values={"XIAO_BAN": "0777"}, now=NOW)
        repair = partial(correct_row, hu, draft_id=draft.id, row=BOW_TIE, values={}, repair_outline=True, now=NOW)
        ends = at_once(partial(number, lin, row=1), partial(number, hu, row=2), repair)
        assert ends == ["done", "done", "done"]
        found = open_errors(lin, draft.id)
        assert {row for row, reason in found if reason == "id_duplicate"} == {1, 2}


def test_of_two_that_overlap_only_one_is_left_out(person: Person, tmp_path: Path) -> None:
    lin, hu = person("lin", technician=LONGQUAN), person("hu", technician=LONGQUAN)
    for seed in range(N_ROUNDS):
        draft = imported(lin, write_damaged(tmp_path / f"damaged{seed}.gpkg"))
        exclude = partial(exclude_rows, draft_id=draft.id, reason="drawn twice", now=NOW)
        ends = at_once(partial(exclude, lin, rows=[MOVED]), partial(exclude, hu, rows=[MOVED_ONTO]))
        assert sorted(ends) == ["RowHasNoError", "done"], "the second finds the other sound"
        assert queries.draft(lin, draft.id, on=NOW.date()).n_excluded == 1
        assert not {row for row, _ in open_errors(lin, draft.id)} & {MOVED, MOVED_ONTO}


def test_a_correction_while_it_is_measured_never_leaves_old_numbers(person: Person, tmp_path: Path) -> None:
    lin, hu = person("lin", technician=LONGQUAN), person("hu", technician=LONGQUAN)
    for seed in range(N_ROUNDS):
        draft = imported(lin, write_damaged(tmp_path / f"damaged{seed}.gpkg"))
        exclude_rows(lin, draft_id=draft.id, rows=[WRONG_AREA, MOVED, BOW_TIE], reason="x", now=NOW)
        ends = at_once(
            partial(measure_draft, lin, draft_id=draft.id, now=NOW, progress=quiet),
            partial(correct_row, hu, draft_id=draft.id, row=1, values={"HUO_LMGQXJ": "77"}, now=NOW),
        )
        assert ends[1] == "done"
        after = queries.draft(lin, draft.id, on=NOW.date())
        assert after.state == "imported", "whoever came first: the numbers do not know the correction"
        assert after.measurement is None
