"""How decisions on rows are judged and written: without a lock while the checks run, with one to write.

The checks of a changed row take a moment (its neighbours are looked up and laid over it), so they run on what the
draft is *now*. Then, holding its row, it is asked whether anybody decided anything meanwhile: on one of the same
rows → `RowChangedMeanwhile`; on others → the checks run again, for a neighbour may have moved. Of two people at one row
at the same instant exactly one is heard. Cases: `tests/inventory/test_correct_row.py`, `tests/races/`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor
from senhui.intake import ImportProfile, recheck
from senhui.inventory import queries
from senhui.inventory.context import import_context
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.models import Draft, RowDecision
from senhui.inventory.refusals import (
    DraftChangedMeanwhile,
    DraftIsClosed,
    DraftNeedsMapping,
    NoSuchRow,
    RowChangedMeanwhile,
)
from senhui.inventory.row_decisions import (
    Decisions,
    Findings,
    Standing,
    decisions_of,
    effective_findings,
    effective_outlines,
    effective_source,
    identities,
)

_MOST_ATTEMPTS = 20
_ROWS_IN_AUDIT = 50
_BOUNDS = ("min_lon", "min_lat", "max_lon", "max_lat")


@dataclass(frozen=True)
class Change:
    """What is to be decided of one row; `values` are all that differ from the file, not only the new ones."""

    row: int
    kind: str
    values: Mapping[str, str | None]
    repair_outline: bool
    reason: str
    area_ha: float | None = None


@dataclass(frozen=True)
class Basis:
    """A draft and its decisions at one moment."""

    info: queries.DraftInfo
    draft: Draft
    decisions: Decisions

    def number(self, row: int) -> int:
        """Return how many decisions there are on a row."""
        standing = self.decisions.standing.get(row)
        return 0 if standing is None else standing.number


@dataclass(frozen=True)
class _Judgement:
    findings_after: dict[int, Findings]
    township_codes: list[str]
    ids: dict[int, str]
    n_errors_less: int


def decide(
    actor: Actor,
    *,
    draft_id: int,
    rows: Collection[int],
    seen: Mapping[int, int] | None,
    plan: Callable[[Basis], Sequence[Change]],
    action: str,
    now: dt.datetime,
) -> queries.DraftInfo:
    """Judge and write the decisions that `plan` makes of a draft's present state.

    Parameters
    ----------
    actor : a named person; needs `import_layer` over the draft's land.
    rows : the rows that are decided; each must be one the actor sees.
    seen : by row, how many decisions on it the person saw; None means: as it is when the action begins.
    plan : called again when somebody else decided something meanwhile; raises what it refuses.
    action : name for the audit.
    now : instant (UTC).

    Raises
    ------
    NoSuchDraft, PermissionRefused, DraftIsClosed, DraftNeedsMapping, NoSuchRow, RowChangedMeanwhile, what `plan`
    raises, LayerOutsideYourAreas, DraftChangedMeanwhile
        In this order of precedence; nothing has changed then.
    """
    assert actor.pk is not None, "a decision on a row has a named person"
    on = timezone.localdate(now)
    expected = dict(seen or {})
    for _ in range(_MOST_ATTEMPTS):
        basis = _basis(actor, draft_id, on=on)
        _refuse_unknown_rows(actor, basis, rows, on=on)
        for row in sorted(rows):
            if expected.setdefault(row, basis.number(row)) != basis.number(row):
                raise _changed(draft_id, row)
        changes = plan(basis)
        judgement = _judge(basis, changes)
        areas = areas_for(actor, "import_layer", on=on)
        if outside := [code for code in judgement.township_codes if not areas.covers(code)]:
            raise LayerOutsideYourAreas(outside)
        if _write(actor, basis, changes, judgement, action=action, now=now):
            return queries.draft(actor, draft_id, on=on)
    raise DraftChangedMeanwhile(draft_id)


def open_draft(actor: Actor, draft_id: int, *, on: dt.date) -> queries.DraftInfo:
    """Return a draft whose rows the actor may decide.

    Raises
    ------
    NoSuchDraft, PermissionRefused, DraftIsClosed, DraftNeedsMapping
    """
    info = queries.draft(actor, draft_id, on=on)
    for code in info.township_codes:
        require(actor, "import_layer", area=code, on=on)
    require(actor, "import_layer", on=on)
    if info.state in {"released", "discarded"}:
        raise DraftIsClosed(draft_id, info.state)
    if info.state == "unmapped":
        raise DraftNeedsMapping(draft_id)
    return info


def _basis(actor: Actor, draft_id: int, *, on: dt.date) -> Basis:
    info = open_draft(actor, draft_id, on=on)
    # One look at the draft, then at its decisions: a decision that slips in between is met when writing.
    draft = Draft.objects.get(pk=draft_id)
    return Basis(info, draft, decisions_of(draft))


def _refuse_unknown_rows(actor: Actor, basis: Basis, rows: Collection[int], *, on: dt.date) -> None:
    known = queries.visible_rows(actor, basis.info, rows, on=on)
    for row in sorted(rows):
        if row not in known:
            raise NoSuchRow(basis.info.id, row)


def _changed(draft_id: int, row: int) -> RowChangedMeanwhile:
    last = RowDecision.objects.select_related("decided_by").filter(draft_id=draft_id, row=row).order_by("number").last()
    if last is None:  # a program claims to have seen decisions that nobody made: the row is as the file has it
        return RowChangedMeanwhile(draft_id, row, kind="reopened", decided_by="–", number=0, reason="")
    return RowChangedMeanwhile(
        draft_id, row, kind=last.kind, decided_by=str(last.decided_by), number=last.number, reason=last.reason
    )


def _judge(basis: Basis, changes: Sequence[Change]) -> _Judgement:
    """Check the changed rows, and with them those that shared a finding or a number with them."""
    before, directory = basis.decisions, basis.info.directory
    rows = {change.row for change in changes}
    standing = dict(before.standing)
    for change in changes:
        standing[change.row] = Standing(
            basis.number(change.row) + 1, change.kind, change.values, change.repair_outline, "", change.area_ha
        )
    after = replace(before, standing=standing)
    ids = identities(directory, before)
    # Rows that are pairs of a changed one: named by a finding, or with the number it had.
    mine = ids.filter(pl.col("row").is_in(sorted(rows)))["sub_compartment_id"].drop_nulls().unique()
    same_number = ids.filter(pl.col("sub_compartment_id").is_in(mine.implode()))["row"]
    current = effective_findings(directory, before)
    pairs = current.filter(pl.col("row").is_in(sorted(rows)) | pl.col("other_row").is_in(sorted(rows)))
    paired = pairs.select("row", "other_row").filter(pl.col("other_row").is_not_null()).collect()
    named = (rows | set(same_number) | set(paired["row"]) | set(paired["other_row"])) - {None}
    checked = named - after.excluded
    found: dict[int, Findings] = {row: [] for row in named}
    stands = pl.DataFrame(schema={"row": pl.UInt32, "township_code": pl.String, "sub_compartment_id": pl.String})
    if checked:
        outlines = effective_outlines(directory, after, rows=checked)
        again = recheck(
            effective_source(directory, after, rows=checked),
            outlines,
            profile=ImportProfile.from_json(basis.info.profile),
            context=import_context(),
            others=_others(basis, after, ids, outlines, without=checked),
        )
        stands = again.stands.select(stands.columns)
        for finding in again.findings.filter(pl.col("row").is_not_null()).iter_rows(named=True):
            found.setdefault(finding["row"], []).append(finding)
    touched = sorted(found)
    was = current.filter(pl.col("row").is_in(touched)).collect()
    # A neighbour that was not checked itself keeps what has nothing to do with the checked rows; and gaps, which are
    # looked for in whole layers alone, stay with a row whose outline is the same.
    is_of_others = ~pl.col("row").is_in(sorted(named)) & ~pl.col("other_row").is_in(sorted(named)).fill_null(
        value=False
    )
    outline_is_same = ~pl.col("row").is_in([change.row for change in changes if change.repair_outline])
    is_gap = pl.col("reason").eq("gap_between") & pl.col("row").is_in(sorted(checked)) & outline_is_same
    kept = was.filter(is_of_others | is_gap)
    for finding in kept.iter_rows(named=True):
        found[finding["row"]].append(finding)
    township_codes = stands.filter(pl.col("row").is_in(sorted(rows)))["township_code"].drop_nulls().unique()
    known = {**dict(ids.iter_rows()), **dict(stands.select("row", "sub_compartment_id").iter_rows())}
    known |= {row: finds[0]["sub_compartment_id"] for row, finds in found.items() if finds}
    return _Judgement(
        findings_after=found,
        township_codes=sorted(township_codes),
        ids={row: known.get(row) or "" for row in rows},
        n_errors_less=_n_errors(was.iter_rows(named=True)) - sum(_n_errors(findings) for findings in found.values()),
    )


def _n_errors(findings: Iterable[dict[str, Any]]) -> int:
    return sum(finding["severity"] == "error" for finding in findings)


def _others(
    basis: Basis, after: Decisions, ids: pl.DataFrame, outlines: pl.DataFrame, *, without: Collection[int]
) -> pl.DataFrame:
    """Return number and bounds of all other rows, with the outline of those near a checked row."""
    boxes = (
        pl.scan_parquet(basis.info.directory / "outlines.parquet")
        .select("row", *_BOUNDS)
        .filter(~pl.col("row").is_in(sorted({*without, *after.excluded})))
        .collect()
    )
    place = outlines.select(
        pl.col("min_lon").min(), pl.col("min_lat").min(), pl.col("max_lon").max(), pl.col("max_lat").max()
    ).row(0, named=True)
    near: list[int] = []
    if place["min_lon"] is not None:
        inside = boxes.filter(
            pl.col("min_lon") <= place["max_lon"], pl.col("max_lon") >= place["min_lon"],
            pl.col("min_lat") <= place["max_lat"], pl.col("max_lat") >= place["min_lat"],
        )  # fmt: skip
        hits = shapely.STRtree(_boxes(outlines.drop_nulls("min_lon"))).query(_boxes(inside))[0]
        near = inside["row"].gather(sorted(set(hits.tolist()))).to_list()
    whole = effective_outlines(basis.info.directory, after, rows=near)
    far = boxes.filter(~pl.col("row").is_in(near))
    return pl.concat([whole, far], how="diagonal").join(ids, on="row", how="left").sort("row")


def _boxes(rows: pl.DataFrame) -> npt.NDArray[np.object_]:
    west, south, east, north = (rows[name].to_numpy() for name in _BOUNDS)
    return shapely.box(west, south, east, north)


def _write(
    actor: Actor, basis: Basis, changes: Sequence[Change], judgement: _Judgement, *, action: str, now: dt.datetime
) -> bool:
    """Write the decisions, unless something was decided meanwhile: then say so and change nothing."""
    rows = {change.row for change in changes}
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=basis.draft.pk)
        if draft.state not in {"imported", "measured"}:
            raise DraftIsClosed(draft.pk, draft.state)
        newer = RowDecision.objects.filter(draft=draft, pk__gt=basis.decisions.last_id)
        mine = newer.filter(row__in=rows).values_list("row", flat=True).first()
        if mine is not None:
            raise _changed(draft.pk, mine)
        if newer.exists() or draft.directory_name != basis.draft.directory_name:
            return False
        void_measurement(draft)
        draft.n_open_errors -= judgement.n_errors_less
        draft.township_codes = sorted({*draft.township_codes, *judgement.township_codes})
        # Before the decisions: the database takes them only for a draft that is imported.
        draft.save()
        last = max(rows)
        RowDecision.objects.bulk_create(
            [
                RowDecision(
                    draft=draft,
                    row=change.row,
                    number=basis.number(change.row) + 1,
                    mapping_no=draft.mapping_no,
                    kind=change.kind,
                    values=dict(change.values),
                    repair_outline=change.repair_outline,
                    reason=change.reason,
                    sub_compartment_id=judgement.ids[change.row],
                    area_ha=change.area_ha,
                    findings_after={
                        str(row): found
                        for row, found in judgement.findings_after.items()
                        if row == change.row or (change.row == last and row not in rows)
                    },
                    decided_by_id=actor.pk,
                    decided_at=now,
                )
                for change in sorted(changes, key=lambda change: change.row)
            ],
            batch_size=500,
        )
        standing = decisions_of(draft)
        draft.n_excluded, draft.excluded_area_ha = len(standing.excluded), standing.excluded_area_ha
        draft.save()
        record_audit(
            actor,
            action,
            subject=f"draft {draft.pk}",
            detail={
                "rows": sorted(rows)[:_ROWS_IN_AUDIT],
                "n_rows": len(rows),
                "reason": changes[0].reason,
                "open_errors": draft.n_open_errors,
            },
            now=now,
        )
    return True


def void_measurement(draft: Draft) -> None:
    """Take a measured draft back to imported: its numbers rest on what it no longer is."""
    if draft.state == "measured":
        draft.state = "imported"
    draft.measured_by = None
    draft.measured_at = None
    draft.measurement = None
