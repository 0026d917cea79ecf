"""Findings as a file that an office program opens, and rejected rows as a table that comes back corrected.

The table of rejected rows has all columns of the file, so that whoever corrects it sees the whole stand. Coming back,
only cells that say something else than before count. Cases: ``tests/intake/test_rejected.py``.
"""

import csv
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import openpyxl  # type: ignore[import-untyped]
import polars as pl
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from senhui.intake.refusal import LayerRefused
from senhui.intake.safe_workbook import new_workbook

ROW, REASON, REMEDY = "#row", "#reason", "#remedy"
"""Columns that the table has beside those of the file; no field of a layer begins with a number sign."""

_FORMULA: Final = re.compile(r"[=+@\t\r]|-[^0-9.]")
_ROUNDED: Final = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")


@dataclass(eq=False)
class CorrectionsUnreadable(LayerRefused):
    """The file is neither a workbook nor a text table."""

    what: ClassVar[str] = "{file_name} is not a table of corrected rows."
    why: ClassVar[str] = "{detail}."
    remedy: ClassVar[str] = "Save the table as XLSX, or as CSV in UTF-8."
    file_name: str
    detail: str


@dataclass(eq=False)
class CorrectionColumnUnknown(LayerRefused):
    """A heading is no column of the file, stands twice, or the column of row numbers is gone."""

    what: ClassVar[str] = "The heading “{column}” of the corrected rows is wrong."
    why: ClassVar[str] = "Every heading must be a column of the layer, once, and {row_column} must be there."
    remedy: ClassVar[str] = "Restore the headings as they were in the table of rejected rows."
    column: str
    row_column: str = ROW


@dataclass(eq=False)
class CorrectionRowWrong(LayerRefused):
    """A row number is not a row of the draft, or stands twice."""

    what: ClassVar[str] = "The corrected rows contain a wrong row number: “{value}”."
    why: ClassVar[str] = "Each row of the table must carry the number of one row of the layer, and no two the same."
    remedy: ClassVar[str] = "Restore the row number, or delete the line."
    value: str


@dataclass(eq=False)
class CorrectionGarbled(LayerRefused):
    """A spreadsheet program turned a value into something else."""

    what: ClassVar[str] = "Row {row}, column {column}: “{value}” is what a spreadsheet program made of the value."
    why: ClassVar[str] = "A long code was rounded as a number, or the cell holds a formula; before it was “{before}”."
    remedy: ClassVar[str] = "Enter the value again as text, best in the XLSX table."
    row: int
    column: str
    value: str
    before: str


