"""An exported table, opened again, has the totals of the statistics and names its sources."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import polars as pl
import pytest

from senhui.access.rules import NOWHERE
from senhui.atlas.exports import statistics_file
from senhui.atlas.statistics import error_of, parameters_used, read_by, statistics
from senhui.inventory.queries import ReleaseInfo
from senhui.measurement import default_book
from senhui.measurement.sensitivity import error_sums
from senhui.measurement.uncertainty import Interval

pytestmark = pytest.mark.django_db
BY = ("county", "species_group")


def exported(release: ReleaseInfo, form: Any, language: Any) -> bytes:
    return statistics_file(release.id, within=None, by=BY, where={}, form=form, language=language).content


def total(release: ReleaseInfo, measure: str) -> float:
    return float(statistics(release.id, within=None, by=(), where={})[measure].item())


@pytest.mark.parametrize(
    ("language", "area", "stock"), [("zh", "面积 (ha)", "碳储量 (tC)"), ("en", "Area (ha)", "Carbon stock (tC)")]
)
def test_csv_read_again_has_the_same_totals(release: ReleaseInfo, language: str, area: str, stock: str) -> None:
    content = exported(release, "csv", language)
    assert content.startswith(b"\xef\xbb\xbf")  # so that Excel knows that it is UTF-8
    table = pl.read_csv(io.BytesIO(content))
    assert table[area].sum() == pytest.approx(total(release, "area_ha"))
    assert table[stock].sum() == pytest.approx(total(release, "stock_tc"))


def test_csv_of_sample_data_says_so_in_every_row(release: ReleaseInfo) -> None:
    table = pl.read_csv(io.BytesIO(exported(release, "csv", "zh")))
    assert table["数据版本"].unique().to_list() == ["2021-1 · 示例数据 Sample data"]
    assert {"杉木", "毛竹", "未登记"} <= set(table["树种组"])


def test_workbook_opened_again_has_the_same_totals(release: ReleaseInfo) -> None:
    """Rows, the printed total, and the cross table's margins are all the same sum."""
    book = openpyxl.load_workbook(io.BytesIO(exported(release, "xlsx", "en")))
    head, *rows, last = book["Statistics"].iter_rows(values_only=True)
    column = head.index("Calibrated carbon stock (tC)")
    expected = total(release, "calibrated_stock_tc")
    assert sum(row[column] or 0.0 for row in rows) == pytest.approx(expected)
    assert last[0] == "Total"
    assert last[column] == pytest.approx(expected)
    cross = list(book["Cross table"].iter_rows(min_row=2, values_only=True))
    species = [line for line in cross[1:] if not str(line[0]).startswith("Total")]
    assert sum(value or 0.0 for line in species for value in line[1:-1]) == pytest.approx(expected)
    assert sum(line[-1] or 0.0 for line in species) == pytest.approx(expected)
    footer = next(line for line in cross if line[0] == "Total Calibrated carbon stock (tC)")
    assert sum(footer[1:-1]) == pytest.approx(footer[-1]) == pytest.approx(expected)


def test_workbook_names_release_sample_and_every_parameter(release: ReleaseInfo) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exported(release, "xlsx", "zh")))
    facts = dict(book["来源"].iter_rows(values_only=True))
    assert facts["说明 Note"] == "示例数据 Sample data"
    assert facts["数据版本 Release"] == release.id
    assert facts["数值指纹 Value hash (SHA-256)"] == release.value_hash
    head, *rows = book["所用参数"].iter_rows(values_only=True)
    used = parameters_used(release.id)
    assert len(used) > 10
    assert [row[0] for row in rows] == [value.id for value in used]
    assert [row[head.index("mark")] for row in rows] == [value.mark for value in used]
    assert all(row[head.index("source")] for row in rows)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_release_without_calibration_calls_nothing_calibrated(release: ReleaseInfo, form: Any) -> None:
    release.manifest["measurement"]["calibration"] = None
    content = exported(release, form, "en")
    if form == "csv":
        text = content.decode()
    else:
        book = openpyxl.load_workbook(io.BytesIO(content))
        text = " ".join(
            str(value) for name in ("Statistics", "Cross table") for row in book[name].values for value in row
        )
    assert "Carbon stock (tC)" in text
    assert "alibrated" not in text


