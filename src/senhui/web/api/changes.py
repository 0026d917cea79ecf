"""Comparisons of two releases, and events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Header, Router, Schema, Status
from ninja.security import django_auth
from pydantic import ConfigDict, Field

from senhui.access.rules import AreaSet
from senhui.atlas import change_tables, difference
from senhui.inventory import changes, events
from senhui.inventory.actions.record_event import Statement, record_event
from senhui.web.api.releases import EXCLUDED
from senhui.web.page import MOST_DIGITS_OF_A_ROW, seen_areas, today

router = Router()


class ChangeOut(Schema):
    """A comparison; `removal` is what the land took up, positive, by measured stocks.

    It is null, with what follows from it, where it would tell the reader of fewer than three sub-compartments.
    """

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": "2016-1_2021-2_1f0c9a2b", "before": "2016-1", "after": "2021-2", "compared_at": "2026-11-22T08:00:00Z",
        "remeasured": False, "n_events": 12, "is_overtaken": False,
        "removal": {"change_tc": 812000.0, "change_tc_yr": 162400.0, "change_tco2e": 2977333.3,
                    "change_tco2e_yr": 595466.7},
        "change_tc_yr_per_forest_ha": 0.11, "change_tc_yr_per_land_ha": 0.09,
        "forest_area_ha": 1460000.0, "land_area_ha": 1727500.0, "land_source": "outline",
        "before_excluded_area_ha": 0.0, "after_excluded_area_ha": 12.4, "is_sample": True,
    }})  # fmt: skip

    id: str
    before: str
    after: str
    compared_at: dt.datetime
    remeasured: bool
    n_events: int
    is_overtaken: bool
    removal: dict[str, float] | None
    change_tc_yr_per_forest_ha: float | None
    change_tc_yr_per_land_ha: float | None
    forest_area_ha: float
    land_area_ha: float
    land_source: str
    before_excluded_area_ha: float = EXCLUDED
    after_excluded_area_ha: float = EXCLUDED
    is_sample: bool


class UnreadableChangeOut(Schema):
    """A comparison of which a file was changed after it was written: compare the releases again."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": "2016-1_2021-2_1f0c9a2b", "cannot_be_read": True}})

    id: str
    cannot_be_read: Literal[True]


class ClosingOut(Schema):
    """A closing table: one list of tC per line, in the order of `places`; first line + movements = last line.

    Lines of few stands are told together: `events`, `removal`, `apparent`, or all movements as `difference`. Places of
    few stands are told together with neighbours, as `others`.
    """

    model_config = ConfigDict(json_schema_extra={"example": {
        "places": ["331181"], "lines": {"stock_before": [100.0], "growth": [20.0], "stock_after": [120.0]},
        "before_excluded_area_ha": 0.0, "after_excluded_area_ha": 12.4, "is_sample": True,
    }})  # fmt: skip

    places: list[str]
    lines: dict[str, list[float]]
    before_excluded_area_ha: float = EXCLUDED
    after_excluded_area_ha: float = EXCLUDED
    is_sample: bool


class PlaceDifferenceOut(Schema):
    """A place in a difference; `parts_tc` adds up to the difference of its stocks, by cause.

    Causes: growth, gain and loss are removal; method_change, boundary and no_estimate never are. Causes of few
    stands are told to the public together, under `events`, `removal`, `apparent` or `difference`.
    """

    code: str
    removal_tc: float | None
    removal_tc_ha_yr: float | None
    forest_area_ha: float | None
    stock_before_tc: float | None
    stock_after_tc: float | None
    parts_tc: dict[str, float]
    is_withheld: bool


class DifferenceOut(Schema):
    """Removal between two releases by area code, and why the stocks differ.

    A place in `withheld` has a removal that is kept from the reader, for it would tell of fewer than three
    sub-compartments; its value is null, and so is that of a place without forest, which is not in `withheld`.
    """

    model_config = ConfigDict(json_schema_extra={"example": {
        "change": "2016-1_2021-2_1f0c9a2b", "before": "2016-1", "after": "2021-2", "years": [2016, 2021],
        "value": "removal_tc_ha_yr", "unit": "tC/ha/yr", "basis": "calibrated",
        "values": {"331181": 1.13, "331126": None}, "withheld": ["331126"],
        "places": [{"code": "331181", "removal_tc": 1412000.0, "removal_tc_ha_yr": 1.13, "forest_area_ha": 249900.0,
                    "stock_before_tc": 9588012.5, "stock_after_tc": 11000025.0,
                    "parts_tc": {"growth": 1450000.0, "loss": -38000.0, "boundary": 12.5}, "is_withheld": False}],
        "is_sample": True,
    }})  # fmt: skip

    change: str
    before: str
    after: str
    years: tuple[int, int]
    value: str
    unit: str
    basis: change_tables.Basis
    values: dict[str, float | None]
    withheld: list[str]
    places: list[PlaceDifferenceOut]
    is_sample: bool


