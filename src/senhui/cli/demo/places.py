"""Townships and villages of the sample city: real names and codes, made-up outlines.

No township outlines are public. Each county's cells are grouped around as many centres as it has townships, and
each township's cells around as many centres as it has villages; a township is the union of its cells, so cells nest
in it exactly. Names and codes: data/divisions.json (origin and licence in data/SOURCE.md). Cases:
tests/cli/demo/test_places.py.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import polars as pl
import shapely
from scipy.spatial import cKDTree

from senhui.cli.demo.geometry import Cells, Objects, counties
from senhui.cli.demo.mosaic import Floats, Ints
from senhui.cli.demo.terrain import Terrain, noise

CITY_CODE, CITY_NAME_ZH = "3311", "丽水市"
SIMPLIFY_DEG = 0.0018  # corners cut by coverage_simplify; about 180 m, enough for a choropleth
WARP_KM = 2.5  # bends the straight borders that grouping around centres gives
ROUNDS = 30


@dataclass(frozen=True)
class Places:
    """Where each cell lies.

    Attributes
    ----------
    township_codes, village_codes : tuple of str, sorted
    township, village : (n,) int, index into the codes
    """

    township_codes: tuple[str, ...]
    village_codes: tuple[str, ...]
    township: Ints
    village: Ints


@cache
def divisions() -> dict[str, dict[str, str]]:
    """Return code -> name for the levels county, township and village."""
    text = resources.files("senhui.cli.demo").joinpath("data/divisions.json").read_text("utf-8")
    names: dict[str, dict[str, str]] = json.loads(text)
    return names


def place_cells(cells: Cells, terrain: Terrain, size_km: Floats, *, rng: np.random.Generator) -> Places:
    """Give each cell a township of its county and a village of that township."""
    townships, villages = sorted(divisions()["township"]), sorted(divisions()["village"])
    bend = np.column_stack(
        [noise(size_km, wavelength_km=12.0, octaves=2, rng=rng).at(cells.centre_km) for _ in range(2)]
    )
    points = cells.centre_km + WARP_KM * bend
    height_m = terrain.elevation_m.at(cells.centre_km)
    township = np.full(len(points), -1)
    village = np.full(len(points), -1)
    for index, code in enumerate(counties().codes):
        inside = np.flatnonzero(cells.county == index)
        township[inside] = _share_out(points[inside], height_m[inside], _children(townships, code), rng)
    for index, code in enumerate(townships):
        inside = np.flatnonzero(township == index)
        if len(inside):
            village[inside] = _share_out(points[inside], height_m[inside], _children(villages, code), rng)
    return Places(tuple(townships), tuple(villages), township, village)


def outlines(cells: Cells, places: Places) -> pl.DataFrame:
    """Draw city, counties and townships, simplified together so that they still share their borders.

    Returns
    -------
    polars.DataFrame with code, level, name_zh, parent_code and wkb (null for villages), the highest level first
    """
    drawn = np.unique(places.township)
    order = np.argsort(places.township, kind="stable")
    first = np.searchsorted(places.township[order], drawn)
    groups = np.split(order, first[1:])
    exact = np.array([shapely.coverage_union_all(cells.polygons[group]) for group in groups], dtype=object)
    simple = shapely.transform(shapely.coverage_simplify(exact, SIMPLIFY_DEG), lambda degrees: degrees.round(5))
    codes = [places.township_codes[index] for index in drawn]
    county_codes = counties().codes
    of_county = np.array([county_codes.index(code[:6]) for code in codes])
    county = np.array(
        [shapely.coverage_union_all(simple[of_county == index]) for index in range(len(county_codes))],
        dtype=object,
    )
    names = divisions()
    frames = [
        _units("city", [CITY_CODE], {CITY_CODE: CITY_NAME_ZH}, np.array([shapely.coverage_union_all(simple)])),
        _units("county", list(county_codes), names["county"], county),
        _units("township", codes, names["township"], simple),
        _units("village", list(names["village"]), names["village"], None),
    ]
    return pl.concat(frames)


def write_units(units: pl.DataFrame, path: Path) -> Path:
    """Write units as GeoJSON (RFC 7946 layout, EPSG:4490, 5 decimals), each marked as sample."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": row["code"],
                "name": row["name_zh"],
                "level": row["level"],
                "parent_code": row["parent_code"],
                "is_sample": True,
            },
            "geometry": json.loads(shapely.to_geojson(shapely.from_wkb(row["wkb"]))) if row["wkb"] else None,
        }
        for row in units.iter_rows(named=True)
    ]
    collection = {
        "type": "FeatureCollection",
        "title": "示例数据 sample data",
        "is_sample": True,
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}},
        "features": features,
    }
    path.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")), "utf-8")
    return path


def _units(level: str, codes: list[str], names: dict[str, str], shapes: Objects | None) -> pl.DataFrame:
    parent_width = {"city": 0, "county": 4, "township": 6, "village": 9}[level]
    wkb = [None] * len(codes) if shapes is None else list(shapely.to_wkb(shapes))
    return pl.DataFrame(
        {
            "code": codes,
            "level": [level] * len(codes),
            "name_zh": [names[code] for code in codes],
            "parent_code": pl.Series(
                [None if level == "city" else code[:parent_width] for code in codes], dtype=pl.String
            ),
            "wkb": pl.Series(wkb, dtype=pl.Binary),
        }
    )


def _children(codes: list[str], parent: str) -> Ints:
    return np.array([index for index, code in enumerate(codes) if code.startswith(parent)])


def _share_out(points: Floats, height_m: Floats, children: Ints, rng: np.random.Generator) -> Ints:
    """Group points around one centre per child (k-means); the first children lie nearest to the lowest point.

    Codes count from the seat of county or township outwards, and seats lie in valleys.
    """
    n_groups = min(len(children), len(points))
    centre = points[rng.choice(len(points), size=n_groups, replace=False)]
    for _ in range(ROUNDS):
        group = cKDTree(centre).query(points)[1]
        n_members = np.bincount(group, minlength=n_groups)
        total = np.column_stack([np.bincount(group, points[:, axis], minlength=n_groups) for axis in range(2)])
        centre = np.where(n_members[:, None] > 0, total / np.maximum(n_members, 1)[:, None], centre)
    group = cKDTree(centre).query(points)[1]
    seat = points[np.argmin(height_m)]
    rank = np.empty(n_groups, dtype=np.int64)
    rank[np.argsort(np.hypot(*(centre - seat).T), kind="stable")] = np.arange(n_groups)
    shared: Ints = children[rank[group]]
    return shared
