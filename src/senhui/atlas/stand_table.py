"""What a selection asks of the stands of a release, kept in memory as numbers: codes, sums, a point inside each.

The file beside the tiles is made with the map and made anew where an older version made it. It holds a row for each
row of the release, in its order. Questions are put in `senhui.atlas.selection`; the cases are in
``tests/atlas/test_selection.py``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
import shapely
from django.conf import settings
from numpy.typing import NDArray

from senhui.atlas.cube import CORE_SUMS, core_sums_of_a_stand
from senhui.inventory import queries
from senhui.measurement.calibration import SCATTERED_DOMAIN, domain_of_land

COLUMN_OF = {
    "township": "township_code",
    "village": "village_code",
    "land_class": "land_class",
    "species_group": "species_group",
    "origin": "origin",
    "age_group": "age_group",
    "method": "method",
    "protection": "forest_category",
    "ownership": "land_ownership",
}
"""Dimensions by the column of a release; ``county`` is the beginning of ``township``."""
DIMENSIONS = ("county", *COLUMN_OF)

POOLS = ("main", "scattered")
_NUMBERS = ("derivation_id", "scattered_derivation_id")

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Value = str | int | None


@dataclass(frozen=True)
class PoolCells:
    """Which cell of the sums of error each stand's pool lies in, and its stock there.

    ``of_stand`` is a position in ``cells`` (township_code, domain, pool, derivation_id), or -1 without an estimate.
    """

    cells: pl.DataFrame
    of_stand: Codes
    stock_tc: Floats


@dataclass(frozen=True, eq=False)
class StandTable:
    """The stands of one release.

    Attributes
    ----------
    values : dict of tuples
        Values of each dimension, the one that is not recorded (None) last.
    codes : dict of arrays
        Position of each stand's value in ``values``.
    sums : dict of arrays
        `CORE_SUMS` of each stand; 0 where not known.
    is_known : dict of arrays
        Of those sums that may be unknown: whether a stand's is known.
    lon, lat : arrays
        A point inside each outline, degrees; NaN without an outline.
    pools : tuple of PoolCells
    """

    values: dict[str, tuple[Value, ...]]
    codes: dict[str, Codes]
    sums: dict[str, Floats]
    is_known: dict[str, Mask]
    lon: Floats
    lat: Floats
    pools: tuple[PoolCells, ...]

    @property
    def n(self) -> int:
        """Stands of the release."""
        return len(self.lon)

    def where(self, dimension: str, keep: Callable[[Value], bool]) -> Mask:
        """Return which stands have a value that is kept."""
        kept = np.array([keep(value) for value in self.values[dimension]], dtype=bool)
        return kept[self.codes[dimension]]


def build_stand_table(release_id: str) -> None:
    """Write the table of a release; run again, it writes the same.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    stands = queries.scan(release_id)
    present = set(stands.collect_schema().names())
    inputs = ["derivation_id", "scattered_derivation_id", "main_tc", "scattered_tc"]
    frame = stands.select(
        *(
            (pl.col(column) if column in present else pl.lit(None, dtype=pl.String)).alias(name)
            for name, column in COLUMN_OF.items()
        ),
        *core_sums_of_a_stand(),
        *inputs,
        domain_of_land().alias("domain"),
    ).collect()
    geometry = stands.select("geometry").collect()["geometry"]
    points = shapely.point_on_surface(shapely.from_wkb(geometry.to_numpy()))
    text = pl.col(pl.String).cast(pl.Categorical)
    frame = frame.with_columns(text).with_columns(lon=shapely.get_x(points), lat=shapely.get_y(points))
    path = _path(release_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    frame.write_parquet(partial, compression="zstd", compression_level=1)
    partial.replace(path)


def stand_table(release_id: str) -> StandTable:
    """Return the table of a release; it is made now if no job has made it yet."""
    queries.release_path(release_id)
    path = _path(release_id)
    if not path.exists():
        build_stand_table(release_id)
    return _read(path, path.stat().st_mtime_ns)


def _path(release_id: str) -> Path:
    return Path(settings.SENHUI_HOME) / "atlas" / release_id / "stands.parquet"


@lru_cache(maxsize=2)
def _read(path: Path, written_ns: int) -> StandTable:
    """Read a table, once for each time it was written; one of 300,000 stands takes some 60 MB."""
    del written_ns  # part of the key
    frame = pl.read_parquet(path)
    values: dict[str, tuple[Value, ...]] = {}
    codes: dict[str, Codes] = {}
    frame = frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
    for name in DIMENSIONS:
        column = frame["township"].str.head(6) if name == "county" else frame[name]
        values[name], codes[name] = _coded(column)
    sums = {name: frame[name].cast(pl.Float64).fill_null(0.0).to_numpy() for name in CORE_SUMS}
    is_known = {name: frame[name].is_not_null().to_numpy() for name in CORE_SUMS if frame[name].null_count()}
    pools = tuple(_pool(frame, pool, number) for pool, number in zip(POOLS, _NUMBERS, strict=True))
    return StandTable(values, codes, sums, is_known, frame["lon"].to_numpy(), frame["lat"].to_numpy(), pools)


def _coded(column: pl.Series) -> tuple[tuple[Value, ...], Codes]:
    values = column.unique().sort(nulls_last=True)
    positions = pl.DataFrame({"value": values, "nth": range(len(values))})
    joined = pl.DataFrame({"value": column}).join(
        positions, on="value", how="left", nulls_equal=True, maintain_order="left"
    )
    return tuple(values), joined["nth"].to_numpy().astype(np.int64)


def _pool(frame: pl.DataFrame, pool: str, number: str) -> PoolCells:
    stock = frame[f"{pool}_tc"]
    domain = pl.lit(SCATTERED_DOMAIN) if pool == "scattered" else pl.col("domain")
    keys = frame.select(
        pl.col("township").alias("township_code"),
        domain.alias("domain"),
        pl.lit(pool).alias("pool"),
        pl.col(number).cast(pl.Int32).alias("derivation_id"),
    )
    cells = keys.unique(maintain_order=True)
    nth = keys.join(cells.with_row_index("nth"), on=keys.columns, how="left", nulls_equal=True, maintain_order="left")[
        "nth"
    ]
    of_stand = np.where(stock.is_not_null().to_numpy(), nth.to_numpy().astype(np.int64), -1)
    return PoolCells(cells, of_stand, stock.fill_null(0.0).to_numpy())
