"""What a person may do, where, on a day. Cases: tests/access/test_areas.py."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from senhui.access import rules
from senhui.access.models import Grant, User
from senhui.access.rules import EVERYWHERE, NOWHERE, Actor, AreaSet, PermissionRefused
from senhui.access.terminal import OPERATOR


@dataclass(frozen=True)
class GrantInfo:
    """A role over an area for a time (授权), as the pages show it."""

    id: int
    username: str
    role: str
    area_code: str
    starts_on: dt.date
    ends_on: dt.date | None
    withdrawn_on: dt.date | None
    granted_by: str | None

    def is_in_force(self, on: dt.date) -> bool:
        """Return whether the grant holds on a day."""
        return rules.is_in_force(on=on, starts_on=self.starts_on, ends_on=self.ends_on, withdrawn_on=self.withdrawn_on)


@dataclass(frozen=True)
class UserInfo:
    """A person with a seat, and the roles held on a day as (role, area code)."""

    username: str
    display_name: str
    is_active: bool
    roles: tuple[tuple[str, str], ...]


def users(*, on: dt.date) -> list[UserInfo]:
    """Return every person who has or had a seat, by name; for the terminal."""
    held: dict[int, list[tuple[str, str]]] = {}
    for user_id, role, area_code in _in_force(on).values_list("user_id", "role", "area_code"):
        held.setdefault(user_id, []).append((role, area_code))
    return [
        UserInfo(row.username, row.display_name, row.is_active, tuple(held.get(row.pk, ())))
        for row in User.objects.order_by("username")
    ]


def areas_for(actor: Actor, permission: str, *, on: dt.date) -> AreaSet:
    """Return where `actor` holds `permission` on a day; nowhere for a visitor or a closed user."""
    if actor is OPERATOR:
        return AreaSet(frozenset({EVERYWHERE}))
    if actor.pk is None:
        return NOWHERE
    held = _in_force(on).filter(user_id=actor.pk, user__is_active=True, role__in=rules.roles_holding(permission))
    return rules.union(held.values_list("area_code", flat=True))


def require(actor: Actor, permission: str, *, area: str | None = None, on: dt.date) -> None:
    """Refuse unless `actor` holds `permission` over all of `area` on a day.

    Parameters
    ----------
    actor : whoever acts.
    permission : id in `roles.yaml`.
    area : code of an administrative unit, or "" for everywhere; None asks whether it is held anywhere at all.
    on : the day, in the time of the place.

    Raises
    ------
    PermissionRefused
        The person should ask an administrator of the area for a role that holds the permission.
    """
    areas = areas_for(actor, permission, on=on)
    if areas.is_empty or (area is not None and not areas.covers(area)):
        raise PermissionRefused(permission, area)


def require_management_of(actor: Actor, user: Actor, *, on: dt.date) -> None:
    """Refuse unless `actor` manages every area that `user` holds or will hold.

    Who may sign in as a person, close a person or read what a person's jobs wrote, has that person's reach:
    so it must lie within the manager's own.

    Raises
    ------
    PermissionRefused
        With the first area that the actor does not manage.
    """
    require(actor, "manage_users", on=on)
    mine = areas_for(actor, "manage_users", on=on)
    for area_code in _not_over(on).filter(user_id=user.pk).order_by("area_code").values_list("area_code", flat=True):
        if not mine.covers(area_code):
            raise PermissionRefused("manage_users", area_code)


def manages(actor: Actor, user: Actor, *, on: dt.date) -> bool:
    """Return whether `actor` manages every area that `user` holds or will hold."""
    try:
        require_management_of(actor, user, on=on)
    except PermissionRefused:
        return False
    return True


def user_named(username: str) -> User | None:
    """Return the active user of this name, whatever the case of its letters."""
    return User.objects.filter(username__iexact=username, is_active=True).first()


def grants_of(user: Actor) -> list[GrantInfo]:
    """Return every grant a user ever had, the first first."""
    rows = Grant.objects.filter(user_id=user.pk).select_related("user", "granted_by")
    return [
        GrantInfo(
            id=row.pk,
            username=row.user.username,
            role=row.role,
            area_code=row.area_code,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            withdrawn_on=row.withdrawn_on,
            granted_by=row.granted_by.username if row.granted_by else None,
        )
        for row in rows
    ]


def _not_over(on: dt.date) -> QuerySet[Grant]:
    """Grants that hold on a day or will later: the rule of `rules.is_in_force`, said to the database."""
    return Grant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on), Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=on)
    )


def _in_force(on: dt.date) -> QuerySet[Grant]:
    return _not_over(on).filter(starts_on__lte=on)
