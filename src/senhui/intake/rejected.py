"""The findings of a layer as a file that an office program opens."""

import os
from pathlib import Path

import polars as pl


def write_rejected(findings: pl.DataFrame, path: str | os.PathLike[str]) -> None:
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


def spreadsheet_safe(name: str) -> pl.Expr:
    """Keep a spreadsheet program from taking a value out of a user's file for a formula."""
    value = pl.col(name)
    is_formula = value.str.contains(r"^[=+@\t\r]") | value.str.contains(r"^-[^0-9.]")
    return pl.when(is_formula).then(pl.lit("'") + value).otherwise(value).alias(name)
