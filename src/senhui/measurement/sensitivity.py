"""Sums of error: of how much carbon each surveyed column moves, added up so far that no stand need be read again.

The derivative of a stand's carbon with respect to a column is taken from the very function that measured it, by a
small step, so that a new method needs no second formula here. Cases: `tests/measurement/test_sensitivity.py`.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from senhui.measurement.book import MethodBook
from senhui.measurement.calibration import SCATTERED_DOMAIN, domain_of_land
from senhui.measurement.error_book import STOCK
from senhui.measurement.ground import GROUND_POOLS
from senhui.measurement.sub_compartment import MEASURED_COLUMNS, measure_stands

STEP = 1e-6
"""Relative step of the derivatives: the error of a slope is of this size, that of rounding about 1e-10."""

AREA = "area_ha"
KEYS = ("township_code", "domain", "pool", "derivation_id")


def input_columns(book: MethodBook) -> tuple[str, ...]:
    """Return the surveyed columns that any method reads, in alphabetical order: one pair of sums each."""
    return tuple(sorted({column.column for derivation in book.derivations for column in derivation.inputs}))


def sum_columns(basis: str) -> tuple[str, str]:
    """Return the names of the sum of slopes [tC] and of the sum of their squares [tC²] for a basis.

    Examples
    --------
    >>> sum_columns("stock"), sum_columns("volume_m3_ha")
    (('sum_tc', 'sum_tc2'), ('by_volume_m3_ha_tc', 'by_volume_m3_ha_tc2'))
    """
    stem = "sum" if basis == STOCK else f"by_{basis}"
    return f"{stem}_tc", f"{stem}_tc2"


def error_sums(measured: pl.DataFrame, *, book: MethodBook) -> pl.DataFrame:
    """Add measured stands up to what the error of any union of townships follows from.

    Parameters
    ----------
    measured
        From `measure_stands`, with the columns that were measured from and township_code.
    book
        The book that it was measured with.

    Returns
    -------
    one row per township_code, domain (null where land is calibrated to none), pool (`main`, `scattered`, `understory`,
    `dead_wood`, `litter`, `soil_100cm`, `soil_30cm`) and derivation_id that has an estimate: n stands, area_ha,
    sum_tc [tC], sum_tc2 [tC²] (sum of the squares of the stands), and for each column x that a method reads
    by_x_tc = sum of dC/d(ln x) and by_x_tc2 = sum of its squares. Sorted by its keys.

    Notes
    -----
    First-order propagation needs no more: an error that stands share moves the total by sum dC/d(ln x), errors that
    they have each for itself give it the variance sum (dC/d(ln x))² s². Source: JCGM 100:2008, Guide to the
    expression of uncertainty in measurement, 5.1 and 5.2.
    """
    columns = input_columns(book)
    pools = _pools(measured)
    moved = {column: _moved(measured, column, pools, book=book) for column in columns}
    parts = [_part(measured, pool, derivation, moved) for pool, derivation in pools.items()]
    return pl.concat(parts).sort(KEYS, nulls_last=True)


def _pools(measured: pl.DataFrame) -> dict[str, str]:
    """Return the pools of the layer with the column that holds their derivation."""
    pools = {"main": "derivation_id", "scattered": "scattered_derivation_id"}
    return pools | {pool: "ground_derivation_id" for pool in GROUND_POOLS if f"{pool}_tc" in measured.columns}


def _moved(measured: pl.DataFrame, column: str, pools: dict[str, str], *, book: MethodBook) -> dict[str, pl.Series]:
    """Return dC/d(ln column) of every stand [tC] for each pool that the column plays a part in."""
    if column == AREA:
        # Every pool is so much on a hectare (`area_density.stock_tc`), but scattered trees are told by their volume.
        return {pool: measured[f"{pool}_tc"].fill_null(0.0) for pool in pools if pool != "scattered"}
    readers = {item.id for item in book.derivations if column in {read.column for read in item.inputs}}
    used = [pool for pool, ids in pools.items() if _any_in(measured[ids], readers)]
    if not used or not measured.schema[column].is_numeric():
        return {}
    stands = measured.lazy().drop(MEASURED_COLUMNS, strict=False).with_columns(pl.col(column) * (1.0 + STEP))
    stepped = measure_stands(stands, book=book).select(f"{pool}_tc" for pool in used).collect()
    return {pool: ((stepped[f"{pool}_tc"] - measured[f"{pool}_tc"]) / STEP).fill_null(0.0) for pool in used}


def _any_in(ids: pl.Series, readers: set[int]) -> bool:
    return not readers.isdisjoint(ids.drop_nulls().unique())


def _part(measured: pl.DataFrame, pool: str, derivation: str, moved: dict[str, dict[str, pl.Series]]) -> pl.DataFrame:
    """Add one pool up; a column that plays no part in it has zeros for its sums."""
    domain = pl.lit(SCATTERED_DOMAIN) if pool == "scattered" else domain_of_land()
    bases = {STOCK: measured[f"{pool}_tc"]} | {
        column: slopes[pool] for column, slopes in moved.items() if pool in slopes
    }
    rows = measured.select(
        "township_code",
        domain.alias("domain"),
        pl.col(derivation).alias("derivation_id").cast(pl.Int32),
        "area_ha",
    ).with_columns(slope.alias(sum_columns(basis)[0]) for basis, slope in bases.items())
    added = (
        rows.filter(pl.col("sum_tc").is_not_null())
        .group_by("township_code", "domain", "derivation_id")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("area_ha").sum(), *_sums(bases))
    )
    names = [name for basis in (STOCK, *moved) for name in sum_columns(basis)]
    zero = [pl.lit(0.0).alias(name) for name in names if name not in added.columns]
    return added.with_columns(pl.lit(pool).alias("pool"), *zero).select(*KEYS, "n", "area_ha", *names)


def _sums(bases: Iterable[str]) -> Iterator[pl.Expr]:
    for basis in bases:
        slope, square = sum_columns(basis)
        yield pl.col(slope).sum()
        yield (pl.col(slope) ** 2).sum().alias(square)
