"""Attributes from a workbook or CSV find their outlines, and whatever finds no partner is told."""

import datetime as dt
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.cell.cell import Cell
from polars.testing import assert_frame_equal
from tests.intake.layers import good_rows, write_layer

from senhui.intake import ImportProfile, LayerAsRead, LayerRefused, read_layer, read_sub_compartments, workbook
from senhui.intake.archive import ArchiveTooLarge
from senhui.intake.attribute_table import KeyColumnsMissing, NothingJoins, TableNotFound
from senhui.intake.delimited_text import ColumnNamedTwice
from senhui.intake.profile import AttributeTable
from senhui.intake.workbook import FormulaWithoutValue, SheetUnclear, TableUnreadable

JOIN = ImportProfile(
    attribute_table=AttributeTable(file_name="属性.xlsx", layer_keys=("XBH",), table_keys=("小班号",)),
)


def outlines(n: int = 12) -> pl.DataFrame:
    return good_rows(n).select("geometry", XBH=pl.col("XIAO_BAN"))


def attributes(n: int = 12) -> pl.DataFrame:
    return good_rows(n).drop("geometry").with_columns(小班号=pl.col("XIAO_BAN"))


def write_book(
    path: Path,
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    other_sheets: tuple[str, ...] = (),
    change: Callable[[Cell], Any] = lambda cell: None,
) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "小班"
    if title is not None:
        sheet.append([title])
    sheet.append(frame.columns)
    for row in frame.iter_rows():
        sheet.append(row)
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            change(cell)
    for name in other_sheets:
        book.create_sheet(name)
    book.save(path)
    return path


def as_number(cell: Cell) -> None:
    if isinstance(cell.value, str) and cell.value.isdigit():
        cell.value = int(cell.value)


def joined(tmp_path: Path, layer: pl.DataFrame, table: pl.DataFrame, **book: Any) -> LayerAsRead:
    write_book(tmp_path / "属性.xlsx", table, **book)
    return read_layer(write_layer(layer, tmp_path / "layer.gpkg"), profile=JOIN)


def test_a_layer_with_its_attributes_in_a_workbook_gives_the_stands_of_one_file(tmp_path: Path) -> None:
    write_book(tmp_path / "属性.xlsx", attributes().reverse(), title="龙泉市小班一览表", other_sheets=("说明",))
    layer = read_sub_compartments(write_layer(outlines(), tmp_path / "layer.gpkg"), profile=JOIN)
    assert layer.findings.height == 0
    same = read_sub_compartments(write_layer(good_rows(), tmp_path / "whole.gpkg"))
    assert_frame_equal(layer.stands, same.stands)
    assert layer.source["attribute_table"] == {
        "file_name": "属性.xlsx",
        "sha256": hashlib.sha256((tmp_path / "属性.xlsx").read_bytes()).hexdigest(),
        "n_rows": 12,
        "n_joined": 12,
        "n_outlines_without_row": 0,
        "n_rows_without_outline": 0,
        "n_repeated_keys": 0,
        "renamed": {},
    }


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("name", ["属性.xlsx", "属性.csv"])
def test_a_table_comes_in_the_zip_of_its_layer_or_beside_it(tmp_path: Path, name: str, is_packed: bool) -> None:
    table = tmp_path / name
    if name.endswith(".csv"):
        table.write_bytes(attributes().write_csv().encode("gb18030"))
    else:
        write_book(table, attributes())
    write_layer(outlines(), tmp_path / "layer.shp")
    with zipfile.ZipFile(tmp_path / "upload.zip", "w") as packed:
        for part in tmp_path.glob("layer.*"):
            packed.write(part, f"小班/{part.name}")
        packed.writestr("小班/readme.txt", "…")
        if is_packed:
            packed.write(table, f"小班/{name}")
            table.unlink()
    profile = ImportProfile(attribute_table=AttributeTable(file_name=name, layer_keys=("XBH",), table_keys=("小班号",)))
    layer = read_sub_compartments(tmp_path / "upload.zip", profile=profile)
    assert (layer.stands.height, layer.findings.height) == (12, 0)


