"""Findings and rejected rows open in an office program, carry no formula out of a user's file, and come back."""

import csv
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.intake.layers import good_rows, write_layer

from senhui.intake import read_corrections, read_sub_compartments, write_findings, write_rejected
from senhui.intake.rejected import (
    REASON,
    REMEDY,
    ROW,
    CorrectionColumnUnknown,
    CorrectionGarbled,
    CorrectionRowWrong,
    CorrectionsUnreadable,
)


def test_findings_become_a_table_that_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    rows = good_rows().with_columns(
        DI_LEI=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("乔木林")).otherwise(pl.col("DI_LEI"))
    )
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))

    write_findings(layer.findings, tmp_path / "findings.csv")

    content = (tmp_path / "findings.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "findings.csv").open(encoding="utf-8-sig", newline="") as stream:
        (finding,) = csv.DictReader(stream)
    assert finding == {
        "row": "1",
        "id": "331181103200-0012-0001",
        "field": "DI_LEI",
        "value": "乔木林",
        "reason": "The land-class code is not in the code list of this layer.",
        "remedy": "Correct the code, or choose another generation of land classes for the layer.",
        "severity": "error",
        "n_rows": "1",
    }


def test_a_formula_is_text_and_a_negative_number_stays_one(tmp_path: Path) -> None:
    rows = good_rows().with_columns(PO_XIANG=pl.lit("=1+1"), PINGJUN_SG=pl.lit(-3.0))
    layer = read_sub_compartments(write_layer(rows.head(3), tmp_path / "layer.gpkg"))
    write_findings(layer.findings, tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8-sig", newline="") as stream:
        values = {finding["value"] for finding in csv.DictReader(stream)}
    assert values == {"'=1+1", "-3.0"}


def test_no_findings_give_a_table_with_its_heading_alone(tmp_path: Path) -> None:
    layer = read_sub_compartments(write_layer(good_rows(), tmp_path / "layer.gpkg"))
    write_findings(layer.findings, tmp_path / "findings.csv")
    assert (tmp_path / "findings.csv").read_text("utf-8-sig").strip() == (
        "row,id,field,value,reason,remedy,severity,n_rows"
    )


def rejected(tmp_path: Path, name: str, **changes: Any) -> tuple[Path, pl.DataFrame]:
    """Write the rejected rows of a layer in which rows 1 and 2 have an error; give them and the fields."""
    rows = good_rows().with_columns(pl.lit(value).alias(column) for column, value in changes.items())
    wrong = pl.int_range(pl.len()) < 2
    rows = rows.with_columns(DI_LEI=pl.when(wrong).then(pl.lit("乔木林")).otherwise(pl.col("DI_LEI")))
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))
    write_rejected(layer.findings, layer.source_fields, tmp_path / name, translate=str.upper)
    return tmp_path / name, layer.source_fields


