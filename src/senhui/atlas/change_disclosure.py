"""In which lines the public reads a comparison, so that no line of fewer than `FEWEST_SHOWN` stands can be worked out.

What is read together is chosen once for all places that stand side by side; so no difference of printed lines or
places gives a small line back.

1. Of counties and the city: a line that is small in any county is added to its neighbours in all of them. Kinds of
   events become one line, that and the other lines of removal the removal, and all other differences one line too.
2. Of the townships of a county: removal and other differences, each in one line.
3. A sum hides a small line only where a line of enough stands is in it: stands of two lines may be the same, so their
   numbers are not added, and a line in which nothing is printed hides nothing. Where a removal or the other differences
   are small even so, in any place of a table, the whole table tells the difference of both stocks alone, and so do the
   tables of smaller places. That difference follows from the stocks, which are totals of places and public by rule, as
   in `senhui.atlas.disclosure`.

All this holds for what is measured, what is calibrated, and areas alike. Cases: tests/atlas/test_change_disclosure.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import polars as pl

from senhui.atlas.disclosure import FEWEST_SHOWN
from senhui.measurement.change import APPARENT_LINES, EVENT_KINDS, LINES, MOVEMENTS, OF_THE_LAND, REMOVAL_LINES

EVENTS_TOGETHER: Final = "events"
REMOVAL_TOGETHER: Final = "removal"
APPARENT_TOGETHER: Final = "apparent"
DIFFERENCE: Final = "difference"
"""The stock after less the stock before: all movements together."""

NOTHING: Final = 1e-6
"""Below this a line shows nothing, [tC] or [ha]: sums of floats leave some 1e-9 where nothing happened."""

_PRINTED: Final = ("measured_tc", "calibrated_tc", "area_ha")
_N_DIGITS_OF_COUNTY: Final = 6
_N_DIGITS_OF_TOWNSHIP: Final = 9
_A_FEW: Final = 0.001


def lines_of_counties(movements: pl.DataFrame) -> dict[str, str]:
    """Choose the lines in which the public reads the counties side by side.

    Parameters
    ----------
    movements : DataFrame
        township, line, n (stands), area_ha, measured_tc, calibrated_tc (`senhui.measurement.change.closing_table`).

    Returns
    -------
    line → the line that it is shown in.
    """
    counted = _Counted(movements, _N_DIGITS_OF_COUNTY)
    lines = {line: line for line in LINES}
    if any(counted.are_few((kind,)) for kind in EVENT_KINDS):
        lines |= dict.fromkeys(EVENT_KINDS, EVENTS_TOGETHER)
    few_events = lines[EVENT_KINDS[0]] == EVENTS_TOGETHER and counted.are_few(EVENT_KINDS)
    if few_events or any(counted.are_few((line,)) for line in OF_THE_LAND):
        lines |= dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER)
    if any(counted.are_few((line,)) for line in APPARENT_LINES):
        lines |= dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
    return lines if counted.tell_removal() else lines | dict.fromkeys(MOVEMENTS, DIFFERENCE)


def lines_of_townships(movements: pl.DataFrame, county: str) -> dict[str, str]:
    """Choose the lines in which the public reads the townships of a county; see `lines_of_counties`."""
    lines = {line: line for line in LINES}
    here = _Counted(movements.filter(pl.col("township").str.starts_with(county)), _N_DIGITS_OF_TOWNSHIP)
    if _Counted(movements, _N_DIGITS_OF_COUNTY).tell_removal() and here.tell_removal():
        return lines | dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER) | dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
    return lines | dict.fromkeys(MOVEMENTS, DIFFERENCE)


def tells_removal(movements: pl.DataFrame, within: str) -> bool:
    """Return whether the public reads the removal of a place; an empty code is the whole city."""
    if not within:
        return _Counted(movements, 0).tell_removal()
    if len(within) == _N_DIGITS_OF_COUNTY:
        return lines_of_counties(movements)[REMOVAL_LINES[0]] != DIFFERENCE
    return lines_of_townships(movements, within[:_N_DIGITS_OF_COUNTY])[REMOVAL_LINES[0]] != DIFFERENCE


class _Counted:
    """How many stands lie behind what each line prints, place by place: apart for stocks on both bases and areas."""

    def __init__(self, movements: pl.DataFrame, n_digits: int) -> None:
        # Where a line prints something of no stand that was counted, some few are behind it.
        n = pl.when(pl.col("n") > 0.0).then("n").otherwise(_A_FEW)
        behind = [pl.when(pl.col(name).abs() > NOTHING).then(n).otherwise(0.0).sum().alias(name) for name in _PRINTED]
        place = pl.col("township").str.head(n_digits).alias("place")
        found = movements.group_by(place, "line").agg(behind)
        self._places = found["place"].unique().to_list()
        self._n = {
            (name, line, place): n for name in _PRINTED for line, place, n in found.select("line", "place", name).rows()
        }

    def tell_removal(self) -> bool:
        """Return whether removal and other differences may stand apart in every place."""
        return not (self.are_few(REMOVAL_LINES) or self.are_few(APPARENT_LINES))

    def are_few(self, together: Sequence[str]) -> bool:
        """Return whether lines read together tell of few stands in any place: a small one, and none that hides it."""
        for place in self._places:
            for name in _PRINTED:
                sizes = [self._n.get((name, line, place), 0.0) for line in together]
                # Parts of stands count upwards.
                enough = [math.ceil(n - 1e-9) >= FEWEST_SHOWN for n in sizes]
                if any(sizes) and not any(enough):
                    return True
        return False
