"""Tables as text (CSV): their encoding, their separator and their cells, all as text.

Numbers are not recognised here: a code keeps its leading zeros as long as it is text.
Cases: ``tests/intake/test_formats.py``.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from senhui.intake.refusal import LayerRefused
from senhui.intake.text_encoding import Encoding, EncodingContradicted, EncodingUnknown

_SEPARATORS: Final = (",", "\t", ";")
_CHUNK_BYTES: Final = 2**22

csv.field_size_limit(2**31 - 1)  # an outline as WKT is longer than the 128 kB at which csv gives up


@dataclass(eq=False)
class LinesUneven(LayerRefused):
    """A line has another number of cells than the first."""

    what: ClassVar[str] = "Line {line} of {file_name} has {n_found} cells; the first line has {n_expected}."
    why: ClassVar[str] = "A separator or a quotation mark inside a text shifts all cells after it."
    remedy: ClassVar[str] = "Put such texts into quotation marks, or save the table again from its program."
    file_name: str
    line: int
    n_found: int
    n_expected: int


@dataclass(eq=False)
class ColumnNamedTwice(LayerRefused):
    """Columns have the same name, or none."""

    what: ClassVar[str] = "In {file_name} columns have the same name or none: {columns}."
    why: ClassVar[str] = "A column is found by its name, so each needs one of its own."
    remedy: ClassVar[str] = "Give each column a name of its own."
    file_name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class TextTable:
    """A table of text cells; an empty cell is null, and a line without a value is left out."""

    frame: pl.DataFrame
    encoding: Encoding


def header_of(path: Path) -> list[str]:
    """Give the first line's cells of what may be a table as text; empty when it is none."""
    with path.open("rb") as stream:
        start = stream.read(2**16)
    if b"\0" in start:
        return []
    line = start.removeprefix(codecs.BOM_UTF8).replace(b"\r", b"\n").split(b"\n")[0]
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("gb18030", errors="replace")
    return [cell.strip() for cell in next(csv.reader([text], delimiter=_separator(text)), [])]


def read_text_table(path: Path, *, wanted: Encoding | None, shown_name: str) -> TextTable:
    """Read a table separated by commas, tabs or semicolons.

    Parameters
    ----------
    path : Path
        The file.
    wanted : {'UTF-8', 'GB18030'} or None
        Encoding that the owner says; None: recognised from all bytes.
    shown_name : str
        Name of the file for messages.

    Raises
    ------
    EncodingUnknown, EncodingContradicted, LinesUneven, ColumnNamedTwice
        See there.
    """
    encoding = _encoding(path, wanted=wanted, shown_name=shown_name)
    raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    if encoding != "UTF-8":
        raw = raw.decode(encoding).encode()
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")  # lines as an old Mac, and Excel for it, ends them
    columns = header_of(path)
    refuse_repeated(columns, file_name=shown_name)
    first_line = raw.split(b"\n", 1)[0].rstrip(b"\r").decode()
    try:
        frame = pl.read_csv(raw, separator=_separator(first_line), infer_schema=False)
    except pl.exceptions.ComputeError as error:
        raise _uneven(raw.decode(), shown_name) or LinesUneven(shown_name, 1, 0, len(columns)) from error
    except pl.exceptions.NoDataError:
        frame = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    # To polars a line that is too short is one whose last cells are empty.
    uneven = _uneven(raw.decode(), shown_name) if frame[:, -1].null_count() > 0 else None
    if uneven is not None:
        raise uneven
    filled = frame.filter(pl.any_horizontal(pl.all().is_not_null()))
    return TextTable(filled.rename(dict(zip(filled.columns, columns, strict=True))), encoding)


def refuse_repeated(columns: Sequence[str], *, file_name: str) -> None:
    """Refuse columns of one name or without a name, which are told by their position in brackets.

    Raises
    ------
    ColumnNamedTwice
        See there.
    """
    count = Counter(columns)
    wrong = [name or f"({index})" for index, name in enumerate(columns, start=1) if not name or count[name] > 1]
    if wrong or not columns:
        raise ColumnNamedTwice(file_name, tuple(dict.fromkeys(wrong)))


def _separator(first_line: str) -> str:
    return max(_SEPARATORS, key=lambda separator: len(next(csv.reader([first_line], delimiter=separator), [])))


def _encoding(path: Path, *, wanted: Encoding | None, shown_name: str) -> Encoding:
    """Choose UTF-8 when all bytes are valid in it, which GBK is hardly ever by chance; else GB18030."""
    invalid_at: dict[Encoding, int | None] = {}
    candidates: tuple[Encoding, ...] = ("UTF-8", "GB18030") if wanted is None else (wanted,)
    for encoding in candidates:
        invalid_at[encoding] = _first_invalid_line(path, encoding)
        if invalid_at[encoding] is None:
            return encoding
    if wanted is not None:
        raise EncodingContradicted(shown_name, wanted, "…", invalid_at[wanted] or 1)
    raise EncodingUnknown(shown_name, "…", invalid_at["GB18030"] or 1)


def _first_invalid_line(path: Path, encoding: Encoding) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            line += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return None


def _uneven(text: str, shown_name: str) -> LinesUneven | None:
    """Find the first line that has another number of cells than the header."""
    reader = csv.reader(io.StringIO(text), delimiter=_separator(text.splitlines()[0]))
    n_expected = len(next(reader))
    for cells in reader:
        if cells and len(cells) != n_expected:
            return LinesUneven(shown_name, reader.line_num, len(cells), n_expected)
    return None
