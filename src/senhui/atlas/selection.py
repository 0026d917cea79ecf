"""A selection (选择): stands of a release by place, by values of their attributes, by a shape, and what they add up to.

Breakdowns follow the rule of cross-filtering: each dimension's obeys every filter but its own, so that the other
values can be chosen too. A stand lies in a shape when its inner point does. Who does not see the sub-compartments of
the place gets what `public_statistics` gives, and nothing of a filter or a shape. The cases are in
``tests/atlas/test_selection.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import shapely

from senhui.access.rules import AreaSet, PermissionRefused
from senhui.atlas.cube import CORE_SUMS
from senhui.atlas.disclosure import ATTRIBUTES
from senhui.atlas.stand_table import DIMENSIONS, Codes, Floats, Mask, StandTable, Value, stand_table
from senhui.atlas.statistics import (
    PLACES,
    WHOLE_CITY,
    ErrorUnknown,
    TooFine,
    UnknownDimension,
    error_of,
    public_statistics,
)
from senhui.atlas.uncertainty import book_of, factors_of
from senhui.inventory import queries
from senhui.measurement.uncertainty import Interval, interval_of_part

Measure = Literal["calibrated", "measured"]
PERMISSION = "view_sub_compartments"
MOST_POINTS = 100
NOT_RECORDED = "-"
INNER_POINT = "inner_point"
_N_DIGITS = {"county": 6, "township": 9, "village": 12}
_N_DIGITS_WITHIN = (0, 2, 4, 6, 9, 12)
_MOST_OF_A_VALUE = 40


class UnknownValue(ValueError):
    """A filter names a value that the dimension cannot have."""

    def __init__(self, dimension: str, value: str) -> None:
        super().__init__(f"{value!r} is no value of {dimension}.")
        self.dimension = dimension
        self.value = value


class ShapeWrong(ValueError):
    """A shape is not written as one, has too few or too many points, or crosses itself.

    Parameters
    ----------
    reason : ``not_points``, ``too_few``, ``too_many``, ``crosses_itself`` or ``no_such_boundary``
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The shape cannot be used: {reason}. Draw at most {MOST_POINTS} points, none crossing.")
        self.reason = reason


