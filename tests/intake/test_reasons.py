"""Each reason is provoked by one row of a layer that is otherwise in order, and nothing else is reported."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shapely
from tests.intake.layers import good_rows, write_layer

from senhui.intake import REASONS, ImportProfile, read_sub_compartments
from senhui.intake.reasons import msgids

KNOWN = ImportProfile(
    species_code_system="nfi", land_class_generation="G1", area_unit="ha", canopy_unit="frac", crs="EPSG:4490"
)
PERCENT = ImportProfile(
    species_code_system="nfi", land_class_generation="G1", area_unit="ha", canopy_unit="percent", crs="EPSG:4490"
)
FIR, BAMBOO = 1, 2  # row numbers of a fir stand and of a bamboo stand

Change = Callable[[pl.DataFrame], pl.DataFrame]


def put(row: int, **values: Any) -> Change:
    """Make a change that puts values into one row."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        here = pl.int_range(pl.len()) == row - 1
        return frame.with_columns(
            pl.when(here).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in values.items()
        )

    return change


def outline(row: int, wkt: str | None) -> Change:
    """Make a change of the outline of one row."""
    return put(row, geometry=None if wkt is None else shapely.to_wkb(shapely.from_wkt(wkt)))


def times(row: int, name: str, factor: float) -> Change:
    """Make a change that multiplies a value of one row."""
    here = pl.int_range(pl.len()) == row - 1
    return lambda frame: frame.with_columns(pl.when(here).then(pl.col(name) * factor).otherwise(pl.col(name)))


def text_column(row: int, name: str, value: str) -> Change:
    """Make a change that turns a column into text and puts a text into one row."""
    return lambda frame: put(row, **{name: value})(frame.with_columns(pl.col(name).cast(pl.String)))


def percent(row: int, value: float) -> Change:
    """Make a change to percent with one value of its own."""
    return lambda frame: put(row, YU_BI_DU=value)(frame.with_columns(pl.col("YU_BI_DU") * 100))


BOW_TIE = "POLYGON ((119.9 28.4, 119.903 28.403, 119.903 28.4, 119.9 28.403, 119.9 28.4))"
FAR_AWAY = "POLYGON ((140 28.4, 140.003 28.4, 140.003 28.403, 140 28.403, 140 28.4))"

