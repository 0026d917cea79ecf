"""Correct columns of one row of a draft, or its outline, and check it again: only it and its neighbours.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `import_layer` over all of its land
   (`PermissionRefused`).
2. It must be open (`DraftIsClosed`) and mapped (`DraftNeedsMapping`); the note must be one that can be kept
   (`ReasonTooLong`, `TextCannotBeWritten`).
3. The row must be there and lie on land that the actor sees (`NoSuchRow`).
4. Nobody may have decided anything of the row since the actor looked at it (`RowChangedMeanwhile`).
5. The row must not be excluded (`RowIsExcluded`).
6. Each column must be one of the file (`NoSuchColumn`) and each value one that can be written
   (`TextCannotBeWritten`) and fits it (`ValueDoesNotFit`); something must be different from what the row says already
   (`NothingToCorrect`).
7. The corrected row must lie within the actor's areas (`LayerOutsideYourAreas`).
8. Row and neighbours are checked; the decision, the count of open errors and the audit entry are written together. A
   measured draft is imported again, for its numbers are void. Errors that remain or are new stay open: a correction
   is kept as it was meant, right or wrong.

Cases: `tests/inventory/test_correct_row.py`; two at once: `tests/races/test_row_decisions.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone

from senhui.access.rules import Actor
from senhui.inventory import queries
from senhui.inventory.corrections import merged
from senhui.inventory.refusals import RowIsExcluded, reason_kept
from senhui.inventory.row_changes import Basis, Change, decide, open_draft


def correct_row(
    actor: Actor,
    *,
    draft_id: int,
    row: int,
    values: Mapping[str, str | None],
    repair_outline: bool = False,
    reason: str = "",
    seen: int | None = None,
    now: dt.datetime,
) -> queries.DraftInfo:
    """Correct one row; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : a named person; needs `import_layer` over the draft's land.
    row : row of the file, the first is 1.
    values : by column of the file, the text that is right, or None for nothing; columns left out stay as they are.
    repair_outline : whether the outline is repaired (self-intersections taken apart, rings closed).
    reason : why, for the record; may be empty.
    seen : how many decisions on the row the person saw (`DraftRow.number`); None: as it is when this begins.
    now : instant (UTC).
    """

    open_draft(actor, draft_id, on=timezone.localdate(now))
    reason = reason_kept(reason)

    def plan(basis: Basis) -> list[Change]:
        standing = basis.decisions.standing.get(row)
        if standing is not None and standing.kind == "excluded":
            raise RowIsExcluded(draft_id, row)
        return merged(basis, {row: values}, repair_outline=repair_outline, reason=reason)

    return decide(
        actor,
        draft_id=draft_id,
        rows=[row],
        seen=None if seen is None else {row: seen},
        plan=plan,
        action="inventory.correct_row",
        now=now,
    )
