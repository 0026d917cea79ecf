"""A layer of twelve stands of which four rows are wrong, for the cases of the drafts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import shapely
from tests.small_layer import NOW, quiet, write_layer

from senhui.access.models import AuditEntry
from senhui.inventory import queries
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.models import Draft, RowDecision

ON = NOW.date()
WRONG_AREA, MOVED, MOVED_ONTO, BOW_TIE = 3, 5, 6, 9


def write_damaged(path: Path, **overrides: Any) -> Path:
    """Row 3 says 400 ha of its 4 ha; row 5 lies on half of row 6; the outline of row 9 crosses itself."""
    west = 119.1 + 0.003 * 5 - 0.001
    bow = 119.1 + 0.003 * 8
    outlines = {
        MOVED: shapely.box(west, 28.0, west + 0.00203628, 28.0018),
        BOW_TIE: shapely.Polygon([(bow, 28.0), (bow + 0.0028, 28.0018), (bow + 0.0028, 28.0), (bow, 28.0018)]),
    }
    areas = [4.0] * 12
    areas[WRONG_AREA - 1] = 400.0
    return write_layer(path, **{"outlines": outlines, "MIAN_JI": areas, **overrides})


def imported(actor: Any, path: Path) -> queries.DraftInfo:
    """Import a layer as a draft of 2021."""
    return import_layer(actor, path=path, original_name=path.name, reference_year=2021, now=NOW, progress=quiet)


def open_errors(actor: Any, draft_id: int) -> set[tuple[int, str]]:
    """Return row and reason of every open error."""
    page = queries.draft_errors(actor, draft_id, on=ON, per_page=1000)
    assert page.n_findings == queries.draft(actor, draft_id, on=ON).n_open_errors, "the count is that of the list"
    return {(finding["row"], finding["reason"]) for finding in page.findings}


def everything(draft_id: int) -> tuple[Any, ...]:
    """Return all that a refused action must leave as it was."""
    row = Draft.objects.filter(pk=draft_id).values()[0]
    return row, RowDecision.objects.count(), AuditEntry.objects.count(), sorted(row["directory_name"])


def unchanged(draft_id: int, action: Callable[[], object], refusal: type[Exception]) -> Exception:
    """Return the refusal of an action, and prove that it changed nothing."""
    before = everything(draft_id)
    try:
        action()
    except refusal as problem:
        assert everything(draft_id) == before, "a refused action changes nothing"
        return problem
    raise AssertionError(f"{refusal.__name__} was expected")
