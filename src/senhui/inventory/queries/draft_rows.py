"""The rows of a draft: what is wrong with them, what they say, where they lie, and what was decided of them.

Each answer is for a person: a row that says it lies on land outside the person's areas is not part of it.
Cases: `tests/inventory/test_draft_rows.py`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl
import shapely

from senhui.access.queries import areas_for
from senhui.access.rules import Actor, AreaSet, union
from senhui.intake import areas_of_repair
from senhui.inventory import land
from senhui.inventory.models import Draft, RowDecision
from senhui.inventory.queries.drafts import DraftInfo, draft
from senhui.inventory.refusals import DraftIsClosed, DraftNeedsMapping, NoSuchRow
from senhui.inventory.row_decisions import (
    Decisions,
    decisions_of,
    effective_findings,
    effective_outlines,
    effective_source,
    identities,
)

FINDINGS_PER_PAGE = 50
MOST_NEIGHBOURS = 60
_BOUNDS = ("min_lon", "min_lat", "max_lon", "max_lat")


@dataclass(frozen=True)
class FindingsPage:
    """Some of the findings of a draft, with how many there are of each reason.

    Attributes
    ----------
    findings : the page's, each with the columns of `senhui.intake.checks.FINDINGS`.
    n_findings : on all pages.
    n_by_reason : of the severity asked for, whatever reason was asked for; the most frequent first.
    page, n_pages : from 1.
    """

    findings: list[dict[str, Any]]
    n_findings: int
    n_by_reason: dict[str, int]
    page: int
    n_pages: int


@dataclass(frozen=True)
class Decision:
    """One decision on a row, as it stands in the record."""

    row: int
    number: int
    kind: str
    values: dict[str, str | None]
    repair_outline: bool
    reason: str
    sub_compartment_id: str
    area_ha: float | None
    decided_by: str
    decided_at: dt.datetime


@dataclass(frozen=True)
class DraftRow:
    """One row of a draft with all that is known of it.

    Attributes
    ----------
    number : how many decisions there are on it; given back as `seen` when it is decided.
    state : as_read, corrected or excluded.
    values : every column of the file as it counts now.
    as_read : the file's own value of each corrected column.
    findings : what is wrong or doubtful now.
    outline : GeoJSON geometry in lon/lat degrees, or None.
    repair : of an invalid outline, its area as drawn (`drawn_ha`) and repaired (`repaired_ha`, None: nothing is left).
    neighbours : GeoJSON features around it, with `row` and `sub_compartment_id`.
    decisions : the first first.
    """

    draft_id: int
    row: int
    number: int
    state: str
    sub_compartment_id: str | None
    values: dict[str, Any]
    as_read: dict[str, Any]
    findings: list[dict[str, Any]]
    outline: dict[str, Any] | None
    geometry_area_ha: float | None
    repair: dict[str, float | None] | None
    neighbours: list[dict[str, Any]]
    decisions: list[Decision]


def draft_errors(
    actor: Actor,
    draft_id: int,
    *,
    on: dt.date,
    reason: str | None = None,
    severity: str = "error",
    page: int = 1,
    per_page: int = FINDINGS_PER_PAGE,
) -> FindingsPage:
    """Return a page of what is wrong with a draft now, after all decisions.

    Parameters
    ----------
    reason : code of `senhui.intake.REASONS`; None means all.
    severity : error or warning.
    page : from 1; one beyond the last is the last.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNeedsMapping
    """
    info = checked_draft(actor, draft_id, on=on)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    found = effective_findings(info.directory, decisions).filter(pl.col("severity") == severity).collect()
    found = visible(actor, info, found, on=on)
    counts = found["reason"].value_counts(sort=True)
    if reason is not None:
        found = found.filter(pl.col("reason") == reason)
    n_pages = max(1, -(-found.height // per_page))
    page = min(max(page, 1), n_pages)
    return FindingsPage(
        findings=found.slice((page - 1) * per_page, per_page).to_dicts(),
        n_findings=found.height,
        n_by_reason=dict(counts.iter_rows()),
        page=page,
        n_pages=n_pages,
    )


def draft_row(actor: Actor, draft_id: int, row: int, *, on: dt.date) -> DraftRow:
    """Return one row of a draft: what it says, what is wrong with it, where it lies, and who decided what of it.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, NoSuchRow
    """
    info = _kept_draft(actor, draft_id, on=on)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    known = visible_rows(actor, info, [row], decisions=decisions, on=on)
    if row not in known:
        raise NoSuchRow(draft_id, row)
    standing = decisions.standing.get(row)
    values = effective_source(info.directory, decisions, rows=[row]).drop("row").row(0, named=True)
    plain = Decisions(0, {}, {})
    as_read = effective_source(info.directory, plain, rows=[row]).row(0, named=True)
    outlines = effective_outlines(info.directory, decisions, rows=[row])
    outline = outlines.row(0, named=True)
    found: list[dict[str, Any]] = []
    if info.state != "unmapped":
        found = effective_findings(info.directory, decisions).filter(pl.col("row") == row).collect().to_dicts()
    return DraftRow(
        draft_id=draft_id,
        row=row,
        number=standing.number if standing else 0,
        state="as_read" if standing is None or standing.kind == "reopened" else standing.kind,
        sub_compartment_id=known[row],
        values=values,
        as_read={name: as_read[name] for name in (standing.values if standing else ())},
        findings=found,
        outline=geojson(outline["geometry"]),
        geometry_area_ha=outline["geometry_area_ha"],
        repair=next(areas_of_repair(outlines).drop("row").iter_rows(named=True), None),
        neighbours=_neighbours(actor, info, decisions, outline, on=on),
        decisions=draft_decisions(actor, draft_id, on=on, row=row),
    )


def draft_findings_on_map(
    actor: Actor,
    draft_id: int,
    *,
    bbox: tuple[float, float, float, float],
    on: dt.date,
    reason: str | None = None,
    limit: int = 2000,
) -> dict[str, Any]:
    """Return the rows with findings that touch a box, as a GeoJSON FeatureCollection, errors before warnings.

    Parameters
    ----------
    bbox : west, south, east, north, degrees.
    reason : code of `senhui.intake.REASONS`; None means all.
    limit : at most so many features; `is_cut` in the answer says whether there are more.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNeedsMapping
    """
    info = checked_draft(actor, draft_id, on=on)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    west, south, east, north = bbox
    inside = (
        pl.scan_parquet(info.directory / "outlines.parquet")
        .select("row", *_BOUNDS)
        .filter(
            pl.col("min_lon") <= east, pl.col("max_lon") >= west, pl.col("min_lat") <= north, pl.col("max_lat") >= south
        )
        .select("row")
        .collect()
    )
    found = effective_findings(info.directory, decisions)
    if reason is not None:
        found = found.filter(pl.col("reason") == reason)
    rows = (
        found.filter(pl.col("row").is_in(inside["row"].implode()))
        .group_by("row")
        .agg(
            pl.col("sub_compartment_id").first(),
            pl.col("reason").unique().sort().alias("reasons"),
            pl.col("severity").eq("error").any().alias("is_error"),
        )
        .sort("is_error", "row", descending=[True, False])
        .collect()
    )
    shown = visible(actor, info, rows, on=on)
    outlines = effective_outlines(info.directory, decisions, rows=shown["row"].head(limit).to_list())
    joined = shown.head(limit).join(outlines.select("row", "geometry"), on="row")
    return {
        "type": "FeatureCollection",
        "is_cut": shown.height > limit,
        "features": [
            {
                "type": "Feature",
                "id": one["row"],
                "geometry": geojson(one.pop("geometry")),
                "properties": {**one, "severity": "error" if one.pop("is_error") else "warning"},
            }
            for one in joined.iter_rows(named=True)
        ],
    }


def draft_decisions(actor: Actor, draft_id: int, *, on: dt.date, row: int | None = None) -> list[Decision]:
    """Return every decision on the rows of a draft, or on one row, the first first.

    Raises
    ------
    NoSuchDraft
    """
    info = draft(actor, draft_id, on=on)
    lines = RowDecision.objects.filter(draft_id=draft_id).select_related("decided_by")
    if row is not None:
        lines = lines.filter(row=row)
    areas = draft_areas(actor, info, on=on)
    return [
        Decision(
            row=one.row,
            number=one.number,
            kind=one.kind,
            values=one.values,
            repair_outline=one.repair_outline,
            reason=one.reason,
            sub_compartment_id=one.sub_compartment_id,
            area_ha=one.area_ha,
            decided_by=str(one.decided_by),
            decided_at=one.decided_at,
        )
        for one in lines
        if areas is None or not one.sub_compartment_id or areas.covers(one.sub_compartment_id)
    ]


def rejected_rows(actor: Actor, draft_id: int, *, on: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the open errors and the columns of their rows as they count now: what `intake.write_rejected` takes.

    Raises
    ------
    NoSuchDraft, DraftIsClosed, DraftNeedsMapping
    """
    info = checked_draft(actor, draft_id, on=on)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    found = effective_findings(info.directory, decisions).filter(pl.col("severity") == "error").collect()
    found = visible(actor, info, found.filter(pl.col("row").is_not_null()), on=on)
    return found, effective_source(info.directory, decisions, rows=set(found["row"]))