def test_what_is_withheld_says_so(release: ReleaseInfo, measured: pl.DataFrame) -> None:
    """One bamboo stand is left in each of two counties."""
    bamboo = pl.col("species_group") == "moso_bamboo"
    few = pl.concat([measured.filter(~bamboo), measured.filter(bamboo).unique("county_code", keep="first")])
    few.write_parquet(release.directory / "sub_compartments.parquet")
    with read_by(NOWHERE):
        table = pl.read_csv(io.BytesIO(exported(release, "csv", "en")))
        book = openpyxl.load_workbook(io.BytesIO(exported(release, "xlsx", "en")))
    hidden = table.filter(pl.col("Note").is_not_null())
    assert 0 < hidden.height < table.height
    assert hidden["Note"].str.starts_with("withheld: fewer than three").all()
    assert hidden["Area (ha)"].null_count() == hidden.height
    assert table.filter(pl.col("Note").is_null())["Area (ha)"].null_count() == 0
    column = [cell.value for cell in book["Statistics"]["E"]]
    assert column.count("withheld") == hidden.height
    assert any("withheld" in row for row in book["Cross table"].values)


@pytest.fixture
def sure(release: ReleaseInfo, measured: pl.DataFrame) -> ReleaseInfo:
    """The release with sums of error, and with two rows that were left out of it, one of Longquan."""
    error_sums(measured, book=default_book()).write_parquet(release.directory / "error_sums.parquet")
    rows = [
        {"row": 1, "sub_compartment_id": "331181100201-0001-9998", "area_ha": 2.5, "reason": "no outline"},
        {"row": 2, "sub_compartment_id": "331126100201-0001-9999", "area_ha": 4.0, "reason": "doubled"},
    ]
    release.manifest["measurement"] = {"calibration": None, "parameter_editions": {}}
    release.manifest["excluded"] = {"n_rows": 2, "area_ha": 6.5, "rows": rows}
    object.__setattr__(release, "n_excluded", 2)
    object.__setattr__(release, "excluded_area_ha", 6.5)
    return release


def half_width_tc(release: ReleaseInfo, within: str | None) -> float:
    found = error_of(release.id, within, is_calibrated=False)
    assert isinstance(found, Interval)
    return found.half_width_tc


def test_csv_carries_the_excluded_area_and_the_error_of_places_and_of_the_whole(sure: ReleaseInfo) -> None:
    content = statistics_file(sure.id, within=None, by=("county",), where={}, form="csv", language="en").content
    table = pl.read_csv(io.BytesIO(content), schema_overrides={"County (code)": pl.String})
    of_row = dict(table.select("County (code)", "Half of the 95 % interval (tC)").iter_rows())
    assert of_row == pytest.approx({code: half_width_tc(sure, code) for code in ("331126", "331181")})
    whole = table.select(pl.col("^Whole table.*$")).unique()
    assert whole.height == 1
    excluded_ha, half, not_set = whole.row(0)
    assert excluded_ha == 6.5
    assert half == pytest.approx(half_width_tc(sure, None))
    found = error_of(sure.id, None, is_calibrated=False)
    assert isinstance(found, Interval)
    assert not_set == "; ".join(part.name_en for part in found.not_set) != ""


def test_a_table_of_one_place_carries_the_area_left_out_there(sure: ReleaseInfo) -> None:
    content = statistics_file(
        sure.id, within="331181", by=("species_group",), where={}, form="csv", language="zh"
    ).content
    table = pl.read_csv(io.BytesIO(content))
    assert table["全表：未纳入本版的面积 (ha)"].unique().to_list() == [2.5]
    assert table["全表：碳储量 95% 区间半宽 (tC)"].unique().item() == pytest.approx(half_width_tc(sure, "331181"))
    assert "95% 区间半宽 (tC)" not in table.columns, "the error is told for places, not for species"


def test_workbook_says_the_error_what_it_consists_of_and_what_each_ratio_is_over(sure: ReleaseInfo) -> None:
    content = statistics_file(sure.id, within=None, by=("township",), where={}, form="xlsx", language="en").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    head, *rows, last = book["Statistics"].iter_rows(values_only=True)
    column = head.index("Half of the 95 % interval (tC)")
    assert len(rows) == 4
    assert all(row[column] > 0 for row in rows)
    assert last[column] == pytest.approx(half_width_tc(sure, None))
    assert {"Stock per hectare of forest (tC/ha)", "Stock per hectare of land (tC/ha)"} <= set(head)
    said = {row[0]: row[1] for row in book["Error and meaning"].iter_rows(values_only=True)}
    assert said["Whole table: area left out of the release (ha)"] == 6.5
    assert said["Whole release: rows left out"] == 2
    assert said["Whole table: half of the 95 % interval of the stock (tC)"] == pytest.approx(half_width_tc(sure, None))
    assert "not set" in said.values()
    assert "forest land" in said["Per hectare of forest"]
    assert "all land" in said["Per hectare of land"]


def test_a_release_without_sums_of_error_says_so_in_the_file(release: ReleaseInfo) -> None:
    table = pl.read_csv(io.BytesIO(exported(release, "csv", "zh")))
    assert table["全表：碳储量 95% 区间半宽 (tC)"].null_count() == table.height
    assert table["全表：未设定的误差来源"].unique().to_list() == ["该版本未计算误差"]
