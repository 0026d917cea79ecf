"""Areas that people bring along to choose sub-compartments by (自带范围): kept, listed, used, deleted, swept.

An area is its owner's. Another person who signed in may use it as far as a shared view does (`saved_views`): what lies
in it is still only what that person may see. The cases are in ``tests/atlas/test_boundaries_uploaded.py``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor
from senhui.atlas.models import UploadedBoundary
from senhui.intake.area_outline import read_area

PERMISSION = "view_sub_compartments"
MOST_KEPT = 50
"""Areas of one person."""
_MOST_OF_A_NAME = 80


class TooManyBoundaries(ValueError):
    """The person has as many areas as are kept."""

    def __init__(self) -> None:
        super().__init__(f"You have {MOST_KEPT} uploaded boundaries. Delete one first.")


class NoSuchBoundary(LookupError):
    """There is no such area, it was swept, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such boundary, or it is somebody else's. Upload it again.")


@dataclass(frozen=True)
class BoundaryInfo:
    """An area as the pages show it."""

    id: int
    name: str
    n_vertices: int
    area_ha: float
    is_repaired: bool
    uploaded_at: dt.datetime
    outline: bytes


def add_boundary(actor: Actor, *, path: Path, original_name: str, now: dt.datetime) -> BoundaryInfo:
    """Keep an area for a person, and sweep those of everybody that had their time.

    Raises
    ------
    PermissionRefused, TooManyBoundaries, LayerRefused
        In this order of precedence; the last says what is wrong with the file.
    """
    require(actor, PERMISSION, on=timezone.localdate(now))
    if UploadedBoundary.objects.filter(owner_id=actor.pk).count() >= MOST_KEPT:
        raise TooManyBoundaries
    area = read_area(path, shown_name=original_name)
    sweep(actor, now=now)
    with transaction.atomic():
        row = UploadedBoundary.objects.create(
            owner_id=actor.pk,
            name=Path(original_name).stem[:_MOST_OF_A_NAME] or original_name[:_MOST_OF_A_NAME],
            outline=area.wkb,
            n_vertices=area.n_vertices,
            area_ha=area.area_ha,
            is_repaired=area.is_repaired,
            uploaded_at=now,
        )
        detail = {"name": row.name, "n_vertices": row.n_vertices, "area_ha": round(row.area_ha, 2)}
        record_audit(actor, "atlas.add_boundary", subject=f"boundary {row.pk}", detail=detail, now=now)
    return _info(row)


def boundaries_of(actor: Actor) -> list[BoundaryInfo]:
    """Return a person's areas, the newest first."""
    return [_info(row) for row in UploadedBoundary.objects.filter(owner_id=actor.pk)] if actor.pk is not None else []


def boundary(actor: Actor, boundary_id: int, *, on: dt.date) -> BoundaryInfo:
    """Return an area that a person may use.

    Raises
    ------
    NoSuchBoundary
    """
    row = _usable(actor, on=on).filter(pk=boundary_id).first() if 0 < boundary_id < 2**63 else None
    if row is None:
        raise NoSuchBoundary
    return _info(row)


def polygon(boundary_id: str, actor: Actor, *, on: dt.date) -> bytes | None:
    """Return an area as WKB, degrees of EPSG:4490, by the number that an address names; None where there is none.

    It is what `selection.parse` asks for as ``boundary``.
    """
    try:
        return boundary(actor, int(boundary_id), on=on).outline
    except (NoSuchBoundary, ValueError):
        return None


def delete_boundary(actor: Actor, boundary_id: int, *, now: dt.datetime) -> None:
    """Remove one's own area; a saved view that uses it then says that it is gone.

    Raises
    ------
    NoSuchBoundary
    """
    with transaction.atomic():
        row = UploadedBoundary.objects.select_for_update().filter(pk=boundary_id, owner_id=actor.pk).first()
        if actor.pk is None or row is None:
            raise NoSuchBoundary
        detail = {"name": row.name}
        row.delete()
        record_audit(actor, "atlas.delete_boundary", subject=f"boundary {boundary_id}", detail=detail, now=now)


def sweep(actor: Actor, *, now: dt.datetime) -> int:
    """Remove the areas that were uploaded longer ago than SENHUI_BOUNDARY_DAYS and that no saved view uses.

    Whoever uploads another one sweeps; it is the actor's name that the audit keeps.
    """
    before = now - dt.timedelta(days=settings.BOUNDARIES_KEPT_DAYS)
    with transaction.atomic():
        old = UploadedBoundary.objects.filter(uploaded_at__lt=before, views=None)
        ids = sorted(old.values_list("pk", flat=True))
        if ids:
            UploadedBoundary.objects.filter(pk__in=ids).delete()
            record_audit(actor, "atlas.sweep_boundaries", subject="boundaries", detail={"ids": ids}, now=now)
    return len(ids)


def _usable(actor: Actor, *, on: dt.date) -> QuerySet[UploadedBoundary]:
    if actor.pk is None or areas_for(actor, PERMISSION, on=on).is_empty:
        return UploadedBoundary.objects.none()
    return UploadedBoundary.objects.filter(Q(owner_id=actor.pk) | Q(views__is_shared=True)).distinct()


def _info(row: UploadedBoundary) -> BoundaryInfo:
    return BoundaryInfo(
        row.pk, row.name, row.n_vertices, row.area_ha, row.is_repaired, row.uploaded_at, bytes(row.outline)
    )