CASES: list[tuple[str, str, str | None, Change, ImportProfile]] = [
    ("geometry_missing", "geometry", None, outline(FIR, None), KNOWN),
    ("geometry_missing", "geometry", None, outline(FIR, "POLYGON EMPTY"), KNOWN),
    ("geometry_not_polygon", "geometry", "LineString", outline(FIR, "LINESTRING (119.9 28.4, 119.903 28.4)"), KNOWN),
    ("geometry_invalid", "geometry", "Self-intersection[119.9015 28.4015]", outline(FIR, BOW_TIE), KNOWN),
    ("geometry_outside", "geometry", "140.0 28.4 140.003 28.403", outline(FIR, FAR_AWAY), KNOWN),
    ("geographic_code_invalid", "XIAN", "3311", put(FIR, XIAN="3311"), KNOWN),
    ("geographic_code_invalid", "XIANG", "1", put(FIR, XIANG="1"), KNOWN),
    ("geographic_code_invalid", "CUN", "2O0", put(FIR, CUN="2O0"), KNOWN),
    ("geographic_code_invalid", "CUN", None, put(FIR, CUN=" "), KNOWN),
    ("geographic_code_contradiction", "XIANG", "331126103", put(FIR, XIANG="331126103"), KNOWN),
    ("geographic_code_contradiction", "CUN", "331126103200", put(FIR, CUN="331126103200"), KNOWN),
    ("number_missing", "LIN_BAN", None, put(FIR, LIN_BAN=""), KNOWN),
    ("number_missing", "XIAO_BAN", None, put(FIR, XIAO_BAN=None), KNOWN),
    ("land_class_missing", "DI_LEI", None, put(FIR, DI_LEI=None), KNOWN),
    ("land_class_unknown", "DI_LEI", "9999", put(FIR, DI_LEI="9999"), KNOWN),
    ("land_class_unknown", "DI_LEI", "0111", put(FIR, DI_LEI="0111"), KNOWN),
    ("species_unknown", "YOU_SHI_SZ", "999", put(FIR, YOU_SHI_SZ="999"), KNOWN),
    ("species_unknown", "SSZYSZ", "121", put(FIR, SSZYSZ="121"), KNOWN),
    ("area_missing", "MIAN_JI", None, put(FIR, MIAN_JI=None, ZXJ=None), KNOWN),
    ("area_missing", "MIAN_JI", "0.0", put(FIR, MIAN_JI=0.0, ZXJ=None), KNOWN),
    ("area_impossible", "MIAN_JI", "97.7", put(FIR, MIAN_JI=97.7, ZXJ=None), KNOWN),
    ("area_differs", "MIAN_JI", "10.5", put(FIR, MIAN_JI=10.5, ZXJ=None), KNOWN),
    ("not_a_number", "PINGJUN_XJ", "14,2", text_column(FIR, "PINGJUN_XJ", "14,2"), KNOWN),
    ("value_negative", "PINGJUN_SG", "-11.0", put(FIR, PINGJUN_SG=-11.0), KNOWN),
    ("canopy_out_of_range", "YU_BI_DU", "1.7", put(FIR, YU_BI_DU=1.7), KNOWN),
    ("canopy_out_of_range", "YU_BI_DU", "170.0", percent(FIR, 170.0), PERCENT),
    ("canopy_unit_mixed", "YU_BI_DU", "0.7", percent(FIR, 0.7), PERCENT),
    ("species_missing", "YOU_SHI_SZ", None, put(BAMBOO, YOU_SHI_SZ=None), KNOWN),
    ("species_contradicts_land_class", "YOU_SHI_SZ", "660", put(FIR, YOU_SHI_SZ="660"), KNOWN),
    ("volume_missing", "HUO_LMGQXJ", "0.0", put(FIR, HUO_LMGQXJ=0.0, ZXJ=0), KNOWN),
    ("volume_missing", "HUO_LMGQXJ", None, put(FIR, HUO_LMGQXJ=None, ZXJ=None), KNOWN),
    ("volume_inconsistent", "ZXJ", "5000", put(FIR, ZXJ=5000), KNOWN),
    ("scattered_in_total", "SSXJ", "40", put(FIR, SSXJ=40, SSZYSZ="470"), KNOWN),
    ("scattered_species_missing", "SSZYSZ", None, put(3, SSXJ=40, ZXJ=40), KNOWN),
    ("bamboo_without_culms", "MEI_GQ_ZS", "0", put(BAMBOO, MEI_GQ_ZS=0), KNOWN),
    ("code_unknown", "QI_YUAN", "91", put(FIR, QI_YUAN="91"), KNOWN),
    ("code_unknown", "LING_ZU", "7", put(FIR, LING_ZU="7"), KNOWN),
    ("code_not_in_dictionary", "PO_XIANG", "N", put(FIR, PO_XIANG="N"), KNOWN),
    ("age_not_whole", "PINGJUN_NL", "18.5", text_column(FIR, "PINGJUN_NL", "18.5"), KNOWN),
    ("age_group_disagrees", "LING_ZU", "4", put(FIR, LING_ZU="4"), KNOWN),
    ("age_group_disagrees", "LING_ZU", "2", put(FIR, PINGJUN_NL=30), KNOWN),
]


