"""The product's tile writer beside GDAL's PMTiles driver: the same polygons with six attributes, the same zooms.

    .venv/bin/python benchmarks/tiles.py [--polygons 300000] [--rounds 1]

Makes uneven polygons of 49 vertices, lets each writer work in a process of its own, reads back every tile of both files
and counts which polygons are drawn at each zoom. Prints seconds, peak memory, size, polygons lost, and the ratio.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import shapely

TARGET_S, TARGET_GB = 60.0, 2.5
N_VERTICES = 49
LAND_CLASSES = ("tree_forest", "bamboo_forest", "non_forest")
SPECIES_GROUPS = ("chinese_fir", "masson_pine", "oak")
ORIGINS = ("natural", "planted", "coppice")
METHODS = ("volume_line", "culms", "shrub_area_density")
CATEGORIES = ("011", "012", "021", "022")
DISTURBANCES = ("11", "12", "fire")


def write_polygons(path: Path, *, n: int) -> None:
    """Write stands over 1.75° × 1.55°, about the size of Lishui, sorted by township as a release is."""
    random = np.random.default_rng(1)
    side = int(np.ceil(np.sqrt(n)))
    row, column = np.divmod(np.arange(n), side)
    cell_lon, cell_lat = 1.75 / side, 1.55 / side
    angle = np.linspace(0, 2 * np.pi, N_VERTICES)
    radius = 0.45 * (1 + 0.12 * random.uniform(-1, 1, (n, N_VERTICES)))
    radius[:, -1] = radius[:, 0]
    lon = 118.7 + cell_lon * (column[:, None] + 0.5 + radius * np.cos(angle))
    lat = 27.4 + cell_lat * (row[:, None] + 0.5 + radius * np.sin(angle))
    polygons = shapely.polygons(np.stack((lon, lat), axis=-1))
    frame = pl.DataFrame(
        {
            "geometry": list(shapely.to_wkb(polygons)),
            "area_ha": np.ones(n),
            "stock_tc_ha": random.uniform(0, 150, n),
            "calibrated_stock_tc": random.uniform(0, 150, n),
            "land_class": random.choice(LAND_CLASSES, n),
            "species_group": random.choice(SPECIES_GROUPS, n),
            "age_group": random.integers(1, 6, n),
            "origin": random.choice(ORIGINS, n),
            "method": random.choice(METHODS, n),
            "forest_category": random.choice(CATEGORIES, n),
            "error_frac": random.uniform(0.1, 0.8, n),
            "disturbance": random.choice(DISTURBANCES, n),
            "village_code": (331100100201 + 1000 * (13 * (row * 13 // side) + column * 13 // side)).astype(str),
        }
    )
    frame.sort("village_code", maintain_order=True).write_parquet(path)


def with_senhui(source: Path, out: Path) -> None:
    """Write with the product."""
    from senhui.atlas.tile_writer import write_tiles

    write_tiles(
        pl.scan_parquet(source),
        out,
        land_classes=LAND_CLASSES,
        species_groups=SPECIES_GROUPS,
        methods=METHODS,
        about={},
        progress=lambda fraction, note: None,
    )


def with_gdal(source: Path, out: Path) -> None:
    """Write with GDAL, its size limits lifted so that it keeps every polygon it can."""
    import pyogrio

    frame = pl.read_parquet(source)
    table = frame.select(
        stock=pl.col("stock_tc_ha").round().cast(pl.Int32),
        calibrated=(pl.col("calibrated_stock_tc") / pl.col("area_ha")).round().cast(pl.Int32),
        land_class=pl.col("land_class").replace_strict(LAND_CLASSES, range(3), return_dtype=pl.Int32),
        species=pl.col("species_group").replace_strict(SPECIES_GROUPS, range(3), return_dtype=pl.Int32),
        age_group=pl.col("age_group").cast(pl.Int32),
        origin=pl.col("origin").replace_strict(ORIGINS, range(3), return_dtype=pl.Int32),
        row=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
        geometry="geometry",
    ).to_arrow(compat_level=pl.CompatLevel.oldest())
    pyogrio.write_arrow(
        table,
        out,
        driver="PMTiles",
        layer="sub_compartments",
        geometry_name="geometry",
        geometry_type="Polygon",
        crs="EPSG:4326",
        dataset_options={"MINZOOM": "11", "MAXZOOM": "13", "MAX_SIZE": "100000000", "MAX_FEATURES": "10000000"},
    )


WRITERS: dict[str, Callable[[Path, Path], None]] = {"senhui": with_senhui, "gdal": with_gdal}


def drawn(path: Path) -> tuple[dict[int, int], int]:
    """Return how many different polygons are drawn at each zoom, and the number of tiles."""
    from mapbox_vector_tile.Mapbox.vector_tile_pb2 import tile as tile_message
    from pmtiles.reader import MmapSource, all_tiles

    seen: dict[int, set[int]] = defaultdict(set)
    n_tiles = 0
    with path.open("rb") as file:
        for (zoom, _, _), data in all_tiles(MmapSource(file)):
            message = tile_message()
            message.ParseFromString(gzip.decompress(data))
            (layer,) = message.layers
            if "row" in layer.keys:
                at = list(layer.keys).index("row")
                rows = (dict(zip(f.tags[::2], f.tags[1::2], strict=True))[at] for f in layer.features)
                seen[zoom].update(_number(layer.values[value]) for value in rows)
            else:
                seen[zoom].update(feature.id for feature in layer.features)
            n_tiles += 1
    return {zoom: len(ids) for zoom, ids in sorted(seen.items())}, n_tiles


def _number(value: object) -> int:
    (_, number), *_ = value.ListFields()  # type: ignore[attr-defined]
    return int(number)


def main() -> None:
    """Make the polygons, run both writers in turn, print figures and the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--polygons", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--writer", choices=WRITERS, help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.writer:
        began = time.perf_counter()
        WRITERS[arguments.writer](
            arguments.directory / "stands.parquet", arguments.directory / f"{arguments.writer}.pmtiles"
        )
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(json.dumps({"seconds": time.perf_counter() - began, "peak_gb": peak_gb}))
        return
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_polygons(directory / "stands.parquet", n=arguments.polygons)
        print(f"{arguments.polygons:,} polygons of {N_VERTICES} vertices, zoom 11–13")
        seconds: dict[str, list[float]] = defaultdict(list)
        peak_gb: dict[str, float] = {}
        for _ in range(arguments.rounds):
            for writer in WRITERS:
                (directory / f"{writer}.pmtiles").unlink(missing_ok=True)
                run = subprocess.run(
                    [sys.executable, __file__, "--writer", writer, "--directory", name],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                result = json.loads(run.stdout.splitlines()[-1])
                seconds[writer].append(result["seconds"])
                peak_gb[writer] = max(peak_gb.get(writer, 0.0), result["peak_gb"])
        counts_of: dict[str, dict[int, int]] = {}
        for writer in WRITERS:
            path = directory / f"{writer}.pmtiles"
            counts, n_tiles = drawn(path)
            counts_of[writer] = counts
            lost = {zoom: arguments.polygons - count for zoom, count in counts.items()}
            size_mb = path.stat().st_size / 1e6
            print(
                f"{writer:8}{median(seconds[writer]):7.1f} s {peak_gb[writer]:6.2f} GB {size_mb:6.1f} MB "
                f"{n_tiles:6} tiles, lost at zoom {lost}"
            )
        own_s = median(seconds["senhui"])
        print(f"ratio    {own_s / median(seconds['gdal']):.2f} of GDAL's time")
        assert set(counts_of["senhui"].values()) == {arguments.polygons}, "a sub-compartment was dropped"
        met = own_s <= TARGET_S and peak_gb["senhui"] <= TARGET_GB
        print(f"target   ≤ {TARGET_S:.0f} s, ≤ {TARGET_GB} GB: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
