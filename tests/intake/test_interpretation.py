"""The second stage: what only a person can say is asked, and with the answer the same reading goes on."""

from pathlib import Path

import polars as pl
import pytest
import shapely
from polars.testing import assert_frame_equal
from tests.intake.layers import good_rows, write_layer

from senhui.intake import (
    ImportContext,
    ImportProfile,
    LayerAsRead,
    MappingNeeded,
    interpret,
    read_layer,
    read_sub_compartments,
)
from senhui.intake.fields import FieldNamedTwice, FieldsMissing
from senhui.intake.recognition import (
    AreaUnitUnclear,
    CodesUnknown,
    LandClassGenerationUnclear,
    SpeciesCodeSystemUnclear,
)


def as_read(rows: pl.DataFrame, directory: Path) -> LayerAsRead:
    return read_layer(write_layer(rows, directory / "layer.gpkg"))


def test_both_stages_in_one_call_give_the_same(tmp_path: Path) -> None:
    rows = good_rows().with_columns(PO_XIANG=pl.lit("N"))
    read = interpret(as_read(rows, tmp_path))
    layer = read_sub_compartments(tmp_path / "layer.gpkg")
    assert_frame_equal(read.stands, layer.stands)
    assert_frame_equal(read.findings, layer.findings)
    assert read.profile == layer.profile


@pytest.mark.parametrize(
    ("rows", "question"),
    [
        (good_rows().drop("DI_LEI"), FieldsMissing),
        (good_rows().with_columns(mian_ji_=pl.lit(1.0)).rename({"mian_ji_": " mian_ji"}), FieldNamedTwice),
        (good_rows().with_columns(pl.col("MIAN_JI") * 7), AreaUnitUnclear),
        (good_rows().with_columns(DI_LEI=pl.lit("X")), LandClassGenerationUnclear),
        (
            good_rows().with_columns(YOU_SHI_SZ=pl.when(pl.col("DI_LEI") == "1111").then(pl.lit("310"))),
            SpeciesCodeSystemUnclear,
        ),
    ],
)
def test_what_only_a_person_can_say_is_asked(tmp_path: Path, rows: pl.DataFrame, question: type[MappingNeeded]) -> None:
    layer = as_read(rows, tmp_path)
    with pytest.raises(question):
        interpret(layer)


def test_a_few_unknown_codes_are_slips_and_many_are_a_question(tmp_path: Path) -> None:
    """Of 100 rows five may carry a slip."""
    for n_wrong in (5, 6):
        wrong = pl.int_range(pl.len()) < n_wrong
        rows = good_rows(100).with_columns(
            XIANG=(pl.int_range(pl.len()) + 100).cast(pl.String),
            DI_LEI=pl.when(wrong).then(pl.lit("9999")).otherwise(pl.col("DI_LEI")),
        )
        layer = as_read(rows, tmp_path)
        if n_wrong == 5:
            assert interpret(layer).findings["reason"].to_list() == ["land_class_unknown"] * 5
        else:
            with pytest.raises(CodesUnknown) as asked:
                interpret(layer)
            assert asked.value.facts == {"field": "DI_LEI", "codes": ("9999 × 6",), "n_rows": 6}


def test_many_different_unknown_codes_are_another_list(tmp_path: Path) -> None:
    n = 600
    codes = pl.Series([f"Z{i:02d}" if i < 20 else None for i in range(n)])
    rows = good_rows(n).with_columns(XIANG=(pl.int_range(pl.len()) + 100).cast(pl.String), SSXJ=pl.lit(0), SSZYSZ=codes)
    with pytest.raises(CodesUnknown) as asked:
        interpret(as_read(rows, tmp_path))
    assert (asked.value.field, len(asked.value.codes)) == ("SSZYSZ", 20)


def test_a_code_is_mapped_before_the_list_is_recognised(tmp_path: Path) -> None:
    rows = good_rows().with_columns(pl.col("DI_LEI").replace({"1111": "乔木林", "1130": "竹林", "2110": "耕地"}))
    meant = {"DI_LEI": {"乔木林": "1111", "竹林": "1130", "耕地": "2110"}, "PO_XIANG": {"3": "5"}}
    read = interpret(as_read(rows, tmp_path), profile=ImportProfile(code_map=meant))
    assert read.findings.height == 0
    assert read.profile.land_class_generation == "G1"
    assert read.stands["land_class"].to_list()[:3] == ["tree_forest", "bamboo_forest", "non_forest"]


