"""A small real layer in the official schema, and people with and without the right to touch it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely

from senhui.access.actions.create_user import create_user
from senhui.access.actions.grant_role import grant_role
from senhui.access.terminal import OPERATOR

NOW = dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC)
LONGQUAN, QINGYUAN = "331181", "331126"


def quiet(fraction: float, note: str) -> None:
    """Take progress and say nothing."""


def write_layer(path: Path, *, county: str = LONGQUAN, n: int = 12, **overrides: list[Any]) -> Path:
    """Write `n` squares of 4 ha as a GeoPackage in the official schema; `overrides` replace whole columns."""
    lon = 119.1 + 0.003 * np.arange(n)
    geometry = shapely.box(lon, 28.0, lon + 0.00203628, 28.0018)
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
        "YOU_SHI_SZ": (["310", "220"] * n)[:n],
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


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    """A store of its own for each test."""
    settings.SENHUI_HOME = tmp_path / "home"
    return settings.SENHUI_HOME


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """Twelve stands of fir and pine in one township of Longquan (龙泉)."""
    return write_layer(tmp_path / "stands.gpkg")


@pytest.fixture
def person(db: None) -> Callable[[str, str, str], Any]:
    """Make a user with one role over one area."""

    def make(username: str, role: str, area: str) -> Any:
        user = create_user(OPERATOR, username=username, display_name=username, now=NOW)
        grant_role(OPERATOR, user=user, role=role, area_code=area, starts_on=NOW.date(), now=NOW)
        return user

    return make
