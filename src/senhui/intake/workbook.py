"""Sheets of Excel workbooks as plain tables: where the header is, what kind of cells a column has.

A cell that is shown with leading zeros (number format 000) is text here, since that is what a person sees and means.
Cases: ``tests/intake/test_attribute_table.py``.
"""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

import openpyxl  # type: ignore[import-untyped]
import polars as pl

from senhui.intake.archive import LARGEST_UNPACKED_BYTES, ArchiveTooLarge
from senhui.intake.delimited_text import refuse_repeated
from senhui.intake.fields import as_text
from senhui.intake.refusal import LayerRefused

_HEADER_ROWS: Final = 20
"""Among so many first lines the one with the key columns is the header: above it often stands a title."""
_LINES_AT_A_TIME: Final = 5_000
_FORMULA: Final = re.compile(rb"<(\w+:)?f[ />]")
_ONLY_ZEROS: Final = re.compile(r"0{2,}")


@dataclass(eq=False)
class TableUnreadable(LayerRefused):
    """The table is neither a workbook that can be read nor text."""

    what: ClassVar[str] = "The table {table} could not be read."
    why: ClassVar[str] = "It is damaged, needs a password, or is neither an .xlsx workbook nor a CSV."
    remedy: ClassVar[str] = "Save it again as .xlsx (an old .xls too) or as CSV in UTF-8."
    table: str


@dataclass(eq=False)
class FormulaWithoutValue(LayerRefused):
    """A cell holds a formula whose result was not saved with it."""

    what: ClassVar[str] = "The cell {cell} of {table} holds a formula without its result."
    why: ClassVar[str] = "The program that wrote the workbook did not calculate it, so the value is not in the file."
    remedy: ClassVar[str] = "Open the workbook in Excel or WPS and save it, or replace formulas by their values."
    table: str
    cell: str


@dataclass(eq=False)
class SheetUnclear(LayerRefused):
    """The workbook does not have the one sheet with the key columns."""

    what: ClassVar[str] = "Which sheet of {table} holds the attributes is not clear."
    why: ClassVar[str] = "The columns {keys} are looked for in the first lines of its sheets, which are: {sheets}."
    remedy: ClassVar[str] = "Name the sheet, or correct the names of the key columns."
    table: str
    keys: tuple[str, ...]
    sheets: tuple[str, ...]


def read_sheet(path: Path, *, sheet: str | None, keys: Sequence[str], shown_name: str) -> pl.DataFrame:
    """Read the sheet that has the key columns.

    Parameters
    ----------
    path : Path
        An .xlsx workbook.
    sheet : str or None
        Its name; None: the only one that has the key columns.
    keys : sequence of str
        Columns that tell the header from a title above it.
    shown_name : str
        Name of the file for messages.

    Returns
    -------
    polars.DataFrame
        A column of whole numbers is int64, of numbers float64, and any other, of mixed cells too, text. Lines without
        a value are left out.

    Raises
    ------
    TableUnreadable, SheetUnclear, FormulaWithoutValue, ColumnNamedTwice, ArchiveTooLarge
        See there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED_BYTES:
                raise ArchiveTooLarge(shown_name, LARGEST_UNPACKED_BYTES // 2**30)
        workbook = _opened(path, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, RuntimeError, SyntaxError) as error:
        raise TableUnreadable(shown_name) from error
    try:
        names = [name for name in workbook.sheetnames if sheet in {None, name}]
        found = [(name, line) for name in names if (line := _header_line(workbook[name], keys)) is not None]
        if len(found) != 1:
            raise SheetUnclear(shown_name, tuple(keys), tuple(workbook.sheetnames))
        (name, line), *_ = found
        _refuse_formulas_without_value(path, workbook[name], shown_name=shown_name)
        return _read(workbook[name].iter_rows(min_row=line), shown_name)
    finally:
        workbook.close()


def _opened(path: Path, *, data_only: bool) -> Any:
    """Open a workbook whose sheets are read to their ends: some programs write a size of one cell into each."""
    workbook = openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()
    return workbook


def _refuse_formulas_without_value(path: Path, values: Any, *, shown_name: str) -> None:
    """Compare values with formulas, which takes a second reading, where there are formulas at all."""
    with zipfile.ZipFile(path) as archive:
        if not any(_has_formula(archive, name) for name in archive.namelist() if name.startswith("xl/worksheets/")):
            return
    workbook = _opened(path, data_only=False)
    try:
        lines = zip(workbook[values.title].iter_rows(), values.iter_rows(), strict=True)
        for of_formulas, of_values in lines:
            for formula, value in zip(of_formulas, of_values, strict=True):
                # A formula whose result is the empty text has the kind of text, one without a result that of a number.
                if formula.data_type == "f" and value.value is None and value.data_type == "n":
                    raise FormulaWithoutValue(shown_name, formula.coordinate)
    finally:
        workbook.close()


def _has_formula(archive: zipfile.ZipFile, name: str) -> bool:
    before = b""
    with archive.open(name) as sheet:
        while chunk := sheet.read(2**20):
            if _FORMULA.search(before + chunk):
                return True
            before = chunk[-8:]
    return False


def _header_line(sheet: Any, keys: Sequence[str]) -> int | None:
    """Give the first line, from 1, that has all key columns among its cells."""
    for line, row in enumerate(sheet.iter_rows(max_row=_HEADER_ROWS, values_only=True), start=1):
        if set(keys) <= {_text(value) for value in row}:
            return line
    return None


def _read(rows: Iterator[tuple[Any, ...]], shown_name: str) -> pl.DataFrame:
    header = [_text(cell.value) for cell in next(rows)]
    while header[-1] is None:
        header.pop()
    columns = [name or "" for name in header]
    refuse_repeated(columns, file_name=shown_name)
    parts: list[list[pl.Series]] = [[] for _ in columns]
    lines_of_sheet = (_values(row, len(columns)) for row in rows)
    filled = (line for line in lines_of_sheet if any(value is not None for value in line))
    while lines := list(islice(filled, _LINES_AT_A_TIME)):
        for part, name, values in zip(parts, columns, zip(*lines, strict=True), strict=True):
            part.append(_series(name, values))
    return pl.DataFrame([_whole(name, part) for name, part in zip(columns, parts, strict=True)])


def _values(row: tuple[Any, ...], n_columns: int) -> list[Any]:
    """Give the values of a line; lines may be shorter than the header, and cells beyond it have no name."""
    values = [_value(cell) for cell in row[:n_columns]]
    return values + [None] * (n_columns - len(values))


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, int) and not isinstance(value, bool) and _ONLY_ZEROS.fullmatch(cell.number_format or ""):
        return str(value).zfill(len(cell.number_format))
    return value


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value).strip() or None


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return pl.Series(name, values, dtype=pl.Int64)
    if kinds and kinds <= {int, float}:
        return pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64)
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String if kinds else pl.Null)


def _whole(name: str, parts: Sequence[pl.Series]) -> pl.Series:
    """Put the runs of a column together: numbers stay numbers only where all runs are."""
    kinds = {part.dtype for part in parts} - {pl.Null()}
    if pl.String() in kinds:
        return pl.concat([part.to_frame().select(as_text(pl.col(name), part.dtype)).to_series() for part in parts])
    kind = pl.Float64() if pl.Float64() in kinds else pl.Int64() if kinds else pl.String()
    return pl.concat([pl.Series(name, [], dtype=kind), *(part.cast(kind) for part in parts)])
