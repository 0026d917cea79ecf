"""Import of a layer against raw reading: ``python benchmarks/intake.py [--rows 300000] [--rounds 3]``.

Makes a layer of 300,000 polygons of 49 points with the ordinary columns, then, alternately and each in its own
process, (a) reads it raw (``pyogrio.read_arrow``, ``shapely.from_wkb``, ``shapely.is_valid``) and (b) reads it with
``senhui.intake.read_sub_compartments``, and prints the ratio of the medians and the peak memory of each. The bar is
a GeoPackage in EPSG:4490 at 3 times raw; a GeoPackage in EPSG:4549 (every point is transformed) and a Shapefile in
GB18030 are printed for information.
"""

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BAR = 3.0

RAW = """
import pyogrio, shapely
_, table = pyogrio.read_arrow(path, encoding=encoding)
name = next(name for name in ("geom", "wkb_geometry") if name in table.column_names)
outlines = shapely.from_wkb(table[name].to_numpy(zero_copy_only=False))
n_rows = int(shapely.is_valid(outlines).sum())
"""
PRODUCT = """
from senhui.intake import read_sub_compartments
layer = read_sub_compartments(path)
n_rows = layer.stands.height
assert layer.findings.height == 0, layer.findings
"""
FRAME = """
import json, resource, sys, time
path, encoding = sys.argv[1], sys.argv[2] or None
begin = time.perf_counter()
{body}
seconds = time.perf_counter() - begin
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({{"seconds": seconds, "peak_mb": peak_mb, "n_rows": n_rows}}))
"""


