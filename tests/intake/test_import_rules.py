"""The ten rules by which a layer of an office is read, one case each, through the front door.

Source of the rules: methodology facts of this project, field list of a working provincial one-map database.
"""

from pathlib import Path

import polars as pl
import pytest
from tests.intake.layers import VILLAGES_ZH, good_rows, write_layer

from senhui.intake import ImportProfile, MappingNeeded, SubCompartmentLayer, read_sub_compartments
from senhui.intake.recognition import CodesUnknown


def read(rows: pl.DataFrame, directory: Path, name: str = "layer.gpkg", **profile: object) -> SubCompartmentLayer:
    return read_sub_compartments(
        write_layer(rows, directory / name, cpg=None),
        profile=ImportProfile(**profile),  # type: ignore[arg-type]
    )


def test_1_text_without_a_code_page_file_is_read_as_what_it_is(tmp_path: Path) -> None:
    for encoding in ("GB18030", "UTF-8"):
        path = write_layer(good_rows(), tmp_path / f"{encoding}.shp", encoding=encoding, cpg=None)
        layer = read_sub_compartments(path)
        assert layer.source["encoding"] == encoding
        assert layer.source_fields["CUN_NAME"].to_list()[:4] == list(VILLAGES_ZH)


def test_2_short_and_full_codes_become_twelve_digits(tmp_path: Path) -> None:
    rows = good_rows().with_columns(
        XIANG=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("331181103")).otherwise(pl.lit("103")),
        CUN=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("331181103") + pl.col("CUN")).otherwise("CUN"),
    )
    stands = read(rows, tmp_path).stands
    assert stands["village_code"].to_list() == [f"3311811032{i % 10:02d}" for i in range(12)]


@pytest.mark.parametrize(("factor", "unit"), [(1.0, "ha"), (15.0, "mu"), (15.2, "mu"), (14.8, "mu")])
def test_3_the_unit_of_area_follows_from_the_outlines(tmp_path: Path, factor: float, unit: str) -> None:
    layer = read(good_rows().with_columns(pl.col("MIAN_JI") * factor).drop("ZXJ"), tmp_path)
    assert layer.profile.area_unit == unit
    assert layer.stands["area_ha"].sum() == pytest.approx(good_rows()["MIAN_JI"].sum(), rel=0.02)


@pytest.mark.parametrize("factor", [1.5, 6.0, 14.0, 100.0])
def test_3_another_ratio_is_asked_about(tmp_path: Path, factor: float) -> None:
    with pytest.raises(MappingNeeded):
        read(good_rows().with_columns(pl.col("MIAN_JI") * factor), tmp_path)


def test_4_total_volume_alone_is_divided_by_the_area(tmp_path: Path) -> None:
    rows = good_rows()
    stand = read(rows.drop("HUO_LMGQXJ"), tmp_path).stands.row(0, named=True)
    assert stand["volume_m3_ha"] == rows["ZXJ"][0] / rows["MIAN_JI"][0]


def test_4_a_total_that_is_not_the_product_is_told(tmp_path: Path) -> None:
    rows = good_rows().with_columns(pl.col("ZXJ") + pl.when(pl.col("ZXJ") > 0).then(40).otherwise(0))
    assert set(read(rows, tmp_path).findings["reason"]) == {"volume_inconsistent"}


@pytest.mark.parametrize(("factor", "unit"), [(1, "frac"), (100, "percent")])
def test_5_canopy_above_one_is_percent(tmp_path: Path, factor: int, unit: str) -> None:
    layer = read(good_rows().with_columns(pl.col("YU_BI_DU") * factor), tmp_path)
    assert layer.profile.canopy_unit == unit
    assert layer.stands["canopy_frac"].to_list()[:2] == pytest.approx([0.7, 0.8])


def test_6_the_first_digit_of_the_origin_decides(tmp_path: Path) -> None:
    rows = good_rows().with_columns(QI_YUAN=pl.Series(["11", "12", "13", "21", "22", "31", "34"] + [None] * 5))
    origins = read(rows, tmp_path).stands["origin"].to_list()
    assert origins[:7] == ["natural"] * 3 + ["planted"] * 2 + ["coppice"] * 2


def test_7_the_age_group_is_calculated_from_the_age_and_disagreement_is_told(tmp_path: Path) -> None:
    """Planted fir of 18 years is middle-aged (2): young ends with 10, middle-aged with 20 years."""
    rows = good_rows().with_columns(LING_ZU=pl.when(pl.col("YOU_SHI_SZ") == "310").then(pl.lit("5")))
    findings = read(rows, tmp_path).findings
    assert findings["row"].to_list() == [1, 4, 7, 10]
    assert set(findings["reason"]) == {"age_group_disagrees"}


def test_8_species_without_a_meaning_stop_the_layer_with_their_list(tmp_path: Path) -> None:
    rows = good_rows().with_columns(pl.col("YOU_SHI_SZ").replace({"310": "991", "660": "992"}))
    with pytest.raises(CodesUnknown) as asked:
        read(rows, tmp_path, species_code_system="nfi")
    assert asked.value.facts == {"field": "YOU_SHI_SZ", "codes": ("991 × 4", "992 × 4"), "n_rows": 8}

    answered = {"YOU_SHI_SZ": {"991": "310", "992": "660"}}
    mapped = read(rows, tmp_path, species_code_system="nfi", code_map=answered)
    assert mapped.findings.height == 0
    assert mapped.stands["species_code"].to_list() == good_rows()["YOU_SHI_SZ"].to_list()
    assert mapped.source_fields["YOU_SHI_SZ"].to_list() == rows["YOU_SHI_SZ"].to_list()


def test_9_bamboo_counts_by_culms_and_has_no_volume(tmp_path: Path) -> None:
    stand = read(good_rows(), tmp_path).stands.row(1, named=True)
    assert (stand["land_class"], stand["stems_ha"], stand["dbh_cm"]) == ("bamboo_forest", 2700.0, 9.8)
    assert stand["volume_m3_ha"] == 0.0
    assert read(good_rows(), tmp_path).findings.height == 0


@pytest.mark.parametrize(
    ("generation", "codes"),
    [
        ("G1", ("1111", "1130", "2110")),
        ("G2", ("0111", "0113", "0210")),
        ("G4", ("0301", "0302", "0305")),
    ],
)
def test_10_the_generation_of_land_classes_follows_from_the_column(
    tmp_path: Path, generation: str, codes: tuple[str, str, str]
) -> None:
    meant = dict(zip(("1111", "1130", "2110"), codes, strict=True))
    layer = read(good_rows().with_columns(pl.col("DI_LEI").replace(meant)), tmp_path)
    assert layer.profile.land_class_generation == generation
    assert layer.stands["land_class"].to_list()[:2] == ["tree_forest", "bamboo_forest"]
