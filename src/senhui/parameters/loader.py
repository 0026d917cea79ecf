"""The strict reader of parameter files: every number with its provenance, or a refusal that says what to do.

A scalar is an item of ``scalars/*.yaml``; a table is three files side by side in ``tables/``: ``<name>.csv``
(the numbers, with the columns `edition` and `provenance`), ``<name>.columns.csv`` (name, unit, meaning, allowed)
and ``<name>.source.yaml`` (titles, key and the provenance blocks that the rows name). Cases: `tests/parameters/`.
"""

import csv
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from senhui.parameters.allowed import Allowed, AllowedNotUnderstood, Cell, CellNotAllowed, parse_allowed
from senhui.parameters.values import MARKS, PROVENANCE, Column, Mark

MAY_ISSUE_MARKS: tuple[Mark, ...] = ("A", "D")
"""Only a number read in its document, or derived from such numbers, may ever carry a credit."""


class ParameterFileRefused(Exception):
    """A parameter file breaks a rule of the house; the subclass says which one.

    Attributes
    ----------
    file, row, problem, remedy
        Where it is (`row` names the item, the line or the key), what is wrong, and what to do now.
    """

    def __init__(self, file: str, row: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file}, {row}: {problem}. {remedy}")
        self.file, self.row, self.problem, self.remedy = file, row, problem, remedy


class FileNotReadable(ParameterFileRefused):
    """The file is missing, not UTF-8, or not YAML or CSV at all."""


class UnknownKey(ParameterFileRefused):
    """A key or column that no rule knows: most often a misspelt one."""


class MissingKey(ParameterFileRefused):
    """A key or column that every entry must have."""


class RepeatedKey(ParameterFileRefused):
    """The same key twice in one mapping, or one id or row in two places; the second would silently win."""


class UnknownMark(ParameterFileRefused):
    """A confidence mark other than A, B, C or D."""


class DaysOutOfOrder(ParameterFileRefused):
    """Dated entries of one number that are not in ascending order of days."""


class NotADay(ParameterFileRefused):
    """An edition that is not a calendar day."""


class ValueNotAllowed(ParameterFileRefused):
    """A value outside what its column or item declares as allowed."""


class MayNotIssue(ParameterFileRefused):
    """A number of mark B or C, or without a page, that claims it may issue."""


class UnknownProvenance(ParameterFileRefused):
    """A row that names a provenance block its source file does not have."""


class BrokenReference(ParameterFileRefused):
    """A cell that must name a row of another table and names none."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a number comes from and what may rest on it."""

    mark: Mark
    source: str
    where: str
    region: str
    range: str
    may_issue: bool


