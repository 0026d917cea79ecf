"""What a survey of the sample city measures: volumes, culms, heights and canopies, scaled to the city's living stock.

Volume by type, origin and age: `growth`; living stock of a year: `totals`. Cases: tests/cli/demo/test_stands.py.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from senhui.cli.demo import growth
from senhui.cli.demo.mosaic import Bools, Floats
from senhui.cli.demo.site import Site
from senhui.cli.demo.stand_types import age_groups, rows_by, species_table
from senhui.cli.demo.totals import living_stock

# Chosen for the sample; no source gives them.
SPARSE_VOLUME_FRAC = 0.25  # of a full stand of the same type and age
# How much scattered volume a hectare of the land class carries, compared with bamboo land.
SCATTERED_WEIGHT = {
    "bamboo_forest": 1.0,
    "special_shrub": 0.7,
    "general_shrub": 0.5,
    "economic_forest": 0.5,
    "young_plantation": 0.5,
    "young_closure": 0.8,
    "cutover": 0.3,
    "unstocked": 0.3,
    "plantable": 0.3,
    "non_forest": 2.0,
}
SCATTERED_PRESENT_FRAC = 0.8
# Layers of offices have stands whose volume was not recorded: young ones, too thin for it, and a few where the entry is
# simply missing, some of them with the diameter. Their import warns, and they are measured by the mean tree or not at
# all. The living stock is that of the others.
THIN_BELOW_CM = 5.0
THIN_WITHOUT_VOLUME_FRAC = 0.25
WITHOUT_VOLUME_FRAC, WITHOUT_DIAMETER_FRAC = 0.008, 0.0016
MOST_YOUNG_STEMS_HA = 4500
SCATTERED_SPECIES = ("620", "220", "490", "470", "310", "440", "590")


@dataclass(frozen=True)
class Lots:
    """What chance gives a row once and both years keep."""

    scattered: Floats
    scattered_species: NDArray[np.str_]
    culms: Floats
    shape: Floats
    recorded: Floats


def draw_lots(site: Site, *, rng: np.random.Generator) -> Lots:
    """Draw the chances of every row."""
    n_rows = len(site.area_ha)
    return Lots(
        scattered=rng.lognormal(0.0, 0.5, n_rows) * (rng.random(n_rows) < SCATTERED_PRESENT_FRAC),
        scattered_species=rng.choice(SCATTERED_SPECIES, n_rows),
        culms=np.exp(0.18 * site.noise(10.0, rng) + 0.1 * rng.normal(size=n_rows)),
        shape=rng.normal(size=n_rows),
        recorded=rng.spawn(1)[0].random(n_rows),
    )


def type_levels(state: pl.DataFrame, site: Site) -> dict[str, float]:
    """Return, by species code, what brings a type's mean volume to its published mean carbon.

    The table by age has few plots in some cells (97.51 tC/ha for natural middle-aged oak); the means of the types
    rest on all plots. Age gives the shape, the type's mean gives the level.
    """
    volume = _trees(state, np.zeros(len(state)), {})[0]
    trees = state.select("land_class", "species_code", volume=pl.Series(volume), area=pl.Series(site.area_ha))
    means = (
        trees.filter(pl.col("land_class") == "tree_forest")
        .group_by("species_code")
        .agg(mean=(pl.col("volume") * pl.col("area")).sum() / pl.col("area").sum())
    )
    found = dict(zip(means["species_code"], means["mean"], strict=True))
    return {
        kind["species_code"]: growth.volume_of_carbon(kind["tree_tc_ha"], kind["species_code"])
        / found[kind["species_code"]]
        for kind in species_table().iter_rows(named=True)
        if kind["species_code"] in found
    }


def measure(state: pl.DataFrame, site: Site, lots: Lots, level: dict[str, float], *, year: int) -> pl.DataFrame:
    """Add what a survey measures, scaled so that the living stock of the year is met."""
    land = state["land_class"].to_numpy().astype(str)
    volume, height, dbh, basal = _trees(state, lots.shape, level)
    living = living_stock(year)
    stands, sparse = land == "tree_forest", land == "sparse_forest"
    volume = np.where(sparse, SPARSE_VOLUME_FRAC * volume, np.where(stands, volume, 0.0))
    thin = dbh < THIN_BELOW_CM
    is_measured = lots.recorded >= np.where(thin, THIN_WITHOUT_VOLUME_FRAC, WITHOUT_VOLUME_FRAC)
    has_diameter = lots.recorded >= WITHOUT_DIAMETER_FRAC
    volume_m3 = np.where(is_measured, volume * site.area_ha, 0.0)
    scale = living.stand_m3 / float(volume_m3[stands].sum())
    volume *= scale
    basal *= scale * np.where(sparse, SPARSE_VOLUME_FRAC, 1.0)
    # The basal area of a young stand follows from a volume that is too much for it; planted stems are counted.
    most_m2_ha = MOST_YOUNG_STEMS_HA * np.pi / 4 * (dbh / 100) ** 2
    basal = np.where(thin & ~is_measured, np.minimum(basal, most_m2_ha), basal)

    weight = np.array([SCATTERED_WEIGHT.get(name, 0.0) for name in land]) * site.area_ha * lots.scattered
    left_m3 = living.other_m3 - scale * float(volume_m3[sparse].sum())
    scattered = np.rint(weight * (left_m3 / weight.sum()))

    moso = (state["species_code"].fill_null("") == "660").to_numpy()
    mean_lot = np.average(lots.culms[moso], weights=site.area_ha[moso]) if moso.any() else 1.0
    # Managed moso keeps its number of culms; what the city's bamboo gained is left to calibration.
    culms = np.rint(growth.moso_culms_ha() * lots.culms / mean_lot)
    bamboo_dbh = np.round(np.where(moso, 9.8, 3.6) * (1 + 0.08 * lots.shape), 1)
    bamboo = land == "bamboo_forest"

    with_trees = stands | sparse
    return state.with_columns(
        age_group=age_groups(state).alias("age_group"),
        volume_m3_ha=_known(with_trees & is_measured, volume),
        scattered_m3=_known(scattered > 0, scattered),
        scattered_species_code=pl.Series(np.where(scattered > 0, lots.scattered_species, "")).replace("", None),
        culms_ha=_known(moso, culms),
        height_m=_known(with_trees & has_diameter | bamboo, np.where(bamboo, 1.25 * bamboo_dbh + 1.0, height)),
        dbh_cm=_known(with_trees & has_diameter | bamboo, np.where(bamboo, bamboo_dbh, dbh)),
        basal_area_m2_ha=_known(with_trees & has_diameter, basal),
        canopy_frac=_canopy(land, volume, lots),
    )


def _trees(state: pl.DataFrame, shape: Floats, level: dict[str, float]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return volume, height, diameter and basal area of each row by its type, origin and age; 0 without a type."""
    volume, height, dbh, basal = (np.zeros(len(state)) for _ in range(4))
    ages = state["age_yr"].fill_null(0).to_numpy()
    index = state["site_index"].to_numpy()
    for key, rows in rows_by(state, "species_code", "density_type", "form", "origin", "age_rule"):
        species_code, density_type, form, origin, rule = key.split("/")
        ends = growth.age_group_ends(rule)
        at_age = growth.volume_m3_ha(
            ages[rows], species_code=species_code, density_type=density_type, origin=origin, ends_yr=ends
        )
        volume[rows] = at_age * index[rows] * level.get(species_code, 1.0)
        height[rows] = growth.height_m(ages[rows], form) * index[rows] ** 0.4
        dbh[rows] = growth.dbh_cm(ages[rows], form) * index[rows] ** 0.3 * (1 + 0.05 * shape[rows])
        basal[rows] = growth.basal_area_m2_ha(volume[rows], height[rows], form)
    return volume, height, dbh, basal


def _canopy(land: NDArray[np.str_], volume: Floats, lots: Lots) -> pl.Series:
    """Return canopy closure (郁闭度), or cover on shrub land, as a plausible fraction; null on land without."""
    closed = np.clip(0.32 + 0.55 * (1 - np.exp(-volume / 70)) + 0.06 * lots.shape, 0.20, 0.95)
    cover = np.select(
        [land == "tree_forest", land == "sparse_forest", land == "bamboo_forest", land == "economic_forest"],
        [
            closed,
            np.clip(0.15 + 0.02 * lots.shape, 0.10, 0.19),
            np.clip(0.75 + 0.08 * lots.shape, 0.3, 0.95),
            np.clip(0.6 + 0.1 * lots.shape, 0.2, 0.9),
        ],
        np.where(
            np.isin(land, ["special_shrub", "general_shrub"]), np.clip(0.6 + 0.12 * lots.shape, 0.31, 0.95), np.nan
        ),
    )
    return pl.Series(np.round(cover, 2)).fill_nan(None)


def _known(where: Bools, values: Floats) -> pl.Series:
    """Return the values, null elsewhere."""
    return pl.Series(np.where(where, values, np.nan)).fill_nan(None)
