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

from senhui import parameters
from senhui.atlas.cube import DIMENSIONS, VEGETATION
from senhui.atlas.exports.caveats import RATIO_MEANINGS, Caveats, caveats_of, half_widths_tc
from senhui.atlas.exports.provenance import (
    PARAMETER_COLUMNS,
    is_calibrated,
    parameter_rows,
    release_facts,
    release_label,
)
from senhui.atlas.statistics import PLACES, Where, parameters_used, statistics
from senhui.intake.safe_workbook import new_workbook
from senhui.inventory import queries

Language = Literal["zh", "en"]

POOL_NAMES: dict[str, tuple[str, str]] = {
    "tree_above": ("乔木地上", "trees above ground"),
    "tree_below": ("乔木地下", "trees below ground"),
    "bamboo": ("竹", "bamboo"),
    "shrub": ("灌木", "shrub"),
    "economic": ("经济林", "economic forest"),
    "scattered": ("散生四旁树", "scattered trees"),
    "understory": ("林下灌草", "understory"),
    "dead_wood": ("枯死木", "dead wood"),
    "litter": ("枯落物", "litter"),
    "soil_100cm": ("土壤 0–100 cm", "soil 0–100 cm"),
    "soil_30cm": ("土壤 0–30 cm", "soil 0–30 cm"),
}

MEASURES: dict[str, tuple[str, str]] = {
    "n": ("小班数", "Sub-compartments"),
    "area_ha": ("面积 (ha)", "Area (ha)"),
    "forest_area_ha": ("其中林地 (ha)", "Of it forest land (ha)"),
    "land_area_ha": ("土地面积 (ha)", "Land area (ha)"),
    "area_without_estimate_ha": ("其中无估算面积 (ha)", "Of it without estimate (ha)"),
    "volume_m3": ("蓄积量 (m³)", "Volume (m³)"),
    "stock_tc": ("碳储量 (tC)", "Carbon stock (tC)"),
    "calibrated_stock_tc": ("校准碳储量 (tC)", "Calibrated carbon stock (tC)"),
    "stock_tc_per_forest_ha": ("每公顷森林碳储量 (tC/ha)", "Stock per hectare of forest (tC/ha)"),
    "calibrated_stock_tc_per_forest_ha": (
        "每公顷森林校准碳储量 (tC/ha)", "Calibrated stock per hectare of forest (tC/ha)",
    ),
    "stock_tc_per_land_ha": ("每公顷土地碳储量 (tC/ha)", "Stock per hectare of land (tC/ha)"),
    "calibrated_stock_tc_per_land_ha": (
        "每公顷土地校准碳储量 (tC/ha)", "Calibrated stock per hectare of land (tC/ha)",
    ),
    **{f"{pool}_tc": (f"{zh} (tC)", f"Of it {en} (tC)" if pool in VEGETATION else f"Beside it {en} (tC)")
       for pool, (zh, en) in POOL_NAMES.items()},
    **{f"{pool}_without_estimate_ha": (f"{zh}无估算面积 (ha)", f"Area without estimate of {en} (ha)")
       for pool, (zh, en) in POOL_NAMES.items()},
}  # fmt: skip
"""Exported measures and their headings; a release has those that it measured."""

