"""Tables of a comparison of two releases: what a person may read of them, places side by side, as screen and file.

Who sees the sub-compartments of a place reads every line of it. To everybody else three rules apply, so that no line of
fewer than `FEWEST_SHOWN` stands can be read off or worked out:

1. Of counties and the city the public reads the same lines everywhere. A line that is small in any county is added to
   its neighbours in all counties, so no difference of printed lines or places gives it back.
2. Of townships the public reads stock, removal and all other differences together: sums of what the county shows.
3. What lies beside the table (pools of events, gases, curves) is shown where its own lines are; a gas is a fixed
   multiple of the loss that it came from. By species the public reads the city alone, under the rule of
   `senhui.atlas.disclosure`.

Removal and apparent differences together are totals of a place, which are public by rule, as in `disclosure`.
Cases: tests/atlas/test_change_tables.py.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from senhui import parameters
from senhui.access.rules import AreaSet
from senhui.atlas.disclosure import FEWEST_SHOWN
from senhui.atlas.exports.provenance import SAMPLE_LABEL
from senhui.atlas.land_area import LandSource, land_of, outlines_ha
from senhui.atlas.statistics import WHOLE_CITY, public_statistics
from senhui.intake.safe_workbook import new_workbook
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
from senhui.projection.growth import growth_rate_per_yr

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
    area_ha : (m, n) float, [ha], land in each cell where the line is a class of land
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

    Attributes
    ----------
    forest_area_ha : mean of both surveys' forest land, with and without trees.
    land_area_ha, land_source : all land of the place, and where it comes from (`senhui.atlas.land_area`).
    method_change_tc, no_estimate_ha : None where the reader sees no such line.
    apparent_tc : all that is no removal.
    """

    removal: Removal
    forest_area_ha: float
    land_area_ha: float
    land_source: LandSource
    method_change_tc: float | None
    no_estimate_ha: float | None
    apparent_tc: float

    @property
    def change_tc_yr_per_forest_ha(self) -> float | None:
        """Yearly removal per hectare of forest land, [tC/ha/yr]."""
        return self.removal.change_tc_yr / self.forest_area_ha if self.forest_area_ha > 0 else None

    @property
    def change_tc_yr_per_land_ha(self) -> float | None:
        """Yearly removal per hectare of land, [tC/ha/yr]."""
        return self.removal.change_tc_yr / self.land_area_ha if self.land_area_ha > 0 else None


@dataclass(frozen=True)
class GroupEstimate:
    """Next year's growth of one species group by its curve; the group is None for the small ones together."""

    species_group: str | None
    models: tuple[str, ...]
    growth_tc_yr: float
    stock_tc: float
    area_ha: float
    stock_without_curve_tc: float

    @property
    def rate_per_yr(self) -> float | None:
        """Growth as a share of the stock that has a curve."""
        return growth_rate_per_yr(self.growth_tc_yr, stock_tc=self.stock_tc) if self.stock_tc > 0 else None


@dataclass(frozen=True)
class ModelEstimate:
    """What models say of the next year, beside the difference of the surveys and never in its place.

    Attributes
    ----------
    groups : by growth curves, one per species group; and `whole`, all of them together.
    city_rate_per_yr : the city's published yearly sink over its published stock; its mark is D.
    city_growth_tc_yr : that rate on the place's vegetation stock of the later survey.
    """

    groups: tuple[GroupEstimate, ...]
    whole: GroupEstimate
    city_rate_per_yr: float
    city_growth_tc_yr: float


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
    table = _by_place(changes.movements(change_id).filter(pl.col("township").str.starts_with(within)), level)
    table = table.with_columns(pl.col("line").replace_strict(_lines_read(change_id, areas=areas, within=within)))
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


def _by_place(movements: pl.DataFrame, level: str) -> pl.DataFrame:
    """Add the lines of townships up to places of a level."""
    place = pl.col("township").str.head(_N_DIGITS[level]).alias("place")
    return add_up(movements.with_columns(place), by=("place",))


def is_shown(change_id: str, *, areas: AreaSet) -> bool:
    """Return whether a reader gets this comparison; who sees no stand gets the newest of the same releases alone."""
    return not areas.is_empty or change_id in changes.newest_ids()