def test_outlines_without_row_and_rows_without_outline_stay_and_are_told(tmp_path: Path) -> None:
    as_read = joined(tmp_path, outlines().head(10), attributes().filter(pl.col("小班号") != "0003"))
    assert as_read.source_fields["row"].to_list() == list(range(1, 13)) == as_read.outlines["row"].to_list()
    assert as_read.notes.rows() == [(3, "XBH", "0003", "table_row_missing")]
    assert as_read.source_fields["DI_LEI"].is_null().to_list() == [row == 3 for row in range(1, 13)]
    assert as_read.outlines["reason"].to_list() == [None] * 10 + ["geometry_missing"] * 2
    assert as_read.source_fields["小班号"].to_list()[-2:] == ["0011", "0012"]
    facts = as_read.source["attribute_table"]
    assert [facts[name] for name in ("n_rows", "n_joined", "n_outlines_without_row", "n_rows_without_outline")] == [
        11,
        9,
        1,
        2,
    ]


def test_rows_that_share_a_key_are_not_joined_by_chance(tmp_path: Path) -> None:
    table = pl.concat([attributes(), attributes().filter(pl.col("小班号") == "0002")])
    layer = outlines().with_columns(XBH=pl.col("XBH").replace("0006", "0005"))
    as_read = joined(tmp_path, layer, table)
    told = as_read.notes.select("row", "value", "reason").rows()
    assert told == [
        (2, "0002", "table_key_repeated"),
        (5, "0005", "table_key_repeated"),
        (6, "0005", "table_key_repeated"),
        (13, "0002", "table_key_repeated"),
        (14, "0005", "table_key_repeated"),
        (16, "0002", "table_key_repeated"),
    ]
    assert as_read.source_fields.height == 16  # 12 outlines; of the table 0002 twice, 0005, and 0006 without an outline
    assert as_read.source_fields.filter(pl.col("row").is_in([2, 5, 6]))["DI_LEI"].null_count() == 3
    assert as_read.source["attribute_table"]["n_repeated_keys"] == 2


def test_rows_without_a_key_join_nothing(tmp_path: Path) -> None:
    blank = pl.when(pl.int_range(pl.len()) == 4).then(pl.lit("  ")).otherwise(pl.col("XBH"))
    as_read = joined(tmp_path, outlines().with_columns(XBH=blank), attributes())
    assert as_read.notes.select("row", "value", "reason").rows() == [(5, None, "table_row_missing")]
    assert as_read.source_fields.height == 13


def test_keys_of_several_columns_and_of_one_name(tmp_path: Path) -> None:
    layer = good_rows().select("geometry", "CUN", "XIAO_BAN", DI_LEI=pl.lit("drawn"))
    write_book(tmp_path / "属性.xlsx", attributes().drop("小班号"))
    keys = AttributeTable(file_name="属性.xlsx", layer_keys=("CUN", "XIAO_BAN"), table_keys=("CUN", "XIAO_BAN"))
    as_read = read_layer(write_layer(layer, tmp_path / "layer.gpkg"), profile=ImportProfile(attribute_table=keys))
    assert as_read.source_fields["DI_LEI"].to_list() == good_rows()["DI_LEI"].to_list()
    assert as_read.source_fields["DI_LEI@layer"].to_list() == ["drawn"] * 12
    assert as_read.source["attribute_table"]["renamed"] == {"DI_LEI": "DI_LEI@layer"}
    assert as_read.source_fields.columns.count("CUN") == 1
    assert as_read.notes.height == 0


def test_zeros_that_excel_dropped_from_keys_and_codes_are_put_back_and_told(tmp_path: Path) -> None:
    table = attributes().with_columns(CUN=pl.lit("001"))
    as_read = joined(tmp_path, outlines(), table, change=as_number)
    assert as_read.source["attribute_table"]["n_joined"] == 12
    assert as_read.source_fields["CUN"].to_list() == ["001"] * 12
    assert as_read.source_fields["XIAN"].to_list() == [331181] * 12
    assert as_read.notes.rows() == [
        (1, "CUN", "1 → 001", "zeros_restored"),
        (1, "小班号", "1 → 0001", "zeros_restored"),
    ]


def test_zeros_that_excel_shows_are_text(tmp_path: Path) -> None:
    def shown_with_zeros(cell: Cell) -> None:
        if isinstance(cell.value, str) and cell.value.isdigit() and cell.value.startswith("0"):
            cell.number_format = "0" * len(cell.value)
            cell.value = int(cell.value)

    as_read = joined(tmp_path, outlines(), attributes().with_columns(CUN=pl.lit("007")), change=shown_with_zeros)
    assert as_read.notes.height == 0
    assert as_read.source_fields["CUN"].to_list() == ["007"] * 12
    assert as_read.source_fields["LIN_BAN"].to_list() == ["0012"] * 12


