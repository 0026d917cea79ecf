"""The land of a place is what its outline holds; where a release covers a part of it, what the covered part holds."""

from __future__ import annotations

import polars as pl
import pytest
import shapely

from senhui.atlas import land_area
from senhui.atlas.cube import SUMS
from senhui.atlas.land_area import Land, land_of, outlines_ha
from senhui.atlas.statistics import add_up
from senhui.inventory import queries

OUTLINES = {"3311": 900.0, "331181": 500.0, "331181100": 200.0, "331181101": 300.0, "331126": 400.0}


@pytest.mark.parametrize(
    ("code", "covered", "expected"),
    [
        ("331181", ["331181100", "331181101"], Land(500.0, "outline")),
        ("331181", ["331181101"], Land(300.0, "covered_townships")),
        ("331181100", ["331181100"], Land(200.0, "outline")),
        ("331126", ["331126100"], Land(400.0, "outline")),
        ("331102", ["331102001"], None),
        ("3311", ["331181100", "331181101", "331102001"], Land(900.0, "outline")),
        ("", ["331181100", "331102001"], None),
    ],
)
def test_land_comes_from_the_best_outline(code: str, covered: list[str], expected: Land | None) -> None:
    assert land_of(code, covered=covered, outlines_ha=OUTLINES) == expected


def test_outlines_are_measured_on_the_ellipsoid(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.01° × 0.01° at 28° N is 983.7 m × 1108.1 m, 109.0 ha."""
    unit = queries.Unit("331181", "county", "龙泉市", "3311", False, shapely.box(119.0, 28.0, 119.01, 28.01))
    empty = queries.Unit("331126", "county", "庆元县", "3311", False, None)
    monkeypatch.setattr(
        land_area.queries, "administrative_units", lambda level: [unit, empty] if level == "county" else []
    )
    assert outlines_ha() == {"331181": pytest.approx(109.0, abs=0.1)}


def cube() -> pl.DataFrame:
    """Two townships of Longquan, each 100 ha in the layer, 60 ha of it forest land with 3,000 tC."""
    known = {"area_ha": 100.0, "forest_area_ha": 60.0, "stock_tc": 3000.0, "calibrated_stock_tc": 3600.0}
    return pl.DataFrame(
        {
            "township": ["331181100", "331181101"],
            **dict.fromkeys(("land_class", "species_group", "origin", "method"), "x"),
            "age_group": [1, 1],
            "n": [4, 4],
            **{name: pl.Series([known.get(name)] * 2, dtype=pl.Float64) for name in SUMS},
        }
    )


def test_both_ratios_are_total_over_area_and_say_which_land() -> None:
    total = add_up(cube(), within="331181", by=(), where={}, outlines=OUTLINES).row(0, named=True)
    assert total["stock_tc_per_forest_ha"] == pytest.approx(6000 / 120, rel=1e-6)
    assert total["calibrated_stock_tc_per_land_ha"] == pytest.approx(7200 / 500, rel=1e-6)
    assert (total["land_area_ha"], total["land_source"]) == (500.0, "outline")
    townships = add_up(cube(), within=None, by=("township",), where={}, outlines=OUTLINES)
    assert townships["stock_tc_per_land_ha"].to_list() == pytest.approx([3000 / 200, 3000 / 300], rel=1e-6)


def test_part_of_the_stands_of_a_place_stands_on_its_own_area() -> None:
    of_origin = add_up(cube(), within="331181", by=("origin",), where={}, outlines=OUTLINES).row(0, named=True)
    assert (of_origin["land_area_ha"], of_origin["land_source"]) == (200.0, "layer")
    assert of_origin["stock_tc_per_land_ha"] == pytest.approx(6000 / 200, rel=1e-6)
    chosen = add_up(cube(), within=None, by=(), where={"origin": "x"}, outlines=OUTLINES)
    assert chosen["land_source"].to_list() == ["layer"]


def test_without_forest_land_there_is_no_stock_per_hectare_of_forest() -> None:
    bare = cube().with_columns(forest_area_ha=pl.lit(0.0))
    assert add_up(bare, within=None, by=(), where={})["stock_tc_per_forest_ha"].to_list() == [None]
