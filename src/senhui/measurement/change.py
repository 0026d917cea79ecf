"""Change of carbon stock between two surveys (碳储量变化): what grew, what was lost, and what only looks like either.

Two layers are cut into pieces of land; each piece has a stock before and a stock after. Their difference is named by
its cause, and every cause is a line of one table that closes: stock(t) + Σ movements = stock(t+1). Only what happened
on the land counts as removal (碳汇量). A change of method, a moved boundary, land that only one survey covers and an
estimate that one survey lacks stand in lines of their own and never enter it. Cases: tests/measurement/test_change.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from senhui.quantities import tco2e_from_tc

EVENT_KINDS: Final = ("harvest", "fire", "pine_wilt", "conversion", "planting")
"""Events that a person records (采伐、火灾、松材线虫病、地类转换、造林); each takes its part out of the difference."""

OF_THE_LAND: Final = ("growth", "loss", "land_class_change")
"""The rest of the difference on land that both surveys measured alike."""

REMOVAL_LINES: Final = (*OF_THE_LAND, *EVENT_KINDS)
APPARENT_LINES: Final = ("method_change", "boundary", "no_estimate", "transfer", "calibration_change")
"""Differences that are not of the land: never removal."""

MOVEMENTS: Final = (*REMOVAL_LINES, *APPARENT_LINES)
LINES: Final = ("stock_before", *MOVEMENTS, "stock_after")

DATA_CORRECTIONS: Final = ("91", "92", "93", "94", "95", "96")
"""Change codes (变化原因 BHYY) that say the earlier survey was wrong: never a carbon event."""

ZERO_BY_DEFINITION: Final = "declared_zero"
NO_ESTIMATE: Final = "no_estimate"

SIDE_COLUMNS: Final = (
    "township_code",
    "land_class",
    "method",
    "scattered_no_estimate_reason",
    "area_ha",
    "stock_tc",
    "calibrated_stock_tc",
)
NOTHING_TC: Final = 1e-6
"""Below this a difference of two sums of floats is no difference, [tC]."""


@dataclass(frozen=True)
class Removal:
    """What the land took up (positive) or gave off (negative) between two surveys, in all and per year."""

    change_tc: float
    change_tc_yr: float
    change_tco2e: float
    change_tco2e_yr: float


def no_events() -> pl.DataFrame:
    """Return the table of events with no row: row_before, kind, change_tc."""
    return pl.DataFrame(schema={"row_before": pl.UInt32, "kind": pl.String, "change_tc": pl.Float64})


def piece_changes(
    pieces: pl.DataFrame, *, before: pl.DataFrame, after: pl.DataFrame, events: pl.DataFrame
) -> pl.DataFrame:
    """Name the cause of the difference of every piece of land.

    Both sides must have been measured with one method book and one edition of the parameters: the caller sees to it.

    Parameters
    ----------
    pieces
        row_before, row_after, area_before_ha, area_after_ha: null on the side that does not cover the land. The parts
        of a stand add up to its area.
    before, after
        Stands in the order that row_before and row_after count, with `SIDE_COLUMNS`; `after` may have change_code
        (变化原因 BHYY).
    events
        row_before, kind (`EVENT_KINDS`), change_tc [tC], signed: what happened to a stand of the earlier survey
        between the two, on the basis that is measured.

    Returns
    -------
    DataFrame
        The pieces with class (`growth`, `loss`, `land_class_change`, `method_change`, `boundary`, `no_estimate`),
        township_before, township_after, stock_before_tc, stock_after_tc, factor_before, factor_after [-], and one
        column per line of `MOVEMENTS` but the last two, e.g. growth_tc, which add up to the difference of the stocks.

    Notes
    -----
    On the area a = min(area before, area after) the change is (c₂ − c₁) a less the events; what a recorded area gained
    or lost beyond it, c₂ (a₂ − a) − c₁ (a₁ − a), is a moved boundary. Swapping the surveys turns the sign of both.
    """
    both = _side(_side(pieces, before, "before"), after, "after").with_row_index("piece")
    density = {
        side: pl.col(f"stock_{side}_tc").fill_null(0.0) / pl.col(f"area_{side}_ha") for side in ("before", "after")
    }
    one_sided = pl.col("row_before").is_null() | pl.col("row_after").is_null()
    shared_ha = pl.min_horizontal("area_before_ha", "area_after_ha")
    stock_after, stock_before = (pl.col(f"stock_{side}_tc").fill_null(0.0) for side in ("after", "before"))
    difference = stock_after - stock_before
    # Land or an estimate on one side only: there is nothing to compare, the whole difference is of that line.
    whole = one_sided | pl.col("lacks_before") | pl.col("lacks_after") | pl.col("is_correction")
    on_land = pl.when(whole).then(difference).otherwise((density["after"] - density["before"]) * shared_ha)
    both = both.with_columns(one_sided.alias("one_sided"), difference.alias("difference_tc"), on_land.alias("land_tc"))
    both = _with_events(both, events)
    rest = pl.col("land_tc") - pl.sum_horizontal(f"{kind}_tc" for kind in EVENT_KINDS)
    both = both.with_columns(rest.alias("rest_tc")).with_columns(_class().alias("class"))
    lines = [
        pl.when(pl.col("class") == line).then(pl.col("rest_tc")).otherwise(0.0).alias(f"{line}_tc")
        for line in (*OF_THE_LAND, "method_change", "no_estimate")
    ]
    boundary = pl.col("difference_tc") - pl.col("land_tc")
    boundary += pl.when(pl.col("class") == "boundary").then(pl.col("rest_tc")).otherwise(0.0)
    named = both.with_columns(*lines, boundary.alias("boundary_tc"))
    kept = [f"{line}_tc" for line in MOVEMENTS if line not in ("transfer", "calibration_change")]
    factors = ["factor_before", "factor_after"]
    townships = ["township_before", "township_after"]
    stocks = ["stock_before_tc", "stock_after_tc"]
    classes = ("land_class_before", "land_class_after")
    return named.select(*pieces.columns, "class", *townships, *classes, *stocks, *factors, *kept)


def _side(pieces: pl.DataFrame, stands: pl.DataFrame, side: str) -> pl.DataFrame:
    """Add what one survey says of each piece: its part of the stock, and whether there is an estimate at all."""
    known = pl.col("stock_tc").is_not_null()
    lacks = ~known | (pl.col("method") == NO_ESTIMATE) | pl.col("scattered_no_estimate_reason").is_not_null()
    code = pl.col("change_code") if "change_code" in stands.columns else pl.lit(None, dtype=pl.String)
    facts = stands.select(
        pl.col("township_code").alias(f"township_{side}"),
        pl.col("land_class").alias(f"land_class_{side}"),
        pl.col("method").alias(f"method_{side}"),
        lacks.alias(f"lacks_{side}"),
        (pl.col("stock_tc") / pl.col("area_ha")).alias("stock_tc_ha"),
        (pl.col("calibrated_stock_tc") / pl.col("stock_tc")).alias(f"factor_{side}"),
        *([code.is_in(DATA_CORRECTIONS).fill_null(value=False).alias("is_correction")] if side == "after" else []),
    ).with_row_index(f"row_{side}")
    joined = pieces.join(facts, on=f"row_{side}", how="left", maintain_order="left").with_columns(
        (pl.col("stock_tc_ha") * pl.col(f"area_{side}_ha")).alias(f"stock_{side}_tc"),
        # 0/0 of a stand without stock says nothing of the factor.
        pl.col(f"factor_{side}").fill_nan(None),
        pl.col(f"lacks_{side}").fill_null(value=False),
    )
    if side == "after":
        joined = joined.with_columns(pl.col("is_correction").fill_null(value=False))
    return joined.drop("stock_tc_ha")


def _class() -> pl.Expr:
    """Return why a piece differs; the first that fits."""
    methods = [pl.col("method_before"), pl.col("method_after")]
    # Zero is zero by any method, so land without a stand compares with land that has one.
    comparable = (methods[0] == methods[1]) | pl.any_horizontal(m == ZERO_BY_DEFINITION for m in methods)
    return (
        pl.when(pl.col("one_sided"))
        .then(pl.lit("boundary"))
        .when(pl.col("lacks_before") | pl.col("lacks_after"))
        .then(pl.lit("no_estimate"))
        .when(pl.col("is_correction"))
        .then(pl.lit("boundary"))
        .when(~comparable)
        .then(pl.lit("method_change"))
        .when(pl.col("land_class_before") != pl.col("land_class_after"))
        .then(pl.lit("land_class_change"))
        .when(pl.col("rest_tc") < 0.0)
        .then(pl.lit("loss"))
        .otherwise(pl.lit("growth"))
    )


def _with_events(pieces: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Give every piece its part of what happened to its stand.

    A stand of which half was cut and half grew on must not show the cut on both halves: the loss goes to the pieces
    whose stock fell, in the proportion of the fall, and only what is left over to all in the proportion of the stock
    before. A gain goes to the pieces whose stock rose, and what is left over to all by area.
    """
    by_kind = events.group_by("row_before", "kind").agg(pl.col("change_tc").sum())
    wide = pl.DataFrame({"row_before": events["row_before"].unique()}).with_columns(
        pl.col("row_before").cast(pl.UInt32)
    )
    for kind in EVENT_KINDS:
        of_kind = by_kind.filter(pl.col("kind") == kind).select(
            "row_before", pl.col("change_tc").alias(f"{kind}_stand")
        )
        wide = wide.join(of_kind, on="row_before", how="left")
    columns = [pl.col(f"{kind}_stand").fill_null(0.0) for kind in EVENT_KINDS]
    pieces = pieces.join(wide, on="row_before", how="left", maintain_order="left").with_columns(columns)
    fall, rise = (-pl.col("land_tc")).clip(lower_bound=0.0), pl.col("land_tc").clip(lower_bound=0.0)
    stock = pl.col("stock_before_tc").fill_null(0.0)
    losses = pl.sum_horizontal((-column).clip(lower_bound=0.0) for column in columns)
    gains = pl.sum_horizontal(column.clip(lower_bound=0.0) for column in columns)
    pieces = pieces.with_columns(
        _spread(losses, first=fall, then=stock).alias("loss_frac"),
        _spread(gains, first=rise, then=pl.col("area_before_ha")).alias("gain_frac"),
    )
    return pieces.with_columns(
        pl.when(pl.col(f"{kind}_stand") < 0.0)
        .then(pl.col(f"{kind}_stand") * pl.col("loss_frac"))
        .when(pl.col(f"{kind}_stand") > 0.0)
        .then(pl.col(f"{kind}_stand") * pl.col("gain_frac"))
        .otherwise(0.0)
        .alias(f"{kind}_tc")
        for kind in EVENT_KINDS
    )


