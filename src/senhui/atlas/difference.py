"""What lies between two releases, as a map shows it: place by place, stand by stand, and why (差异图).

Everything is read from a kept comparison (`senhui.inventory.changes`); nothing is measured here. Removal (碳汇量) is
what the land took up, and never a change of method, a moved boundary or an estimate that only one survey has. Who
reads what of a place is the rule of `senhui.atlas.change_tables`; single stands are for people with a role for their
land. Cases: tests/atlas/test_difference.py.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from senhui.access.queries import areas_for
from senhui.access.rules import Actor, AreaSet
from senhui.atlas.change_tables import Basis, read_by_the_public
from senhui.atlas.uncertainty import errors_of
from senhui.inventory import changes, events, queries
from senhui.measurement.change import LINES, MOVEMENTS, NOTHING_TC, OF_THE_LAND, REMOVAL_LINES, closing_table
from senhui.measurement.uncertainty import change_half_width_frac

CAUSES: Final = ("growth", "gain", "loss", "method_change", "boundary", "no_estimate")
"""Why stocks differ. The first three are removal, the others never are."""

CAUSE_OF_LINE: Final[dict[str, str]] = {
    "growth": "growth",
    **dict.fromkeys(("loss", "harvest", "fire", "pine_wilt"), "loss"),
    **dict.fromkeys(("method_change", "calibration_change"), "method_change"),
    **dict.fromkeys(("boundary", "transfer"), "boundary"),
    "no_estimate": "no_estimate",
}
"""The cause of each line of the closing table; the lines that are not here are a gain or a loss by their sign."""

PIECE_LINES: Final = tuple(line for line in MOVEMENTS if line not in ("transfer", "calibration_change"))
"""The movements that a single piece of land can have."""

Level = Literal["city", "county", "township"]
_N_DIGITS: Final[dict[Level, int]] = {"city": 4, "county": 6, "township": 9}


@dataclass(frozen=True)
class PlaceDifference:
    """What a comparison says of a place, as far as a reader may know it.

    Attributes
    ----------
    code : str
    removal_tc : float or None, [tC], over the whole period
    removal_tc_ha_yr : float or None, [tC/ha/yr], over the mean of both surveys' forest land, with and without trees
    forest_area_ha : float or None, [ha]
    stock_before_tc, stock_after_tc : float or None, [tC], of the land compared
    parts_tc : cause → [tC]
        Adds up to the difference of the stocks. Where causes are of few stands the public reads them together, under
        `events`, `removal`, `apparent` or `difference`.
    is_withheld : whether the removal is known and kept from this reader
    """

    code: str
    removal_tc: float | None
    removal_tc_ha_yr: float | None
    forest_area_ha: float | None
    stock_before_tc: float | None
    stock_after_tc: float | None
    parts_tc: Mapping[str, float]
    is_withheld: bool


@dataclass(frozen=True)
class MatchedPiece:
    """Land of a stand that lay in one stand of the earlier survey, or in none.

    Attributes
    ----------
    earlier : row of the earlier release with its position as `row_index`; None where no stand covered the land, or one
        of somebody else's land: then `is_elsewhere`
    class_ : why it differs (`senhui.measurement.change.piece_changes`)
    """

    earlier: Mapping[str, Any] | None
    is_elsewhere: bool
    class_: str
    area_ha: float
    stock_before_tc: float | None
    stock_after_tc: float | None


@dataclass(frozen=True)
class StandDifference:
    """What a comparison says of one stand of the later release.

    Attributes
    ----------
    stand : row of the later release
    lines_tc : basis → line → [tC]; the first line plus the movements is the last. Empty where it was not compared.
    removal_tc_ha_yr : basis → [tC/ha/yr]; None where no part of its land was measured alike on both sides
    cause : the cause of most of its difference (`CAUSES`); None where nothing differs
    """

    change: changes.ChangeInfo
    stand: Mapping[str, Any]
    lines_tc: Mapping[Basis, Mapping[str, float]]
    removal_tc_ha_yr: Mapping[Basis, float | None]
    cause: str | None
    pieces: tuple[MatchedPiece, ...]
    events: tuple[events.EventInfo, ...]


def newest_changes() -> list[changes.ChangeInfo]:
    """Return the newest comparison of each two releases, the newest first."""
    ids = changes.newest_ids()
    return [info for info in changes.changes() if info.id in ids]


def newest_between(before_id: str, after_id: str) -> changes.ChangeInfo | None:
    """Return the newest comparison of two releases; None where there is none."""
    return next((one for one in newest_changes() if (one.before.id, one.after.id) == (before_id, after_id)), None)


def newest_to(release_id: str) -> changes.ChangeInfo | None:
    """Return the newest comparison in which a release is the later one; None where there is none."""
    return next((one for one in newest_changes() if one.after.id == release_id), None)


def usual_basis(info: changes.ChangeInfo) -> Basis:
    """Return the basis on which a comparison is shown unless somebody asks: calibrated where a release is."""
    is_calibrated = any(side.manifest["measurement"]["calibration"] for side in (info.before, info.after))
    return "calibrated" if is_calibrated else "measured"


def by_cause(lines_tc: Mapping[str, float], *, read_as: Mapping[str, str]) -> dict[str, float]:
    """Add the lines of a closing table up to causes.

    Parameters
    ----------
    lines_tc : line → [tC], signed; the stocks are passed over
    read_as : line → the line in which a reader finds it; lines read together keep the name that they have together

    Returns
    -------
    dict
        Cause → [tC], without those where nothing happened. A line without a cause of its own (change of land class,
        conversion, planting) is a gain or a loss by its sign.

    Examples
    --------
    >>> lines_tc = {"growth": 9.0, "fire": -2.0, "conversion": -1.0, "boundary": 4.0}
    >>> by_cause(lines_tc, read_as={line: line for line in lines_tc})
    {'growth': 9.0, 'loss': -3.0, 'boundary': 4.0}
    """
    found: dict[str, float] = {}
    for line, value_tc in lines_tc.items():
        if line in MOVEMENTS:
            by_sign = "loss" if value_tc < 0.0 else "gain"
            cause = CAUSE_OF_LINE.get(line, by_sign) if read_as[line] == line else read_as[line]
            found[cause] = found.get(cause, 0.0) + value_tc
    return {cause: value_tc for cause, value_tc in found.items() if abs(value_tc) > NOTHING_TC}


def differences(change_id: str, *, areas: AreaSet, level: Level, basis: Basis) -> list[PlaceDifference]:
    """Return what a reader may know of the places of a level in a comparison, in the order of their codes.

    Parameters
    ----------
    change_id : comparison
    areas : land whose sub-compartments the reader sees
    level : city, county or township
    basis : measured or calibrated

    Raises
    ------
    NoSuchChange
        Also where the reader gets this comparison of no place at all: a newer one of the same releases is there.
    ChangeWasAltered
    """
    assert level in _N_DIGITS, level
    info = changes.change(change_id)
    place = pl.col("township").str.head(_N_DIGITS[level])
    movements = changes.movements(change_id)
    value = f"{basis}_tc"
    table = movements.group_by(place.alias("place"), "line").agg(pl.col(value).sum())
    lines_tc: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(LINES, 0.0))
    for code, line, tc in table.iter_rows():
        lines_tc[code][line] = tc
    land = changes.land(change_id).group_by(place.alias("place")).agg(pl.col("^forest_.*_ha$").sum())
    forest_ha = {code: (one + other) / 2 for code, one, other in land.iter_rows()}
    is_newest = change_id in changes.newest_ids()
    codes = sorted(lines_tc)
    shown = {code for code in codes if areas.covers(code) or is_newest}
    if not shown:
        raise changes.NoSuchChange(change_id)
    every = {line: line for line in LINES}
    public = read_by_the_public(change_id)
    found = []
    for code in codes:
        if code not in shown:
            found.append(PlaceDifference(code, None, None, None, None, None, {}, is_withheld=True))
            continue
        asked = "" if level == "city" else code
        is_told = areas.covers(code) or public.tells_removal(asked)
        read = every if areas.covers(code) else public.read_as(asked)
        removal_tc = sum(lines_tc[code][line] for line in REMOVAL_LINES) if is_told else None
        area_ha = forest_ha.get(code, 0.0)
        found.append(
            PlaceDifference(
                code=code,
                removal_tc=removal_tc,
                removal_tc_ha_yr=removal_tc / info.period_yr / area_ha
                if removal_tc is not None and area_ha > 0.0
                else None,
                forest_area_ha=area_ha,
                stock_before_tc=lines_tc[code]["stock_before"],
                stock_after_tc=lines_tc[code]["stock_after"],
                parts_tc=by_cause(lines_tc[code], read_as=read),
                is_withheld=not is_told,
            )
        )
    return found


def half_width_tc(change_id: str, *, within: str, basis: Basis) -> float | None:
    """Return half of the 95 % interval of the difference of a place's stocks over the whole period, [tC].

    The two surveys are taken as independent: where they share plots or factors, the interval is narrower.

    Returns
    -------
    float or None, [tC]
        None where the error of either stock is not known, or the stocks are equal.

    Notes
    -----
    Source: CDM AR-TOOL14 v04.2, equation (2); see `senhui.measurement.uncertainty.change_half_width_frac`.
    """
    info = changes.change(change_id)
    sides = [errors_of(side.id, [within], is_calibrated=basis == "calibrated") for side in (info.before, info.after)]
    if sides[0] is None or sides[1] is None:
        return None
    one, other = sides[0][within], sides[1][within]
    relative = one.relative_half_width_frac, other.relative_half_width_frac
    if not (relative[0] and relative[1]) or one.total_tc == other.total_tc:
        return None
    frac = change_half_width_frac(
        one.total_tc, other.total_tc, first_half_width_frac=relative[0], second_half_width_frac=relative[1]
    )
    return frac * abs(other.total_tc - one.total_tc)


def stand_changes(pieces: pl.DataFrame, *, period_yr: float) -> pl.DataFrame:
    """Compute what each stand of the later survey took up per hectare and year, and the cause of its difference.

    Parameters
    ----------
    pieces : DataFrame
        From `senhui.measurement.change.piece_changes`; those without a later stand are passed over.
    period_yr : float, [yr], > 0

    Returns
    -------
    DataFrame
        row_after (ascending), measured_tc_ha_yr and calibrated_tc_ha_yr [tC/ha/yr] over the whole area of the stand,
        so that stands add up to their place; null where no part of it was measured alike on both sides and no event
        took anything. cause: of the largest difference by `CAUSES`, measured; null where nothing differs.

    Notes
    -----
    On the calibrated basis each piece counts with the mean of both factors, as in
    `senhui.measurement.change.closing_table`.
    """
    assert period_yr > 0
    factors = pl.col("factor_before"), pl.col("factor_after")
    mean_factor = (pl.coalesce(*factors, pl.lit(1.0)) + pl.coalesce(*factors[::-1], pl.lit(1.0))) / 2
    removal_tc = pl.sum_horizontal(f"{line}_tc" for line in REMOVAL_LINES)
    is_compared = pl.col("class").is_in(OF_THE_LAND) | (removal_tc.abs() > NOTHING_TC)
    stands = (
        pieces.filter(pl.col("row_after").is_not_null())
        .with_columns(removal_tc.alias("removal_tc"))
        .group_by("row_after")
        .agg(
            pl.col("area_after_ha").sum(),
            pl.col("removal_tc").sum().alias("measured"),
            (pl.col("removal_tc") * mean_factor).sum().alias("calibrated"),
            is_compared.any().alias("is_compared"),
            *(pl.col(f"{line}_tc").sum() for line in PIECE_LINES),
        )
        .sort("row_after")
    )
    rates = [
        pl.when("is_compared").then(pl.col(basis) / pl.col("area_after_ha") / period_yr).alias(f"{basis}_tc_ha_yr")
        for basis in ("measured", "calibrated")
    ]
    return stands.select("row_after", *rates, _dominant_cause().alias("cause"))


def _dominant_cause() -> pl.Expr:
    """Return the cause of the largest part of a stand's difference, from its sums by line."""
    parts = {cause: [pl.lit(0.0)] for cause in CAUSES}
    for line in PIECE_LINES:
        value = pl.col(f"{line}_tc")
        if line in CAUSE_OF_LINE:
            parts[CAUSE_OF_LINE[line]].append(value)
        else:
            parts["gain"].append(value.clip(lower_bound=0.0))
            parts["loss"].append(value.clip(upper_bound=0.0))
    sizes = {cause: pl.sum_horizontal(values).abs() for cause, values in parts.items()}
    largest = pl.max_horizontal(sizes.values())
    named = pl.coalesce(pl.when(size == largest).then(pl.lit(cause)) for cause, size in sizes.items())
    return pl.when(largest > NOTHING_TC).then(named)


