"""Sample boundaries over the map: invented outlines of the four layers of the great garden (大花园).

Nothing here is where a park, a town or a village is: round, uneven outlines at places drawn by the seed, within the
counties at hand. Cases: tests/cli/demo/test_overlays.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from senhui.inventory.actions.import_overlay import OverlayStatement

SEED = 20260102
SOURCE = "演示数据，由程序虚构 Sample data, invented by the program"
YEAR = 2024
N_CORNERS = 72
KM_PER_DEGREE = 111.3
"""Enough to give invented outlines a size."""


@dataclass(frozen=True)
class Sample:
    """A kind with names, how many outlines it has, and their radius, km."""

    kind: str
    name_zh: str
    name_en: str
    n: int
    radius_km: float


SAMPLES = (
    Sample("national_park", "示例国家公园", "Sample national park", 1, 14.0),
    Sample("beautiful_city", "示例美丽城市", "Sample beautiful city", 4, 5.0),
    Sample("beautiful_town", "示例美丽城镇", "Sample beautiful town", 12, 2.5),
    Sample("beautiful_village", "示例美丽乡村", "Sample beautiful village", 40, 0.9),
)


def write_sample_overlays(
    directory: Path, counties: Sequence[shapely.Geometry], *, seed: int = SEED
) -> list[tuple[Path, OverlayStatement]]:
    """Write the sample boundaries as GeoJSON and return each file with what is said of it.

    Parameters
    ----------
    directory : created if it does not exist; files of the same names are replaced.
    counties : outlines within which all boundaries lie, degrees.
    """
    rng = np.random.default_rng(seed)
    land = shapely.union_all(np.array(counties, dtype=object))
    directory.mkdir(parents=True, exist_ok=True)
    made = []
    for sample in SAMPLES:
        path = directory / f"{sample.kind}.geojson"
        features = [
            {
                "type": "Feature",
                "properties": {"name_zh": f"{sample.name_zh} {nth}", "name_en": f"{sample.name_en} {nth}"},
                "geometry": json.loads(shapely.to_geojson(_outline(land, sample.radius_km, rng))),
            }
            for nth in range(1, sample.n + 1)
        ]
        collection = {
            "type": "FeatureCollection",
            "title": SOURCE,
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}},
            "features": features,
        }
        path.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")
        statement = OverlayStatement(
            kind=sample.kind,
            name_zh=sample.name_zh,
            name_en=sample.name_en,
            source=SOURCE,
            year=YEAR,
            is_sample=True,
        )
        made.append((path, statement))
    return made


def _outline(land: shapely.Geometry, radius_km: float, rng: np.random.Generator) -> shapely.Geometry:
    """Draw an uneven round outline around a place on the land, and cut off what lies outside."""
    west, south, east, north = shapely.bounds(land)
    while True:
        lon, lat = rng.uniform(west, east), rng.uniform(south, north)
        if shapely.contains_xy(land, lon, lat):
            break
    angle = np.linspace(0.0, 2.0 * np.pi, N_CORNERS, endpoint=False)
    waves = sum(rng.uniform(0, 0.35 / k) * np.sin(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(2, 7))
    reach = radius_km / KM_PER_DEGREE * (1.0 + waves)
    corners = np.column_stack([lon + reach * np.cos(angle) / np.cos(np.radians(lat)), lat + reach * np.sin(angle)])
    cut = shapely.intersection(shapely.polygons(corners.round(6)), land)
    parts = shapely.get_parts(cut)
    largest: shapely.Geometry = parts[int(np.argmax(shapely.area(parts)))]
    return largest
