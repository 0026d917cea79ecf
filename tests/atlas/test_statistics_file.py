"""An exported table, opened again, has the totals of the statistics and names its sources."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import polars as pl
import pytest

from senhui.access.rules import NOWHERE
from senhui.atlas.exports import statistics_file
from senhui.atlas.statistics import parameters_used, read_by, statistics
from senhui.inventory.queries import ReleaseInfo

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
