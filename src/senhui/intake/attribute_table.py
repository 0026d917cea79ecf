"""Tables whose rows belong to the outlines of a layer (属性表挂接): joined by key columns, nothing dropped.

Offices often keep outlines in one file and attributes in a workbook. The join is by named columns and total: an
outline without a row stays, a row without an outline becomes a row without geometry, and rows that share a key are
not joined at all, since which belongs to which cannot be guessed. Each of these is a note of its row.
Cases: ``tests/intake/test_attribute_table.py``.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import polars as pl

from senhui.intake.delimited_text import read_text_table
from senhui.intake.fields import as_code
from senhui.intake.profile import AttributeTable
from senhui.intake.refusal import LayerRefused
from senhui.intake.schema import FIELD_BY_NAME
from senhui.intake.text_encoding import Encoding
from senhui.intake.workbook import TableUnreadable, read_sheet

ROW_OF_TABLE_MISSING: Final = "table_row_missing"
KEY_REPEATED: Final = "table_key_repeated"
ZEROS_RESTORED: Final = "zeros_restored"

_CODE_DIGITS: Final = {"XIANG": 3, "CUN": 3}
"""Fields whose shortest codes have so many digits, with leading zeros: a number has none."""
_EXAMPLES: Final = 5
_LAYER_MARK: Final = "@layer"
_ROW_OF_TABLE: Final = "row@table"
"""What a column ``row`` of the table is called, since ``row`` numbers the rows of the layer."""
_LINE: Final = "@line"
"""Name of the column that numbers the rows of the table while they are joined."""
_TEXT_SUFFIXES: Final = (".csv", ".tsv", ".txt")
_NOTES: Final = {"row": pl.UInt32(), "field": pl.String(), "value": pl.String(), "reason": pl.String()}


@dataclass(eq=False)
class TableNotFound(LayerRefused):
    """The table that the profile names did not come with the layer."""

    what: ClassVar[str] = "The table {table} was not found beside {file_name}."
    why: ClassVar[str] = "The mapping says that the attributes of the stands are in it."
    remedy: ClassVar[str] = "Pack the layer and the table into one zip, or correct the name of the table."
    file_name: str
    table: str


@dataclass(eq=False)
class KeyColumnsMissing(LayerRefused):
    """A column that should join layer and table is not there."""

    what: ClassVar[str] = "{file_name} lacks the key columns {missing}."
    why: ClassVar[str] = "They say which row of the table belongs to which outline. Its columns are: {columns}."
    remedy: ClassVar[str] = "Correct the names of the key columns."
    file_name: str
    missing: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(eq=False)
class NothingJoins(LayerRefused):
    """No row of the table has the key of an outline."""

    what: ClassVar[str] = "No row of {table} has the key of an outline."
    why: ClassVar[str] = "Keys of the layer are for example {of_layer}; keys of the table {of_table}."
    remedy: ClassVar[str] = "Choose other key columns, or write the keys in the same way in both."
    table: str
    of_layer: tuple[str, ...]
    of_table: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """Layer and table as one.

    Attributes
    ----------
    source_fields : polars.DataFrame
        ``row``, the columns of the layer and those of the table. Rows of the table without an outline come last.
    notes : polars.DataFrame
        ``row``, ``field``, ``value``, ``reason``.
    facts : dict
        ``file_name``, ``sha256``, ``n_rows``, ``n_joined``, ``n_outlines_without_row``, ``n_rows_without_outline``,
        ``n_repeated_keys``, ``renamed`` (columns of the layer whose name the table has too → what they are called).
    """

    source_fields: pl.DataFrame
    notes: pl.DataFrame
    facts: dict[str, Any]


def join_table(
    layer: pl.DataFrame, path: Path | None, *, how: AttributeTable, encoding: Encoding | None, file_name: str
) -> Joined:
    """Join a table to a layer.

    Parameters
    ----------
    layer : polars.DataFrame
        ``row`` and the layer's own columns.
    path : Path or None
        The table; None when it did not come with the layer.
    how : AttributeTable
        Name, sheet and key columns.
    encoding : {'UTF-8', 'GB18030'} or None
        Of a CSV.
    file_name : str
        Name of the layer's file for messages.

    Raises
    ------
    TableNotFound, KeyColumnsMissing, NothingJoins
        See there; and what ``delimited_text`` and ``workbook`` raise.
    """
    if path is None:
        raise TableNotFound(file_name, how.file_name)
    _refuse_missing(layer.columns[1:], how.layer_keys, file_name)
    table = _read(path, how=how, encoding=encoding).rename({"row": _ROW_OF_TABLE}, strict=False)
    how = replace(how, table_keys=tuple(_ROW_OF_TABLE if name == "row" else name for name in how.table_keys))
    _refuse_missing(table.columns, how.table_keys, how.file_name)
    table, zeros = _with_zeros_of(layer, table, how)
    layer_keys = layer.select("row", _key(layer, how.layer_keys))
    table_keys = table.select(_key(table, how.table_keys)).with_row_index(_LINE)
    repeated = {*_repeated(layer_keys), *_repeated(table_keys)}
    pairs = layer_keys.join(table_keys, on="key").filter(~pl.col("key").is_in(repeated)).drop("key")
    if pairs.height == 0 and not repeated:
        raise NothingJoins(how.file_name, _examples(layer_keys), _examples(table_keys))

    alone = table_keys.join(pairs, on=_LINE, how="anti")
    alone = alone.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32) + layer.height + 1)
    source, renamed = _side_by_side(layer, table.with_row_index(_LINE), pairs, alone, how=how)
    lone_outlines = layer_keys.join(pairs, on="row", how="anti")
    notes = pl.concat(
        [
            _notes(lone_outlines.filter(pl.col("key").is_in(repeated)), how, KEY_REPEATED),
            _notes(
                lone_outlines.filter(~pl.col("key").is_in(repeated).fill_null(value=False)), how, ROW_OF_TABLE_MISSING
            ),
            _notes(alone.filter(pl.col("key").is_in(repeated)), how, KEY_REPEATED),
            zeros.join(pl.concat([pairs, alone.select("row", _LINE)]), on=_LINE).select(*_NOTES),
        ]
    )
    facts = {
        "file_name": how.file_name,
        "sha256": _digest(path),
        "n_rows": table.height,
        "n_joined": pairs.height,
        "n_outlines_without_row": lone_outlines.height,
        "n_rows_without_outline": alone.height,
        "n_repeated_keys": len(repeated),
        "renamed": renamed,
    }
    return Joined(source, notes.sort("row", "field"), facts)


def restore_zeros(
    source: pl.DataFrame, *, names: Mapping[str, str], is_text_doubted: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give township and village codes back the leading zeros that they lose where they are taken for numbers.

    Parameters
    ----------
    source : polars.DataFrame
        ``row`` and the columns of a table.
    names : mapping
        Schema field → column where the owner says so.
    is_text_doubted : bool
        Whether text may have been a number before, as in a table that a spreadsheet has saved.

    Returns
    -------
    tuple of polars.DataFrame
        The table, and a note of the first row of each column in which a code was mended.
    """
    said = {column: name for name, column in names.items()}
    notes = [pl.DataFrame(schema=_NOTES)]
    for column in source.columns[1:]:
        field = FIELD_BY_NAME.get(said.get(column, column.strip().upper()))
        is_doubted = is_text_doubted or source.schema[column].is_numeric()
        if field is not None and field.name in _CODE_DIGITS and is_doubted:
            source, note = _padded(source, column, digits=_CODE_DIGITS[field.name])
            notes.append(note)
    return source, pl.concat(notes)


