"""A small real layer in the official schema, for the cases of several rooms."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

NOW = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
LONGQUAN, QINGYUAN = "331181", "331126"


def quiet(fraction: float, note: str) -> None:
    """Take progress and say nothing."""


def write_layer(
    path: Path,
    *,
    county: str = LONGQUAN,
    n: int = 12,
    outlines: dict[int, shapely.Geometry] | None = None,
    **overrides: list[Any],
) -> Path:
    """Write `n` squares of 4 ha as a GeoPackage in the official schema.

    `overrides` replace whole columns, `outlines` those of some rows (the first is 1).
    """
    lon = 119.1 + 0.003 * np.arange(n)
    geometry = shapely.box(lon, 28.0, lon + 0.00203628, 28.0018)
    for row, outline in (outlines or {}).items():
        geometry[row - 1] = outline
    area_ha = np.full(n, 4.0)
    volume = np.round(np.linspace(10, 200, n), 2)
    columns: dict[str, list[Any]] = {
        "SHENG": ["33"] * n,
        "SHI": ["3311"] * n,
        "XIAN": [county] * n,
        "XIANG": [f"{county}103"] * n,
        "CUN": [f"{county}103201"] * n,
        "LIN_BAN": ["0001"] * n,
        "XIAO_BAN": [f"{i:04d}" for i in range(n)],
        "DI_LEI": ["1111"] * n,
        "MIAN_JI": list(area_ha),
        "YOU_SHI_SZ": (["310", "220", "610"] * n)[:n],
        "QI_YUAN": ["21"] * n,
        "PINGJUN_NL": [15] * n,
        "LING_ZU": ["2"] * n,
        "YU_BI_DU": [0.7] * n,
        "HUO_LMGQXJ": list(volume),
        "ZXJ": [round(float(v) * 4) for v in volume],
    }
    columns.update(overrides)
    table = pa.table({**columns, "geometry": pa.array(shapely.to_wkb(geometry))})
    pyogrio.write_arrow(
        table, path, driver="GPKG", layer="xiaoban", geometry_name="geometry", geometry_type="Polygon", crs="EPSG:4490"
    )
    return path
