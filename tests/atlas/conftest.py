"""Small layers of odd polygons, and the tiles made of them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import polars as pl
import pytest
import shapely
from pmtiles.reader import MmapSource, all_tiles

from senhui.atlas import tile_writer

LAND_CLASSES = ("tree_forest", "bamboo_forest", "non_forest")
SPECIES_GROUPS = ("chinese_fir", "masson_pine")


def blob(lon: float, lat: float, size_degrees: float, *, n: int = 49, seed: int = 0) -> shapely.Polygon:
    """Return an uneven round polygon."""
    random = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    radius = size_degrees / 2 * (1 + 0.15 * random.uniform(-1, 1, n))
    return shapely.Polygon(np.column_stack((lon + radius * np.cos(angle), lat + radius * np.sin(angle))))


def odd_shapes() -> list[shapely.Geometry]:
    """Return what real layers hold: tiny, long, with holes, in several parts, larger than a tile, self-crossing."""
    big = blob(119.9, 28.4, 0.3, n=400, seed=1)
    holed = blob(119.6, 28.1, 0.01, seed=2) - blob(119.6, 28.1, 0.004, seed=3)
    two_parts = shapely.union(blob(119.5, 28.0, 0.003, seed=4), blob(119.52, 28.0, 0.003, seed=5))
    sliver = shapely.box(119.3, 28.3, 119.4, 28.300002)
    tiny = shapely.box(119.7, 28.2, 119.7 + 1e-7, 28.2 + 1e-7)
    pinholed = blob(119.65, 28.15, 0.003, seed=6) - blob(119.65, 28.15, 1e-6, n=5, seed=7)
    comb = shapely.union_all(
        [shapely.box(119.0, 28.5, 119.2, 28.501)]
        + [shapely.box(119.0 + i * 0.004, 28.45, 119.002 + i * 0.004, 28.5) for i in range(50)]
    )
    bow_tie = shapely.Polygon([(119.1, 28.6), (119.2, 28.7), (119.2, 28.6), (119.1, 28.7)])
    near_hole = shapely.Polygon(
        shapely.box(119.8, 28.0, 119.81, 28.01).exterior, [shapely.box(119.8 + 1e-6, 28.002, 119.805, 28.008).exterior]
    )
    return [big, holed, two_parts, sliver, tiny, pinholed, comb, bow_tie, near_hole]


def stands_of(geometries: list[shapely.Geometry | None]) -> pl.DataFrame:
    """Return stands with these geometries, in five townships of two counties."""
    n = len(geometries)
    township = [f"33118{1 + i * 5 // n // 3}{100 + i * 5 // n}" for i in range(n)]
    return pl.DataFrame(
        {
            "geometry": [None if shape is None else shapely.to_wkb(shape) for shape in geometries],
            "stock_tc_ha": [None if i % 7 == 3 else float(i % 90) for i in range(n)],
            "land_class": [LAND_CLASSES[i % 3] for i in range(n)],
            "species_group": [None if i % 5 == 2 else SPECIES_GROUPS[i % 2] for i in range(n)],
            "township_code": township,
        },
        schema_overrides={"geometry": pl.Binary},
    )


@pytest.fixture(scope="session")
def stands() -> pl.DataFrame:
    """Odd shapes and 600 plain ones, close enough that tiles hold several townships."""
    plain = [blob(119.4 + (i % 30) * 0.01, 28.0 + (i // 30) * 0.01, 0.009, seed=i) for i in range(600)]
    return stands_of([*odd_shapes(), *plain])


@pytest.fixture(scope="session")
def pmtiles(stands: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiles of `stands`."""
    path = tmp_path_factory.mktemp("tiles") / "tiles.pmtiles"
    tile_writer.write_tiles(
        stands.lazy(),
        path,
        land_classes=LAND_CLASSES,
        species_groups=SPECIES_GROUPS,
        about={"release": "2021-1"},
        progress=lambda fraction, note: None,
    )
    return path


Decoded = dict[tuple[int, int, int], dict[str, Any]]


def decode(data: bytes) -> dict[str, Any]:
    """Decode a compressed tile with a library that is not ours, y downward as stored."""
    return dict(mapbox_vector_tile.decode(gzip.decompress(data), default_options={"y_coord_down": True}))


@pytest.fixture(scope="session")
def decoded(pmtiles: Path) -> Decoded:
    """Every tile of the file, decoded."""
    with pmtiles.open("rb") as file:
        return {place: decode(data) for place, data in all_tiles(MmapSource(file))}
