"""Record what happened to a stand after its survey: harvest, fire, pine wilt, conversion or planting (登记事件).

1. The actor must hold `import_layer` somewhere (`PermissionRefused`), so that nobody else learns what there is.
2. The release must exist (`NoSuchRelease`), and have the stand (`NoSuchStand`).
3. The actor must hold `import_layer` over the stand's village (`PermissionRefused`, which does not say where).
4. A request that was recorded before, by its key, gets the same answer; a key that was used for something else is
   refused (`RequestKeyUsed`).
5. What the kind needs must be stated, in its range (`EventStatementWrong`), and the remarks can be written
   (`TextCannotBeWritten`).
6. The day must lie after the survey's year, not in the future, and not after the year of the next survey of the same
   township (`EventDateNotBetween`): then it belongs to that one.
7. The area must be no larger than the stand (`EventAreaTooLarge`).
8. The stand must have an estimate (`StandHasNoEstimate`); planting needs none.
9. Holding the release, so that two at the same instant follow one another, and step 4 asked again: an equal event must
   not stand on the stand, unless the person says that this is another one (`EventAlreadyRecorded`); the loss must be no
   larger than what earlier events left (`LossLargerThanStock`).
10. Event, movements and audit entry are written together.

Cases: `tests/inventory/test_events.py`. The formulas lie in `senhui.measurement.disturbance`.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from django.db import IntegrityError, transaction
from django.utils import timezone

from senhui import parameters
from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor, PermissionRefused
from senhui.inventory import events, queries
from senhui.inventory.models import Event, Movement, Release
from senhui.inventory.refusals import refuse_unwritable
from senhui.measurement import ParameterUse
from senhui.measurement.disturbance import (
    FATES,
    DensityOutOfRange,
    Entry,
    Fate,
    conversion,
    fire,
    harvest,
    living_change_tc,
    pine_wilt,
    planting,
    require_density,
    require_finite,
)

NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "harvest": ("taken_frac",),
    "fire": (),
    "pine_wilt": ("taken_frac", "fate"),
    "conversion": ("after_tc_ha",),
    "planting": ("after_tc_ha",),
}
"""What must be stated for each kind besides stand, day and area."""

GWP_REPORTS: Final = ("ar5", "ar4", "ar6")
_ROUNDING_TC: Final = 1e-6


class EventStatementWrong(ValueError):
    """Something that the kind of event needs is missing or outside its range."""

    def __init__(self, kind: str, field: str, *, most_tc_ha: float | None = None) -> None:
        if field == "kind":
            what = f"No kind of event is called {kind!r}; there are {', '.join(Event.KINDS)}"
        else:
            allowed = "" if most_tc_ha is None else f", 0 to {most_tc_ha:g} tC/ha"
            what = f"For {kind}, {field} is missing or outside its range{allowed}"
        super().__init__(f"{what}. State it and record the event again.")
        self.kind = kind
        self.field = field
        self.most_tc_ha = most_tc_ha


class EventDateNotBetween(ValueError):
    """The day does not lie between the survey and the next one, or today."""

    def __init__(self, happened_on: dt.date, after_year: int, until: dt.date) -> None:
        super().__init__(
            f"{happened_on} does not lie after {after_year} and up to {until}. "
            "Choose the survey that came before the event."
        )
        self.happened_on = happened_on.isoformat()
        self.after_year = after_year
        self.until = until.isoformat()


class EventAreaTooLarge(ValueError):
    """The event is said to cover more land than the stand has."""

    def __init__(self, area_ha: float, stand_area_ha: float) -> None:
        super().__init__(
            f"The stand has {stand_area_ha:g} ha, not {area_ha:g}. Record the rest on the neighbouring stands."
        )
        self.area_ha = area_ha
        self.stand_area_ha = stand_area_ha


class StandHasNoEstimate(ValueError):
    """The stand has no estimate of its stock, so nothing can be taken from it."""

    def __init__(self, sub_compartment_id: str) -> None:
        super().__init__(
            f"Stand {sub_compartment_id} has no estimate of its stock, so a loss of it has none either. "
            "Correct its record in the next import."
        )
        self.sub_compartment_id = sub_compartment_id


class LossLargerThanStock(ValueError):
    """The event takes more than earlier events left."""

    def __init__(self, loss_tc: float, left_tc: float) -> None:
        super().__init__(
            f"The event takes {loss_tc:.2f} tC, and {left_tc:.2f} tC are left on the stand. "
            "Look at the events recorded on it; reverse a wrong one first."
        )
        self.loss_tc = loss_tc
        self.left_tc = left_tc


class EventAlreadyRecorded(ValueError):
    """An event of the same kind, day, area and change stands on the stand."""

    def __init__(self, event_id: int) -> None:
        super().__init__(
            f"Event {event_id} says the same of this stand and day. Say that this is another one, or leave it."
        )
        self.event_id = event_id


class RequestKeyUsed(ValueError):
    """The key named another request of the same person, which was recorded."""

    def __init__(self, event_id: int) -> None:
        super().__init__(
            f"This key was sent with event {event_id}, which says something else. Send another event with a new key."
        )
        self.event_id = event_id


@dataclass(frozen=True)
class Statement:
    """What the person states of an event besides stand, day and area; what does not apply stays None.

    Attributes
    ----------
    taken_frac : share of the stock that was felled or died, 0–1.
    product_frac : share of the stems (harvest) or of the dead wood (pine wilt) that became products, 0–1.
    fate : what became of diseased wood, one of `FATES`.
    after_tc_ha : living carbon directly after a conversion, or of the plants put in [tC/ha].
    soil_after_tc_ha : soil carbon at the new balance after a conversion [tC/ha].
    burned_forest : row of `fire_combustion_factors`.
    gwp_report : report whose warming potentials weigh the gases of a fire.
    """

    taken_frac: float | None = None
    product_frac: float | None = None
    fate: Fate | None = None
    after_tc_ha: float | None = None
    soil_after_tc_ha: float | None = None
    burned_forest: str = "temperate_forest"
    gwp_report: str = "ar5"


def record_event(
    actor: Actor,
    *,
    kind: str,
    release_id: str,
    row: int,
    happened_on: dt.date,
    area_ha: float,
    statement: Statement,
    now: dt.datetime,
    note: str = "",
    request_key: str | None = None,
    is_another: bool = False,
) -> events.EventInfo:
    """Record an event; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : needs `import_layer` over the stand's land.
    kind : one of `Event.KINDS`.
    release_id, row : the survey before the event, and the stand's position in it.
    happened_on : the day, in the time of the place.
    area_ha : land that was struck [ha], at most the stand's.
    statement : what else the kind needs.
    note : remarks, kept with the event.
    request_key : whatever the sender names this request by, at most 64 characters; sent again, nothing is recorded
        anew.
    is_another : whether the person says that this is not the equal event that stands on the stand.

    Returns
    -------
    EventInfo
        The event; of a request that was recorded before, the one recorded then.
    """
    on = timezone.localdate(now)
    require(actor, events.PERMISSION_TO_RECORD, on=on)
    info = queries.release(release_id)
    stand = _stand(release_id, row)
    if not areas_for(actor, events.PERMISSION_TO_RECORD, on=on).covers(str(stand["village_code"])):
        raise PermissionRefused(events.PERMISSION_TO_RECORD)  # not where: that would tell which land the row is
    asked = {
        "release_id": release_id,
        "row": row,
        "kind": kind,
        "happened_on": happened_on,
        "area_ha": area_ha,
        "note": note,
    }
    if (before := _recorded_before(actor, request_key, asked, statement)) is not None:
        return before
    _check(kind, statement)
    refuse_unwritable(note, "note")
    _check_day(happened_on, info=info, township_code=str(stand["township_code"]), today=on)
    if not (math.isfinite(area_ha) and 0.0 < area_ha <= stand["area_ha"] * (1 + 1e-9)):
        raise EventAreaTooLarge(area_ha, stand["area_ha"])
    if kind != "planting" and stand["stock_tc_ha"] is None:
        raise StandHasNoEstimate(str(stand["sub_compartment_id"]))
    entries, used = _entries(
        kind, stand, release_id=release_id, area_ha=area_ha, statement=statement, year=happened_on.year
    )
    require_finite(entries)
    change_tc = living_change_tc(entries)
    facts = {
        "statement": asdict(statement),
        "stand": {name: stand.get(name) for name in _FACTS if name in stand},
        "parameters": [use.as_dict() for use in used],
    }
    try:
        with transaction.atomic():
            Release.objects.select_for_update().get(pk=release_id)
            if (before := _recorded_before(actor, request_key, asked, statement)) is not None:
                return before
            equal = Event.objects.filter(
                release_id=release_id, row=row, kind=kind, happened_on=happened_on, area_ha=area_ha,
                living_change_tc=change_tc, reverses=None,
            )  # fmt: skip
            standing = equal.filter(reversed_by=None).order_by("id").last()
            if standing is not None and not is_another:
                raise EventAlreadyRecorded(standing.pk)
            left_tc = events.stock_left_tc(release_id, row, stock_tc=stand["stock_tc"] or 0.0)
            if -change_tc > left_tc + _ROUNDING_TC:
                raise LossLargerThanStock(-change_tc, left_tc)
            event = Event.objects.create(
                **asked,
                sub_compartment_id=stand["sub_compartment_id"],
                township_code=stand["township_code"],
                village_code=stand["village_code"],
                living_change_tc=change_tc,
                facts=facts,
                recorded_by_id=actor.pk,
                recorded_at=now,
                nth_equal=equal.count(),
                request_key=request_key,
            )
            write_entries(event, entries)
            record_audit(
                actor,
                "inventory.record_event",
                subject=f"event {event.pk}",
                detail={"kind": kind, "stand": stand["sub_compartment_id"], "change_tc": change_tc},
                now=now,
            )
    except IntegrityError:
        # The same key at the same instant on another release: each held its own.
        if (before := _recorded_before(actor, request_key, asked, statement)) is not None:
            return before
        raise
    return events.info_of(event)


def _recorded_before(
    actor: Actor, request_key: str | None, asked: dict[str, Any], statement: Statement
) -> events.EventInfo | None:
    """Return what was recorded when the person sent this key before; refuse the key of something else."""
    if request_key is None:
        return None
    event = Event.objects.filter(recorded_by_id=actor.pk, request_key=request_key).first()
    if event is None:
        return None
    if asked != {name: getattr(event, name) for name in asked} or asdict(statement) != event.facts["statement"]:
        raise RequestKeyUsed(event.pk)
    return events.info_of(event)


def write_entries(event: Event, entries: tuple[Entry, ...]) -> None:
    """Write the movements of an event, in the transaction of the caller."""
    Movement.objects.bulk_create(Movement(event=event, **asdict(entry)) for entry in entries)


_FACTS: Final = (
    "area_ha", "land_class", "species_group", "volume_m3_ha", "stock_tc_ha", "tree_above_tc_ha", "tree_below_tc_ha",
    "bamboo_tc_ha", "shrub_tc_ha", "economic_tc_ha", "scattered_tc_ha", "dead_wood_tc_ha", "litter_tc_ha",
    "soil_100cm_tc_ha", "soil_30cm_tc_ha", "main_factor", "derivation_id",
)  # fmt: skip
"""Columns of the stand that are kept with the event."""


def _stand(release_id: str, row: int) -> dict[str, Any]:
    frame = queries.scan(release_id).drop("geometry")
    found = frame.slice(row, 1).collect() if 0 <= row < 2**31 else None
    if found is None or found.is_empty():
        raise queries.NoSuchStand(release_id, row)
    return found.row(0, named=True)


def _check(kind: str, statement: Statement) -> None:
    if kind not in NEEDED:
        raise EventStatementWrong(kind, "kind")
    for field in NEEDED[kind]:
        if getattr(statement, field) is None:
            raise EventStatementWrong(kind, field)
    for field in ("taken_frac", "product_frac"):
        share = getattr(statement, field)
        if share is not None and not 0.0 <= share <= 1.0:
            raise EventStatementWrong(kind, field)
    densities: tuple[Literal["after_tc_ha", "soil_after_tc_ha"], ...] = ("after_tc_ha", "soil_after_tc_ha")
    for field in densities:
        density = getattr(statement, field)
        if density is not None:
            try:
                require_density(field, density)
            except DensityOutOfRange as problem:
                raise EventStatementWrong(kind, field, most_tc_ha=problem.most_tc_ha) from problem
    if statement.fate not in (None, *FATES):
        raise EventStatementWrong(kind, "fate")
    if statement.gwp_report not in GWP_REPORTS:
        raise EventStatementWrong(kind, "gwp_report")
    if statement.burned_forest not in set(parameters.table("fire_combustion_factors").frame["id"]):
        raise EventStatementWrong(kind, "burned_forest")


def _check_day(happened_on: dt.date, *, info: queries.ReleaseInfo, township_code: str, today: dt.date) -> None:
    later = [
        other.reference_year
        for other in queries.releases()
        if other.reference_year > info.reference_year and township_code in other.township_codes
    ]
    until = min([today, *(dt.date(year, 12, 31) for year in later)])
    if not info.reference_year < happened_on.year or happened_on > until:
        raise EventDateNotBetween(happened_on, info.reference_year, until)


def _entries(
    kind: str, stand: dict[str, Any], *, release_id: str, area_ha: float, statement: Statement, year: int
) -> tuple[tuple[Entry, ...], list[ParameterUse]]:
    """Post the event to the pools of the stand, with the parameters that were used."""
    living = stand["stock_tc_ha"] or 0.0
    below = stand["tree_below_tc_ha"] or 0.0
    # Bamboo, shrub, economic forest and scattered trees are not split by the survey: they count as above ground.
    above = max(living - below, 0.0)
    used: list[ParameterUse] = []
    if kind == "harvest":
        assert statement.taken_frac is not None
        stem, used = _stem_tc_ha(stand)
        entries = harvest(
            area_ha,
            above_tc_ha=above,
            below_tc_ha=below,
            stem_tc_ha=stem,
            taken_frac=statement.taken_frac,
            product_frac=statement.product_frac,
            year=year,
        )
    elif kind == "fire":
        used = [ParameterUse("CF", _carbon_frac(release_id, stand)), *_fire_parameters(statement)]
        number = {use.symbol: float(use.value.value) for use in used}
        entries = fire(
            area_ha,
            above_tc_ha=above,
            carbon_frac=number["CF"],
            dead_wood_tc_ha=stand.get("dead_wood_tc_ha"),
            litter_tc_ha=stand.get("litter_tc_ha"),
            combustion_frac=number["COMF"],
            ch4_factor=number["EF_CH4"],
            n2o_factor=number["EF_N2O"],
            ch4_gwp_ratio=number["GWP_CH4"],
            n2o_gwp_ratio=number["GWP_N2O"],
            dead_matter_ratio=number["DOM"],
            year=year,
        )
    elif kind == "pine_wilt":
        assert statement.taken_frac is not None
        assert statement.fate is not None
        entries = pine_wilt(
            area_ha,
            living_tc_ha=living,
            dead_frac=statement.taken_frac,
            fate=statement.fate,
            product_frac=statement.product_frac,
            year=year,
        )
    elif kind == "conversion":
        assert statement.after_tc_ha is not None
        entries = conversion(
            area_ha,
            living_tc_ha=living,
            after_tc_ha=statement.after_tc_ha,
            soil_tc_ha=stand.get("soil_100cm_tc_ha"),
            soil_after_tc_ha=statement.soil_after_tc_ha,
            year=year,
        )
    else:
        assert statement.after_tc_ha is not None
        entries = planting(area_ha, planted_tc_ha=statement.after_tc_ha, year=year)
    return entries, used


def _stem_tc_ha(stand: dict[str, Any]) -> tuple[float | None, list[ParameterUse]]:
    """Return the carbon of the stems, V D CF, where the stand has a volume and its species a wood density."""
    group, volume_m3_ha = stand["species_group"], stand["volume_m3_ha"]
    if not group or not volume_m3_ha or not stand["tree_above_tc_ha"]:
        return None, []
    groups = parameters.table("species_groups").frame
    row = dict(groups.select("id", "arcm_row").iter_rows()).get(group)
    if row is None:
        return None, []
    used = [
        ParameterUse(symbol, parameters.value("arcm_species_params", row, column))
        for symbol, column in (("D", "density_t_m3"), ("CF", "carbon_frac"))
    ]
    density, carbon = (float(use.value.value) for use in used)
    return volume_m3_ha * density * carbon, used


def _carbon_frac(release_id: str, stand: dict[str, Any]) -> parameters.ParameterValue:
    """Return the carbon fraction that the stand was measured with, or the default where its method has none."""
    number = stand["derivation_id"]
    if number is not None:
        for use in queries.derivation(release_id, number)["parameters"]:
            if use["symbol"] in ("CF", "CFa"):  # of the stand, or of what stands above ground
                return ParameterUse.from_dict(use).value
    return parameters.scalar("cf_default")


def _fire_parameters(statement: Statement) -> list[ParameterUse]:
    emission, gwp = "fire_emission_factors", "global_warming_potentials"
    return [
        ParameterUse("COMF", parameters.value("fire_combustion_factors", statement.burned_forest, "combustion_frac")),
        ParameterUse("EF_CH4", parameters.value(emission, "other/ch4", "emission_g_kg")),
        ParameterUse("EF_N2O", parameters.value(emission, "other/n2o", "emission_g_kg")),
        ParameterUse("GWP_CH4", parameters.value(gwp, f"{statement.gwp_report}/ch4", "gwp_ratio")),
        ParameterUse("GWP_N2O", parameters.value(gwp, f"{statement.gwp_report}/n2o", "gwp_ratio")),
        ParameterUse("DOM", parameters.scalar("fire_dead_organic_matter_ratio")),
    ]
