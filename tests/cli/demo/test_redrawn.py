"""The second survey splits, merges and renumbers a few stands; land and wood stay what they were."""

from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
import shapely

from senhui.cli.demo import SampleCity
from senhui.intake import read_sub_compartments
from senhui.inventory.matching import match


def outlines_of(path: Path) -> np.ndarray:
    return np.asarray(shapely.from_wkb(pyogrio.raw.read(path, columns=[])[2]), dtype=object)


@pytest.fixture(scope="module")
def stands(city: SampleCity) -> dict[int, pl.DataFrame]:
    return {year: read_sub_compartments(path).stands for year, path in city.layers.items()}


def test_land_is_still_covered_once(city: SampleCity) -> None:
    """Outlines of 2021 share their borders exactly, and there are as many as in 2016."""
    drawn = outlines_of(city.layers[2021])
    assert shapely.is_valid(drawn).all()
    assert shapely.coverage_is_valid(drawn)
    assert len(drawn) == len(outlines_of(city.layers[2016]))


def test_matching_finds_what_was_drawn_anew(stands: dict[int, pl.DataFrame]) -> None:
    found = match(stands[2016], stands[2021]).counts()
    n = stands[2016].height
    for kind in ("split", "merged", "renumbered"):
        assert 0.002 * n < found["after"][kind] < 0.05 * n, kind
    assert found["after"]["unchanged"] > 0.9 * n
    assert "vanished" not in {kind for kind, count in found["before"].items() if count}


def test_land_and_scattered_wood_of_the_surveys_agree(stands: dict[int, pl.DataFrame]) -> None:
    before, after = (frame["area_ha"].sum() for frame in stands.values())
    assert after == pytest.approx(before, rel=1e-6)
    assert after > 0
    numbers = stands[2021].select("village_code", "compartment_no", "sub_compartment_no")
    assert numbers.is_unique().all()