def _spread(total: pl.Expr, *, first: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Return the share of each piece in a total over its stand: up to `first`, and what is left over by `then`."""
    room = first.sum().over("row_before")
    placed = pl.min_horizontal(total, room)
    by_area = pl.col("area_before_ha") / pl.col("area_before_ha").sum().over("row_before")
    all_then = then.sum().over("row_before")
    over = pl.when(all_then > 0.0).then(then / all_then).otherwise(by_area)
    part = pl.when(room > 0.0).then(placed * first / room).otherwise(0.0) + (total - placed) * over
    return pl.when(total > 0.0).then(part / total).otherwise(0.0)


def closing_table(changes: pl.DataFrame, *, by: Sequence[str] = ("township",)) -> pl.DataFrame:
    """Add the pieces up to the table that closes.

    Parameters
    ----------
    changes
        From `piece_changes`.
    by
        `township`, or nothing for one table. A county is a sum of its townships, since every line adds up.

    Returns
    -------
    DataFrame
        by, line (`LINES`), n (stands in it, at most as many as either survey has there; one in several pieces counts
        by its parts), area_ha (of the land in the line; null for the lines that are no class), measured_tc and
        calibrated_tc [tC], signed. The movements of a group add up to the stocks' difference.

    Notes
    -----
    On the calibrated basis f₂ C₂ − f₁ C₁ = f̄ (C₂ − C₁) + (f₂ − f₁) (C₁ + C₂) / 2 with f̄ the mean of both factors: the
    first term carries the movements, the second is the change of the calibration. Where one side has no stock, its
    factor is that of the other. Land that went from one township to another leaves with its stock before.
    """
    f_before = pl.coalesce("factor_before", "factor_after", pl.lit(1.0))
    f_after = pl.coalesce("factor_after", "factor_before", pl.lit(1.0))
    before, after = (pl.col(f"stock_{side}_tc").fill_null(0.0) for side in ("before", "after"))
    mean = (f_before + f_after) / 2
    home = pl.coalesce("township_after", "township_before")
    left = pl.coalesce("township_before", "township_after")
    moved = home != left
    shared_ha = pl.min_horizontal("area_before_ha", "area_after_ha")  # of the one there is, where one is null
    zero = pl.lit(0.0)

    def line(
        name: str, measured: pl.Expr, factor: pl.Expr, *, at: pl.Expr = home, area: pl.Expr | None = None
    ) -> pl.DataFrame:
        # A moved boundary also has a part of land of another class; what is left of the noise of floats is none.
        is_in = (measured != 0.0) if area is None else area.is_not_null() | (measured.abs() > NOTHING_TC)
        return changes.select(
            at.alias("township"),
            pl.lit(name).alias("line"),
            pl.when(is_in).then(_part_of_a_stand(is_in)).otherwise(0.0).alias("n"),
            (pl.lit(None, dtype=pl.Float64) if area is None else area).alias("area_ha"),
            measured.alias("measured_tc"),
            (measured * factor).alias("calibrated_tc"),
        )

    frames = [
        line("stock_before", before, f_before, at=left, area=pl.col("area_before_ha")),
        line("stock_after", after, f_after, area=pl.col("area_after_ha")),
    ]
    for name in MOVEMENTS:
        if name in ("transfer", "calibration_change"):
            continue
        is_class = name in (*OF_THE_LAND, "method_change", "boundary", "no_estimate")
        area = pl.when(pl.col("class") == name).then(shared_ha) if is_class else None
        frames.append(line(name, pl.col(f"{name}_tc"), mean, area=area))
    taken = pl.when(moved).then(before).otherwise(zero)
    land = pl.when(moved).then(shared_ha)
    frames += [line("transfer", -taken, f_before, at=left), line("transfer", taken, f_before, area=land)]
    change = (f_after - f_before) * (before + after) / 2
    frames.append(
        changes.select(
            home.alias("township"),
            pl.lit("calibration_change").alias("line"),
            pl.when(change != 0.0).then(_part_of_a_stand(change != 0.0)).otherwise(0.0).alias("n"),
            pl.lit(None, dtype=pl.Float64).alias("area_ha"),
            zero.alias("measured_tc"),
            change.alias("calibrated_tc"),
        )
    )
    return add_up(pl.concat(frames), by=by)


def _part_of_a_stand(is_in: pl.Expr) -> pl.Expr:
    """Return by how much a piece counts as a stand in a line: one in many pieces, or of many, is still one.

    A sum above n − 1 lies on at least n stands of each survey, which is what the public's tables ask.
    """
    parts = [
        pl.when(pl.col(row).is_null()).then(1.0).otherwise(1.0 / is_in.sum().over(row))
        for row in ("row_before", "row_after")
    ]
    return pl.min_horizontal(parts)


def add_up(table: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Add a closing table up to larger places; every line of `LINES` is there for every group, if only as zero.

    Parameters
    ----------
    table
        township, line, n, area_ha, measured_tc, calibrated_tc.
    by
        Columns of the table to keep; none gives one table of all.
    """
    area = pl.when(pl.col("area_ha").count() > 0).then(pl.col("area_ha").sum()).alias("area_ha")
    summed = table.group_by(*by, "line").agg(pl.col("n").sum(), area, pl.col("measured_tc", "calibrated_tc").sum())
    order = pl.DataFrame({"line": list(LINES)}).with_row_index("order")
    groups = table.select(by).unique().join(order, how="cross") if by else order
    return (
        groups.join(summed, on=[*by, "line"], how="left", nulls_equal=True)
        .sort(*by, "order", nulls_last=True)
        .with_columns(pl.col("n", "measured_tc", "calibrated_tc").fill_null(0.0))
        .select(*by, "line", "n", "area_ha", "measured_tc", "calibrated_tc")
    )


def removal(lines_tc: dict[str, float], *, period_yr: float) -> Removal:
    """Compute what the land took up between two surveys (碳汇量): growth less losses, in tC and once in tCO2e.

    Parameters
    ----------
    lines_tc : line → change [tC], signed
        One group of a closing table on one basis. `APPARENT_LINES` are passed over.
    period_yr : float, [yr], > 0
        Between the two surveys.

    Returns
    -------
    Removal
        Positive where the land took carbon up. Growth pays for every loss, also for those that an event explains.

    Notes
    -----
    ΔC = Σ (C₂ − C₁) over land measured alike on both sides. Source: IPCC 2006, Volume 4, equation 2.5 (stock-difference
    method; mark B), with the boundary that differences of method are left out.

    Examples
    --------
    >>> removal({"growth": 120.0, "loss": -20.0, "method_change": 999.0}, period_yr=5.0).change_tc_yr
    20.0
    """
    assert period_yr > 0
    change_tc = sum(lines_tc.get(line, 0.0) for line in REMOVAL_LINES)
    change_tco2e = tco2e_from_tc(change_tc)
    return Removal(change_tc, change_tc / period_yr, change_tco2e, change_tco2e / period_yr)
