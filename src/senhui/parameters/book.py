"""The parameter book: all numbers of all editions, read once and kept, and the questions one asks it."""

import datetime
import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import polars as pl

from senhui.parameters.loader import (
    RepeatedKey,
    Row,
    Scalar,
    ScalarEntry,
    TableFile,
    read_scalars,
    read_table,
    refuse_broken_references,
)
from senhui.parameters.values import MARKS, PROVENANCE, Mark, ParameterSummary, ParameterValue, Table

HOME = Path(__file__).parent


class UnknownParameter(LookupError):
    """No scalar or table has this id."""

    def __init__(self, parameter_id: str) -> None:
        super().__init__(f"No parameter {parameter_id!r}. all_parameters() lists the ids.")
        self.parameter_id = parameter_id


class UnknownRow(LookupError):
    """The table has no row under this key."""

    def __init__(self, table_id: str, key: str) -> None:
        super().__init__(f"Table {table_id!r} has no row {key!r}. Its column of keys lists them.")
        self.table_id, self.key = table_id, key


class UnknownColumn(LookupError):
    """The table has no such data column."""

    def __init__(self, table_id: str, column: str) -> None:
        super().__init__(f"Table {table_id!r} has no column {column!r}. Its .columns.csv lists them.")
        self.table_id, self.column = table_id, column


class ValueNotSet(LookupError):
    """The document gives no value here; nothing is put in its place."""

    def __init__(self, parameter_id: str) -> None:
        super().__init__(f"{parameter_id} is not set: the source gives no value. Choose another row or method.")
        self.parameter_id = parameter_id


class EditionTooEarly(LookupError):
    """The parameter had no entry yet on the day asked for."""

    def __init__(self, parameter_id: str, edition: str) -> None:
        super().__init__(f"{parameter_id!r} has no entry on or before {edition}. Ask for a later edition.")
        self.parameter_id, self.edition = parameter_id, edition


@dataclass(frozen=True, slots=True)
class Book:
    """All parameter files of one folder, checked."""

    scalars: dict[str, Scalar]
    tables: dict[str, TableFile]


def read_book(home: Path) -> Book:
    """Read and check every parameter file under `home` (folders ``scalars`` and ``tables``).

    Raises
    ------
    senhui.parameters.loader.ParameterFileRefused
        One of its subclasses, for the first rule that is broken; correct the file it names.
    """
    scalars: dict[str, Scalar] = {}
    for path in sorted((home / "scalars").glob("*.yaml")):
        for item in read_scalars(path):
            if item.id in scalars:
                raise RepeatedKey(path.name, item.id, "the id stands in another file too", "Keep one of them.")
            scalars[item.id] = item
    tables: dict[str, TableFile] = {}
    for path in sorted((home / "tables").glob("*.csv")):
        if not path.name.endswith(".columns.csv"):
            table_file = read_table(path)
            if table_file.id in scalars:
                raise RepeatedKey(path.name, table_file.id, "a scalar has the same id", "Rename one of them.")
            tables[table_file.id] = table_file
    refuse_broken_references(tables)
    return Book(scalars, tables)


@lru_cache(maxsize=1)
def _book() -> Book:
    return read_book(HOME)


def scalar(id: str, *, edition: str | None = None) -> ParameterValue:
    """Return one number as it stood in an edition.

    Parameters
    ----------
    id
        The id of a scalar, such as ``"cf_default"``.
    edition
        ISO day; the last entry on or before it is in force. None means the latest entry.

    Raises
    ------
    UnknownParameter
        If no scalar has this id.
    EditionTooEarly
        If its first entry is later than `edition`.

    Examples
    --------
    >>> scalar("cf_default").value
    0.47
    """
    if id not in _book().scalars:
        raise UnknownParameter(id)
    item = _book().scalars[id]
    entry = _last(item.entries, edition=edition)
    if entry is None:
        raise EditionTooEarly(id, str(edition))
    return ParameterValue(id, entry.edition, entry.value, item.unit, *_provenance(entry))


@lru_cache
def table(id: str, *, edition: str | None = None) -> Table:
    """Return a table as it stood in an edition, each row with its edition and provenance.

    Parameters
    ----------
    id
        The name of the table's file without ``.csv``.
    edition
        ISO day; of each row the last entry on or before it is in force. None means the latest entries.

    Raises
    ------
    UnknownParameter
        If there is no such table.
    EditionTooEarly
        If all its rows are later than `edition`.

    Examples
    --------
    >>> table("land_classes").frame["id"].head(2).to_list()
    ['tree_forest', 'bamboo_forest']
    """
    if id not in _book().tables:
        raise UnknownParameter(id)
    file = _book().tables[id]
    rows = _rows_in_force(file, edition=edition)
    if not rows:
        raise EditionTooEarly(id, str(edition))
    schema: dict[str, type[pl.DataType]] = {
        column.name: rule.dtype for column, rule in zip(file.columns, file.allowed, strict=True)
    }
    schema |= {"edition": pl.String, **dict.fromkeys(PROVENANCE, pl.String), "may_issue": pl.Boolean}
    frame = pl.DataFrame([(*row.cells, row.edition, *_provenance(row)) for row in rows], schema=schema, orient="row")
    newest = max(row.edition for row in rows)
    return Table(id, newest, file.title_zh, file.title_en, file.key, file.columns, frame)


