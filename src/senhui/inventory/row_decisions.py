"""A draft as it is after all decisions on its rows: findings, columns, outlines, numbers and stands.

The files of a draft never change, and decisions are only added; what a draft *is* follows from both:

- of each row the last decision counts, across mappings: a corrected value is what the row says, an excluded row is out;
- the findings of a row are those of `findings.parquet`, unless a decision since that mapping names the row: then they
  are what the last such decision found;
- the stands are those of `stands.parquet` but for the rows so named, which are interpreted again with their values.

Cases: `tests/inventory/test_row_decisions.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from senhui.intake import ImportProfile, recheck, repaired_outlines
from senhui.inventory.models import Draft, RowDecision

Findings = list[dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """The last decision on a row.

    Attributes
    ----------
    number : how many decisions there are on the row; an answer to it gets the next.
    kind : corrected, excluded or reopened.
    values : corrected columns as the file names them, as text or None.
    repair_outline : whether the outline is repaired.
    sub_compartment_id : number of the sub-compartment after the decision, empty where it has none.
    area_ha : of an excluded row, None where neither the file nor the outline tells it.
    """

    number: int
    kind: str
    values: Mapping[str, str | None]
    repair_outline: bool
    sub_compartment_id: str
    area_ha: float | None


@dataclass(frozen=True)
class Decisions:
    """All decisions on a draft's rows as they stand.

    Attributes
    ----------
    last_id : key of the last one, 0 where there is none.
    standing : by row.
    findings : of the rows that a decision since the present mapping names.
    """

    last_id: int
    standing: Mapping[int, Standing]
    findings: Mapping[int, Findings]

    @property
    def excluded(self) -> set[int]:
        """Rows that are out."""
        return {row for row, one in self.standing.items() if one.kind == "excluded"}

    @property
    def corrected(self) -> dict[int, Standing]:
        """Rows that say something else than the file."""
        return {row: one for row, one in self.standing.items() if one.kind == "corrected"}

    @property
    def excluded_area_ha(self) -> float:
        """Area of the rows that are out, as far as it is known, ha."""
        return math.fsum(self.standing[row].area_ha or 0.0 for row in self.excluded)


def decisions_of(draft: Draft) -> Decisions:
    """Read the decisions on a draft's rows."""
    standing: dict[int, Standing] = {}
    findings: dict[int, Findings] = {}
    last_id = 0
    for one in RowDecision.objects.filter(draft=draft).order_by("id").iterator(chunk_size=2000):
        last_id = one.pk
        standing[one.row] = Standing(
            one.number, one.kind, one.values, one.repair_outline, one.sub_compartment_id, one.area_ha
        )
        if one.mapping_no == draft.mapping_no:
            findings.update((int(row), found) for row, found in one.findings_after.items())
    return Decisions(last_id, standing, findings)


def effective_findings(directory: Path, decisions: Decisions) -> pl.LazyFrame:
    """Return what is wrong or doubtful now, in the order of the file."""
    written = pl.scan_parquet(directory / "findings.parquet")
    if not decisions.findings:
        return written
    schema = pl.read_parquet_schema(directory / "findings.parquet")
    kept = written.filter(~pl.col("row").is_in(sorted(decisions.findings)) | pl.col("row").is_null())
    found = [finding for findings in decisions.findings.values() for finding in findings]
    return pl.concat([kept, pl.LazyFrame(found, schema=schema)]).sort("row", "field", "reason", nulls_last=False)


def effective_source(directory: Path, decisions: Decisions, *, rows: Collection[int] | None = None) -> pl.DataFrame:
    """Return the columns of the file with the corrected values; all rows that are not excluded, or only `rows`."""
    source = _rows(pl.scan_parquet(directory / "source_fields.parquet"), decisions, rows).collect()
    wanted = set(source["row"]) if rows is not None else None
    by_column: dict[str, dict[int, str | None]] = {}
    for row, one in decisions.corrected.items():
        if wanted is None or row in wanted:
            for column, text in one.values.items():
                by_column.setdefault(column, {})[row] = text
    return source.with_columns(_replaced(source, column, texts) for column, texts in by_column.items())