@dataclass(frozen=True)
class Selection:
    """Stands of a release.

    Attributes
    ----------
    release_id : str
    within : code of a city, county, township or village, or None for everything
    where : values to keep of each dimension; None stands for "not recorded"
    shape : polygon as WKB in degrees of CGCS2000, or None
    """

    release_id: str
    within: str | None = None
    where: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    shape: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What a selection adds up to.

    Attributes
    ----------
    total : `CORE_SUMS`, ``n``, and stock per hectare of forest
    by : per dimension, a row for each value with ``value``, ``n``, `CORE_SUMS`, ``is_withheld``; None where the reader
        may not read that dimension here
    error : interval of the stock of the measure asked for, or why there is none
    n_outside_reach : stands of the place that the reader may not see, whatever their attributes; None where a shape
        reaches land outside the reader's areas: how many lie there is not told
    rule : ``inner_point`` where a shape chose the stands
    """

    total: dict[str, Any]
    by: dict[str, list[dict[str, Any]] | None]
    error: Interval | ErrorUnknown
    n_outside_reach: int | None
    rule: str | None


def parse(
    query: Iterable[tuple[str, str]], *, release_id: str, boundary: Callable[[str], bytes | None] | None = None
) -> Selection:
    """Read a selection from the parameters of an address: ``within``, repeated ``where``, ``shape``.

    Parameters
    ----------
    query : pairs of name and text
        ``where=origin:planted,-`` keeps planted stands and those of unrecorded origin;
        ``shape=lon,lat;lon,lat;…`` is a polygon, ``shape=b12`` an uploaded boundary.
    release_id : str
    boundary : returns the polygon of an uploaded boundary by its number as WKB, None where there is none

    Raises
    ------
    UnknownDimension, UnknownValue, ShapeWrong
    """
    within: str | None = None
    shape: bytes | None = None
    where: dict[str, tuple[Value, ...]] = {}
    for name, text in query:
        if name == "within" and text:
            if not text.isdecimal() or len(text) not in _N_DIGITS_WITHIN:
                raise UnknownValue("within", text[:_MOST_OF_A_VALUE])
            within = text
        elif name == "where" and text:
            dimension, _, values = text.partition(":")
            if dimension not in DIMENSIONS:
                raise UnknownDimension(dimension[:_MOST_OF_A_VALUE])
            kept = (_value(dimension, value) for value in values.split(","))
            where[dimension] = tuple(dict.fromkeys((*where.get(dimension, ()), *kept)))
        elif name == "shape" and text:
            shape = _uploaded(text[1:], boundary) if text[0] == "b" else _polygon(text)
    return Selection(release_id, within, where, shape)


def _value(dimension: str, text: str) -> Value:
    if text == NOT_RECORDED:
        return None
    is_plain = 0 < len(text) <= _MOST_OF_A_VALUE and text.replace("_", "").isalnum() and text.isascii()
    digits = _N_DIGITS.get(dimension)
    if not is_plain or (digits and not (text.isdecimal() and len(text) == digits)):
        raise UnknownValue(dimension, text[:_MOST_OF_A_VALUE])
    if dimension == "age_group":
        if not text.isdecimal() or len(text) > 1:
            raise UnknownValue(dimension, text)
        return int(text)
    return text


def _uploaded(number: str, boundary: Callable[[str], bytes | None] | None) -> bytes:
    found = boundary(number) if boundary is not None and number.isdecimal() else None
    if found is None:
        raise ShapeWrong("no_such_boundary")
    return found


def _polygon(text: str) -> bytes:
    try:
        points = [tuple(map(float, point.split(","))) for point in text.rstrip(";").split(";", MOST_POINTS + 1)]
    except ValueError:
        raise ShapeWrong("not_points") from None
    if len(points) > MOST_POINTS:
        raise ShapeWrong("too_many")
    if any(len(point) != 2 or not all(map(math.isfinite, point)) for point in points):
        raise ShapeWrong("not_points")
    if any(abs(lon) > 180 or abs(lat) > 90 for lon, lat in points):
        raise ShapeWrong("not_points")
    if len(set(points)) < 3:
        raise ShapeWrong("too_few")
    polygon = shapely.Polygon(points)
    if not polygon.is_valid or polygon.area == 0:
        raise ShapeWrong("crosses_itself")
    return bytes(shapely.to_wkb(polygon))


def rows(selection: Selection, *, areas: AreaSet, columns: Sequence[str]) -> pl.DataFrame:
    """Return columns of the release for the stands of a selection within the reader's areas, and ``row_index``.

    Raises
    ------
    PermissionRefused
        The reader has no area at all.
    NoSuchRelease, NoSuchPlace, UnknownValue
    """
    if areas.is_empty:
        raise PermissionRefused(PERMISSION)
    _require_place(selection)
    question = _Question(selection, areas)
    chosen = np.flatnonzero(question.mask())
    numbered = queries.scan(selection.release_id).select(columns).with_row_index("row_index")
    return numbered.filter(pl.col("row_index").is_in(pl.Series(chosen.astype(np.uint32)).implode())).collect()


def answer(
    selection: Selection, *, areas: AreaSet, measure: Measure = "calibrated", dimensions: Sequence[str] = ()
) -> Answer:
    """Add a selection up for a reader, whole and by each of some dimensions.

    Parameters
    ----------
    selection : Selection
    areas : land whose sub-compartments the reader sees
    measure : which stock the error is of
    dimensions : any of `DIMENSIONS`

    Raises
    ------
    TooFine
        A filter or a shape is asked for by a reader without any area, or a village outside the reader's areas.
    UnknownDimension, UnknownValue, NoSuchRelease, NoSuchPlace
    """
    for dimension in dimensions:
        if dimension not in DIMENSIONS:
            raise UnknownDimension(dimension)
    is_village = len(selection.within or "") > _N_DIGITS["township"]
    is_place = not selection.where and selection.shape is None and not is_village
    sees_all = areas.covers(selection.within or WHOLE_CITY)
    if (areas.is_empty and not is_place) or (is_village and not sees_all):
        raise TooFine
    _require_place(selection)
    if is_place and not sees_all:
        return _public_answer(selection, areas=areas, measure=measure, dimensions=dimensions)
    question = _Question(selection, areas)
    mask = question.mask()
    chosen = _Chosen(question.table, mask)
    own = {dimension: _Chosen(question.table, question.mask(but=dimension)) for dimension in selection.where}
    return Answer(
        total=chosen.total(),
        by={dimension: own.get(dimension, chosen).by(dimension) for dimension in dimensions},
        error=_place_error(selection, measure) if is_place else _error(question.table, mask, selection, measure),
        n_outside_reach=question.n_outside_reach(),
        rule=None if selection.shape is None else INNER_POINT,
    )


def _require_place(selection: Selection) -> None:
    """Refuse a place that there is not; a village is there where the layer has stands of it, listed or not."""
    release = queries.release(selection.release_id)
    within = selection.within or ""
    if len(within) == _N_DIGITS["village"] and within in stand_table(release.id).values["village"]:
        return
    queries.require_place(within, townships=release.township_codes)


class _Question:
    """The filters of a selection over the table of its release."""

    def __init__(self, selection: Selection, areas: AreaSet) -> None:
        self.selection = selection
        self.areas = areas
        self.table = stand_table(selection.release_id)
        self._seen = self.table.where("village", lambda code: areas.covers(str(code)))
        within = selection.within or ""
        self._in_place = self.table.where("village", lambda code: str(code).startswith(within))
        self._base = self._seen & self._in_place
        if selection.shape is not None:
            self._base = self._base & _inside(self.table, selection.shape, self._base)
        self._of: dict[str, Mask] = {}
        for dimension, values in selection.where.items():
            wanted = set(values)
            self._of[dimension] = self.table.where(dimension, lambda value, wanted=wanted: value in wanted)  # type: ignore[misc]

    def mask(self, *, but: str | None = None) -> Mask:
        """Return which stands obey every filter, but for that of one dimension."""
        found = self._base
        for dimension, mask in self._of.items():
            if dimension != but:
                found = found & mask
        return found

    def n_outside_reach(self) -> int | None:
        """Return how many stands of the place the reader may not see; see `Answer`."""
        if self.selection.shape is None:
            return int((self._in_place & ~self._seen).sum())
        return None if _reaches_outside(self.selection.shape, self.areas) else 0


def _inside(table: StandTable, wkb: bytes, among: Mask) -> Mask:
    """Return which stands have their inner point in a polygon; only those within its box are looked at closely."""
    polygon = shapely.from_wkb(wkb)
    west, south, east, north = polygon.bounds
    near = among & (table.lon >= west) & (table.lon <= east) & (table.lat >= south) & (table.lat <= north)
    at = np.flatnonzero(near)
    shapely.prepare(polygon)
    found = np.zeros(table.n, dtype=bool)
    found[at] = shapely.intersects_xy(polygon, table.lon[at], table.lat[at])
    return found


def _reaches_outside(wkb: bytes, areas: AreaSet) -> bool:
    """Return whether a shape touches a township outside the areas, by the public outlines."""
    polygon = shapely.from_wkb(wkb)
    outside = [
        unit.geometry
        for unit in queries.administrative_units("township")
        if unit.geometry is not None and not areas.covers(unit.code)
    ]
    return bool(outside) and bool(shapely.intersects(polygon, outside).any())


class _Chosen:
    """The stands that a mask chooses, with their sums gathered once for all dimensions."""

    def __init__(self, table: StandTable, mask: Mask) -> None:
        self._table = table
        self._at = np.flatnonzero(mask)
        self._numbers = {name: table.sums[name][self._at] for name in CORE_SUMS}
        self._is_known = {name: table.is_known[name][self._at] for name in CORE_SUMS if name in table.is_known}

    def total(self) -> dict[str, Any]:
        """Return `CORE_SUMS`, ``n`` and the stocks per hectare of forest; of nothing known a sum is None."""
        total: dict[str, Any] = {"n": len(self._at)}
        for name, numbers in self._numbers.items():
            is_known = self._is_known[name].any() if name in self._is_known else len(numbers) > 0
            total[name] = float(numbers.sum()) if is_known else None
        for name in ("stock_tc", "calibrated_stock_tc"):
            forest_ha = total["forest_area_ha"]
            total[f"{name}_per_forest_ha"] = total[name] / forest_ha if total[name] is not None and forest_ha else None
        return total

    def by(self, dimension: str) -> list[dict[str, Any]]:
        """Return a row for each value of a dimension that occurs."""
        codes, values = self._table.codes[dimension][self._at], self._table.values[dimension]
        n = np.bincount(codes, minlength=len(values))
        columns = {name: _added(codes, numbers, len(values)) for name, numbers in self._numbers.items()}
        n_known = {
            name: np.bincount(codes[is_known], minlength=len(values)) for name, is_known in self._is_known.items()
        }
        return [
            {
                "value": values[nth],
                "n": int(n[nth]),
                **{
                    name: float(column[nth]) if name not in n_known or n_known[name][nth] else None
                    for name, column in columns.items()
                },
                "is_withheld": False,
            }
            for nth in np.flatnonzero(n).tolist()
        ]


def cross_table(selection: Selection, *, areas: AreaSet, by: Sequence[str]) -> pl.DataFrame:
    """Add the stands of a selection up by several dimensions at once, villages and owners among them.

    Returns
    -------
    DataFrame of the dimensions, ``n``, `CORE_SUMS`; sorted by the dimensions, what is not recorded last.

    Raises
    ------
    TooFine
        The reader does not see every sub-compartment of the place.
    UnknownDimension, NoSuchRelease, NoSuchPlace
    """
    for nth, dimension in enumerate(by):
        if dimension not in DIMENSIONS or dimension in by[:nth]:
            raise UnknownDimension(dimension)
    if not areas.covers(selection.within or WHOLE_CITY):
        raise TooFine
    _require_place(selection)
    question = _Question(selection, areas)
    table = question.table
    at = np.flatnonzero(question.mask())
    frame = pl.DataFrame(
        {dimension: table.codes[dimension][at] for dimension in by}
        | {name: table.sums[name][at] for name in CORE_SUMS}
        | {f"{name} known": is_known[at] for name, is_known in table.is_known.items()}
    )
    known = table.is_known.keys()
    sums = [
        pl.when(pl.col(f"{name} known").any()).then(pl.col(name).sum()) if name in known else pl.col(name).sum()
        for name in CORE_SUMS
    ]
    named = [one.alias(name) for one, name in zip(sums, CORE_SUMS, strict=True)]
    found = (
        frame.group_by(by).agg(pl.len().cast(pl.Int64).alias("n"), *named).sort(by)
        if by
        else frame.select(pl.len().cast(pl.Int64).alias("n"), *named)
    )
    return found.with_columns(
        pl.Series(dimension, table.values[dimension]).gather(found[dimension]) for dimension in by
    )


def _public_answer(selection: Selection, *, areas: AreaSet, measure: Measure, dimensions: Sequence[str]) -> Answer:
    """Answer for a place of which the reader sees no sub-compartment: whole, and by what `public_statistics` gives."""

    def asked(by: tuple[str, ...]) -> list[dict[str, Any]]:
        frame = public_statistics(selection.release_id, areas=areas, within=selection.within, by=by, where={})
        return frame.to_dicts()

    def breakdown(dimension: str) -> list[dict[str, Any]] | None:
        if dimension not in (*PLACES, *ATTRIBUTES):
            return None
        try:
            found = asked((dimension,))
        except TooFine:
            return None
        kept = ("n", *CORE_SUMS, "is_withheld")
        return [{"value": row[dimension], **{name: row[name] for name in kept}} for row in found]

    whole = asked(())
    ratios = ("stock_tc_per_forest_ha", "calibrated_stock_tc_per_forest_ha")
    names = ("n", *CORE_SUMS, *ratios)
    total = {name: whole[0][name] if whole else (0 if name == "n" else None) for name in names}
    return Answer(
        total=total,
        by={dimension: breakdown(dimension) for dimension in dimensions},
        error=_place_error(selection, measure),
        n_outside_reach=0,
        rule=None,
    )


def _place_error(selection: Selection, measure: Measure) -> Interval | ErrorUnknown:
    return error_of(selection.release_id, selection.within, is_calibrated=measure == "calibrated")


def _error(table: StandTable, chosen: Mask, selection: Selection, measure: Measure) -> Interval | ErrorUnknown:
    """Return the interval of the chosen stands from the sums of error, shared out as the stock is."""
    path = queries.release_path(selection.release_id).parent / "error_sums.parquet"
    if not path.exists():
        return ErrorUnknown("not_computed")
    parts = []
    for pool in table.pools:
        at = np.flatnonzero(chosen & (pool.of_stand >= 0))
        cell, stock_tc = pool.of_stand[at], pool.stock_tc[at]
        parts.append(
            pool.cells.with_columns(
                sum_tc=_added(cell, stock_tc, pool.cells.height),
                sum_tc2=_added(cell, stock_tc**2, pool.cells.height),
            )
        )
    part = pl.concat(parts).filter(pl.col("sum_tc") > 0.0)
    found = interval_of_part(
        _error_sums(path),
        part,
        book=book_of(selection.release_id),
        calibration=factors_of(selection.release_id) if measure == "calibrated" else None,
    )
    return found if found.standard_error_tc > 0 or not found.not_set else ErrorUnknown("nothing_set")


def _added(codes: Codes, numbers: Floats, n: int) -> Floats:
    """Add numbers up by code; of none, NumPy would count in integers."""
    return np.bincount(codes, weights=numbers, minlength=n).astype(np.float64)


@lru_cache(maxsize=4)
def _error_sums(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path)
