"""Add a line to the audit (操作记录)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from senhui.access.models import AuditEntry
from senhui.access.rules import Actor


def record_audit(actor: Actor, action: str, *, subject: str, detail: Mapping[str, Any], now: dt.datetime) -> None:
    """Write who did what, in the transaction of the caller: both are kept, or neither.

    Parameters
    ----------
    actor : whoever acted; the person at the terminal is kept as no user.
    action : room and verb, such as ``inventory.release_draft``.
    subject : what it was done to, such as ``release 7``.
    detail : further facts, plain JSON; never a password or a token.
    now : the instant (UTC).
    """
    assert transaction.get_connection().in_atomic_block, "record_audit belongs into the transaction of the action"
    AuditEntry.objects.create(at=now, actor_id=actor.pk, action=action, subject=subject, detail=dict(detail))
