"""Load the outlines and names of city, counties, townships and villages.

1. The actor must hold `manage_users` over every unit (an administrator of the whole area).
2. The whole list is put in place in one transaction; a unit that exists is replaced.
"""

from __future__ import annotations

import datetime as dt

import polars as pl
import shapely
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.inventory.models import AdministrativeUnit


def load_administrative_units(actor: Actor, *, units: pl.DataFrame, is_sample: bool, now: dt.datetime) -> int:
    """Load units and return how many.

    Parameters
    ----------
    actor : needs `manage_users` over each unit.
    units : (n,) polars.DataFrame with code, level, name_zh, parent_code and wkb (binary or null, lon/lat degrees).
    is_sample : whether the outlines are made up for the sample city.
    now : instant (UTC).
    """
    for code in units.filter(pl.col("level") == units["level"].first())["code"]:
        require(actor, "manage_users", area=code, on=timezone.localdate(now))
    rows = []
    for unit in units.iter_rows(named=True):
        bounds: tuple[float | None, ...] = (None, None, None, None)
        if unit["wkb"] is not None:
            bounds = shapely.from_wkb(unit["wkb"]).bounds
        rows.append(
            AdministrativeUnit(
                code=unit["code"],
                level=unit["level"],
                name_zh=unit["name_zh"],
                parent_code=unit["parent_code"] or "",
                wkb=unit["wkb"],
                min_lon=bounds[0],
                min_lat=bounds[1],
                max_lon=bounds[2],
                max_lat=bounds[3],
                is_sample=is_sample,
            )
        )
    fields = [field.name for field in AdministrativeUnit._meta.concrete_fields if not field.primary_key]
    with transaction.atomic():
        AdministrativeUnit.objects.bulk_create(
            rows, batch_size=200, update_conflicts=True, unique_fields=["code"], update_fields=fields
        )
        record_audit(
            actor,
            "inventory.load_administrative_units",
            subject=f"{len(rows)} units",
            detail={"is_sample": is_sample},
            now=now,
        )
    return len(rows)
