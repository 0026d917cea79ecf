"""Statistics of a release as a file: plain CSV, or a workbook with the sources of its numbers.

Every column says its unit in its heading, in SI. The totals are asked of the same cube as the rows.
The cases are in ``tests/atlas/test_statistics_file.py``.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
import xlsxwriter

from senhui import parameters
from senhui.atlas.exports.provenance import PARAMETER_COLUMNS, parameter_rows, release_facts, release_label
from senhui.atlas.statistics import DIMENSIONS, Where, parameters_used, statistics
from senhui.inventory import queries

Language = Literal["zh", "en"]

MEASURES: dict[str, tuple[str, str]] = {
    "n": ("小班数", "Sub-compartments"),
    "area_ha": ("面积 (ha)", "Area (ha)"),
    "area_without_estimate_ha": ("其中无估算面积 (ha)", "Of it without estimate (ha)"),
    "volume_m3": ("蓄积量 (m³)", "Volume (m³)"),
    "main_tc": ("林分碳储量 (tC)", "Stock of stands (tC)"),
    "scattered_tc": ("散生四旁碳储量 (tC)", "Stock of scattered trees (tC)"),
    "stock_tc": ("碳储量 (tC)", "Carbon stock (tC)"),
    "calibrated_stock_tc": ("校准碳储量 (tC)", "Calibrated carbon stock (tC)"),
    "stock_tc_ha": ("碳密度 (tC/ha)", "Carbon density (tC/ha)"),
    "calibrated_stock_tc_ha": ("校准碳密度 (tC/ha)", "Calibrated carbon density (tC/ha)"),
}
"""Exported measures and their headings."""

DIMENSION_HEADINGS: dict[str, tuple[str, str]] = {
    "county": ("县", "County"),
    "township": ("乡镇", "Township"),
    "land_class": ("地类", "Land class"),
    "species_group": ("树种组", "Species group"),
    "origin": ("起源", "Origin"),
    "age_group": ("龄组", "Age group"),
    "method": ("测算方法", "Method"),
}
_NOT_RECORDED = ("未登记", "Not recorded")
_TOTAL = ("合计", "Total")
_FIXED_NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "origin": {"natural": ("天然", "Natural"), "planted": ("人工", "Planted"), "coppice": ("萌生", "Coppice")},
    "age_group": {
        "1": ("幼龄林", "Young"),
        "2": ("中龄林", "Middle-aged"),
        "3": ("近熟林", "Near-mature"),
        "4": ("成熟林", "Mature"),
        "5": ("过熟林", "Over-mature"),
    },
}
_CROSSED = "calibrated_stock_tc"
_CROSS_FOOTERS = (_CROSSED, "stock_tc", "area_ha", "area_without_estimate_ha")

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class ExportFile:
    """A file to download."""

    name: str
    content_type: str
    content: bytes


def statistics_file(
    release_id: str,
    *,
    within: str | None,
    by: Sequence[str],
    where: Where,
    form: Literal["csv", "xlsx"],
    language: Language,
) -> ExportFile:
    """Return statistics as a file.

    Parameters
    ----------
    release_id, within, by, where : see `senhui.atlas.statistics.statistics`
    form : "csv" or "xlsx"
        CSV holds one table without a total row and marks the data version in each row. XLSX holds the table with its
        total, for two dimensions a cross table of the calibrated stock, the release, and every parameter used.
    language : "zh" or "en"
        Of headings and names.
    """
    release = queries.release(release_id)
    rows = statistics(release_id, within=within, by=by, where=where)
    name = f"senhui_{release_id}_{'_'.join(by) or 'total'}"
    if form == "csv":
        labelled = _named(rows, by, release_id=release_id, language=language).with_columns(
            pl.lit(release_label(release)).alias(("数据版本", "Release")[language == "en"])
        )
        return ExportFile(f"{name}.csv", CSV, b"\xef\xbb\xbf" + labelled.write_csv().encode())
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        sheets = _Sheets(workbook, language)
        total = statistics(release_id, within=within, by=(), where=where)
        sheets.table(_named(rows, by, release_id=release_id, language=language), total, n_names=2 * len(by))
        if len(by) == 2:
            margins = [statistics(release_id, within=within, by=(one,), where=where) for one in by]
            sheets.cross(rows, margins[0], margins[1], total, by=(by[0], by[1]), release_id=release_id)
        sheets.provenance(release, parameters_used(release_id, within=within, where=where))
    return ExportFile(f"{name}.xlsx", XLSX, content.getvalue())


def _named(rows: pl.DataFrame, by: Sequence[str], *, release_id: str, language: Language) -> pl.DataFrame:
    """Return code and name of each dimension, and the measures, under headings for people."""
    at = _index(language)
    columns = []
    for dimension in by:
        heading = DIMENSION_HEADINGS[dimension][at]
        names = _names(dimension, release_id, language)
        code = rows[dimension].cast(pl.String)
        columns.append(code.alias(f"{heading} ({('代码', 'code')[at]})"))
        columns.append(pl.Series(heading, [_name(value, names, language) for value in code], dtype=pl.String))
    measures = [rows[measure].alias(headings[at]) for measure, headings in MEASURES.items()]
    return pl.DataFrame([*columns, *measures])


def _index(language: Language) -> int:
    return 0 if language == "zh" else 1


def _name(code: str | None, names: dict[str, str], language: Language) -> str:
    return _NOT_RECORDED[_index(language)] if code is None else names.get(code, code)


def _names(dimension: str, release_id: str, language: Language) -> dict[str, str]:
    """Return the name of each code of a dimension; places have their Chinese names in both languages."""
    assert dimension in DIMENSIONS
    if dimension in ("county", "township"):
        return queries.unit_names()
    if dimension == "method":
        return {row["method"]: row[f"name_{language}"] for row in queries.derivations(release_id).values()}
    if dimension in _FIXED_NAMES:
        return {code: names[_index(language)] for code, names in _FIXED_NAMES[dimension].items()}
    table = {"land_class": "land_classes", "species_group": "species_groups"}[dimension]
    return dict(parameters.table(table).frame.select("id", f"name_{language}").iter_rows())


class _Sheets:
    """Adds the sheets of one workbook."""

    def __init__(self, workbook: Any, language: Language) -> None:
        self._workbook = workbook
        self._language: Language = language
        self._at = _index(language)
        self._bold = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._number = workbook.add_format({"num_format": "#,##0.00"})
        self._total = workbook.add_format({"bold": True, "top": 1, "num_format": "#,##0.00"})

    def table(self, rows: pl.DataFrame, total: pl.DataFrame, *, n_names: int) -> None:
        """Add the table, one row per group and the total last."""
        sheet = self._workbook.add_worksheet(("统计", "Statistics")[self._at])
        sheet.write_row(0, 0, rows.columns, self._bold)
        for nth, row in enumerate(rows.iter_rows(), start=1):
            sheet.write_row(nth, 0, row, self._number)
        if total.height:
            sheet.write(rows.height + 1, 0, _TOTAL[self._at], self._total)
            sheet.write_row(rows.height + 1, n_names, total.select(*MEASURES).row(0), self._total)
        sheet.freeze_panes(1, n_names)
        sheet.autofilter(0, 0, rows.height, len(rows.columns) - 1)
        sheet.set_column(0, len(rows.columns) - 1, 18)

    def cross(
        self,
        rows: pl.DataFrame,
        columns: pl.DataFrame,
        lines: pl.DataFrame,
        total: pl.DataFrame,
        *,
        by: tuple[str, str],
        release_id: str,
    ) -> None:
        """Add the calibrated stock with the first dimension across and the second down, and totals of both."""
        across, down = by
        sheet = self._workbook.add_worksheet(("交叉表", "Cross table")[self._at])
        names = {dimension: _names(dimension, release_id, self._language) for dimension in by}
        codes = columns[across].to_list()
        heads = [_name(_text(code), names[across], self._language) for code in codes]
        sheet.write(0, 0, MEASURES[_CROSSED][self._at], self._bold)
        sheet.write_row(1, 0, ["", *heads, _TOTAL[self._at]], self._bold)
        cells = {(a, d): value for a, d, value in rows.select(across, down, _CROSSED).iter_rows()}
        for nth, (code, sum_of_line) in enumerate(lines.select(down, _CROSSED).iter_rows(), start=2):
            sheet.write(nth, 0, _name(_text(code), names[down], self._language))
            line = [cells.get((column, code)) for column in codes]
            sheet.write_row(nth, 1, [*line, sum_of_line], self._number)
        for nth, measure in enumerate(_CROSS_FOOTERS, start=lines.height + 2):
            sheet.write(nth, 0, f"{_TOTAL[self._at]} {MEASURES[measure][self._at]}", self._total)
            sheet.write_row(nth, 1, [*columns[measure], *total[measure]], self._total)
        sheet.freeze_panes(2, 1)
        sheet.set_column(0, len(codes) + 1, 18)

    def provenance(self, release: queries.ReleaseInfo, used: Sequence[parameters.ParameterValue]) -> None:
        """Add the release and every parameter that the numbers rest on."""
        sheet = self._workbook.add_worksheet(("来源", "Provenance")[self._at])
        for nth, fact in enumerate(release_facts(release)):
            sheet.write_row(nth, 0, fact)
        sheet.set_column(0, 1, 40)
        sheet = self._workbook.add_worksheet(("所用参数", "Parameters used")[self._at])
        sheet.write_row(0, 0, PARAMETER_COLUMNS, self._bold)
        for nth, row in enumerate(parameter_rows(used), start=1):
            sheet.write_row(nth, 0, row)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(PARAMETER_COLUMNS) - 1, 18)


def _text(code: str | int | None) -> str | None:
    return None if code is None else str(code)
