"""The ground under stands: known or null with a reason, never in the vegetation stock, and additive."""

from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measurement.stands import (
    BOOK,
    DECLARED,
    DECLARED_BOOK,
    EXPANSION_BOOK,
    SURVEY_OF_2025,
    measured,
    stand_rows,
    stands,
)

from senhui.measurement import (
    GROUND_POOLS,
    Declarations,
    Declared,
    MethodBook,
    declarations_from_dict,
    default_book,
    totals,
)
from senhui.measurement.ground import litter_by_biomass_t_ha, litter_share_frac, soil_layer_tc_ha
from senhui.parameters import table

BOOKS = [BOOK, EXPANSION_BOOK, DECLARED_BOOK]
PER_HECTARE = [f"{pool}_tc_ha" for pool in GROUND_POOLS]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.id)
@given(rows=stand_rows())
@settings(deadline=None)
def test_a_ground_has_a_reason_or_an_estimate_and_is_never_negative(
    book: MethodBook, rows: list[dict[str, Any]]
) -> None:
    for stand in measured(stands(rows), book=book).iter_rows(named=True):
        derivation = book.derivations[stand["ground_derivation_id"]]
        assert derivation.kind == "ground"
        known = [stand[name] for name in PER_HECTARE if stand[name] is not None]
        assert bool(known) != (stand["ground_no_estimate_reason"] is not None)
        assert stand["ground_no_estimate_reason"] in (None, derivation.rule.id)
        assert all(density >= 0.0 for density in known)
        for pool in GROUND_POOLS:
            if stand[f"{pool}_tc_ha"] is not None:
                assert stand[f"{pool}_tc"] == pytest.approx(stand[f"{pool}_tc_ha"] * stand["area_ha"])


@given(rows=stand_rows(), share=st.floats(0.01, 0.99))
@settings(deadline=None)
def test_splitting_a_stand_changes_no_pool_of_the_ground(rows: list[dict[str, Any]], share: float) -> None:
    pieces = [row | {"area_ha": row["area_ha"] * part} for row in rows for part in (share, 1.0 - share)]
    whole, split = (totals(measured(stands(layer)).lazy(), by=[]).collect() for layer in (rows, pieces))
    for pool in GROUND_POOLS:
        for name in (f"{pool}_tc", f"{pool}_without_estimate_ha"):
            assert split[name].item() == pytest.approx(whole[name].item(), rel=1e-9, abs=1e-9)


@given(rows=stand_rows())
@settings(deadline=None)
def test_the_ground_is_no_part_of_the_vegetation_stock(rows: list[dict[str, Any]]) -> None:
    stand_alone = [row | {"scattered_volume_m3": None} for row in rows]
    found = measured(stands(stand_alone))
    assert found["stock_tc"].equals(found["main_tc"], null_equal=True)


@pytest.mark.parametrize(
    ("stand", "reason"),
    [
        ({"land_class": "shrub"}, "ground_without_published_value"),
        ({"land_class": "economic_forest", "species_group": "tea"}, "ground_without_published_value"),
        ({"land_class": "sparse_forest", "species_group": "oak"}, "ground_without_published_value"),
        ({"land_class": "cutover"}, "ground_without_published_value"),
        ({"land_class": "non_forest"}, "ground_without_published_value"),
        ({"land_class": "tree_forest"}, "ground_type_not_known"),
        ({"land_class": "tree_forest", "species_group": "mangrove"}, "ground_type_not_known"),
        ({"land_class": "bamboo_forest", "species_group": "oak"}, "ground_type_not_known"),
        ({"land_class": "tree_forest", "species_group": "moso_bamboo"}, "ground_type_not_known"),
        ({}, "ground_land_not_recorded"),
    ],
)
def test_land_without_a_published_value_says_so_and_is_not_zero(stand: dict[str, Any], reason: str) -> None:
    found = measured(stands([{"area_ha": 1.0} | stand])).row(0, named=True)
    assert found["ground_no_estimate_reason"] == reason
    assert [found[name] for name in PER_HECTARE] == [None] * len(PER_HECTARE)


