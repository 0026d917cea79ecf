"""What real releases say of the targets: a small city of nine counties, and a layer that is not the city."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from pyproj import Geod
from tests.governance.whole_city import (
    AREA_HA,
    COUNTIES,
    HIGH,
    STEP,
    WIDE,
    load_units,
    outlines,
    release_city,
    two_surveys,
)
from tests.inventory.surveys import release_of
from tests.small_layer import LONGQUAN, write_layer

from senhui.atlas.statistics import WHOLE_CITY, error_of, statistics
from senhui.governance.cockpit import targets_in
from senhui.governance.observations import newest_change, surveys

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
ELLIPSOID = Geod(ellps="GRS80")
COUNTED_HA = len(COUNTIES) * 16 * AREA_HA  # trees, bamboo and designated shrubland: 8 + 4 + 4 of 20 stands in each


def land_ha() -> float:
    """Land within the counties, by a library that the product does not use for it."""
    return sum(abs(ELLIPSOID.geometry_area_perimeter(shape)[0]) / 1e4 for shape in outlines().values())


def test_the_forest_targets_are_read_from_the_releases(person: Person, tmp_path: Path) -> None:
    change = two_surveys(person, tmp_path)
    found = targets_in(2026)
    coverage, volume, carbon = (found.of(name) for name in ("K01", "K02", "K03"))
    assert [one.year for one in coverage.years] == [2016, 2021]
    assert coverage.newest.value == pytest.approx(COUNTED_HA / land_ha(), rel=1e-6)
    assert found.coverages[2021].counted_ha["bamboo_forest"] == pytest.approx(len(COUNTIES) * 4 * AREA_HA)
    # 72 tree stands of 4 ha with 110 m³/ha
    assert volume.newest.value == pytest.approx(72 * 4 * 110)
    assert volume.forecast.trend.of == "difference"
    assert volume.forecast.trend.rate_per_yr == pytest.approx(72 * 4 * 10 / 5)
    assert volume.forecast.half_width is None
    # Carbon: the release's own total and interval.
    interval = error_of(change.after.id, WHOLE_CITY)
    assert carbon.newest.value == pytest.approx(interval.total_tc)
    assert carbon.newest.half_width == pytest.approx(interval.half_width_tc)
    assert carbon.newest.release_id == change.after.id
    # B = aV + b, so ten cubic metres more add a × 10 whatever b is; nothing else changed.
    total = {
        info.reference_year: statistics(info.id, within=WHOLE_CITY, by=(), where={})["stock_tc"].item()
        for info in surveys()
    }
    assert carbon.forecast.trend.rate_per_yr == pytest.approx((total[2021] - total[2016]) / 5)
    assert carbon.forecast.value == pytest.approx(carbon.newest.value + 4 * carbon.forecast.trend.rate_per_yr)
    assert found.change.id == change.id


def test_everything_else_is_without_a_baseline_and_never_zero(person: Person, tmp_path: Path) -> None:
    two_surveys(person, tmp_path)
    found = targets_in(2026)
    others = [one for one in found.assessments if one.target.computed is None]
    assert len(others) == 14
    assert {one.target.id: one.verdict for one in others if one.verdict != "no_baseline"} == {"K15": "not_set"}
    assert all(one.newest is None and one.gap is None for one in others)
    assert found.why_not == {}


def test_without_a_release_nothing_is_known() -> None:
    found = targets_in(2026)
    assert found.newest is None
    assert found.why_not == dict.fromkeys(("K01", "K02", "K03"), "no_release")
    assert {one.verdict for one in found.assessments} == {"no_baseline", "not_set"}


def test_a_survey_of_one_county_says_nothing_of_the_city(person: Person, tmp_path: Path) -> None:
    load_units(person)
    west, south = outlines()[LONGQUAN].bounds[:2]
    squares = {
        row: shapely.box(west + STEP * row, south, west + STEP * row + WIDE, south + HIGH) for row in range(1, 13)
    }
    path = write_layer(tmp_path / "one.gpkg", outlines=squares)
    release_of(person("wu", technician=LONGQUAN), person("he", reviewer="3311"), path, year=2022)
    found = targets_in(2026)
    assert found.newest is None
    assert found.of("K03").newest is None
    assert found.why_not["K03"] == "not_whole_city"


def test_shrubland_that_may_count_makes_two_shares(person: Person, tmp_path: Path) -> None:
    load_units(person)
    people = person("lin", technician="3311"), person("chen", reviewer="3311")
    # The fourth generation of classes (trees, bamboo, shrubland) does not tell designated shrubland from other.
    land = ("0301",) * 12 + ("0302",) * 4 + ("0305",) * 4
    release_city(people, tmp_path / "g4.gpkg", year=2021, land=land)
    found = targets_in(2026).of("K01")
    assert found.newest.range_of == "not_told_classes"
    assert found.newest.upper - found.newest.lower == pytest.approx(len(COUNTIES) * 4 * AREA_HA / land_ha(), rel=1e-6)


def test_the_newest_comparison_is_that_of_the_latest_survey(person: Person, tmp_path: Path) -> None:
    assert newest_change() is None
    change = two_surveys(person, tmp_path, last_year=2024)
    assert newest_change().id == change.id
    assert targets_in(2026).of("K03").needed_per_yr == pytest.approx(targets_in(2026).of("K03").gap / 1)
