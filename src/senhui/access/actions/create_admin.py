"""Make the first administrator, from the terminal (新建管理员)."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.create_user import UserExists, UsernameUnfit, create_user
from senhui.access.actions.grant_role import grant_role
from senhui.access.models import User
from senhui.access.rules import EVERYWHERE
from senhui.access.terminal import OPERATOR

__all__ = ["UserExists", "UsernameUnfit", "WeakPassword", "create_admin"]


class WeakPassword(ValueError):
    """The password is too easy to guess.

    Parameters
    ----------
    reasons : what is wrong with it, one sentence each, in the language in force.
    """

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("Choose another password: " + " ".join(reasons))
        self.reasons = reasons


def create_admin(*, username: str, password: str, area_code: str = EVERYWHERE, now: dt.datetime) -> User:
    """Make a user with a password and the role of administrator from today on. Only the terminal calls this.

    Raises
    ------
    WeakPassword, UsernameUnfit, UserExists, AreaCodeUnknown
        In this order of precedence; nothing was made.
    """
    try:
        validate_password(password, user=User(username=username))
    except ValidationError as problem:
        raise WeakPassword(list(problem.messages)) from problem
    with transaction.atomic():
        user = create_user(OPERATOR, username=username, display_name=username, now=now)
        user.set_password(password)
        user.save(update_fields=["password"])
        grant_role(
            OPERATOR,
            user=user,
            role="administrator",
            area_code=area_code,
            starts_on=timezone.localdate(now),
            now=now,
        )
    return user
