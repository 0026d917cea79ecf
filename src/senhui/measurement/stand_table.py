"""Stand tables (径阶表): trees per hectare by diameter class, from which a stand follows without a volume.

Better than the mean tree where trees differ in size, because the mass of each class is its own. The equations are those
of `tree_equations.py`, culms those of `bamboo.py`. Cases: `tests/measurement/test_stand_table.py`.
"""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from senhui import parameters
from senhui.measurement.bamboo import KG_PER_T, moso_culm_kg
from senhui.measurement.tree_equations import COMPONENTS, EquationName, Outside, measure_trees

Equation = Literal["zhejiang_2009", "li_lei", "zhejiang_d2h", "lyt2264"]
ROW_OF: dict[Equation, str | None] = {
    "zhejiang_2009": "zhejiang_2009_row",
    "li_lei": "li_lei_row",
    "zhejiang_d2h": "zhejiang_d2h_row",
    "lyt2264": None,
}
"""The crosswalk column that leads from a species group to a row of the set."""
MASSES = (*(name.removesuffix("_kg") for name in COMPONENTS), "above", "below", "whole")
CARBON = ("above_tc_ha", "below_tc_ha", "whole_tc_ha")


class NoEquationForSpecies(ValueError):
    """Classes name species groups for which the set has no row; none is put in their place."""

    def __init__(self, equation: str, groups: Sequence[str]) -> None:
        self.equation, self.groups = equation, tuple(groups)
        super().__init__(
            f"{equation} has no equation for {', '.join(map(repr, groups))}. Measure these classes with another set."
        )


def measure_stand_table(classes: pl.DataFrame, *, equation: Equation, outside: Outside) -> pl.DataFrame:
    """Give each diameter class its biomass and carbon per hectare.

    Parameters
    ----------
    classes
        species_group, dbh_cm [cm, middle of the class], n_ha [trees per hectare] and, as the set needs them, height_m
        and crown_length_m [m].
    equation
        A set of equations.
    outside
        What to do with classes outside the fitted diameters, see `measure_trees`.

    Returns
    -------
    the classes with stem_t_ha, branch_t_ha, leaf_t_ha, crown_t_ha, root_t_ha, above_t_ha, below_t_ha, whole_t_ha, the
    flag is_outside_range, and above_tc_ha, below_tc_ha, whole_tc_ha with the carbon fraction of the species; null where
    the set does not tell the part apart.

    Raises
    ------
    NoEquationForSpecies, UnknownEquationRow, OutsideFittedRange
        See there.
    """
    groups = parameters.table("species_groups").frame
    factors = parameters.table("arcm_species_params").frame.select("carbon_frac", arcm_row="id")
    way = ROW_OF[equation]
    is_fir = pl.when(pl.col("id") == "chinese_fir").then(pl.lit("chinese_fir"))
    ways = groups.select("arcm_row", species_group="id", row=is_fir if way is None else pl.col(way))
    rows = classes.join(
        ways.join(factors, on="arcm_row", how="left"), on="species_group", how="left", maintain_order="left"
    )
    without = sorted(set(rows.filter(pl.col("row").is_null())["species_group"]))
    if without:
        raise NoEquationForSpecies(equation, without)
    name: EquationName = equation
    measured = measure_trees(rows, equation=name, outside=outside)
    return (
        measured.with_columns(
            (pl.col(f"{part}_kg") * pl.col("n_ha") / KG_PER_T).alias(f"{part}_t_ha") for part in MASSES
        )
        .with_columns(
            (pl.col(f"{part}_t_ha") * pl.col("carbon_frac")).alias(f"{part}_tc_ha")
            for part in ("above", "below", "whole")
        )
        .select(*classes.columns, *(f"{part}_t_ha" for part in MASSES), "is_outside_range", *CARBON)
    )


def measure_culm_table(classes: pl.DataFrame) -> pl.DataFrame:
    """Give each class of moso culms (毛竹) by diameter and age its biomass and carbon per hectare.

    Parameters
    ----------
    classes
        dbh_cm [cm], age_du [度], n_ha [culms per hectare].

    Returns
    -------
    the classes with above_t_ha, below_t_ha, whole_t_ha and above_tc_ha, below_tc_ha, whole_tc_ha. Roots and rhizomes by
    `moso_root_shoot_ratio`, carbon by `cf_moso_mean`.
    """
    numbers = {name: float(parameters.value("biomass_moso_zhou", "moso_bamboo", name).value) for name in "abcdef"}
    root_ratio = float(parameters.scalar("moso_root_shoot_ratio").value)
    carbon_frac = float(parameters.scalar("cf_moso_mean").value)
    above = moso_culm_kg(pl.col("dbh_cm"), age_du=pl.col("age_du"), **numbers) * pl.col("n_ha") / KG_PER_T
    return (
        classes.with_columns(above.alias("above_t_ha"))
        .with_columns((pl.col("above_t_ha") * root_ratio).alias("below_t_ha"))
        .with_columns((pl.col("above_t_ha") + pl.col("below_t_ha")).alias("whole_t_ha"))
        .with_columns(
            (pl.col(f"{part}_t_ha") * carbon_frac).alias(f"{part}_tc_ha") for part in ("above", "below", "whole")
        )
    )


def sums_by(measured: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Add classes up, over everything or by species group, diameter or age.

    Parameters
    ----------
    measured
        From `measure_stand_table` or `measure_culm_table`.
    by
        Columns to group by; none gives one row.

    Returns
    -------
    one row per group with n_ha and all masses and carbons per hectare; null where a class of the group has none, so
    that a part that was left out never looks like a small one. Groups add up.
    """
    amounts = [name for name in measured.columns if name == "n_ha" or name.endswith(("_t_ha", "_tc_ha"))]
    sums = [pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in amounts]
    return measured.group_by(by, maintain_order=True).agg(sums) if by else measured.select(sums)
