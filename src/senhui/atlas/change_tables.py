"""Tables of a comparison of two releases: what a person may read of them, places side by side.

Who sees the sub-compartments of a place reads every line of it, of any comparison. Everybody else reads the newest
comparison of two surveys, in the lines of `senhui.atlas.change_disclosure`. What lies beside the table (pools of
events, gases, curves) he reads where its own lines are, for a gas is a fixed multiple of the loss that it came from.
By species the public reads the city alone, under the rule of `senhui.atlas.disclosure`.
Cases: tests/atlas/test_change_tables.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from senhui import parameters
from senhui.access.rules import AreaSet
from senhui.atlas.change_disclosure import (
    APPARENT_TOGETHER,
    DIFFERENCE,
    EVENTS_TOGETHER,
    NOTHING,
    OTHERS,
    REMOVAL_TOGETHER,
    PublicLines,
    public_lines,
)
from senhui.atlas.disclosure import FEWEST_SHOWN
from senhui.atlas.land_area import LandSource, land_of, outlines_ha
from senhui.atlas.statistics import WHOLE_CITY, public_statistics
from senhui.inventory import changes, queries
from senhui.measurement.change import APPARENT_LINES, LINES, Removal, add_up, removal
from senhui.measurement.closing import round_closing
from senhui.projection.growth import growth_rate_per_yr

Basis = Literal["measured", "calibrated"]
_N_DIGITS = {"county": 6, "township": 9}

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
    DIFFERENCE: ("碳储量差值（含不计碳汇部分）", "Difference of the stocks (removal and other)"),
    "stock_after": ("期末碳储量", "Stock after"),
}
"""Every line that a table can have, in its order, in both languages; files need them without the web."""


@dataclass(frozen=True)
class Closing:
    """A closing table with places side by side.

    Attributes
    ----------
    places : codes of counties, or of the townships of one county; the last may be `OTHERS`, those that are read in one
        column since single ones of them tell of few stands
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
    removal, apparent_tc : what the land took up, and all that is no removal; None where the reader sees only both
        together.
    forest_area_ha : mean of both surveys' forest land, with and without trees.
    land_area_ha, land_source : all land of the place, and where it comes from (`senhui.atlas.land_area`).
    method_change_tc, no_estimate_ha : None where the reader sees no such line.
    excluded_before_ha, excluded_after_ha : land of the place that named persons left out of each release; rows that do
        not say where they lie count in every place.
    """

    removal: Removal | None
    forest_area_ha: float
    land_area_ha: float
    land_source: LandSource
    method_change_tc: float | None
    no_estimate_ha: float | None
    apparent_tc: float | None
    excluded_before_ha: float
    excluded_after_ha: float

    @property
    def change_tc_yr_per_forest_ha(self) -> float | None:
        """Yearly removal per hectare of forest land, [tC/ha/yr]."""
        return self._per_ha(self.forest_area_ha)

    @property
    def change_tc_yr_per_land_ha(self) -> float | None:
        """Yearly removal per hectare of land, [tC/ha/yr]."""
        return self._per_ha(self.land_area_ha)

    def _per_ha(self, area_ha: float) -> float | None:
        return self.removal.change_tc_yr / area_ha if self.removal and area_ha > 0 else None


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


def closing(change_id: str, *, areas: AreaSet, within: str, basis: Basis) -> Closing:
    """Return the closing table of the counties of the city, or of the townships of a place.

    Parameters
    ----------
    change_id : comparison
    areas : land whose sub-compartments the reader sees
    within : code of a county or township; empty is the whole city, and so is its own code
    basis : measured or calibrated

    Raises
    ------
    NoSuchChange, NoSuchPlace, ChangeWasAltered
    """
    within = place_compared(change_id, within)
    level = "township" if within else "county"
    read, together = _read_side_by_side(change_id, areas=areas, within=within)
    table = _by_place(changes.movements(change_id).filter(pl.col("township").str.starts_with(within)), level)
    table = table.with_columns(
        pl.when(pl.col("place").is_in(list(together))).then(pl.lit(OTHERS)).otherwise("place").alias("place"),
        pl.col("line").replace_strict(read),
    )
    codes = tuple(sorted(table["place"].unique()))
    value = f"{basis}_tc"
    sums = table.group_by("place", "line").agg(pl.col(value).sum(), pl.col("area_ha").sum())
    cell = {(line, place): (tc, ha) for place, line, tc, ha in sums.select("place", "line", value, "area_ha").rows()}
    # Sums of floats leave some 1e-9 tC in a line where nothing happened.
    shown = [line for line in LINE_NAMES if any(abs(cell.get((line, code), (0.0,))[0]) > NOTHING for code in codes)]
    lines = tuple(dict.fromkeys(["stock_before", *shown, "stock_after"]))
    lines = (*(line for line in lines if line != "stock_after"), "stock_after")
    grid = np.array([[cell.get((line, code), (0.0, 0.0)) for code in codes] for line in lines], dtype=float)
    grid = grid.reshape(len(lines), len(codes), 2)
    area_ha = grid[:, :, 1]
    # Of all land that differs, what is left beyond the land of the place would be land that moved between townships.
    area_ha[[line == DIFFERENCE for line in lines]] = 0.0
    return Closing(codes, lines, grid[:, :, 0], area_ha)


def place_compared(change_id: str, within: str) -> str:
    """Return the code of a place as the tables take it, empty for the city; refuse one without land in the comparison.

    Raises
    ------
    NoSuchChange, NoSuchPlace
    """
    townships = changes.change(change_id).manifest["townships"]
    n_digits = {0, len(WHOLE_CITY), *_N_DIGITS.values()}
    if len(within) not in n_digits or not any(code.startswith(within) for code in townships):
        raise queries.NoSuchPlace(within)
    return "" if len(within) == len(WHOLE_CITY) else within


def _by_place(movements: pl.DataFrame, level: str) -> pl.DataFrame:
    """Add the lines of townships up to places of a level."""
    place = pl.col("township").str.head(_N_DIGITS[level]).alias("place")
    return add_up(movements.with_columns(place), by=("place",))


def is_shown(change_id: str, *, areas: AreaSet, within: str = "") -> bool:
    """Return whether a reader gets this comparison of a place: who does not see its stands gets the newest alone."""
    return areas.covers(within or WHOLE_CITY) or change_id in changes.newest_ids()


def read_by_the_public(change_id: str) -> PublicLines:
    """Return what the public reads of a comparison.

    Raises
    ------
    NoSuchChange, ChangeWasAltered
    """
    info = changes.change(change_id)
    changes.movements(change_id)  # refuses a file that was altered since
    return _public_lines_of(change_id, info.manifest["files"]["movements.parquet"]["sha256"])


@lru_cache(maxsize=32)
def _public_lines_of(change_id: str, sha256: str) -> PublicLines:
    """Choose once for each table of movements."""
    del sha256  # part of the key
    return public_lines(changes.movements(change_id))


def _public_lines(change_id: str, *, areas: AreaSet, within: str) -> PublicLines | None:
    """Return what the public reads where the reader does; None where he sees the stands and reads everything."""
    if not is_shown(change_id, areas=areas, within=within):
        raise changes.NoSuchChange(change_id)
    return None if areas.covers(within or WHOLE_CITY) else read_by_the_public(change_id)


def _read_side_by_side(change_id: str, *, areas: AreaSet, within: str) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return the lines in which a reader finds the parts of a place side by side, and the parts read in one column."""
    public = _public_lines(change_id, areas=areas, within=within)
    return public.read_side_by_side(within) if public else ({line: line for line in LINES}, frozenset())