def stand_difference(actor: Actor, change_id: str, row: int, *, on: dt.date) -> StandDifference:
    """Return what a comparison says of a stand of the later release.

    Parameters
    ----------
    actor : the person asking; needs `view_sub_compartments` over the stand's village
    change_id : comparison
    row : position of the stand in the later release
    on : day on which the grant must hold

    Raises
    ------
    NoSuchChange, ChangeWasAltered, NoSuchStand, PermissionRefused
    """
    info = changes.change(change_id)
    stand = queries.stand(actor, info.after.id, row, on=on)
    own = changes.pieces(change_id).filter(pl.col("row_after") == row)
    rates = stand_changes(own, period_yr=info.period_yr).to_dicts()
    rows = own["row_before"].drop_nulls().unique().sort().to_list()
    earlier = _earlier(info.before.id, rows)
    areas = areas_for(actor, "view_sub_compartments", on=on)
    pieces = []
    for piece in own.sort("area_ha", descending=True).iter_rows(named=True):
        before = earlier.get(piece["row_before"])
        is_elsewhere = before is not None and not areas.covers(before["village_code"])
        pieces.append(
            MatchedPiece(
                earlier=None if is_elsewhere else before,
                is_elsewhere=is_elsewhere,
                class_=piece["class"],
                area_ha=piece["area_ha"],
                stock_before_tc=piece["stock_before_tc"],
                stock_after_tc=piece["stock_after_tc"],
            )
        )
    compared = set(info.manifest["events"])
    happened = events.events(actor, on=on, release_id=info.before.id, rows=rows)
    return StandDifference(
        change=info,
        stand=stand,
        lines_tc=_lines_of_stand(own),
        removal_tc_ha_yr={
            "measured": rates[0]["measured_tc_ha_yr"] if rates else None,
            "calibrated": rates[0]["calibrated_tc_ha_yr"] if rates else None,
        },
        cause=rates[0]["cause"] if rates else None,
        pieces=tuple(pieces),
        events=tuple(event for event in happened if event.id in compared),
    )


def _lines_of_stand(pieces: pl.DataFrame) -> dict[Basis, dict[str, float]]:
    """Return the closing table of the land that is one stand today; it stays where it is when townships change."""
    if pieces.is_empty():
        return {"measured": {}, "calibrated": {}}
    at_home = pl.lit("").alias("township_before"), pl.lit("").alias("township_after")
    table = closing_table(pieces.with_columns(at_home), by=())
    return {
        "measured": dict(table.select("line", "measured_tc").iter_rows()),
        "calibrated": dict(table.select("line", "calibrated_tc").iter_rows()),
    }


def _earlier(release_id: str, rows: list[int]) -> dict[int, dict[str, Any]]:
    """Return stands of the earlier release by their position."""
    columns = ("sub_compartment_id", "village_code", "land_class", "area_ha", "stock_tc", "calibrated_stock_tc",
               "derivation_id")  # fmt: skip
    frame = queries.scan(release_id).select(columns).with_row_index("row_index")
    found = frame.filter(pl.col("row_index").is_in(rows)).collect()
    return {row["row_index"]: row for row in found.iter_rows(named=True)}
