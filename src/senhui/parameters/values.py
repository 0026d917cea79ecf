"""What the room hands out: a number with its provenance, a table of such numbers, a line of the listing."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Mark = Literal["A", "B", "C", "D"]

MARKS: tuple[Mark, ...] = ("A", "B", "C", "D")
"""A read in the cited document, B general knowledge, C unsure, D derived here."""

PROVENANCE = ("mark", "source", "where", "region", "range", "may_issue")
"""The six things every number carries, in the order in which files, frames and pages show them."""


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """One published number, as it stood in one edition, with all that a reader needs to check it.

    Attributes
    ----------
    id
        ``"cf_default"`` for a scalar, ``"table#key.column"`` for a cell of a table.
    edition
        ISO day of the dated entry in force.
    unit
        ``"1"`` for a ratio, ``"-"`` for text.
    may_issue
        Whether a credit, a loan or a certificate may rest on it. If false it draws drafts and maps only.
    """

    id: str
    edition: str
    value: float | str
    unit: str
    mark: Mark
    source: str
    where: str
    region: str
    range: str
    may_issue: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One documented column of a table: a row of its ``.columns.csv``."""

    name: str
    unit: str
    meaning: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Table:
    """A published table in one edition.

    Attributes
    ----------
    edition
        The newest edition among the rows in force; each row keeps its own in column ``edition``.
    key
        The columns that name a row; `value` takes them joined by ``/``.
    frame
        The data columns, then ``edition`` and the six columns of `PROVENANCE`, one row per key.
    """

    id: str
    edition: str
    title_zh: str
    title_en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ParameterSummary:
    """One line of the list of all parameters: a scalar or a whole table."""

    id: str
    kind: Literal["scalar", "table"]
    name_zh: str
    name_en: str
    edition: str
    unit: str
    n_rows: int
    marks: tuple[Mark, ...]
    n_rows_may_issue: int