def make_layer(path: Path, *, n_rows: int, crs: str) -> None:
    """Write ``n_rows`` stands of 49 points on a grid over Lishui, in batches that keep memory small."""
    import numpy as np
    import polars as pl
    import pyarrow as pa
    import pyogrio
    import shapely
    from pyproj import Transformer

    from senhui.intake.geometry import polygon_areas_ha

    rng = np.random.default_rng(20261122)
    index = np.arange(n_rows)
    per_row = int(np.ceil(np.sqrt(n_rows)))
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    step = 1.6 / per_row
    center = np.stack([118.75 + step * (index % per_row), 27.5 + step * (index // per_row)], axis=-1)
    radius = step * 0.33 * (1 + 0.3 * rng.random((n_rows, 48)))
    ring = center[:, None, :] + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    ring = np.concatenate([ring, ring[:, :1]], axis=1)
    outlines = shapely.polygons(ring)
    area_ha = np.maximum(np.round(polygon_areas_ha(outlines), 2), 0.01)
    if crs != "EPSG:4490":
        move = Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform
        outlines = shapely.polygons(np.stack(move(ring[..., 0], ring[..., 1]), axis=-1))
    kind = rng.choice(3, n_rows, p=[0.7, 0.2, 0.1])
    volume = np.where(kind == 0, np.round(rng.uniform(40, 200, n_rows), 2), 0.0)

    def coded(*values: str | None) -> pl.Series:
        return pl.Series(values, dtype=pl.String).gather(kind)

    numbers = {name: rng.integers(1, 5, n_rows) for name in ("TU_CENG_HD", "KZLYH", "FZCH", "SLHL", "HBG")}
    codes = {
        name: pl.Series(["1", "2", "3"]).gather(rng.integers(0, 3, n_rows))
        for name in ("PO_XIANG", "PO_WEI", "PO_DU", "KE_JI_DU", "ZL_DJ", "BH_DJ", "QYKZ", "BCLD", "ZRD", "QLJG", "JKZK")
    }
    frame = pl.DataFrame(
        {
            "SHENG": ["33"] * n_rows,
            "SHI": ["3311"] * n_rows,
            "XIAN": ["331181"] * n_rows,
            "XIANG": pl.Series(index // 5000 % 900 + 100).cast(pl.String),
            "CUN": pl.Series(index // 500 % 10 + 200).cast(pl.String),
            "LIN_BAN": pl.Series(index // 50 % 10 + 1).cast(pl.String).str.zfill(4),
            "XIAO_BAN": pl.Series(index % 50 + 1).cast(pl.String).str.zfill(4),
            "CUN_NAME": pl.Series(["㙟下村", "林垟村", "岙底村", "堨头村"]).gather(index % 4),
            "DI_LEI": coded("1111", "1130", "2110"),
            "MIAN_JI": area_ha,
            "YOU_SHI_SZ": coded("310", "660", None),
            "QI_YUAN": coded("21", "11", None),
            "PINGJUN_NL": np.where(kind == 0, 18, 5).astype(np.int32),
            "LING_ZU": coded("2", None, None),
            "YU_BI_DU": np.round(rng.uniform(0.2, 0.95, n_rows), 2),
            "PINGJUN_XJ": np.round(rng.uniform(6, 25, n_rows), 1),
            "PINGJUN_SG": np.round(rng.uniform(5, 20, n_rows), 1),
            "PINGJUN_DM": np.round(rng.uniform(5, 30, n_rows), 1),
            "MEI_GQ_ZS": rng.integers(600, 3000, n_rows).astype(np.int32),
            "HUO_LMGQXJ": volume,
            "ZXJ": np.round(volume * area_ha).astype(np.int32),
            "SSXJ": np.zeros(n_rows, np.int32),
            "LIN_ZHONG": coded("233", "233", None),
            "SEN_LIN_LB": coded("022", "022", None),
            "LD_QS": ["20"] * n_rows,
            **numbers,
            **codes,
            "geometry": shapely.to_wkb(outlines),
        }
    )
    is_shapefile = path.suffix == ".shp"
    pyogrio.write_arrow(
        pa.Table.from_batches(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).to_batches(max_chunksize=50_000)),
        path,
        driver="ESRI Shapefile" if is_shapefile else "GPKG",
        geometry_name="geometry",
        geometry_type="Polygon",
        crs=crs,
        encoding="GB18030" if is_shapefile else None,
    )


def make_layer_apart(path: Path, *, n_rows: int, crs: str) -> None:
    """Make a layer in its own process: a child is charged the peak memory its parent had when it was started."""
    process = multiprocessing.get_context("spawn").Process(
        target=make_layer, args=(path,), kwargs={"n_rows": n_rows, "crs": crs}
    )
    process.start()
    process.join()
    assert process.exitcode == 0, "the layer was made"


def measure(body: str, path: Path, encoding: str) -> dict[str, float]:
    """Run one reading in its own process and return seconds, peak memory and rows."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FRAME.format(body=body), str(path), encoding],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare(path: Path, *, title: str, rounds: int, encoding: str = "") -> float:
    """Measure raw and product alternately, print both, and return the ratio of their medians."""
    runs: dict[str, list[dict[str, float]]] = {"raw": [], "senhui": []}
    for _ in range(rounds):
        runs["raw"].append(measure(RAW, path, encoding))
        runs["senhui"].append(measure(PRODUCT, path, encoding))
    seconds = {name: statistics.median(run["seconds"] for run in each) for name, each in runs.items()}
    peak_mb = {name: max(run["peak_mb"] for run in each) for name, each in runs.items()}
    assert runs["raw"][0]["n_rows"] == runs["senhui"][0]["n_rows"], "both read every row"
    ratio = seconds["senhui"] / seconds["raw"]
    print(
        f"{title:<34} raw {seconds['raw']:6.2f} s {peak_mb['raw']:6.0f} MB   "
        f"senhui {seconds['senhui']:6.2f} s {peak_mb['senhui']:6.0f} MB   ratio {ratio:.2f}"
    )
    return ratio


def main() -> None:
    """Make the layers, measure, and say whether the bar is reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "layer.gpkg"
        make_layer_apart(path, n_rows=arguments.rows, crs="EPSG:4490")
        ratio = compare(path, title="GeoPackage EPSG:4490", rounds=arguments.rounds)
        path.unlink()
        make_layer_apart(path, n_rows=arguments.rows, crs="EPSG:4549")
        compare(path, title="GeoPackage EPSG:4549 (information)", rounds=arguments.rounds)
        path.unlink()
        shapefile = path.with_suffix(".shp")
        make_layer_apart(shapefile, n_rows=arguments.rows, crs="EPSG:4490")
        compare(shapefile, title="Shapefile GB18030 (information)", rounds=arguments.rounds, encoding="GB18030")
    print(f"bar {BAR:.1f} {'reached' if ratio <= BAR else 'MISSED'}: import with checks takes {ratio:.2f} times raw")
    sys.exit(0 if ratio <= BAR else 1)


if __name__ == "__main__":
    main()
