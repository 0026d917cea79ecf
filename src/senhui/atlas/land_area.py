"""How much land a row of statistics stands on, for stock per hectare of land (每公顷土地).

A layer of sub-compartments seldom holds all land of a township: fields, roads and houses are mostly left out. So the
land of a place is the area within its outline, where an outline is known, and the layer's own area where none is. Each
answer names its source, and the screens say it. The cases are in ``tests/atlas/test_land_area.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import shapely

from senhui.intake.geometry import polygon_areas_ha
from senhui.inventory import queries

LandSource = Literal["outline", "covered_townships", "layer"]
"""The place's own outline; the outlines of those of its townships that the release covers; the layer itself."""

_N_DIGITS_OF_TOWNSHIP = 9


@dataclass(frozen=True)
class Land:
    """The land of a place: hectares on the ellipsoid, and where they come from."""

    area_ha: float
    source: LandSource


def land_of(code: str, *, covered: Iterable[str], outlines_ha: dict[str, float]) -> Land | None:
    """Return the land of a place, or None where its outlines are not known.

    Parameters
    ----------
    code : city, county or township
    covered : codes of the townships that a release has stands in
    outlines_ha : area within the outline of each unit that has one

    Examples
    --------
    >>> outlines = {"331181": 300.0, "331181100": 100.0, "331181101": 200.0}
    >>> land_of("331181", covered=["331181100", "331181101"], outlines_ha=outlines)
    Land(area_ha=300.0, source='outline')
    >>> land_of("331181", covered=["331181100"], outlines_ha=outlines)
    Land(area_ha=100.0, source='covered_townships')
    >>> land_of("331126", covered=["331126100"], outlines_ha=outlines) is None
    True
    """
    inside = {township for township in covered if township.startswith(code)}
    known = {unit for unit in outlines_ha if len(unit) == _N_DIGITS_OF_TOWNSHIP and unit.startswith(code)}
    if code in outlines_ha and known <= inside:
        return Land(outlines_ha[code], "outline")
    if inside and inside <= known:
        return Land(sum(outlines_ha[township] for township in sorted(inside)), "covered_townships")
    return None


def outlines_ha() -> dict[str, float]:
    """Return the area within the outline of every unit that has one, hectares by code."""
    levels = ("city", "county", "township")
    units = [unit for level in levels for unit in queries.administrative_units(level) if unit.geometry is not None]
    return dict(_measured(tuple(unit.code for unit in units), tuple(shapely.to_wkb(unit.geometry) for unit in units)))


@lru_cache(maxsize=2)
def _measured(codes: tuple[str, ...], outlines: tuple[bytes, ...]) -> tuple[tuple[str, float], ...]:
    areas_ha = polygon_areas_ha(shapely.from_wkb(np.array(outlines, dtype=object)))
    return tuple(zip(codes, areas_ha.tolist(), strict=True))
