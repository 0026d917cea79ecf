"""A release added up once: one row for each combination of township and six attributes that occurs.

A release never changes, so every later question adds up rows of its cube. Beside each pool stands the area that has
no estimate of it. A release made before a pool was measured lacks the pool's columns; then both are null, which the
pages read as "not measured in this release" and never as zero. The cases are in ``tests/atlas/test_cube.py``.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from pathlib import Path

import polars as pl
from django.conf import settings

from senhui import parameters
from senhui.inventory import queries

DIMENSIONS = ("county", "township", "land_class", "species_group", "origin", "age_group", "method")
"""What one may group and filter by; ``county`` is the beginning of ``township``."""

STAND_POOLS = ("tree_above", "tree_below", "bamboo", "shrub", "economic")
"""Pools of a stand's own vegetation; with the scattered trees they make ``stock_tc``."""
VEGETATION = (*STAND_POOLS, "scattered")
GROUND_POOLS = ("understory", "dead_wood", "litter", "soil_100cm", "soil_30cm")
"""Pools beside ``stock_tc`` and never in it. Soil to 30 cm is not a part of soil to 100 cm: the methods differ."""
POOLS = (*VEGETATION, *GROUND_POOLS)

CORE_SUMS = (
    "area_ha",
    "forest_area_ha",
    "area_without_estimate_ha",
    "volume_m3",
    "stock_tc",
    "calibrated_stock_tc",
)
"""What an attribute table shows to everybody, cell by cell; see `senhui.atlas.disclosure`."""
SUMS = (
    *CORE_SUMS,
    "scattered_volume_without_estimate_m3",
    "main_tc",
    "calibrated_main_tc",
    "calibrated_scattered_tc",
    *(f"{pool}_tc" for pool in POOLS),
    *(f"{pool}_without_estimate_ha" for pool in POOLS),
)


def cube_of(stands: pl.LazyFrame) -> pl.DataFrame:
    """Add stands up to one row per combination of the dimensions that occurs.

    Parameters
    ----------
    stands : LazyFrame
        Canonical and measurement columns of a release.

    Returns
    -------
    DataFrame
        The dimensions without ``county``; ``n``; `SUMS`, units by suffix; ``derivation_ids``, the numbers of
        all derivations the row rests on. ``volume_m3`` is of the stand and its scattered trees together.
        ``area_without_estimate_ha`` is of the stands whose own pool, main_tc, has no estimate, as in
        `senhui.measurement.sub_compartment.totals`; ``scattered_without_estimate_ha`` of those with scattered volume
        and no estimate of it. Of a pool that the release does not have, both columns are null.
    """
    present = set(stands.collect_schema().names())
    numbers = [name for name in ("derivation_id", "scattered_derivation_id", "ground_derivation_id") if name in present]
    scattered_volume = pl.col("scattered_volume_m3")
    rows = stands.select(
        pl.col("township_code").alias("township"),
        *DIMENSIONS[2:],
        "main_tc",
        "scattered_tc",
        *numbers,
        *core_sums_of_a_stand(),
        pl.when(pl.col("scattered_tc").is_null())
        .then(scattered_volume.fill_null(0.0))
        .otherwise(0.0)
        .alias("scattered_volume_without_estimate_m3"),
        (pl.col("main_tc") * pl.col("main_factor")).alias("calibrated_main_tc"),
        (pl.col("scattered_tc") * pl.col("scattered_factor")).alias("calibrated_scattered_tc"),
        _area_where((scattered_volume > 0) & pl.col("scattered_tc").is_null()).alias("scattered_without_estimate_ha"),
        *(
            column
            for pool in (*STAND_POOLS, *GROUND_POOLS)
            for column in _pool(pool, is_there=f"{pool}_tc_ha" in present)
        ),
    )
    grouped = rows.group_by(*DIMENSIONS[1:]).agg(
        pl.len().cast(pl.Int64).alias("n"), *map(sum_of_known, SUMS), *(pl.col(name).unique() for name in numbers)
    )
    derivations = pl.concat_list(numbers).list.unique().list.drop_nulls().list.sort()
    return grouped.with_columns(derivations.alias("derivation_ids")).drop(numbers).sort(*DIMENSIONS[1:]).collect()


def core_sums_of_a_stand() -> tuple[pl.Expr, ...]:
    """Return the expressions of `CORE_SUMS` over the columns of a release."""
    volume = pl.col("volume_m3").fill_null(pl.col("volume_m3_ha") * pl.col("area_ha"))
    scattered_volume = pl.col("scattered_volume_m3")
    return (
        pl.col("area_ha"),
        _area_where(pl.col("land_class").is_in(forest_land_classes())).alias("forest_area_ha"),
        _area_where(pl.col("main_tc").is_null()).alias("area_without_estimate_ha"),
        pl.when(volume.is_not_null() | scattered_volume.is_not_null())
        .then(volume.fill_null(0.0) + scattered_volume.fill_null(0.0))
        .alias("volume_m3"),
        pl.col("stock_tc"),
        pl.col("calibrated_stock_tc"),
    )


def sum_of_known(column: str) -> pl.Expr:
    """Add up what is known of a column; of nothing known the sum is null."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


@cache
def forest_land_classes() -> tuple[str, ...]:
    """Return the land classes that are forest land (林地), with or without trees."""
    frame = parameters.table("land_classes").frame
    return tuple(frame.filter(pl.col("is_forest_land"))["id"])


def _area_where(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then("area_ha").otherwise(0.0)


def _pool(pool: str, *, is_there: bool) -> tuple[pl.Expr, pl.Expr]:
    total, missing = f"{pool}_tc", f"{pool}_without_estimate_ha"
    if not is_there:
        nothing = pl.lit(None, dtype=pl.Float64)
        return nothing.alias(total), nothing.alias(missing)
    density_tc_ha = pl.col(f"{pool}_tc_ha")
    return (density_tc_ha * pl.col("area_ha")).alias(total), _area_where(density_tc_ha.is_null()).alias(missing)


def build_cube(release_id: str) -> None:
    """Add up a release and store the cube; run again, it stores the same.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    cube = cube_of(queries.scan(release_id))
    path = cube_path(release_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    cube.write_parquet(partial, compression="zstd", compression_level=1)
    partial.replace(path)


def cube(release_id: str) -> pl.DataFrame:
    """Return the cube of a release; it is made now if no job has made it yet, or an older version made it."""
    queries.release_path(release_id)
    path = cube_path(release_id)
    if not path.exists() or not set(SUMS) <= read_cube(path, path.stat().st_mtime_ns).schema.keys():
        build_cube(release_id)
    return read_cube(path, path.stat().st_mtime_ns)


def cube_path(release_id: str) -> Path:
    """Return where the cube of a release lies."""
    return Path(settings.SENHUI_HOME) / "atlas" / release_id / "cube.parquet"


@lru_cache(maxsize=8)
def read_cube(path: Path, written_ns: int) -> pl.DataFrame:
    """Read a cube, once for each time it was written."""
    del written_ns  # part of the key: a cube that is made anew is read anew
    return pl.read_parquet(path)