LAND_SOURCES: dict[str, tuple[str, str]] = {
    "outline": ("行政区轮廓", "outline of the place"),
    "covered_townships": ("本版所含乡镇的轮廓", "outlines of the townships covered"),
    "layer": ("小班图层", "the layer's own area"),
}
_LAND_SOURCE = ("土地面积来源", "Land area from")
_HALF_WIDTH = ("95% 区间半宽 (tC)", "Half of the 95 % interval (tC)")
_OF_TOTAL: tuple[tuple[str, str], ...] = (
    ("全表：未纳入本版的面积 (ha)", "Whole table: area left out of the release (ha)"),
    ("全表：碳储量 95% 区间半宽 (tC)", "Whole table: half of the 95 % interval of the stock (tC)"),
    ("全表：未设定的误差来源", "Whole table: sources of error not set"),
)
"""What a CSV without a total row repeats in each row; the words say that it is not the row's."""
_NOTE = ("说明", "Note")
_AT_THE_END = (_LAND_SOURCE, _NOTE)
_NOT_SET = ("未设定", "not set")
_SOURCE_OF_ERROR = ("误差来源", "Source of error")
_MARK = ("可信标记", "Mark")
_SHARE = ("占方差的比例", "share of the variance")
_WITHHELD = ("未公开", "withheld")
_WITHHELD_BECAUSE = (
    "未公开：不足三个小班，或由此可推算出这样的单元",
    "withheld: fewer than three sub-compartments, or such a cell could be computed from it",
)

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
_CROSS_FOOTERS = ("calibrated_stock_tc", "stock_tc", "area_ha", "forest_area_ha", "area_without_estimate_ha")

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
        CSV holds one table without a total row and marks in each row the data version, and of the whole table the
        excluded area and the error. XLSX holds the table with its total, for two dimensions a cross table of the
        stock, the error of the total with what it consists of, the release, and every parameter used. Places have
        an error of their own. A cell withheld from the public is empty in CSV, where a note says so, and says so
        itself in XLSX.
    language : "zh" or "en"
        Of headings and names.
    """
    release = queries.release(release_id)
    rows = statistics(release_id, within=within, by=by, where=where)
    measures = _measures(rows, release)
    name = f"senhui_{release_id}_{'_'.join(by) or 'total'}"
    caveats = caveats_of(release, within=within, is_choice=bool(where))
    named = _named(rows, by, measures, release_id=release_id, language=language)
    if by and not set(by) - set(PLACES) and not where:
        codes = rows["township" if "township" in by else "county"]
        half_widths = half_widths_tc(release, codes)
        errors = pl.Series(_HALF_WIDTH[_index(language)], [half_widths.get(code) for code in codes], dtype=pl.Float64)
        named = named.insert_column(len(named.columns) - len(_AT_THE_END), errors)
    if form == "csv":
        at = _index(language)
        half_width_tc = caveats.error.half_width_tc if caveats.error else None
        not_set = caveats.unknown_because[at] if caveats.unknown_because else caveats.not_set(at)
        of_total = (caveats.excluded_area_ha, half_width_tc, not_set)
        labelled = named.with_columns(
            *(pl.lit(value).alias(words[at]) for value, words in zip(of_total, _OF_TOTAL, strict=True)),
            pl.lit(release_label(release)).alias(("数据版本", "Release")[at]),
        )
        return ExportFile(f"{name}.csv", CSV, b"\xef\xbb\xbf" + labelled.write_csv().encode())
    content = io.BytesIO()
    with new_workbook(content, in_memory=True) as workbook:
        sheets = _Sheets(workbook, language)
        total = statistics(release_id, within=within, by=(), where=where)
        sheets.table(rows, named, total, measures, caveats)
        if len(by) == 2:
            margins = [statistics(release_id, within=within, by=(one,), where=where) for one in by]
            sheets.cross(rows, (margins[0], margins[1]), total, measures, by=(by[0], by[1]), release_id=release_id)
        sheets.error(caveats)
        sheets.provenance(release, parameters_used(release_id, within=within, where=where))
    return ExportFile(f"{name}.xlsx", XLSX, content.getvalue())


def _measures(rows: pl.DataFrame, release: queries.ReleaseInfo) -> list[str]:
    """Return what the release measured; where it was not calibrated, nothing is called so."""
    kept = [name for name in MEASURES if name in rows.columns and not (_of_pool(name) and _is_not_measured(rows, name))]
    return [name for name in kept if is_calibrated(release) or not name.startswith("calibrated_")]


def _of_pool(name: str) -> bool:
    return name.removesuffix("_tc").removesuffix("_without_estimate_ha") in POOL_NAMES


def _is_not_measured(rows: pl.DataFrame, name: str) -> bool:
    """A release that measured a pool knows at least the area without an estimate of it."""
    pool = name.removesuffix("_tc").removesuffix("_without_estimate_ha")
    return rows[f"{pool}_without_estimate_ha"].null_count() == rows.height


def _named(
    rows: pl.DataFrame, by: Sequence[str], measures: Sequence[str], *, release_id: str, language: Language
) -> pl.DataFrame:
    """Return code and name of each dimension, the measures, where the land is from, and what is withheld."""
    at = _index(language)
    columns = []
    for dimension in by:
        heading = DIMENSION_HEADINGS[dimension][at]
        names = _names(dimension, release_id, language)
        code = rows[dimension].cast(pl.String)
        columns.append(code.alias(f"{heading} ({('代码', 'code')[at]})"))
        columns.append(pl.Series(heading, [_name(value, names, language) for value in code], dtype=pl.String))
    columns += [rows[measure].alias(MEASURES[measure][at]) for measure in measures]
    sources = [None if source is None else LAND_SOURCES[source][at] for source in rows["land_source"]]
    columns.append(pl.Series(_LAND_SOURCE[at], sources, dtype=pl.String))
    notes = [_WITHHELD_BECAUSE[at] if is_withheld else None for is_withheld in _withheld(rows)]
    columns.append(pl.Series(_NOTE[at], notes, dtype=pl.String))
    return pl.DataFrame(columns)


def _withheld(rows: pl.DataFrame) -> list[bool]:
    return rows["is_withheld"].to_list() if "is_withheld" in rows.columns else [False] * rows.height


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

    def table(
        self,
        rows: pl.DataFrame,
        named: pl.DataFrame,
        total: pl.DataFrame,
        measures: Sequence[str],
        caveats: Caveats,
    ) -> None:
        """Add the table, one row per group and the total last, and below it what was left out and the error."""
        sheet = self._workbook.add_worksheet(("统计", "Statistics")[self._at])
        sheet.write_row(0, 0, named.columns, self._bold)
        n_names = named.columns.index(MEASURES[measures[0]][self._at])
        for nth, (row, is_withheld) in enumerate(zip(named.iter_rows(), _withheld(rows), strict=True), start=1):
            sheet.write_row(nth, 0, row, self._number)
            if is_withheld:
                sheet.write_row(nth, n_names, [_WITHHELD[self._at]] * len(measures))
        if total.height:
            sheet.write(rows.height + 1, 0, _TOTAL[self._at], self._total)
            half_width = (
                [caveats.error.half_width_tc] if caveats.error and _HALF_WIDTH[self._at] in named.columns else []
            )
            sheet.write_row(rows.height + 1, n_names, [*total.select(measures).row(0), *half_width], self._total)
        sheet.freeze_panes(1, n_names)
        sheet.autofilter(0, 0, rows.height, len(named.columns) - 1)
        sheet.set_column(0, len(named.columns) - 1, 18)

    def cross(
        self,
        rows: pl.DataFrame,
        margins: tuple[pl.DataFrame, pl.DataFrame],
        total: pl.DataFrame,
        measures: Sequence[str],
        *,
        by: tuple[str, str],
        release_id: str,
    ) -> None:
        """Add the stock with the first dimension across and the second down, and totals of both."""
        across, down = by
        columns, lines = margins
        crossed = next(measure for measure in _CROSS_FOOTERS if measure in measures)
        sheet = self._workbook.add_worksheet(("交叉表", "Cross table")[self._at])
        names = {dimension: _names(dimension, release_id, self._language) for dimension in by}
        codes = columns[across].to_list()
        heads = [_name(_text(code), names[across], self._language) for code in codes]
        sheet.write(0, 0, MEASURES[crossed][self._at], self._bold)
        sheet.write_row(1, 0, ["", *heads, _TOTAL[self._at]], self._bold)
        hidden = _WITHHELD[self._at]
        keys = zip(rows[across], rows[down], rows[crossed], _withheld(rows), strict=True)
        cells = {(a, d): hidden if is_withheld else value for a, d, value, is_withheld in keys}
        sums = zip(lines[down], lines[crossed], _withheld(lines), strict=True)
        for nth, (code, sum_of_line, is_withheld) in enumerate(sums, start=2):
            sheet.write(nth, 0, _name(_text(code), names[down], self._language))
            line = [cells.get((column, code)) for column in codes]
            sheet.write_row(nth, 1, [*line, hidden if is_withheld else sum_of_line], self._number)
        footers = [measure for measure in _CROSS_FOOTERS if measure in measures]
        for nth, measure in enumerate(footers, start=lines.height + 2):
            sheet.write(nth, 0, f"{_TOTAL[self._at]} {MEASURES[measure][self._at]}", self._total)
            sheet.write_row(nth, 1, [*columns[measure], *total[measure]], self._total)
        sheet.freeze_panes(2, 1)
        sheet.set_column(0, len(codes) + 1, 18)

    def error(self, caveats: Caveats) -> None:
        """Add the error of the total with what it consists of, the area left out, and what each ratio is over."""
        at = self._at
        sheet = self._workbook.add_worksheet(("误差与口径", "Error and meaning")[at])
        rows: list[tuple[str | float | None, ...]] = [
            (_OF_TOTAL[0][at], caveats.excluded_area_ha),
            (("全版：未纳入的行数", "Whole release: rows left out")[at], caveats.n_excluded),
        ]
        if caveats.error is None:
            unknown = caveats.unknown_because
            rows.append((_OF_TOTAL[1][at], unknown and unknown[at]))
        else:
            total = "calibrated_stock_tc" if caveats.is_calibrated else "stock_tc"
            found = caveats.error
            rows += [
                (MEASURES[total][at], found.total_tc),
                (_OF_TOTAL[1][at], found.half_width_tc),
                (("其占比", "as a fraction of it")[at], found.relative_half_width_frac),
                (_SOURCE_OF_ERROR[at], _SHARE[at], _MARK[at]),
                *(((part.name_zh, part.name_en)[at], part.share_frac, part.mark) for part in found.contributions),
                *(((part.name_zh, part.name_en)[at], _NOT_SET[at]) for part in found.not_set),
            ]
        rows += [(name[at], meaning[at]) for name, meaning in RATIO_MEANINGS]
        for nth, row in enumerate(rows):
            sheet.write_row(nth, 0, row)
        sheet.set_column(0, 0, 60)
        sheet.set_column(1, 1, 24)

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
