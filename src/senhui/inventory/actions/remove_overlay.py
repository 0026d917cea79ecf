"""Take outlines off the map; they stay in the history with who removed them and why.

1. The overlay must be there and be seen by the actor (`NoSuchOverlay`), who must hold `import_layer` over each county
   that it reaches into (`PermissionRefused`).
2. It must still lie over the map (`OverlayIsRemoved`), and there must be a reason (`RemovalNeedsAReason`).
3. Removal and audit entry are written together.

Cases: `tests/inventory/test_overlays.py`.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.inventory.models import Overlay
from senhui.inventory.overlays import OverlayInfo, info_of, overlay
from senhui.inventory.refusals import reason_kept


class OverlayIsRemoved(ValueError):
    """The outlines were taken off the map already."""

    def __init__(self, overlay_id: int, removed_by: str) -> None:
        super().__init__(f"Overlay {overlay_id} was removed already, by {removed_by}. There is nothing more to do.")
        self.overlay_id = overlay_id
        self.removed_by = removed_by


class RemovalNeedsAReason(ValueError):
    """Outlines that others rely on do not vanish without a word."""

    def __init__(self, overlay_id: int) -> None:
        super().__init__(f"Say why overlay {overlay_id} is removed; the history keeps it.")
        self.overlay_id = overlay_id


def remove_overlay(actor: Actor, *, overlay_id: int, reason: str, now: dt.datetime) -> OverlayInfo:
    """Remove outlines from the map; see the module's numbered steps for what is refused, in order."""
    on = timezone.localdate(now)
    for code in overlay(actor, overlay_id, on=on).county_codes:
        require(actor, "import_layer", area=code, on=on)
    assert actor.pk is not None, "a removal has a named person"
    reason = reason_kept(reason)
    with transaction.atomic():
        row = Overlay.objects.select_for_update(of=("self",)).select_related("removed_by").get(pk=overlay_id)
        if row.removed_at is not None:
            raise OverlayIsRemoved(overlay_id, str(row.removed_by))
        if not reason:
            raise RemovalNeedsAReason(overlay_id)
        row.removed_at = now
        row.removed_by_id = actor.pk
        row.removal_reason = reason
        row.save()
        record_audit(
            actor, "inventory.remove_overlay", subject=f"overlay {overlay_id}", detail={"reason": reason}, now=now
        )
    return info_of(Overlay.objects.select_related("imported_by", "removed_by").get(pk=overlay_id))
