"""Townships and villages: real codes, made-up outlines, each nested in the one above."""

import json

import polars as pl
import pytest
import shapely

from senhui.cli.demo import SampleCity
from senhui.cli.demo.places import divisions
from senhui.intake import read_boundaries

LARGEST_FOR_A_BROWSER = 600_000


@pytest.fixture(scope="module")
def units(city: SampleCity) -> pl.DataFrame:
    return read_boundaries(city.boundaries)


def test_the_front_door_reads_all_units(units: pl.DataFrame) -> None:
    counts = dict(units.group_by("level").len().iter_rows())
    assert counts == {"city": 1, "county": 9, "township": 173, "village": 2008}


def test_each_township_has_an_outline_inside_its_county(units: pl.DataFrame) -> None:
    outline = {row["code"]: shapely.from_wkb(row["wkb"]) for row in units.iter_rows(named=True) if row["wkb"]}
    townships = units.filter(pl.col("level") == "township")["code"].to_list()
    assert set(townships) == set(divisions()["township"])
    for code in townships:
        outside = outline[code].difference(outline[code[:6]].buffer(1e-6))
        assert outside.area == 0, code


@pytest.mark.parametrize("level", ["county", "township"])
def test_simplified_outlines_still_share_their_borders(units: pl.DataFrame, level: str) -> None:
    outlines = shapely.from_wkb(units.filter(pl.col("level") == level)["wkb"].to_numpy())
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)


def test_every_unit_says_that_it_is_sample_data_and_townships_fit_a_browser(city: SampleCity) -> None:
    content = json.loads(city.boundaries.read_text("utf-8"))
    assert content["is_sample"] is True
    assert all(feature["properties"]["is_sample"] is True for feature in content["features"])
    townships = [feature for feature in content["features"] if feature["properties"]["level"] == "township"]
    assert len(json.dumps(townships, ensure_ascii=False, separators=(",", ":")).encode()) < LARGEST_FOR_A_BROWSER