def test_numbers_stored_as_text_and_mixed_cells_are_understood(tmp_path: Path) -> None:
    def some_as_text(cell: Cell) -> None:
        if isinstance(cell.value, int | float) and cell.row % 2 == 0:
            cell.value = str(cell.value)

    write_book(tmp_path / "属性.xlsx", attributes(), change=some_as_text)
    layer = read_sub_compartments(write_layer(outlines(), tmp_path / "layer.gpkg"), profile=JOIN)
    assert layer.findings.height == 0
    same = read_sub_compartments(write_layer(good_rows(), tmp_path / "whole.gpkg"))
    assert_frame_equal(layer.stands, same.stands)


def test_cells_of_every_kind_become_numbers_or_text(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "book.xlsx",
        pl.DataFrame(
            {
                "KEY": ["a", "b"],
                "WHOLE": [1, 2],
                "NUMBER": [1.5, 2.0],
                "DAY": [dt.date(2021, 1, 2), None],
                "FLAG": [True, False],
                "EMPTY": [None, None],
            }
        ),
    )
    frame = workbook.read_sheet(path, sheet=None, keys=("KEY",), shown_name="book.xlsx")
    assert frame.schema == {
        "KEY": pl.String,
        "WHOLE": pl.Int64,
        "NUMBER": pl.Float64,
        "DAY": pl.String,
        "FLAG": pl.String,
        "EMPTY": pl.String,
    }
    assert frame.row(0) == ("a", 1, 1.5, "2021-01-02T00:00:00", "TRUE", None)


def test_a_column_that_turns_to_text_far_down_is_text_from_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_LINES_AT_A_TIME", 2)
    book = openpyxl.Workbook()
    assert book.active is not None
    for line in (["KEY", "A", "B"], [1, 1, 1], [2, 2, 2], [None, None, None], [3, "x", 2.5], [4, None, None]):
        book.active.append(line)
    book.save(tmp_path / "book.xlsx")
    frame = workbook.read_sheet(tmp_path / "book.xlsx", sheet=None, keys=("KEY",), shown_name="book.xlsx")
    assert frame["A"].to_list() == ["1", "2", "x", None]
    assert frame["B"].to_list() == [1.0, 2.0, 2.5, None]
    assert frame["KEY"].to_list() == [1, 2, 3, 4]


def refuse(kind: type[LayerRefused], path: Path, how: AttributeTable) -> dict[str, object]:
    with pytest.raises(kind) as caught:
        read_layer(path, profile=ImportProfile(attribute_table=how))
    assert "{" not in str(caught.value)
    return caught.value.facts


def test_what_cannot_be_joined_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_layer(outlines(), tmp_path / "layer.gpkg")
    write_book(tmp_path / "book.xlsx", attributes(), other_sheets=("说明",))
    how = {"file_name": "book.xlsx", "layer_keys": ("XBH",), "table_keys": ("小班号",)}

    assert refuse(TableNotFound, path, AttributeTable(**{**how, "file_name": "lost.xlsx"}))["table"] == "lost.xlsx"
    refuse(TableNotFound, path, AttributeTable(**{**how, "file_name": "../layer.gpkg"}))
    assert refuse(KeyColumnsMissing, path, AttributeTable(**{**how, "layer_keys": ("NR",)}))["missing"] == ("NR",)
    assert refuse(SheetUnclear, path, AttributeTable(**how, sheet="说明"))["sheets"] == ("小班", "说明")
    refuse(SheetUnclear, path, AttributeTable(**{**how, "table_keys": ("NR",)}))
    write_book(tmp_path / "other.xlsx", attributes().with_columns(小班号=pl.col("小班号") + "A"))
    assert refuse(NothingJoins, path, AttributeTable(**{**how, "file_name": "other.xlsx"}))["of_table"]
    write_book(tmp_path / "twice.xlsx", attributes().rename({"CUN_NAME": " 小班号"}))
    assert refuse(ColumnNamedTwice, path, AttributeTable(**{**how, "file_name": "twice.xlsx"}))["columns"] == (
        "小班号",
    )
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    refuse(TableUnreadable, path, AttributeTable(**{**how, "file_name": "old.xls"}))
    (tmp_path / "cut.xlsx").write_bytes((tmp_path / "book.xlsx").read_bytes()[:2000])
    refuse(TableUnreadable, path, AttributeTable(**{**how, "file_name": "cut.xlsx"}))
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED_BYTES", 1000)
    refuse(ArchiveTooLarge, path, AttributeTable(**how))


