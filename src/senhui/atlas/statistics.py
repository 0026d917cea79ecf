"""Areas, volumes and carbon stocks of a release, added up along any of seven dimensions.

The rows come from the release's *cube* (`senhui.atlas.cube`). A sum never hides what is missing: beside each total
stands the area without an estimate, and of no estimate at all the sum is null, not zero. Stock is told per hectare in
two ways that have names: per hectare of forest and per hectare of land. How fine a table a person may read who does
not see the sub-compartments of a place is decided here too (`public_statistics`). The cases are in
``tests/atlas/test_statistics.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import polars as pl

from senhui.access.rules import AreaSet
from senhui.atlas.cube import CORE_SUMS, DIMENSIONS, SUMS, cube, sum_of_known
from senhui.atlas.disclosure import ATTRIBUTES, Withheld, withheld
from senhui.atlas.land_area import Land, land_of, outlines_ha
from senhui.atlas.uncertainty import errors_of
from senhui.inventory import queries
from senhui.measurement import Derivation
from senhui.measurement import parameters_used as parameters_of
from senhui.measurement.uncertainty import Interval
from senhui.parameters import ParameterValue

RATIOS = {
    "stock_tc_per_forest_ha": ("stock_tc", "forest_area_ha"),
    "calibrated_stock_tc_per_forest_ha": ("calibrated_stock_tc", "forest_area_ha"),
    "stock_tc_per_land_ha": ("stock_tc", "land_area_ha"),
    "calibrated_stock_tc_per_land_ha": ("calibrated_stock_tc", "land_area_ha"),
}
"""The two named ratios, of the measured and of the calibrated stock: total and area.

Forest is forest land (林地), whether or not trees stand on it or an estimate was possible. Land is all land of the
place; where it comes from stands in ``land_source`` (see `senhui.atlas.land_area`).
"""

PLACES = ("county", "township")
WHOLE_CITY = "3311"
_N_DIGITS_OF_COUNTY = 6
_N_DIGITS_OF_PLACES = (2, 4, 6, 9)

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
    """Refuse what is too fine for the public: two dimensions of a kind, an attribute of a township, a table by method.

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
    asked = set(by)
    places = asked & set(PLACES)
    attributes = asked - places
    in_township = "township" in places or len(within or "") > _N_DIGITS_OF_COUNTY
    is_hidden = bool(attributes - set(ATTRIBUTES))
    # A choice of values would be a sum of cells that the rule of `disclosure` does not know of.
    if len(places) > 1 or len(attributes) > 1 or (attributes and in_township) or is_hidden or set(where):
        raise TooFine


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
    3. In their attribute tables, small cells are withheld, and others with them, so that none can be computed
       (`senhui.atlas.disclosure`): null, and ``is_withheld``. The pools stand only beside the totals of places.

    Returns
    -------
    DataFrame
        As `statistics`, and ``is_withheld``.

    Raises
    ------
    TooFine, UnknownDimension, NoSuchRelease, NoSuchPlace
    """
    with read_by(areas):
        return statistics(release_id, within=within, by=by, where=where)


def add_up(
    cube: pl.DataFrame,
    *,
    within: str | None,
    by: Sequence[str],
    where: Where,
    outlines: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Add up the rows of a cube; see `statistics`. ``outlines`` are areas within outlines, hectares by code."""
    _check_all(by)
    chosen = _rows(cube, within=within, where=where).with_columns(pl.col("township").str.head(6).alias("county"))
    sums = [pl.col("n").sum(), *map(sum_of_known, SUMS)]
    found = chosen.group_by(*by).agg(sums).sort(*by, nulls_last=True) if by else chosen.select(sums)
    found = _with_land(found.filter(pl.col("n") > 0), cube, within=within, by=by, where=where, outlines=outlines or {})
    return found.with_columns(
        (pl.col(total) / pl.when(pl.col(area) > 0).then(pl.col(area))).alias(name)
        for name, (total, area) in RATIOS.items()
    )


