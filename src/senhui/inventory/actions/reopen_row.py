"""Take back what was decided of a row: it says again what the file says, and is checked as such.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `import_layer` over all of its land
   (`PermissionRefused`).
2. It must be open (`DraftIsClosed`) and mapped (`DraftNeedsMapping`); the reason must be one that can be kept
   (`ReasonTooLong`, `TextCannotBeWritten`).
3. The row must be there and lie on land that the actor sees (`NoSuchRow`).
4. Nobody may have decided anything of the row since the actor looked at it (`RowChangedMeanwhile`).
5. The row must be corrected or excluded (`RowIsNotDecided`).
6. Row and neighbours are checked; the decision, the counts and the audit entry are written together. Nothing of the
   record goes: the earlier decisions stay. A measured draft is imported again.

Cases: `tests/inventory/test_exclude_rows.py`.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from senhui.access.rules import Actor
from senhui.inventory import queries
from senhui.inventory.refusals import reason_kept
from senhui.inventory.row_changes import Basis, Change, decide, open_draft


class RowIsNotDecided(ValueError):
    """Nothing was decided of the row: there is nothing to take back."""

    def __init__(self, draft_id: int, row: int) -> None:
        super().__init__(f"Row {row} of draft {draft_id} is as the file has it; there is nothing to take back.")
        self.draft_id = draft_id
        self.row = row


def reopen_row(
    actor: Actor, *, draft_id: int, row: int, reason: str = "", seen: int | None = None, now: dt.datetime
) -> queries.DraftInfo:
    """Take back what was decided of a row; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    seen : how many decisions on the row the person saw (`DraftRow.number`); None: as it is when this begins.
    """

    open_draft(actor, draft_id, on=timezone.localdate(now))
    reason = reason_kept(reason)

    def plan(basis: Basis) -> list[Change]:
        standing = basis.decisions.standing.get(row)
        if standing is None or standing.kind == "reopened":
            raise RowIsNotDecided(draft_id, row)
        return [Change(row, "reopened", {}, repair_outline=False, reason=reason)]

    return decide(
        actor,
        draft_id=draft_id,
        rows=[row],
        seen=None if seen is None else {row: seen},
        plan=plan,
        action="inventory.reopen_row",
        now=now,
    )
