"""What people wrote stays text in every workbook, and every workbook is opened in the one safe place."""

import io
from pathlib import Path

import openpyxl
import pytest

import senhui
from senhui.intake.safe_workbook import new_workbook

TEXTS = ("=1+1", "{=1+1}", "+1", "-1", "@SUM(A1)", "http://example.org/", "internal:Sheet1!A1", "=HYPERLINK(A1)")


@pytest.mark.parametrize("constant_memory", [True, False])
def test_text_stays_text_and_a_number_a_number(constant_memory: bool) -> None:
    content = io.BytesIO()
    with new_workbook(content, constant_memory=constant_memory) as workbook:
        workbook.add_worksheet().write_row(0, 0, (*TEXTS, 1.5))
    (cells,) = openpyxl.load_workbook(content).active.iter_rows()
    assert [cell.value for cell in cells] == [*TEXTS, 1.5]
    assert [cell.data_type for cell in cells] == ["s"] * len(TEXTS) + ["n"]
    assert not any(cell.hyperlink for cell in cells)


def test_no_other_module_opens_a_workbook_for_writing() -> None:
    root = Path(senhui.__file__).parent
    openers = {path.name for path in root.rglob("*.py") if "xlsxwriter.Workbook(" in path.read_text(encoding="utf-8")}
    assert openers == {"safe_workbook.py"}
