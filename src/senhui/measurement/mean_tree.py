"""Stands of which trees or culms are counted and the mean one is measured, but no volume (平均木法).

The mean tree is worked out with the equations of `tree_biomass.py` and `bamboo.py` and stands for all others: the mass
of a tree of mean diameter, not the mean of the masses, which is somewhat larger where trees differ much in size. Which
equation serves which species is said in `parameters/method_rules.yaml`; `stand_table.py` does better where diameter
classes were counted. Cases: `tests/measurement/cases/mean_tree.yaml`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from senhui.measurement.bamboo import KG_PER_T, moso_culm_kg
from senhui.measurement.tree_biomass import (
    component_by_d2h_kg,
    component_by_diameter_and_height_kg,
    component_by_diameter_kg,
)

Floats = npt.NDArray[np.float64]
Formula = Callable[[Floats, Floats, Mapping[str, float]], tuple[Floats, Floats]]
"""From diameter [cm] and height [m] of the mean tree to its carbon above and below ground [kgC]."""
POOLS = ("mean_above_tc_ha", "mean_below_tc_ha")
SURVEYED = ("dbh_cm", "height_m", "stems_ha")


@dataclass(frozen=True)
class MeanTree:
    """A formula with its numbers: one derivation of the book."""

    formula: Formula
    numbers: Mapping[str, float]

    def carbon_tc_ha(self, dbh_cm: Floats, height_m: Floats, stems_ha: Floats) -> tuple[Floats, Floats]:
        """Multiply the mean tree by the trees on a hectare; returns above and below ground [tC/ha]."""
        above_kg, below_kg = self.formula(dbh_cm, height_m, self.numbers)
        return stems_ha * above_kg / KG_PER_T, stems_ha * below_kg / KG_PER_T


def by_diameter_and_height(dbh_cm: Floats, height_m: Floats, numbers: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Work out a Chinese fir (杉木) above and below ground, each with its own carbon fraction (LY/T 2264-2014)."""
    above_kg, below_kg = (
        component_by_diameter_and_height_kg(
            dbh_cm, height_m, a=numbers[f"{part}_a"], b=numbers[f"{part}_b"], c=numbers[f"{part}_c"]
        )
        for part in ("above", "below")
    )
    return above_kg * numbers["above_carbon_frac"], below_kg * numbers["below_carbon_frac"]


def by_d2h(dbh_cm: Floats, height_m: Floats, numbers: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Work out a tree above ground from D²H, and its root by the ratio of the species."""
    above_kg = component_by_d2h_kg(dbh_cm, height_m, a=numbers["above_a"], b=numbers["above_b"])
    above_kgc = above_kg * numbers["carbon_frac"]
    return above_kgc, above_kgc * numbers["root_ratio"]


def by_diameter(dbh_cm: Floats, _height_m: Floats, numbers: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Work out a tree from its diameter alone: stem, branches and leaves above ground, root below."""
    stem_kg, branch_kg, leaf_kg, root_kg = (
        component_by_diameter_kg(dbh_cm, a=numbers[f"{part}_a"], b=numbers[f"{part}_b"])
        for part in ("stem", "branch", "leaf", "root")
    )
    return (stem_kg + branch_kg + leaf_kg) * numbers["carbon_frac"], root_kg * numbers["carbon_frac"]


def by_culm_diameter_and_age(dbh_cm: Floats, _height_m: Floats, numbers: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Work out a moso culm (毛竹) of the declared age, and its share of the root by the ratio of moso."""
    coefficients = {name: numbers[name] for name in "abcdef"}
    above_kgc = moso_culm_kg(dbh_cm, age_du=numbers["age_du"], **coefficients) * numbers["carbon_frac"]
    return above_kgc, above_kgc * numbers["root_ratio"]


FORMULAS: dict[str, Formula] = {
    "mean_tree_fir": by_diameter_and_height,
    "mean_tree_small_fir": by_diameter_and_height,
    "mean_tree_d2h": by_d2h,
    "mean_tree_diameter": by_diameter,
    "culms_by_diameter": by_culm_diameter_and_age,
}
"""The named formula of each method of the rule file that goes by the mean tree."""


def mean_tree_tc_ha(mean_trees: Mapping[int, MeanTree]) -> pl.Expr:
    """Return the carbon of stands that go by the mean tree as a struct of `POOLS`, null for all others.

    Only the rows concerned are worked on, a block of the stream at a time; no row waits for another.
    """

    def of_block(block: pl.Series) -> pl.Series:
        columns = block.struct.unnest()
        derivation_id = columns["derivation_id"].to_numpy()
        found = {pool: np.full(len(block), np.nan) for pool in POOLS}
        for number in np.intersect1d(derivation_id, concerned):
            rows = np.flatnonzero(derivation_id == number)
            surveyed = (columns[name].gather(rows).to_numpy() for name in SURVEYED)
            for pool, carbon in zip(POOLS, mean_trees[int(number)].carbon_tc_ha(*surveyed), strict=True):
                found[pool][rows] = carbon
        return pl.DataFrame(found).select(pl.all().fill_nan(None)).to_struct(block.name)

    concerned = np.array(sorted(mean_trees), dtype=np.int32)
    return pl.struct("derivation_id", *SURVEYED).map_batches(
        of_block, return_dtype=pl.Struct(dict.fromkeys(POOLS, pl.Float64)), is_elementwise=True
    )
