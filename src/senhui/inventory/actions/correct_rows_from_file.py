"""Correct the rows of a draft that come back in a table: the rejected rows, edited in an office program.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `import_layer` over all of its land
   (`PermissionRefused`).
2. It must be open (`DraftIsClosed`) and mapped (`DraftNeedsMapping`).
3. The file must be a table of rows of this draft (the refusals of `senhui.intake.read_corrections`), and a cell of it
   must say something else than the draft does now (`NothingInTheFile`). Only such cells count.
4. From here as `correct_row`, for all rows at once: what is refused of one row is refused of the file, and nothing
   of it is kept.

Cases: `tests/inventory/test_correct_rows_from_file.py`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from senhui.access.rules import Actor
from senhui.intake import read_corrections
from senhui.inventory import queries
from senhui.inventory.corrections import merged
from senhui.inventory.models import Draft
from senhui.inventory.row_changes import Basis, Change, decide, open_draft
from senhui.inventory.row_decisions import decisions_of, effective_source


class NothingInTheFile(ValueError):
    """Every cell of the table says what the draft says already."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(
            f"The table changes nothing of draft {draft_id}: every cell says what the draft says. Correct the cells "
            "and save the table before you hand it in."
        )
        self.draft_id = draft_id


def correct_rows_from_file(
    actor: Actor, *, draft_id: int, path: Path, reason: str = "", now: dt.datetime
) -> queries.DraftInfo:
    """Correct the rows of a table; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : a named person; needs `import_layer` over the draft's land.
    path : the table as `senhui.intake.write_rejected` wrote it, edited; XLSX or CSV.
    reason : why, for the record; may be empty.
    now : instant (UTC).
    """
    info = open_draft(actor, draft_id, on=timezone.localdate(now))
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    corrections = read_corrections(path, source_fields=effective_source(info.directory, decisions))
    if not corrections:
        raise NothingInTheFile(draft_id)
    seen = {row: one.number if (one := decisions.standing.get(row)) else 0 for row in corrections}

    def plan(basis: Basis) -> list[Change]:
        return merged(basis, corrections, repair_outline=False, reason=reason.strip())

    return decide(
        actor,
        draft_id=draft_id,
        rows=sorted(corrections),
        seen=seen,
        plan=plan,
        action="inventory.correct_rows_from_file",
        now=now,
    )
