"""How a draft's columns are read, and what is known of each: for the page on which a person maps them (字段映射).

Cases: `tests/inventory/test_map_draft.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from senhui.access.rules import Actor
from senhui.intake.fields import as_text
from senhui.intake.recognition import classes_of_codes, groups_of_codes
from senhui.intake.schema import FIELD_BY_NAME
from senhui.inventory.queries.drafts import draft

N_SAMPLES = 5
MOST_CODES = 500
CODE_FIELDS = ("DI_LEI", "YOU_SHI_SZ", "SSZYSZ")
_GENERATIONS = ("G1", "G2", "G3", "G4")
_CODE_SYSTEMS = ("nfi", "gx")


@dataclass(frozen=True)
class Column:
    """A column of the file.

    Attributes
    ----------
    kind : text, number, date or other.
    samples : some of its different values, from the beginning of the file.
    n_missing : rows without a value.
    """

    name: str
    kind: str
    samples: tuple[str, ...]
    n_missing: int


@dataclass(frozen=True)
class CodeCount:
    """A code of a column, on how many rows it is, and the code that the mapping says is meant."""

    code: str
    n_rows: int
    meant: str | None


@dataclass(frozen=True)
class DraftMapping:
    """How a draft is read, and what a person needs to say otherwise.

    Attributes
    ----------
    profile : fields of `senhui.intake.ImportProfile`, as far as they are settled.
    question : class and fields of the refusal that the draft waits on, or None.
    columns : of the file, in its order.
    fields : schema field → column, as settled or, for an unmapped draft, as the names suggest.
    codes : of the code fields that have a column, the most frequent first.
    n_known : field → code list → rows whose code (as it is meant) is in the list.
    """

    draft_id: int
    state: str
    n_rows: int
    profile: dict[str, Any]
    question: dict[str, Any] | None
    columns: list[Column]
    fields: dict[str, str]
    codes: dict[str, list[CodeCount]]
    n_known: dict[str, dict[str, int]]


def draft_mapping(actor: Actor, draft_id: int, *, on: dt.date, trying: Mapping[str, str] | None = None) -> DraftMapping:
    """Return how the columns of a draft are read, what each holds, and what is asked.

    Parameters
    ----------
    trying : schema field → column that a person considers in place of the draft's own; its codes are counted.

    Raises
    ------
    NoSuchDraft
    """
    info = draft(actor, draft_id, on=on)
    path = info.directory / "source_fields.parquet"
    columns = _columns(path)
    names = {column.name for column in columns}
    # A mapping of another layer may name columns that this one lacks: that is its question, and nothing to count.
    stated = {**info.profile["field_names"], **(trying or {})}
    fields = {field: name for field, name in stated.items() if name in names}
    for column in columns:
        field = FIELD_BY_NAME.get(column.name.strip().upper())
        if field is not None and column.name not in fields.values():
            fields.setdefault(field.name, column.name)
    codes, n_known = {}, {}
    for name in CODE_FIELDS:
        if name in fields:
            codes[name], n_known[name] = _codes(path, fields[name], name, info.profile["code_map"].get(name, {}))
    return DraftMapping(
        draft_id=draft_id,
        state=info.state,
        n_rows=info.n_rows,
        profile=info.profile,
        question=info.question,
        columns=columns,
        fields=fields,
        codes=codes,
        n_known=n_known,
    )


def _columns(path: Path) -> list[Column]:
    """Describe the columns from the head of the file and the counts that Parquet keeps of the rest."""
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    head = pl.scan_parquet(path).head(2000).collect()
    columns = []
    for index, name in enumerate(head.columns):
        if name == "row":
            continue
        statistics = [group.column(index).statistics for group in groups]
        samples = head[name].drop_nulls().unique(maintain_order=True).head(N_SAMPLES)
        columns.append(
            Column(
                name=name,
                kind=_kind(head.schema[name]),
                samples=tuple(samples.cast(pl.String, strict=False).drop_nulls()),
                n_missing=sum(one.null_count or 0 for one in statistics if one is not None),
            )
        )
    return columns


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    if dtype.is_temporal():
        return "date"
    return "text" if dtype == pl.String else "other"


def _codes(path: Path, column: str, field: str, meant: dict[str, str]) -> tuple[list[CodeCount], dict[str, int]]:
    """Count the codes of a column, and the rows that each code list explains."""
    source = pl.read_parquet(path, columns=[column])
    texts = source.select(code=as_text(pl.col(column), source.schema[column])).drop_nulls()
    counts = texts.to_series().value_counts(sort=True, name="n_rows")
    counts = counts.sort("n_rows", "code", descending=[True, False])
    lists = (
        {name: classes_of_codes(name) for name in _GENERATIONS}
        if field == "DI_LEI"
        else {name: groups_of_codes(name) for name in _CODE_SYSTEMS}
    )
    n_known = {
        name: sum(n_rows for code, n_rows in counts.iter_rows() if meant.get(code, code) in known)
        for name, known in lists.items()
    }
    shown = [CodeCount(code, n_rows, meant.get(code)) for code, n_rows in counts.head(MOST_CODES).iter_rows()]
    return shown, n_known