class PieceOut(Schema):
    """Land of a sub-compartment that lay in one sub-compartment of the earlier release, or in none.

    `earlier_row` is null where no sub-compartment covered the land, and where it was one of somebody else's land: then
    `is_elsewhere`.
    """

    earlier_row: int | None
    earlier_sub_compartment_id: str | None
    is_elsewhere: bool
    cause_class: str = Field(description="growth, loss, land_class_change, method_change, boundary or no_estimate")
    area_ha: float
    stock_before_tc: float | None
    stock_after_tc: float | None
    derivation: str | None = Field(description="address of how the earlier number came about")


class EventIn(Schema):
    """An event to record; which of the statements a kind needs stands in its refusal."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "kind": "harvest", "release_id": "2016-1", "row": 17, "happened_on": "2019-03-04", "area_ha": 2.5,
        "taken_frac": 1.0, "product_frac": 0.5, "note": "", "is_another": False,
    }})  # fmt: skip

    kind: str
    release_id: str
    row: int = Field(ge=0, description="position of the stand in the release")
    happened_on: dt.date
    area_ha: float
    taken_frac: float | None = None
    product_frac: float | None = None
    fate: Literal["oxidised", "dead_wood", "wood_products"] | None = None
    after_tc_ha: float | None = None
    soil_after_tc_ha: float | None = None
    burned_forest: str = "temperate_forest"
    gwp_report: str = "ar5"
    note: str = ""
    is_another: bool = Field(False, description="whether this is not the equal event that stands on the stand")


class EventOut(Schema):
    """An event on land whose sub-compartments you see; gases are in tCO2e and in no stock."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": 3, "kind": "fire", "release_id": "2016-1", "row": 17, "sub_compartment_id": "331181103201-0001-0004",
        "township_code": "331181103", "happened_on": "2019-03-04", "area_ha": 2.5, "living_change_tc": -31.2,
        "note": "", "reverses_id": None, "reversed_by_id": None, "recorded_by": "lin",
        "recorded_at": "2026-11-22T08:00:00Z",
        "entries": [{"pool": "ch4", "year": 2019, "change_tc": None, "emission_tco2e": 9.1, "gas_t": 0.325}],
        "facts": {},
    }})  # fmt: skip

    id: int
    kind: str
    release_id: str
    row: int
    sub_compartment_id: str
    township_code: str
    happened_on: dt.date
    area_ha: float
    living_change_tc: float
    note: str
    reverses_id: int | None
    reversed_by_id: int | None
    recorded_by: str
    recorded_at: dt.datetime
    entries: list[dict[str, Any]]
    facts: dict[str, Any]

    @staticmethod
    def resolve_entries(event: events.EventInfo) -> list[dict[str, Any]]:
        """Return the entries as plain values."""
        return [asdict(entry) for entry in event.entries]


class StandDifferenceOut(Schema):
    """A sub-compartment of the later release in a comparison.

    `lines` close on each basis, and are empty where the comparison left its township out.
    """

    change: str
    before: str
    after: str
    years: tuple[int, int]
    row: int
    sub_compartment_id: str
    area_ha: float
    lines: dict[str, dict[str, float]]
    removal_tc_ha_yr: dict[str, float | None]
    cause: str | None
    pieces: list[PieceOut]
    events: list[EventOut]
    derivation: str = Field(description="address of how the later number came about")
    is_sample: bool


