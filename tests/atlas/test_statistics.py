"""Sums are the same whichever way they are added up, and say what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from senhui.atlas import cube as cube_room
from senhui.atlas.cube import DIMENSIONS, SUMS, VEGETATION, cube_of
from senhui.atlas.statistics import RATIOS, UnknownDimension, add_up, parameters_used, statistics
from senhui.inventory.models import AdministrativeUnit
from senhui.inventory.queries import NoSuchPlace, NoSuchRelease, ReleaseInfo
from senhui.measurement import totals

CLOSE = {"rel_tol": 1e-12, "abs_tol": 1e-9}


def test_the_total_is_that_of_the_measurement_room(release: ReleaseInfo, measured: pl.DataFrame) -> None:
    """Volume is compared apart, for here it includes the scattered trees."""
    expected = totals(measured.lazy(), by=()).collect()
    found = statistics(release.id, within=None, by=(), where={})
    shared = [name for name in expected.columns if name in found.columns and name != "volume_m3"]
    known = found.select(shared).fill_null(0.0)  # the measurement room adds up what is nowhere known to zero
    assert_frame_equal(known, expected.select(shared), check_dtypes=False, **CLOSE)
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
    known = [name for name in ("n", *SUMS) if whole[name].null_count() == 0]
    assert_frame_equal(groups.select(known).sum(), whole.select(known), **CLOSE)


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


@pytest.mark.parametrize("by", [(), ("county",), ("species_group",), ("county", "land_class")])
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_ratio_is_total_over_area(release: ReleaseInfo, by: Sequence[str], ratio: str) -> None:
    total, area = RATIOS[ratio]
    n_checked = 0
    for row in statistics(release.id, within=None, by=by, where={}).iter_rows(named=True):
        if row[area] > 0 and row[total] is not None:
            assert row[ratio] == pytest.approx(row[total] / row[area], rel=1e-6)
            n_checked += 1
        else:
            assert row[ratio] is None
    assert n_checked > 0


def test_forest_land_is_forest_with_and_without_trees(release: ReleaseInfo, measured: pl.DataFrame) -> None:
    total = statistics(release.id, within=None, by=(), where={}).row(0, named=True)
    forest_ha = measured.filter(pl.col("land_class") != "non_forest")["area_ha"].sum()
    assert 0 < forest_ha < total["area_ha"]
    assert total["forest_area_ha"] == pytest.approx(forest_ha)
    assert total["area_without_estimate_ha"] > 0, "forest land without estimate counts as well"


def test_pools_add_up_to_the_stock(release: ReleaseInfo) -> None:
    total = statistics(release.id, within=None, by=(), where={}).row(0, named=True)
    vegetation = [total[f"{pool}_tc"] for pool in VEGETATION]
    assert sum(vegetation) == pytest.approx(total["stock_tc"], rel=1e-9)
    assert total["tree_above_without_estimate_ha"] == pytest.approx(total["area_without_estimate_ha"])


def test_a_pool_that_the_release_lacks_is_unknown_and_one_without_basis_has_its_area(measured: pl.DataFrame) -> None:
    """Releases made before a pool was measured do not have its column."""
    plain = measured.drop([f"{pool}_tc_ha" for pool in cube_room.GROUND_POOLS], strict=False)
    older = add_up(cube_of(plain.lazy()), within=None, by=(), where={}).row(0, named=True)
    assert (older["litter_tc"], older["litter_without_estimate_ha"]) == (None, None)
    half = pl.when(pl.int_range(pl.len()) % 2 == 0).then(2.5)
    newer = plain.with_columns(litter_tc_ha=half, soil_30cm_tc_ha=pl.lit(None, dtype=pl.Float64))
    total = add_up(cube_of(newer.lazy()), within=None, by=(), where={}).row(0, named=True)
    assert total["litter_tc"] == pytest.approx(2.5 * measured["area_ha"][::2].sum())
    assert total["litter_without_estimate_ha"] == pytest.approx(measured["area_ha"][1::2].sum())
    assert total["soil_30cm_tc"] is None
    assert total["soil_30cm_without_estimate_ha"] == pytest.approx(measured["area_ha"].sum())
    assert total["stock_tc"] == older["stock_tc"], "what lies on and in the ground is never in the stock of vegetation"


def test_a_cube_of_an_older_version_is_made_anew(release: ReleaseInfo) -> None:
    cube_room.cube(release.id).drop("forest_area_ha").write_parquet(cube_room.cube_path(release.id))
    assert statistics(release.id, within=None, by=(), where={})["forest_area_ha"].item() > 0


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
    total = add_up(nothing, within=None, by=(), where={}).row(0, named=True)
    assert (total["area_ha"], total["area_without_estimate_ha"]) == (2.0, 2.0)
    assert total["stock_tc"] is None
    assert total["stock_tc_per_forest_ha"] is None


@pytest.fixture
def liandu(db: None) -> None:
    """A county of which the release has no stand."""
    AdministrativeUnit.objects.create(code="331102", level="county", name_zh="莲都区", parent_code="3311")


@pytest.mark.database
@pytest.mark.usefixtures("liandu")
def test_no_stand_no_row(release: ReleaseInfo) -> None:
    assert statistics(release.id, within="331102", by=(), where={}).is_empty()
    assert statistics(release.id, within="331102", by=("county",), where={}).is_empty()


@pytest.mark.database
@pytest.mark.usefixtures("liandu")
def test_a_place_that_there_is_not_is_refused(release: ReleaseInfo) -> None:
    for within in ("331199", "331181999", "9999"):
        with pytest.raises(NoSuchPlace):
            statistics(release.id, within=within, by=(), where={})
        with pytest.raises(NoSuchPlace):
            parameters_used(release.id, within=within)


@pytest.mark.parametrize("wrong", [{"by": ("village",)}, {"where": {"village": "x"}}, {"within": "331181100201"}])
def test_another_dimension_is_refused(release: ReleaseInfo, wrong: dict[str, object]) -> None:
    asked = {"within": None, "by": (), "where": {}} | wrong
    with pytest.raises(UnknownDimension) as caught:
        statistics(release.id, **asked)  # type: ignore[arg-type]
    assert caught.value.dimension == "village"


def test_an_unknown_release_is_refused(release: ReleaseInfo) -> None:
    with pytest.raises(NoSuchRelease):
        statistics("1999-1", within=None, by=(), where={})


@pytest.mark.database
@pytest.mark.usefixtures("liandu")
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
    cube_room.build_cube(release.id)
    assert before == measured.height
    assert statistics(release.id, within=None, by=(), where={})["n"].item() == 10
