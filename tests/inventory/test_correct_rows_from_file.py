"""The rejected rows go out as a table, are edited, and come back: all of them count, or none."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.inventory.damaged import BOW_TIE, MOVED, ON, WRONG_AREA, imported, open_errors, unchanged, write_damaged
from tests.small_layer import LONGQUAN, NOW

from senhui.intake import LayerRefused, write_rejected
from senhui.inventory import queries
from senhui.inventory.actions.correct_rows_from_file import NothingInTheFile, correct_rows_from_file
from senhui.inventory.actions.exclude_rows import exclude_rows
from senhui.inventory.corrections import ValueDoesNotFit
from senhui.inventory.models import RowDecision

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
Line = dict[str, str]


@pytest.fixture
def lin(person: Person) -> Any:
    """A technician of Longquan."""
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft(lin: Any, tmp_path: Path) -> queries.DraftInfo:
    """The damaged layer, imported."""
    return imported(lin, write_damaged(tmp_path / "damaged.gpkg"))


def edited(lin: Any, draft_id: int, path: Path, edit: Callable[[list[Line]], list[Line]]) -> Path:
    """Write the rejected rows, let somebody edit the lines, and return the file."""
    write_rejected(*queries.rejected_rows(lin, draft_id, on=ON), path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    heading = list(lines[0])
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, heading)
        writer.writeheader()
        writer.writerows(edit(lines))
    return path


def with_area(area: str) -> Callable[[list[Line]], list[Line]]:
    def edit(lines: list[Line]) -> list[Line]:
        return [{**line, "MIAN_JI": area, "LIN_BAN": "0002"} for line in lines]

    return edit


def test_a_table_comes_back_and_only_changed_cells_count(lin: Any, draft: queries.DraftInfo, tmp_path: Path) -> None:
    path = edited(lin, draft.id, tmp_path / "rows.csv", with_area("4"))
    after = correct_rows_from_file(lin, draft_id=draft.id, path=path, reason="field visit", now=NOW)
    assert (WRONG_AREA, "area_impossible") not in open_errors(lin, draft.id)
    assert after.n_open_errors == 3
    values = dict(RowDecision.objects.values_list("row", "values"))
    assert values[WRONG_AREA] == {"MIAN_JI": "4", "LIN_BAN": "0002"}
    assert values[BOW_TIE] == {"LIN_BAN": "0002"}
    unchanged(draft.id, lambda: correct_rows_from_file(lin, draft_id=draft.id, path=path, now=NOW), NothingInTheFile)


def test_one_wrong_cell_refuses_the_whole_table(lin: Any, draft: queries.DraftInfo, tmp_path: Path) -> None:
    path = edited(lin, draft.id, tmp_path / "rows.csv", with_area("four"))
    unchanged(draft.id, lambda: correct_rows_from_file(lin, draft_id=draft.id, path=path, now=NOW), ValueDoesNotFit)


def test_a_row_that_was_left_out_meanwhile_is_refused(lin: Any, draft: queries.DraftInfo, tmp_path: Path) -> None:
    path = edited(lin, draft.id, tmp_path / "rows.csv", with_area("4"))
    exclude_rows(lin, draft_id=draft.id, rows=[MOVED], reason="drawn twice", now=NOW)
    unchanged(draft.id, lambda: correct_rows_from_file(lin, draft_id=draft.id, path=path, now=NOW), LayerRefused)


def test_a_file_that_is_no_table_is_refused(lin: Any, draft: queries.DraftInfo, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(bytes(range(256)))
    unchanged(draft.id, lambda: correct_rows_from_file(lin, draft_id=draft.id, path=path, now=NOW), LayerRefused)
