"""Which cells of an attribute table the public does not read, so that no small cell can be worked out from the others.

The public reads, of each attribute (species group, origin …), one row per value of the city and of each county, and
the totals of places. A cell of fewer than `FEWEST_SHOWN` sub-compartments is withheld. That alone hides nothing: what
is missing in a column is its printed total less the cells that are shown. So more is withheld, until

1. within a table: a *block* is withheld whole, some values times some counties, also where a cell is empty. Of its
   cells only the sums along both edges can be known, and these bound a cell from both sides (Fréchet's bounds,
   exact for a table of non-negative numbers). The block grows until the upper bound of every small cell is at least
   `FACTOR` times its lower one, for each measure that is printed. City totals of rare values are withheld in
   a group, of which only the sum can be known.
2. across tables: land class, species group and method repeat each other, so a cell withheld in one table may be a
   difference of cells printed in two. No small cell may be a linear combination of everything that is printed;
   the blocks grow until none is.

Totals of places are public by rule, also where a place holds a single stand, and with them the pools of a place. The
cases, one of them over random tables, are in ``tests/atlas/test_disclosure.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl
from numpy.typing import NDArray

from senhui.atlas.cube import CORE_SUMS

FEWEST_SHOWN = 3
"""Sub-compartments in the smallest cell of an attribute table that is shown to the public."""
FACTOR = 2.0
"""At least so many times its lowest possible value is the highest possible value of a small cell."""
ATTRIBUTES = ("land_class", "species_group", "origin", "age_group")
"""What the public may ask for. Not the method: it follows from land class and species, and would tell of both."""
MEASURES = ("n", *CORE_SUMS)
LEAST_ASKED_FOR = ("age_group", "origin", "land_class", "species_group")
"""The order in which whole tables are withheld where nothing less will do."""

_ROUNDING = 1e-9
_KNOWN = 1e-6

Floats = NDArray[np.float64]
Value = str | int | None


@dataclass(frozen=True)
class Withheld:
    """What is withheld of one attribute.

    Attributes
    ----------
    values, counties
        Every combination of these is withheld in the tables by county.
    of_city
        Values whose row of the whole release is withheld as well.
    """

    values: frozenset[Value]
    counties: frozenset[str]
    of_city: frozenset[Value]

    def covers(self, value: Value, county: str | None) -> bool:
        """Return whether a cell is withheld; no county is the whole release."""
        return value in self.of_city if county is None else value in self.values and county in self.counties


NOTHING = Withheld(frozenset(), frozenset(), frozenset())


def withheld_of(cube: pl.DataFrame) -> dict[str, Withheld]:
    """Choose what to withhold of each attribute of a release.

    Parameters
    ----------
    cube : DataFrame
        As `senhui.atlas.cube.cube_of` makes it.
    """
    rows = cube.with_columns(county=pl.col("township").str.head(6))
    blocks = {attribute: _Block(_table(rows, attribute)) for attribute in ATTRIBUTES}
    for block in blocks.values():
        block.grow_until(block.is_wide)
    _grow_until_nothing_follows(rows, blocks)
    return {attribute: block.withheld() for attribute, block in blocks.items()}


@dataclass(frozen=True)
class _Table:
    """An attribute's table: ``sums[measure, value, county]``."""

    values: tuple[Value, ...]
    counties: tuple[str, ...]
    sums: Floats


def _table(rows: pl.DataFrame, attribute: str) -> _Table:
    grouped = rows.group_by(attribute, "county").agg(pl.col("n", *CORE_SUMS).sum())
    values = tuple(rows[attribute].unique(maintain_order=True).sort(nulls_last=True))
    counties = tuple(rows["county"].unique().sort())
    sums = np.zeros((len(MEASURES), len(values), len(counties)))
    at_value = {value: nth for nth, value in enumerate(values)}
    at_county = {county: nth for nth, county in enumerate(counties)}
    for value, county, *measures in grouped.select(attribute, "county", *MEASURES).iter_rows():
        sums[:, at_value[value], at_county[county]] = measures
    return _Table(values, counties, np.nan_to_num(sums))


