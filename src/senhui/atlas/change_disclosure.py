"""In which lines the public reads a comparison, so that nothing of fewer than `FEWEST_SHOWN` stands can be worked out.

The stocks of every place are public by rule, as in `senhui.atlas.disclosure`, and so is their difference. What may tell
of few stands is how the difference falls apart: into removal and all that is none, and these into lines.

1. A place tells its removal where neither the removal nor the other differences are of few stands.
2. The counties of the city, and the townships of a county, stand side by side with their sum. What is missing in a row
   is the sum less what is shown; so the places that do not tell their removal are read together, in one column, and the
   smallest of their neighbours with them until they are two or more and what they make together is not of few stands.
3. Where the sum tells no removal, none of its parts does.
4. Of the counties and the city, a line that is of few stands in any column is read with its neighbours in all of them.
   Kinds of events become one line, that and the other lines of removal the removal, and all other differences one
   line. Of the townships, removal and other differences are read alone.

A sum hides a small line only where a line of enough stands is in it: stands of two lines may be the same, so their
numbers are not added, and a line in which nothing is printed hides nothing. All this holds for what is measured, what
is calibrated, and areas alike. Cases: tests/atlas/test_change_disclosure.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from senhui.atlas.disclosure import FEWEST_SHOWN
from senhui.measurement.change import APPARENT_LINES, EVENT_KINDS, LINES, MOVEMENTS, OF_THE_LAND, REMOVAL_LINES

EVENTS_TOGETHER: Final = "events"
REMOVAL_TOGETHER: Final = "removal"
APPARENT_TOGETHER: Final = "apparent"
DIFFERENCE: Final = "difference"
"""The stock after less the stock before: all movements together."""

OTHERS: Final = "others"
"""Stands for the code of the places that are read in one column."""

NOTHING: Final = 1e-6
"""Below this a line shows nothing, [tC] or [ha]: sums of floats leave some 1e-9 where nothing happened."""

_PRINTED: Final = ("measured_tc", "calibrated_tc", "area_ha")
_N_DIGITS_OF_COUNTY: Final = 6
_N_DIGITS_OF_TOWNSHIP: Final = 9
_A_FEW: Final = 0.001
_TRANSFER: Final = "transfer"
_AT_MOVEMENT: Final = {line: nth for nth, line in enumerate(MOVEMENTS)}

_EACH: Final[dict[str, str]] = {line: line for line in LINES}
_REMOVAL_AND_OTHER: Final[Mapping[str, str]] = (
    _EACH | dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER) | dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
)
_DIFFERENCE_ALONE: Final[Mapping[str, str]] = _EACH | dict.fromkeys(MOVEMENTS, DIFFERENCE)


@dataclass(frozen=True)
class PublicLines:
    """What the public reads of a comparison.

    Attributes
    ----------
    of_counties : line → the line that it is read in, of the city, of its counties and of those read together
    together : code of the city (empty) or a county → codes of its parts that are read in one column; of a place that
        is not among the keys no part tells its removal, and neither does it
    """

    of_counties: Mapping[str, str]
    together: Mapping[str, frozenset[str]]

    def tells_removal(self, place: str) -> bool:
        """Return whether the public reads the removal of a place; an empty code is the whole city."""
        if not place:
            return "" in self.together
        beside = _beside(place)
        return beside in self.together and place not in self.together[beside]

    def read_as(self, place: str) -> Mapping[str, str]:
        """Return the line in which the public finds each line of a place; an empty code is the whole city."""
        if not self.tells_removal(place):
            return _DIFFERENCE_ALONE
        return self.of_counties if len(place) <= _N_DIGITS_OF_COUNTY else _REMOVAL_AND_OTHER

    def read_side_by_side(self, within: str) -> tuple[Mapping[str, str], frozenset[str]]:
        """Return the lines of the table of a place's parts, and which parts are read in one column.

        An empty code is the city with its counties; a county has its townships, a township itself alone.
        """
        if not self.tells_removal(within):
            return _DIFFERENCE_ALONE, frozenset()
        if not within:
            return self.of_counties, self.together[""]
        return _REMOVAL_AND_OTHER, self.together.get(within, frozenset())


def public_lines(movements: pl.DataFrame) -> PublicLines:
    """Choose what the public reads of a comparison.

    Parameters
    ----------
    movements : DataFrame
        township, line, n (stands), area_ha, measured_tc, calibrated_tc (`senhui.measurement.change.closing_table`).
    """
    counted = _Counted(movements)
    if not counted.tells_removal(counted.townships):
        return PublicLines(_DIFFERENCE_ALONE, {})
    of_county: dict[str, list[str]] = {}
    for township in counted.townships:
        of_county.setdefault(_beside(township), []).append(township)
    hidden = counted.read_together(of_county)
    columns = [inside for county, inside in of_county.items() if county not in hidden]
    columns += [[township for county in hidden for township in of_county[county]]] if hidden else []
    together = {"": hidden}
    for county, inside in of_county.items():
        if county not in hidden:
            together[county] = counted.read_together({township: [township] for township in inside})
    return PublicLines(counted.lines(columns), together)


def _beside(place: str) -> str:
    """Return the place among whose parts a county or township is read."""
    return place[:_N_DIGITS_OF_COUNTY] if len(place) == _N_DIGITS_OF_TOWNSHIP else ""


class _Counted:
    """How many stands lie behind what each line prints: apart for stocks on both bases and areas."""

    def __init__(self, movements: pl.DataFrame) -> None:
        self.townships = sorted(movements["township"].unique())
        self._at = {township: nth for nth, township in enumerate(self.townships)}
        shape = (len(self.townships), len(MOVEMENTS), len(_PRINTED))
        n, printed = np.zeros(shape), np.zeros(shape)
        for township, line, n_stands, *values in movements.select("township", "line", "n", *_PRINTED).iter_rows():
            if line in _AT_MOVEMENT:
                at = self._at[township], _AT_MOVEMENT[line]
                printed[at] = [value or 0.0 for value in values]
                # Where a line prints something of no stand that was counted, some few are behind it.
                n[at] = n_stands if n_stands > 0.0 else _A_FEW
        self._printed: NDArray[np.float64] = printed
        self._n: NDArray[np.float64] = np.where(np.abs(printed) > NOTHING, n, 0.0)
        self._n_stands = self._n.max(axis=(1, 2), initial=0.0)

    def tells_removal(self, inside: Sequence[str]) -> bool:
        """Return whether removal and other differences of townships together may stand apart."""
        return not (self._are_few(inside, REMOVAL_LINES) or self._are_few(inside, APPARENT_LINES))

    def read_together(self, parts: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return the parts of a place that tell their removal in one column only; code → townships of each part."""
        chosen = {code for code, inside in parts.items() if not self.tells_removal(inside)}
        if not chosen:
            return frozenset()
        left = sorted(parts.keys() - chosen, key=lambda code: (self._size(parts[code]), code))

        def is_enough(codes: Iterable[str]) -> bool:
            codes = list(codes)
            return len(codes) > 1 and self.tells_removal([township for code in codes for township in parts[code]])

        # All parts together are the place itself, which tells its removal.
        while not is_enough(chosen):
            one = next((code for code in left if is_enough({*chosen, code})), left[0])
            chosen.add(one)
            left.remove(one)
        return frozenset(chosen)

    def lines(self, columns: Sequence[Sequence[str]]) -> Mapping[str, str]:
        """Return the line in which each line is read, the same in all columns; each is of some townships."""

        def are_few(together: Sequence[str]) -> bool:
            return any(self._are_few(inside, together) for inside in columns)

        lines = dict(_EACH)
        if any(are_few((kind,)) for kind in EVENT_KINDS):
            lines |= dict.fromkeys(EVENT_KINDS, EVENTS_TOGETHER)
        few_events = lines[EVENT_KINDS[0]] == EVENTS_TOGETHER and are_few(EVENT_KINDS)
        if few_events or any(are_few((line,)) for line in OF_THE_LAND):
            lines |= dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER)
        if any(are_few((line,)) for line in APPARENT_LINES):
            lines |= dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
        return lines

    def _are_few(self, inside: Sequence[str], together: Sequence[str]) -> bool:
        """Return whether lines read together tell of few stands: a small one, and none that hides it."""
        rows = [self._at[township] for township in inside]
        cells = np.ix_(rows, [_AT_MOVEMENT[line] for line in together])
        # What one township lost to another cancels out where both are read together, and then hides nothing.
        is_printed = np.abs(self._printed[cells].sum(axis=0)) > NOTHING
        sizes = np.where(is_printed, self._n[cells].sum(axis=0), 0.0)
        if len(rows) > 1 and _TRANSFER in together:
            # Of what is left of it nobody knows how many stands it is.
            sizes[together.index(_TRANSFER)] = np.minimum(sizes[together.index(_TRANSFER)], _A_FEW)
        return any(
            any(of_lines) and not any(math.ceil(n - 1e-9) >= FEWEST_SHOWN for n in of_lines)
            # Parts of stands count upwards.
            for of_lines in sizes.T.tolist()
        )

    def _size(self, inside: Sequence[str]) -> float:
        return float(self._n_stands[[self._at[township] for township in inside]].sum())
