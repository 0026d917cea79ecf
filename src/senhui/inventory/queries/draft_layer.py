"""A draft as a layer of a map: all its rows for the tiles, and the rows that were decided since.

Cases: `tests/inventory/test_draft_layer.py`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import QuerySet

from senhui.access.rules import Actor
from senhui.inventory import land
from senhui.inventory.models import Draft, RowDecision
from senhui.inventory.queries.draft_rows import checked_draft, geojson, visible
from senhui.inventory.queries.drafts import DraftInfo
from senhui.inventory.row_decisions import Decisions, decisions_of, effective_outlines, identities

_VILLAGE_DIGITS = 12
_BOUNDS = ("min_lon", "min_lat", "max_lon", "max_lat")


@dataclass(frozen=True)
class DraftLayer:
    """A draft at one moment.

    Attributes
    ----------
    rows : polars.DataFrame
        One for each row of the file in its order: `row`, `geometry` (WKB in EPSG:4490; null where the row is out or has
        no outline), `place_code` (village, else county, else empty: the row says of no place that it lies there),
        `stock_tc_ha` (null where there is no estimate) and `is_changed`.
    last_decision : key of the last decision that is in it, 0 where there is none.
    """

    info: DraftInfo
    rows: pl.DataFrame
    last_decision: int


@dataclass(frozen=True)
class ChangedRows:
    """The rows that were decided after a moment.

    Attributes
    ----------
    rows : all of them that the reader sees, in the order of the file.
    features : GeoJSON features of those that are drawn: not out, with an outline, touching the box.
    is_cut : whether there are more features than were asked for.
    """

    rows: list[int]
    features: list[dict[str, Any]]
    is_cut: bool


def draft_layer(actor: Actor, draft_id: int, *, on: dt.date) -> DraftLayer:
    """Return all rows of a draft as they count now, with the stock of its last measurement.

    A measurement that a later decision made void is kept in the files: it is given for the rows that nobody decided
    since, whose numbers no decision on another row changes.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNeedsMapping
    """
    info = checked_draft(actor, draft_id, on=on)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    everything = Decisions(decisions.last_id, {}, decisions.findings)
    rows = pl.DataFrame({"row": pl.int_range(1, info.n_rows + 1, dtype=pl.UInt32, eager=True)})
    rows = rows.join(identities(info.directory, everything), on="row", how="left", maintain_order="left")
    codes = land.said_codes(rows, directory=info.directory, profile=info.profile)
    outlines = effective_outlines(info.directory, decisions).select("row", "geometry")
    rows = (
        rows.with_columns(place_code=codes.str.slice(0, _VILLAGE_DIGITS).fill_null(""))
        .join(outlines, on="row", how="left", maintain_order="left")
        .join(_stocks(info), on="row", how="left", maintain_order="left")
        .with_columns(is_changed=pl.col("row").is_in(sorted(decisions.corrected)))
    )
    if info.state != "measured":
        decided = sorted(decisions.standing)
        stock = pl.when(~pl.col("row").is_in(decided)).then("stock_tc_ha")
        rows = rows.with_columns(stock_tc_ha=stock)
    return DraftLayer(info, rows.drop("sub_compartment_id"), decisions.last_id)


def _stocks(info: DraftInfo) -> pl.DataFrame:
    path = info.directory / "measured.parquet"
    if not path.exists():
        return pl.DataFrame(schema={"row": pl.UInt32, "stock_tc_ha": pl.Float64})
    return pl.read_parquet(path, columns=["row", "stock_tc_ha"])


def n_changed_rows(draft_id: int, *, since: int) -> int:
    """Return how many rows of a draft were decided after the decision `since`."""
    return _decided(draft_id, since=since).count()


def changed_rows(
    actor: Actor,
    draft_id: int,
    *,
    since: int,
    on: dt.date,
    bbox: tuple[float, float, float, float] | None = None,
    limit: int = 2000,
) -> ChangedRows:
    """Return the rows of a draft that were decided after the decision `since`, as they are now.

    Parameters
    ----------
    since : `DraftLayer.last_decision` of what is drawn already; 0 means: every row that was ever decided.
    bbox : west, south, east, north, degrees; None means everywhere. It cuts the features, never the rows.
    limit : at most so many features.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNeedsMapping
    """
    info = checked_draft(actor, draft_id, on=on)
    decided = pl.DataFrame({"row": sorted(_decided(draft_id, since=since))}, schema={"row": pl.UInt32})
    if decided.is_empty():
        return ChangedRows([], [], is_cut=False)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    everything = Decisions(decisions.last_id, {}, decisions.findings)
    ids = identities(info.directory, everything, rows=decided["row"].to_list())
    known = visible(actor, info, decided.join(ids, on="row", how="left", maintain_order="left"), on=on)
    drawn = known.filter(~pl.col("row").is_in(sorted(decisions.excluded)))
    outlines = effective_outlines(info.directory, decisions, rows=drawn["row"].to_list()).drop_nulls("geometry")
    if bbox is not None:
        west, south, east, north = bbox
        outlines = outlines.filter(
            pl.col("min_lon") <= east, pl.col("max_lon") >= west, pl.col("min_lat") <= north, pl.col("max_lat") >= south
        )
    shown = outlines.head(limit).join(known, on="row", how="left", maintain_order="left")
    features = [
        {
            "type": "Feature",
            "id": one["row"],
            "geometry": geojson(one["geometry"]),
            "properties": {
                "row": one["row"],
                "sub_compartment_id": one["sub_compartment_id"],
                "state": decisions.standing[one["row"]].kind,
            },
        }
        for one in shown.iter_rows(named=True)
    ]
    return ChangedRows(known["row"].to_list(), features, is_cut=outlines.height > limit)


def _decided(draft_id: int, *, since: int) -> QuerySet[RowDecision, int]:
    return (
        RowDecision.objects.filter(draft_id=draft_id, pk__gt=since).order_by().values_list("row", flat=True).distinct()
    )