def test_every_type_of_the_table_is_reached_and_keeps_its_printed_means() -> None:
    types = table("zhejiang_carbon_density_2009_2012").frame.filter(~pl.col("is_total") & (pl.col("id") != "bamboo"))
    groups = table("species_groups").frame.drop_nulls("zhejiang_type_row").unique("zhejiang_type_row")
    ways = dict(groups.select("zhejiang_type_row", "id").iter_rows())
    for row in types.iter_rows(named=True):
        stand = {"land_class": "tree_forest", "species_group": ways[row["id"]], "area_ha": 1.0}
        found = measured(stands([stand])).row(0, named=True)
        assert found["understory_tc_ha"] == row["shrub_herb_tc_ha"]
        assert found["litter_tc_ha"] == row["litter_tc_ha"]
        assert found["soil_100cm_tc_ha"] == row["soil_tc_ha"]


def test_what_is_not_declared_is_in_no_derivation() -> None:
    assert not any(use.value.id.startswith("declared.") for d in BOOK.derivations for use in d.parameters)
    declared = [d for d in DECLARED_BOOK.derivations if any(u.value.id.startswith("declared.") for u in d.parameters)]
    assert {d.method for d in declared} == {"culms_by_diameter", "ground_by_type", "ground_of_bamboo"}
    assert all(d.weakest_mark == "C" and not d.may_issue for d in declared)
    sources = {u.value.source for d in declared for u in d.parameters if u.value.id.startswith("declared.")}
    assert sources == {SURVEY_OF_2025}


def test_a_release_of_before_kept_one_source_for_all_declarations() -> None:
    kept = {"culm_age_du": 2.0, "soil": None, "source": "survey of culms", "declared_on": "2026-01-05"}
    assert declarations_from_dict(kept) == Declarations(culm_age_du=Declared(2.0, "survey of culms", "2026-01-05"))
    assert declarations_from_dict({"culm_age_du": None, "soil": None, "source": "", "declared_on": ""}).made == set()
    assert declarations_from_dict(asdict(DECLARED)) == DECLARED


def test_one_declaration_does_not_make_the_other() -> None:
    book = default_book(declarations=Declarations(culm_age_du=Declared(3.0, "survey of culms", "2026-01-05")))
    stand = {
        "land_class": "bamboo_forest",
        "species_group": "moso_bamboo",
        "stems_ha": 2000.0,
        "dbh_cm": 9.0,
        "area_ha": 1.0,
    }
    found = measured(stands([stand]), book=book).row(0, named=True)
    assert found["method"] == "culms_by_diameter"
    assert found["soil_30cm_tc_ha"] is None


@given(above=st.floats(0.0, 400.0), more=st.floats(0.0, 200.0))
def test_litter_is_a_smaller_share_where_more_stands(above: float, more: float) -> None:
    for row in table("litter_coefficients").frame.iter_rows(named=True):
        few, many = litter_share_frac(np.array([above, above + more]), a=row["a"], b=row["b"])
        assert 0.0 <= many <= few * (1.0 + 1e-12) <= 0.30
        assert litter_by_biomass_t_ha(np.array([above]), litter_frac=few)[0] >= 0.0


@given(depth=st.floats(0.0, 100.0), share=st.floats(0.0, 1.0), stones=st.floats(0.0, 1.0))
def test_layers_of_soil_add_up_to_the_profile(depth: float, share: float, stones: float) -> None:
    soil = {"bulk_density_t_m3": 1.2, "carbon_frac": 0.015, "stone_frac": stones}
    upper, lower, whole = soil_layer_tc_ha(np.array([depth * share, depth * (1 - share), depth]), **soil)
    assert upper + lower == pytest.approx(whole, rel=1e-9, abs=1e-9)
    assert whole >= 0.0
