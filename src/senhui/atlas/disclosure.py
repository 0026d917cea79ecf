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

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from senhui.atlas.cube import CORE_SUMS, cube, cube_path

FEWEST_SHOWN = 3
"""Sub-compartments in the smallest cell of an attribute table that is shown to the public."""
FACTOR = 2.0
"""At least so many times its lowest possible value is the highest possible value of a small cell."""
ATTRIBUTES = ("land_class", "species_group", "origin", "age_group")
"""What the public may ask for. Not the method: it follows from land class and species, and would tell of both."""
MEASURES = ("n", *CORE_SUMS)
LEAST_ASKED_FOR = ("age_group", "origin", "land_class", "species_group")
"""The order in which whole tables are withheld where nothing less will do."""

FORMAT = 1
"""Raised whenever the rule or the form in which a choice is kept changes: what older ones made is made anew."""

_ROUNDING = 1e-9
_KNOWN = 1e-6

Floats = NDArray[np.float64]
Value = str | int | None
_Cell = tuple[str, int, int | None]
"""A cell by its attribute, value and county; no county is the whole release."""


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


def withheld_of(rows: pl.DataFrame) -> dict[str, Withheld]:
    """Choose what to withhold of each attribute of a release.

    Parameters
    ----------
    rows : DataFrame
        A cube, as `senhui.atlas.cube.cube_of` makes it.
    """
    rows = rows.with_columns(county=pl.col("township").str.head(6))
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

    def shown(self, county: int | None) -> NDArray[np.bool_]:
        """Return of each value whether its cell in a county is printed; no county is the whole release."""
        hidden = self._pooled if county is None else self._rows & self._columns[county]
        return np.asarray(~hidden)

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
    told: set[_Cell] = set()
    while leak := next((cell for cell in algebra.small_cells() if cell not in told and algebra.follows(cell)), None):
        if blocks[leak[0]].grow_until(lambda leak=leak: not algebra.follows(leak)):  # type: ignore[misc]
            continue
        if not any(blocks[other].fill() for other in LEAST_ASKED_FOR if other != leak[0]):
            told.add(leak)


class _Algebra:
    """Says which small cells follow from what is printed, whatever the numbers are.

    A combination of attribute values that occurs anywhere in the release may occur in every county: each is an
    unknown, and a cell is a sum of unknowns of its county. How these sums depend on each other is the same in every
    county, so they are written as vectors of one small space V. With P(c) the span of what is printed of county c,
    and G that of what is printed of the whole release,

    - a cell t of county c follows if a sum g in G gives it: g lies in P of every other county, and t - g in P(c);
      that is, if t lies in P(c) + (G ∩ P of the others);
    - a cell t of the whole release follows if t - g lies in P of every county: t in G + (P of all).

    So t follows unless a direction tells otherwise: one that is orthogonal to what is added to the rest, and a sum of
    directions each orthogonal to one of the others. This never looks at all counties at once: V has some forty
    dimensions, all counties together some hundreds.

    The spaces are reduced by hand. LAPACK's threads wait for each other at so small a size, on a busy machine a hundred
    times longer than they work.
    """

    def __init__(self, rows: pl.DataFrame, blocks: dict[str, _Block]) -> None:
        self._blocks = blocks
        combinations = rows.select(ATTRIBUTES).unique(maintain_order=True)
        incidence = np.vstack(
            [
                np.array([found == value for found in combinations[attribute]])
                for attribute, block in blocks.items()
                for value in block.table.values
            ]
        ).astype(float)
        sizes = [len(block.table.values) for block in blocks.values()]
        self._first = dict(zip(blocks, np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int).tolist(), strict=True))
        # As many combinations as there are dimensions tell all dependences apart.
        _reduced_rows, pivots = _reduced(incidence)
        cells = incidence[:, pivots]
        # A place's own total is printed too: it is the sum of any attribute's column.
        self._cells: Floats = np.vstack([cells, cells[: sizes[0]].sum(axis=0)])
        self._n_counties = len(next(iter(blocks.values())).table.counties)
        self._outside: dict[bytes, Floats] = {}
        self._unseen: dict[tuple[bytes, frozenset[bytes]], Floats] = {}

    def small_cells(self) -> list[_Cell]:
        """Return (attribute, value, county) of each small cell of any table."""
        return [(name, value, county) for name, block in self._blocks.items() for value, county in block.small_cells()]

    def follows(self, cell: _Cell) -> bool:
        """Return whether a cell can be computed from what is printed."""
        attribute, value, county = cell
        printed = {nth: self._printed(nth) for nth in (*range(self._n_counties), None)}
        own = printed.pop(county)
        # Counties of which the same is printed count once; for a cell of the whole release, see above.
        unseen = self._directions(own, frozenset(printed.values()))
        asked = self._cells[self._first[attribute] + value]
        return bool(np.abs((unseen * asked).sum(axis=1)).max(initial=0.0) < _KNOWN)

    def _printed(self, county: int | None) -> bytes:
        """Return which cells of a county, or of the whole release, are printed; the last is the place's total."""
        shown = [block.shown(county) for block in self._blocks.values()]
        return np.concatenate([*shown, [county is not None]]).tobytes()

    def _directions(self, own: bytes, others: frozenset[bytes]) -> Floats:
        """Return the directions in which nothing printed moves although a cell of `own` may."""
        if (own, others) not in self._unseen:
            outside, _pivots = _reduced(np.vstack([self._outside_of(one) for one in others]))
            moves = np.einsum("pv,ov->po", self._cells[np.frombuffer(own, dtype=np.bool_)], outside)
            self._unseen[own, others] = np.einsum("uo,ov->uv", _complement(moves), outside)
        return self._unseen[own, others]

    def _outside_of(self, printed: bytes) -> Floats:
        """Return the directions orthogonal to printed cells; most steps change what is printed of one table only."""
        if printed not in self._outside:
            self._outside[printed] = _complement(self._cells[np.frombuffer(printed, dtype=np.bool_)])
        return self._outside[printed]


