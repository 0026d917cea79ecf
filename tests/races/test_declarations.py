"""Two people who declare the same at the same instant: one is heard, and the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connections
from tests.small_layer import NOW

from senhui.access.models import AuditEntry
from senhui.inventory.actions.declare_value import DeclaredMeanwhile, declare_value
from senhui.inventory.actions.withdraw_declaration import NothingDeclaredThere, withdraw_declaration
from senhui.inventory.models import Declaration

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Person = Callable[..., Any]
AREA = "error.area_single"
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
        except (DeclaredMeanwhile, NothingDeclaredThere) as refusal:
            ends[index] = type(refusal).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(index,)) for index in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_of_two_who_answer_the_same_line_one_is_heard(person: Person) -> None:
    lin, hu = person("lin", technician="3311"), person("hu", technician="3311")
    for seen in range(N_ROUNDS):
        declare = partial(declare_value, declarable_id=AREA, ground="control", seen=seen, now=NOW)
        ends = at_once(partial(declare, lin, value=0.1), partial(declare, hu, value=0.2))
        assert sorted(ends) == ["DeclaredMeanwhile", "done"]
        last = Declaration.objects.latest("id")
        heard = (lin, 0.1) if ends[0] == "done" else (hu, 0.2)
        assert (last.number, last.declared_by_id, last.value) == (seen + 1, heard[0].pk, heard[1])
    assert Declaration.objects.count() == N_ROUNDS
    assert AuditEntry.objects.filter(action="inventory.declare_value").count() == N_ROUNDS


def test_of_two_who_take_it_back_one_is_heard(person: Person) -> None:
    lin, hu = person("lin", technician="3311"), person("hu", technician="3311")
    for round_no in range(N_ROUNDS):
        declare_value(lin, declarable_id=AREA, value=0.1, ground="control", now=NOW)
        back = partial(withdraw_declaration, declarable_id=AREA, ground="found wrong", now=NOW)
        ends = at_once(partial(back, lin), partial(back, hu))
        assert ends.count("done") == 1
        assert Declaration.objects.count() == 2 * (round_no + 1)
