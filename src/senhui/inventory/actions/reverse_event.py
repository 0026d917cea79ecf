"""Take an event back by a second one with opposite signs (冲正); nothing is deleted.

1. The actor must hold `import_layer` somewhere (`PermissionRefused`).
2. The event must exist (`NoSuchEvent`).
3. The actor must hold `import_layer` over its village (`PermissionRefused`). Who sees the land is told where it lies;
   to others the township of an event would say that something happened there.
4. A reason must be given (`ReversalNeedsAReason`) that can be kept (`ReasonTooLong`, `TextCannotBeWritten`).
5. A reversal is not itself reversed (`ReversalIsFinal`): record the event again.
6. An event is reversed at most once (`EventAlreadyReversed`); of two at the same instant the database takes one.
7. Giving back a gain must not leave the stand with less than nothing (`LossLargerThanStock`).

Cases: `tests/inventory/test_events.py`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor, PermissionRefused
from senhui.inventory import events
from senhui.inventory.actions.record_event import LossLargerThanStock, write_entries
from senhui.inventory.models import Event, Release
from senhui.inventory.refusals import reason_kept


class ReversalNeedsAReason(ValueError):
    """Whoever takes an event back says why."""

    def __init__(self, event_id: int) -> None:
        super().__init__(f"Say why event {event_id} is taken back.")
        self.event_id = event_id


class ReversalIsFinal(ValueError):
    """The entry is itself a reversal."""

    def __init__(self, event_id: int) -> None:
        super().__init__(f"Event {event_id} takes another one back and stays. Record the event again instead.")
        self.event_id = event_id


class EventAlreadyReversed(ValueError):
    """Somebody took the event back before."""

    def __init__(self, event_id: int) -> None:
        super().__init__(f"Event {event_id} has been taken back already. Look at the list of events.")
        self.event_id = event_id


def reverse_event(actor: Actor, *, event_id: int, reason: str, now: dt.datetime) -> events.EventInfo:
    """Record the reversal of an event; see the module's numbered steps for what is refused, in order."""
    on = timezone.localdate(now)
    require(actor, events.PERMISSION_TO_RECORD, on=on)
    row = Event.objects.filter(pk=event_id).first()
    if row is None:
        raise events.NoSuchEvent(event_id)
    if not areas_for(actor, events.PERMISSION_TO_RECORD, on=on).covers(row.village_code):
        is_seen = areas_for(actor, "view_sub_compartments", on=on).covers(row.village_code)
        raise PermissionRefused(events.PERMISSION_TO_RECORD, row.township_code if is_seen else None)
    reason = reason_kept(reason)
    if not reason:
        raise ReversalNeedsAReason(event_id)
    if row.reverses_id is not None:
        raise ReversalIsFinal(event_id)
    with transaction.atomic():
        Release.objects.select_for_update().get(pk=row.release_id)
        if Event.objects.filter(reverses_id=event_id).exists():
            raise EventAlreadyReversed(event_id)
        stock_tc = row.facts["stand"].get("stock_tc_ha") or 0.0
        left_tc = events.stock_left_tc(row.release_id, row.row, stock_tc=stock_tc * row.facts["stand"]["area_ha"])
        if row.living_change_tc > left_tc + 1e-6:
            raise LossLargerThanStock(row.living_change_tc, left_tc)
        reversal = Event.objects.create(
            kind=row.kind,
            release_id=row.release_id,
            row=row.row,
            sub_compartment_id=row.sub_compartment_id,
            township_code=row.township_code,
            village_code=row.village_code,
            happened_on=row.happened_on,
            area_ha=row.area_ha,
            living_change_tc=-row.living_change_tc,
            facts=row.facts,
            note=reason,
            reverses=row,
            recorded_by_id=actor.pk,
            recorded_at=now,
        )
        entries = tuple(entry.reversed() for entry in events.info_of(row).entries)
        write_entries(reversal, entries)
        record_audit(
            actor,
            "inventory.reverse_event",
            subject=f"event {event_id}",
            detail={"reversal": reversal.pk, "reason": reason, "entries": [asdict(e) for e in entries]},
            now=now,
        )
    return events.info_of(reversal)
