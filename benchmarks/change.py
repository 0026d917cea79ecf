"""Two layers laid over each other: ``python benchmarks/change.py [--rows 300000] [--bar 90]``.

Makes a mosaic of polygons of 49 points that share their boundaries, and a second survey of it of which half is really
different: a quarter of all has other boundaries, an eighth is split, an eighth merged. Then matches both, names the
cause of every piece's difference, adds the closing table up and rounds it. Prints seconds of each step and peak memory;
ends with an error where all steps together take longer than the bar.
"""

import argparse
import resource
import sys
import time

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

POINTS_PER_EDGE = 12
STEP_DEG = 0.0012


def mosaic(
    n_rows: int, n_columns: int, rng: np.random.Generator, shift: npt.NDArray[np.float64]
) -> npt.NDArray[np.object_]:
    """Return cells (n_rows, n_columns) with wavy shared edges; `shift` moves the nodes, in steps."""
    y, x = np.meshgrid(np.arange(n_rows + 1), np.arange(n_columns + 1), indexing="ij")
    nodes = np.stack([x, y], axis=-1) + shift
    along = np.arange(POINTS_PER_EDGE)[:, None] / POINTS_PER_EDGE

    def edges(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        line = start[..., None, :] + along * (end - start)[..., None, :]
        wave = 0.012 * rng.normal(size=line.shape).clip(-2, 2)
        wave[..., 0, :] = 0.0
        return np.asarray(line + wave)

    flat, upright = edges(nodes[:, :-1], nodes[:, 1:]), edges(nodes[:-1], nodes[1:])

    def backwards(edge: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.concatenate([end[..., None, :], edge[..., :0:-1, :]], axis=-2)

    ring = np.concatenate(
        [
            flat[:-1], upright[:, 1:], backwards(flat[1:], nodes[1:, 1:]), backwards(upright[:, :-1], nodes[1:, :-1]),
            nodes[:-1, :-1, None],
        ],
        axis=-2,
    )  # fmt: skip
    return np.asarray(shapely.polygons(np.array([118.7, 27.4]) + STEP_DEG * ring))


def two_surveys(n: int, seed: int = 20261122) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return two layers of about `n` polygons each, half of the second really different."""
    rng = np.random.default_rng(seed)
    n_columns = int(np.sqrt(n) // 2 * 2)
    n_rows = n // n_columns // 8 * 8
    quarter = n_rows // 4
    shift = 0.08 * rng.normal(size=(n_rows + 1, n_columns + 1, 2)).clip(-2, 2)
    moved = shift.copy()
    moved[2 * quarter + 1 : 3 * quarter] += 0.08 * rng.normal(size=(quarter - 1, n_columns + 1, 2)).clip(-2, 2)
    wave = int(rng.integers(2**32))
    earlier = mosaic(n_rows, n_columns, np.random.default_rng(wave), shift)
    later = mosaic(n_rows, n_columns, np.random.default_rng(wave), moved)
    bands = [earlier[: 2 * quarter].ravel(), later[2 * quarter : 3 * quarter].ravel()]
    eighth = 3 * quarter + quarter // 2
    whole = earlier[3 * quarter : eighth].ravel()
    whole = whole[shapely.is_valid(whole)]
    middle = shapely.get_coordinates(shapely.centroid(whole))
    knife = shapely.box(middle[:, 0] - STEP_DEG, middle[:, 1] - STEP_DEG, middle[:, 0], middle[:, 1] + STEP_DEG)
    bands += [shapely.intersection(whole, knife), shapely.difference(whole, knife)]
    pairs = earlier[eighth:].reshape(-1, 2)
    pairs = pairs[shapely.is_valid(pairs).all(axis=1)]
    bands.append(shapely.union(pairs[:, 0], pairs[:, 1]))
    return layer(earlier.ravel(), rng), layer(np.concatenate(bands), rng)


def layer(outlines: npt.NDArray[np.object_], rng: np.random.Generator) -> pl.DataFrame:
    """Return stands with a number that says where they lie, and a made-up stock."""
    from senhui.intake.geometry import polygon_areas_ha

    outlines = outlines[shapely.is_valid(outlines)]
    area_ha = np.maximum(polygon_areas_ha(outlines).round(2), 0.01)
    centre = shapely.get_coordinates(shapely.centroid(outlines)).round(7)
    density_tc_ha = rng.uniform(0, 60, len(outlines))
    return pl.DataFrame(
        {
            "sub_compartment_id": [f"{lon}-{lat}" for lon, lat in centre],
            "township_code": pl.Series([f"331181{100 + nth % 19}" for nth in range(len(outlines))]),
            "land_class": "tree_forest",
            "method": "volume_line",
            "scattered_no_estimate_reason": pl.Series([None] * len(outlines), dtype=pl.String),
            "area_ha": area_ha,
            "stock_tc": density_tc_ha * area_ha,
            "calibrated_stock_tc": density_tc_ha * area_ha,
            "geometry": pl.Series(shapely.to_wkb(outlines), dtype=pl.Binary),
        }
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--bar", type=float, default=90.0, help="seconds")
    chosen = parser.parse_args()
    from senhui.inventory.matching import match
    from senhui.measurement.change import closing_table, no_events, piece_changes
    from senhui.measurement.closing import round_closing

    before, after = two_surveys(chosen.rows)
    n_points = shapely.get_num_coordinates(shapely.from_wkb(before["geometry"].to_numpy())).mean()
    print(f"{before.height:,} against {after.height:,} polygons, {n_points:.0f} points each")
    began = time.perf_counter()
    matching = match(before, after)
    match_s = time.perf_counter() - began
    began = time.perf_counter()
    changes = piece_changes(matching.pieces, before=before, after=after, events=no_events())
    table = closing_table(changes)
    name_s = time.perf_counter() - began
    began = time.perf_counter()
    grid = table.pivot("township", index="line", values="measured_tc").drop("line").to_numpy()
    round_closing(grid, step_tc=1.0)
    round_s = time.perf_counter() - began
    for side, counts in matching.counts().items():
        print(side, {name: n for name, n in counts.items() if n})
    print(f"{matching.pieces.height:,} pieces, {matching.n_same:,} unchanged, {matching.sliver_ha:.1f} ha slivers")
    for side, layer_ in (("before", before), ("after", after)):
        parts = matching.pieces.drop_nulls(f"row_{side}").group_by(f"row_{side}").agg(pl.col(f"area_{side}_ha").sum())
        gap = (parts.sort(f"row_{side}")[f"area_{side}_ha"] / layer_["area_ha"] - 1).abs().max()
        print(f"largest relative gap of a stand's area, {side}: {gap:.1e}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"matching {match_s:.1f} s, causes and table {name_s:.2f} s, rounding of {grid.shape[1]} places {round_s:.2f} s"
    )
    print(f"peak {peak_mb:,.0f} MB (with both layers in memory)")
    if match_s + name_s + round_s > chosen.bar:
        sys.exit(f"slower than the bar of {chosen.bar} s")


if __name__ == "__main__":
    main()
