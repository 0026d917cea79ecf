"""What people and programs write into cells: marks for nothing, full-width digits, numbers of codes with a decimal."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.intake.layers import good_rows, write_layer

from senhui.intake import ImportProfile, SubCompartmentLayer, read_sub_compartments
from senhui.intake.fields import EMPTY_MARKS
from senhui.intake.recognition import AreasWithoutNumber, CodesUnknown

FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")


def as_text() -> pl.DataFrame:
    return good_rows().with_columns(pl.exclude("geometry").cast(pl.String))


def read(tmp_path: Path, rows: pl.DataFrame, profile: ImportProfile | None = None) -> SubCompartmentLayer:
    return read_sub_compartments(write_layer(rows, tmp_path / "layer.parquet"), profile=profile)


@pytest.mark.parametrize("mark", EMPTY_MARKS)
def test_a_mark_for_nothing_is_nothing_and_is_told_once_for_a_field(tmp_path: Path, mark: str) -> None:
    names = ("PINGJUN_NL", "LING_ZU", "QI_YUAN", "YOU_SHI_SZ", "LIN_ZHONG")
    marked = as_text().with_columns(pl.col(name).fill_null(f" {mark} ") for name in names)
    layer = read(tmp_path, marked)
    told = layer.findings.select("row", "field", "value", "reason", "n_rows", "severity")
    assert told.rows() == [
        (None, name, mark, "empty_mark", n_rows, "warning")
        for name, n_rows in sorted((name, as_text()[name].null_count()) for name in names)
    ]
    assert_frame_equal(layer.stands, read(tmp_path, as_text()).stands)
    assert layer.source_fields["PINGJUN_NL"].to_list().count(f" {mark} ") == 4


def test_a_mark_where_something_must_stand_is_a_missing_value(tmp_path: Path) -> None:
    rows = as_text().with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("/")).otherwise(name).alias(name)
        for name in ("MIAN_JI", "XIAO_BAN", "DI_LEI")
    )
    errors = read(tmp_path, rows).findings.filter(pl.col("severity") == "error")
    assert errors.select("row", "field", "reason").rows() == [
        (1, "DI_LEI", "land_class_missing"),
        (1, "MIAN_JI", "area_missing"),
        (1, "XIAO_BAN", "number_missing"),
    ]


def test_a_word_for_nothing_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(CodesUnknown) as asked:
        read(tmp_path, as_text().with_columns(pl.col("YOU_SHI_SZ").fill_null("无")))
    assert asked.value.codes == ("无 × 4",)


def test_full_width_digits_are_digits(tmp_path: Path) -> None:
    names = ("XIAN", "MIAN_JI", "HUO_LMGQXJ", "XIAO_BAN", "DI_LEI", "YOU_SHI_SZ")
    wide = as_text().with_columns(
        pl.col(name).map_elements(lambda text: text.translate(FULL_WIDTH), return_dtype=pl.String) for name in names
    )
    layer = read(tmp_path, wide)
    assert layer.findings.height == 0
    assert_frame_equal(layer.stands, read(tmp_path, as_text()).stands)
    assert layer.source_fields["XIAN"][0] == "３３１１８１"


def test_codes_that_became_numbers_with_a_decimal_are_the_codes(tmp_path: Path) -> None:
    names = ("XIAN", "XIANG", "CUN", "XIAO_BAN", "DI_LEI", "YOU_SHI_SZ", "QI_YUAN", "LING_ZU")
    layer = read(tmp_path, as_text().with_columns(pl.col(name) + ".0" for name in names))
    assert layer.findings.height == 0
    assert_frame_equal(layer.stands, read(tmp_path, as_text()).stands)


@pytest.mark.parametrize("entry", ["146.5亩", "146,5", "约146"])
def test_areas_of_which_none_is_a_number_are_asked_about_with_examples(tmp_path: Path, entry: str) -> None:
    with pytest.raises(AreasWithoutNumber) as asked:
        read(tmp_path, as_text().with_columns(MIAN_JI=pl.lit(entry)))
    assert asked.value.facts == {"examples": (entry,)}


def test_areas_in_mu_with_decimals(tmp_path: Path) -> None:
    layer = read(tmp_path, good_rows().with_columns(MIAN_JI=(pl.col("MIAN_JI") * 15).round(1)))
    assert layer.profile.area_unit == "mu"
    assert layer.stands["area_ha"].to_list() == pytest.approx(good_rows()["MIAN_JI"].to_list(), abs=0.01)