def table(path: Path) -> list[list[str]]:
    """Read a table as a spreadsheet program shows it."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n"}
    return [["" if cell.value is None else cell.value for cell in line] for line in sheet.iter_rows()]


def edit(path: Path, row: int, column: str, value: Any) -> None:
    """Change one cell as a spreadsheet program does; ``row`` 1 is the first below the heading."""
    if path.suffix == ".csv":
        lines = table(path)
        lines[row][lines[0].index(column)] = str(value)
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(lines)
        return
    workbook = openpyxl.load_workbook(path)
    sheet = workbook.worksheets[0]
    at = [cell.value for cell in sheet[1]].index(column)
    sheet.cell(row + 1, at + 1).value = value
    workbook.save(path)


FORMS = ("rejected.xlsx", "rejected.csv")


@pytest.mark.parametrize("name", FORMS)
def test_rejected_rows_come_with_all_columns_reason_and_remedy(tmp_path: Path, name: str) -> None:
    path, source = rejected(tmp_path, name)
    heading, *lines = table(path)
    assert heading == [ROW, REASON, REMEDY, *source.columns[1:]]
    assert [line[0] for line in lines] == ["1", "2"]
    first = dict(zip(heading, lines[0], strict=True))
    assert first[REASON] == "DI_LEI: THE LAND-CLASS CODE IS NOT IN THE CODE LIST OF THIS LAYER."
    assert first["LIN_BAN"] == "0012"
    assert first["CUN_NAME"] == "㙟下村"


@pytest.mark.parametrize("name", FORMS)
def test_what_was_not_touched_is_no_correction(tmp_path: Path, name: str) -> None:
    path, source = rejected(tmp_path, name, PO_XIANG="=1+1", BAK1="-x", BAK2="'quoted")
    assert "'=1+1" in table(path)[1]
    assert read_corrections(path, source_fields=source) == {}


@pytest.mark.parametrize("name", FORMS)
def test_only_changed_cells_come_back(tmp_path: Path, name: str) -> None:
    path, source = rejected(tmp_path, name, PO_XIANG="=1+1")
    edit(path, 1, "DI_LEI", "1111")
    edit(path, 1, "PINGJUN_NL", 19)
    edit(path, 2, "CUN_NAME", "")
    edit(path, 2, "PO_XIANG", "'=2+2")
    assert read_corrections(path, source_fields=source) == {
        1: {"DI_LEI": "1111", "PINGJUN_NL": "19"},
        2: {"CUN_NAME": None, "PO_XIANG": "=2+2"},
    }


@pytest.mark.parametrize("name", FORMS)
def test_zeros_that_a_spreadsheet_program_drops_are_no_correction(tmp_path: Path, name: str) -> None:
    path, source = rejected(tmp_path, name)
    edit(path, 1, "LIN_BAN", 12)
    edit(path, 1, "YU_BI_DU", 0.70)
    assert read_corrections(path, source_fields=source) == {}


def test_a_table_saved_in_the_local_code_page_is_understood(tmp_path: Path) -> None:
    path, source = rejected(tmp_path, "rejected.csv")
    edit(path, 1, "CUN_NAME", "岙底村")
    path.write_bytes(path.read_bytes().decode("utf-8-sig").encode("gb18030"))
    assert read_corrections(path, source_fields=source) == {1: {"CUN_NAME": "岙底村"}}


@pytest.mark.parametrize("name", FORMS)
def test_a_long_code_that_was_rounded_is_refused(tmp_path: Path, name: str) -> None:
    path, source = rejected(tmp_path, name, CUN="331181103200")
    edit(path, 2, "CUN", "3.31181E+11")
    with pytest.raises(CorrectionGarbled) as refused:
        read_corrections(path, source_fields=source)
    assert refused.value.facts == {"row": 2, "column": "CUN", "value": "3.31181E+11", "before": "331181103200"}


def test_a_formula_is_refused(tmp_path: Path) -> None:
    path, source = rejected(tmp_path, "rejected.xlsx")
    edit(path, 1, "PINGJUN_NL", "=9+9")
    with pytest.raises(CorrectionGarbled):
        read_corrections(path, source_fields=source)


@pytest.mark.parametrize("value", ["7", "one", "-1", "", "13"])
def test_a_row_number_that_is_wrong_is_refused(tmp_path: Path, value: str) -> None:
    path, source = rejected(tmp_path, "rejected.csv")
    edit(path, 1, ROW, value)
    with pytest.raises(CorrectionRowWrong):
        read_corrections(path, source_fields=source.filter(pl.col("row") != 7))


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path, source = rejected(tmp_path, "rejected.xlsx")
    edit(path, 2, ROW, 1)
    with pytest.raises(CorrectionRowWrong):
        read_corrections(path, source_fields=source)


@pytest.mark.parametrize("heading", ["ROW", "DI_LEI", "地类"])
def test_a_heading_that_is_wrong_is_refused(tmp_path: Path, heading: str) -> None:
    path, source = rejected(tmp_path, "rejected.csv")
    edit(path, 0, ROW if heading == "ROW" else "CUN_NAME", heading)
    with pytest.raises(CorrectionColumnUnknown):
        read_corrections(path, source_fields=source)


@pytest.mark.parametrize("content", [b"PK\x03\x04 no workbook", b"\xff\xff\xff", b'#row,"a\n'])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rejected.csv"
    path.write_bytes(content)
    with pytest.raises(CorrectionsUnreadable):
        read_corrections(path, source_fields=pl.DataFrame({"row": [1]}))
