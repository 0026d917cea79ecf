"""Ten million stands from Parquet to tonnes of carbon: the product beside pandas, DuckDB and handwritten Polars.

    .venv/bin/python benchmarks/measurement.py [--rows 10_000_000] [--rounds 3]

Writes a layer with string keys, then lets every variant do the same work in a process of its own, in turn, several
rounds: (grouped) measure and add up by county and species group; (rows) measure and write every row. Same work means
the same rules, pools (the ground included) and ramp: the results are compared to 1e-9. Stands by the mean tree are left
out, because only the product has them; it looks for them all the same. Prints the median seconds, the peak memory and
the ratios against the targets. The rivals are given nothing worked out beforehand but the plain species factors.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

GB = 1 << 30
CHUNK_ROWS = 250_000
GROUND = ("understory", "dead_wood", "litter", "soil_100cm")
"""Pools of the ground; soil to 30 cm is null without a declaration, and the rivals leave it out."""
CALIBRATION = {"arbor": 1.1, "bamboo": 0.9, "shrub": 1.3, "other": 1.05}

# ---------------------------------------------------------------------------------------------------- the layer


def write_layer(path: Path, *, rows: int) -> None:
    """Write stands with every land class and species group, gaps and contradictions included."""
    from senhui.measurement import default_book

    book = default_book()
    classes, groups = book.land_classes[:-1], book.species_groups[:-1]
    class_share = np.array([60, 10, 6, 3, 2, 2, 1, 3, 1, 1, 1, 1, 2, 2, 1, 2, 2][: len(classes)], dtype=float)
    trees, bamboos = len(groups), ["moso_bamboo", "other_bamboo"]
    counties = [f"3311{n:02d}" for n in (2, 21, 22, 23, 24, 25, 26, 27, 81)]
    random = np.random.default_rng(20261122)

    def words(positions: np.ndarray[Any, Any], known: list[str] | tuple[str, ...]) -> pl.Series:
        return pl.Series(known).gather(pl.Series(positions.astype(np.uint32)))

    def gaps(values: np.ndarray[Any, Any], share: float) -> pl.Series:
        return pl.select(pl.when(pl.Series(random.random(len(values)) >= share)).then(pl.Series(values))).to_series()

    writer: Any = None
    import pyarrow.parquet as pq

    for start in range(0, rows, CHUNK_ROWS):
        n = min(CHUNK_ROWS, rows - start)
        land = words(random.choice(len(classes), n, p=class_share / class_share.sum()), classes)
        group = words(random.integers(0, trees, n), groups)
        bamboo = words(random.integers(0, 2, n), bamboos)
        area_ha = np.round(random.gamma(2.0, 2.0, n) + 0.05, 2)
        volume = np.round(random.gamma(1.5, 45.0, n) * (random.random(n) > 0.05), 1)
        frame = pl.DataFrame(
            {
                "row": np.arange(start + 1, start + n + 1, dtype=np.uint32),
                "county_code": words(random.integers(0, len(counties), n), counties),
                "land_class": land,
                "species_group": group,
                "bamboo": bamboo,
                "volume_m3_ha": gaps(volume, 0.02),
                "stems_ha": gaps(np.round(random.gamma(9.0, 300.0, n)), 0.2),
                "dbh_cm": gaps(np.round(random.gamma(9.0, 1.6, n), 1), 0.1),
                "height_m": gaps(np.round(random.gamma(9.0, 1.2, n), 1), 0.1),
                "area_ha": area_ha,
                "scattered_volume_m3": gaps(np.round(random.gamma(1.0, 6.0, n) * (random.random(n) > 0.5), 1), 0.6),
                "scattered_species_group": words(random.integers(0, trees, n), groups),
                "has_species": random.random(n) > 0.03,
            }
        )
        is_stocked = pl.col("land_class").is_in(["tree_forest", "sparse_forest"])
        is_bamboo = pl.col("land_class") == "bamboo_forest"
        frame = frame.with_columns(
            pl.when(is_stocked | (pl.col("row") % 50 == 0)).then("volume_m3_ha"),
            pl.when("has_species")
            .then(pl.when(is_bamboo & (pl.col("row") % 40 != 0)).then("bamboo").otherwise("species_group"))
            .alias("species_group"),
            pl.when(is_bamboo).then("stems_ha"),
            pl.when(pl.col("scattered_volume_m3").is_not_null() & (pl.col("row") % 30 != 0)).then(
                "scattered_species_group"
            ),
        ).with_columns((pl.col("volume_m3_ha") * pl.col("area_ha")).round(1).alias("volume_m3"))
        table = frame.drop("bamboo", "has_species").to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()


def plain_numbers() -> dict[str, Any]:
    """Return the published numbers as a rival would have them in a file: factors per species, and single values."""
    from senhui.measurement.choice import method_rules
    from senhui.parameters import scalar, table

    factors = table("arcm_species_params").frame
    lines = table("bef_continuous_zhejiang").frame
    types = table("zhejiang_carbon_density_2009_2012").frame.select(
        "id",
        "litter_tc_ha",
        understory_tc_ha="shrub_herb_tc_ha",
        soil_100cm_tc_ha="soil_tc_ha",
        dead_wood_tc_ha=pl.lit(scalar("dead_wood_mean_density_tc_ha").value),
    )
    bamboo = types.row(by_predicate=pl.col("id") == "bamboo", named=True)
    species = (
        table("species_groups")
        .frame.select("kind", "arcm_row", "zhejiang_row", "zhejiang_type_row", species_group="id")
        .join(types, left_on="zhejiang_type_row", right_on="id", how="left")
        .join(
            factors.select("id", "density_t_m3", "bef_ratio", "root_shoot_ratio", "carbon_frac"),
            left_on="arcm_row", right_on="id", how="left",
        )
        .join(lines.select("id", "a_t_m3", "b_t_ha"), left_on="zhejiang_row", right_on="id", how="left")
        .select(
            "species_group", "kind", "density_t_m3", "bef_ratio", "carbon_frac",
            *[pl.when(pl.col("kind") == "tree").then(f"{pool}_tc_ha").alias(f"{pool}_tc_ha") for pool in GROUND],
            root_ratio="root_shoot_ratio", a="a_t_m3", b="b_t_ha",
        )
    )  # fmt: skip
    carbon_frac = float(scalar("cf_provincial_guideline").value)
    return {
        "species": species.to_dict(as_series=False),
        "one": {
            "ramp_end_m3_ha": scalar("low_volume_ramp_end_m3_ha").value,
            "culm_mass_kg": scalar("moso_mean_culm_kg").value,
            "culm_carbon_frac": scalar("cf_moso_mean").value,
            "bamboo_tc_ha": scalar("bamboo_mean_density_tc_ha").value,
            "shrub_tc_ha": float(scalar("shrub_mean_biomass_t_ha").value) * carbon_frac,
            "economic_tc_ha": float(scalar("economic_forest_mean_biomass_t_ha").value) * carbon_frac,
        },
        "bamboo_ground": {pool: bamboo[f"{pool}_tc_ha"] for pool in GROUND if pool != "dead_wood"},
        "factors": {land: CALIBRATION[domain] for land, domain in method_rules().domain_of.items()},
        "scattered_factor": CALIBRATION["other"],
    }


# -------------------------------------------------------------------------------------------------- the variants


def product(layer: Path, numbers: dict[str, Any]) -> pl.LazyFrame:
    """Measure with the product's own functions."""
    from senhui.measurement import CalibrationFactor, CalibrationFactors, default_book, measure_stands

    factors = CalibrationFactors(
        tuple(CalibrationFactor(domain, factor, 1.0, factor, "", "", "") for domain, factor in CALIBRATION.items())
    )
    return measure_stands(pl.scan_parquet(layer), book=default_book(), factors=factors)


