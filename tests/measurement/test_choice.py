"""The declared choice of a method: complete, strict, and never silent."""

from itertools import product

import polars as pl
import pytest
from tests.measurement.stands import (
    BOOK,
    DECLARED_BOOK,
    EXPANSION_BOOK,
    LAND_CLASSES,
    SPECIES_GROUPS,
    TREES,
    measured,
    stands,
)

from senhui.measurement import MethodBook, UnknownKeys, default_book, measure_stands, refuse_unknown_keys
from senhui.measurement.choice import RuleFileWrong, method_rules, parse_rules

RULES = method_rules()


@pytest.mark.parametrize("book", [BOOK, EXPANSION_BOOK, DECLARED_BOOK], ids=lambda book: book.id)
def test_every_stand_there_can_be_gets_an_estimate_or_a_reason(book: MethodBook) -> None:
    numbers = (None, 0.0, 80.0, -1.0, float("nan"), float("inf"))
    land = pl.DataFrame({"land_class": [*LAND_CLASSES, None]})
    for name, values in (
        ("species_group", (*SPECIES_GROUPS, None)),
        ("volume_m3_ha", (*numbers, 8.0)),
        ("stems_ha", numbers),
        ("dbh_cm", (None, float("nan"), 3.0, 20.0)),
        ("height_m", (None, 0.0, 12.0)),
    ):
        land = land.join(pl.DataFrame({name: values}, strict=False), how="cross")
    layer = pl.concat([stands([{}])[:0], land.with_columns(area_ha=pl.lit(1.0))], how="diagonal_relaxed")
    found = measured(layer, book=book)
    has_estimate = found["main_tc"].is_not_null() & found["main_tc"].is_finite()
    has_reason = found["no_estimate_reason"].is_not_null()
    assert (has_estimate ^ has_reason).all(), found.filter(~(has_estimate ^ has_reason))
    assert found["derivation_id"].null_count() == 0
    assert found.height == layer.height


def test_scattered_trees_too() -> None:
    layer = stands(
        {
            "land_class": "non_forest",
            "area_ha": 1.0,
            "scattered_volume_m3": volume,
            "scattered_species_group": group,
        }
        for volume, group in product((0.0, 5.0, -1.0, float("nan")), (*SPECIES_GROUPS, None))
    )
    found = measured(layer)
    has_estimate = found["scattered_tc"].is_not_null() & found["scattered_tc"].is_finite()
    assert (has_estimate ^ found["scattered_no_estimate_reason"].is_not_null()).all()
    assert found["scattered_derivation_id"].null_count() == 0


def test_no_scattered_volume_means_no_scattered_pool() -> None:
    found = measured(stands([{"land_class": "shrub", "area_ha": 1.0}])).row(0, named=True)
    assert found["scattered_derivation_id"] is None
    assert found["scattered_tc"] is None
    assert found["stock_tc"] == found["main_tc"]


@pytest.mark.parametrize("group", TREES)
def test_both_methods_serve_every_tree(group: str) -> None:
    layer = stands([{"land_class": "tree_forest", "species_group": group, "volume_m3_ha": 100.0, "area_ha": 1.0}])
    line, expansion = measured(layer), measured(layer, book=EXPANSION_BOOK)
    assert line["method"].to_list() == ["volume_line"]
    assert expansion["method"].to_list() == ["expansion"]
    # Both describe one stand: they differ by what the two sources differ, not by a unit.
    assert 0.5 < line["stock_tc"].item() / expansion["stock_tc"].item() < 2.0


def test_every_tree_of_the_crosswalk_is_among_them() -> None:
    from senhui.parameters import table

    trees = table("species_groups").frame.filter(pl.col("kind") == "tree")["id"]
    assert set(trees) <= set(TREES)


@pytest.mark.parametrize(
    ("stand", "reason"),
    [
        ({"land_class": "tree_forest", "species_group": "oak"}, "volume_not_recorded"),
        ({"land_class": "tree_forest", "volume_m3_ha": 80.0}, "species_not_recorded"),
        (
            {"land_class": "tree_forest", "species_group": "moso_bamboo", "volume_m3_ha": 8.0},
            "species_contradicts_tree_land",
        ),
        ({"land_class": "bamboo_forest", "species_group": "oak"}, "species_contradicts_bamboo_land"),
        ({"land_class": "cutover", "volume_m3_ha": 3.0}, "volume_on_land_without_stand"),
        ({"land_class": "young_plantation", "species_group": "oak"}, "young_or_other_land"),
        ({"land_class": "nursery"}, "young_or_other_land"),
        ({}, "land_class_not_recorded"),
    ],
)
def test_a_stand_without_a_basis_says_why(stand: dict[str, object], reason: str) -> None:
    found = measured(stands([{"area_ha": 1.0} | stand])).row(0, named=True)
    assert found["method"] == "no_estimate"
    assert found["no_estimate_reason"] == reason
    assert found["stock_tc"] is None
    assert found["tree_above_tc_ha"] is None
    assert BOOK.derivations[found["derivation_id"]].rule.id == reason