def _reduced(rows: Floats) -> tuple[Floats, list[int]]:
    """Return the reduced row echelon form without its empty rows, and the column in which each row begins."""
    left, pivots = rows.copy(), list[int]()
    for column in range(left.shape[1]):
        nth = len(pivots)
        if nth == len(left):
            break
        best = nth + int(np.abs(left[nth:, column]).argmax())
        if abs(left[best, column]) > _KNOWN:
            left[[nth, best]] = left[[best, nth]]
            left[nth] /= left[nth, column]
            taken = left[:, column].copy()
            taken[nth] = 0.0
            left -= taken[:, None] * left[nth]
            pivots.append(column)
    return left[: len(pivots)], pivots


def _complement(rows: Floats) -> Floats:
    """Return a basis of the directions orthogonal to all rows."""
    reduced, pivots = _reduced(rows)
    free = [column for column in range(rows.shape[1]) if column not in pivots]
    basis = np.zeros((len(free), rows.shape[1]))
    basis[:, free] = np.eye(len(free))
    basis[:, pivots] = -reduced[:, free].T
    return basis


@dataclass(frozen=True)
class _Kept:
    """Where the choice for a release is kept: beside its cube, and made anew after it."""

    path: Path

    def read(self, *, after_ns: int) -> dict[str, Withheld] | None:
        """Return what is kept; None where nothing is, or another version of the rule or an older cube made it."""
        try:
            written_ns, kept = self.path.stat().st_mtime_ns, json.loads(self.path.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if written_ns < after_ns or kept.get("format") != FORMAT:
            return None
        return {
            attribute: Withheld(frozenset(one["values"]), frozenset(one["counties"]), frozenset(one["of_city"]))
            for attribute, one in kept["withheld"].items()
        }

    def write(self, withheld: dict[str, Withheld]) -> None:
        """Keep a choice."""
        found = {
            attribute: {name: sorted(values, key=repr) for name, values in vars(one).items()}
            for attribute, one in withheld.items()
        }
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        partial.write_text(json.dumps({"format": FORMAT, "withheld": found}, ensure_ascii=False), "utf-8")
        partial.replace(self.path)


def build_withheld(release_id: str) -> dict[str, Withheld]:
    """Choose what to withhold of a release and keep it beside the cube; the job that makes the cube does it.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    found = withheld_of(cube(release_id))
    _Kept(cube_path(release_id).with_name("withheld.json")).write(found)
    return found


def withheld(release_id: str) -> dict[str, Withheld]:
    """Return what is withheld of a release; chosen now if no job has done it for its cube and this rule yet.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    cube(release_id)
    path = cube_path(release_id)
    return _withheld_of(release_id, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _withheld_of(release_id: str, path: Path, written_ns: int) -> dict[str, Withheld]:
    return _Kept(path.with_name("withheld.json")).read(after_ns=written_ns) or build_withheld(release_id)
