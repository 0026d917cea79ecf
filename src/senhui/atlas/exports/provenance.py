"""Where the numbers of an export come from, as rows of text that stand in every workbook."""

from __future__ import annotations

from collections.abc import Iterable

from senhui.inventory.queries import ReleaseInfo
from senhui.parameters import ParameterValue

SAMPLE_LABEL = "示例数据 Sample data"

PARAMETER_COLUMNS = ("id", "edition", "value", "unit", "mark", "source", "where", "region", "range", "may_issue")


def is_calibrated(release: ReleaseInfo) -> bool:
    """Return whether the totals of a release were calibrated to design-based ones."""
    return release.manifest["measurement"]["calibration"] is not None


def release_label(release: ReleaseInfo) -> str:
    """Return the name of the data version that stands in every row of a table; of sample data it says so."""
    return f"{release.id} · {SAMPLE_LABEL}" if release.is_sample else release.id


def release_facts(release: ReleaseInfo) -> list[tuple[str, str]]:
    """Return what identifies a release, in both languages."""
    facts = [
        ("数据版本 Release", release.id),
        ("名称 Label", release.label),
        ("基准年 Reference year", str(release.reference_year)),
        ("发布时间 Released at", release.released_at.isoformat(timespec="seconds")),
        ("导入 Imported by", release.imported_by),
        ("测算 Measured by", release.measured_by),
        ("发布 Released by", release.released_by),
        ("数值指纹 Value hash (SHA-256)", release.value_hash),
        ("未纳入本版的行数 Rows left out of the release", f"{release.n_excluded}"),
        ("未纳入本版的面积 Area left out of the release (ha)", f"{release.excluded_area_ha:.2f}"),
    ]
    if release.licence_note:
        facts.append(("数据许可说明 Licence note", release.licence_note))
    return [("说明 Note", SAMPLE_LABEL), *facts] if release.is_sample else facts


def parameter_rows(used: Iterable[ParameterValue]) -> list[tuple[str | float | bool | None, ...]]:
    """Return one row per parameter in the order of `PARAMETER_COLUMNS`."""
    return [tuple(getattr(value, column) for column in PARAMETER_COLUMNS) for value in used]
