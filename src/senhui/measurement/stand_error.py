"""The error of single stands (小班误差): from the same sources and sums as the error of a place, for a map.

A stand has no sums of its own. What its kind of stand in its township has stands for it: how strongly the stock moves
with each surveyed column there, on the whole. Cases: `tests/measurement/test_stand_error.py`.
"""

from statistics import NormalDist

import polars as pl

from senhui.measurement.error_book import ErrorBook
from senhui.measurement.sensitivity import sum_columns
from senhui.measurement.uncertainty import COUNTY_DIGITS, INDEPENDENT

KEYS = ("township_code", "derivation_id")


def stand_errors(error_sums: pl.DataFrame, *, book: ErrorBook, confidence_frac: float = 0.95) -> pl.DataFrame:
    """Estimate the relative error of a single stand of each kind in each township, as measured.

    Parameters
    ----------
    error_sums
        From `sensitivity.error_sums`.
    book
        From `error_book`, for the derivations of the same release.
    confidence_frac
        Two-sided confidence of the interval, 0-1.

    Returns
    -------
    DataFrame of township_code, derivation_id and error_frac: half of the interval over the stock of a stand, of its own
    pool (`main`), without its scattered trees and before calibration. A kind of stand without stock, or of which no
    source of error has a value, has no row.

    Notes
    -----
    u² = sum_kg (sum_x u_k E_x)² + sum_k u_k² Q_x, with E_x = sum s / sum C for errors shared within a group and
    Q_x = sum s² / sum C² for errors of each stand alone; s = dC/d(ln x). Where a township has one stand of a kind this
    is the error of its total exactly. Half of the interval is that of a normal distribution. Source: JCGM 100:2008,
    Guide to the expression of uncertainty in measurement, equations (10) and (13).
    """
    assert 0.0 < confidence_frac < 1.0
    main = error_sums.filter(pl.col("pool") == "main", pl.col("sum_tc") > 0.0)
    kinds = main.group_by(KEYS).agg(pl.selectors.ends_with("_tc", "_tc2").sum())
    joined = kinds.join(book.effects.filter(pl.col("pool") == "main"), on="derivation_id", how="inner")
    parts = []
    for (basis,), rows in joined.group_by("basis", maintain_order=True):
        slope, square = sum_columns(str(basis))
        gain = pl.col("error_frac") * pl.col("elasticity")
        alone = pl.col("shared_by") == INDEPENDENT
        county = pl.when(pl.col("shared_by") == "county").then(pl.col("township_code").str.head(COUNTY_DIGITS))
        parts.append(
            rows.select(
                *KEYS,
                "source",
                county.otherwise(pl.col("group")).alias("group"),
                pl.when(~alone).then(gain * pl.col(slope) / pl.col("sum_tc")).otherwise(0.0).alias("shared_frac"),
                pl.when(alone).then(gain**2 * pl.col(square) / pl.col("sum_tc2")).otherwise(0.0).alias("alone_frac2"),
            )
        )
    if not parts:
        return pl.DataFrame(schema={**{key: error_sums.schema[key] for key in KEYS}, "error_frac": pl.Float64})
    n_errors = NormalDist().inv_cdf(0.5 + confidence_frac / 2.0)
    by_group = pl.concat(parts).group_by(*KEYS, "source", "group").agg(pl.col("shared_frac", "alone_frac2").sum())
    variance = (pl.col("shared_frac") ** 2 + pl.col("alone_frac2")).sum()
    found = by_group.group_by(KEYS).agg((n_errors * variance.sqrt()).alias("error_frac"))
    return found.filter(pl.col("error_frac") > 0.0).sort(KEYS)
