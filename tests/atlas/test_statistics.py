"""Sums are the same whichever way they are added up, and say what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from senhui.atlas import statistics as room
from senhui.atlas.statistics import DIMENSIONS, SUMS, UnknownDimension, parameters_used, statistics
from senhui.inventory.queries import NoSuchRelease, ReleaseInfo
from senhui.measurement import totals

CLOSE = {"rel_tol": 1e-12, "abs_tol": 1e-9}


def test_the_total_is_that_of_the_measurement_room(release: ReleaseInfo, measured: pl.DataFrame) -> None:
    """Volume is compared apart, for here it includes the scattered trees."""
    expected = totals(measured.lazy(), by=()).collect()
    found = statistics(release.id, within=None, by=(), where={})
    shared = [name for name in expected.columns if name != "volume_m3"]
    assert_frame_equal(found.select(shared), expected.select(shared), check_dtypes=False, **CLOSE)
    assert found["volume_m3"].item() == pytest.approx(
        measured["volume_m3"].sum() + measured["scattered_volume_m3"].sum()
    )
    assert 0 < found["area_without_estimate_ha"].item() < found["area_ha"].item()


def test_calibrated_parts_add_up_to_the_calibrated_stock(release: ReleaseInfo) -> None:
    total = statistics(release.id, within=None, by=(), where={}).row(0, named=True)
    parts = total["calibrated_main_tc"] + total["calibrated_scattered_tc"]
    assert parts == pytest.approx(total["calibrated_stock_tc"], rel=1e-12)
    assert total["calibrated_scattered_tc"] == pytest.approx(0.5 * total["scattered_tc"], rel=1e-12)


@pytest.mark.parametrize("by", [(name,) for name in DIMENSIONS] + [("county", "species_group"), DIMENSIONS])
def test_groups_add_up_to_the_whole(release: ReleaseInfo, by: Sequence[str]) -> None:
    groups = statistics(release.id, within=None, by=by, where={})
    whole = statistics(release.id, within=None, by=(), where={})
    assert groups.height > 1
    assert groups.select(by).is_unique().all()
    assert_frame_equal(groups.select("n", *SUMS).sum(), whole.select("n", *SUMS), **CLOSE)


def test_within_and_where_say_the_same_of_a_county(release: ReleaseInfo) -> None:
    by_within = statistics(release.id, within="331181", by=("species_group",), where={})
    by_where = statistics(release.id, within=None, by=("species_group",), where={"county": "331181"})
    assert by_within.height > 2
    assert_frame_equal(by_within, by_where)


def test_not_recorded_is_a_value_one_can_ask_for(release: ReleaseInfo, measured: pl.DataFrame) -> None:
    found = statistics(release.id, within=None, by=(), where={"origin": [None, "natural"], "age_group": 3})
    expected = measured.filter(
        (pl.col("origin").is_null() | (pl.col("origin") == "natural")) & (pl.col("age_group") == 3)
    )
    assert found["n"].item() == expected.height > 0
    assert found["area_ha"].item() == pytest.approx(expected["area_ha"].sum())


def test_density_is_of_the_area_that_has_an_estimate(release: ReleaseInfo) -> None:
    total = statistics(release.id, within=None, by=(), where={}).row(0, named=True)
    estimated_ha = total["area_ha"] - total["area_without_estimate_ha"]
    assert total["stock_tc_ha"] == pytest.approx(total["stock_tc"] / estimated_ha)


def test_without_any_estimate_a_sum_is_unknown_and_not_zero() -> None:
    """Two stands without estimate, one hectare each."""
    nothing = pl.DataFrame(
        {
            "township": ["331181100"] * 2,
            **dict.fromkeys(DIMENSIONS[2:], "x"),
            "n": [1, 1],
            **{
                name: pl.Series([1.0, 1.0]) if "area" in name else pl.Series([None, None], dtype=pl.Float64)
                for name in SUMS
            },
        }
    )
    total = room.add_up(nothing, within=None, by=(), where={}).row(0, named=True)
    assert (total["area_ha"], total["area_without_estimate_ha"]) == (2.0, 2.0)
    assert total["stock_tc"] is None
    assert total["stock_tc_ha"] is None


def test_no_stand_no_row(release: ReleaseInfo) -> None:
    assert statistics(release.id, within="331102", by=(), where={}).is_empty()
    assert statistics(release.id, within="331102", by=("county",), where={}).is_empty()


@pytest.mark.parametrize("wrong", [{"by": ("village",)}, {"where": {"village": "x"}}, {"within": "331181100201"}])
def test_another_dimension_is_refused(release: ReleaseInfo, wrong: dict[str, object]) -> None:
    asked = {"within": None, "by": (), "where": {}} | wrong
    with pytest.raises(UnknownDimension) as caught:
        statistics(release.id, **asked)  # type: ignore[arg-type]
    assert caught.value.dimension == "village"


def test_an_unknown_release_is_refused(release: ReleaseInfo) -> None:
    with pytest.raises(NoSuchRelease):
        statistics("1999-1", within=None, by=(), where={})


def test_parameters_are_those_of_the_derivations_of_the_stands(release: ReleaseInfo) -> None:
    everything = {value.id for value in parameters_used(release.id)}
    bamboo = {value.id for value in parameters_used(release.id, where={"land_class": "bamboo_forest"})}
    no_scattered_trees = {value.id for value in parameters_used(release.id, within="331102")}
    assert "moso_mean_culm_kg" in bamboo
    assert bamboo < everything
    assert no_scattered_trees == set()


def test_a_cube_made_anew_is_read_anew(release: ReleaseInfo, measured: pl.DataFrame) -> None:
    before = statistics(release.id, within=None, by=(), where={})["n"].item()
    measured.head(10).write_parquet(release.directory / "sub_compartments.parquet")
    room.build_cube(release.id)
    assert before == measured.height
    assert statistics(release.id, within=None, by=(), where={})["n"].item() == 10
