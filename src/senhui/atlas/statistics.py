"""Areas, volumes and carbon stocks of a release, added up along any of seven dimensions.

A release never changes, so it is added up once into a *cube*: one row for each combination of township, land class,
species group, origin, age group and method that occurs. Every later question adds up rows of the cube. A sum never
hides what is missing: beside each total stands the area without an estimate, and of no estimate at all the sum is
null, not zero. How fine a table a person may read who does not see the sub-compartments of a place is decided here
too (`public_statistics`). The cases are in ``tests/atlas/test_statistics.py``.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

import polars as pl
from django.conf import settings

from senhui.access.rules import AreaSet
from senhui.inventory import queries
from senhui.measurement import Derivation
from senhui.measurement import parameters_used as parameters_of
from senhui.parameters import ParameterValue

DIMENSIONS = ("county", "township", "land_class", "species_group", "origin", "age_group", "method")
"""What one may group and filter by; ``county`` is the beginning of ``township``."""

SUMS = (
    "area_ha",
    "area_without_estimate_ha",
    "volume_m3",
    "scattered_volume_without_estimate_m3",
    "main_tc",
    "scattered_tc",
    "stock_tc",
    "calibrated_main_tc",
    "calibrated_scattered_tc",
    "calibrated_stock_tc",
)
PER_HECTARE = {
    "volume_m3_ha": "volume_m3",
    "stock_tc_ha": "stock_tc",
    "calibrated_stock_tc_ha": "calibrated_stock_tc",
}

PLACES = ("county", "township")
FEWEST_SHOWN = 3
"""Sub-compartments in the smallest cell of an attribute table that is shown to the public."""
WHOLE_CITY = "3311"
_N_DIGITS_OF_COUNTY = 6

Where = Mapping[str, str | int | Collection[str | int | None] | None]


class UnknownDimension(ValueError):
    """The statistics are not kept along this dimension."""

    def __init__(self, dimension: str) -> None:
        super().__init__(f"There are no statistics by {dimension!r}. Choose from: {', '.join(DIMENSIONS)}.")
        self.dimension = dimension


class TooFine(Exception):
    """The public sees townships as totals; a finer table needs `view_sub_compartments` over the place."""

    def __init__(self) -> None:
        super().__init__("The public sees townships as totals; finer tables need a role over the place.")


def refuse_too_fine(*, within: str | None, by: Iterable[str], where: Iterable[str] = ()) -> None:
    """Refuse a table too fine for the public: more than one dimension of a kind, or an attribute of a township.

    Examples
    --------
    >>> refuse_too_fine(within="331181", by=("county", "origin"))
    >>> refuse_too_fine(within="331181103", by=("origin",))
    Traceback (most recent call last):
    senhui.atlas.statistics.TooFine: The public sees townships as totals; finer tables need a role over the place.

    Raises
    ------
    TooFine
        Ask for fewer dimensions or a larger place, or ask an administrator for a role over it.
    """
    asked = {*by, *where}
    places = asked & set(PLACES)
    attributes = asked - places
    in_township = "township" in places or len(within or "") > _N_DIGITS_OF_COUNTY
    if len(places) > 1 or len(attributes) > 1 or (attributes and in_township):
        raise TooFine


def withheld(frame: pl.DataFrame, *, by: Iterable[str], where: Iterable[str] = ()) -> pl.DataFrame:
    """Empty the cells of an attribute table that hold fewer than `FEWEST_SHOWN` sub-compartments.

    Returns
    -------
    DataFrame
        With ``is_withheld``; where it is true, every measure is null, ``n`` among them. Totals of places stay.
    """
    is_attribute_table = bool({*by, *where} - set(PLACES))
    is_small = (pl.col("n") < FEWEST_SHOWN) if is_attribute_table else pl.lit(value=False)
    measures = [name for name in frame.columns if name not in DIMENSIONS]
    marked = frame.with_columns(is_small.alias("is_withheld"))
    return marked.with_columns(pl.when(~pl.col("is_withheld")).then(pl.col(measures)).name.keep())


_readers_areas: ContextVar[AreaSet | None] = ContextVar("_readers_areas", default=None)


@contextmanager
def read_by(areas: AreaSet) -> Iterator[None]:
    """Let `statistics` answer as to a person who sees the sub-compartments of `areas`, also inside an export."""
    token = _readers_areas.set(areas)
    try:
        yield
    finally:
        _readers_areas.reset(token)


def public_statistics(
    release_id: str, *, areas: AreaSet, within: str | None, by: Sequence[str], where: Where
) -> pl.DataFrame:
    """Add up a release for a person who sees the sub-compartments of `areas`: the one rule of what the public reads.

    1. Whose areas cover the place asked for (no place: the whole city) reads everything.
    2. Others get at most one place dimension and one attribute dimension, and an attribute only of counties and the
       city, not of townships (`TooFine`).
    3. In their attribute tables, cells with fewer than `FEWEST_SHOWN` sub-compartments are withheld: null, and
       ``is_withheld``.

    Returns
    -------
    DataFrame
        As `statistics`, and ``is_withheld``.

    Raises
    ------
    TooFine, UnknownDimension, NoSuchRelease
    """
    with read_by(areas):
        return statistics(release_id, within=within, by=by, where=where)


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
        `senhui.measurement.sub_compartment.totals`.
    """
    volume = pl.col("volume_m3").fill_null(pl.col("volume_m3_ha") * pl.col("area_ha"))
    scattered_volume = pl.col("scattered_volume_m3")
    rows = stands.select(
        pl.col("township_code").alias("township"),
        *DIMENSIONS[2:],
        "area_ha",
        "main_tc",
        "scattered_tc",
        "stock_tc",
        "calibrated_stock_tc",
        "derivation_id",
        "scattered_derivation_id",
        pl.when(pl.col("main_tc").is_null()).then("area_ha").otherwise(0.0).alias("area_without_estimate_ha"),
        pl.when(volume.is_not_null() | scattered_volume.is_not_null())
        .then(volume.fill_null(0.0) + scattered_volume.fill_null(0.0))
        .alias("volume_m3"),
        pl.when(pl.col("scattered_tc").is_null())
        .then(scattered_volume.fill_null(0.0))
        .otherwise(0.0)
        .alias("scattered_volume_without_estimate_m3"),
        (pl.col("main_tc") * pl.col("main_factor")).alias("calibrated_main_tc"),
        (pl.col("scattered_tc") * pl.col("scattered_factor")).alias("calibrated_scattered_tc"),
    )
    grouped = rows.group_by(*DIMENSIONS[1:]).agg(
        pl.len().cast(pl.Int64).alias("n"),
        *map(_sum, SUMS),
        pl.col("derivation_id").unique(),
        pl.col("scattered_derivation_id").unique(),
    )
    derivations = pl.col("derivation_id").list.set_union("scattered_derivation_id").list.drop_nulls().list.sort()
    return (
        grouped.with_columns(derivations.alias("derivation_ids"))
        .drop("derivation_id", "scattered_derivation_id")
        .sort(*DIMENSIONS[1:])
        .collect()
    )


