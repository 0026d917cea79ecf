"""The age group (龄组) that follows from a stand's age, where the southern limits have a row for it.

Limits: table ``age_groups_south`` of ``senhui.parameters``. Which species group reads which rows: ``age_rows.csv``.
Cases: ``tests/intake/test_age_groups.py``.
"""

from functools import lru_cache
from importlib.resources import files

import polars as pl

from senhui.parameters import table

_LIMITS = ("young_to_yr", "middle_to_yr", "near_mature_to_yr", "mature_to_yr")
_USES = ("timber", "public_benefit", "other")


@lru_cache(maxsize=1)
def _limits() -> pl.DataFrame:
    """List the limits by species group, origin and forest use; a row for any use stands for each."""
    with files(__package__).joinpath("age_rows.csv").open("rb") as stream:
        rows = pl.read_csv(stream)
    limits = table("age_groups_south").frame.with_columns(
        pl.when(pl.col("forest_use") == "any")
        .then(pl.lit(list(_USES)))
        .otherwise(pl.concat_list("forest_use"))
        .alias("forest_use"),
        age_rows=pl.col("id").str.replace(r"_(planted|natural)_\w+$", ""),
    )
    return (
        rows.select("species_group", "age_rows")
        .join(limits, on="age_rows")
        .explode("forest_use")
        .select("species_group", "origin", "forest_use", *_LIMITS)
    )


def expected_age_group(stands: pl.DataFrame) -> pl.Series:
    """Give the age group 1 (young) to 5 (over-mature) that age, species, origin and use imply.

    Parameters
    ----------
    stands : polars.DataFrame
        ``species_group``, ``origin``, ``age_yr``, ``forest_function`` (LIN_ZHONG), ``forest_category`` (SEN_LIN_LB),
        ``land_class``.

    Returns
    -------
    polars.Series of int32
        Null where no row of the limits fits, the age is not known, or the land is not tree forest. The limits
        for timber are those of ordinary timber forest (LIN_ZHONG 233): short rotations have their own.
    """
    use = (
        pl.when(pl.col("forest_category").str.starts_with("01"))
        .then(pl.lit("public_benefit"))
        .when(pl.col("forest_function") == "233")
        .then(pl.lit("timber"))
        .otherwise(pl.lit("other"))
    )
    is_known = (pl.col("land_class") == "tree_forest") & (pl.col("age_yr") > 0)
    joined = stands.select("species_group", "origin", "age_yr", is_known.alias("is_known"), forest_use=use).join(
        _limits(), on=["species_group", "origin", "forest_use"], how="left", maintain_order="left"
    )
    group = 1 + pl.sum_horizontal((pl.col("age_yr") > pl.col(limit)).cast(pl.Int32) for limit in _LIMITS)
    has_row = pl.col("is_known") & pl.col(_LIMITS[0]).is_not_null()
    return joined.select(pl.when(has_row).then(group).cast(pl.Int32).alias("expected_age_group")).to_series()