def _lines_read(change_id: str, *, areas: AreaSet, within: str) -> Mapping[str, str]:
    """Return the line in which a reader finds each line of the tables of a place."""
    if not is_shown(change_id, areas=areas):
        raise changes.NoSuchChange(change_id)
    lines = {line: line for line in LINES}
    if areas.covers(within or WHOLE_CITY):
        return lines
    if within:
        return lines | dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER) | dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
    return public_lines(_by_place(changes.movements(change_id), "county"))


def public_lines(table: pl.DataFrame) -> dict[str, str]:
    """Choose the lines in which the public reads the counties and the city.

    Parameters
    ----------
    table : DataFrame
        place, line, n: the stands in each line of each county (`senhui.measurement.change.closing_table`).

    Returns
    -------
    line → the line that it is shown in. Each line so shown has no stand or at least `FEWEST_SHOWN` of them in every
    county, or is a total of its places.
    """
    lines = {line: line for line in LINES}
    n = {(line, place): n for line, place, n in table.select("line", "place", "n").rows()}
    places = set(table["place"])

    def is_small(*together: str) -> bool:
        return any(_is_small(sum(n.get((line, place), 0.0) for line in together)) for place in places)

    of_the_land = [line for line in REMOVAL_LINES if line not in EVENT_KINDS]
    if any(is_small(kind) for kind in EVENT_KINDS):
        lines |= dict.fromkeys(EVENT_KINDS, EVENTS_TOGETHER)
    if any(is_small(line) for line in of_the_land) or (lines["fire"] == EVENTS_TOGETHER and is_small(*EVENT_KINDS)):
        lines |= dict.fromkeys(REMOVAL_LINES, REMOVAL_TOGETHER)
    # A change of calibration lies on every stand of its domain, however few: it is no line by itself either.
    if any(is_small(line) for line in APPARENT_LINES):
        lines |= dict.fromkeys(APPARENT_LINES, APPARENT_TOGETHER)
    return lines


def _is_small(n: float) -> bool:
    """Return whether a number of stands is neither none nor enough; parts of stands count upwards."""
    return n > 0.0 and math.ceil(n - 1e-9) < FEWEST_SHOWN


def summary(change_id: str, *, areas: AreaSet, within: str, basis: Basis) -> Summary:
    """Return removal, land and apparent differences of a place; single lines only to who reads them in the table."""
    info = changes.change(change_id)
    sees_all = areas.covers(within or WHOLE_CITY)
    read = _lines_read(change_id, areas=areas, within="" if len(within) == _N_DIGITS["county"] else within)
    is_read = {line: sees_all or read[line] == line for line in LINES}
    table = changes.movements(change_id).filter(pl.col("township").str.starts_with(within))
    whole = add_up(table, by=())
    lines = dict(whole.select("line", f"{basis}_tc").iter_rows())
    land = changes.land(change_id).filter(pl.col("township").str.starts_with(within)).sum()
    no_estimate_ha = whole.filter(pl.col("line") == "no_estimate")["area_ha"].item() or 0.0
    outlined = land_of(within or WHOLE_CITY, covered=info.manifest["townships"], outlines_ha=outlines_ha())
    compared_ha = (land["area_before_ha"].item() + land["area_after_ha"].item()) / 2
    return Summary(
        removal=removal(lines, period_yr=info.period_yr),
        forest_area_ha=(land["forest_before_ha"].item() + land["forest_after_ha"].item()) / 2,
        land_area_ha=outlined.area_ha if outlined else compared_ha,
        land_source=outlined.source if outlined else "layer",
        method_change_tc=lines["method_change"] if is_read["method_change"] else None,
        no_estimate_ha=no_estimate_ha if is_read["no_estimate"] else None,
        apparent_tc=sum(lines[line] for line in APPARENT_LINES),
    )


