"""Give a role over an area for a time (授权)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from senhui.access import rules
from senhui.access.actions.record_audit import record_audit
from senhui.access.models import Grant, User
from senhui.access.queries import require
from senhui.access.rules import Actor


class RoleUnknown(ValueError):
    """There is no such role.

    Parameters
    ----------
    role : the text.
    """

    def __init__(self, role: str) -> None:
        super().__init__(f"There is no role {role!r}. The roles are {', '.join(rules.roles())}.")
        self.role = role


class GrantEndsBeforeItStarts(ValueError):
    """The last day lies before the first.

    Parameters
    ----------
    starts_on, ends_on : the two days.
    """

    def __init__(self, starts_on: dt.date, ends_on: dt.date) -> None:
        super().__init__(f"The grant would end on {ends_on}, before it starts on {starts_on}. Correct one of the days.")
        self.starts_on = starts_on
        self.ends_on = ends_on


def grant_role(
    actor: Actor,
    *,
    user: User,
    role: str,
    area_code: str,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    now: dt.datetime,
) -> int:
    """Give `user` a role over an area, from one day to another, both inclusive, and return the grant's id.

    1. The role, the area code and the days are sound.
    2. The actor holds `manage_users` over the whole area.
    3. The grant is written, with its audit row.

    Raises
    ------
    RoleUnknown, AreaCodeUnknown, GrantEndsBeforeItStarts, PermissionRefused
        In this order of precedence.
    """
    if role not in rules.roles():
        raise RoleUnknown(role)
    rules.check_area_code(area_code)
    if ends_on is not None and ends_on < starts_on:
        raise GrantEndsBeforeItStarts(starts_on, ends_on)
    require(actor, "manage_users", area=area_code, on=timezone.localdate(now))
    with transaction.atomic():
        grant = Grant.objects.create(
            user=user,
            role=role,
            area_code=area_code,
            starts_on=starts_on,
            ends_on=ends_on,
            granted_by_id=actor.pk,
        )
        record_audit(
            actor,
            "access.grant_role",
            subject=f"user {user.username}",
            detail={
                "grant": grant.pk,
                "role": role,
                "area_code": area_code,
                "starts_on": starts_on.isoformat(),
                "ends_on": ends_on.isoformat() if ends_on else None,
            },
            now=now,
        )
    return grant.pk
