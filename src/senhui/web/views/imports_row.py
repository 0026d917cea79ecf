"""The page of one row of a draft: what is wrong, the form that corrects it, its outline, and who decided what.

A decision is answered at once: with HTMX only the part of the page that changed is sent. A refusal stands in the same
place, and what the person typed stays in the form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from senhui.access.rules import PermissionRefused
from senhui.intake.schema import FIELD_BY_NAME
from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.exclude_rows import ReasonMissing, exclude_rows
from senhui.inventory.actions.reopen_row import reopen_row
from senhui.inventory.refusals import NoSuchRow, RowChangedMeanwhile
from senhui.web import draft_findings
from senhui.web.errors import Explanation, explain
from senhui.web.field_words import FieldWords, field_words, known_codes
from senhui.web.page import page, today
from senhui.web.row_sketch import sketch
from senhui.web.views.imports_draft import OPEN_STATES, draft_page, follow_with_tiles, may

INPUT = "value:"
"""What the names of the inputs begin with; the rest is the column of the file."""


ROW_ZOOM = 15
"""Close enough to see a stand among its neighbours."""


@dataclass(frozen=True)
class Input:
    """One column of the row in the form; `old` is the file's own value where it was corrected."""

    words: FieldWords
    text: str
    meaning: str
    old: str | None
    codes: list[tuple[str, str]]
    is_concerned: bool

    @property
    def name(self) -> str:
        """Name of the input."""
        return f"{INPUT}{self.words.column}"


def show_row(request: HttpRequest, draft_id: int, row: int) -> HttpResponse:
    """Show a row."""
    return _page(request, draft_id, row)


@require_POST
def correct(request: HttpRequest, draft_id: int, row: int) -> HttpResponse:
    """Correct the columns that differ from what the row says, or its outline."""
    found = queries.draft_row(request.user, draft_id, row, on=today())
    typed = {name.removeprefix(INPUT): str(text) for name, text in request.POST.items() if name.startswith(INPUT)}
    values = {
        column: text.strip() or None
        for column, text in typed.items()
        if column not in found.values or text.strip() != as_text(found.values[column])
    }
    return _decide(
        request,
        draft_id,
        row,
        typed=typed,
        done=lambda: correct_row(
            request.user,
            draft_id=draft_id,
            row=row,
            values=values,
            repair_outline="repair_outline" in request.POST,
            reason=request.POST.get("reason", ""),
            seen=_seen(request),
            now=timezone.now(),
        ),
    )


@require_POST
def exclude(request: HttpRequest, draft_id: int, row: int) -> HttpResponse:
    """Exclude the row, with a reason."""
    seen = _seen(request)
    return _decide(
        request,
        draft_id,
        row,
        done=lambda: exclude_rows(
            request.user,
            draft_id=draft_id,
            rows=[row],
            reason=request.POST.get("reason", ""),
            seen=None if seen is None else {row: seen},
            now=timezone.now(),
        ),
    )


@require_POST
def reopen(request: HttpRequest, draft_id: int, row: int) -> HttpResponse:
    """Take back what was decided of the row."""
    return _decide(
        request,
        draft_id,
        row,
        done=lambda: reopen_row(request.user, draft_id=draft_id, row=row, seen=_seen(request), now=timezone.now()),
    )


