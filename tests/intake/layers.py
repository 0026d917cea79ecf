"""A small layer in good order, and ways to write it: the ground the other cases change one thing of."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS, Transformer

from senhui.intake.geometry import polygon_areas_ha

VILLAGES_ZH = ("㙟下村", "林垟村", "岙底村", "堨头村")
"""Real kinds of village names: 㙟 is in GB18030 but not in GBK, 垟 岙 堨 are not in GB2312."""


def good_rows(n: int = 12) -> pl.DataFrame:
    """Rows of three land classes on a grid of outlines near Lishui, without anything to find."""
    index = np.arange(n)
    west, south = 119.9 + 0.004 * (index % 4), 28.4 + 0.004 * (index // 4)
    outlines = shapely.box(west, south, west + 0.003, south + 0.003)
    outlines = shapely.segmentize(outlines, 0.001)
    area = np.round(polygon_areas_ha(outlines), 2)
    kind = index % 3  # fir forest, moso bamboo, cropland
    pick = np.array
    volume = pick([120.5, 0.0, 0.0])[kind]
    return pl.DataFrame(
        {
            "XIAN": ["331181"] * n,
            "XIANG": ["103"] * n,
            "CUN": [f"2{i % 10:02d}" for i in index],
            "LIN_BAN": ["0012"] * n,
            "XIAO_BAN": [f"{i + 1:04d}" for i in index],
            "CUN_NAME": [VILLAGES_ZH[i % 4] for i in index],
            "DI_LEI": pick(["1111", "1130", "2110"])[kind],
            "MIAN_JI": area,
            "YOU_SHI_SZ": [["310", "660", None][k] for k in kind],
            "QI_YUAN": [["21", "11", None][k] for k in kind],
            "PINGJUN_NL": pl.Series([[18, 5, None][k] for k in kind], dtype=pl.Int32),
            "LING_ZU": [["2", None, None][k] for k in kind],
            "YU_BI_DU": pick([0.7, 0.8, 0.0])[kind],
            "PINGJUN_XJ": pick([14.2, 9.8, 0.0])[kind],
            "PINGJUN_SG": pick([11.0, 12.5, 0.0])[kind],
            "PINGJUN_DM": pick([21.5, 0.0, 0.0])[kind],
            "MEI_GQ_ZS": pl.Series(pick([1800, 2700, 0])[kind], dtype=pl.Int32),
            "HUO_LMGQXJ": volume,
            "ZXJ": pl.Series(np.round(volume * area), dtype=pl.Int32),
            "SSXJ": pl.Series([0] * n, dtype=pl.Int32),
            "SSZYSZ": pl.Series([None] * n, dtype=pl.String),
            "LIN_ZHONG": [["233", "233", None][k] for k in kind],
            "SEN_LIN_LB": [["022", "022", None][k] for k in kind],
            "LD_QS": ["20"] * n,
            "PO_XIANG": ["3"] * n,
            "geometry": shapely.to_wkb(outlines),
        }
    )


def write_layer(
    frame: pl.DataFrame,
    path: Path,
    *,
    crs: str = "EPSG:4490",
    encoding: str = "GB18030",
    cpg: str | None = "",
    geometry_type: str = "Unknown",
    layer: str | None = None,
    append: bool = False,
    as_they_are: bool = False,
) -> Path:
    """Write rows as the format that the name of the file says.

    ``encoding`` and ``cpg`` are for Shapefiles: an empty ``cpg`` keeps the one that is written, None takes it away,
    and other text takes its place. Outlines are moved to ``crs`` from EPSG:4490 unless they are to stay as they are.
    """
    if not as_they_are:
        frame = frame.with_columns(geometry=pl.Series(_moved(frame["geometry"], crs), dtype=pl.Binary))
    if path.suffix == ".parquet":
        _write_geoparquet(frame, path, crs=crs)
        return path
    driver = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".gdb": "OpenFileGDB"}[path.suffix]
    pyogrio.write_arrow(
        frame.to_arrow(compat_level=pl.CompatLevel.oldest()),
        path,
        driver=driver,
        layer=layer,
        append=append,
        geometry_name="geometry",
        geometry_type="Polygon" if driver != "GPKG" and geometry_type == "Unknown" else geometry_type,
        crs=crs,
        encoding=encoding if driver == "ESRI Shapefile" else None,
    )
    if driver == "ESRI Shapefile" and cpg is None:
        path.with_suffix(".cpg").unlink()
    elif driver == "ESRI Shapefile" and cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def _moved(wkb: pl.Series, crs: str) -> list[bytes | None]:
    outlines = shapely.from_wkb(wkb.to_numpy())
    if crs not in {"EPSG:4490", "EPSG:4326"}:
        move = Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform
        outlines = shapely.transform(outlines, lambda points: np.column_stack(move(points[:, 0], points[:, 1])))
    return list(shapely.to_wkb(outlines))


def _write_geoparquet(frame: pl.DataFrame, path: Path, *, crs: str) -> None:
    geo = {
        "version": "1.0.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": CRS(crs).to_json_dict()},
        },
    }
    table: pa.Table = frame.to_arrow()
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)


def names_in(directory: Path) -> set[str]:
    """Names of all files under a directory."""
    return {os.path.relpath(path, directory) for path in directory.rglob("*")}
