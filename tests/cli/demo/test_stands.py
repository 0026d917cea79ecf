"""Shares of area are met; ages, volumes and changes are such as a forest shows."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senhui.cli.demo import growth
from senhui.cli.demo.geometry import local_plane
from senhui.cli.demo.growth import sample_table
from senhui.cli.demo.site import Site, allot
from senhui.cli.demo.stands import survey
from senhui.cli.demo.terrain import make_terrain
from senhui.measurement import default_book, measure_stands
from senhui.parameters import scalar, table

N_ROWS = 4000
SIZE_KM = np.array([60.0, 60.0])


@pytest.fixture(scope="module")
def site() -> Site:
    rng = np.random.default_rng(3)
    terrain = make_terrain(SIZE_KM, rng=rng)
    centre_km = rng.uniform(0, 60, size=(N_ROWS, 2))
    return Site(
        centre_km=centre_km,
        size_km=SIZE_KM,
        area_ha=rng.uniform(200, 500, N_ROWS),
        elevation_m=terrain.elevation_m.at(centre_km),
        slope_deg=terrain.slope_deg.at(centre_km),
        is_forest_land=np.arange(N_ROWS) % 100 > 0,
    )


@pytest.fixture(scope="module")
def states(site: Site) -> dict[int, pl.DataFrame]:
    return survey(site, rng=np.random.default_rng(4))


def areas(state: pl.DataFrame, site: Site, by: str) -> dict[str, float]:
    grouped = state.with_columns(area=pl.Series(site.area_ha)).group_by(by).agg(pl.col("area").sum())
    return dict(grouped.iter_rows())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), shares=st.lists(st.floats(0.01, 1), min_size=2, max_size=9))
def test_each_kind_gets_its_share_of_the_area_to_within_a_row(seed: int, shares: list[float]) -> None:
    rng = np.random.default_rng(seed)
    share = np.array(shares) / sum(shares)
    area = rng.uniform(1, 3, 500)
    kind = allot(rng.normal(size=(500, len(share))), share, area)
    given_area = np.bincount(kind, area, minlength=len(share))
    assert np.abs(given_area - share * area.sum()).max() <= len(share) * area.max()


def test_land_classes_of_2016_have_the_declared_areas(states: dict[int, pl.DataFrame], site: Site) -> None:
    forest_ha = site.area_ha[site.is_forest_land].sum()
    found = areas(states[2016], site, "land_class")
    land = sample_table("land_shares")
    for row in land.iter_rows(named=True):
        wanted = row["area_wan_ha"] / land["area_wan_ha"].sum() * forest_ha
        assert found.get(row["land_class"], 0.0) == pytest.approx(wanted, abs=2 * site.area_ha.max()), row["land_class"]


def test_declared_areas_of_land_classes_are_the_forest_land_of_the_city() -> None:
    declared = sample_table("land_shares")["area_wan_ha"].sum()
    assert declared == pytest.approx(float(scalar("lishui_forest_land_2008_wan_ha").value), abs=0.005)


def test_tree_types_have_the_shares_of_the_province(states: dict[int, pl.DataFrame], site: Site) -> None:
    trees = states[2016].with_columns(area=pl.Series(site.area_ha)).filter(pl.col("land_class") == "tree_forest")
    found = dict(trees.group_by("density_type").agg(pl.col("area").sum()).iter_rows())
    types = table("zhejiang_carbon_density_2009_2012").frame.filter(~pl.col("is_total") & (pl.col("id") != "bamboo"))
    for row in types.iter_rows(named=True):
        wanted = row["area_ha"] / types["area_ha"].sum()
        assert found.get(row["id"], 0.0) / trees["area"].sum() == pytest.approx(wanted, abs=0.01), row["id"]


def test_volume_gives_back_the_published_carbon_when_measured() -> None:
    """A middle-aged natural Masson pine stand holds 22.05 tC/ha (Li Yin et al. 2016, table 4)."""
    ends = growth.age_group_ends("pine_natural_timber")
    middle_yr = np.array([round((ends[0] + ends[1]) / 2)])
    volume = growth.volume_m3_ha(
        middle_yr, species_code="220", density_type="masson_pine", origin="natural", ends_yr=ends
    )
    stand = pl.LazyFrame(
        {
            "land_class": ["tree_forest"],
            "species_group": ["masson_pine"],
            "area_ha": [1.0],
            "volume_m3_ha": volume,
            **{name: [None] for name in ("stems_ha", "dbh_cm", "height_m")},
            "scattered_volume_m3": [None],
            "scattered_species_group": [None],
        },
        schema_overrides=dict.fromkeys(("stems_ha", "dbh_cm", "height_m", "scattered_volume_m3"), pl.Float64)
        | {"scattered_species_group": pl.String},
    )
    measured = measure_stands(stand, book=default_book()).collect()
    assert measured["main_tc"][0] == pytest.approx(22.05, abs=0.005)


def test_stands_that_were_not_disturbed_grow(states: dict[int, pl.DataFrame]) -> None:
    before, after = states[2016], states[2021]
    both = before["volume_m3_ha"].is_not_null() & after["change"].is_null() & after["volume_m3_ha"].is_not_null()
    assert both.sum() > N_ROWS / 3
    assert (after["volume_m3_ha"].filter(both) >= before["volume_m3_ha"].filter(both)).all()
    assert (after["age_yr"].filter(both) == before["age_yr"].filter(both) + 5).all()


def test_some_stands_were_felled_burned_and_planted(states: dict[int, pl.DataFrame]) -> None:
    changes = set(states[2021]["change"].drop_nulls())
    assert {"felled", "regenerated", "planted", "grown_up"} <= changes
    assert states[2021]["change"].is_not_null().mean() < 0.05


def test_land_without_stand_has_no_volume(states: dict[int, pl.DataFrame]) -> None:
    for state in states.values():
        bare = state.filter(~pl.col("land_class").is_in(["tree_forest", "sparse_forest"]))
        assert bare["volume_m3_ha"].null_count() == len(bare)


def test_the_plane_is_about_as_wide_as_the_city() -> None:
    # One degree of longitude at 28.2 N is 98 km.
    assert local_plane().scale_km_deg == pytest.approx([98.0, 111.2], rel=0.01)


def test_some_stands_have_no_volume_and_are_measured_by_the_mean_tree(states: dict[int, pl.DataFrame]) -> None:
    """Young ones have none because they are thin, a few others because the entry is missing."""
    for state in states.values():
        trees = state.filter(pl.col("land_class").is_in(["tree_forest", "sparse_forest"]))
        without = trees.filter(pl.col("volume_m3_ha").is_null())
        assert 0 < without.height < 0.02 * trees.height
        assert without.filter(pl.col("dbh_cm") >= 5).height < 0.01 * trees.height
        assert trees.filter(pl.col("dbh_cm").is_null())["volume_m3_ha"].is_null().all()
    young = states[2016].filter(pl.col("volume_m3_ha").is_null(), pl.col("dbh_cm") < 5)
    stems_ha = young["basal_area_m2_ha"] / (np.pi / 4 * (young["dbh_cm"] / 100) ** 2)
    assert young.height > 0
    assert stems_ha.max() <= 4500.001