def _with_land(
    found: pl.DataFrame,
    cube: pl.DataFrame,
    *,
    within: str | None,
    by: Sequence[str],
    where: Where,
    outlines: Mapping[str, float],
) -> pl.DataFrame:
    """Add the land of each row: of a place by its outline, of part of a place's stands by the layer.

    A layer that covers more than an outline holds shows that the outline is coarse: then it is the layer that counts,
    or a hectare of land would hold more than a hectare of forest.
    """
    lands: list[Land | None] = [None] * found.height
    is_place = not set(by) - set(PLACES) and not set(where) - set(PLACES)
    if is_place:
        covered = cube["township"].unique().to_list()
        finest = "township" if "township" in by else "county" if "county" in by else None
        codes = found[finest].to_list() if finest else [within or _common_city(covered)] * found.height
        lands = [land_of(code, covered=covered, outlines_ha=dict(outlines)) for code in codes]
    land_ha = pl.Series([None if land is None else land.area_ha for land in lands], dtype=pl.Float64)
    source = pl.Series(["layer" if land is None else land.source for land in lands], dtype=pl.String)
    covers_more = pl.col("area_ha") > land_ha
    return found.with_columns(
        pl.max_horizontal(land_ha, pl.col("area_ha")).alias("land_area_ha"),
        pl.when(covers_more).then(pl.lit("layer")).otherwise(source).alias("land_source"),
    )


def _common_city(townships: Sequence[str]) -> str:
    """Return the city that holds all townships, or no code, which begins every code."""
    cities = {code[:4] for code in townships}
    return cities.pop() if len(cities) == 1 else ""


def _rows(cube: pl.DataFrame, *, within: str | None, where: Where) -> pl.DataFrame:
    if within:
        if len(within) not in _N_DIGITS_OF_PLACES:
            raise UnknownDimension("village" if len(within) > max(_N_DIGITS_OF_PLACES) else within)
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


def statistics(release_id: str, *, within: str | None, by: Sequence[str], where: Where) -> pl.DataFrame:
    """Add up a release.

    Parameters
    ----------
    release_id : str
    within : str or None
        Code of a province, city, county or township; None is everything.
    by : sequence of `DIMENSIONS`
        One row per combination of these; none gives a single row.
    where : mapping of a dimension to the value or values to keep; None stands for "not recorded"

    Returns
    -------
    DataFrame
        The columns of ``by``, ``n`` stands, `SUMS`, ``land_area_ha`` with ``land_source``, and `RATIOS`. Sorted by
        ``by``. No stand, no row.

    Raises
    ------
    UnknownDimension
        ``by`` or ``where`` names something else than `DIMENSIONS`, ``by`` names one twice, or ``within`` is no
        code of a place that statistics are kept of.
    NoSuchRelease, NoSuchPlace
        There is no such release, or no such place.
    TooFine
        Only within `read_by`; see `public_statistics`.
    """
    _check_all(by)
    areas = _readers_areas.get()
    sees_all = areas is None or areas.covers(within or WHOLE_CITY)
    if not sees_all:
        refuse_too_fine(within=within, by=by, where=where)
    rows = _cube_with(release_id, within)
    frame = add_up(rows, within=within, by=by, where=where, outlines=outlines_ha())
    if areas is None:
        return frame
    if sees_all or not set(by) - set(PLACES):
        return frame.with_columns(is_withheld=pl.lit(value=False))
    return _for_the_public(frame, rows, withheld(release_id), within=within, by=by)


def _cube_with(release_id: str, within: str | None) -> pl.DataFrame:
    """Return the cube of a release, and refuse a place that there is not."""
    rows = cube(release_id)
    if within and len(within) in _N_DIGITS_OF_PLACES:  # `_rows` refuses other lengths
        queries.require_place(within, townships=rows["township"].unique())
    return rows