class _Block:
    """The withheld block of one table while it grows."""

    def __init__(self, table: _Table) -> None:
        self.table = table
        n = table.sums[0]
        self._small = (n > 0) & (n < FEWEST_SHOWN)
        of_city = n.sum(axis=1)
        self._is_small_of_city = (of_city > 0) & (of_city < FEWEST_SHOWN)
        self._rows = self._small.any(axis=1)
        self._columns = self._small.any(axis=0)
        self._pooled = self._is_small_of_city.copy()

    def withheld(self) -> Withheld:
        """Return the block as values."""

        def named(names: Sequence[Value], chosen: NDArray[np.bool_]) -> frozenset[Value]:
            return frozenset(name for name, is_in in zip(names, chosen, strict=True) if is_in)

        counties = frozenset(name for name, is_in in zip(self.table.counties, self._columns, strict=True) if is_in)
        return Withheld(named(self.table.values, self._rows), counties, named(self.table.values, self._pooled))

    def small_cells(self) -> Iterator[tuple[int, int | None]]:
        """Yield (value, county) of each cell that must not be known; no county is the whole release."""
        yield from ((int(a), int(c)) for a, c in np.argwhere(self._small))
        yield from ((int(a), None) for a in np.flatnonzero(self._is_small_of_city))

    def shown(self, value: int, county: int | None) -> bool:
        """Return whether a cell is printed."""
        return not (self._pooled[value] if county is None else self._rows[value] and self._columns[county])

    def is_wide(self) -> bool:
        """Return whether the bounds of every small cell lie `FACTOR` apart, for each measure."""
        if not self._small.any():
            return True
        if self._pooled.sum() == 1:
            return False
        lower, upper = self._bounds()
        cells = self.table.sums
        told = self._small & (cells > _ROUNDING) & (upper < FACTOR * lower - _ROUNDING)
        return not told.any()

    def _bounds(self) -> tuple[Floats, Floats]:
        """Return how small and how large each cell may be by the sums along the edges of the block."""
        block = self.table.sums * (self._rows[:, None] & self._columns)
        of_row, of_column = block.sum(axis=2, keepdims=True), block.sum(axis=1, keepdims=True)
        whole = block.sum(axis=(1, 2), keepdims=True)
        of_pool = of_row[:, self._pooled].sum(axis=1, keepdims=True)
        is_pooled = self._pooled[None, :, None]
        of_row = np.where(is_pooled, of_pool, of_row)
        # Values whose city rows are withheld can stand in for each other, so none of them is known to be there.
        lower = np.where(is_pooled, 0.0, np.maximum(of_row + of_column - whole, 0.0))
        return lower, np.minimum(of_row, of_column)

    def fill(self) -> bool:
        """Withhold the whole table; return whether any of it was printed before."""
        was_printed = not (self._rows.all() and self._columns.all() and self._pooled.all())
        self._rows[:] = self._columns[:] = self._pooled[:] = True
        return was_printed

    def grow_until(self, is_enough: Callable[[], bool]) -> bool:
        """Withhold more, the smallest first, until it is enough; return whether it is."""
        while not is_enough():
            if not self._grow_once(is_enough):
                return False
        return True

    def _grow_once(self, is_enough: Callable[[], bool]) -> bool:
        """Try each single step from the smallest; take the one that is enough, else the smallest."""
        steps = sorted(self._steps(), key=lambda step: step[0])
        if not steps:
            return False
        for _size, chosen, nth in steps:
            chosen[nth] = True
            if is_enough():
                return True
            chosen[nth] = False
        _size, chosen, nth = steps[0]
        chosen[nth] = True
        return True

    def _steps(self) -> Iterator[tuple[float, NDArray[np.bool_], int]]:
        """Yield what could be withheld next: stands newly withheld, and which switch of which list to throw."""
        n = self.table.sums[0]
        for a in np.flatnonzero(self._rows & ~self._pooled):
            yield float(n[a].sum()), self._pooled, int(a)
        if self._pooled.sum() == 1 and (self._rows & ~self._pooled).any():
            return  # one city row alone is the difference of the city's total and the others: first give it company
        for a in np.flatnonzero(~self._rows):
            yield float(n[a][self._columns].sum()), self._rows, int(a)
        for c in np.flatnonzero(~self._columns):
            yield float(n[self._rows, c].sum()), self._columns, int(c)


