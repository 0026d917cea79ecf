"""What stands where in the sample city in 2016, and what has become of it in 2021.

Shares by area are published where a source has them (types: `stand_types`; land classes: data/land_shares.csv, each
with its reason); where each stand lies follows elevation and smooth noise. Where no source gives a number (age
structure, share of protected land, disturbance) it was chosen for the sample and stands below with its meaning.
Cases: tests/cli/demo/test_stands.py.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from senhui.cli.demo import growth
from senhui.cli.demo.growth import sample_table
from senhui.cli.demo.measured import draw_lots, measure, type_levels
from senhui.cli.demo.mosaic import Floats, Ints
from senhui.cli.demo.site import Site, allot, liking_of, spread_evenly
from senhui.cli.demo.stand_types import age_groups, rows_by, species_table, with_type
from senhui.cli.demo.totals import YEARS
from senhui.parameters import scalar

# Chosen for the sample; no source gives them.
AGE_GROUP_SHARES = (0.26, 0.36, 0.19, 0.15, 0.04)
YOUNGEST_YR, BEYOND_MATURE_YR = 3, 12
PROTECTED_FRAC = 0.45
OTHER_BAMBOO_FRAC = 0.08
FELLED_FRAC, REPLANTED_FRAC, BURNED_FRAC = 0.045, 0.7, 0.0012  # in five years; felled: of mature timber stands
PLANTED_GAPS_FRAC, GROWN_UP_FRAC, CLOSED_GROWN_UP_FRAC = 0.75, 0.85, 0.35
OPEN_LAND = ("cutover", "burned", "unstocked", "plantable")
WITH_TREES = ("tree_forest", "sparse_forest")


def survey(site: Site, *, rng: np.random.Generator) -> dict[int, pl.DataFrame]:
    """Return the stands of each year, row by row the same land.

    Returns
    -------
    year -> polars.DataFrame with land_class, species_code, density_type, form, origin, age_rule, age_yr, age_group,
    site_index, is_protected, change, volume_m3_ha, scattered_m3, scattered_species_code, culms_ha, height_m, dbh_cm,
    basal_area_m2_ha and canopy_frac; null where the land has none
    """
    before = _settle(site, rng=rng)
    after = _five_years_later(before, rng=rng)
    level = type_levels(before, site)
    lots = draw_lots(site, rng=rng)
    return {
        year: measure(state, site, lots, level, year=year) for year, state in zip(YEARS, (before, after), strict=True)
    }


def _settle(site: Site, *, rng: np.random.Generator) -> pl.DataFrame:
    """Choose land class, species, origin and age of every row in 2016."""
    n_rows = len(site.area_ha)
    forest = np.flatnonzero(site.is_forest_land)
    land = sample_table("land_shares")
    shares = land["area_wan_ha"].to_numpy()
    liking = liking_of(site, forest, land, land["patchiness"].to_numpy(), rng)
    land_class = np.full(n_rows, "non_forest", dtype="U20")
    land_class[forest] = (
        land["land_class"].to_numpy().astype(str)[allot(liking, shares / shares.sum(), site.area_ha[forest])]
    )

    kind, species = _species(site, land_class, rng)
    planted_often = np.append(species_table()["planted_frac"].to_numpy(), 0.3)  # the last for land without a type
    planted_rank = spread_evenly(site.noise(6.0, rng) + 0.6 * rng.normal(size=n_rows))
    planted = planted_rank < planted_often[kind]
    planted |= np.isin(land_class, ["young_plantation", "nursery", "economic_forest"])
    protection = spread_evenly(
        0.6 * spread_evenly(site.elevation_m) + 0.5 * spread_evenly(site.slope_deg) + 0.3 * site.noise(12.0, rng)
    )
    range_km = float(scalar("zhejiang_semivariogram_range_km").value)
    frame = pl.DataFrame(
        {
            "land_class": land_class,
            "species_code": species,
            "origin": np.where(planted, "planted", "natural"),
            "site_index": np.exp(0.22 * site.noise(range_km, rng) + 0.15 * rng.normal(size=n_rows)),
            "is_protected": protection > 1 - PROTECTED_FRAC,
            "change": pl.Series([None] * n_rows, dtype=pl.String),
        }
    )
    frame = with_type(frame)
    age_rank = spread_evenly(site.noise(7.0, rng) + 0.9 * rng.normal(size=n_rows))
    age_yr = _ages(frame, age_rank)
    age_yr = np.where(land_class == "young_plantation", 1 + (3 * age_rank).astype(int), age_yr)
    return frame.with_columns(age_yr=pl.Series(age_yr)).with_columns(
        age_yr=pl.when(pl.col("density_type").is_not_null()).then("age_yr")
    )


def _species(site: Site, land_class: NDArray[np.str_], rng: np.random.Generator) -> tuple[Ints, pl.Series]:
    """Choose the type of each row with trees (-1 elsewhere) and the species code of each row with trees or bamboo."""
    types = species_table()
    treed = np.flatnonzero(np.isin(land_class, [*WITH_TREES, "young_plantation"]))
    areas = types["area_ha"].to_numpy()
    liking = liking_of(site, treed, types, np.ones(len(types)), rng)
    kind = np.full(len(land_class), -1)
    kind[treed] = allot(liking, areas / areas.sum(), site.area_ha[treed])
    other_bamboo = spread_evenly(site.noise(6.0, rng)) < OTHER_BAMBOO_FRAC
    bamboo = np.where(land_class == "bamboo_forest", np.where(other_bamboo, "670", "660"), "")
    code = np.where(kind >= 0, types["species_code"].to_numpy().astype(str)[kind], bamboo)
    return kind, pl.Series(code).replace("", None)


def _ages(frame: pl.DataFrame, rank: Floats) -> Ints:
    """Turn ranks into ages, so that the age groups have the chosen shares."""
    ages = np.zeros(len(frame), dtype=np.int64)
    steps = np.append(0.0, np.cumsum(AGE_GROUP_SHARES))
    for rule, rows in rows_by(frame, "age_rule"):
        ends = growth.age_group_ends(rule)
        years = np.concatenate([[YOUNGEST_YR], ends, [ends[3] + BEYOND_MATURE_YR]])
        ages[rows] = np.rint(np.interp(rank[rows], steps, years))
    return ages


def _five_years_later(before: pl.DataFrame, *, rng: np.random.Generator) -> pl.DataFrame:
    """Let stands grow five years older; fell, burn, plant and close a few."""
    n_rows = len(before)
    luck, again = rng.random(n_rows), rng.random(n_rows)
    land = before["land_class"].to_numpy().astype(str)
    age = before["age_yr"].to_numpy().astype(float)
    tree = land == "tree_forest"
    group = np.nan_to_num(age_groups(before).to_numpy().astype(float))
    timber = tree & (group >= 4) & ~before["is_protected"].to_numpy()
    felled = timber & (luck < FELLED_FRAC)
    burned = tree & ~felled & (luck > 1 - BURNED_FRAC)
    replanted = (felled & (again < REPLANTED_FRAC)) | (np.isin(land, OPEN_LAND) & (luck < PLANTED_GAPS_FRAC))
    grown_up = (land == "young_plantation") & (luck < GROWN_UP_FRAC)
    closed_up = (land == "young_closure") & (luck < CLOSED_GROWN_UP_FRAC)

    span_yr = YEARS[1] - YEARS[0]
    new_land = np.select(
        [replanted, felled, burned, grown_up | closed_up],
        ["young_plantation", "cutover", "burned", "tree_forest"],
        land,
    )
    change = np.select(
        [felled & replanted, felled, replanted, burned, grown_up, closed_up],
        ["regenerated", "felled", "planted", "burned", "grown_up", "closed"],
        "",
    )
    species = before["species_code"].fill_null("").to_numpy().astype(str)
    species[(felled & ~replanted) | burned] = ""
    species[replanted] = np.where(again[replanted] < 0.6 * REPLANTED_FRAC, "310", "470")
    species[closed_up] = "620"
    new_age = age + span_yr
    new_age[replanted] = 1 + (3 * luck[replanted] / luck[replanted].max(initial=1.0)).astype(int)
    new_age[closed_up] = YOUNGEST_YR + span_yr
    new_age[(felled & ~replanted) | burned] = np.nan
    origin = before["origin"].to_numpy().astype(str)
    origin[replanted] = "planted"
    origin[closed_up] = "natural"
    after = before.with_columns(
        land_class=pl.Series(new_land),
        change=pl.Series(change).replace("", None),
        species_code=pl.Series(species).replace("", None),
        age_yr=pl.Series(new_age).fill_nan(None).cast(pl.Int64),
        origin=pl.Series(origin),
    )
    return with_type(after)
