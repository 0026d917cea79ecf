"""Read a sub-compartment layer through the front door and keep it as a draft.

1. The actor must hold `import_layer` somewhere (else `PermissionRefused`, before the file is opened).
2. The file is read to its end, whatever its rows say; a file that cannot be read at all is refused by name
   (`senhui.intake` exceptions). Where its columns or codes are not understood without a person, the draft is kept in
   state `unmapped` with the question; `map_draft` answers it without the file.
3. Every township of the rows without an error must lie within the actor's areas (`LayerOutsideYourAreas`).
4. The files of the draft are written to a new directory, then the row and its audit entry are committed. A kill at any
   moment leaves either the whole draft or nothing that a reader would find.

Cases: `tests/inventory/test_import_layer.py`; kills: `tests/races/test_kills.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor, AreaSet
from senhui.intake import ImportProfile, Interpretation, MappingNeeded, interpret, read_layer
from senhui.inventory import draft_files, queries, store
from senhui.inventory.context import import_context
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.models import Draft
from senhui.jobs.queries import arguments_of_unfinished

SAMPLE_WORD = "示例数据"
JOB_KIND = "inventory.import_layer"


def import_layer(
    actor: Actor,
    *,
    path: Path,
    original_name: str,
    reference_year: int,
    now: dt.datetime,
    profile: ImportProfile | None = None,
    licence_note: str = "",
    is_sample: bool = False,
    progress: Callable[[float, str], None],
) -> queries.DraftInfo:
    """Read `path` and keep it as a draft.

    Parameters
    ----------
    actor : needs `import_layer` over every township of the layer.
    path : any form that `senhui.intake.read_layer` takes.
    original_name : name of the file as its owner knows it.
    reference_year : year to which the survey refers.
    now : instant of the import (UTC).
    profile : what the owner says of codes and units; None means: recognise from the whole columns.
    licence_note : whose the data are and under which terms; goes with every release. Empty: what the profile says.
    is_sample : whether the layer is sample data (示例数据); the label follows it everywhere. A layer that says so in
        its remarks is sample data, whoever brings it.
    progress : called with the fraction done (0–1) and a note.

    Raises
    ------
    PermissionRefused, LayerOutsideYourAreas, and the exceptions of `senhui.intake.read_layer`.
    """
    on = timezone.localdate(now)
    require(actor, "import_layer", on=on)
    layer = read_layer(path, profile=profile, progress=lambda fraction, note: progress(0.7 * fraction, note))
    read = interpreted(
        lambda: interpret(
            layer,
            profile=layer.profile,
            context=import_context(),
            progress=lambda fraction, note: progress(0.7 + 0.15 * fraction, note),
        )
    )
    refuse_outside(read.township_codes, areas_for(actor, "import_layer", on=on))

    sweep_orphans()
    progress(0.86, "Writing the draft")
    with store.unfinished(store.drafts_directory()) as directory:
        draft_files.write_as_read(layer, directory)
        if read.interpretation is not None:
            draft_files.write_interpretation(read.interpretation, directory)
        name = draft_files.settle(directory)
    with transaction.atomic():
        row = Draft(
            directory_name=name,
            original_name=original_name,
            reference_year=reference_year,
            is_sample=is_sample or _says_sample(layer.source_fields),
            licence_note=licence_note or layer.profile.licence_note,
            source=layer.source,
            profile=layer.profile.as_json(),
            n_rows=layer.source_fields.height,
            imported_by_id=actor.pk,
            imported_at=now,
        )
        read.apply_to(row)
        row.save()
        record_audit(
            actor,
            "inventory.import_layer",
            subject=f"draft {row.pk}",
            detail={
                "file": original_name,
                "sha256": layer.source["sha256"],
                "rows": row.n_rows,
                "errors": row.n_errors,
                "state": row.state,
            },
            now=now,
        )
    progress(1.0, "Imported")
    return queries.draft(actor, row.pk, on=on)


@dataclass(frozen=True)
class Reading:
    """What came of the second stage: an interpretation, or the question that it needs a person for."""

    interpretation: Interpretation | None
    question: MappingNeeded | None

    @property
    def township_codes(self) -> list[str]:
        """Townships of the stands, in the order of their codes."""
        if self.interpretation is None:
            return []
        return sorted(self.interpretation.stands["township_code"].drop_nulls().unique().to_list())

    def apply_to(self, draft: Draft) -> None:
        """Fill in the fields of a draft that follow from its interpretation; its profile stays where there is none."""
        draft.township_codes = self.township_codes
        draft.n_errors = draft.n_open_errors = self._count("error")
        draft.n_warnings = self._count("warning")
        draft.question = None if self.question is None else question_as_json(self.question)
        draft.state = "imported" if self.question is None else "unmapped"
        draft.area_ha = 0.0
        if self.interpretation is not None:
            draft.area_ha = float(self.interpretation.stands["area_ha"].sum())
            draft.profile = self.interpretation.profile.as_json()
            draft.source = {**draft.source, **self.interpretation.source_facts}

    def _count(self, severity: str) -> int:
        if self.interpretation is None:
            return 0
        return self.interpretation.findings.filter(pl.col("severity") == severity).height


def interpreted(read: Callable[[], Interpretation]) -> Reading:
    """Return the interpretation, or what it asks."""
    try:
        return Reading(read(), None)
    except MappingNeeded as question:
        return Reading(None, question)


def question_as_json(question: MappingNeeded) -> dict[str, Any]:
    """Return class and fields of a question as plain JSON, as `senhui.jobs.refusal` keeps those of a job."""
    kind = type(question)
    facts = {field.name: getattr(question, field.name) for field in fields(question)}  # type: ignore[arg-type]
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": facts}


def refuse_outside(township_codes: list[str], areas: AreaSet) -> None:
    """Refuse townships that `areas` do not cover.

    Raises
    ------
    LayerOutsideYourAreas
    """
    outside = [code for code in township_codes if not areas.covers(code)]
    if outside:
        raise LayerOutsideYourAreas(outside)


def sweep_orphans(*, older_than_s: float = 24 * 3600.0) -> int:
    """Remove what nothing points to (see `draft_files.sweep`), but no upload that a job will still read."""
    uploads = frozenset(Path(arguments["path"]).parent.name for arguments in arguments_of_unfinished(JOB_KIND))
    return draft_files.sweep(uploads_in_use=uploads, older_than_s=older_than_s)


def _says_sample(source_fields: pl.DataFrame) -> bool:
    """Return whether a row's remarks (Remarks) call it sample data."""
    for name in source_fields.columns:
        if name.lower() == "remarks":
            return bool(source_fields[name].cast(pl.String).str.contains(SAMPLE_WORD, literal=True).any())
    return False
