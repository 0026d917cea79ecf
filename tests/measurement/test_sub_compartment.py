"""What must hold for any layer: each property caught a real tool of this field."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measurement.stands import BOOK, EXPANSION_BOOK, TREES, measured, stand_rows, stands

from senhui.measurement import MEASURED_COLUMNS, MethodBook, default_book, measure_stands, totals

SUMS = ["main_tc", "scattered_tc", "stock_tc", "calibrated_stock_tc"]
POOLS = ["tree_above_tc_ha", "tree_below_tc_ha", "bamboo_tc_ha", "shrub_tc_ha", "economic_tc_ha"]


@given(rows=stand_rows(), data=st.data())
@settings(deadline=None)
def test_a_stand_does_not_depend_on_its_neighbours_or_their_order(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    together = measured(stands(rows))
    order = data.draw(st.permutations(range(len(rows))))
    shuffled = measured(stands(rows[i] for i in order))
    assert shuffled.equals(together[list(order)], null_equal=True)
    alone = data.draw(st.integers(0, len(rows) - 1))
    assert measured(stands([rows[alone]])).equals(together[[alone]], null_equal=True)


@given(rows=stand_rows(), share=st.floats(0.01, 0.99))
@settings(deadline=None)
def test_splitting_a_stand_changes_no_total(rows: list[dict[str, Any]], share: float) -> None:
    """Densities stay, amounts are divided: area, total volume and scattered volume."""
    amounts = ("area_ha", "volume_m3", "scattered_volume_m3")
    pieces = [
        row | {name: None if row[name] is None else row[name] * part for name in amounts}
        for row in rows
        for part in (share, 1.0 - share)
    ]
    whole, split = (totals(measured(stands(layer)).lazy(), by=[]).collect() for layer in (rows, pieces))
    for name in ["area_ha", "area_without_estimate_ha", "volume_m3", *SUMS]:
        assert split[name].item() == pytest.approx(whole[name].item(), rel=1e-9, abs=1e-9)


@given(rows=stand_rows())
@settings(deadline=None)
def test_totals_add_over_areas(rows: list[dict[str, Any]]) -> None:
    layer = measured(stands(rows)).lazy()
    everywhere = totals(layer, by=[]).collect()
    by_county = totals(layer, by=["county_code", "land_class"]).collect(engine="streaming")
    assert by_county["n"].sum() == len(rows)
    for name in [c for c in everywhere.columns if c != "n"]:
        assert by_county[name].sum() == pytest.approx(everywhere[name].item(), rel=1e-9, abs=1e-9)


@given(rows=stand_rows())
@settings(deadline=None)
def test_the_pools_close(rows: list[dict[str, Any]]) -> None:
    for stand in measured(stands(rows)).iter_rows(named=True):
        if stand["main_tc"] is None:
            assert [stand[pool] for pool in POOLS] == [None] * len(POOLS)
            assert stand["no_estimate_reason"] is not None
        else:
            pools_tc = sum(stand[pool] for pool in POOLS) * stand["area_ha"]
            assert pools_tc == pytest.approx(stand["main_tc"], rel=1e-9, abs=1e-12)
        known = [stand[name] for name in ("main_tc", "scattered_tc") if stand[name] is not None]
        assert stand["stock_tc"] == (pytest.approx(sum(known), rel=1e-9) if known else None)
        if known:
            assert stand["stock_tc_ha"] * stand["area_ha"] == pytest.approx(stand["stock_tc"], rel=1e-9)


@given(rows=stand_rows())
@settings(deadline=None)
def test_what_has_no_estimate_is_counted_by_its_area(rows: list[dict[str, Any]]) -> None:
    layer = measured(stands(rows))
    without = layer.filter(pl.col("no_estimate_reason").is_not_null())
    found = totals(layer.lazy(), by=[]).collect()
    assert found["area_without_estimate_ha"].item() == pytest.approx(without["area_ha"].sum())
    unknown = layer.filter(pl.col("scattered_no_estimate_reason").is_not_null())
    assert found["scattered_volume_without_estimate_m3"].item() == pytest.approx(unknown["scattered_volume_m3"].sum())


@pytest.mark.parametrize("book", [BOOK, EXPANSION_BOOK], ids=lambda book: book.prefer)
@pytest.mark.parametrize("land_class", ["tree_forest", "sparse_forest"])
def test_stock_over_volume_has_no_jump_and_never_falls(book: MethodBook, land_class: str) -> None:
    volumes = np.concatenate(
        [np.linspace(0.0, 60.0, 2401), 20.0 + np.geomspace(1e-12, 1.0, 60), np.linspace(60, 900, 85)]
    )
    volumes = np.unique(np.concatenate([volumes, 20.0 - np.geomspace(1e-12, 1.0, 60)]))
    layer = pl.DataFrame({"species_group": TREES}).join(pl.DataFrame({"volume_m3_ha": volumes}), how="cross")
    layer = stands([{}])[:0].vstack(
        layer.select(
            *[
                pl.col(name)
                if name in layer.columns
                else pl.lit({"land_class": land_class, "area_ha": 1.0}.get(name)).cast(dtype).alias(name)
                for name, dtype in stands([{}]).schema.items()
            ]
        )
    )
    found = (
        measured(layer, book=book)
        .select(
            "species_group",
            step=pl.col("stock_tc").diff().over("species_group"),
            run=pl.col("volume_m3_ha").diff().over("species_group"),
        )
        .drop_nulls()
    )
    assert found.height == len(TREES) * (len(volumes) - 1)
    assert found["step"].min() >= -1e-12
    # The steepest slope is the ramp of cypress, (0.6129 + 46.1451 / 20) * 0.510 = 1.49 tC/m3; a jump has no bound.
    assert (found["step"] <= 1.5 * found["run"] + 1e-12).all()


@given(rows=stand_rows())
@settings(deadline=None)
def test_no_pool_is_negative(rows: list[dict[str, Any]]) -> None:
    found = measured(stands(rows)).select(*POOLS, "scattered_tc_ha", "stock_tc")
    assert all((column.drop_nulls() >= 0.0).all() for column in found)


def test_the_stream_gives_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    rows = [
        {
            "row": i,
            "land_class": land_class,
            "species_group": TREES[i % len(TREES)],
            "volume_m3_ha": float(i % 300),
            "area_ha": 1.5,
        }
        for i, land_class in enumerate(["tree_forest", "shrub", "sparse_forest", "nursery"] * 5000)
    ]
    layer = stands(rows)
    layer.write_parquet(tmp_path / "stands.parquet", row_group_size=1000)
    plan = measure_stands(pl.scan_parquet(tmp_path / "stands.parquet"), book=BOOK)
    plan.sink_parquet(tmp_path / "measured.parquet")
    assert pl.read_parquet(tmp_path / "measured.parquet").equals(measured(layer), null_equal=True)
    assert plan.collect(engine="streaming")["row"].to_list() == list(range(len(rows)))


def test_the_stands_keep_their_columns_and_get_the_measured_ones() -> None:
    layer = stands([{"land_class": "shrub", "area_ha": 1.0}])
    found = measured(layer)
    assert found.columns == [*layer.columns, *MEASURED_COLUMNS]
    assert found.schema["method"] == pl.String
    assert found.schema["derivation_id"] == pl.Int32


def test_an_empty_layer_measures_to_an_empty_layer() -> None:
    empty = measured(stands([{}])[:0])
    assert empty.height == 0
    assert empty.columns[-len(MEASURED_COLUMNS) :] == list(MEASURED_COLUMNS)


def test_measuring_does_not_alter_the_book() -> None:
    before = BOOK.main.clone()
    measured(stands([{"land_class": "shrub", "area_ha": 1.0}]))
    assert default_book().main.equals(before, null_equal=True)
