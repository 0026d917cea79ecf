"""From the columns of a file to the fields of the schema: which column is which, as text or as number.

Cases: ``tests/intake/test_fields.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import polars as pl

from senhui.intake.refusal import MappingNeeded
from senhui.intake.schema import FIELD_BY_NAME

REQUIRED: Final = ("XIAN", "XIANG", "CUN", "LIN_BAN", "XIAO_BAN", "DI_LEI", "MIAN_JI", "YOU_SHI_SZ")
"""Without these there is no identity, no area or no method for a stand."""

OPTIONAL_TEXT: Final = ("XI_BAN", "QI_YUAN", "LING_ZU", "LIN_ZHONG", "SEN_LIN_LB", "LD_QS", "SSZYSZ")
NUMBERS: Final = (
    "MIAN_JI",
    "YU_BI_DU",
    "PINGJUN_NL",
    "PINGJUN_XJ",
    "PINGJUN_SG",
    "PINGJUN_DM",
    "MEI_GQ_ZS",
    "HUO_LMGQXJ",
    "ZXJ",
    "SSXJ",
)
"""The fields a stand's numbers come from."""

TEXTS: Final = (*(name for name in REQUIRED if name != "MIAN_JI"), *OPTIONAL_TEXT)

_BLANK: Final = " \t\r\n\0\u3000\u00a0"
EMPTY_MARKS: Final = ("-", "--", "–", "—", "——", "－", "/", "<Null>", "<空>", "NULL")
"""What stands in tables where there is nothing: strokes, and how databases print an empty cell."""
_FULL_WIDTH: Final = {chr(ord(character) + 0xFEE0): character for character in "0123456789./"}


@dataclass(eq=False)
class FieldsMissing(MappingNeeded):
    """Fields without which no stand can be identified or measured."""

    what: ClassVar[str] = "{file_name} lacks the fields {missing}."
    why: ClassVar[str] = "Identity, area, land class and species of a stand come from them."
    remedy: ClassVar[str] = "Add them, or say which columns of the file hold them. Its columns are: {columns}."
    file_name: str
    missing: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(eq=False)
class FieldNamedTwice(MappingNeeded):
    """Two columns claim to be the same field."""

    what: ClassVar[str] = "In {file_name} several columns stand for the field {field}: {columns}."
    why: ClassVar[str] = "Which of them holds the values cannot be guessed."
    remedy: ClassVar[str] = "Rename or delete all but one, or say which one to read."
    file_name: str
    field: str
    columns: tuple[str, ...]


@dataclass(eq=False)
class ColumnNotFound(MappingNeeded):
    """The profile names a column that the file does not have, or a field the schema does not have."""

    what: ClassVar[str] = "{file_name} has no column “{column}” to be read as {field}."
    why: ClassVar[str] = "Its columns are: {columns}."
    remedy: ClassVar[str] = "Correct the list of field names."
    file_name: str
    column: str
    field: str
    columns: tuple[str, ...]


def match_fields(
    columns: Sequence[str], *, chosen: Mapping[str, str], constants: Mapping[str, str], file_name: str
) -> dict[str, str]:
    """Find the column of each schema field.

    Parameters
    ----------
    columns : sequence of str
        Column names of the file; case does not matter, and names may be cut to ten characters.
    chosen : mapping
        Schema field → column where the owner says so.
    constants : mapping
        Schema field → value of all rows; the file must not have a column for it.
    file_name : str
        For the messages.

    Returns
    -------
    dict
        Schema field → column, for the fields that are there.

    Raises
    ------
    FieldsMissing, FieldNamedTwice, ColumnNotFound
        See there.
    """
    found: dict[str, list[str]] = {}
    for column in columns:
        field = FIELD_BY_NAME.get(column.strip().upper())
        if field is not None and column not in chosen.values():
            found.setdefault(field.name, []).append(column)
    for name, column in chosen.items():
        if column not in columns or name not in FIELD_BY_NAME:
            raise ColumnNotFound(file_name, column, name, tuple(columns))
        found[name] = [column]
    for name, candidates in found.items():
        if len(candidates) > 1:
            raise FieldNamedTwice(file_name, name, tuple(candidates))
        if name in constants:
            raise FieldNamedTwice(file_name, name, (*candidates, f"= {constants[name]}"))
    missing = tuple(name for name in REQUIRED if name not in found and name not in constants)
    if missing:
        raise FieldsMissing(file_name, missing, tuple(columns))
    return {name: candidates[0] for name, candidates in found.items()}


def as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Express a column as text without blanks at its ends; empty becomes null, the number 310.0 becomes '310'."""
    if dtype.is_float():
        is_whole = column.is_finite() & (column == column.round()) & (column.abs() < 2**53)
        text = (
            pl.when(is_whole)
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.cast(pl.String))
        )
    else:
        text = column.cast(pl.String)
    text = text.str.strip_chars(_BLANK)
    return pl.when(text != "").then(text)


def as_entry(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Express a column as what a person has entered: full-width digits are digits, and a mark for nothing is null."""
    text = as_text(column, dtype)
    if dtype != pl.String():
        return text
    text = text.str.replace_many(list(_FULL_WIDTH), list(_FULL_WIDTH.values()))
    return pl.when(~text.is_in(EMPTY_MARKS)).then(text)


def as_code(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Express a column as codes: 103.0, which other programs make of the number of a code, is 103."""
    entry = as_entry(column, dtype)
    return entry.str.replace(r"^([0-9]+)\.0+$", "${1}") if dtype == pl.String() else entry


def as_number(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Express a column as finite float64; what is not a number becomes null (and is found by a check)."""
    number = column if dtype.is_numeric() else as_entry(column, dtype)
    number = number.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def schema_frame(
    source: pl.DataFrame,
    names: Mapping[str, str],
    *,
    constants: Mapping[str, str] | None = None,
    code_map: Mapping[str, Mapping[str, str]] | None = None,
) -> pl.DataFrame:
    """Take the fields a stand is made of out of a file's columns.

    Parameters
    ----------
    source : polars.DataFrame
        ``row`` and the columns of the file.
    names : mapping
        Schema field → column.
    constants : mapping, optional
        Schema field → value of all rows.
    code_map : mapping, optional
        Schema field → code in the file → code that is meant; empty for none.

    Returns
    -------
    polars.DataFrame
        ``row``; each of :data:`TEXTS` as text, in codes of the list; each of :data:`NUMBERS` as float64 under its own
        name, and as the file has it under ``<name>_raw``. A field the file lacks is null.
    """
    constants, code_map = constants or {}, code_map or {}
    columns = [pl.col("row")]
    for name in TEXTS:
        text, dtype = _raw(source, names, constants, name)
        columns.append(mapped_codes(as_code(text, dtype), code_map.get(name, {})).alias(name))
    for name in NUMBERS:
        raw, dtype = _raw(source, names, constants, name)
        columns += [as_number(raw, dtype).alias(name), raw.alias(f"{name}_raw")]
    return source.select(columns)


def mapped_codes(codes: pl.Expr, meant: Mapping[str, str]) -> pl.Expr:
    """Express codes of the file as the codes that are meant; what the map does not name stays."""
    if not meant:
        return codes
    return codes.replace({code: other.strip() or None for code, other in meant.items()})


def _raw(
    source: pl.DataFrame, names: Mapping[str, str], constants: Mapping[str, str], name: str
) -> tuple[pl.Expr, pl.DataType]:
    """Express a field as the file has it, with its type."""
    if name in names:
        return pl.col(names[name]), source.schema[names[name]]
    return pl.lit(constants.get(name), dtype=pl.String), pl.String()