def _sum(column: str) -> pl.Expr:
    """Add up what is known; of nothing known the sum is null."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


def add_up(cube: pl.DataFrame, *, within: str | None, by: Sequence[str], where: Where) -> pl.DataFrame:
    """Add up the rows of a cube; see `statistics`."""
    _check_all(by)
    chosen = _rows(cube, within=within, where=where).with_columns(pl.col("township").str.head(6).alias("county"))
    sums = [pl.col("n").sum(), *map(_sum, SUMS)]
    found = chosen.group_by(*by).agg(sums).sort(*by, nulls_last=True) if by else chosen.select(sums)
    estimated_ha = pl.col("area_ha") - pl.col("area_without_estimate_ha")
    return found.filter(pl.col("n") > 0).with_columns(
        (pl.col(total) / pl.when(estimated_ha > 0).then(estimated_ha)).alias(name)
        for name, total in PER_HECTARE.items()
    )


def _rows(cube: pl.DataFrame, *, within: str | None, where: Where) -> pl.DataFrame:
    if within:
        if len(within) > 9:
            raise UnknownDimension("village")
        cube = cube.filter(pl.col("township").str.starts_with(within))
    for dimension, wanted in where.items():
        _check(dimension)
        values = [wanted] if wanted is None or isinstance(wanted, str | int) else list(wanted)
        column = pl.col("township").str.head(6) if dimension == "county" else pl.col(dimension)
        dtype = pl.String if dimension == "county" else cube.schema[dimension]
        cube = cube.filter(column.is_in(pl.Series(values, dtype=dtype).implode(), nulls_equal=True))
    return cube


def _check(dimension: str) -> None:
    if dimension not in DIMENSIONS:
        raise UnknownDimension(dimension)


def _check_all(by: Sequence[str]) -> None:
    for dimension in by:
        _check(dimension)
    if len(set(by)) < len(by):
        raise UnknownDimension(",".join(by))


def _path(release_id: str) -> Path:
    return Path(settings.SENHUI_HOME) / "atlas" / release_id / "cube.parquet"


def build_cube(release_id: str) -> None:
    """Add up a release and store the cube; run again, it stores the same.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    cube = cube_of(queries.scan(release_id))
    path = _path(release_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    cube.write_parquet(partial, compression="zstd", compression_level=1)
    partial.replace(path)


def cube(release_id: str) -> pl.DataFrame:
    """Return the cube of a release; it is made now if no job has made it yet."""
    queries.release_path(release_id)
    path = _path(release_id)
    if not path.exists():
        build_cube(release_id)
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, written_ns: int) -> pl.DataFrame:
    del written_ns  # part of the key: a cube that is made anew is read anew
    return pl.read_parquet(path)