def test_a_csv_lacks_the_key_column(tmp_path: Path) -> None:
    path = write_layer(outlines(), tmp_path / "layer.gpkg")
    attributes().write_csv(tmp_path / "table.csv")
    how = AttributeTable(file_name="table.csv", layer_keys=("XBH",), table_keys=("NR",))
    facts = refuse(KeyColumnsMissing, path, how)
    assert (facts["file_name"], facts["missing"]) == ("table.csv", ("NR",))


def test_columns_may_have_the_names_that_number_rows_here(tmp_path: Path) -> None:
    layer, table = outlines().rename({"XBH": "row"}), attributes().rename({"小班号": "row"})
    layer = layer.with_columns(line=pl.lit("a"))
    write_book(tmp_path / "属性.xlsx", table.with_columns(line=pl.lit("b"), key=pl.lit("c")).reverse())
    keys = AttributeTable(file_name="属性.xlsx", layer_keys=("row@layer",), table_keys=("row",))
    read = read_sub_compartments(
        write_layer(layer, tmp_path / "layer.gpkg"), profile=ImportProfile(attribute_table=keys)
    )
    assert read.findings.height == 0
    assert read.source_fields["row"].to_list() == list(range(1, 13))
    assert read.source_fields["row@layer"].to_list() == read.source_fields["XIAO_BAN"].to_list()
    assert read.source_fields["line"].to_list() == ["b"] * 12


def rewrite_sheet(path: Path, *changes: tuple[str, str]) -> None:
    """Change the text of a workbook's first sheet, as other programs would have written it."""
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    text = files["xl/worksheets/sheet1.xml"].decode()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    files["xl/worksheets/sheet1.xml"] = text.encode()
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)


def test_a_formula_is_its_result_and_one_without_a_result_is_refused(tmp_path: Path) -> None:
    table = attributes().with_columns(CUN_NAME=pl.lit("=1+1"))
    with pytest.raises(FormulaWithoutValue) as refused:
        joined(tmp_path, outlines(), table)
    column = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[table.columns.index("CUN_NAME")]
    assert refused.value.facts == {"table": "属性.xlsx", "cell": f"{column}2"}
    formula = "<f>1+1</f><v></v></c>" if "<f>1+1</f><v></v></c>" in sheet_of(tmp_path) else "<f>1+1</f><v /></c>"
    rewrite_sheet(tmp_path / "属性.xlsx", (formula, "<f>1+1</f><v>2</v></c>"))
    assert read_layer(tmp_path / "layer.gpkg", profile=JOIN).source_fields["CUN_NAME"].to_list() == [2] * 12
    empty = f'<c r="{column}3"><f>1+1</f><v>2</v>'
    rewrite_sheet(tmp_path / "属性.xlsx", (empty, empty.replace("><f>", ' t="str"><f>').replace(">2<", "><")))
    assert read_layer(tmp_path / "layer.gpkg", profile=JOIN).source_fields["CUN_NAME"].null_count() == 1


def sheet_of(directory: Path) -> str:
    with zipfile.ZipFile(directory / "属性.xlsx") as packed:
        return packed.read("xl/worksheets/sheet1.xml").decode()


def test_a_sheet_is_read_to_its_end_whatever_size_it_says_it_has(tmp_path: Path) -> None:
    joined(tmp_path, outlines(), attributes())
    size = sheet_of(tmp_path).split("<dimension ref=")[1].split("/>")[0].strip()
    rewrite_sheet(tmp_path / "属性.xlsx", (f"<dimension ref={size}", '<dimension ref="A1"'))
    layer = read_sub_compartments(tmp_path / "layer.gpkg", profile=JOIN)
    assert layer.findings.height == 0
    assert layer.source["attribute_table"]["n_rows"] == 12


def test_columns_without_a_name_are_told_by_their_position(tmp_path: Path) -> None:
    table = attributes().select("小班号", "CUN_NAME", "DI_LEI").rename({"CUN_NAME": ""})
    with pytest.raises(ColumnNamedTwice) as refused:
        joined(tmp_path, outlines(), table)
    assert refused.value.facts == {"file_name": "属性.xlsx", "columns": ("(2)",)}
