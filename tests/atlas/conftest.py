"""Small layers of odd polygons, and the tiles made of them."""

from __future__ import annotations

import datetime as dt
import gzip
import importlib
import json
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import polars as pl
import pytest
import shapely
from pmtiles.reader import MmapSource, all_tiles

from senhui.atlas import tile_writer
from senhui.inventory import events, queries
from senhui.inventory.queries import ReleaseInfo
from senhui.measurement import CalibrationFactor, CalibrationFactors, default_book, measure_stands

LAND_CLASSES = ("tree_forest", "bamboo_forest", "non_forest")
SPECIES_GROUPS = ("chinese_fir", "masson_pine")
METHODS = ("volume_line", "culms")


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
            "area_ha": [0.5 + i % 3 for i in range(n)],
            "stock_tc_ha": [None if i % 7 == 3 else float(i % 90) for i in range(n)],
            "calibrated_stock_tc": [None if i % 7 == 3 else 1.3 * (i % 90) * (0.5 + i % 3) for i in range(n)],
            "land_class": [LAND_CLASSES[i % 3] for i in range(n)],
            "species_group": [None if i % 5 == 2 else SPECIES_GROUPS[i % 2] for i in range(n)],
            "age_group": [None if i % 4 == 3 else 1 + i % 5 for i in range(n)],
            "origin": [("natural", "planted", "coppice", None)[i % 4] for i in range(n)],
            "village_code": [f"{code}{201 + i % 2}" for i, code in enumerate(township)],
            "method": [(*METHODS, None)[i % 3] for i in range(n)],
            "forest_category": [tile_writer.PROTECTIONS[i % 5] for i in range(n)],
            "error_frac": [None if i % 7 == 3 else 0.01 * (i % 300) for i in range(n)],
            "disturbance": [tile_writer.DISTURBANCES[i % 14] for i in range(n)],
        },
        schema_overrides={
            "geometry": pl.Binary,
            "age_group": pl.Int32,
            "error_frac": pl.Float64,
            "disturbance": pl.String,
        },
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
        methods=METHODS,
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


def canonical_stands(n: int = 400) -> pl.DataFrame:
    """Return stands as `inventory` stores them before measuring: of many kinds, some without volume or species."""
    random = np.random.default_rng(5)
    pick = random.choice
    land_class = pick(
        ["tree_forest", "tree_forest", "bamboo_forest", "general_shrub", "economic_forest", "non_forest"], n
    )
    is_tree = land_class == "tree_forest"
    area_ha = random.uniform(0.5, 9, n).round(2)
    volume_m3_ha = np.where(is_tree & (random.random(n) > 0.1), random.uniform(10, 200, n).round(1), np.nan)
    shapes = [blob(119.2 + (i % 20) * 0.005, 28.0 + (i // 20) * 0.005, 0.004, seed=i) for i in range(n)]
    township = np.sort(pick(["331181100", "331181101", "331126100", "331126102"], n))
    number = [f"{i:04d}" for i in range(n)]
    species = np.where(is_tree, pick(["chinese_fir", "masson_pine", "oak"], n), "").astype(object)
    species[land_class == "bamboo_forest"] = "moso_bamboo"
    frame = pl.DataFrame(
        {
            "sub_compartment_id": [f"{t}201-0001-{k}" for t, k in zip(township, number, strict=True)],
            "county_code": [t[:6] for t in township],
            "township_code": township,
            "village_code": [f"{t}201" for t in township],
            "compartment_no": "0001",
            "sub_compartment_no": number,
            "land_class": land_class,
            "species_group": species,
            "origin": pick(["natural", "planted", ""], n),
            "age_yr": random.integers(3, 60, n),
            "age_group": random.integers(1, 6, n),
            "canopy_frac": random.uniform(0.2, 0.9, n).round(2),
            "dbh_cm": random.uniform(6, 30, n).round(1),
            "height_m": random.uniform(4, 20, n).round(1),
            "stems_ha": np.where(land_class == "bamboo_forest", 2400.0, np.nan),
            "area_ha": area_ha,
            "volume_m3_ha": volume_m3_ha,
            "volume_m3": volume_m3_ha * area_ha,
            "scattered_volume_m3": np.where(random.random(n) > 0.8, 3.5, np.nan),
            "scattered_species_group": pick(["camphor", ""], n),
            "geometry": [shapely.to_wkb(shape) for shape in shapes],
        }
    )
    text = pl.col("species_group", "origin", "scattered_species_group").replace("", None)
    numbers = pl.col("stems_ha", "volume_m3_ha", "volume_m3", "scattered_volume_m3").fill_nan(None)
    return frame.with_columns(text, numbers)


RELEASE_ID = "2021-1"
FACTORS = CalibrationFactors(
    (
        CalibrationFactor("arbor", 1.25, 0.0, 0.0, "example", "", ""),
        CalibrationFactor("other", 0.5, 0.0, 0.0, "example", "", ""),
    )
)


@pytest.fixture(scope="session")
def measured() -> pl.DataFrame:
    """Measured and calibrated stands."""
    return measure_stands(canonical_stands().lazy(), book=default_book(), factors=FACTORS).collect()


@pytest.fixture
def release(measured: pl.DataFrame, senhui_home: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseInfo:
    """A release of sample data whose files lie where they should; only its database row is feigned."""
    info = ReleaseInfo(
        id=RELEASE_ID,
        label="Survey 2021",
        reference_year=2021,
        is_sample=True,
        released_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        imported_by="Lin",
        measured_by="Lin",
        released_by="Wu",
        value_hash="0" * 64,
        township_codes=("331126100", "331126102", "331181100", "331181101"),
        manifest={"measurement": {"calibration": {}}},
        n_excluded=0,
        excluded_area_ha=0.0,
        licence_note="",
    )
    directory = senhui_home / "releases" / RELEASE_ID
    directory.mkdir(parents=True)
    measured.write_parquet(directory / "sub_compartments.parquet")
    derivations = [derivation.as_dict() for derivation in default_book().derivations]
    (directory / "derivations.json").write_text(json.dumps(derivations), "utf-8")
    known = {RELEASE_ID: info}

    def one(release_id: str) -> ReleaseInfo:
        if release_id not in known:
            raise queries.NoSuchRelease(release_id)
        return known[release_id]

    monkeypatch.setattr(queries, "release", one)
    rows = importlib.import_module("senhui.inventory.queries.releases")
    monkeypatch.setattr(rows, "_has_row", lambda release_id, path: release_id in known)
    nothing_happened = pl.Series([None] * measured.height, dtype=pl.String)
    monkeypatch.setattr(events, "disturbances", lambda release_id: nothing_happened)
    monkeypatch.setattr(queries, "administrative_units", lambda level=None: [])
    return info