def _grow_until_nothing_follows(rows: pl.DataFrame, blocks: dict[str, _Block]) -> None:
    """Let blocks grow until no small cell is a linear combination of all that is printed.

    The leaking table's own block grows first. Where that is not enough, another table is withheld whole, and another.
    What follows even then follows from the total of a place, and that is public.
    """
    algebra = _Algebra(rows, blocks)
    told: set[tuple[str, int, int | None]] = set()
    while leaks := [leak for leak in algebra.known() if leak not in told]:
        leak = leaks[0]
        if blocks[leak[0]].grow_until(lambda leak=leak: leak not in algebra.known()):  # type: ignore[misc]
            continue
        if not any(blocks[other].fill() for other in LEAST_ASKED_FOR if other != leak[0]):
            told.add(leak)


class _Algebra:
    """Says which small cells follow from what is printed, whatever the numbers are.

    A combination of attribute values that occurs anywhere in the release may occur in every county: each is an
    unknown. A printed cell is a sum of unknowns. How sums depend on each other is kept when the unknowns of a county
    are replaced by a basis of the space that its sums span, which makes the matrix a thousand times smaller.
    """

    def __init__(self, rows: pl.DataFrame, blocks: dict[str, _Block]) -> None:
        self._blocks = blocks
        combinations = rows.select(ATTRIBUTES).unique()
        incidence = np.vstack(
            [
                np.array([[found == value for found in combinations[attribute]] for value in block.table.values])
                for attribute, block in blocks.items()
            ]
        ).astype(float)
        sizes = [len(block.table.values) for block in blocks.values()]
        self._first = dict(zip(blocks, np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int).tolist(), strict=True))
        scale, turn = np.linalg.eigh(incidence @ incidence.T)
        kept = scale > _KNOWN
        self._basis: Floats = turn[:, kept] * np.sqrt(scale[kept])
        self._n_counties = len(next(iter(blocks.values())).table.counties)

    def known(self) -> list[tuple[str, int, int | None]]:
        """Return (attribute, value, county) of each small cell that can be computed."""
        small = [
            (attribute, value, county)
            for attribute, block in self._blocks.items()
            for value, county in block.small_cells()
        ]
        if not small:
            return []
        printed = [self._sum(attribute, value, county) for attribute, value, county in self._printed()]
        # A place's own total is printed too: it is the sum of any attribute's column.
        first = next(iter(self._blocks.values()))
        n_values = len(first.table.values)
        for county in range(self._n_counties):
            printed.append(sum(self._sum(next(iter(self._blocks)), a, county) for a in range(n_values)))  # type: ignore[arg-type]
        matrix = np.array(printed)
        scale, turn = np.linalg.eigh(matrix.T @ matrix)
        unseen = turn[:, scale < _KNOWN * max(scale[-1], 1.0)]
        hidden = np.array([self._sum(*cell) for cell in small]) @ unseen
        return [cell for cell, part in zip(small, hidden, strict=True) if np.abs(part).max(initial=0.0) < _KNOWN]

    def _printed(self) -> Iterator[tuple[str, int, int | None]]:
        for attribute, block in self._blocks.items():
            for value in range(len(block.table.values)):
                for county in chain(range(self._n_counties), [None]):
                    if block.shown(value, county):
                        yield attribute, value, county

    def _sum(self, attribute: str, value: int, county: int | None) -> Floats:
        own = self._basis[self._first[attribute] + value]
        if county is None:
            return np.tile(own, self._n_counties)
        found = np.zeros((self._n_counties, len(own)))
        found[county] = own
        return found.ravel()