def visible_rows(
    actor: Actor, info: DraftInfo, rows: Collection[int], *, on: dt.date, decisions: Decisions | None = None
) -> dict[int, str | None]:
    """Return those of `rows` that the draft has and the actor sees, with their numbers; excluded ones among them."""
    decisions = decisions or decisions_of(Draft.objects.get(pk=info.id))
    wanted = pl.DataFrame({"row": sorted(row for row in rows if 1 <= row <= info.n_rows)}, schema={"row": pl.UInt32})
    if info.state == "unmapped":
        return dict.fromkeys(wanted["row"])
    # Also where it is out, a row has the number that it had.
    everything = Decisions(decisions.last_id, {}, decisions.findings)
    ids = identities(info.directory, everything, rows=wanted["row"].to_list())
    known = visible(actor, info, wanted.join(ids, on="row", how="left"), on=on)
    return dict(known.select("row", "sub_compartment_id").iter_rows())


def _kept_draft(actor: Actor, draft_id: int, *, on: dt.date) -> DraftInfo:
    """Return a draft whose files are there: those of a discarded one are gone."""
    info = draft(actor, draft_id, on=on)
    if info.state == "discarded":
        raise DraftIsClosed(draft_id, info.state)
    return info


def checked_draft(actor: Actor, draft_id: int, *, on: dt.date) -> DraftInfo:
    """Return a draft whose rows were checked: nothing is known of them before the columns are understood."""
    info = _kept_draft(actor, draft_id, on=on)
    if info.state == "unmapped":
        raise DraftNeedsMapping(draft_id)
    return info


