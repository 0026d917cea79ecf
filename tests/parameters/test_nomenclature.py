"""The nomenclature page names what the tables and the results are called."""

import re
from pathlib import Path

from senhui.measurement import MEASURED_COLUMNS
from senhui.parameters import table

PAGE = (Path(__file__).parents[2] / "docs" / "nomenclature.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z0-9_]+)`", PAGE))


def test_every_land_class_stands_with_its_chinese_name() -> None:
    for id, name_zh in table("land_classes").frame.select("id", "name_zh").iter_rows():
        assert f"| {name_zh}" in PAGE, name_zh
        assert f"`{id}`" in PAGE, id


def test_every_column_of_a_measured_stand_is_named() -> None:
    assert set(MEASURED_COLUMNS) - NAMED == set()


def test_every_line_has_a_cell_under_every_heading() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert [line for line in lines if not line.endswith("|") or line.count("|") not in (4, 5)] == []


def test_no_term_has_two_lines() -> None:
    terms = [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ")]
    headings = {"中文", "suffix", "---"}
    doubled = {term for term in terms if terms.count(term) > 1} - headings
    assert doubled == set()
