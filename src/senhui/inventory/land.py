"""Whose rows are whose: a draft is seen whole, but a row that says it lies on other land is not shown with it.

A row with an error does not count for the land of its draft (its code may be the error). Where its number or its county
says that it lies outside a person's areas, that person does not see it; who imported the file knows it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from senhui.access.rules import AreaSet

_COUNTY_DIGITS = 6


class LayerOutsideYourAreas(PermissionError):
    """Some of the layer's townships lie outside the areas for which the actor may import."""

    def __init__(self, township_codes: list[str]) -> None:
        super().__init__(
            f"The layer holds {len(township_codes)} townships outside your areas ({', '.join(township_codes[:5])}…). "
            "Import only your own county's rows, or ask an administrator for a wider grant."
        )
        self.township_codes = township_codes


def within(rows: pl.DataFrame, areas: AreaSet, *, directory: Path, profile: Mapping[str, Any]) -> pl.DataFrame:
    """Keep the rows that do not say they lie outside `areas`.

    Parameters
    ----------
    rows : polars.DataFrame with `row` and `sub_compartment_id`, which begins with the code of the village.
    directory : the draft's, for the county of rows that have no number.
    profile : the draft's, which says what column the county is in.
    """
    code = pl.col("_code")
    inside = [code.is_null()]
    for area in sorted(areas.codes):
        # A county without more is inside an area that lies in it: then nothing says that it is not.
        inside.append(code.str.starts_with(area) | pl.lit(area).str.starts_with(code))
    said = rows.with_columns(_code=said_codes(rows, directory=directory, profile=profile))
    return said.filter(pl.any_horizontal(inside)).drop("_code")


def said_codes(rows: pl.DataFrame, *, directory: Path, profile: Mapping[str, Any]) -> pl.Series:
    """Return the code by which each row says where it lies: its number, else its county, else nothing.

    Parameters
    ----------
    rows, directory, profile : as in `within`.
    """
    codes = rows["sub_compartment_id"]
    if not codes.null_count():
        return codes
    counties = _counties(rows, directory, profile)
    return (
        rows.join(counties, on="row", how="left", maintain_order="left")
        .select(pl.coalesce("sub_compartment_id", "_county"))
        .to_series()
    )


def _counties(rows: pl.DataFrame, directory: Path, profile: Mapping[str, Any]) -> pl.DataFrame:
    """Return the county that the file states for rows without a number, as far as it states six digits."""
    column = profile["field_names"].get("XIAN")
    nameless = rows.filter(pl.col("sub_compartment_id").is_null())["row"].drop_nulls().unique()
    if column is None:
        constant = pl.lit(profile["constants"].get("XIAN"), dtype=pl.String)
        return pl.DataFrame({"row": nameless}).with_columns(_county=constant)
    return (
        pl.scan_parquet(directory / "source_fields.parquet")
        .filter(pl.col("row").is_in(nameless.implode()))
        .select("row", _county=pl.col(column).cast(pl.String).str.extract(rf"^\s*([0-9]{{{_COUNTY_DIGITS}}})"))
        .collect()
    )