@pytest.mark.parametrize("land_class", ["cutover", "burned", "unstocked", "plantable", "auxiliary", "non_forest"])
@pytest.mark.parametrize("volume_m3_ha", [None, 0.0])
def test_land_that_carries_no_stand_holds_a_declared_zero(land_class: str, volume_m3_ha: float | None) -> None:
    layer = stands([{"land_class": land_class, "volume_m3_ha": volume_m3_ha, "area_ha": 1.0}])
    found = measured(layer).row(0, named=True)
    assert (found["method"], found["main_tc"]) == ("declared_zero", 0.0)


def test_no_scattered_trees_need_no_species() -> None:
    found = measured(stands([{"land_class": "shrub", "area_ha": 1.0, "scattered_volume_m3": 0.0}])).row(0, named=True)
    assert (found["scattered_tc"], found["scattered_no_estimate_reason"]) == (0.0, None)


@pytest.mark.parametrize("column", ["land_class", "species_group", "scattered_species_group"])
def test_an_unknown_word_is_refused_by_name(column: str) -> None:
    layer = stands([{"land_class": "tree_forest", "area_ha": 1.0, "scattered_volume_m3": 1.0} | {column: "triffid"}])
    with pytest.raises(UnknownKeys, match="triffid") as caught:
        refuse_unknown_keys(layer.lazy(), book=BOOK)
    assert caught.value.column == column
    assert caught.value.unknown == ("triffid",)
    with pytest.raises(pl.exceptions.InvalidOperationError, match="triffid"):
        measure_stands(layer.lazy(), book=BOOK).collect(engine="streaming")


def test_known_words_are_not_refused() -> None:
    layer = stands([{"land_class": "tree_forest", "species_group": "oak", "area_ha": 1.0}])
    refuse_unknown_keys(layer.lazy(), book=BOOK)


def test_every_rule_decides_for_some_stand() -> None:
    """A rule that never fires hides behind another one."""
    books = (BOOK, EXPANSION_BOOK, DECLARED_BOOK)
    fired = {derivation.rule.id for book in books for derivation in book.derivations}
    assert {rule.id for rule in RULES.rules} == fired


def test_a_rule_names_only_what_exists() -> None:
    for rule in RULES.rules:
        assert set(rule.land_classes) <= {*LAND_CLASSES, "unrecorded"}, rule.id
        assert set(rule.groups) <= set(SPECIES_GROUPS), rule.id
        assert set(rule.kinds) <= {"tree", "bamboo", "shrub", "economic", "herb", "unrecorded"}, rule.id
    assert set(RULES.domain_of) <= set(LAND_CLASSES)


def test_equal_books_have_one_name_and_others_another() -> None:
    assert default_book().id == BOOK.id
    assert len({book.id for book in (BOOK, EXPANSION_BOOK, DECLARED_BOOK)}) == 3


RULE_FILE = """
columns: {area_ha: {unit: ha, name_zh: 面积, name_en: Area}}
methods:
  none: {name_zh: 无, name_en: None, equation: "-", inputs: [area_ha], pool: null, parameters: {}}
rules:
  - {id: only, of: main, method: none, reason_zh: 无, reason_en: none}
calibration_domains: {other: [sparse_forest]}
"""


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("id: only,", "id: only, colour: green,"),
        (", reason_en: none", ""),
        ("method: none,", "method: guess,"),
        ("of: main,", "of: both,"),
        ("of: main,", "of: main, volume: [some],"),
        ("of: main,", "of: main, land_classes: [tree_forest], volume: [positive],"),
        ("of: main,", "of: main, volume: [zero],"),
        ("of: main,", "of: main, land_classes: [bamboo_forest], mean_tree: [tree],"),
        ("of: main,", "of: main, land_classes: [tree_forest], culms: [counted],"),
        ("of: main,", "of: ground, mean_tree: [tree],"),
        ("of: main,", "of: main, declared: [the_weather],"),
        ("parameters: {}", "parameters: {a: {symbol: a, declared: the_weather}}"),
        ("parameters: {}", "parameters: {a: {symbol: a, table: t, column: c, row: r, row_of: g}}"),
        ("inputs: [area_ha]", "inputs: [height_m]"),
        ("calibration_domains:", "domains:"),
        ("parameters: {}", "parameters: {a: {symbol: a, table: t}}"),
        (
            "calibration_domains",
            "  - {id: only, of: main, method: none, reason_zh: 无, reason_en: x}\ncalibration_domains",
        ),
    ],
)
def test_a_rule_file_with_a_slip_is_refused(was: str, now: str) -> None:
    parse_rules(RULE_FILE)
    assert was in RULE_FILE
    with pytest.raises(RuleFileWrong):
        parse_rules(RULE_FILE.replace(was, now))
