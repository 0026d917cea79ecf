"""Quantities in the reader's habit (读者的单位): 万亩 and 万吨 on Chinese pages, ha and t on English ones.

This is a door: inside Senhui everything is tC, ha and m³. Each shown number keeps its SI value for the tooltip.
Conversions are `senhui.quantities`; here are only units and digits. Cases: tests/web/test_units.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from senhui.quantities import mu_from_ha, percent_from_frac, wan_m3_from_m3, wan_mu_from_ha, wan_tc_from_tc


@dataclass(frozen=True)
class Habit:
    """How one quantity is written in one language: unit, digits after the point, and the conversion to the unit."""

    unit: str
    n_digits: int
    convert: Callable[[float], float] = float


@dataclass(frozen=True)
class Shown:
    """A number as the reader sees it; `exact` is the SI value with its unit, for the tooltip."""

    text: str
    unit: str
    exact: str

    def __str__(self) -> str:
        return f"{self.text} {self.unit}".strip()


_ENGLISH: dict[str, Habit] = {
    "stock_tc": Habit("t C", 0),
    "area_ha": Habit("ha", 0),
    "volume_m3": Habit("m³", 0),
    "density_tc_ha": Habit("t C/ha", 2),
    "volume_m3_ha": Habit("m³/ha", 1),
    "stand_stock_tc": Habit("t C", 2),
    "stand_area_ha": Habit("ha", 2),
    "stand_volume_m3": Habit("m³", 1),
    "share_frac": Habit("%", 1, percent_from_frac),
    "rate_per_yr": Habit("%", 2, percent_from_frac),
    "emission_tco2e": Habit("t CO₂e", 2),
    "gas_t": Habit("t", 3),
    "factor": Habit("", 4),
    "count": Habit("", 0),
}

_CHINESE: dict[str, Habit] = _ENGLISH | {
    "stock_tc": Habit("万吨碳", 2, wan_tc_from_tc),
    "area_ha": Habit("万亩", 2, wan_mu_from_ha),
    "volume_m3": Habit("万m³", 2, wan_m3_from_m3),
    "density_tc_ha": Habit("吨碳/公顷", 2),
    "volume_m3_ha": Habit("m³/公顷", 1),
    "stand_stock_tc": Habit("吨碳", 2),
    "stand_area_ha": Habit("亩", 1, mu_from_ha),
    "emission_tco2e": Habit("吨CO₂e", 2),
    "gas_t": Habit("吨", 3),
}

QUANTITY_OF_COLUMN: dict[str, str] = {
    "n": "count",
    "area_ha": "area_ha",
    "area_without_estimate_ha": "area_ha",
    "volume_m3": "volume_m3",
    "stock_tc": "stock_tc",
    "calibrated_stock_tc": "stock_tc",
    "forest_area_ha": "area_ha",
    "land_area_ha": "area_ha",
    "stock_tc_per_forest_ha": "density_tc_ha",
    "calibrated_stock_tc_per_forest_ha": "density_tc_ha",
    "stock_tc_per_land_ha": "density_tc_ha",
    "calibrated_stock_tc_per_land_ha": "density_tc_ha",
}
"""Which quantity each column of `atlas.statistics` is."""

NO_VALUE = "–"


def habit(quantity: str) -> Habit:
    """Return how the active language writes `quantity`."""
    return (_CHINESE if (get_language() or "").startswith("zh") else _ENGLISH)[quantity]


def shown(value: float | int | None, quantity: str) -> Shown:
    """Return `value` (SI) as the active language writes `quantity`; of no value, a dash and not a zero.

    A value too small for the unit's digits gets as many digits as show three figures, so that a small stock is
    never printed as 0.00.
    """
    form = habit(quantity)
    if value is None or not math.isfinite(value):
        return Shown(NO_VALUE, "", "")
    si = _ENGLISH[quantity]
    exact = f"{_grouped(float(value), max(si.n_digits, 2) if si.unit else si.n_digits)} {si.unit}".strip()
    return Shown(_grouped(form.convert(float(value)), form.n_digits), form.unit, exact)


def _grouped(number: float, n_digits: int) -> str:
    if number != 0 and abs(number) < 0.5 * 10**-n_digits:
        return f"{Decimal(f'{number:.3g}'):f}"
    return f"{number:,.{n_digits}f}"
