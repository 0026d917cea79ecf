"""Views of the map that people keep under a name (已存视图), and the short links to them.

A view keeps the state of the map as its address says it, never what was to be seen: whoever opens it sees of it what
he may see, and the public the townships. The cases are in ``tests/atlas/test_saved_views.py``.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from senhui.access.actions.record_audit import record_audit
from senhui.access.rules import Actor
from senhui.atlas.models import SavedView, UploadedBoundary

MOST_KEPT = 200
"""Views of one person."""
MOST_OF_A_NAME = 80
MOST_OF_A_STATE = 6000
"""A shape of a hundred points has 2,400 letters; the rest is choices."""

_STATE = re.compile(r"[A-Za-z_]+=[^&#\s<>\"'`\\]*(&[A-Za-z_]+=[^&#\s<>\"'`\\]*)*")
_BOUNDARY = re.compile(r"(?:^|&)shape=b(\d{1,18})(?:&|$)")


class NotSignedIn(PermissionError):
    """A visitor keeps nothing."""

    def __init__(self) -> None:
        super().__init__("Sign in to keep views of the map.")


class NoSuchView(LookupError):
    """There is no such view, or it is not shared and somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such view, or its owner no longer shares it.")


class TooManyViews(ValueError):
    """The person has as many views as are kept."""

    def __init__(self) -> None:
        super().__init__(f"You have {MOST_KEPT} saved views. Delete one first.")


class ViewNameWrong(ValueError):
    """A view needs a name of its own."""

    def __init__(self, name: str, *, is_taken: bool) -> None:
        why = "You have a view of this name" if is_taken else f"A name has 1 to {MOST_OF_A_NAME} letters"
        super().__init__(f"{name[:MOST_OF_A_NAME]!r}: {why}. Choose another name.")
        self.name = name[:MOST_OF_A_NAME]
        self.is_taken = is_taken


class ViewStateWrong(ValueError):
    """The text is no state of the map."""

    def __init__(self) -> None:
        super().__init__(
            f"This is no state of the map of at most {MOST_OF_A_STATE} letters. Save the view from the map."
        )


@dataclass(frozen=True)
class View:
    """A saved view as the pages show it; `state` is what follows "#" in the address of the map."""

    key: str
    name: str
    state: str
    is_shared: bool
    made_at: dt.datetime


def save_view(actor: Actor, *, name: str, state: str, is_shared: bool, now: dt.datetime) -> View:
    """Keep a state of the map under a name.

    Raises
    ------
    NotSignedIn, ViewNameWrong, ViewStateWrong, TooManyViews
        In this order of precedence; a name that is taken comes last.
    """
    name = _named(actor, name)
    state = state.removeprefix("#")
    if len(state) > MOST_OF_A_STATE or not _STATE.fullmatch(state):
        raise ViewStateWrong
    if SavedView.objects.filter(owner_id=actor.pk).count() >= MOST_KEPT:
        raise TooManyViews
    found = _BOUNDARY.search(state)
    own = UploadedBoundary.objects.filter(owner_id=actor.pk, pk=int(found[1])).first() if found else None
    try:
        with transaction.atomic():
            row = SavedView.objects.create(
                key=secrets.token_urlsafe(9),
                owner_id=actor.pk,
                name=name,
                state=state,
                boundary=own,
                is_shared=is_shared,
                made_at=now,
            )
            detail = {"name": name, "is_shared": is_shared}
            record_audit(actor, "atlas.save_view", subject=f"view {row.key}", detail=detail, now=now)
    except IntegrityError:
        raise ViewNameWrong(name, is_taken=True) from None
    return _info(row)


def views_of(actor: Actor) -> list[View]:
    """Return a person's views, the newest first; of a visitor, none."""
    return [] if actor.pk is None else [_info(row) for row in SavedView.objects.filter(owner_id=actor.pk)]


def view(actor: Actor, key: str) -> View:
    """Return a view that is shared or one's own.

    Raises
    ------
    NoSuchView
    """
    row = SavedView.objects.filter(key=key).first()
    if row is None or not (row.is_shared or (actor.pk is not None and row.owner_id == actor.pk)):
        raise NoSuchView
    return _info(row)


def change_view(
    actor: Actor, key: str, *, name: str | None = None, is_shared: bool | None = None, now: dt.datetime
) -> View:
    """Give one's own view another name, or share it, or no longer.

    Raises
    ------
    NotSignedIn, NoSuchView, ViewNameWrong
    """
    if actor.pk is None:
        raise NotSignedIn
    try:
        with transaction.atomic():
            row = _own(actor, key)
            row.name = row.name if name is None else _named(actor, name)
            row.is_shared = row.is_shared if is_shared is None else is_shared
            row.save(update_fields=["name", "is_shared"])
            detail = {"name": row.name, "is_shared": row.is_shared}
            record_audit(actor, "atlas.change_view", subject=f"view {key}", detail=detail, now=now)
    except IntegrityError:
        raise ViewNameWrong(name or "", is_taken=True) from None
    return _info(row)


def delete_view(actor: Actor, key: str, *, now: dt.datetime) -> None:
    """Remove one's own view.

    Raises
    ------
    NotSignedIn, NoSuchView
    """
    if actor.pk is None:
        raise NotSignedIn
    with transaction.atomic():
        row = _own(actor, key)
        row.delete()
        record_audit(actor, "atlas.delete_view", subject=f"view {key}", detail={"name": row.name}, now=now)


def _own(actor: Actor, key: str) -> SavedView:
    row = SavedView.objects.select_for_update().filter(key=key, owner_id=actor.pk).first()
    if row is None:
        raise NoSuchView
    return row


def _named(actor: Actor, name: str) -> str:
    if actor.pk is None:
        raise NotSignedIn
    name = " ".join(name.split())
    if not 0 < len(name) <= MOST_OF_A_NAME or not name.isprintable():
        raise ViewNameWrong(name, is_taken=False)
    return name


def _info(row: SavedView) -> View:
    return View(row.key, row.name, row.state, row.is_shared, row.made_at)
