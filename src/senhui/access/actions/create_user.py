"""Make a user (新建用户)."""

from __future__ import annotations

import datetime as dt
import unicodedata

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.models import User
from senhui.access.queries import require
from senhui.access.rules import Actor


class UserExists(Exception):
    """The user name is taken, perhaps in other letters or by a closed user.

    Parameters
    ----------
    username : the name.
    """

    def __init__(self, username: str) -> None:
        super().__init__(f"There is already a user {username!r} (capital letters do not count). Choose another name.")
        self.username = username


class UsernameUnfit(ValueError):
    """The text cannot be a user name.

    Parameters
    ----------
    username : the text.
    """

    def __init__(self, username: str) -> None:
        super().__init__(
            f"{username!r} cannot be a user name. Use letters, digits, and the signs @ . + - _ , at most 64."
        )
        self.username = username


def create_user(actor: Actor, *, username: str, display_name: str, organisation: str = "", now: dt.datetime) -> User:
    """Make a user without password and without any grant.

    1. The actor holds `manage_users` somewhere, or sits at the terminal.
    2. The name is fit and not taken, whatever the case of its letters.
    3. The user is written, with its audit row.

    Raises
    ------
    PermissionRefused, UsernameUnfit, UserExists
        In this order of precedence.
    """
    require(actor, "manage_users", on=timezone.localdate(now))
    username = unicodedata.normalize("NFKC", username)
    user = User(username=username, display_name=display_name, organisation=organisation, created_at=now)
    user.set_unusable_password()
    try:
        user.clean_fields()
    except ValidationError as problem:
        raise UsernameUnfit(username) from problem
    with transaction.atomic():
        # The unique index on lower(username) has the last word when two make the same name at once.
        if User.objects.filter(username__iexact=username).exists():
            raise UserExists(username)
        user.save()
        record_audit(
            actor,
            "access.create_user",
            subject=f"user {username}",
            detail={"organisation": organisation},
            now=now,
        )
    return user
