"""Drafts as other rooms see them: seen whole by those who may work on or release all of their land."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from django.db.models import QuerySet

from senhui.access.queries import areas_for
from senhui.access.rules import EVERYWHERE, Actor
from senhui.intake.checks import FINDINGS
from senhui.inventory import store
from senhui.inventory.models import Draft
from senhui.inventory.refusals import DraftIsClosed
from senhui.inventory.row_decisions import decisions_of, effective_findings


class NoSuchDraft(LookupError):
    """There is no draft of this number, or the person asking may not see it."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(f"There is no draft {draft_id} that you may see. Look at the list of imports.")
        self.draft_id = draft_id


@dataclass(frozen=True)
class DraftInfo:
    """A draft as other rooms see it.

    `n_errors` and `n_warnings` are what the reading found; `n_open_errors` is what is left of the errors after all
    decisions on rows. `question` is class and fields of the refusal that an unmapped draft waits on.
    """

    id: int
    original_name: str
    reference_year: int
    is_sample: bool
    state: str
    source: dict[str, Any]
    profile: dict[str, Any]
    township_codes: tuple[str, ...]
    n_rows: int
    n_errors: int
    n_warnings: int
    n_open_errors: int
    n_excluded: int
    excluded_area_ha: float
    mapping_no: int
    question: dict[str, Any] | None
    licence_note: str
    area_ha: float
    imported_by: str
    imported_by_id: int
    imported_at: dt.datetime
    measured_by: str | None
    measured_by_id: int | None
    measured_at: dt.datetime | None
    measurement: dict[str, Any] | None
    release_id: str | None
    directory_name: str

    @property
    def directory(self) -> Path:
        """Where its files lie: `DraftIsClosed` of a discarded draft, `DraftFilesMissing` where they are gone."""
        if self.state == "discarded":
            raise DraftIsClosed(self.id, self.state)
        return store.draft_directory(self.id, self.directory_name)


def drafts(actor: Actor, *, on: dt.date) -> list[DraftInfo]:
    """Return the drafts that lie wholly within the actor's areas for importing or releasing, the newest first."""
    return [_draft_info(row) for row in _drafts() if _may_see(actor, row, on=on)]


def draft(actor: Actor, draft_id: int, *, on: dt.date) -> DraftInfo:
    """Return one draft.

    Raises
    ------
    NoSuchDraft
        There is none, or it lies outside the actor's areas.
    """
    row = _drafts().filter(pk=draft_id).first()
    if row is None or not _may_see(actor, row, on=on):
        raise NoSuchDraft(draft_id)
    return _draft_info(row)


def open_drafts(draft_ids: Collection[int]) -> set[int]:
    """Return which of some drafts are neither released nor discarded; for whoever cleans up behind the others."""
    rows = Draft.objects.filter(pk__in=draft_ids).exclude(state__in=["released", "discarded"])
    return set(rows.values_list("pk", flat=True))


def findings(info: DraftInfo) -> pl.DataFrame:
    """Return what is wrong or doubtful in a draft after all decisions on its rows (columns: `intake.checks.FINDINGS`).

    A draft that is not mapped yet has not been checked: then there is none.
    """
    if info.state == "unmapped":
        return pl.DataFrame(schema=FINDINGS)
    return effective_findings(info.directory, decisions_of(Draft.objects.get(pk=info.id))).collect()


def _may_see(actor: Actor, row: Draft, *, on: dt.date) -> bool:
    """A draft is seen whole or not at all, by those who may import or release all of its land."""
    if not row.township_codes:  # it lies nowhere yet: only its importer can mend it, or who may import everywhere
        return row.imported_by_id == actor.pk or areas_for(actor, "import_layer", on=on).covers(EVERYWHERE)
    return any(
        all(areas.covers(code) for code in row.township_codes) and not areas.is_empty
        for areas in (areas_for(actor, permission, on=on) for permission in ("import_layer", "release_layer"))
    )


def _drafts() -> QuerySet[Draft]:
    return Draft.objects.select_related("imported_by", "measured_by", "release")


def _draft_info(row: Draft) -> DraftInfo:
    return DraftInfo(
        id=row.pk,
        original_name=row.original_name,
        reference_year=row.reference_year,
        is_sample=row.is_sample,
        state=row.state,
        source=row.source,
        profile=row.profile,
        township_codes=tuple(row.township_codes),
        n_rows=row.n_rows,
        n_errors=row.n_errors,
        n_warnings=row.n_warnings,
        n_open_errors=row.n_open_errors,
        n_excluded=row.n_excluded,
        excluded_area_ha=row.excluded_area_ha,
        mapping_no=row.mapping_no,
        question=row.question,
        licence_note=row.licence_note,
        area_ha=row.area_ha,
        imported_by=str(row.imported_by),
        imported_by_id=row.imported_by_id,
        imported_at=row.imported_at,
        measured_by=None if row.measured_by is None else str(row.measured_by),
        measured_by_id=row.measured_by_id,
        measured_at=row.measured_at,
        measurement=row.measurement,
        release_id=row.release.pk if hasattr(row, "release") else None,
        directory_name=row.directory_name,
    )
