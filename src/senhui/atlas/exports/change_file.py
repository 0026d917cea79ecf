"""The closing table of a comparison as a file: plain CSV, or a workbook with what was compared.

Every column says its unit in its heading, in SI; who reads which lines is said in `senhui.atlas.change_tables`.
Cases: tests/atlas/test_change_tables.py.
"""

from __future__ import annotations

import io
from typing import Literal

import polars as pl

from senhui.access.rules import AreaSet
from senhui.atlas.change_disclosure import OTHERS
from senhui.atlas.change_tables import LINE_NAMES, closing, place_compared
from senhui.atlas.exports.provenance import SAMPLE_LABEL
from senhui.atlas.exports.statistics_file import CSV, XLSX, ExportFile
from senhui.intake.safe_workbook import new_workbook
from senhui.inventory import changes, queries

Form = Literal["csv", "xlsx"]
_HEADS = (
    ("地点代码", "Place code"), ("地点", "Place"), ("项目代码", "Line code"), ("项目", "Line"),
    ("面积 (ha)", "Area (ha)"), ("测算 (tC)", "Measured (tC)"), ("校准 (tC)", "Calibrated (tC)"),
    ("全表：期初版本未纳入的面积 (ha)", "Whole table: area left out of the earlier release (ha)"),
    ("全表：期末版本未纳入的面积 (ha)", "Whole table: area left out of the later release (ha)"),
    ("数据版本", "Releases"),
)  # fmt: skip


def change_file(
    change_id: str, *, areas: AreaSet, within: str, form: Form, language: Literal["zh", "en"]
) -> ExportFile:
    """Return the closing table on both bases as CSV or XLSX, in tC, as exact as it was calculated."""
    within = place_compared(change_id, within)
    info = changes.change(change_id)
    left_out_ha = [release.excluded_area_within(within) for release in (info.before, info.after)]
    at = 0 if language == "zh" else 1
    place_names = queries.unit_names() | {OTHERS: ("其他地点合计", "Other places together")[at]}
    version = f"{info.before.id} → {info.after.id}" + (f" · {SAMPLE_LABEL}" if info.is_sample else "")
    measured = closing(change_id, areas=areas, within=within, basis="measured")
    calibrated = closing(change_id, areas=areas, within=within, basis="calibrated")
    calibrated_tc = {
        (line, place): calibrated.exact_tc[i, j]
        for i, line in enumerate(calibrated.lines)
        for j, place in enumerate(calibrated.places)
    }
    lines = [line for line in LINE_NAMES if line in {*measured.lines, *calibrated.lines}]
    rows = []
    for j, place in enumerate(measured.places):
        for line in lines:
            i = measured.lines.index(line) if line in measured.lines else None
            area = None if i is None or not measured.area_ha[i, j] else float(measured.area_ha[i, j])
            value = 0.0 if i is None else float(measured.exact_tc[i, j])
            other = float(calibrated_tc.get((line, place), 0.0))
            named = (place, place_names.get(place, place), line, LINE_NAMES[line][at])
            rows.append((*named, area, value, other, *left_out_ha, version))
    frame = pl.DataFrame(rows, schema=[head[at] for head in _HEADS], orient="row", infer_schema_length=None)
    name = f"senhui_{change_id}{f'_{within}' if within else ''}"
    if form == "csv":
        return ExportFile(f"{name}.csv", CSV, b"\xef\xbb\xbf" + frame.write_csv().encode())
    content = io.BytesIO()
    with new_workbook(content, in_memory=True) as workbook:
        bold = workbook.add_format({"bold": True, "bottom": 1})
        number = workbook.add_format({"num_format": "#,##0.00"})
        sheet = workbook.add_worksheet(("变化表", "Closing table")[at])
        sheet.write_row(0, 0, frame.columns, bold)
        for nth, row in enumerate(frame.iter_rows(), start=1):
            sheet.write_row(nth, 0, row, number)
        sheet.freeze_panes(1, 4)
        sheet.autofilter(0, 0, frame.height, frame.width - 1)
        sheet.set_column(0, frame.width - 1, 20)
        sheet = workbook.add_worksheet(("来源", "Provenance")[at])
        for nth, fact in enumerate(_facts(info)):
            sheet.write_row(nth, 0, fact)
        sheet.set_column(0, 1, 44)
    return ExportFile(f"{name}.xlsx", XLSX, content.getvalue())


def _facts(info: changes.ChangeInfo) -> list[tuple[str, str]]:
    """Return what identifies a comparison, in both languages."""
    facts = [
        ("对比 Comparison", info.id),
        ("期初 Before", f"{info.before.id} · {info.before.label} · {info.before.value_hash}"),
        ("期末 After", f"{info.after.id} · {info.after.label} · {info.after.value_hash}"),
        ("方法册 Method book", info.manifest["method_book"]),
        ("参数版本 Parameter edition", info.manifest["parameter_edition_hash"]),
        ("两期均重新测算 Both measured again", "是 yes" if info.manifest["remeasured"] else "否 no"),
        ("事件数 Events", str(len(info.manifest["events"]))),
        ("对比时间 Compared at", info.manifest["compared_at"]),
        ("期初版本未纳入的面积 Area left out of the earlier release (ha)", f"{info.before.excluded_area_ha:.2f}"),
        ("期末版本未纳入的面积 Area left out of the later release (ha)", f"{info.after.excluded_area_ha:.2f}"),
    ]
    return [("说明 Note", SAMPLE_LABEL), *facts] if info.is_sample else facts
