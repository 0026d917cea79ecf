"""Calculate the carbon stock of every stand of a draft, each with its derivation.

1. The actor must hold `import_layer` over the draft's townships.
2. A released or discarded draft is not measured again (`DraftIsClosed`).
3. A draft with errors is not measured (`DraftHasErrors`): correct the file and import it again.
4. The result is written beside the draft and replaces an earlier one in one step.

Cases: `tests/inventory/test_measure_draft.py`. The formulas lie in `senhui.measurement`.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.inventory import queries, store
from senhui.inventory.models import Draft
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


class DraftHasErrors(ValueError):
    """The draft's checks found errors; a number from it would rest on rows known to be wrong."""

    def __init__(self, draft_id: int, n_errors: int) -> None:
        super().__init__(
            f"Draft {draft_id} has {n_errors} errors. Download the list, correct the rows in the file "
            "and import it again."
        )
        self.draft_id = draft_id
        self.n_errors = n_errors


class DraftIsClosed(ValueError):
    """The draft has been released or discarded; import the layer again to work on it."""

    def __init__(self, draft_id: int, state: str) -> None:
        super().__init__(f"Draft {draft_id} is {state}. Import the layer again to work on it.")
        self.draft_id = draft_id
        self.state = state


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
    NoSuchDraft, PermissionRefused, DraftIsClosed, DraftHasErrors
    """
    info = queries.draft(actor, draft_id, on=timezone.localdate(now))
    for code in info.township_codes:
        require(actor, "import_layer", area=code, on=timezone.localdate(now))
    _refuse(info)
    progress(0.05, "Measuring")
    book = default_book()
    measured = measured_stands(info.directory, book=book)
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
        "calibration": None if calibration is None else asdict(calibration),
        **totals(measured.lazy(), by=[]).collect().row(0, named=True),
    }
    progress(0.7, "Writing")
    _replace(info.directory / "measured.parquet", lambda path: store.write_geoparquet(measured, path))
    used = set(measured["derivation_id"].unique()) | set(measured["scattered_derivation_id"].drop_nulls().unique())
    derivations = [derivation.as_dict() for derivation in book.derivations if derivation.id in used]
    _replace(info.directory / "derivations.json", lambda path: store.write_json(derivations, path))
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft_id)
        _refuse(info, state=row.state)
        row.state = "measured"
        row.measured_by_id = actor.pk
        row.measured_at = now
        row.measurement = measurement
        row.save()
        record_audit(
            actor,
            "inventory.measure_draft",
            subject=f"draft {draft_id}",
            detail={"value_hash": measurement["value_hash"], "stock_tc": measurement["stock_tc"]},
            now=now,
        )
    progress(1.0, "Measured")
    return queries.draft(actor, draft_id, on=timezone.localdate(now))


def measured_stands(directory: Path, *, book: MethodBook) -> pl.DataFrame:
    """Return the stands of a draft directory with their measured columns, in no stated order."""
    stands = pl.scan_parquet(directory / "stands.parquet")
    refuse_unknown_keys(stands, book=book)
    return measure_stands(stands, book=book).collect()


def _refuse(info: queries.DraftInfo, *, state: str | None = None) -> None:
    state = state or info.state
    if state in {"released", "discarded"}:
        raise DraftIsClosed(info.id, state)
    if info.n_errors:
        raise DraftHasErrors(info.id, info.n_errors)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside `path` and put it in place in one step, so that a reader sees the old file or the new."""
    partial = path.with_name(f".{path.name}.partial")
    write(partial)
    os.replace(partial, path)