def beside(change_id: str, *, areas: AreaSet, within: str) -> pl.DataFrame:
    """Return what events posted beside the stock: kind, pool, n (stands), change_tc, emission_tco2e.

    The public reads a row of the whole city alone, where the table shows the kind of event by itself, and the pool has
    no stand or enough of them in every county: a gas tells of the loss that it came from.
    """
    every = changes.beside(change_id)
    frame = every.filter(pl.col("township").str.starts_with(within))
    sums = [
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
        for name in ("change_tc", "emission_tco2e")
    ]
    found = frame.group_by("kind", "pool").agg(pl.col("n").sum(), *sums).sort("kind", "pool")
    if areas.covers(within or WHOLE_CITY):
        return found
    if within:
        return found.clear()
    shown = [kind for kind, line in _lines_read(change_id, areas=areas, within="").items() if kind == line]
    county = pl.col("township").str.head(_N_DIGITS["county"])
    small = every.group_by("kind", "pool", county).agg(pl.col("n").sum()).filter(pl.col("n") < FEWEST_SHOWN)
    return found.filter(pl.col("kind").is_in(shown)).join(small, on=["kind", "pool"], how="anti").sort("kind", "pool")


def model_estimate(change_id: str, *, areas: AreaSet, within: str) -> ModelEstimate | None:
    """Return what models say of the year after the later survey; None where the reader may not see it.

    The curves tell species apart, so the public reads the city alone, and there the groups that the statistics of the
    later release withhold, and those with few stands on either side of a curve, only together.
    """
    sees_all = areas.covers(within or WHOLE_CITY)
    if within and not sees_all:
        return None
    info = changes.change(change_id)
    frame = changes.model_estimate(change_id).filter(pl.col("township").str.starts_with(within))
    frame = frame.with_columns(pl.col("species_group").fill_null(""))
    pooled: set[str] = set() if sees_all else _pooled_groups(info, frame, areas=areas)
    names = [name for name in frame["species_group"].unique().sort() if name not in pooled]
    groups = [_estimate_of(frame.filter(pl.col("species_group") == name), name) for name in names]
    groups.sort(key=lambda group: -group.stock_tc - group.stock_without_curve_tc)
    if pooled:
        groups.append(_estimate_of(frame.filter(pl.col("species_group").is_in(pooled)), None))
    rate = growth_rate_per_yr(
        float(parameters.scalar("lishui_sink_wan_tc_yr").value),
        stock_tc=float(parameters.scalar("lishui_stock_wan_tc").value),
    )
    stock_tc = _later_stock_tc(change_id, within=within)
    return ModelEstimate(tuple(groups), _estimate_of(frame, None), rate, rate * stock_tc)


def _pooled_groups(info: changes.ChangeInfo, frame: pl.DataFrame, *, areas: AreaSet) -> set[str]:
    """Return the species groups that the public reads together only: none, or two and more."""
    counted = frame.group_by("species_group", pl.col("model").is_not_null()).agg(pl.col("n").sum())
    few = set(counted.filter(pl.col("n") < FEWEST_SHOWN)["species_group"])
    table = public_statistics(info.after.id, areas=areas, within=None, by=("species_group",), where={})
    few |= set(table.filter("is_withheld")["species_group"].fill_null(""))
    by_size = frame.group_by("species_group").agg(pl.col("n").sum()).sort("n", "species_group")["species_group"]
    few &= set(by_size)
    if len(few) == 1:
        few |= set(by_size.filter(~by_size.is_in(list(few))).head(1))
    return few


def _estimate_of(frame: pl.DataFrame, group: str | None) -> GroupEstimate:
    """Add the rows of a group up."""
    with_curve = frame.drop_nulls("model")
    return GroupEstimate(
        species_group=group,
        models=tuple(with_curve["model"].unique().sort()),
        growth_tc_yr=float(with_curve["growth_tc_yr"].sum()),
        stock_tc=float(with_curve["stock_tc"].sum()),
        area_ha=float(with_curve["area_ha"].sum()),
        stock_without_curve_tc=float(frame.filter(pl.col("model").is_null())["stock_tc"].sum()),
    )


def _later_stock_tc(change_id: str, *, within: str) -> float:
    """Return the measured stock of the later survey in a place."""
    table = changes.movements(change_id).filter(pl.col("township").str.starts_with(within))
    return float(table.filter(pl.col("line") == "stock_after")["measured_tc"].sum())


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