@router.get(
    "/changes",
    response=list[ChangeOut | UnreadableChangeOut],
    summary="All comparisons of two releases, the newest first",
)
def list_changes(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the comparisons with the removal of the whole city, measured; those that cannot be read come last."""
    areas = seen_areas(request)
    readable: list[dict[str, Any]] = []
    unreadable = changes.unreadable_ids()
    for info in changes.changes():
        if change_tables.is_shown(info.id, areas=areas):
            try:
                readable.append(_out(info, areas=areas, within=""))
            except changes.ChangeWasAltered:
                unreadable.append(info.id)
    return readable + [{"id": change_id, "cannot_be_read": True} for change_id in unreadable]


@router.get("/changes/{change_id}", response=ChangeOut, summary="One comparison, of the city or of a place")
def show_change(request: HttpRequest, change_id: str, within: str = "") -> dict[str, Any]:
    """Return removal in all and per year, and per hectare of forest and of land; `land_source` says which land."""
    return _out(changes.change(change_id), areas=seen_areas(request), within=within)


@router.get("/changes/{change_id}/closing", response=ClosingOut, summary="Its closing table, place by place")
def show_closing(
    request: HttpRequest, change_id: str, within: str = "", basis: Literal["measured", "calibrated"] = "measured"
) -> dict[str, Any]:
    """Return counties, or with `within` townships; the public reads small lines together."""
    info = changes.change(change_id)
    table = change_tables.closing(change_id, areas=seen_areas(request), within=within, basis=basis)
    lines = dict(zip(table.lines, table.exact_tc.tolist(), strict=True))
    return {"places": table.places, "lines": lines, **_beside(info, within)}


@router.get(
    "/changes/{change_id}/choropleth/{level}",
    response=DifferenceOut,
    summary="Removal of each county or township, in all or per hectare of forest and year",
)
def show_difference(
    request: HttpRequest,
    change_id: str,
    level: Literal["county", "township"],
    value: Literal["removal_tc_ha_yr", "removal_tc"] = "removal_tc_ha_yr",
    basis: change_tables.Basis | None = None,
) -> dict[str, Any]:
    """Return the removal by area code; `basis` is calibrated where a release is, unless it is asked for."""
    info = changes.change(change_id)
    basis = basis or difference.usual_basis(info)
    places = difference.differences(change_id, areas=seen_areas(request), level=level, basis=basis)
    return {
        **_compared(info),
        "value": value,
        "unit": {"removal_tc_ha_yr": "tC/ha/yr", "removal_tc": "tC"}[value],
        "basis": basis,
        "values": {place.code: getattr(place, value) for place in places},
        "withheld": [place.code for place in places if place.is_withheld],
        "places": [asdict(place) for place in places],
    }


@router.get(
    "/changes/{change_id}/sub-compartments/{row}",
    response={200: StandDifferenceOut, 403: dict[str, str], 404: dict[str, str]},
    summary="One sub-compartment in a comparison; needs a role for its area",
)
def show_stand_difference(request: HttpRequest, change_id: str, row: int) -> dict[str, Any]:
    """Return what became of the land of a sub-compartment, by its position in the later release."""
    if row >= 10**MOST_DIGITS_OF_A_ROW:
        raise Http404
    found = difference.stand_difference(request.user, change_id, row, on=today())
    info = found.change
    return {
        **_compared(info),
        "row": row,
        "sub_compartment_id": found.stand["sub_compartment_id"],
        "area_ha": found.stand["area_ha"],
        "lines": found.lines_tc,
        "removal_tc_ha_yr": found.removal_tc_ha_yr,
        "cause": found.cause,
        "pieces": [
            {
                "earlier_row": piece.earlier and piece.earlier["row_index"],
                "earlier_sub_compartment_id": piece.earlier and piece.earlier["sub_compartment_id"],
                "is_elsewhere": piece.is_elsewhere,
                "cause_class": piece.class_,
                "area_ha": piece.area_ha,
                "stock_before_tc": piece.stock_before_tc,
                "stock_after_tc": piece.stock_after_tc,
                "derivation": _derivation(info.before.id, piece.earlier, piece.earlier["row_index"])
                if piece.earlier
                else None,
            }
            for piece in found.pieces
        ],
        "events": found.events,
        "derivation": _derivation(info.after.id, found.stand, row),
    }


@router.get("/events", response=list[EventOut], auth=django_auth, summary="Events on your land, the newest first")
def list_events(request: HttpRequest, release_id: str | None = None, kind: str | None = None) -> list[events.EventInfo]:
    """Return events with their entries and every parameter that was used."""
    return events.events(request.user, on=today(), release_id=release_id, kind=kind)


@router.post(
    "/events",
    response={201: EventOut, 409: dict[str, str], 422: dict[str, str]},
    auth=django_auth,
    summary="Record an event; the same request with the same Idempotency-Key is answered alike, and recorded once",
)
def record(
    request: HttpRequest,
    given: EventIn,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=64)] = None,
) -> Status[events.EventInfo]:
    """Return the event; 409 where the key was sent with another, or an equal one stands and `is_another` is false."""
    stated = {field.name for field in fields(Statement)}
    made = record_event(
        request.user,
        statement=Statement(**given.dict(include=stated)),
        request_key=idempotency_key,
        now=timezone.now(),
        **given.dict(exclude=stated),
    )
    return Status(201, made)


def _out(info: changes.ChangeInfo, *, areas: AreaSet, within: str) -> dict[str, Any]:
    summary = change_tables.summary(info.id, areas=areas, within=within, basis="measured")
    return {
        "id": info.id,
        "before": info.before.id,
        "after": info.after.id,
        "compared_at": info.compared_at,
        "remeasured": info.manifest["remeasured"],
        "n_events": len(info.manifest["events"]),
        "is_overtaken": changes.is_overtaken(info),
        "removal": summary.removal and asdict(summary.removal),
        "change_tc_yr_per_forest_ha": summary.change_tc_yr_per_forest_ha,
        "change_tc_yr_per_land_ha": summary.change_tc_yr_per_land_ha,
        "forest_area_ha": summary.forest_area_ha,
        "land_area_ha": summary.land_area_ha,
        "land_source": summary.land_source,
        **_beside(info, within),
    }


def _compared(info: changes.ChangeInfo) -> dict[str, Any]:
    """Return what was compared."""
    return {
        "change": info.id,
        "before": info.before.id,
        "after": info.after.id,
        "years": (info.before.reference_year, info.after.reference_year),
        "is_sample": info.is_sample,
    }


def _derivation(release_id: str, stand: Mapping[str, Any], row: int) -> str:
    """Return the address of how the number of a stand came about."""
    address = reverse("releases-derivation", args=[release_id, stand["derivation_id"]])
    return f"{address}?row={row}"


def _beside(info: changes.ChangeInfo, within: str) -> dict[str, Any]:
    """Return what stands beside every total of both releases."""
    return {
        "before_excluded_area_ha": info.before.excluded_area_within(within),
        "after_excluded_area_ha": info.after.excluded_area_within(within),
        "is_sample": info.is_sample,
    }