def product_grouped(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Add up with the product's own `totals`."""
    from senhui.measurement import totals

    sums = totals(product(layer, numbers), by=["county_code", "species_group"])
    sums.collect(engine="streaming").write_parquet(out)


def product_rows(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Write every measured row, with derivation numbers and factors, which the rivals do not have."""
    from senhui.measurement.sub_compartment import MEASURED_COLUMNS

    product(layer, numbers).select("row", *MEASURED_COLUMNS).sink_parquet(out, engine="streaming")


def pandas_grouped(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Run the baseline script that lies beside this one."""
    import pandas as pd

    from measurement_pandas import READ, grouped, measure

    grouped(measure(pd.read_parquet(layer, columns=READ), numbers)).to_parquet(out)


def duckdb_query(layer: Path, numbers: dict[str, Any]) -> tuple[Any, str]:
    """Return a connection with the factors in it, and the query that measures every row."""
    import duckdb

    connection = duckdb.connect()
    connection.register("factors", pl.DataFrame(numbers["species"]).to_arrow())
    connection.execute("CREATE TABLE species AS SELECT * FROM factors")
    one = numbers["one"]
    ground = ", ".join(
        f"area_ha * CASE WHEN land_class = 'tree_forest' THEN {pool}_tc_ha "
        "WHEN land_class = 'bamboo_forest' AND (kind = 'bamboo' OR species_group IS NULL) "
        f"THEN {numbers['bamboo_ground'].get(pool, 'NULL')} END AS {pool}_tc"
        for pool in GROUND
    )
    by_land = " ".join(f"WHEN '{land}' THEN {factor}" for land, factor in numbers["factors"].items())
    return (
        connection,
        f"""
    WITH read AS (
      SELECT s.*, m.kind, m.root_ratio, m.a, m.b, m.carbon_frac, {", ".join(f"m.{pool}_tc_ha" for pool in GROUND)},
        volume_m3_ha >= 0 AND isfinite(volume_m3_ha) AS has_volume,
        CASE WHEN scattered_volume_m3 = 0 THEN 0.0 ELSE
          scattered_volume_m3 * t.density_t_m3 * t.bef_ratio * (1 + t.root_ratio) * t.carbon_frac END AS scattered_tc,
        scattered_volume_m3 > 0 AND t.a IS NULL AS scattered_fails, scattered_species_group IS NULL AS scattered_unknown
      FROM read_parquet('{layer}') s
      LEFT JOIN species m ON s.species_group = m.species_group
      LEFT JOIN species t ON s.scattered_species_group = t.species_group
    ), chosen AS (
      SELECT *, CASE
        WHEN land_class IN ('cutover', 'burned', 'unstocked', 'plantable', 'auxiliary', 'non_forest') THEN
          CASE WHEN volume_m3_ha > 0 THEN 'volume_on_land_without_stand' ELSE 'declared_zero' END
        WHEN land_class IN ('young_plantation', 'young_closure', 'nursery', 'other_forest_land')
          THEN 'young_or_other_land'
        WHEN land_class IN ('tree_forest', 'sparse_forest') THEN CASE
          WHEN has_volume IS NOT TRUE THEN 'volume_not_recorded'
          WHEN species_group IS NULL THEN 'species_not_recorded'
          WHEN a IS NULL THEN 'species_contradicts_tree_land'
          WHEN volume_m3_ha < {one["ramp_end_m3_ha"]} THEN 'volume_ramp' ELSE 'volume_line' END
        WHEN land_class = 'bamboo_forest' THEN CASE
          WHEN species_group = 'moso_bamboo' AND stems_ha > 0 THEN 'culms'
          WHEN kind = 'bamboo' OR species_group IS NULL THEN 'bamboo_area_density'
          ELSE 'species_contradicts_bamboo_land' END
        WHEN land_class = 'economic_forest' THEN 'economic_area_density'
        ELSE 'shrub_area_density' END AS choice
      FROM read
    ), measured AS (
      SELECT *, CASE choice
        WHEN 'volume_line' THEN (a * volume_m3_ha + b) * carbon_frac
        WHEN 'volume_ramp' THEN (a * volume_m3_ha + b * volume_m3_ha / {one["ramp_end_m3_ha"]}) * carbon_frac
        WHEN 'culms' THEN stems_ha * {one["culm_mass_kg"]} / 1000.0 * {one["culm_carbon_frac"]}
        WHEN 'bamboo_area_density' THEN {one["bamboo_tc_ha"]}
        WHEN 'shrub_area_density' THEN {one["shrub_tc_ha"]}
        WHEN 'economic_area_density' THEN {one["economic_tc_ha"]}
        WHEN 'declared_zero' THEN 0.0 END AS main_tc_ha,
        CASE land_class {by_land} ELSE 1.0 END::DOUBLE AS main_factor,
        {numbers["scattered_factor"]}::DOUBLE AS scattered_factor
      FROM chosen
    ), stock AS (
      SELECT *, main_tc_ha * area_ha AS main_tc, {ground} FROM measured
    ), done AS (
      SELECT *, coalesce(main_tc + scattered_tc, main_tc, scattered_tc) AS stock_tc,
        coalesce(main_tc * main_factor + scattered_tc * scattered_factor, main_tc * main_factor,
          scattered_tc * scattered_factor) AS calibrated_stock_tc
      FROM stock
    )""",
    )


def duckdb_grouped(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Add up in SQL."""
    connection, measured = duckdb_query(layer, numbers)
    ground = ", ".join(
        f"coalesce(sum({pool}_tc), 0.0) AS {pool}_tc, "
        f"coalesce(sum(area_ha) FILTER ({pool}_tc IS NULL), 0.0) AS {pool}_without_estimate_ha"
        for pool in GROUND
    )
    connection.execute(f"""COPY ({measured} SELECT county_code, species_group, count(*) AS n, sum(area_ha) AS area_ha,
      coalesce(sum(area_ha) FILTER (main_tc IS NULL), 0.0) AS area_without_estimate_ha,
      coalesce(sum(volume_m3), 0.0) AS volume_m3,
      coalesce(sum(scattered_volume_m3) FILTER (scattered_tc IS NULL), 0.0) AS scattered_volume_without_estimate_m3,
      coalesce(sum(main_tc), 0.0) AS main_tc, coalesce(sum(scattered_tc), 0.0) AS scattered_tc,
      coalesce(sum(stock_tc), 0.0) AS stock_tc, coalesce(sum(calibrated_stock_tc), 0.0) AS calibrated_stock_tc, {ground}
      FROM done GROUP BY ALL) TO '{out}' (FORMAT parquet)""")


def duckdb_rows(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Write every row from SQL."""
    connection, measured = duckdb_query(layer, numbers)
    pool = "CASE WHEN choice {} THEN {} WHEN main_tc_ha IS NOT NULL THEN 0.0 END"
    above = "main_tc_ha / (1 + root_ratio)"
    connection.execute(f"""COPY ({measured} SELECT row,
      CASE WHEN main_tc_ha IS NULL THEN 'no_estimate' ELSE choice END AS method,
      CASE WHEN main_tc_ha IS NULL THEN choice END AS no_estimate_reason,
      {pool.format("IN ('volume_line', 'volume_ramp')", above)} AS tree_above_tc_ha,
      {pool.format("IN ('volume_line', 'volume_ramp')", f"main_tc_ha - {above}")} AS tree_below_tc_ha,
      {pool.format("IN ('culms', 'bamboo_area_density')", "main_tc_ha")} AS bamboo_tc_ha,
      {pool.format("= 'shrub_area_density'", "main_tc_ha")} AS shrub_tc_ha,
      {pool.format("= 'economic_area_density'", "main_tc_ha")} AS economic_tc_ha,
      main_tc, {", ".join(f"{pool}_tc" for pool in GROUND)},
      CASE WHEN scattered_fails THEN CASE WHEN scattered_unknown THEN 'scattered_species_not_recorded'
        ELSE 'scattered_species_not_a_tree' END END AS scattered_no_estimate_reason,
      scattered_tc / area_ha AS scattered_tc_ha, scattered_tc,
      stock_tc / area_ha AS stock_tc_ha, stock_tc, main_factor, scattered_factor, calibrated_stock_tc
      FROM done) TO '{out}' (FORMAT parquet, COMPRESSION zstd)""")


def polars_query(layer: Path, numbers: dict[str, Any]) -> pl.LazyFrame:
    """Write the same measurement by hand in Polars."""
    one, col = numbers["one"], pl.col
    species = pl.LazyFrame(numbers["species"])
    scattered = species.select(
        col("species_group").alias("scattered_species_group"),
        (col("density_t_m3") * col("bef_ratio") * (1 + col("root_ratio")) * col("carbon_frac")).alias("t_tc_m3"),
    )
    land, volume, group = col("land_class"), col("volume_m3_ha"), col("species_group")
    has_volume = ((volume >= 0) & volume.is_finite()).fill_null(False)
    without_stand = land.is_in(["cutover", "burned", "unstocked", "plantable", "auxiliary", "non_forest"])
    choice = (
        pl.when(without_stand & (volume > 0)).then(pl.lit("volume_on_land_without_stand"))
        .when(without_stand).then(pl.lit("declared_zero"))
        .when(land.is_in(["young_plantation", "young_closure", "nursery", "other_forest_land"]))
        .then(pl.lit("young_or_other_land"))
        .when(land.is_in(["tree_forest", "sparse_forest"]))
        .then(
            pl.when(~has_volume).then(pl.lit("volume_not_recorded"))
            .when(group.is_null()).then(pl.lit("species_not_recorded"))
            .when(col("a").is_null()).then(pl.lit("species_contradicts_tree_land"))
            .when(volume < one["ramp_end_m3_ha"]).then(pl.lit("volume_ramp"))
            .otherwise(pl.lit("volume_line"))
        )
        .when(land == "bamboo_forest")
        .then(
            pl.when((group == "moso_bamboo") & (col("stems_ha") > 0)).then(pl.lit("culms"))
            .when((col("kind") == "bamboo") | group.is_null()).then(pl.lit("bamboo_area_density"))
            .otherwise(pl.lit("species_contradicts_bamboo_land"))
        )
        .when(land == "economic_forest").then(pl.lit("economic_area_density"))
        .otherwise(pl.lit("shrub_area_density"))
    )  # fmt: skip
    line = col("a") * volume + col("b")
    ramp = col("a") * volume + col("b") * volume / one["ramp_end_m3_ha"]
    main_tc_ha = (
        pl.when(col("choice") == "volume_line").then(line * col("carbon_frac"))
        .when(col("choice") == "volume_ramp").then(ramp * col("carbon_frac"))
        .when(col("choice") == "culms")
        .then(col("stems_ha") * one["culm_mass_kg"] / 1000.0 * one["culm_carbon_frac"])
        .when(col("choice") == "bamboo_area_density").then(one["bamboo_tc_ha"])
        .when(col("choice") == "shrub_area_density").then(one["shrub_tc_ha"])
        .when(col("choice") == "economic_area_density").then(one["economic_tc_ha"])
        .when(col("choice") == "declared_zero").then(0.0)
    )  # fmt: skip
    scattered_tc = (
        pl.when(col("scattered_volume_m3") == 0).then(0.0).otherwise(col("scattered_volume_m3") * col("t_tc_m3"))
    )
    main_factor = pl.lit(1.0)  # a chain of conditions stays in the stream, replace_strict would not
    for name, factor in numbers["factors"].items():
        main_factor = pl.when(land == name).then(factor).otherwise(main_factor)
    under_bamboo = (land == "bamboo_forest") & ((col("kind") == "bamboo") | group.is_null())
    ground = [
        (
            pl.when(land == "tree_forest").then(f"{pool}_tc_ha")
            .when(under_bamboo).then(numbers["bamboo_ground"].get(pool))
            * col("area_ha")
        ).alias(f"{pool}_tc")
        for pool in GROUND
    ]  # fmt: skip
    main, more = col("main_tc"), col("scattered_tc")
    main_calibrated, more_calibrated = main * col("main_factor"), more * col("scattered_factor")
    return (
        pl.scan_parquet(layer)
        .join(species.drop("density_t_m3", "bef_ratio"), on="species_group", how="left")
        .join(scattered, on="scattered_species_group", how="left")
        .with_columns(choice.alias("choice"), scattered_tc.alias("scattered_tc"))
        .with_columns(main_tc_ha.alias("main_tc_ha"))
        .with_columns(
            (col("main_tc_ha") * col("area_ha")).alias("main_tc"),
            main_factor.alias("main_factor"),
            pl.lit(numbers["scattered_factor"]).alias("scattered_factor"),
            *ground,
        )
        .with_columns(
            pl.coalesce(main + more, main, more).alias("stock_tc"),
            pl.coalesce(main_calibrated + more_calibrated, main_calibrated, more_calibrated).alias(
                "calibrated_stock_tc"
            ),
        )
    )


def polars_grouped(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Add up by hand in Polars."""
    col = pl.col
    sums = polars_query(layer, numbers).group_by("county_code", "species_group").agg(
        pl.len().alias("n"),
        col("area_ha").sum(),
        pl.when(col("main_tc").is_null()).then("area_ha").sum().alias("area_without_estimate_ha"),
        col("volume_m3").sum(),
        pl.when(col("scattered_tc").is_null())
        .then("scattered_volume_m3")
        .sum()
        .alias("scattered_volume_without_estimate_m3"),
        col("main_tc", "scattered_tc", "stock_tc", "calibrated_stock_tc").sum(),
        *[col(f"{pool}_tc").sum() for pool in GROUND],
        *[
            pl.when(col(f"{pool}_tc").is_null()).then("area_ha").sum().alias(f"{pool}_without_estimate_ha")
            for pool in GROUND
        ],
    )  # fmt: skip
    sums.collect(engine="streaming").write_parquet(out)


def polars_rows(layer: Path, numbers: dict[str, Any], out: Path) -> None:
    """Write every row by hand in Polars."""
    col = pl.col
    estimated, choice, main = col("main_tc_ha").is_not_null(), col("choice"), col("main_tc_ha")
    above = main / (1 + col("root_ratio"))

    def pool(is_pool: pl.Expr, value: pl.Expr) -> pl.Expr:
        return pl.when(is_pool).then(value).when(estimated).then(0.0)

    scattered_reason = pl.when((col("scattered_volume_m3") > 0) & col("t_tc_m3").is_null()).then(
        pl.when(col("scattered_species_group").is_null())
        .then(pl.lit("scattered_species_not_recorded"))
        .otherwise(pl.lit("scattered_species_not_a_tree"))
    )
    polars_query(layer, numbers).select(
        "row",
        pl.when(estimated).then(choice).otherwise(pl.lit("no_estimate")).alias("method"),
        pl.when(~estimated).then(choice).alias("no_estimate_reason"),
        pool(choice.is_in(["volume_line", "volume_ramp"]), above).alias("tree_above_tc_ha"),
        pool(choice.is_in(["volume_line", "volume_ramp"]), main - above).alias("tree_below_tc_ha"),
        pool(choice.is_in(["culms", "bamboo_area_density"]), main).alias("bamboo_tc_ha"),
        pool(choice == "shrub_area_density", main).alias("shrub_tc_ha"),
        pool(choice == "economic_area_density", main).alias("economic_tc_ha"),
        "main_tc",
        *[f"{pool}_tc" for pool in GROUND],
        scattered_reason.alias("scattered_no_estimate_reason"),
        (col("scattered_tc") / col("area_ha")).alias("scattered_tc_ha"),
        "scattered_tc",
        (col("stock_tc") / col("area_ha")).alias("stock_tc_ha"),
        "stock_tc", "main_factor", "scattered_factor", "calibrated_stock_tc",
    ).sink_parquet(out, engine="streaming")  # fmt: skip


VARIANTS: dict[str, Callable[[Path, dict[str, Any], Path], None]] = {
    "product_grouped": product_grouped,
    "pandas_grouped": pandas_grouped,
    "duckdb_grouped": duckdb_grouped,
    "polars_grouped": polars_grouped,
    "product_rows": product_rows,
    "duckdb_rows": duckdb_rows,
    "polars_rows": polars_rows,
}

# --------------------------------------------------------------------------------------------------- the contest


def run_here(name: str, layer: Path, numbers: Path, out: Path) -> None:
    """Run one variant in this process and print its seconds and peak memory; libraries are imported before."""
    import duckdb  # noqa: F401
    import pandas as pd  # noqa: F401

    import senhui.measurement

    senhui.measurement.default_book()
    given = json.loads(numbers.read_text("utf-8"))
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    VARIANTS[name](layer, given, out)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_gb": peak_memory_gb()}))


def peak_memory_gb() -> float:
    """Return the peak memory of this process; `ru_maxrss` would count what its parent held when it was born."""
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GB
    kilobytes = next(line.split()[1] for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) * 1024 / GB


def run_apart(name: str, layer: Path, numbers: Path, out: Path) -> dict[str, float]:
    """Run one variant in a process of its own."""
    command = [sys.executable, __file__, "--run", name, str(layer), str(numbers), str(out)]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(result.stdout)
    return found


def assert_same(first: Path, second: Path) -> None:
    """Compare two results column by column: equal words and gaps, numbers to 1e-9 of their size."""
    keys = ["row"] if "row" in pl.read_parquet_schema(first) else ["county_code", "species_group"]
    for column in [c for c in pl.read_parquet_schema(second) if c not in keys]:
        ours, theirs = (
            pl.scan_parquet(path).select(*keys, column).sort(keys, nulls_last=True).collect()
            for path in (first, second)
        )
        if ours.schema[column] == pl.String:
            assert ours[column].equals(theirs[column], null_equal=True), f"{second.name}: {column} differs"
            continue
        gap = (ours[column].cast(pl.Float64) - theirs[column].fill_nan(None).cast(pl.Float64)).abs()
        size = ours[column].abs().max()
        assert ours[column].null_count() == theirs[column].fill_nan(None).null_count(), (
            f"{second.name}: gaps of {column}"
        )
        assert (gap.max() or 0.0) <= 1e-9 * max(float(size), 1.0), f"{second.name}: {column} differs"


def contest(rows: int, rounds: int) -> int:
    """Run all variants in turn and print the ratios; return 1 if a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        layer, numbers = Path(folder) / "stands.parquet", Path(folder) / "numbers.json"
        write_layer(layer, rows=rows)
        numbers.write_text(json.dumps(plain_numbers()), "utf-8")
        print(f"{rows:,} stands, {layer.stat().st_size / GB:.2f} GB Parquet, {rounds} rounds, medians")
        results: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
        for number in range(rounds):
            for name in VARIANTS:
                out = Path(folder) / f"{name}.parquet"
                results[name].append(run_apart(name, layer, numbers, out))
            if number == 0:
                for name in VARIANTS:
                    variant, work = name.rsplit("_", 1)
                    if variant != "product":
                        assert_same(Path(folder) / f"product_{work}.parquet", Path(folder) / f"{name}.parquet")
                print("all variants give the same numbers to 1e-9")
    seconds = {name: median(run["seconds"] for run in runs) for name, runs in results.items()}
    peak_gb = {name: max(run["peak_gb"] for run in runs) for name, runs in results.items()}
    cpu_s = {name: median(run["cpu_s"] for run in runs) for name, runs in results.items()}
    for name in VARIANTS:
        print(f"{name:16} {seconds[name]:8.2f} s {cpu_s[name]:8.2f} CPU s {peak_gb[name]:6.2f} GB")
    ours, theirs = seconds["product_grouped"], min(seconds["duckdb_grouped"], seconds["polars_grouped"])
    ours_rows, theirs_rows = seconds["product_rows"], min(seconds["duckdb_rows"], seconds["polars_rows"])
    checks = [
        ("times faster than pandas", seconds["pandas_grouped"] / ours, ">=", 4.0),
        ("of the faster of DuckDB and Polars, grouped", ours / theirs, "<=", 2.0),
        ("GB at the peak, grouped", peak_gb["product_grouped"], "<=", 1.0),
        ("of the faster of DuckDB and Polars, rows written", ours_rows / theirs_rows, "<=", 2.0),
    ]
    missed = False
    for what, found, sign, target in checks:
        reached = found >= target if sign == ">=" else found <= target
        missed |= not reached
        print(f"{'reached' if reached else 'MISSED':8} {found:6.2f} {what} (target {sign} {target:g})")
    return int(missed)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=4, metavar=("VARIANT", "LAYER", "NUMBERS", "OUT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        name, *paths = given.run
        run_here(name, *map(Path, paths))
        return 0
    return contest(given.rows, given.rounds)


if __name__ == "__main__":
    sys.exit(main())
