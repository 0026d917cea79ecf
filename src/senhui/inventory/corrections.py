"""What a person types for a row, made into a change of it: the columns are there, the values fit, something differs."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from senhui.inventory.refusals import refuse_unwritable
from senhui.inventory.row_changes import Basis, Change
from senhui.inventory.row_decisions import from_text

_MOST_NAMED = 12


class NoSuchColumn(LookupError):
    """The file of the draft has no such column."""

    def __init__(self, draft_id: int, column: str, columns: tuple[str, ...]) -> None:
        super().__init__(
            f"The file of draft {draft_id} has no column {column!r}. Use a name of the file: "
            f"{', '.join(columns[:_MOST_NAMED])}…"
        )
        self.draft_id = draft_id
        self.column = column
        self.columns = columns


class ValueDoesNotFit(ValueError):
    """A column of numbers or dates cannot hold the text."""

    def __init__(self, row: int, column: str, value: str, kind: str) -> None:
        super().__init__(f"Row {row}: {value!r} does not fit column {column}, which holds {kind} values. Correct it.")
        self.row = row
        self.column = column
        self.value = value
        self.kind = kind


class NothingToCorrect(ValueError):
    """Every value given is what the row says already."""

    def __init__(self, draft_id: int, row: int) -> None:
        super().__init__(
            f"Row {row} of draft {draft_id} says that already; nothing was changed. Change a value, or exclude the row."
        )
        self.draft_id = draft_id
        self.row = row


def merged(
    basis: Basis, corrections: Mapping[int, Mapping[str, str | None]], *, repair_outline: bool, reason: str
) -> list[Change]:
    """Lay new values over the corrections that the rows have already.

    Parameters
    ----------
    corrections : row → column of the file → text that is right, or None for nothing.
    repair_outline : whether the outlines of all these rows are repaired.

    Raises
    ------
    NoSuchColumn, TextCannotBeWritten, ValueDoesNotFit, NothingToCorrect
    """
    path = basis.info.directory / "source_fields.parquet"
    schema = pl.read_parquet_schema(path)
    columns = tuple(name for name in schema if name != "row")
    for row, values in corrections.items():
        for column, text in values.items():
            if column not in columns:
                raise NoSuchColumn(basis.info.id, column, columns)
            if text is not None:
                refuse_unwritable(text, column)
            if text is not None and from_text(pl.Series([text]), schema[column]).null_count():
                raise ValueDoesNotFit(row, column, text, str(schema[column]))
    used = sorted({column for values in corrections.values() for column in values})
    rows = pl.scan_parquet(path).filter(pl.col("row").is_in(sorted(corrections))).select("row", *used).collect()
    as_read = {values["row"]: values for values in rows.iter_rows(named=True)}
    changes = []
    for row, values in corrections.items():
        standing = basis.decisions.standing.get(row)
        is_corrected = standing is not None and standing.kind == "corrected"
        old = dict(standing.values) if standing is not None and is_corrected else {}
        was_repaired = standing is not None and is_corrected and standing.repair_outline
        new = {**old, **values}
        for column in values:
            if from_text(pl.Series([new[column]], dtype=pl.String), schema[column])[0] == as_read[row][column]:
                del new[column]
        if new == old and repair_outline <= was_repaired:
            raise NothingToCorrect(basis.info.id, row)
        changes.append(Change(row, "corrected", new, repair_outline or was_repaired, reason))
    return changes
