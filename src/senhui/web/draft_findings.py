"""What is open on a draft, as its pages show it: counts by reason, pages of findings, the next row with an error.

Asks `inventory.queries` and adds words. Cases: tests/web/test_draft_page.py.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext as translated

from senhui.access.rules import Actor
from senhui.intake import REASONS
from senhui.inventory import queries
from senhui.web import names
from senhui.web.field_words import field_words

EVERY_ROW: Final = 400_000
"""More than any layer has: all findings on one page."""

GEOMETRY: Final = "geometry"
SEVERITIES: Final = ("error", "warning")


@dataclass(frozen=True)
class Chosen:
    """Which findings the address asks for; empty means all."""

    reason: str
    severity: str
    message: str

    @property
    def query(self) -> str:
        """The same choice as the query of an address, or nothing."""
        given = {name: value for name, value in (("reason", self.reason), ("severity", self.severity)) if value}
        return f"?{urlencode(given)}" if given else ""


@dataclass(frozen=True)
class Group:
    """All findings of one reason."""

    reason: str
    severity: str
    message: str
    remedy: str
    n_rows: int
    n_excludable: int


def chosen(request: HttpRequest) -> Chosen:
    """Read the choice out of an address; what is not known is not chosen."""
    reason = request.GET.get("reason", "")
    severity = request.GET.get("severity", "")
    known = REASONS.get(reason)
    return Chosen(
        reason if known else "",
        severity if severity in SEVERITIES else "",
        translated(known.message) if known else "",
    )


def groups(actor: Actor, draft: queries.DraftInfo, *, on: dt.date) -> list[Group]:
    """Return the findings of a draft by reason, errors before warnings, the most frequent first."""
    found = []
    for severity in SEVERITIES:
        counts = queries.draft_errors(actor, draft.id, on=on, severity=severity, per_page=1).n_by_reason
        found += [_group(reason, severity, n) for reason, n in counts.items()]
    return found


def _group(reason: str, severity: str, n: int) -> Group:
    known = REASONS[reason]
    return Group(
        reason, severity, translated(known.message), translated(known.remedy), n, n if severity == "error" else 0
    )


def found_page(
    actor: Actor, draft: queries.DraftInfo, choice: Chosen, *, page: int, on: dt.date
) -> queries.FindingsPage:
    """Return one page of the findings that were chosen; without a choice, of the errors while there are any."""
    severity = choice.severity
    if not severity and choice.reason:
        severity = REASONS[choice.reason].severity
    if not severity:
        severity = "error" if draft.n_open_errors else "warning"
    return queries.draft_errors(actor, draft.id, on=on, reason=choice.reason or None, severity=severity, page=page)


def rows_with(actor: Actor, draft: queries.DraftInfo, choice: Chosen, *, on: dt.date) -> list[int]:
    """Return the rows that have a finding of the choice, in the order of the file; without a choice, an error."""
    severity = choice.severity or (REASONS[choice.reason].severity if choice.reason else "error")
    found = queries.draft_errors(
        actor, draft.id, on=on, reason=choice.reason or None, severity=severity, per_page=EVERY_ROW
    )
    return sorted({finding["row"] for finding in found.findings if finding["row"] is not None})


def worded(finding: dict[str, Any], profile: dict[str, Any]) -> dict[str, Any]:
    """Return a finding with reason, remedy and field in the reader's language."""
    field = finding["field"] or GEOMETRY
    return {
        **finding,
        "message": translated(finding["message_en"]),
        "remedy": translated(finding["remedy_en"]),
        "field_label": _("outline") if field == GEOMETRY else field_words(field, profile=profile).label,
    }


def by_county(township_codes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the townships of a draft under their counties, with names in the reader's language."""
    counties: dict[str, list[str]] = {}
    for code in sorted(township_codes):
        counties.setdefault(code[:6], []).append(names.place(code))
    return [{"name": names.place(code), "townships": townships} for code, townships in counties.items()]