def _padded(frame: pl.DataFrame, column: str, *, digits: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fill up the codes of a column that are too short, and give a note of the first of them, if any.

    The first column of the frame numbers its rows.
    """
    number = frame.columns[0]
    texts = frame.select(as_code(pl.col(column), frame.schema[column])).to_series()
    is_short = (texts.str.contains(r"^\d+$") & (texts.str.len_chars() < digits)).fill_null(value=False)
    mended = texts.zip_with(~is_short, texts.str.zfill(digits))
    first = frame.select(
        number,
        field=pl.lit(column),
        value=pl.Series(texts + " → " + mended),
        reason=pl.lit(ZEROS_RESTORED),
    ).filter(is_short)
    return frame.with_columns(mended.alias(column)) if is_short.any() else frame, first.head(1)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(path: Path, *, how: AttributeTable, encoding: Encoding | None) -> pl.DataFrame:
    with path.open("rb") as stream:
        is_workbook = stream.read(4) == b"PK\x03\x04"
    if is_workbook:
        return read_sheet(path, sheet=how.sheet, keys=how.table_keys, shown_name=how.file_name)
    if path.suffix.lower() not in _TEXT_SUFFIXES:
        raise TableUnreadable(how.file_name)
    return read_text_table(path, wanted=encoding, shown_name=how.file_name).frame


def _with_zeros_of(layer: pl.DataFrame, table: pl.DataFrame, how: AttributeTable) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give keys of the table the leading zeros that those of the layer have, where all of these are of one length."""
    numbered = table.with_row_index(_LINE)
    notes = [pl.DataFrame(schema={_LINE: pl.UInt32, "field": pl.String, "value": pl.String, "reason": pl.String})]
    for of_layer, of_table in zip(how.layer_keys, how.table_keys, strict=True):
        keys = layer.select(as_code(pl.col(of_layer), layer.schema[of_layer])).to_series().drop_nulls()
        lengths = keys.str.len_chars().unique()
        if lengths.len() == 1 and keys.str.contains(r"^0").any() and keys.str.contains(r"^\d+$").all():
            numbered, note = _padded(numbered, of_table, digits=int(lengths[0]))
            notes.append(note)
    return numbered.drop(_LINE), pl.concat(notes)


def _side_by_side(
    layer: pl.DataFrame, table: pl.DataFrame, pairs: pl.DataFrame, alone: pl.DataFrame, *, how: AttributeTable
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Put joined rows side by side and the table's other rows below; a key of one name stays one column."""
    same_keys = [name for name, other in zip(how.layer_keys, how.table_keys, strict=True) if name == other]
    others = [name for name in table.columns if name in layer.columns and name not in same_keys]
    renamed = {name: f"{name}{_LAYER_MARK}" for name in others}
    joined = layer.rename(renamed).join(
        pairs.join(table.drop(same_keys), on=_LINE).drop(_LINE), on="row", how="left", maintain_order="left"
    )
    below = alone.select("row", _LINE).join(table, on=_LINE, how="left", maintain_order="left").drop(_LINE)
    return pl.concat([joined, below], how="diagonal_relaxed"), renamed


def _key(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Expr:
    """Express the key of each row as text; null when a part of it is."""
    return pl.concat_str([as_code(pl.col(name), frame.schema[name]) for name in columns], separator=" ").alias("key")


def _repeated(keyed: pl.DataFrame) -> list[str]:
    keys = keyed["key"].drop_nulls()
    return keys.filter(keys.is_duplicated()).unique().to_list()


def _notes(keyed: pl.DataFrame, how: AttributeTable, reason: str) -> pl.DataFrame:
    field = pl.lit(", ".join(how.layer_keys)).alias("field")
    return keyed.select("row", field, value="key", reason=pl.lit(reason)).cast(_NOTES)  # type: ignore[arg-type]


def _refuse_missing(columns: Sequence[str], keys: Sequence[str], file_name: str) -> None:
    missing = tuple(name for name in keys if name not in columns)
    if missing:
        raise KeyColumnsMissing(file_name, missing, tuple(columns))


def _examples(keyed: pl.DataFrame) -> tuple[str, ...]:
    return tuple(keyed["key"].drop_nulls().head(_EXAMPLES))
