"""Tables of a comparison of two releases: what a person may read of them, places side by side, as screen and file.

Who sees the sub-compartments of a place reads every line of it. The public reads the lines of counties and of the city,
where an event that struck fewer than `FEWEST_SHOWN` stands disappears in a line of its neighbours, so that no single
stand's loss can be read off; of a township the public reads stock, removal and all other differences together.
Cases: tests/atlas/test_change_tables.py.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import xlsxwriter

from senhui.access.rules import AreaSet
from senhui.atlas.exports.provenance import SAMPLE_LABEL
from senhui.atlas.statistics import WHOLE_CITY
from senhui.inventory import changes, queries
from senhui.measurement.change import (
    APPARENT_LINES,
    EVENT_KINDS,
    LINES,
    REMOVAL_LINES,
    Removal,
    add_up,
    removal,
)
from senhui.measurement.closing import round_closing

FEWEST_SHOWN: Final = 3
"""Stands in the smallest line that the public reads, as in the statistics."""
NOTHING_TC: Final = 1e-6
Basis = Literal["measured", "calibrated"]
Form = Literal["csv", "xlsx"]
_N_DIGITS = {"county": 6, "township": 9}

EVENTS_TOGETHER: Final = "events"
REMOVAL_TOGETHER: Final = "removal"
APPARENT_TOGETHER: Final = "apparent"

LINE_NAMES: Final[dict[str, tuple[str, str]]] = {
    "stock_before": ("期初碳储量", "Stock before"),
    "growth": ("生长", "Growth"),
    "loss": ("未说明的减少", "Unexplained loss"),
    "land_class_change": ("地类变化", "Change of land class"),
    "harvest": ("采伐", "Harvest"),
    "fire": ("火灾", "Fire"),
    "pine_wilt": ("松材线虫病", "Pine wilt disease"),
    "conversion": ("转为其他用地", "Conversion"),
    "planting": ("造林", "Planting"),
    EVENTS_TOGETHER: ("已登记事件合计", "Recorded events together"),
    REMOVAL_TOGETHER: ("碳汇量", "Removal"),
    "method_change": ("方法变化（不计碳汇）", "Change of method (no removal)"),
    "boundary": ("界线与数据更正", "Boundaries and corrections"),
    "no_estimate": ("仅一期有估算", "Estimate on one side only"),
    "transfer": ("区划调整", "Moved between townships"),
    "calibration_change": ("校准变化", "Change of calibration"),
    APPARENT_TOGETHER: ("其他差异（不计碳汇）", "Other differences (no removal)"),
    "stock_after": ("期末碳储量", "Stock after"),
}
"""Every line that a table can have, in its order, in both languages; files need them without the web."""

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Closing:
    """A closing table with places side by side.

    Attributes
    ----------
    places : codes of counties, or of the townships of one county
    lines : what is printed; the first is the stock before, the last the stock after
    exact_tc : (m, n) float, [tC]
    n, area_ha : (m, n), pieces of land in each cell, and their area where the line is a class of land
    """

    places: tuple[str, ...]
    lines: tuple[str, ...]
    exact_tc: npt.NDArray[np.float64]
    area_ha: npt.NDArray[np.float64]

    @property
    def total_tc(self) -> npt.NDArray[np.float64]:
        """The lines of all places together, [tC]."""
        return np.asarray(self.exact_tc.sum(axis=1))

    def rounded_tc(self, step_tc: float) -> npt.NDArray[np.float64]:
        """Return places and their total in multiples of the last printed digit, closed both ways."""
        return round_closing(self.exact_tc, step_tc=step_tc)


@dataclass(frozen=True)
class Summary:
    """What a comparison says of a place in one look, on one basis.

    `forest_ha` is the mean of both surveys' forest land, and land_ha that of all land compared.
    """

    removal: Removal
    forest_ha: float
    land_ha: float
    method_change_tc: float
    no_estimate_ha: float
    apparent_tc: float

    @property
    def change_tc_yr_per_forest_ha(self) -> float | None:
        """Yearly removal per hectare of forest land, [tC/ha/yr]."""
        return self.removal.change_tc_yr / self.forest_ha if self.forest_ha > 0 else None

    @property
    def change_tc_yr_per_land_ha(self) -> float | None:
        """Yearly removal per hectare of land, [tC/ha/yr]."""
        return self.removal.change_tc_yr / self.land_ha if self.land_ha > 0 else None


@dataclass(frozen=True)
class ChangeFile:
    """A file to download."""

    name: str
    content_type: str
    content: bytes


def closing(change_id: str, *, areas: AreaSet, within: str, basis: Basis) -> Closing:
    """Return the closing table of the counties of the city, or of the townships of a place.

    Parameters
    ----------
    change_id : comparison
    areas : land whose sub-compartments the reader sees
    within : code of a county or township; empty is the whole city
    basis : measured or calibrated

    Raises
    ------
    NoSuchChange, ChangeWasAltered
    """
    level = "township" if within else "county"
    found = changes.movements(change_id).filter(pl.col("township").str.starts_with(within))
    places = pl.col("township").str.head(_N_DIGITS[level]).alias("place")
    table = add_up(found.with_columns(places), by=("place",))
    sees_all = areas.covers(within or WHOLE_CITY)
    groups = {line: line for line in LINES} if sees_all else _public_lines(table, level=level)
    table = table.with_columns(pl.col("line").replace_strict(groups))
    codes = tuple(sorted(table["place"].unique()))
    value = f"{basis}_tc"
    sums = table.group_by("place", "line").agg(pl.col(value).sum(), pl.col("area_ha").sum())
    cell = {(line, place): (tc, ha) for place, line, tc, ha in sums.select("place", "line", value, "area_ha").rows()}
    # Sums of floats leave some 1e-9 tC in a line where nothing happened.
    shown = [line for line in LINE_NAMES if any(abs(cell.get((line, code), (0.0,))[0]) > NOTHING_TC for code in codes)]
    lines = tuple(dict.fromkeys(["stock_before", *shown, "stock_after"]))
    lines = (*(line for line in lines if line != "stock_after"), "stock_after")
    grid = np.array([[cell.get((line, code), (0.0, 0.0)) for code in codes] for line in lines], dtype=float)
    grid = grid.reshape(len(lines), len(codes), 2)
    return Closing(codes, lines, grid[:, :, 0], grid[:, :, 1])


def _public_lines(table: pl.DataFrame, *, level: str) -> Mapping[str, str]:
    """Return the line in which each line is shown to the public."""
    groups = {line: line for line in LINES}
    if level == "township":
        groups |= dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER) | dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
        return groups
    n = {(line, place): n for line, place, n in table.select("line", "place", "n").rows()}
    places = set(table["place"])

    def is_small(lines: tuple[str, ...]) -> bool:
        return any(0 < sum(n.get((line, place), 0) for line in lines) < FEWEST_SHOWN for place in places)

    if any(is_small((kind,)) for kind in EVENT_KINDS):
        groups |= dict.fromkeys(EVENT_KINDS, EVENTS_TOGETHER)
        if is_small(EVENT_KINDS):
            groups |= dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER)
    # A land class or a method changes on single stands too: such a line goes to its neighbours of the same nature.
    if groups["growth"] != REMOVAL_TOGETHER and any(is_small((line,)) for line in ("loss", "land_class_change")):
        groups |= dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER)
    if any(is_small((line,)) for line in APPARENT_LINES if line != "calibration_change"):
        groups |= dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
    return groups


def summary(change_id: str, *, within: str, basis: Basis) -> Summary:
    """Return removal, land and apparent differences of a place; totals of a place are public."""
    info = changes.change(change_id)
    table = changes.movements(change_id).filter(pl.col("township").str.starts_with(within))
    whole = add_up(table, by=())
    lines = dict(whole.select("line", f"{basis}_tc").iter_rows())
    land = changes.land(change_id).filter(pl.col("township").str.starts_with(within)).sum()
    no_estimate_ha = whole.filter(pl.col("line") == "no_estimate")["area_ha"].item()
    return Summary(
        removal=removal(lines, period_yr=info.period_yr),
        forest_ha=(land["forest_before_ha"].item() + land["forest_after_ha"].item()) / 2,
        land_ha=(land["area_before_ha"].item() + land["area_after_ha"].item()) / 2,
        method_change_tc=lines["method_change"],
        no_estimate_ha=no_estimate_ha or 0.0,
        apparent_tc=sum(lines[line] for line in APPARENT_LINES),
    )


def beside(change_id: str, *, areas: AreaSet, within: str) -> pl.DataFrame:
    """Return what events posted beside the stock: kind, pool, n, change_tc, emission_tco2e.

    The public does not read a row of fewer than `FEWEST_SHOWN` entries, nor those of a township.
    """
    frame = changes.beside(change_id).filter(pl.col("township").str.starts_with(within))
    sums = [
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
        for name in ("change_tc", "emission_tco2e")
    ]
    found = frame.group_by("kind", "pool").agg(pl.col("n").sum(), *sums).sort("kind", "pool")
    if areas.covers(within or WHOLE_CITY):
        return found
    return found.filter(pl.col("n") >= FEWEST_SHOWN) if len(within) <= _N_DIGITS["county"] else found.clear()


def model_estimate(change_id: str, *, within: str) -> dict[str, float]:
    """Return the later survey's yearly growth by growth curves: growth_tc_yr, and stock_tc with and without a curve."""
    frame = changes.model_estimate(change_id).filter(pl.col("township").str.starts_with(within))
    with_curve = pl.col("model").is_not_null()
    return {
        "growth_tc_yr": float(frame["growth_tc_yr"].sum()),
        "stock_tc": float(frame.filter(with_curve)["stock_tc"].sum()),
        "stock_without_curve_tc": float(frame.filter(~with_curve)["stock_tc"].sum()),
        "area_ha": float(frame.filter(with_curve)["area_ha"].sum()),
    }


