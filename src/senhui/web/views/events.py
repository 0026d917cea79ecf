"""Events of stands (事件): what happened, recorded by a person on a stand, and taken back by another entry."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from senhui.access.queries import areas_for
from senhui.inventory import events, queries
from senhui.inventory.actions.record_event import EventAlreadyRecorded, record_event
from senhui.inventory.actions.reverse_event import reverse_event
from senhui.web import names
from senhui.web.errors import explain
from senhui.web.event_forms import EventForm
from senhui.web.event_words import KINDS, POOLS
from senhui.web.page import page, row_asked, today

N_PER_PAGE = 50
MOST_SHOWN = 1_000


def list_events(request: HttpRequest) -> HttpResponse:
    """List the events on the reader's land, and what a later layer says happened."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    kind, said_by = request.GET.get("kind", ""), request.GET.get("said_by", "")
    if kind and kind not in KINDS:
        raise Http404
    found = events.events(request.user, on=today(), kind=kind or None, limit=MOST_SHOWN)
    shown = Paginator(found, N_PER_PAGE).get_page(request.GET.get("page"))
    proposed = events.proposals(request.user, said_by, on=today()).rows(named=True) if said_by else []
    later = queries.release(said_by) if said_by else None
    context = {
        "events": [_described(info) for info in shown],
        "shown": shown,
        "kinds": KINDS.items(),
        "kind": kind,
        "releases": queries.releases(),
        "later": later,
        "earlier": _survey_before(later) if later else None,
        "proposed": [
            {**row, "word": KINDS[row["kind"]], "place": names.place(row["township_code"])} for row in proposed
        ],
        "may_record": _may_record(request),
    }
    return page(request, "changes/events.html", context)


def record(request: HttpRequest) -> HttpResponse:
    """Find a stand, then record what happened to it."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    releases = queries.releases()
    release_id = request.GET.get("release") or (min(releases, key=lambda r: r.reference_year).id if releases else "")
    if not release_id:
        return page(request, "no_release.html")
    info = queries.release(release_id)
    text, row = request.GET.get("q", "").strip(), row_asked(request)
    context: dict[str, Any] = {
        "releases": releases,
        "release": info,
        "is_sample": info.is_sample,
        "text": text,
        "found": queries.find_stands(request.user, release_id, text, on=today()) if text and row is None else [],
        "may_record": _may_record(request),
    }
    status = 200
    if row is not None:
        stand = queries.stand(request.user, release_id, row, on=today())
        form = EventForm(request.POST or None, initial={"kind": request.GET.get("kind", "harvest")})
        refused = None
        if request.method == "POST" and form.is_valid():
            try:
                made = record_event(
                    request.user,
                    kind=form.cleaned_data["kind"],
                    release_id=release_id,
                    row=row,
                    happened_on=form.cleaned_data["happened_on"],
                    area_ha=form.area_ha(),
                    statement=form.statement(),
                    note=form.cleaned_data["note"],
                    request_key=form.cleaned_data["request_key"] or None,
                    is_another=form.cleaned_data["is_another"],
                    now=timezone.now(),
                )
            except Exception as error:
                # Shown above the form, which keeps what was typed; what is no refusal stays a mistake.
                refused = explain(error)
                if refused is None or refused.status in {403, 404}:
                    raise
                status = refused.status
                if isinstance(error, EventAlreadyRecorded):
                    form.ask_whether_another()
            else:
                return redirect(f"{reverse('events')}#event-{made.id}")
        elif form.errors:
            status = 400
        context |= {
            "stand": stand,
            "stand_words": names.stand_words(stand),
            "trail": names.trail(stand["township_code"]),
            "left_tc": events.stock_left_tc(release_id, row, stock_tc=stand["stock_tc"] or 0.0),
            "form": form,
            "refused": refused,
        }
    return page(request, "changes/record.html", context, status=status)


@require_POST
def reverse_one(request: HttpRequest, event_id: int) -> HttpResponse:
    """Take an event back."""
    made = reverse_event(request.user, event_id=event_id, reason=request.POST.get("reason", ""), now=timezone.now())
    return redirect(f"{reverse('events')}#event-{made.id}")


def _may_record(request: HttpRequest) -> bool:
    return not areas_for(request.user, events.PERMISSION_TO_RECORD, on=today()).is_empty


def _survey_before(later: queries.ReleaseInfo) -> queries.ReleaseInfo | None:
    """Return the newest release before another one that shares land with it."""
    earlier = [
        info
        for info in queries.releases()
        if info.reference_year < later.reference_year and set(info.township_codes) & set(later.township_codes)
    ]
    return max(earlier, key=lambda info: info.reference_year, default=None)


def _described(info: events.EventInfo) -> dict[str, Any]:
    """Return an event with its words; soil entries of twenty years are one line."""
    pools: dict[str, dict[str, float | None]] = {}
    for entry in info.entries:
        sums = pools.setdefault(entry.pool, {"change_tc": None, "emission_tco2e": None, "gas_t": None})
        for name in sums:
            amount = getattr(entry, name)
            if amount is not None:
                sums[name] = (sums[name] or 0.0) + amount
    return {
        "info": info,
        "word": KINDS[info.kind],
        "place": names.place(info.township_code),
        "pools": [{"word": POOLS[pool], **sums} for pool, sums in pools.items()],
        "may_reverse": info.reverses_id is None and info.reversed_by_id is None,
    }