def value(table_id: str, key: str, column: str, *, edition: str | None = None) -> ParameterValue:
    """Return one cell of a table with its provenance; its id is ``table#key.column``.

    Parameters
    ----------
    table_id, column
        Names of the table and of one of its data columns.
    key
        The row's key; the parts of a key of several columns are joined by ``/``, as in ``"nfi/310"``.
    edition
        ISO day, or None for the latest.

    Raises
    ------
    UnknownParameter, UnknownRow, UnknownColumn
        If there is no such table, row or column.
    EditionTooEarly
        If the row's first entry is later than `edition`.
    ValueNotSet
        If the document gives no value in this cell.

    Examples
    --------
    >>> value("arcm_species_params", "chinese_fir", "density_t_m3").value
    0.307
    """
    if table_id not in _book().tables:
        raise UnknownParameter(table_id)
    file = _book().tables[table_id]
    names = [item.name for item in file.columns]
    if column not in names:
        raise UnknownColumn(table_id, column)
    history = _histories(table_id).get(key)
    if history is None:
        raise UnknownRow(table_id, key)
    parameter_id = f"{table_id}#{key}.{column}"
    row = _last(history, edition=edition)
    if row is None:
        raise EditionTooEarly(parameter_id, str(edition))
    cell = row.cells[names.index(column)]
    if cell is None:
        raise ValueNotSet(parameter_id)
    return ParameterValue(parameter_id, row.edition, cell, file.columns[names.index(column)].unit, *_provenance(row))


def editions() -> dict[str, str]:
    """Return the latest edition of every scalar and table, by id.

    Examples
    --------
    >>> "arcm_species_params" in editions()
    True
    """
    book = _book()
    return {item.id: item.entries[-1].edition for item in book.scalars.values()} | {
        file.id: max(row.edition for row in file.rows) for file in book.tables.values()
    }


@lru_cache(maxsize=1)
def edition_hash() -> str:
    """Return the SHA-256 of the content of the whole book, in hexadecimal.

    It covers every value of every edition with its unit and provenance, and neither the layout of the files nor
    the order of rows, so two installations with the same hash calculate with the same numbers.
    """
    return book_hash(_book())


def book_hash(book: Book) -> str:
    """Return the SHA-256 of a book's canonical content (sorted JSON), in hexadecimal."""
    content = {
        "scalars": sorted(astuple(item) for item in book.scalars.values()),
        "tables": sorted(
            (
                file.id,
                file.key,
                sorted(astuple(c) for c in file.columns),
                sorted(map(_canonical_row, file.rows)),
            )
            for file in book.tables.values()
        ),
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def all_parameters() -> tuple[ParameterSummary, ...]:
    """List every scalar and table with its latest edition and its marks, in order of ids."""
    book = _book()
    listing = [
        ParameterSummary(
            item.id,
            "scalar",
            item.name_zh,
            item.name_en,
            item.entries[-1].edition,
            item.unit,
            *_counts(item.entries[-1:]),
        )
        for item in book.scalars.values()
    ]
    listing += [
        ParameterSummary(
            file.id,
            "table",
            file.title_zh,
            file.title_en,
            max(row.edition for row in file.rows),
            "-",
            *_counts(_rows_in_force(file, edition=None)),
        )
        for file in book.tables.values()
    ]
    return tuple(sorted(listing, key=lambda item: item.id))


def _counts(rows: Iterable[Row] | Iterable[ScalarEntry]) -> tuple[int, tuple[Mark, ...], int]:
    provenances = [row.provenance for row in rows]
    marks = tuple(mark for mark in MARKS if any(item.mark == mark for item in provenances))
    return len(provenances), marks, sum(item.may_issue for item in provenances)


def _provenance(entry: Row | ScalarEntry) -> tuple[Mark, str, str, str, str, bool]:
    item = entry.provenance
    return item.mark, item.source, item.where, item.region, item.range, item.may_issue


def _canonical_row(row: Row) -> str:
    return json.dumps(astuple(row), ensure_ascii=False)


Entry = TypeVar("Entry", Row, ScalarEntry)


def _last(entries: Iterable[Entry], *, edition: str | None) -> Entry | None:
    """Return the last entry on or before `edition`; the loader has checked that the days ascend."""
    assert edition is None or datetime.date.fromisoformat(edition).isoformat() == edition, "an ISO day"
    in_force = [entry for entry in entries if edition is None or entry.edition <= edition]
    return in_force[-1] if in_force else None


@lru_cache
def _histories(table_id: str) -> dict[str, list[Row]]:
    return _by_key(_book().tables[table_id])


def _by_key(file: TableFile) -> dict[str, list[Row]]:
    histories: dict[str, list[Row]] = {}
    for row in file.rows:
        histories.setdefault(row.key, []).append(row)
    return histories


def _rows_in_force(file: TableFile, *, edition: str | None) -> list[Row]:
    found = (_last(history, edition=edition) for history in _by_key(file).values())
    return [row for row in found if row is not None]
