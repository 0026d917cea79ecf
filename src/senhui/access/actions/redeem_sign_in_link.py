"""Sign a person in by a one-time link (凭一次性链接登录)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.db import transaction
from django.db.models import Exists, OuterRef

from senhui.access.actions.create_sign_in_link import token_hash
from senhui.access.actions.record_audit import record_audit
from senhui.access.models import SignInLink, User

Reason = Literal["unknown", "used", "expired", "closed"]

_WHY: dict[Reason, str] = {
    "unknown": "There is no such sign-in link. Check that the whole address was copied.",
    "used": "This sign-in link was used before; each works once. Ask for a new one.",
    "expired": "This sign-in link is too old. Ask for a new one.",
    "closed": "The user of this sign-in link is closed. Ask an administrator.",
}


class SignInLinkRefused(Exception):
    """The link signs nobody in.

    Parameters
    ----------
    reason : unknown, used, expired or closed.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(_WHY[reason])
        self.reason = reason


def check_sign_in_link(token: str, *, now: dt.datetime) -> None:
    """Say at once that a link would sign nobody in; whoever asks changes nothing.

    Raises
    ------
    SignInLinkRefused
        As `redeem_sign_in_link` would.
    """
    link = SignInLink.objects.select_related("user").filter(token_sha256=token_hash(token)).first()
    if link is None or link.redeemed_at is not None or link.expires_at <= now or not link.user.is_active:
        raise SignInLinkRefused(_reason(link, now=now))


def redeem_sign_in_link(token: str, *, now: dt.datetime) -> User:
    """Use a link up and return its user, whom the caller then signs in.

    Pages call this on POST only: mail scanners and browsers open addresses in advance.

    1. One conditional UPDATE takes the link: of two at the same moment, the database lets one through.
    2. The audit row is written.

    Raises
    ------
    SignInLinkRefused
        The person should ask for a new link. Nothing was changed.
    """
    mine = SignInLink.objects.filter(token_sha256=token_hash(token))
    with transaction.atomic():
        # The user is asked by EXISTS and not by a join: Django writes a joined UPDATE as `id IN (SELECT …)`, whose
        # conditions PostgreSQL does not look at again after waiting for the row, and then two get through.
        is_open = Exists(User.objects.filter(pk=OuterRef("user_id"), is_active=True))
        taken = mine.filter(is_open, redeemed_at__isnull=True, expires_at__gt=now).update(redeemed_at=now)
        link = mine.select_related("user").first()
        if taken and link is not None:
            record_audit(
                link.user,
                "access.redeem_sign_in_link",
                subject=f"user {link.user.username}",
                detail={},
                now=now,
            )
            return link.user
    raise SignInLinkRefused(_reason(link, now=now))


def _reason(link: SignInLink | None, *, now: dt.datetime) -> Reason:
    if link is None:
        return "unknown"
    if link.redeemed_at is not None:
        return "used"
    return "expired" if link.expires_at <= now else "closed"
