"""Declare a value for the whole installation (本地声明).

1. The actor must hold `declare_values` over all land of the installation (`PermissionRefused`).
2. It must be something that can be declared (`NotDeclarable`).
3. The value must be of its kind and in its range (`DeclaredValueWrong`).
4. A ground must be given, from what the value is known (`DeclarationNeedsAGround`), in a length and in characters that
   can be kept (`ReasonTooLong`, `TextCannotBeWritten`).
5. Nobody declared it since the actor looked (`DeclaredMeanwhile`); of two at the same instant the database takes one.
6. The line and the audit entry, with what counted before and what counts after, are written together.

It counts for every draft that is measured from then on. Cases: `tests/inventory/test_declarations.py`; two people at
the same instant: `tests/races/test_declarations.py`.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.rules import Actor
from senhui.inventory.declarations import DeclarationInfo, last_line, require_declaring
from senhui.inventory.models import Declaration
from senhui.inventory.refusals import reason_kept
from senhui.measurement.declarable import declarable


class DeclarationNeedsAGround(ValueError):
    """Whoever declares says from what the value is known; whoever takes it back says why."""

    def __init__(self, declarable_id: str) -> None:
        super().__init__(f"Say what the declaration of {declarable_id} rests on, or why it is taken back.")
        self.declarable_id = declarable_id


class DeclaredMeanwhile(ValueError):
    """Somebody else declared or took back the same since the person looked at it."""

    def __init__(self, declarable_id: str) -> None:
        super().__init__(
            f"Somebody else declared {declarable_id} or took it back meanwhile; nothing of yours was kept. "
            "Look at what counts now and decide again."
        )
        self.declarable_id = declarable_id


def declare_value(
    actor: Actor,
    *,
    declarable_id: str,
    value: float | str,
    ground: str,
    now: dt.datetime,
    seen: int | None = None,
) -> DeclarationInfo:
    """Declare a value; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : needs `declare_values` over all land of the installation.
    declarable_id : one of `senhui.measurement.declarable.declarables`.
    value : in the unit of the declarable; the size of an error as a fraction.
    ground : from what it is known: a survey, a control, a document with its page.
    seen : number of the line that the actor looked at, 0 for none; None takes whatever is there.
    """
    require_declaring(actor, on=timezone.localdate(now))
    kept = declarable(declarable_id).checked(value)
    return write_line(actor, declarable_id, kept, ground, now=now, seen=seen, action="inventory.declare_value")


def write_line(
    actor: Actor,
    declarable_id: str,
    value: float | str | None,
    ground: str,
    *,
    now: dt.datetime,
    seen: int | None,
    action: str,
) -> DeclarationInfo:
    """Add a line to the history of a declarable with its audit entry: steps 4 to 6 of this module."""
    assert actor.pk is not None, "a declaration has a named person"
    ground = reason_kept(ground)
    if not ground:
        raise DeclarationNeedsAGround(declarable_id)
    try:
        with transaction.atomic():
            last = last_line(declarable_id)
            number, before = (0, None) if last is None else (last.number, last.value)
            # What was looked at above may have been taken back since; two withdrawals in a row would say nothing.
            if (seen is not None and seen != number) or (value is None and before is None):
                raise DeclaredMeanwhile(declarable_id)
            Declaration.objects.create(
                declarable=declarable_id,
                number=number + 1,
                value=value,
                ground=ground,
                declared_by_id=actor.pk,
                declared_at=now,
            )
            record_audit(
                actor,
                action,
                subject=f"declaration {declarable_id}",
                detail={"number": number + 1, "before": before, "after": value, "ground": ground},
                now=now,
            )
            made = last_line(declarable_id)
    except IntegrityError as problem:
        raise DeclaredMeanwhile(declarable_id) from problem
    assert made is not None
    return made
