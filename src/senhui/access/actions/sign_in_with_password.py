"""Sign a person in by name and password (密码登录)."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest

from senhui.access.actions.record_audit import record_audit
from senhui.access.models import User


class SignInRefused(Exception):
    """Name and password sign nobody in.

    Which of the two is wrong is never said: a stranger would learn who has a seat.

    Parameters
    ----------
    is_locked : whether too many wrong passwords closed this name for this address for a while.
    """

    def __init__(self, *, is_locked: bool) -> None:
        super().__init__(
            "Too many wrong passwords. Wait a quarter of an hour, or ask an administrator for a sign-in link."
            if is_locked
            else "User name and password do not fit. Check both; capital letters in the password count."
        )
        self.is_locked = is_locked


def sign_in_with_password(request: HttpRequest, *, username: str, password: str, now: dt.datetime) -> User:
    """Return the user of this name and password, whom the caller then signs in.

    `request` tells the address: django-axes counts wrong passwords by name and address (see the settings).

    Raises
    ------
    SignInRefused
        The person should try again, or wait when locked.
    """
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise SignInRefused(is_locked=bool(getattr(request, "axes_locked_out", False)))
    with transaction.atomic():
        record_audit(user, "access.sign_in_with_password", subject=f"user {user.username}", detail={}, now=now)
    return user
