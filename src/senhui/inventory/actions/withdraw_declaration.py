"""Take back what was declared for the whole installation (撤回本地声明).

1. The actor must hold `declare_values` over all land of the installation (`PermissionRefused`).
2. It must be something that can be declared (`NotDeclarable`), and be declared (`NothingDeclaredThere`).
3. A reason must be given, then steps 4 to 6 of `declare_value`.

From the next measurement on, what is published counts again, or nothing. Cases: `tests/inventory/test_declarations.py`.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from senhui.access.rules import Actor
from senhui.inventory.actions.declare_value import write_line
from senhui.inventory.declarations import DeclarationInfo, last_line, require_declaring
from senhui.measurement.declarable import declarable


class NothingDeclaredThere(ValueError):
    """There is no declaration to take back."""

    def __init__(self, declarable_id: str) -> None:
        super().__init__(f"{declarable_id} is not declared, so there is nothing to take back.")
        self.declarable_id = declarable_id


def withdraw_declaration(
    actor: Actor, *, declarable_id: str, ground: str, now: dt.datetime, seen: int | None = None
) -> DeclarationInfo:
    """Take a declaration back; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    ground : why it is taken back.
    seen : number of the line that the actor looked at; None takes whatever is there.
    """
    require_declaring(actor, on=timezone.localdate(now))
    declarable(declarable_id)
    last = last_line(declarable_id)
    if last is None or last.value is None:
        raise NothingDeclaredThere(declarable_id)
    return write_line(actor, declarable_id, None, ground, now=now, seen=seen, action="inventory.withdraw_declaration")