def as_text(value: Any) -> str:
    """Return a value as it stands in an input: whole numbers without a point, nothing for null.

    Examples
    --------
    >>> as_text(4.0), as_text(0.7), as_text(None), as_text("0012")
    ('4', '0.7', '', '0012')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip()


def _seen(request: HttpRequest) -> int | None:
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _decide(
    request: HttpRequest, draft_id: int, row: int, *, done: Callable[[], object], typed: Mapping[str, str] | None = None
) -> HttpResponse:
    """Do what was decided and show the row as it is then; what is refused is said on the page of the row."""
    try:
        done()
    except Exception as error:
        explanation = explain(error)
        if explanation is None or isinstance(error, queries.NoSuchDraft | NoSuchRow | PermissionRefused):
            raise
        return _page(request, draft_id, row, refused=error, explanation=explanation, typed=typed)
    follow_with_tiles(request, draft_id)
    if request.headers.get("HX-Request"):
        return _page(request, draft_id, row, is_answer=True)
    choice = draft_findings.chosen(request)
    return redirect(f"{reverse('imports-row', args=[draft_id, row])}{choice.query}")


def _page(
    request: HttpRequest,
    draft_id: int,
    row: int,
    *,
    refused: Exception | None = None,
    explanation: Explanation | None = None,
    typed: Mapping[str, str] | None = None,
    is_answer: bool = False,
) -> HttpResponse:
    draft = queries.draft(request.user, draft_id, on=today())
    found = queries.draft_row(request.user, draft_id, row, on=today())
    if draft.state == "unmapped":  # nothing is known of its rows yet: its page leads to the mapping
        return draft_page(request, draft, status=409)
    choice = draft_findings.chosen(request)
    inputs = _inputs(draft, found, typed or {})
    concerned = [one for one in inputs if one.is_concerned]
    context = {
        "draft": draft,
        "is_sample": draft.is_sample,
        "row": found,
        "findings": [draft_findings.worded(finding, draft.profile) for finding in found.findings],
        "n_errors": sum(finding["severity"] == "error" for finding in found.findings),
        "concerned": concerned,
        "others": [one for one in inputs if not one.is_concerned],
        "history": _history(draft, found),
        "sketch": sketch(found.outline, found.neighbours, row=row, partners=_partners(found)),
        "map_view": _map_view(draft, found),
        "repair": found.repair,
        "is_repair_chosen": "repair_outline" in request.POST and refused is not None,
        "may": may(request, draft),
        "refused": explanation,
        "refused_reason": isinstance(refused, ReasonMissing),
        "is_conflict": isinstance(refused, RowChangedMeanwhile),
        "is_answer": is_answer,
        "given_reason": request.POST.get("reason", "") if refused else "",
        "filter_query": choice.query,
        "chosen": choice,
        **_way(request, draft, choice, row),
    }
    return page(request, "imports/row.html", context, status=explanation.status if explanation else 200)


def _way(request: HttpRequest, draft: queries.DraftInfo, choice: draft_findings.Chosen, row: int) -> dict[str, Any]:
    """Return the rows before and after this one among those that are open, and how many these are."""
    rows = draft_findings.rows_with(request.user, draft, choice, on=today())
    return {
        "previous_row": next((number for number in reversed(rows) if number < row), None),
        "next_row": next((number for number in rows if number > row), None),
        "n_rows_open": len(rows),
        "place": rows.index(row) + 1 if row in rows else None,
    }


def _map_view(draft: queries.DraftInfo, found: queries.DraftRow) -> str:
    """Return the place on the one map where the row is seen, as its address has it; nothing where it is not shown."""
    if found.outline is None or draft.state not in OPEN_STATES or not queries.releases():
        return ""
    west, south, east, north = shapely.bounds(shapely.geometry.shape(found.outline))
    return f"{ROW_ZOOM}/{(south + north) / 2:.5f}/{(west + east) / 2:.5f}"


def _partners(found: queries.DraftRow) -> set[int]:
    return {finding["other_row"] for finding in found.findings if finding.get("other_row") is not None}


def _inputs(draft: queries.DraftInfo, found: queries.DraftRow, typed: Mapping[str, str]) -> list[Input]:
    """Return an input for every column of the file, in its order."""
    field_of_column = {column: field for field, column in draft.profile.get("field_names", {}).items()}
    wrong = {finding["field"] for finding in found.findings}
    inputs = []
    for column, value in found.values.items():
        known = FIELD_BY_NAME.get(column.strip().upper())
        field = field_of_column.get(column) or (known.name if known else column)
        codes = known_codes(field, draft.profile)
        text = typed.get(column, as_text(value))
        inputs.append(
            Input(
                words=field_words(field, column=column, profile=draft.profile),
                text=text,
                meaning=dict(codes).get(text, ""),
                old=as_text(found.as_read[column]) if column in found.as_read else None,
                codes=codes,
                is_concerned=bool({field, column} & wrong) or column in found.as_read,
            )
        )
    return inputs


def _history(draft: queries.DraftInfo, found: queries.DraftRow) -> list[dict[str, Any]]:
    """Return who decided what, the last first, with each value in words."""
    field_of_column = {column: field for field, column in draft.profile.get("field_names", {}).items()}
    words = {"corrected": _("corrected"), "excluded": _("excluded"), "reopened": _("opened again")}
    return [
        {
            "what": words[one.kind],
            "who": one.decided_by,
            "at": one.decided_at,
            "reason": one.reason,
            "repaired": one.repair_outline,
            "values": [
                {"words": field_words(field_of_column.get(column, column), column=column), "text": as_text(value)}
                for column, value in one.values.items()
            ],
        }
        for one in reversed(found.decisions)
    ]
