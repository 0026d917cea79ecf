"""Events (事件) as other rooms see them: what happened to which stand, with its entries. Nothing here writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import polars as pl
from django.db.models import Q, QuerySet

from senhui.access.queries import areas_for
from senhui.access.rules import Actor, PermissionRefused
from senhui.inventory import queries, store
from senhui.inventory.matching import match
from senhui.inventory.models import Event, Release
from senhui.measurement.change import no_events
from senhui.measurement.disturbance import Entry, Pool

PERMISSION_TO_RECORD: Final = "import_layer"

KIND_OF_CODE: Final = {
    **dict.fromkeys(("11", "12", "13"), "planting"),
    **dict.fromkeys(("21", "22", "23", "24"), "harvest"),
    **dict.fromkeys(("41", "42", "50"), "conversion"),
    "71": "fire",
}
"""What a change code (变化原因 BHYY) of a later layer says happened; a person records it, or does not."""

NO_DISASTER: Final = "00"


class NoSuchEvent(LookupError):
    """There is no event of this number, or the person asking may not see its land."""

    def __init__(self, event_id: int) -> None:
        super().__init__(f"There is no event {event_id} that you may see. Look at the list of events.")
        self.event_id = event_id


@dataclass(frozen=True)
class EventInfo:
    """An event with its entries. `living_change_tc` is what it changed in the stand's stock, measured basis."""

    id: int
    kind: str
    release_id: str
    row: int
    sub_compartment_id: str
    township_code: str
    happened_on: dt.date
    area_ha: float
    living_change_tc: float
    facts: dict[str, Any]
    note: str
    reverses_id: int | None
    reversed_by_id: int | None
    recorded_by: str
    recorded_at: dt.datetime
    entries: tuple[Entry, ...]

    @property
    def emission_tco2e(self) -> float:
        """Methane and nitrous oxide of the event, which are in no table of stocks."""
        return sum(entry.emission_tco2e or 0.0 for entry in self.entries)


def events(
    actor: Actor,
    *,
    on: dt.date,
    release_id: str | None = None,
    rows: Sequence[int] | None = None,
    kind: str | None = None,
    limit: int = 200,
) -> list[EventInfo]:
    """Return events on the actor's land, the newest first; `rows` are stands of the release."""
    found = _seen_by(actor, on=on)
    if release_id is not None:
        found = found.filter(release_id=release_id)
    if rows is not None:
        found = found.filter(row__in=rows)
    if kind is not None:
        found = found.filter(kind=kind)
    return [info_of(row) for row in found.order_by("-id")[:limit]]


def event(actor: Actor, event_id: int, *, on: dt.date) -> EventInfo:
    """Return one event.

    Raises
    ------
    NoSuchEvent
        There is none, or it lies outside the actor's areas.
    """
    row = _seen_by(actor, on=on).filter(pk=event_id).first()
    if row is None:
        raise NoSuchEvent(event_id)
    return info_of(row)


def stock_left_tc(release_id: str, row: int, *, stock_tc: float) -> float:
    """Return what the events recorded so far leave of a stand's stock; a reversal gives back what it reversed."""
    changes = Event.objects.filter(release_id=release_id, row=row).values_list("living_change_tc", flat=True)
    return stock_tc + sum(changes)


def proposals(actor: Actor, release_id: str, *, on: dt.date, limit: int = 200) -> pl.DataFrame:
    """List what the change codes of a layer say happened before its survey: stands burned, cut, planted, converted.

    Returns
    -------
    DataFrame
        row, sub_compartment_id, township_code, land_class, area_ha, change_code, kind; only of the actor's land. They
        are of the later layer; the event is recorded on the stand of the survey before.
    """
    areas = areas_for(actor, "view_sub_compartments", on=on)
    if areas.is_empty:
        raise PermissionRefused("view_sub_compartments")
    codes = change_codes(release_id)
    columns = ["sub_compartment_id", "township_code", "village_code", "land_class", "area_ha"]
    stands = queries.scan(release_id).select(columns).collect().with_row_index("row")
    said = pl.col("change_code").replace_strict(KIND_OF_CODE, default=None, return_dtype=pl.String)
    return (
        stands.with_columns(codes.alias("change_code"))
        .with_columns(said.alias("kind"))
        .filter(pl.col("kind").is_not_null(), queries.area_filter(sorted(areas.codes)))
        .drop("village_code")
        .head(limit)
    )


def change_codes(release_id: str) -> pl.Series:
    """Return the change code (变化原因 BHYY) of every stand of a release, in its order; null where there is none."""
    return _source_codes(release_id, "BHYY")


def disturbances(release_id: str) -> pl.Series:
    """Return what last disturbed every stand of a release, in its order: null where nothing is known to have.

    That is the kind of the newest event recorded on the stand and not taken back; where there is none, the code of the
    layer's own disaster field (灾害类型 DISPE), without 00, which is no disaster.
    """
    codes = _source_codes(release_id, "DISPE")
    of_layer = pl.DataFrame({"row": pl.Series(range(len(codes)), dtype=pl.UInt32), "code": codes})
    rows = Event.objects.filter(release_id=release_id, reverses=None, reversed_by=None).order_by("happened_on", "id")
    recorded = pl.DataFrame(
        list(rows.values_list("row", "kind")), schema={"row": pl.UInt32, "kind": pl.String}, orient="row"
    ).unique("row", keep="last")
    joined = of_layer.join(recorded, on="row", how="left", maintain_order="left")
    of_field = pl.when(pl.col("code") != NO_DISASTER).then("code")
    return joined.select(pl.coalesce("kind", of_field).alias("disturbance"))["disturbance"]


