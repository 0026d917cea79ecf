"""What the installation declares (本地声明): the list, and one with its history, set and taken back by a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from senhui.inventory import declarations
from senhui.inventory.actions.declare_value import declare_value
from senhui.inventory.actions.withdraw_declaration import withdraw_declaration
from senhui.inventory.declarations import DeclarationInfo
from senhui.measurement.declarable import Declarable, declarable
from senhui.web import declaration_words
from senhui.web.declaration_forms import DeclarationForm, WithdrawalForm
from senhui.web.errors import Explanation, explain
from senhui.web.page import page, today
from senhui.web.views.uncertainty import KINDS, SHARED_BY


def list_declarations(request: HttpRequest) -> HttpResponse:
    """List all that can be declared with what counts now: a declaration, a published number, or nothing."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    rows = [_row(item, last) for item, last in declarations.standing(request.user, on=today())]
    context = {
        "here": "parameters",
        "assumptions": [row for row in rows if row["source"] is None],
        "errors": sorted((row for row in rows if row["source"] is not None), key=_order),
        "n_declared": sum(row["declared"] is not None for row in rows),
        "n_not_set": sum(row["declared"] is None and row["published"] is None for row in rows),
        "may_declare": declarations.may_declare(request.user, on=today()),
    }
    return page(request, "declarations/list.html", context)


def show_declaration(request: HttpRequest, declarable_id: str) -> HttpResponse:
    """Show one with its history; who may declares another value."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    item = declarable(declarable_id)
    if request.method != "POST":
        return _page(request, item)
    form = DeclarationForm(item, request.POST)
    if not form.is_valid():
        return _page(request, item, form=form, status=400)
    return _done_or_told(
        request,
        item,
        lambda: declare_value(
            request.user,
            declarable_id=declarable_id,
            value=form.kept(),
            ground=form.cleaned_data["ground"],
            seen=form.cleaned_data["seen"],
            now=timezone.now(),
        ),
        form=form,
    )


@require_POST
def withdraw(request: HttpRequest, declarable_id: str) -> HttpResponse:
    """Take a declaration back."""
    item = declarable(declarable_id)
    withdrawal = WithdrawalForm(request.POST)
    if not withdrawal.is_valid():
        return _page(request, item, withdrawal=withdrawal, status=400)
    return _done_or_told(
        request,
        item,
        lambda: withdraw_declaration(
            request.user,
            declarable_id=declarable_id,
            ground=withdrawal.cleaned_data["ground"],
            seen=withdrawal.cleaned_data["seen"],
            now=timezone.now(),
        ),
        withdrawal=withdrawal,
    )


def _done_or_told(
    request: HttpRequest, item: Declarable, act: Callable[[], DeclarationInfo], **forms: Any
) -> HttpResponse:
    """Act and lead back to the page; a refusal is shown above the form, which keeps what was typed."""
    try:
        act()
    except Exception as error:
        refused = explain(error)
        # What is no refusal stays a mistake, and who may not do it at all gets the page that says so.
        if refused is None or refused.status in {403, 404}:
            raise
        return _page(request, item, refused=refused, status=refused.status, **forms)
    return redirect("declarations-one", item.id)


def _page(
    request: HttpRequest,
    item: Declarable,
    *,
    form: DeclarationForm | None = None,
    withdrawal: WithdrawalForm | None = None,
    refused: Explanation | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = declarations.history(request.user, item.id, on=today())
    row = _row(item, lines[0] if lines else None)
    seen = {"seen": lines[0].number if lines else 0}
    context = {
        "here": "parameters",
        "row": row,
        "lines": [
            {
                "info": line,
                "before": None if line.before is None else declaration_words.value(item, line.before),
                "after": None if line.value is None else declaration_words.value(item, line.value),
            }
            for line in lines
        ],
        "may_declare": declarations.may_declare(request.user, on=today()),
        "form": form or DeclarationForm(item, initial=seen),
        "withdrawal": withdrawal or WithdrawalForm(initial=seen, auto_id="id_withdraw_%s"),
        "refused": refused,
    }
    return page(request, "declarations/one.html", context, status=status)


def _order(row: dict[str, Any]) -> int:
    """Put what is declared first, then what is not set; what has a number needs nobody."""
    return 0 if row["declared"] is not None else 1 if row["published"] is None else 2


def _row(item: Declarable, last: DeclarationInfo | None) -> dict[str, Any]:
    source = item.error_source
    return {
        "item": item,
        "name": declaration_words.name(item),
        "source": source,
        "kind": "" if source is None else KINDS[source.kind],
        "shared_by": "" if source is None else SHARED_BY[source.shared_by],
        "published": None if source is None else declaration_words.published(source),
        "declared": None if last is None or last.value is None else declaration_words.value(item, last.value),
        "last": last,
    }
