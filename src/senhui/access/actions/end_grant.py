"""Take a grant back (撤销授权)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.models import Grant
from senhui.access.queries import require
from senhui.access.rules import Actor


class GrantUnknown(LookupError):
    """There is no such grant.

    Parameters
    ----------
    grant_id : its supposed key.
    """

    def __init__(self, grant_id: int) -> None:
        super().__init__(f"There is no grant {grant_id}. Open the user's page again and choose from its grants.")
        self.grant_id = grant_id


class GrantIsOver(Exception):
    """The grant was taken back before.

    Parameters
    ----------
    grant_id : its key.
    withdrawn_on : the first day on which it did not hold any more.
    """

    def __init__(self, grant_id: int, withdrawn_on: dt.date) -> None:
        super().__init__(f"Grant {grant_id} was already taken back on {withdrawn_on}. Nothing is left to do.")
        self.grant_id = grant_id
        self.withdrawn_on = withdrawn_on


def end_grant(actor: Actor, *, grant_id: int, now: dt.datetime) -> None:
    """Take a grant back at once: from today on it does not hold, while past days keep their answer.

    1. The grant exists.
    2. The actor holds `manage_users` over its whole area.
    3. It was not taken back before, also not by somebody else at this very moment.
    4. The day is written, with its audit row.

    Raises
    ------
    GrantUnknown, PermissionRefused, GrantIsOver
        In this order of precedence.
    """
    today = timezone.localdate(now)
    with transaction.atomic():
        grant = Grant.objects.select_for_update(of=("self",)).select_related("user").filter(pk=grant_id).first()
        if grant is None:
            raise GrantUnknown(grant_id)
        require(actor, "manage_users", area=grant.area_code, on=today)
        if grant.withdrawn_on is not None:
            raise GrantIsOver(grant_id, grant.withdrawn_on)
        grant.withdrawn_on = today
        grant.withdrawn_by_id = actor.pk
        grant.save(update_fields=["withdrawn_on", "withdrawn_by"])
        record_audit(
            actor,
            "access.end_grant",
            subject=f"user {grant.user.username}",
            detail={"grant": grant_id},
            now=now,
        )
