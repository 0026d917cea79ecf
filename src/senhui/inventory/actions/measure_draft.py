"""Calculate the carbon stock of every stand of a draft, each with its derivation.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `import_layer` over all of its land
   (`PermissionRefused`).
2. A released or discarded draft is not measured again (`DraftIsClosed`), one without a mapping not yet
   (`DraftNeedsMapping`).
3. A draft with open errors is not measured (`DraftHasErrors`): each row is corrected or excluded first. Nor is one
   whose every row is excluded (`NothingToMeasure`).
4. Stands after all decisions are measured with what the installation declares at this moment (`declarations.py`), which
   is kept with the result; the result is written to a new directory. Then, if nobody changed the draft meanwhile
   (`DraftChangedMeanwhile`), row and audit entry are written and the new directory counts.

Cases: `tests/inventory/test_release_draft.py`, `tests/inventory/test_declarations.py`; kills:
`tests/races/test_kills.py`. The formulas lie in `senhui.measurement`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.intake import ImportProfile
from senhui.inventory import declarations, draft_files, queries, store
from senhui.inventory.error_sums import write_error_sums
from senhui.inventory.models import Draft, RowDecision
from senhui.inventory.refusals import DraftChangedMeanwhile, DraftHasErrors, DraftIsClosed, DraftNeedsMapping
from senhui.inventory.row_decisions import Decisions, decisions_of, effective_stands
from senhui.measurement import (
    DesignTotal,
    MethodBook,
    apply_factors,
    calibrate,
    default_book,
    measure_stands,
    refuse_unknown_keys,
    totals,
)
from senhui.parameters import edition_hash, editions


class NothingToMeasure(ValueError):
    """Every row of the draft is excluded."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(f"Every row of draft {draft_id} is excluded; there is nothing to measure. Open a row again.")
        self.draft_id = draft_id


def measure_draft(
    actor: Actor,
    *,
    draft_id: int,
    now: dt.datetime,
    design_totals: Sequence[DesignTotal] = (),
    progress: Callable[[float, str], None],
) -> queries.DraftInfo:
    """Measure a draft and, where design-based totals are given, calibrate it to them.

    Parameters
    ----------
    actor : needs `import_layer` over the draft's land.
    draft_id : draft
    now : instant of the calculation (UTC).
    design_totals : totals of a sample survey, one per domain, tC; empty means: not calibrated.
    progress : called with the fraction done (0–1) and a note.

    Raises
    ------
    NoSuchDraft, PermissionRefused, DraftIsClosed, DraftNeedsMapping, DraftHasErrors, NothingToMeasure,
    DraftChangedMeanwhile
        In this order of precedence.
    """
    on = timezone.localdate(now)
    info = queries.draft(actor, draft_id, on=on)
    for code in info.township_codes:
        require(actor, "import_layer", area=code, on=on)
    require(actor, "import_layer", on=on)
    refuse_measuring(info)
    progress(0.05, "Measuring")
    draft = Draft.objects.get(pk=draft_id)
    decisions = decisions_of(draft)
    declared = declarations.in_force()
    book = default_book(declarations=declared.assumptions)
    measured = measured_stands(info.directory, decisions, profile=info.profile, book=book)
    if measured.is_empty():
        raise NothingToMeasure(draft_id)
    # What a decision found open counts against the draft; this is for a row that the checks of today judge otherwise.
    if missing := info.n_rows - info.n_excluded - measured.height:
        raise DraftHasErrors(draft_id, missing)
    progress(0.6, "Calibrating" if design_totals else "Writing")
    calibration = calibrate(measured, design_totals=design_totals) if design_totals else None
    if calibration is not None:
        measured = apply_factors(measured, calibration)
    measured = measured.sort("township_code", "sub_compartment_id")
    measurement = {
        "value_hash": store.value_hash(measured),
        "parameter_editions": editions(),
        "parameter_edition_hash": edition_hash(),
        "method_book": book.id,
        "declarations": asdict(declared.assumptions),
        "declared_errors": [asdict(error) for error in declared.errors],
        "calibration": None if calibration is None else asdict(calibration),
        **totals(measured.lazy(), by=[]).collect().row(0, named=True),
        "n_excluded": info.n_excluded,
        "excluded_area_ha": info.excluded_area_ha,
    }
    progress(0.7, "Writing")
    numbers = ("derivation_id", "scattered_derivation_id", "ground_derivation_id")
    used = {number for name in numbers for number in measured[name].drop_nulls().unique()}
    derivations = [derivation.as_dict() for derivation in book.derivations if derivation.id in used]
    with store.unfinished(store.drafts_directory()) as directory:
        store.link_files(info.directory, directory, (*draft_files.AS_READ, *draft_files.INTERPRETED))
        store.write_geoparquet(measured, directory / "measured.parquet")
        store.write_json(derivations, directory / "derivations.json")
        write_error_sums(measured, directory, book=book)
        name = draft_files.settle(directory)
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft_id)
        if row.state in {"released", "discarded"}:
            raise DraftIsClosed(draft_id, row.state)
        newer = RowDecision.objects.filter(draft=row, pk__gt=decisions.last_id)
        if row.directory_name != info.directory.name or newer.exists():
            raise DraftChangedMeanwhile(draft_id)
        row.directory_name = name
        row.state = "measured"
        row.measured_by_id = actor.pk
        row.measured_at = now
        row.measurement = measurement
        row.township_codes = sorted(measured["township_code"].unique())
        row.area_ha = float(measured["area_ha"].sum())
        row.save()
        record_audit(
            actor,
            "inventory.measure_draft",
            subject=f"draft {draft_id}",
            detail={"value_hash": measurement["value_hash"], "stock_tc": measurement["stock_tc"]},
            now=now,
        )
    draft_files.leave_to_sweep(info.directory.name)
    progress(1.0, "Measured")
    return queries.draft(actor, draft_id, on=on)


def measured_stands(
    directory: Path, decisions: Decisions, *, profile: dict[str, Any], book: MethodBook
) -> pl.DataFrame:
    """Return the stands of a draft after all decisions with their measured columns, in no stated order."""
    stands = effective_stands(directory, decisions, profile=ImportProfile.from_json(profile)).lazy()
    refuse_unknown_keys(stands, book=book)
    return measure_stands(stands, book=book).collect()


def refuse_measuring(info: queries.DraftInfo) -> None:
    """Refuse to measure a draft that is closed, unmapped or has open errors.

    Raises
    ------
    DraftIsClosed, DraftNeedsMapping, DraftHasErrors
    """
    if info.state in {"released", "discarded"}:
        raise DraftIsClosed(info.id, info.state)
    if info.state == "unmapped":
        raise DraftNeedsMapping(info.id)
    if info.n_open_errors:
        raise DraftHasErrors(info.id, info.n_open_errors)