def test_a_code_of_a_field_without_numbers_is_mapped_too(tmp_path: Path) -> None:
    rows = good_rows().with_columns(PO_XIANG=pl.lit("东"))
    layer = as_read(rows, tmp_path)
    assert interpret(layer).findings["reason"].to_list() == ["code_not_in_dictionary"]
    assert interpret(layer, profile=ImportProfile(code_map={"PO_XIANG": {"东": "3"}})).findings.height == 0


def test_a_code_mapped_to_nothing_is_not_known(tmp_path: Path) -> None:
    rows = good_rows().with_columns(SSZYSZ=pl.lit("无"))
    read = interpret(as_read(rows, tmp_path), profile=ImportProfile(code_map={"SSZYSZ": {"无": ""}}))
    assert read.findings.height == 0
    assert read.stands["scattered_species_group"].null_count() == 12


def test_a_constant_stands_for_a_column_that_is_not_there(tmp_path: Path) -> None:
    layer = as_read(good_rows().drop("XIAN", "LD_QS"), tmp_path)
    with pytest.raises(FieldsMissing):
        interpret(layer)
    read = interpret(layer, profile=ImportProfile(constants={"XIAN": "331181", "LD_QS": "20", "XI_BAN": "1"}))
    assert read.findings.height == 0
    assert set(read.stands["county_code"]) == {"331181"}
    assert set(read.stands["land_ownership"]) == {"20"}
    assert "XIAN" not in read.profile.field_names


def test_a_constant_beside_a_column_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(FieldNamedTwice) as asked:
        interpret(as_read(good_rows(), tmp_path), profile=ImportProfile(constants={"XIAN": "331181"}))
    assert asked.value.columns == ("XIAN", "= 331181")


def test_single_slips_into_the_other_species_list_do_not_decide(tmp_path: Path) -> None:
    """Of 100 rows one carries 131, which only the Guangxi list has."""
    wrong = pl.int_range(pl.len()) == 0
    rows = good_rows(100).with_columns(
        XIANG=(pl.int_range(pl.len()) + 100).cast(pl.String),
        YOU_SHI_SZ=pl.when(wrong).then(pl.lit("131")).otherwise(pl.col("YOU_SHI_SZ")),
    )
    read = interpret(as_read(rows, tmp_path))
    assert read.profile.species_code_system == "nfi"
    assert read.findings.select("row", "reason").rows() == [(1, "species_unknown")]


def test_what_was_not_checked_is_said(tmp_path: Path) -> None:
    layer = as_read(good_rows(), tmp_path)
    county = shapely.to_wkb(shapely.box(119, 28, 121, 29))
    facts = [
        interpret(layer, context=context).source_facts
        for context in (
            None,
            ImportContext(pl.DataFrame({"code": ["331126"], "geometry": [county]})),
            ImportContext(pl.DataFrame({"code": ["331181"], "geometry": [county]})),
        )
    ]
    assert [fact["not_checked"] for fact in facts] == [["outside_county"], [], []]
    assert [fact["counties_without_outline"] for fact in facts] == [[], ["331181"], []]


def test_findings_have_a_place_to_look_at(tmp_path: Path) -> None:
    bow_tie = "POLYGON ((119.9 28.4, 119.903 28.403, 119.903 28.4, 119.9 28.403, 119.9 28.4))"
    rows = good_rows().with_row_index()
    rows = rows.with_columns(
        geometry=pl.when(pl.col("index") == 0)
        .then(pl.lit(shapely.to_wkb(shapely.from_wkt(bow_tie))))
        .otherwise(pl.col("geometry")),
        DI_LEI=pl.when(pl.col("index") == 1).then(pl.lit("9999")).otherwise(pl.col("DI_LEI")),
    ).drop("index")
    found = interpret(as_read(rows, tmp_path)).findings
    assert found.select("row", "reason").rows() == [(1, "geometry_invalid"), (2, "land_class_unknown")]
    # Where the ring crosses itself, and the middle of the second outline.
    assert found["lon"].to_list() == pytest.approx([119.9015, 119.9055])
    assert found["lat"].to_list() == pytest.approx([28.4015, 28.4015])