def _source_codes(release_id: str, field: str) -> pl.Series:
    """Return a field of the layer as it was read, for every stand of a release; null where it has no such field."""
    rows = queries.scan(release_id).select("row").collect()
    release = Release.objects.select_related("draft").get(pk=release_id)
    path = store.drafts_directory() / release.draft.directory_name / "source_fields.parquet"
    if path.exists():
        source = pl.scan_parquet(path)
        names = source.collect_schema().names()
        chosen = (release.draft.profile.get("field_names") or {}).get(field)
        column = chosen or next((name for name in names if name.strip().upper() == field), None)
        if column in names and "row" in names:
            code = pl.col(str(column)).cast(pl.String).str.strip_chars().alias("code")
            codes = source.select(pl.col("row").cast(rows.schema["row"]), code).collect()
            return rows.join(codes, on="row", how="left", maintain_order="left")["code"]
    return pl.Series("code", [None] * rows.height, dtype=pl.String)


def events_between(before: queries.ReleaseInfo, after: queries.ReleaseInfo) -> tuple[pl.DataFrame, list[int]]:
    """Return what happened between two surveys as rows of the earlier one, and the numbers of the events.

    Events recorded on a survey that lies between them are carried to the stands of the earlier one by the land that
    both share.

    Returns
    -------
    DataFrame of row_before, kind, change_tc [tC], signed; list of event ids
    """
    rows = Event.objects.filter(
        Q(release_id=before.id)
        | Q(release__reference_year__gt=before.reference_year, release__reference_year__lt=after.reference_year),
        happened_on__year__gt=before.reference_year,
        happened_on__year__lte=after.reference_year,
    ).order_by("id")
    found = pl.DataFrame(
        list(rows.values_list("pk", "release_id", "row", "kind", "living_change_tc")),
        schema={
            "id": pl.Int64, "release": pl.String, "row": pl.UInt32, "kind": pl.String, "change_tc": pl.Float64,
        },
        orient="row",
    )  # fmt: skip
    here = found.filter(pl.col("release") == before.id)
    frames = [no_events(), here.select(pl.col("row").alias("row_before"), "kind", "change_tc")]
    for (release_id,), elsewhere in found.filter(pl.col("release") != before.id).group_by("release"):
        frames.append(_carried(elsewhere, str(release_id), before.id))
    return pl.concat(frames), found["id"].to_list()


def _carried(elsewhere: pl.DataFrame, release_id: str, before_id: str) -> pl.DataFrame:
    """Carry events on stands of one survey to the stands of another by the land they share."""
    columns = ["sub_compartment_id", "area_ha", "geometry"]
    rows = elsewhere["row"].unique(maintain_order=True)
    stands = queries.scan(release_id).select(columns).with_row_index("row").collect()
    stands = stands.filter(pl.col("row").is_in(rows.implode()))
    matched = match(stands.drop("row"), queries.scan(before_id).select(columns).collect())
    pieces = matched.pieces.drop_nulls(["row_before", "row_after"])
    shares = pieces.select(
        stands["row"].gather(pieces["row_before"]),
        pl.col("row_after").alias("row_before"),
        (pl.col("area_before_ha") / pl.col("area_before_ha").sum().over("row_before")).alias("share"),
    )
    return elsewhere.join(shares, on="row").select(
        "row_before", "kind", (pl.col("change_tc") * pl.col("share")).alias("change_tc")
    )


def info_of(row: Event) -> EventInfo:
    """Return a row of the database as a value."""
    reversal = getattr(row, "reversed_by", None)
    return EventInfo(
        id=row.pk,
        kind=row.kind,
        release_id=row.release_id,
        row=row.row,
        sub_compartment_id=row.sub_compartment_id,
        township_code=row.township_code,
        happened_on=row.happened_on,
        area_ha=row.area_ha,
        living_change_tc=row.living_change_tc,
        facts=row.facts,
        note=row.note,
        reverses_id=row.reverses_id,
        reversed_by_id=None if reversal is None else reversal.pk,
        recorded_by=str(row.recorded_by),
        recorded_at=row.recorded_at,
        entries=tuple(
            Entry(
                pool=cast(Pool, movement.pool),
                year=movement.year,
                change_tc=movement.change_tc,
                emission_tco2e=movement.emission_tco2e,
                gas_t=movement.gas_t,
            )
            for movement in row.movements.all()
        ),
    )


def _seen_by(actor: Actor, *, on: dt.date) -> QuerySet[Event]:
    areas = areas_for(actor, "view_sub_compartments", on=on)
    rows = Event.objects.select_related("recorded_by", "reversed_by").prefetch_related("movements")
    within = Q(pk__in=[])
    for code in areas.codes:
        within |= Q(village_code__startswith=code)
    return rows.filter(within)
