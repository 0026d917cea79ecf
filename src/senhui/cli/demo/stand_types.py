"""What the species of a sample stand says about it: type, form and age groups.

Types and their areas: `senhui.parameters`, table `zhejiang_carbon_density_2009_2012`; what was chosen for the sample:
data/species_shares.csv. Cases: tests/cli/demo/test_stands.py.
"""

import numpy as np
import polars as pl

from senhui.cli.demo import growth
from senhui.cli.demo.growth import sample_table
from senhui.cli.demo.mosaic import Ints
from senhui.parameters import table


def species_table() -> pl.DataFrame:
    densities = table("zhejiang_carbon_density_2009_2012").frame.select("id", "area_ha", "tree_tc_ha")
    return sample_table("species_shares").join(densities, left_on="density_type", right_on="id", maintain_order="left")


def with_type(frame: pl.DataFrame) -> pl.DataFrame:
    """Add what the species says: density_type, form, and the age rule for the origin."""
    types = sample_table("species_shares").select(
        "species_code", "density_type", "form", "age_rule_natural", "age_rule_planted"
    )
    joined = frame.drop("density_type", "form", "age_rule", strict=False).join(
        types, on="species_code", how="left", maintain_order="left"
    )
    protected_fir = pl.col("is_protected") & (pl.col("species_code") == "310")
    rule = (
        pl.when(pl.col("origin") == "natural")
        .then("age_rule_natural")
        .when(protected_fir)
        .then(pl.lit("chinese_fir_planted_public_benefit"))
        .otherwise("age_rule_planted")
    )
    rule = pl.when(pl.col("density_type").is_not_null()).then(rule)
    return joined.with_columns(age_rule=rule).drop("age_rule_natural", "age_rule_planted")


def rows_by(frame: pl.DataFrame, *columns: str) -> list[tuple[str, Ints]]:
    """Return the row numbers of each value of the columns, joined by ``/``; rows without a value are left out."""
    key = pl.concat_str(columns, separator="/")
    groups = frame.select(key.alias("key")).with_row_index("row").drop_nulls().group_by("key").agg("row").sort("key")
    return [(name, rows.to_numpy().astype(np.int64)) for name, rows in zip(groups["key"], groups["row"], strict=True)]


def age_groups(frame: pl.DataFrame) -> pl.Series:
    """Return the age group of the stands that have an age; null elsewhere."""
    groups = np.zeros(len(frame), dtype=np.int64)
    ages = frame["age_yr"].fill_null(0).to_numpy()
    for rule, rows in rows_by(frame, "age_rule"):
        groups[rows] = growth.age_group(ages[rows], growth.age_group_ends(rule))
    return pl.Series(groups).replace(0, None)
