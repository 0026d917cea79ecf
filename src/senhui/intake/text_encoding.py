"""Which encoding the text of a DBF really has: its bytes decide, not what a sidecar file claims.

GB18030 accepts almost any bytes, so trying it first turns UTF-8 into other, well-formed Chinese. UTF-8 accepts
hardly anything by chance. All distinct values of the file are therefore tried under both. GB18030 is meant
wherever GBK or GB2312 is named, as it contains them and has the village names (㙟) that they lack.
Cases: ``tests/intake/test_text_encoding.py``.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from senhui.intake.refusal import LayerRefused

Encoding = Literal["UTF-8", "GB18030"]

_NAMES: dict[str, Encoding] = {
    "utf8": "UTF-8",
    "65001": "UTF-8",
    "gb18030": "GB18030",
    "gbk": "GB18030",
    "gb2312": "GB18030",
    "cp936": "GB18030",
    "936": "GB18030",
    "54936": "GB18030",
    "ansi936": "GB18030",
}
_DBF_LANGUAGE_OF_GBK = 0x4D
_FIRST_IDEOGRAPHIC = "\u2e80"
_ROWS_AT_A_TIME = 50_000
_DELETED = ord("*")
"""First byte of a record that a program has marked as deleted and not yet taken out."""


@dataclass(eq=False)
class EncodingUnknown(LayerRefused):
    """The text is neither UTF-8 nor GB18030."""

    what: ClassVar[str] = "The text of {file_name} is in an encoding that was not recognised."
    why: ClassVar[str] = "Field {field} of row {row} is neither valid UTF-8 nor valid GB18030 (GBK)."
    remedy: ClassVar[str] = "Save the layer again as a GeoPackage, or as a Shapefile in UTF-8 or GBK."
    file_name: str
    field: str
    row: int


@dataclass(eq=False)
class EncodingContradicted(LayerRefused):
    """The encoding that was asked for does not fit the bytes."""

    what: ClassVar[str] = "The text of {file_name} is not {encoding}."
    why: ClassVar[str] = "Field {field} of row {row} is not valid in that encoding."
    remedy: ClassVar[str] = "Leave the encoding open, so that it is recognised, or choose another one."
    file_name: str
    encoding: str
    field: str
    row: int


@dataclass(eq=False)
class DbfDamaged(LayerRefused):
    """The header of the DBF does not describe its bytes."""

    what: ClassVar[str] = "The attribute table (.dbf) of {file_name} is damaged."
    why: ClassVar[str] = "Its header announces {expected_bytes} bytes and the file has {bytes}."
    remedy: ClassVar[str] = "Copy the Shapefile again from its source, with all its parts."
    file_name: str
    expected_bytes: int
    bytes: int


@dataclass(frozen=True)
class CutText:
    """A value whose last character was cut through by the width of its field."""

    row: int
    field: str
    value: str


@dataclass(frozen=True)
class DbfText:
    """What is known of a DBF from its bytes.

    Attributes
    ----------
    n_rows : int
        Records, with those that are marked as deleted.
    encoding : {'UTF-8', 'GB18030'}
        Of its text.
    cut : tuple of CutText
        Values whose last character is cut; their rows are counted without deleted records, as GDAL gives them.
    has_plain_names : bool
        Whether all column names are ASCII.
    """

    n_rows: int
    encoding: Encoding
    cut: tuple[CutText, ...]
    has_plain_names: bool


@dataclass(frozen=True)
class _Column:
    name: bytes
    offset: int
    width: int


def encoding_of_name(name: str | None) -> Encoding | None:
    """Give the encoding meant by a .cpg file or a person, or None when it is another one or says nothing.

    Examples
    --------
    >>> encoding_of_name("ANSI 936"), encoding_of_name("utf8"), encoding_of_name("ISO-8859-1")
    ('GB18030', 'UTF-8', None)
    """
    key = "".join(character for character in (name or "").lower() if character.isalnum())
    return _NAMES.get(key)


def decode_whole(value: bytes, encoding: Encoding) -> str:
    """Decode a value, leaving out a last character that was cut.

    Examples
    --------
    >>> decode_whole("林垟村".encode()[:8], "UTF-8")
    '林垟'
    """
    return codecs.getincrementaldecoder(encoding)().decode(value, final=False)


def read_dbf_text(
    path: Path, *, declared: Encoding | None, wanted: Encoding | None, shown_name: str | None = None
) -> DbfText:
    """Find the encoding of a DBF from all its text.

    Parameters
    ----------
    path : Path
        The .dbf file.
    declared : {'UTF-8', 'GB18030'} or None
        What the .cpg says; it decides only where the bytes allow both.
    wanted : {'UTF-8', 'GB18030'} or None
        What the owner says; it is used or refused, never overruled.
    shown_name : str, optional
        Name for messages, where the file has another one than its owner gave it.

    Returns
    -------
    DbfText

    Raises
    ------
    EncodingContradicted, EncodingUnknown, DbfDamaged
        See there.
    """
    name_of_file = shown_name or path.name
    language, columns, records = _open(path, name_of_file)
    declared = declared or ("GB18030" if language == _DBF_LANGUAGE_OF_GBK else None)
    is_kept = records[:, 0] != _DELETED
    row_numbers = np.cumsum(is_kept)
    values: dict[bytes, tuple[str, int]] = {}
    full: list[tuple[int, str, bytes]] = []
    for column in columns:
        name = column.name.decode("ascii", errors="replace")
        if not column.name.isascii():
            values.setdefault(column.name, (name, 0))
        for start in range(0, len(records), _ROWS_AT_A_TIME):
            cells = records[start : start + _ROWS_AT_A_TIME, column.offset : column.offset + column.width]
            rows = np.flatnonzero((cells >= 0x80).any(axis=1) & is_kept[start : start + _ROWS_AT_A_TIME])
            texts = np.ascontiguousarray(cells[rows]).view(f"S{column.width}").ravel()
            for text, first in zip(*np.unique(texts, return_index=True), strict=True):
                values.setdefault(bytes(text), (name, int(row_numbers[start + rows[first]])))
            for index in np.flatnonzero(cells[rows, -1] >= 0x80):
                full.append((int(row_numbers[start + rows[index]]), name, bytes(texts[index])))
    encoding = _choose(name_of_file, values, declared=declared, wanted=wanted)
    cut_text = tuple(cut for item in full if (cut := _cut(*item, encoding)) is not None)
    return DbfText(len(records), encoding, cut_text, all(column.name.isascii() for column in columns))


def _open(path: Path, shown_name: str) -> tuple[int, list[_Column], npt.NDArray[np.uint8]]:
    """Read the language byte, the text columns and the records (rows, bytes) of a DBF."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = stream.read(32)
        n_rows = int.from_bytes(header[4:8], "little")
        header_bytes, record_bytes = (int.from_bytes(header[i : i + 2], "little") for i in (8, 10))
        descriptors = stream.read(max(header_bytes - 32, 0))
    expected = header_bytes + n_rows * record_bytes
    if len(header) < 32 or header_bytes < 33 or record_bytes < 1 or size < expected:
        raise DbfDamaged(shown_name, expected, size)
    columns, offset = [], 1
    for start in range(0, len(descriptors) - 31, 32):
        descriptor = descriptors[start : start + 32]
        if descriptor[0] == 0x0D:
            break
        if descriptor[11:12] == b"C":
            columns.append(_Column(descriptor[:11].split(b"\0")[0], offset, descriptor[16]))
        offset += descriptor[16]
    if n_rows == 0:
        return header[29], columns, np.empty((0, record_bytes), np.uint8)
    records = np.memmap(path, np.uint8, "r", header_bytes, (n_rows, record_bytes))
    return header[29], columns, records