@dataclass(frozen=True, slots=True)
class ScalarEntry:
    """One dated value of a scalar."""

    edition: str
    value: float | str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single number with its history, oldest entry first."""

    id: str
    name_zh: str
    name_en: str
    unit: str
    entries: tuple[ScalarEntry, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One dated row of a table."""

    key: str
    edition: str
    cells: tuple[Cell, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table with the history of its rows, as read and checked."""

    id: str
    title_zh: str
    title_en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    allowed: tuple[Allowed, ...]
    rows: tuple[Row, ...]


class _StrictYaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML that refuses a repeated key, which the standard lets the last one win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise _RepeatedYamlKey(key_node.value, key_node.start_mark.line + 1)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


class _RepeatedYamlKey(Exception):
    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key, self.line = key, line


def read_scalars(path: Path) -> list[Scalar]:
    """Read one file of scalars.

    Raises
    ------
    ParameterFileRefused
        One of its subclasses, naming file and item, for the first rule that is broken; correct the file.
    """
    items = _read_yaml(path)
    return [_read_scalar(path.name, item_id, item) for item_id, item in items.items()]


def _read_scalar(file: str, item_id: str, item: Any) -> Scalar:
    fields = _checked_keys(file, item_id, item, ("name_zh", "name_en", "unit", "allowed", "entries"))
    allowed = _parse_allowed(file, item_id, fields["allowed"])
    entries: list[ScalarEntry] = []
    for entry in fields["entries"]:
        row = f"{item_id} entry {len(entries) + 1}"
        values = _checked_keys(file, row, entry, ("edition", "value", *PROVENANCE))
        edition = _read_day(file, row, values["edition"])
        _refuse_disorder(file, row, edition, after=entries[-1].edition if entries else None)
        value = _checked_cell(file, row, partial(allowed.check, values["value"]))
        assert isinstance(value, (float, int, str)), "a scalar is never optional"
        provenance = _read_provenance(file, row, {name: values[name] for name in PROVENANCE})
        entries.append(ScalarEntry(edition, value, provenance))
    if not entries:
        raise MissingKey(file, item_id, "it has no dated entry", "Add at least one under `entries`.")
    return Scalar(item_id, fields["name_zh"], fields["name_en"], fields["unit"], tuple(entries))


def read_table(path: Path) -> TableFile:
    """Read one table from its three sibling files; `path` is the ``<name>.csv``.

    Raises
    ------
    ParameterFileRefused
        One of its subclasses, naming file and line, for the first rule that is broken; correct the file.
    """
    name = path.name.removesuffix(".csv")
    columns = _read_columns(path.with_name(f"{name}.columns.csv"))
    source_path = path.with_name(f"{name}.source.yaml")
    source = _checked_keys(
        source_path.name, name, _read_yaml(source_path), ("title_zh", "title_en", "key", "provenance")
    )
    blocks = {
        block: _read_provenance(source_path.name, block, fields) for block, fields in source["provenance"].items()
    }
    key = tuple(source["key"])
    names = [column.name for column in columns]
    if not key or any(part not in names for part in key):
        raise MissingKey(source_path.name, "key", f"{list(key)} is not among the columns", "Name columns.")
    allowed = tuple(_parse_allowed(f"{name}.columns.csv", column.name, column.allowed) for column in columns)
    rows: list[Row] = []
    latest: dict[str, str] = {}
    for line, cells in _read_csv(path, expected=(*names, "edition", "provenance")):
        row = _read_row(path.name, line, cells, columns=columns, allowed=allowed, key=key, blocks=blocks)
        _refuse_disorder(path.name, f"line {line}, {row.key}", row.edition, after=latest.get(row.key))
        latest[row.key] = row.edition
        rows.append(row)
    return TableFile(name, source["title_zh"], source["title_en"], key, columns, allowed, tuple(rows))


def _read_row(
    file: str,
    line: int,
    cells: Mapping[str, str],
    *,
    columns: Sequence[Column],
    allowed: Sequence[Allowed],
    key: Sequence[str],
    blocks: Mapping[str, Provenance],
) -> Row:
    where = f"line {line}"
    values = tuple(
        _checked_cell(file, f"{where}, column {column.name}", partial(rule.read, cells[column.name]))
        for column, rule in zip(columns, allowed, strict=True)
    )
    if cells["provenance"] not in blocks:
        raise UnknownProvenance(
            file, where, f"provenance {cells['provenance']!r} is not defined", f"Use one of {sorted(blocks)}."
        )
    edition = _read_day(file, where, cells["edition"])
    return Row("/".join(cells[part] for part in key), edition, values, blocks[cells["provenance"]])


def refuse_broken_references(tables: Mapping[str, TableFile]) -> None:
    """Check each cell that names a row of another table.

    Raises
    ------
    BrokenReference
        If the other table or the row does not exist; add the row there or correct the cell.
    """
    keys = {table.id: {row.key for row in table.rows} for table in tables.values()}
    for table in tables.values():
        for index, rule in enumerate(table.allowed):
            if rule.table is None:
                continue
            for row in table.rows:
                cell = row.cells[index]
                if cell is not None and cell not in keys.get(rule.table, set()):
                    raise BrokenReference(
                        f"{table.id}.csv",
                        f"{row.key}, column {table.columns[index].name}",
                        f"{cell!r} is no row of {rule.table}",
                        "Add the row there or correct the cell.",
                    )


def _read_columns(path: Path) -> tuple[Column, ...]:
    columns: list[Column] = []
    for line, cells in _read_csv(path, expected=("name", "unit", "meaning", "allowed")):
        for field, text in cells.items():
            if text == "":
                raise MissingKey(path.name, f"line {line}", f"{field} is empty", "Write it; a ratio has unit 1.")
        columns.append(Column(**cells))
    return tuple(columns)


def _read_provenance(file: str, row: str, item: Any) -> Provenance:
    fields = _checked_keys(file, row, item, PROVENANCE)
    mark = fields["mark"]
    if mark not in MARKS:
        raise UnknownMark(file, row, f"mark {mark!r}", "Use A (read), B (not read), C (unsure) or D (derived).")
    for name in ("source", "where", "region", "range"):
        if not isinstance(fields[name], str) or not fields[name].strip():
            raise MissingKey(file, row, f"{name} is empty", "Write it; a page that was not seen is `not read`.")
    if not isinstance(fields["may_issue"], bool):
        raise ValueNotAllowed(file, row, f"may_issue {fields['may_issue']!r}", "Write true or false.")
    if fields["may_issue"] and mark not in MAY_ISSUE_MARKS:
        raise MayNotIssue(
            file,
            row,
            f"mark {mark} with may_issue true",
            "Read the document and mark it A, or set may_issue false.",
        )
    if fields["may_issue"] and fields["where"] == "not read":
        raise MayNotIssue(file, row, "may_issue true and `not read`", "Name the page, or set may_issue false.")
    return Provenance(**fields)


def _checked_keys(file: str, row: str, item: Any, expected: Sequence[str]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise MissingKey(file, row, f"{item!r} is not a mapping", f"Write the keys {list(expected)}.")
    for key in item:
        if key not in expected:
            raise UnknownKey(file, row, f"key {key!r} is not known", f"The keys are {list(expected)}.")
    for key in expected:
        if item.get(key) is None:
            raise MissingKey(file, row, f"key {key!r} is missing", f"The keys are {list(expected)}.")
    return item


def _checked_cell(file: str, row: str, read: partial[Cell]) -> Cell:
    try:
        return read()
    except CellNotAllowed as error:
        raise ValueNotAllowed(
            file, row, str(error), "Correct the value; widen `allowed` only with a source."
        ) from error


def _parse_allowed(file: str, row: str, text: Any) -> Allowed:
    try:
        return parse_allowed(str(text))
    except AllowedNotUnderstood as error:
        raise ValueNotAllowed(file, row, str(error), "Correct `allowed`.") from error


def _read_day(file: str, row: str, text: Any) -> str:
    """Return the ISO day; YAML hands over a date, CSV a text."""
    if type(text) is datetime.date:
        return text.isoformat()
    try:
        return datetime.date.fromisoformat(str(text)).isoformat()
    except ValueError as error:
        raise NotADay(file, row, f"edition {text!r} is not a day", "Write it as 2026-11-22.") from error


def _refuse_disorder(file: str, row: str, edition: str, *, after: str | None) -> None:
    if after is not None and edition <= after:
        raise DaysOutOfOrder(
            file,
            row,
            f"edition {edition} follows {after}",
            "A changed number is one more entry with a later day.",
        )


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictYaml)  # noqa: S506
    except _RepeatedYamlKey as error:
        raise RepeatedKey(path.name, f"line {error.line}", f"key {error.key!r} stands twice", "Keep one.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FileNotReadable(path.name, "whole file", str(error), "Provide it as UTF-8 YAML.") from error
    if not isinstance(content, dict):
        raise FileNotReadable(path.name, "whole file", "it is not a mapping", "Write `key: value` lines.")
    return content


def _read_csv(path: Path, *, expected: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return (line number, cells by column); the byte-order mark that Excel needs is taken off."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            lines = [(reader.line_num, cells) for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileNotReadable(path.name, "whole file", str(error), "Provide it as UTF-8 CSV.") from error
    for name in header:
        if name not in expected:
            raise UnknownKey(path.name, "header", f"column {name!r} is not documented", f"Expected {list(expected)}.")
        if header.count(name) > 1:
            raise RepeatedKey(path.name, "header", f"column {name!r} stands twice", "Keep one.")
    for name in expected:
        if name not in header:
            raise MissingKey(path.name, "header", f"column {name!r} is missing", f"Expected {list(expected)}.")
    for line, cells in lines:
        if len(cells) != len(header):
            raise MissingKey(
                path.name,
                f"line {line}",
                f"{len(cells)} cells under {len(header)} columns",
                "Give each column a cell.",
            )
    return [(line, dict(zip(header, cells, strict=True))) for line, cells in lines]
