"""The baseline of `benchmarks/measurement.py`: the same calculation as an office would write it with pandas.

    .venv/bin/python benchmarks/measurement_pandas.py STANDS.parquet NUMBERS.json

Reads the whole layer, merges the species factors, calculates with whole columns and groups by county and species.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BY_VOLUME = ["tree_forest", "sparse_forest"]
SHRUB = ["special_shrub", "general_shrub", "shrub"]
WITHOUT_STAND = ["cutover", "burned", "unstocked", "plantable", "auxiliary", "non_forest"]
GROUND = ["understory", "dead_wood", "litter", "soil_100cm"]
READ = [
    "county_code", "land_class", "species_group", "volume_m3_ha", "volume_m3", "stems_ha", "area_ha",
    "scattered_volume_m3", "scattered_species_group",
]  # fmt: skip


def measure(stands: pd.DataFrame, numbers: dict[str, Any]) -> pd.DataFrame:
    """Add the pools and the stock to every stand."""
    species = pd.DataFrame(numbers["species"])
    one = numbers["one"]
    stands = stands.merge(species, on="species_group", how="left")
    scattered = species.add_prefix("scattered_")
    stands = stands.merge(scattered, on="scattered_species_group", how="left")

    land, volume_m3_ha = stands["land_class"], stands["volume_m3_ha"]
    by_volume = land.isin(BY_VOLUME) & stands["a"].notna() & (volume_m3_ha >= 0)
    line = stands["a"] * volume_m3_ha + stands["b"] * np.minimum(volume_m3_ha / one["ramp_end_m3_ha"], 1.0)
    tree_tc_ha = line * stands["carbon_frac"]
    is_bamboo = land == "bamboo_forest"
    by_culms = is_bamboo & (stands["species_group"] == "moso_bamboo") & (stands["stems_ha"] > 0)
    by_bamboo_area = is_bamboo & ~by_culms & ((stands["kind"] == "bamboo") | stands["species_group"].isna())
    main_tc_ha = np.select(
        [
            by_volume,
            by_culms,
            by_bamboo_area,
            land.isin(SHRUB),
            land == "economic_forest",
            land.isin(WITHOUT_STAND) & ~(volume_m3_ha > 0),
        ],
        [
            tree_tc_ha,
            stands["stems_ha"] * one["culm_mass_kg"] / 1000.0 * one["culm_carbon_frac"],
            one["bamboo_tc_ha"],
            one["shrub_tc_ha"],
            one["economic_tc_ha"],
            0.0,
        ],
        default=np.nan,
    )
    stands["main_tc"] = main_tc_ha * stands["area_ha"]
    scattered_tc = (
        stands["scattered_volume_m3"]
        * stands["scattered_density_t_m3"]
        * stands["scattered_bef_ratio"]
        * (1.0 + stands["scattered_root_ratio"])
        * stands["scattered_carbon_frac"]
    )
    stands["scattered_tc"] = scattered_tc.mask(stands["scattered_volume_m3"] == 0, 0.0)
    stands["stock_tc"] = stands[["main_tc", "scattered_tc"]].sum(axis=1, min_count=1)
    under_trees = land == "tree_forest"
    under_bamboo = is_bamboo & ((stands["kind"] == "bamboo") | stands["species_group"].isna())
    for pool in GROUND:
        of_bamboo = numbers["bamboo_ground"].get(pool, np.nan)
        density = np.select([under_trees, under_bamboo], [stands[f"{pool}_tc_ha"], of_bamboo], default=np.nan)
        stands[f"{pool}_tc"] = density * stands["area_ha"]
    main_factor = land.map(numbers["factors"]).fillna(1.0)
    calibrated = pd.DataFrame(
        {
            "main": stands["main_tc"] * main_factor,
            "scattered": stands["scattered_tc"] * numbers["scattered_factor"],
        }
    )
    stands["calibrated_stock_tc"] = calibrated.sum(axis=1, min_count=1)
    return stands


def grouped(stands: pd.DataFrame) -> pd.DataFrame:
    """Add the measured stands up by county and species group."""
    stands["area_without_estimate_ha"] = stands["area_ha"].where(stands["main_tc"].isna())
    stands["scattered_volume_without_estimate_m3"] = stands["scattered_volume_m3"].where(stands["scattered_tc"].isna())
    for pool in GROUND:
        stands[f"{pool}_without_estimate_ha"] = stands["area_ha"].where(stands[f"{pool}_tc"].isna())
    groups = stands.groupby(["county_code", "species_group"], dropna=False)
    sums = groups[
        [
            "area_ha",
            "area_without_estimate_ha",
            "volume_m3",
            "scattered_volume_without_estimate_m3",
            "main_tc",
            "scattered_tc",
            "stock_tc",
            "calibrated_stock_tc",
            *(f"{pool}_tc" for pool in GROUND),
            *(f"{pool}_without_estimate_ha" for pool in GROUND),
        ]
    ].sum()
    sums.insert(0, "n", groups.size())
    return sums.reset_index()


if __name__ == "__main__":
    layer, figures = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text("utf-8"))
    print(grouped(measure(pd.read_parquet(layer, columns=READ), figures)).to_string())