def draft_areas(actor: Actor, info: DraftInfo, *, on: dt.date) -> AreaSet | None:
    """Return the areas whose rows the actor sees, or None for who imported the file."""
    if actor.pk == info.imported_by_id:
        return None
    codes = [areas_for(actor, permission, on=on).codes for permission in ("import_layer", "release_layer")]
    return union(code for part in codes for code in part)


def visible(actor: Actor, info: DraftInfo, rows: pl.DataFrame, *, on: dt.date) -> pl.DataFrame:
    areas = draft_areas(actor, info, on=on)
    return rows if areas is None else land.within(rows, areas, directory=info.directory, profile=info.profile)


def _neighbours(
    actor: Actor, info: DraftInfo, decisions: Decisions, outline: dict[str, Any], *, on: dt.date
) -> list[dict[str, Any]]:
    """Return the rows around an outline, within its own width of it, the nearest first."""
    if outline["min_lon"] is None or info.state == "unmapped":
        return []
    width, height = outline["max_lon"] - outline["min_lon"], outline["max_lat"] - outline["min_lat"]
    far = (pl.col("min_lon") - outline["min_lon"]).abs() + (pl.col("min_lat") - outline["min_lat"]).abs()
    near = (
        pl.scan_parquet(info.directory / "outlines.parquet")
        .select("row", *_BOUNDS)
        .filter(
            pl.col("row") != outline["row"],
            pl.col("min_lon") <= outline["max_lon"] + width, pl.col("max_lon") >= outline["min_lon"] - width,
            pl.col("min_lat") <= outline["max_lat"] + height, pl.col("max_lat") >= outline["min_lat"] - height,
        )
        .sort(far)
        .head(MOST_NEIGHBOURS)
        .collect()
    )  # fmt: skip
    names = visible_rows(actor, info, near["row"].to_list(), decisions=decisions, on=on)
    shown = [row for row in near["row"] if row in names and row not in decisions.excluded]
    outlines = effective_outlines(info.directory, decisions, rows=shown)
    return [
        {
            "type": "Feature",
            "id": one["row"],
            "geometry": geojson(one["geometry"]),
            "properties": {"row": one["row"], "sub_compartment_id": names[one["row"]]},
        }
        for one in outlines.iter_rows(named=True)
    ]


def geojson(wkb: bytes | None) -> dict[str, Any] | None:
    if wkb is None:
        return None
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(shapely.from_wkb(wkb)))
    return geometry