def summary(change_id: str, *, areas: AreaSet, within: str, basis: Basis) -> Summary:
    """Return removal, land and apparent differences of a place; single lines only to who reads them in the table."""
    within = place_compared(change_id, within)
    info = changes.change(change_id)
    public = _public_lines(change_id, areas=areas, within=within)
    is_read = {line: public is None or public.read_as(within)[line] == line for line in LINES}
    is_told = public is None or public.tells_removal(within)
    movements = changes.movements(change_id)
    whole = add_up(movements.filter(pl.col("township").str.starts_with(within)), by=())
    lines = dict(whole.select("line", f"{basis}_tc").iter_rows())
    land = changes.land(change_id).filter(pl.col("township").str.starts_with(within)).sum()
    no_estimate_ha = whole.filter(pl.col("line") == "no_estimate")["area_ha"].item() or 0.0
    outlined = land_of(within or WHOLE_CITY, covered=info.manifest["townships"], outlines_ha=outlines_ha())
    compared_ha = (land["area_before_ha"].item() + land["area_after_ha"].item()) / 2
    return Summary(
        removal=removal(lines, period_yr=info.period_yr) if is_told else None,
        forest_area_ha=(land["forest_before_ha"].item() + land["forest_after_ha"].item()) / 2,
        land_area_ha=outlined.area_ha if outlined else compared_ha,
        land_source=outlined.source if outlined else "layer",
        method_change_tc=lines["method_change"] if is_read["method_change"] else None,
        no_estimate_ha=no_estimate_ha if is_read["no_estimate"] else None,
        apparent_tc=sum(lines[line] for line in APPARENT_LINES) if is_told else None,
        excluded_before_ha=info.before.excluded_area_within(within),
        excluded_after_ha=info.after.excluded_area_within(within),
    )


def beside(change_id: str, *, areas: AreaSet, within: str) -> pl.DataFrame:
    """Return what events posted beside the stock: kind, pool, n (stands), change_tc, emission_tco2e.

    The public reads a row of the whole city alone, where the table shows the kind of event by itself, and the pool has
    no stand or enough of them in every county: a gas tells of the loss that it came from.
    """
    within = place_compared(change_id, within)
    public = _public_lines(change_id, areas=areas, within=within)
    every = changes.beside(change_id)
    frame = every.filter(pl.col("township").str.starts_with(within))
    sums = [
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
        for name in ("change_tc", "emission_tco2e")
    ]
    found = frame.group_by("kind", "pool").agg(pl.col("n").sum(), *sums).sort("kind", "pool")
    if public is None:
        return found
    if within:
        return found.clear()
    shown = [kind for kind, line in public.read_as("").items() if kind == line]
    county = pl.col("township").str.head(_N_DIGITS["county"])
    small = every.group_by("kind", "pool", county).agg(pl.col("n").sum()).filter(pl.col("n") < FEWEST_SHOWN)
    return found.filter(pl.col("kind").is_in(shown)).join(small, on=["kind", "pool"], how="anti").sort("kind", "pool")


def model_estimate(change_id: str, *, areas: AreaSet, within: str) -> ModelEstimate | None:
    """Return what models say of the year after the later survey; None where the reader may not see it.

    The curves tell species apart, so the public reads the city alone, and there the groups that the statistics of the
    later release withhold, and those with few stands on either side of a curve, only together.
    """
    within = place_compared(change_id, within)
    if not is_shown(change_id, areas=areas, within=within):
        raise changes.NoSuchChange(change_id)
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
