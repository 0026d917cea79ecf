"""Stands of which trees or culms are counted and the mean one is measured, but no volume (平均木法).

The mean tree is worked out with the equations of `tree_biomass.py` and `bamboo.py` and stands for all others: the mass
of a tree of mean diameter, not the mean of the masses, which is somewhat larger where trees differ much in size. Which
equation serves which species is said in `parameters/method_rules.yaml`; `stand_table.py` does better where diameter
classes were counted. Cases: `tests/measurement/cases/mean_tree.yaml`.

Every one of these equations is a sum of powers a D^b H^c. The book folds each method's numbers into one such sum, so
that the table joined to millions of stands, nearly all of which have a volume, grows by few columns.
"""

from collections.abc import Callable, Mapping

import polars as pl

from senhui.measurement.bamboo import KG_PER_T
from senhui.measurement.tree_biomass import component_by_diameter_and_height_kg, component_by_diameter_kg

TERMS = (
    *("above_a", "above_b", "above_c"),
    *("branch_a", "branch_b", "leaf_a", "leaf_b"),
    *("below_a", "below_b", "below_c"),
)
"""Coefficients of the carbon of the mean tree [kgC]: above ground the sum of the first three powers, below the last."""
Fold = Callable[[Mapping[str, float]], dict[str, float]]
NO_TERM = {"branch_a": 0.0, "branch_b": 0.0, "leaf_a": 0.0, "leaf_b": 0.0}


def fold_diameter_and_height(numbers: Mapping[str, float]) -> dict[str, float]:
    """Fold a Chinese fir (杉木) above and below ground, each with its own carbon fraction (LY/T 2264-2014)."""
    folded = {f"{part}_{name}": numbers[f"{part}_{name}"] for part in ("above", "below") for name in "bc"}
    scaled = {f"{part}_a": numbers[f"{part}_a"] * numbers[f"{part}_carbon_frac"] for part in ("above", "below")}
    return NO_TERM | folded | scaled


def fold_d2h(numbers: Mapping[str, float]) -> dict[str, float]:
    """Fold a tree above ground by (D² H)^b = D^(2b) H^b, and its root by the ratio of the species."""
    a, b = numbers["above_a"] * numbers["carbon_frac"], numbers["above_b"]
    above = {"above_a": a, "above_b": 2.0 * b, "above_c": b}
    return NO_TERM | above | {"below_a": a * numbers["root_ratio"], "below_b": 2.0 * b, "below_c": b}


def fold_diameter(numbers: Mapping[str, float]) -> dict[str, float]:
    """Fold a tree by its diameter alone: stem, branches and leaves above ground, root below."""
    parts = {"stem": "above", "branch": "branch", "leaf": "leaf", "root": "below"}
    folded = {f"{term}_b": numbers[f"{part}_b"] for part, term in parts.items()}
    scaled = {f"{term}_a": numbers[f"{part}_a"] * numbers["carbon_frac"] for part, term in parts.items()}
    return folded | scaled | {"above_c": 0.0, "below_c": 0.0}


def fold_culm_of_age(numbers: Mapping[str, float]) -> dict[str, float]:
    """Fold a moso culm (毛竹) of the declared age, M = a D^b (c A / (d + A))^e + f, and its share of the root."""
    age_du = numbers["age_du"]
    ripe = (numbers["c"] * age_du / (numbers["d"] + age_du)) ** numbers["e"]
    # The root belongs to the same pool as the culm, so it needs no term of its own.
    whole = (1.0 + numbers["root_ratio"]) * numbers["carbon_frac"]
    power = {"above_a": numbers["a"] * ripe * whole, "above_b": numbers["b"], "above_c": 0.0}
    constant = {"branch_a": numbers["f"] * whole, "branch_b": 0.0, "leaf_a": 0.0, "leaf_b": 0.0}
    return power | constant | {"below_a": 0.0, "below_b": 0.0, "below_c": 0.0}


FOLDS: dict[str, Fold] = {
    "mean_tree_fir": fold_diameter_and_height,
    "mean_tree_small_fir": fold_diameter_and_height,
    "mean_tree_d2h": fold_d2h,
    "mean_tree_diameter": fold_diameter,
    "culms_by_diameter": fold_culm_of_age,
}
"""How each method of the rule file that goes by the mean tree becomes a sum of powers."""


def mean_tree_tc_ha() -> tuple[pl.Expr, pl.Expr]:
    """Return the carbon above and below ground of stands that go by the mean tree [tC/ha], null for all others.

    The columns `TERMS` are filled by the book where the method is one of `FOLDS`. A method over diameter alone has the
    exponent zero for the height, which may then be missing.
    """
    dbh_cm, height_m, stems_ha = pl.col("dbh_cm"), pl.col("height_m").fill_null(1.0), pl.col("stems_ha")

    def term(name: str) -> dict[str, pl.Expr]:
        return {letter: pl.col(f"{name}_{letter}") for letter in "abc" if f"{name}_{letter}" in TERMS}

    above_kgc = (
        component_by_diameter_and_height_kg(dbh_cm, height_m, **term("above"))
        + component_by_diameter_kg(dbh_cm, **term("branch"))
        + component_by_diameter_kg(dbh_cm, **term("leaf"))
    )
    below_kgc = component_by_diameter_and_height_kg(dbh_cm, height_m, **term("below"))
    return stems_ha * above_kgc / KG_PER_T, stems_ha * below_kgc / KG_PER_T
