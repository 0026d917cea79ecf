"""Make a link that signs one person in once (一次性登录链接)."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.models import SignInLink, User
from senhui.access.queries import require_management_of
from senhui.access.rules import Actor
from senhui.access.terminal import OPERATOR


def create_sign_in_link(user: User, *, now: dt.datetime, valid_for: dt.timedelta, created_by: Actor = OPERATOR) -> str:
    """Return a token that signs `user` in once, before `now + valid_for`.

    The token is shown once and never stored: the row keeps its SHA-256. A plain hash is enough, for the token
    is 256 random bits and cannot be guessed from a dictionary.

    Raises
    ------
    PermissionRefused
        `created_by` does not manage every area of the user: the link would lend a reach that is not theirs.
    """
    assert valid_for > dt.timedelta(0), "a link is valid for some time"
    require_management_of(created_by, user, on=timezone.localdate(now))
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        SignInLink.objects.create(
            user=user,
            token_sha256=token_hash(token),
            created_by_id=created_by.pk,
            created_at=now,
            expires_at=now + valid_for,
        )
        record_audit(
            created_by,
            "access.create_sign_in_link",
            subject=f"user {user.username}",
            detail={"valid_for_s": valid_for.total_seconds()},
            now=now,
        )
    return token


def token_hash(token: str) -> str:
    """Return the hash under which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