def write_findings(findings: pl.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write findings as CSV in UTF-8 with the mark that makes spreadsheet programs read Chinese rightly.

    Parameters
    ----------
    findings : polars.DataFrame
        As :func:`read_sub_compartments` gives them, or a part of them.
    path : path
        Where to write; what is there is replaced.
    """
    columns = {
        "row": pl.col("row"),
        "id": pl.col("sub_compartment_id"),
        "field": pl.col("field"),
        "value": spreadsheet_safe("value"),
        "reason": pl.col("message_en"),
        "remedy": pl.col("remedy_en"),
        "severity": pl.col("severity"),
        "n_rows": pl.col("n_rows"),
    }
    findings.select(expression.alias(name) for name, expression in columns.items()).write_csv(
        Path(path), include_bom=True
    )


def write_rejected(
    findings: pl.DataFrame,
    source_fields: pl.DataFrame,
    path: str | os.PathLike[str],
    *,
    translate: Callable[[str], str] = str,
) -> None:
    """Write the rows that have an error, with all their columns, what is wrong and what to do.

    Parameters
    ----------
    findings : polars.DataFrame
        Columns of ``checks.FINDINGS``.
    source_fields : polars.DataFrame
        ``row`` and the columns of the file.
    path : path
        ``.xlsx`` or ``.csv`` (UTF-8 with the mark that spreadsheet programs ask for); what is there is replaced.
    translate : callable
        From an English reason or remedy to the reader's language.
    """
    path = Path(path)
    assert path.suffix in {".xlsx", ".csv"}, "rejected rows are written as .xlsx or .csv"
    errors = findings.filter((pl.col("severity") == "error") & pl.col("row").is_not_null())
    told: dict[int, tuple[list[str], list[str]]] = {}
    for row, field, message, remedy in errors.select("row", "field", "message_en", "remedy_en").iter_rows():
        reasons, remedies = told.setdefault(row, ([], []))
        reasons.append(f"{field}: {translate(message)}")
        remedies.append(translate(remedy))
    rows = source_fields.filter(pl.col("row").is_in(list(told)))
    heading = [ROW, REASON, REMEDY, *rows.columns[1:]]
    lines = [
        [str(row), *("\n".join(dict.fromkeys(part)) for part in told[row]), *(_safe(value) for value in values)]
        for row, *values in _as_text(rows).iter_rows()
    ]
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([heading, *lines])
    else:
        _write_workbook(path, heading, lines)


def read_corrections(path: str | os.PathLike[str], *, source_fields: pl.DataFrame) -> dict[int, dict[str, str | None]]:
    """Read what was changed in a table of rejected rows.

    A cell that says the same as before is no change, nor is one that is the same number written otherwise: spreadsheet
    programs drop zeros in front and behind. Columns and lines may be missing and in any order.

    Parameters
    ----------
    path : path
        The table as XLSX or CSV (UTF-8 or GB18030), whatever its name says.
    source_fields : polars.DataFrame
        ``row`` and the columns of the file, with the values that count now.

    Returns
    -------
    dict
        Row → column → new text, None where the cell was emptied. Rows without a change are left out.

    Raises
    ------
    CorrectionsUnreadable, CorrectionColumnUnknown, CorrectionRowWrong, CorrectionGarbled
        See there. One wrong cell refuses the whole file, so that nothing is half applied.
    """
    lines = _lines(Path(path))
    heading = [name.strip() for name in next(lines, [])]
    columns = source_fields.columns[1:]
    for name in {ROW, *heading}:
        is_known = name in {ROW, REASON, REMEDY} or name in columns
        if not is_known or heading.count(name) != 1:
            raise CorrectionColumnUnknown(name)
    given: dict[int, dict[str, str]] = {}
    known = set(source_fields["row"])
    for line in lines:
        cells = dict(zip(heading, line, strict=False))
        if not any(cell.strip() for cell in line):
            continue
        number = cells[ROW].strip().removesuffix(".0")
        if not number.isascii() or not number.isdigit() or int(number) not in known or int(number) in given:
            raise CorrectionRowWrong(cells[ROW])
        given[int(number)] = {name: cells[name] for name in cells if name in columns}
    before = _as_text(source_fields.filter(pl.col("row").is_in(list(given))))
    corrections: dict[int, dict[str, str | None]] = {}
    for was in before.iter_rows(named=True):
        row = int(was["row"])
        for column, cell in given[row].items():
            if cell.startswith("="):
                raise CorrectionGarbled(row, column, cell, was[column] or "")
            text = _meant(cell)
            if _is_change(row, column, was[column], text):
                corrections.setdefault(row, {})[column] = text
    return corrections


def spreadsheet_safe(name: str) -> pl.Expr:
    """Keep a spreadsheet program from taking a value out of a user's file for a formula."""
    value = pl.col(name)
    is_formula = value.str.contains(f"^(?:{_FORMULA.pattern})")
    return pl.when(is_formula).then(pl.lit("'") + value).otherwise(value).alias(name)


def _safe(value: str | None) -> str:
    return "" if value is None else f"'{value}" if _FORMULA.match(value) else value


def _meant(cell: str) -> str | None:
    """Take away what :func:`_safe` put before a value."""
    if cell.startswith("'") and _FORMULA.match(cell[1:]):
        cell = cell[1:]
    return cell if cell.strip() else None


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("row", pl.exclude("row").cast(pl.String, strict=False))


def _is_change(row: int, column: str, before: str | None, text: str | None) -> bool:
    old, new = (before or "").strip(), (text or "").strip()
    if old == new:
        return False
    if _ROUNDED.fullmatch(new) and not _ROUNDED.fullmatch(old):
        raise CorrectionGarbled(row, column, new, old)
    try:
        return float(old) != float(new)
    except ValueError:
        return True


def _write_workbook(path: Path, heading: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Write a workbook in which every cell is text, so that codes keep their zeros."""
    with new_workbook(path, constant_memory=True) as workbook:
        text, told = workbook.add_format({"num_format": "@"}), workbook.add_format({"num_format": "@", "bold": True})
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(heading) - 1, 12, text)
        sheet.set_column(1, 2, 50, text)
        for number, line in enumerate([heading, *lines]):
            for column, cell in enumerate(line):
                if cell:
                    sheet.write_string(number, column, cell, told if number == 0 else text)


def _lines(path: Path) -> Iterator[list[str]]:
    """Give the lines of a workbook's first sheet or of a text table."""
    try:
        content = path.read_bytes()
        if content.startswith(b"PK\x03\x04"):
            yield from _sheet(content)
            return
        yield from csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    except (OSError, csv.Error, UnicodeError, InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise CorrectionsUnreadable(path.name, f"{type(error).__name__}: {error}".rstrip(".")) from error


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _sheet(content: bytes) -> Iterator[list[str]]:
    workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    workbook.worksheets[0].reset_dimensions()  # some programs write a size of one cell
    for line in workbook.worksheets[0].iter_rows(values_only=True):
        yield ["" if cell is None else _number(cell) if isinstance(cell, float) else str(cell) for cell in line]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
