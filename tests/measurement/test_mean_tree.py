"""Stands by the mean tree: only where no volume is recorded, in any block of a stream, and additive."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measurement.stands import BOOK, TREES, measured, stands

from senhui.measurement import Declarations, Declared, default_book, measure_culm_table, measure_stands, measure_trees
from senhui.parameters import table

FULL = {"land_class": "tree_forest", "stems_ha": 1200.0, "dbh_cm": 14.0, "height_m": 11.0, "area_ha": 1.0}
KINDS = dict(table("species_groups").frame.select("id", "kind").iter_rows())


@pytest.mark.parametrize("group", [group for group in TREES if KINDS[group] == "tree"])
def test_every_tree_can_stand_for_its_stand(group: str) -> None:
    found = measured(stands([FULL | {"species_group": group}])).row(0, named=True)
    assert found["method"].startswith("mean_tree_")
    # 1200 trees of 14 cm and 11 m: about 108 m3/ha; no species holds less than 20 or more than 120 tC/ha there.
    assert 20.0 < found["stock_tc_ha"] < 120.0
    assert found["tree_above_tc_ha"] > found["tree_below_tc_ha"] > 0.0


@pytest.mark.parametrize(
    ("group", "missing", "method"),
    [
        ("chinese_fir", {}, "mean_tree_fir"),
        ("chinese_fir", {"dbh_cm": 4.0}, "mean_tree_small_fir"),
        ("chinese_fir", {"height_m": None}, "mean_tree_diameter"),
        ("schima", {}, "mean_tree_d2h"),
        ("schima", {"height_m": 0.0}, "mean_tree_diameter"),
        ("masson_pine", {}, "mean_tree_diameter"),
        ("masson_pine", {"volume_m3_ha": 80.0}, "volume_line"),
        ("masson_pine", {"volume_m3_ha": 8.0}, "volume_ramp"),
        ("masson_pine", {"volume_m3_ha": 0.0}, "volume_ramp"),
        ("masson_pine", {"stems_ha": None}, "no_estimate"),
        ("masson_pine", {"dbh_cm": None}, "no_estimate"),
        ("tung", {}, "no_estimate"),
    ],
)
def test_what_was_surveyed_decides(group: str, missing: dict[str, Any], method: str) -> None:
    assert measured(stands([FULL | {"species_group": group} | missing]))["method"].to_list() == [method]


def test_a_stand_above_the_ramp_does_not_rest_on_it() -> None:
    for volume, uses_ramp in ((19.999, True), (20.0, False), (300.0, False)):
        stand = FULL | {"species_group": "masson_pine", "volume_m3_ha": volume}
        derivation = BOOK.derivations[measured(stands([stand]))["derivation_id"].item()]
        assert ("low_volume_ramp_end_m3_ha" in {use.value.id for use in derivation.parameters}) == uses_ramp
        assert (derivation.weakest_mark == "C") == uses_ramp


@given(
    group=st.sampled_from(TREES),
    dbh=st.floats(1.0, 60.0),
    step=st.floats(0.0, 10.0),
    height=st.none() | st.floats(1.5, 35.0),
    stems=st.floats(1.0, 6000.0),
    share=st.floats(0.01, 0.99),
)
@settings(deadline=None)
def test_thicker_mean_trees_hold_more_and_a_split_stand_adds_up(
    group: str, dbh: float, step: float, height: float | None, stems: float, share: float
) -> None:
    stand = FULL | {"species_group": group, "dbh_cm": dbh, "height_m": height, "stems_ha": stems}
    layer = [stand, stand | {"dbh_cm": dbh + step}, stand | {"area_ha": share}, stand | {"area_ha": 1.0 - share}]
    thin, thick, left, right = measured(stands(layer))["stock_tc"]
    if thin is None:
        assert KINDS[group] == "economic"
        return
    # Where the standard for Chinese fir changes its coefficients, at 5 cm, it steps down by less than two thousandths.
    assert thick >= thin * (1.0 - 2e-3) > 0.0
    assert left + right == pytest.approx(thin, rel=1e-9)


def test_a_stream_in_blocks_gives_the_same(tmp_path: Path) -> None:
    rows = [
        FULL | {"row": i, "species_group": TREES[i % len(TREES)], "volume_m3_ha": None if i % 3 else 90.0}
        for i in range(6000)
    ]
    layer = stands(rows)
    layer.write_parquet(tmp_path / "stands.parquet", row_group_size=500)
    plan = measure_stands(pl.scan_parquet(tmp_path / "stands.parquet"), book=BOOK)
    streamed = plan.collect(engine="streaming")
    assert streamed.equals(measured(layer), null_equal=True)
    assert streamed["method"].str.starts_with("mean_tree_").sum() > 3000


@given(dbh=st.floats(1.0, 60.0), height=st.floats(1.5, 35.0), age=st.floats(0.5, 5.0))
@settings(deadline=None)
def test_a_folded_equation_is_the_equation_itself(dbh: float, height: float, age: float) -> None:
    """The sums of powers of the book against the printed forms, each with its own numbers."""
    book = default_book(declarations=Declarations(culm_age_du=Declared(age, "survey of culms", "2026-01-05")))
    pairs = (("chinese_fir", "lyt2264"), ("schima", "zhejiang_d2h"), ("masson_pine", "li_lei"))
    for group, equation in pairs:
        stand = FULL | {"species_group": group, "dbh_cm": dbh, "height_m": height, "stems_ha": 1000.0}
        found = measured(stands([stand]), book=book).row(0, named=True)
        row = {"schima": "schima", "masson_pine": "masson_and_other_pine"}.get(group, group)
        one = pl.DataFrame({"row": [row], "dbh_cm": [dbh], "height_m": [height]})
        alone = measure_trees(one, equation=equation, outside="flag").row(0, named=True)
        numbers = {use.symbol: use.value.value for use in book.derivations[found["derivation_id"]].parameters}
        carbon_frac = numbers.get("CF", numbers.get("CFa"))
        # A thousand trees to the hectare: kilograms of one are tonnes of all.
        assert found["tree_above_tc_ha"] == pytest.approx(alone["above_kg"] * carbon_frac, rel=1e-12)
        if alone["below_kg"] is not None:
            below_tc_ha = alone["below_kg"] * numbers.get("CFb", carbon_frac)
            assert found["tree_below_tc_ha"] == pytest.approx(below_tc_ha, rel=1e-12)
    culms = {"land_class": "bamboo_forest", "species_group": "moso_bamboo", "area_ha": 1.0}
    found = measured(stands([culms | {"stems_ha": 1000.0, "dbh_cm": dbh}]), book=book).row(0, named=True)
    by_table = measure_culm_table(pl.DataFrame({"dbh_cm": [dbh], "age_du": [age], "n_ha": [1000.0]}))
    assert found["bamboo_tc_ha"] == pytest.approx(by_table["whole_tc_ha"].item(), rel=1e-12)
