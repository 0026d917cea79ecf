"""Options that many commands share: who acts or reads, JSON for machines, the number of a draft, a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

AsUser = Annotated[str, typer.Option("--as", envvar="SENHUI_USER", help="User name of the person acting.")]
AsReader = Annotated[
    str | None,
    typer.Option(
        "--as", envvar="SENHUI_USER", help="Show what this person may see; left out: all, as to the machine's owner."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DraftId = Annotated[int, typer.Argument(metavar="DRAFT", help="Number of the draft.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]


@dataclass(frozen=True)
class Session:
    """What every command begins with.

    Attributes
    ----------
    set_up : starts Django and brings the database up to date.
    person : gives the user of a name, or leaves with a plain message.
    now : gives the present instant.
    """

    set_up: Callable[[], None]
    person: Callable[[str], Any]
    now: Callable[[], dt.datetime]

    def reader(self, username: str | None) -> Any:
        """Return the person who reads, or the operator of the machine where nobody is named."""
        from senhui.access.terminal import OPERATOR

        return OPERATOR if username is None else self.person(username)

    def today(self) -> dt.date:
        """Return the present day where the program runs."""
        from django.utils import timezone

        return timezone.localdate(self.now())