@pytest.mark.parametrize(
    ("reason", "field", "value", "change", "profile"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_one_wrong_thing_gives_one_finding(
    tmp_path: Path, reason: str, field: str, value: str | None, change: Change, profile: ImportProfile
) -> None:
    layer = read_sub_compartments(write_layer(change(good_rows()), tmp_path / "layer.gpkg"), profile=profile)

    assert layer.findings.select("reason", "field", "value").rows() == [(reason, field, value)]
    finding = layer.findings.row(0, named=True)
    told = REASONS[reason]
    assert (finding["severity"], finding["message_en"], finding["remedy_en"]) == (
        told.severity,
        told.message,
        told.remedy,
    )
    n_rejected = 1 if told.severity == "error" else 0
    assert layer.stands.height == 12 - n_rejected
    assert finding["row"] not in layer.stands["row"].to_list() or told.severity == "warning"
    assert layer.source["n_rejected"] == n_rejected
    assert layer.source_fields.height == 12


def test_an_outline_outside_the_expected_city_is_found(tmp_path: Path) -> None:
    city = ImportProfile(expected_bounds=(119.0, 28.0, 119.906, 29.0))
    layer = read_sub_compartments(write_layer(good_rows(), tmp_path / "layer.gpkg"), profile=city)
    assert set(layer.findings["reason"]) == {"geometry_outside"}
    assert layer.findings["row"].to_list() == [row for row in range(1, 13) if (row - 1) % 4 > 0]


def test_each_of_two_rows_with_one_number_is_refused(tmp_path: Path) -> None:
    rows = put(5, CUN="200", XIAO_BAN="0001")(good_rows())
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))
    assert layer.findings.select("row", "reason").rows() == [(1, "id_duplicate"), (5, "id_duplicate")]
    assert layer.findings["sub_compartment_id"].to_list() == ["331181103200-0012-0001"] * 2


def test_a_part_number_tells_two_rows_apart(tmp_path: Path) -> None:
    rows = good_rows().with_columns(XI_BAN=pl.lit(None, dtype=pl.String))
    rows = put(5, CUN="200", XIAO_BAN="0001", XI_BAN="1")(rows)
    assert read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg")).findings.height == 0


@pytest.mark.parametrize(("encoding", "n_bytes"), [("GB18030", 5), ("UTF-8", 8)])
def test_text_cut_by_its_field_is_found_and_not_garbled(tmp_path: Path, encoding: str, n_bytes: int) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", encoding=encoding)
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    header_bytes = int.from_bytes(content[8:10], "little")
    offset = header_bytes + 1
    for start in range(32, header_bytes - 1, 32):
        width = content[start + 16]
        if content[start : start + 8] == b"CUN_NAME":
            break
        offset += width
    content[offset : offset + width] = b"x" * (width - n_bytes) + "林垟村".encode(encoding)[:n_bytes]
    dbf.write_bytes(content)

    layer = read_sub_compartments(path)

    assert layer.findings.select("row", "field", "reason").rows() == [(1, "CUN_NAME", "text_cut")]
    assert layer.findings["value"][0].endswith("x林垟")
    assert layer.source_fields["CUN_NAME"][0].endswith("x林垟")


def test_a_code_missing_from_the_dictionary_is_one_finding_however_many_rows_have_it(tmp_path: Path) -> None:
    rows = good_rows().with_columns(PO_XIANG=pl.lit("无坡向"))
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))
    assert layer.findings.select("row", "field", "value", "n_rows").rows() == [(None, "PO_XIANG", "无坡向", 12)]


def test_total_volume_may_be_rounded_and_may_contain_scattered_trees(tmp_path: Path) -> None:
    rows = good_rows()
    total = rows["ZXJ"][0]
    for change in (put(FIR, ZXJ=total + 1), put(FIR, ZXJ=total + 40, SSXJ=40, SSZYSZ="470")):
        layer = read_sub_compartments(write_layer(change(rows), tmp_path / "layer.gpkg"))
        assert layer.findings.height == 0


def test_every_reason_has_its_case() -> None:
    of_pairs = {"id_duplicate", "outline_duplicate", "outline_overlaps", "gap_between", "outside_county"}
    of_tables = {"table_row_missing", "table_key_repeated", "zeros_restored"}
    elsewhere = {*of_pairs, *of_tables, "text_cut", "sliver", "empty_mark"}
    assert {case[0] for case in CASES} | elsewhere == set(REASONS)


def test_texts_are_sentences_without_gaps() -> None:
    assert len(set(msgids())) == len(msgids()) == 2 * len(REASONS)
    for text in msgids():
        assert text[0].isupper()
        assert text.endswith(".")
        assert not set("{}%") & set(text)
