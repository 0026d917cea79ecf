"""Leave rows with errors out of a draft, by a named person and with a reason.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `import_layer` over all of its land
   (`PermissionRefused`).
2. It must be open (`DraftIsClosed`) and mapped (`DraftNeedsMapping`).
3. There must be a reason (`ReasonMissing`) that can be kept (`ReasonTooLong`, `TextCannotBeWritten`) and at least
   one row (`NoRowsChosen`).
4. Each row must be there and lie on land that the actor sees (`NoSuchRow`).
5. Nobody may have decided anything of a row since the actor looked at it (`RowChangedMeanwhile`).
6. No row may be excluded already (`RowIsExcluded`), and each must have an open error (`RowHasNoError`): what is
   sound is not left out.
7. The rows that shared an error with them (the other of two that overlap) are checked again; the decisions, the counts,
   the excluded area and the audit entry are written together. A measured draft is imported again.

The area of a row is the declared one where nothing is wrong with it, else that of its outline, else unknown.
Cases: `tests/inventory/test_exclude_rows.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import polars as pl
from django.utils import timezone

from senhui.access.rules import Actor
from senhui.intake.fields import as_number
from senhui.inventory import queries
from senhui.inventory.refusals import RowIsExcluded, reason_kept
from senhui.inventory.row_changes import Basis, Change, decide, open_draft
from senhui.inventory.row_decisions import effective_findings, effective_outlines, effective_source
from senhui.quantities import ha_from_mu


class ReasonMissing(ValueError):
    """A row is left out only with a reason that others can read."""

    def __init__(self) -> None:
        super().__init__("State why the rows are left out: the reason is printed with the release.")


class NoRowsChosen(ValueError):
    """No row was given."""

    def __init__(self) -> None:
        super().__init__("Choose at least one row.")


class RowHasNoError(ValueError):
    """What is sound is not left out."""

    def __init__(self, draft_id: int, row: int) -> None:
        super().__init__(
            f"Row {row} of draft {draft_id} has no open error. Only rows with an error are left out; correct it if a "
            "value is wrong all the same."
        )
        self.draft_id = draft_id
        self.row = row


def exclude_rows(
    actor: Actor,
    *,
    draft_id: int,
    rows: Collection[int],
    reason: str,
    seen: Mapping[int, int] | None = None,
    now: dt.datetime,
) -> queries.DraftInfo:
    """Leave rows out; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : a named person; needs `import_layer` over the draft's land.
    rows : rows of the file, the first is 1.
    reason : why; printed with the release.
    seen : by row, how many decisions on it the person saw; rows left out of it: as they are when this begins.
    now : instant (UTC).
    """
    open_draft(actor, draft_id, on=timezone.localdate(now))
    reason = reason_kept(reason)
    if not reason:
        raise ReasonMissing
    if not rows:
        raise NoRowsChosen
    chosen = sorted(set(rows))

    def plan(basis: Basis) -> list[Change]:
        for row in chosen:
            standing = basis.decisions.standing.get(row)
            if standing is not None and standing.kind == "excluded":
                raise RowIsExcluded(draft_id, row)
        found = effective_findings(basis.info.directory, basis.decisions)
        errors = found.filter(pl.col("severity") == "error", pl.col("row").is_in(chosen)).collect()
        with_error = set(errors["row"])
        for row in chosen:
            if row not in with_error:
                raise RowHasNoError(draft_id, row)
        area_ha = _areas_ha(basis, chosen, errors)
        return [
            Change(row, "excluded", {}, repair_outline=False, reason=reason, area_ha=area_ha[row]) for row in chosen
        ]

    return decide(actor, draft_id=draft_id, rows=chosen, seen=seen, plan=plan, action="inventory.exclude_rows", now=now)


def _areas_ha(basis: Basis, rows: list[int], errors: pl.DataFrame) -> dict[int, float | None]:
    """Return the area of each row, ha: declared where it is sound, else of the outline, else None."""
    profile, directory = basis.info.profile, basis.info.directory
    outlines = effective_outlines(directory, basis.decisions, rows=rows).select("row", "geometry_area_ha")
    area = dict(outlines.iter_rows())
    column = profile["field_names"].get("MIAN_JI")
    if column is None:
        return area
    source = effective_source(directory, basis.decisions, rows=rows)
    number = as_number(pl.col(column), source.schema[column])
    declared = source.select("row", ha_from_mu(number) if profile["area_unit"] == "mu" else number)
    wrong = set(errors.filter(pl.col("field") == "MIAN_JI")["row"])
    for row, area_ha in declared.iter_rows():
        if row not in wrong and area_ha is not None and area_ha > 0:
            area[row] = area_ha
    return area