def _choose(
    shown_name: str, values: dict[bytes, tuple[str, int]], *, declared: Encoding | None, wanted: Encoding | None
) -> Encoding:
    wrong: dict[Encoding, bytes | None] = {
        encoding: next((value for value in values if not _is_valid(value, encoding)), None)
        for encoding in ("UTF-8", "GB18030")
    }
    if wanted is not None:
        if (value := wrong[wanted]) is not None:
            raise EncodingContradicted(shown_name, wanted, *values[value])
        return wanted
    if wrong["UTF-8"] is None and wrong["GB18030"] is None:
        return _choose_between_both(values, declared)
    if wrong["UTF-8"] is None:
        return "UTF-8"
    if wrong["GB18030"] is None:
        return "GB18030"
    raise EncodingUnknown(shown_name, *values[wrong["GB18030"]])


def _choose_between_both(values: dict[bytes, tuple[str, int]], declared: Encoding | None) -> Encoding:
    """Choose where the bytes are valid under both: the reading that is all Chinese, else what is declared.

    GBK text that happens to be valid UTF-8 reads as Greek or Cyrillic there, since it falls into two-byte
    sequences; UTF-8 Chinese is made of three-byte ones.
    """
    if not values:
        return declared or "UTF-8"
    if all(_is_ideographic(value, "UTF-8") for value in values):
        return "UTF-8"
    if all(_is_ideographic(value, "GB18030") for value in values):
        return "GB18030"
    return declared or "UTF-8"


def _is_valid(value: bytes, encoding: Encoding) -> bool:
    try:
        decode_whole(value, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_ideographic(value: bytes, encoding: Encoding) -> bool:
    return all(character.isascii() or character >= _FIRST_IDEOGRAPHIC for character in decode_whole(value, encoding))


def _cut(row: int, field: str, value: bytes, encoding: Encoding) -> CutText | None:
    try:
        value.decode(encoding)
    except UnicodeDecodeError:
        return CutText(row, field, decode_whole(value, encoding))
    return None