def statistics(release_id: str, *, within: str | None, by: Sequence[str], where: Where) -> pl.DataFrame:
    """Add up a release.

    Parameters
    ----------
    release_id : str
    within : str or None
        Code of a city, county or township; None is everything.
    by : sequence of `DIMENSIONS`
        One row per combination of these; none gives a single row.
    where : mapping of a dimension to the value or values to keep; None stands for "not recorded"

    Returns
    -------
    DataFrame
        The columns of ``by``, ``n`` stands, `SUMS`, and `PER_HECTARE` of the area that has an estimate. Sorted by
        ``by``. No stand, no row.

    Raises
    ------
    UnknownDimension
        ``by`` or ``where`` names something else than `DIMENSIONS`, ``by`` names one twice, or ``within`` is a
        village.
    NoSuchRelease
        There is no such release.
    TooFine
        Only within `read_by`; see `public_statistics`.
    """
    _check_all(by)
    areas = _readers_areas.get()
    sees_all = areas is None or areas.covers(within or WHOLE_CITY)
    if not sees_all:
        refuse_too_fine(within=within, by=by, where=where)
    frame = add_up(cube(release_id), within=within, by=by, where=where)
    if areas is None:
        return frame
    return frame.with_columns(is_withheld=pl.lit(value=False)) if sees_all else withheld(frame, by=by, where=where)


def parameters_used(
    release_id: str, *, within: str | None = None, where: Where | None = None
) -> tuple[ParameterValue, ...]:
    """Return every published number that the totals of these stands rest on, each once, with its source and mark."""
    ids = _rows(cube(release_id), within=within, where=where or {})["derivation_ids"].explode().drop_nulls().unique()
    derivations = queries.derivations(release_id)
    used = {number: Derivation.from_dict(derivations[number]) for number in ids}
    return parameters_of(used, used.values())


def county_species_table(release_id: str, *, within: str | None = None) -> pl.DataFrame:
    """Return the totals of each species group in each county, as `statistics` does."""
    return statistics(release_id, within=within, by=("county", "species_group"), where={})