def effective_outlines(directory: Path, decisions: Decisions, *, rows: Collection[int] | None = None) -> pl.DataFrame:
    """Return the outlines, repaired where that was decided; all rows that are not excluded, or only `rows`."""
    outlines = _rows(pl.scan_parquet(directory / "outlines.parquet"), decisions, rows).collect()
    to_repair = [row for row, one in decisions.corrected.items() if one.repair_outline]
    chosen = outlines["row"].is_in(to_repair)
    if not chosen.any():
        return outlines
    return pl.concat([outlines.filter(~chosen), repaired_outlines(outlines.filter(chosen))]).sort("row")


def effective_stands(directory: Path, decisions: Decisions, *, profile: ImportProfile) -> pl.DataFrame:
    """Return the canonical stands of all rows that are not excluded and have no error, in the order of the file.

    A row that only its neighbours or its county make an error is among them: whether a draft has such errors is
    counted with its decisions. So the result depends on the files and the decisions alone.
    """
    written = pl.scan_parquet(directory / "stands.parquet")
    if not decisions.findings:
        return written.collect()
    named = set(decisions.findings) - decisions.excluded
    again = recheck(
        effective_source(directory, decisions, rows=named),
        effective_outlines(directory, decisions, rows=named),
        profile=profile,
        context=None,
        others=None,
    )
    kept = written.filter(~pl.col("row").is_in(sorted(decisions.findings))).collect()
    return pl.concat([kept, again.stands.select(kept.columns)]).sort("row")


def identities(directory: Path, decisions: Decisions, *, rows: Collection[int] | None = None) -> pl.DataFrame:
    """Return the numbers of all rows that are not excluded, or of `rows`: `row`, `sub_compartment_id` (null: none).

    Every row of a draft is a stand or has a finding, and both carry the number.
    """
    columns = ("row", "sub_compartment_id")
    named = pl.LazyFrame(
        [(row, one.sub_compartment_id or None) for row, one in decisions.standing.items()],
        schema={"row": pl.UInt32, "sub_compartment_id": pl.String},
        orient="row",
    )
    written = [pl.scan_parquet(directory / f"{name}.parquet").select(columns) for name in ("stands", "findings")]
    wanted = pl.lit(value=True) if rows is None else pl.col("row").is_in(sorted(rows))
    return (
        pl.concat([named, *written])
        .filter(wanted, pl.col("row").is_not_null(), ~pl.col("row").is_in(sorted(decisions.excluded)))
        .unique("row", keep="first", maintain_order=True)
        .sort("row")
        .collect()
    )


def from_text(texts: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Read corrected values as a column of the file has them; what does not fit becomes null."""
    if dtype.is_numeric():
        return texts.str.strip_chars().cast(dtype, strict=False)
    if isinstance(dtype, pl.Date | pl.Datetime | pl.Time):
        return texts.str.strip_chars().str.strptime(dtype, strict=False)
    if dtype == pl.Boolean:
        words = {"true": True, "false": False, "1": True, "0": False}
        return texts.str.strip_chars().str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    if dtype == pl.String:
        return texts
    return pl.Series(texts.name, [None] * texts.len(), dtype=dtype)


def _rows(frame: pl.LazyFrame, decisions: Decisions, rows: Collection[int] | None) -> pl.LazyFrame:
    if rows is not None:
        return frame.filter(pl.col("row").is_in(sorted(rows)))
    excluded = decisions.excluded
    return frame.filter(~pl.col("row").is_in(sorted(excluded))) if excluded else frame


def _replaced(source: pl.DataFrame, column: str, texts: Mapping[int, str | None]) -> pl.Series:
    rows = source["row"]
    values = from_text(
        rows.replace_strict(list(texts), list(texts.values()), default=None, return_dtype=pl.String),
        source.schema[column],
    )
    return values.zip_with(rows.is_in(list(texts)), source[column]).alias(column)
