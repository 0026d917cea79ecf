"""A very small city whose nine counties each have twenty stands: real releases for targets of the whole city."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely
from tests.small_layer import NOW, quiet, write_layer

from senhui.atlas.jobs import release_and_map
from senhui.inventory import queries
from senhui.inventory.actions.compare_releases import compare_releases
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.load_administrative_units import load_administrative_units
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.changes import ChangeInfo

Person = Callable[..., Any]

COUNTIES = {
    "331102": "莲都区", "331121": "青田县", "331122": "缙云县", "331123": "遂昌县", "331124": "松阳县",
    "331125": "云和县", "331126": "庆元县", "331127": "景宁县", "331181": "龙泉市",
}  # fmt: skip
TREE, BAMBOO, SPECIAL_SHRUB, OTHER_SHRUB = "1111", "1130", "1310", "1320"
SPECIES_OF_TREES = {TREE: "310", "0301": "310"}
SPECIES = {**SPECIES_OF_TREES, BAMBOO: "660", "0302": "660"}
"""Dominant species by class of land; those with trees have a volume."""
LAND_OF_A_COUNTY = (TREE,) * 8 + (BAMBOO,) * 4 + (SPECIAL_SHRUB,) * 4 + (OTHER_SHRUB,) * 4
AREA_HA = 4.0
STEP, WIDE, HIGH = 0.0026, 0.00203628, 0.0018
"""Degrees from stand to stand, and of a stand: 200 m × 200 m near 28° north."""


def outlines() -> dict[str, shapely.Geometry]:
    """Return each county as a strip of its twenty stands and the land between them, from south to north."""
    return {
        code: shapely.box(119.1, 28.0 + 0.0021 * i, 119.1 + 20 * STEP, 28.0 + 0.0021 * (i + 1))
        for i, code in enumerate(COUNTIES)
    }


def load_units(person: Person) -> None:
    """Load the city and its counties, each with one township."""
    found = outlines()
    shapes = {"3311": shapely.union_all(list(found.values())), **found}
    shapes |= {f"{code}103": shape for code, shape in found.items()}
    names = {"3311": "丽水市", **COUNTIES} | {f"{code}103": "城关镇" for code in COUNTIES}
    units = pl.DataFrame(
        {
            "code": list(shapes),
            "level": [{4: "city", 6: "county", 9: "township"}[len(code)] for code in shapes],
            "name_zh": [names[code] for code in shapes],
            "parent_code": [code[: {4: 0, 6: 4, 9: 6}[len(code)]] for code in shapes],
            "wkb": [shapely.to_wkb(shape) for shape in shapes.values()],
        }
    )
    load_administrative_units(person("root", administrator="33"), units=units, is_sample=True, now=NOW)


def release_city(
    person_of: tuple[Any, Any],
    path: Path,
    *,
    year: int,
    volume_m3_ha: float = 100.0,
    land: tuple[str, ...] = LAND_OF_A_COUNTY,
) -> str:
    """Release a survey of all counties in which every tree stand has this volume, by two people."""
    n = len(COUNTIES) * len(land)
    codes = [code for code in COUNTIES for _ in land]
    classes = list(land) * len(COUNTIES)
    is_tree = np.isin(classes, list(SPECIES_OF_TREES))
    squares = {}
    for row, (code, place) in enumerate(zip(codes, list(range(len(land))) * len(COUNTIES), strict=True), start=1):
        west, south = 119.1 + 0.0002 + STEP * place, 28.0 + 0.0021 * list(COUNTIES).index(code) + 0.0001
        squares[row] = shapely.box(west, south, west + WIDE, south + HIGH)
    volume = np.where(is_tree, volume_m3_ha, np.nan)
    columns: dict[str, list[Any]] = {
        "XIAN": codes,
        "XIANG": [f"{code}103" for code in codes],
        "CUN": [f"{code}103201" for code in codes],
        "DI_LEI": classes,
        "YOU_SHI_SZ": [SPECIES.get(name, "") for name in classes],
        "HUO_LMGQXJ": [None if np.isnan(value) else float(value) for value in volume],
        "ZXJ": [None if np.isnan(value) else round(float(value) * AREA_HA) for value in volume],
    }
    technician, reviewer = person_of
    write_layer(path, n=n, outlines=squares, **columns)
    draft = import_layer(
        technician, path=path, original_name=path.name, reference_year=year, is_sample=True, now=NOW, progress=quiet
    )
    assert draft.n_errors == 0, queries.findings(draft)
    measure_draft(technician, draft_id=draft.id, now=NOW, progress=quiet)
    return release_and_map(reviewer, draft_id=draft.id, label=f"{year}", now=NOW, progress=quiet)


def two_surveys(person: Person, directory: Path, *, last_year: int = 2021) -> ChangeInfo:
    """Release 2016 with 100 m³ in each hectare of trees and a later year with 110, and compare the two."""
    load_units(person)
    people = person("lin", technician="3311"), person("chen", reviewer="3311")
    before = release_city(people, directory / "2016.gpkg", year=2016)
    after = release_city(people, directory / f"{last_year}.gpkg", year=last_year, volume_m3_ha=110.0)
    return compare_releases(people[0], before_id=before, after_id=after, now=NOW, progress=quiet)