def change_file(
    change_id: str, *, areas: AreaSet, within: str, form: Form, language: Literal["zh", "en"]
) -> ChangeFile:
    """Return the closing table on both bases as CSV or XLSX, in tC, as exact as it was calculated."""
    info = changes.change(change_id)
    at = 0 if language == "zh" else 1
    place_names = queries.unit_names()
    heads = (
        ("地点代码", "Place code"), ("地点", "Place"), ("项目代码", "Line code"), ("项目", "Line"),
        ("面积 (ha)", "Area (ha)"), ("测算 (tC)", "Measured (tC)"), ("校准 (tC)", "Calibrated (tC)"),
        ("数据版本", "Releases"),
    )  # fmt: skip
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
            rows.append((place, place_names.get(place, place), line, LINE_NAMES[line][at], area, value, other, version))
    frame = pl.DataFrame(rows, schema=[head[at] for head in heads], orient="row", infer_schema_length=None)
    name = f"senhui_{change_id}{f'_{within}' if within else ''}"
    if form == "csv":
        return ChangeFile(f"{name}.csv", CSV, b"\xef\xbb\xbf" + frame.write_csv().encode())
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
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
    return ChangeFile(f"{name}.xlsx", XLSX, content.getvalue())


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
    ]
    return [("说明 Note", SAMPLE_LABEL), *facts] if info.is_sample else facts
