"""The age group follows from the age where the southern limits have a row, and is left open elsewhere."""

import polars as pl
import pytest

from senhui.intake.age_groups import _limits, expected_age_group
from senhui.parameters import table


def group(
    species: str | None,
    origin: str | None,
    age_yr: int | None,
    *,
    use: str | None = "233",
    category: str | None = "022",
    land: str = "tree_forest",
) -> int | None:
    stands = pl.DataFrame(
        {
            "species_group": [species],
            "origin": [origin],
            "age_yr": [age_yr],
            "forest_function": [use],
            "forest_category": [category],
            "land_class": [land],
        },
        schema_overrides={"species_group": pl.String, "origin": pl.String, "age_yr": pl.Int32},
    ).with_columns(pl.col("forest_function", "forest_category").cast(pl.String))
    return expected_age_group(stands)[0]


@pytest.mark.parametrize(
    ("age_yr", "expected"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (25, 3), (26, 4), (35, 4), (36, 5), (90, 5)]
)
def test_planted_fir_for_timber_has_the_limits_10_20_25_35(age_yr: int, expected: int) -> None:
    assert group("chinese_fir", "planted", age_yr) == expected


def test_public_benefit_forest_ages_more_slowly() -> None:
    assert group("chinese_fir", "planted", 30, category="011") == 2
    assert group("chinese_fir", "planted", 30) == 4


def test_a_row_for_any_use_serves_each() -> None:
    for use, category in (("233", "022"), ("111", "011"), (None, None)):
        assert group("schima", "natural", 45, use=use, category=category) == 3


def test_where_no_row_fits_the_age_group_is_open() -> None:
    assert group("eucalypt", "planted", 5) is None
    assert group("masson_pine", "natural", 25, category="011") is None
    assert group("chinese_fir", "planted", 8, use="231") is None
    assert group("chinese_fir", "coppice", 8) is None
    assert group("chinese_fir", "planted", 0) is None
    assert group("chinese_fir", "planted", None) is None
    assert group(None, None, 8) is None
    assert group("chinese_fir", "planted", 8, land="young_plantation") is None


def test_the_assignment_names_groups_and_rows_that_exist_once() -> None:
    limits = _limits()
    assert set(limits["species_group"]) <= set(table("species_groups").frame["id"])
    assert not limits.select("species_group", "origin", "forest_use").is_duplicated().any()
    used = limits.select(pl.exclude("species_group", "forest_use")).unique()
    published = table("age_groups_south").frame.select(used.columns).unique()
    assert published.join(used, on=used.columns, how="anti").height == 0