def _for_the_public(
    frame: pl.DataFrame, rows: pl.DataFrame, chosen: Mapping[str, Withheld], *, within: str | None, by: Sequence[str]
) -> pl.DataFrame:
    """Empty the cells of an attribute table that `disclosure` withholds; empty cells of its block are rows as well."""
    (attribute,) = set(by) - set(PLACES)
    hidden = chosen[attribute]
    counties = rows["township"].str.head(_N_DIGITS_OF_COUNTY).unique().sort().to_list()
    inside = [county for county in counties if county.startswith(within or "")]
    county = within if len(within or "") == _N_DIGITS_OF_COUNTY else None
    if county is None and inside != counties:
        raise TooFine  # some counties of several cities: a sum of cells that the rule does not know of
    keys: list[tuple[str | int | None, ...]]
    if "county" in by:
        cells = {(value, place) for value in hidden.values for place in hidden.counties if place in inside}
        keys = [(value, place) if by[0] == attribute else (place, value) for value, place in cells]
    elif county is not None:
        keys = [(value,) for value in hidden.values if county in hidden.counties]
    else:
        keys = [(value,) for value in hidden.of_city]
    missing = pl.DataFrame(keys, schema={name: frame.schema[name] for name in by}, orient="row")
    shown = frame.join(missing, on=list(by), how="anti", nulls_equal=True).with_columns(is_withheld=pl.lit(value=False))
    emptied = missing.with_columns(is_withheld=pl.lit(value=True))
    kept = [*by, "n", *CORE_SUMS, "land_area_ha", "land_source", *RATIOS, "is_withheld"]
    return pl.concat([shown.select(kept), emptied], how="diagonal").sort(*by, nulls_last=True)


def parameters_used(
    release_id: str, *, within: str | None = None, where: Where | None = None
) -> tuple[ParameterValue, ...]:
    """Return every published number that the totals of these stands rest on, each once, with its source and mark.

    Raises
    ------
    TooFine
        Only within `read_by`: the parameters of a township tell which species grow there.
    """
    areas = _readers_areas.get()
    if areas is not None and not areas.covers(within or WHOLE_CITY):
        in_township = len(within or "") > _N_DIGITS_OF_COUNTY
        refuse_too_fine(within=within, by=("species_group",) if in_township else (), where=where or {})
    ids = (
        _rows(_cube_with(release_id, within), within=within, where=where or {})["derivation_ids"]
        .explode()
        .drop_nulls()
        .unique()
    )
    derivations = queries.derivations(release_id)
    used = {number: Derivation.from_dict(derivations[number]) for number in ids}
    return parameters_of(used, used.values())


@dataclass(frozen=True)
class ErrorUnknown:
    """Why a total has no interval: ``not_computed`` (a release made before errors were), ``nothing_set``."""

    reason: Literal["not_computed", "nothing_set"]


def error_of(release_id: str, within: str | None, *, is_calibrated: bool = True) -> Interval | ErrorUnknown:
    """Return the 95 % interval of a place's vegetation stock, or why there is none.

    Parameters
    ----------
    release_id : str
    within : code of a place; None is everything.
    is_calibrated : of the calibrated total; of a release without calibration both are the same.

    Raises
    ------
    NoSuchRelease, NoSuchPlace
        There is no such release, or no such place.
    """
    queries.require_place(within or "", townships=queries.release(release_id).township_codes)
    path = queries.release_path(release_id).parent / "error_sums.parquet"
    if not path.exists():
        return ErrorUnknown("not_computed")
    found = _error_of(path, release_id, within or "", is_calibrated)
    return found if found.standard_error_tc > 0 or not found.not_set else ErrorUnknown("nothing_set")


@lru_cache(maxsize=512)
def _error_of(path: Path, release_id: str, within: str, is_calibrated: bool) -> Interval:
    found = errors_of(release_id, [within], is_calibrated=is_calibrated)
    assert found is not None, f"{path} is there"
    return found[within]
