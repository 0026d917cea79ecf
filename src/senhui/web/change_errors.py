"""Refusals of comparisons, events and places, explained by class and fields; `errors.py` does the others."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.atlas.change_jobs import ChangeMapNotMade
from senhui.atlas.tiles import ChangeTilesMissing
from senhui.inventory.actions.compare_releases import (
    CannotBeMeasuredAgain,
    NoLandInCommon,
    SampleAgainstSurvey,
    SurveysNotInOrder,
)
from senhui.inventory.actions.record_event import (
    EventAlreadyRecorded,
    EventAreaTooLarge,
    EventDateNotBetween,
    EventStatementWrong,
    LossLargerThanStock,
    RequestKeyUsed,
    StandHasNoEstimate,
)
from senhui.inventory.actions.reverse_event import EventAlreadyReversed, ReversalIsFinal, ReversalNeedsAReason
from senhui.inventory.changes import ChangeWasAltered, NoSuchChange
from senhui.inventory.events import NoSuchEvent
from senhui.inventory.queries import NoSuchPlace
from senhui.measurement.closing import DoesNotClose
from senhui.web.errors import Explanation, explain
from senhui.web.event_words import KINDS, STATEMENTS


@explain.register
def _no_change(error: NoSuchChange) -> Explanation:
    return Explanation(404, _("There is no such comparison."), _("Choose two releases and compare them."))


@explain.register
def _no_change_tiles(error: ChangeTilesMissing) -> Explanation:
    return Explanation(
        404,
        _("There are no map tiles of this comparison."),
        _("Draw its map on its page, or in the terminal: senhui tiles --change %(id)s") % {"id": error.change_id},
    )


@explain.register
def _no_change_map(error: ChangeMapNotMade) -> Explanation:
    return Explanation(
        500,
        _("The releases were compared and the comparison stands, but its map was not drawn."),
        _("Draw its map on its page, or in the terminal: senhui tiles --change %(id)s") % {"id": error.change_id},
    )


@explain.register
def _no_place(error: NoSuchPlace) -> Explanation:
    what = _("No place with the code %(code)s is known here.") % {"code": error.code}
    return Explanation(404, what, _("Search for its name, or choose it on the map."))


@explain.register
def _altered(error: ChangeWasAltered) -> Explanation:
    return Explanation(
        409,
        _("The file %(name)s of this comparison was changed after it was written.") % {"name": error.file_name},
        _("Tell an administrator, and compare the releases again."),
    )


@explain.register
def _does_not_close(error: DoesNotClose) -> Explanation:
    return Explanation(
        500,
        _("The table of this comparison does not close, so it is not shown."),
        _("Tell an administrator: a movement is missing."),
    )


@explain.register
def _order(error: SurveysNotInOrder) -> Explanation:
    return Explanation(
        409,
        _("A survey of %(before)s does not come before one of %(after)s.")
        % {"before": error.before_year, "after": error.after_year},
        _("Choose the older release first."),
    )


@explain.register
def _sample(error: SampleAgainstSurvey) -> Explanation:
    return Explanation(
        409,
        _("One of %(before)s and %(after)s is sample data, the other is a survey.")
        % {"before": error.before_id, "after": error.after_id},
        _("Compare sample data with sample data."),
    )


@explain.register
def _no_land(error: NoLandInCommon) -> Explanation:
    return Explanation(
        409,
        _("The releases %(before)s and %(after)s share no township.")
        % {"before": error.before_id, "after": error.after_id},
        _("Choose two releases of the same place."),
    )


@explain.register
def _not_again(error: CannotBeMeasuredAgain) -> Explanation:
    return Explanation(
        409,
        _("The two releases rest on different methods or numbers, and %(id)s cannot be measured again.")
        % {"id": error.release_id},
        _("Import its layer once more and release it; then compare that one."),
        error.missing,
    )


@explain.register
def _no_event(error: NoSuchEvent) -> Explanation:
    return Explanation(404, _("There is no such event on your land."), _("Look at the list of events."))


@explain.register
def _statement(error: EventStatementWrong) -> Explanation:
    what = _("For %(kind)s, “%(field)s” is missing or out of range.") % {
        "kind": KINDS.get(error.kind, error.kind),
        "field": STATEMENTS.get(error.field, error.field),
    }
    allowed = (
        "" if error.most_tc_ha is None else _("It may be 0 to %(most)s t C/ha.") % {"most": f"{error.most_tc_ha:g}"}
    )
    return Explanation(422, what, _("State it and record the event again."), allowed)


@explain.register
def _date(error: EventDateNotBetween) -> Explanation:
    return Explanation(
        422,
        _("%(day)s does not lie after %(year)s and up to %(until)s.")
        % {"day": error.happened_on, "year": error.after_year, "until": error.until},
        _("Choose the survey that came before the event, or correct the day."),
    )


@explain.register
def _area(error: EventAreaTooLarge) -> Explanation:
    return Explanation(
        422,
        _("The stand has %(stand)s ha, not %(area)s.")
        % {"stand": f"{error.stand_area_ha:.2f}", "area": f"{error.area_ha:.2f}"},
        _("Record the rest on the neighbouring stands."),
    )


@explain.register
def _without_estimate(error: StandHasNoEstimate) -> Explanation:
    return Explanation(
        422,
        _("Stand %(id)s has no estimate of its stock, so a loss of it has none either.")
        % {"id": error.sub_compartment_id},
        _("Correct its record in the next import."),
    )


@explain.register
def _loss(error: LossLargerThanStock) -> Explanation:
    return Explanation(
        409,
        _("The event takes %(loss)s t C, and %(left)s t C are left on the stand.")
        % {"loss": f"{error.loss_tc:.2f}", "left": f"{error.left_tc:.2f}"},
        _("Look at the events recorded on it; take a wrong one back first."),
    )


@explain.register
def _recorded(error: EventAlreadyRecorded) -> Explanation:
    return Explanation(
        409,
        _("Event %(id)s says the same of this stand and day.") % {"id": error.event_id},
        _("Leave it at that, or say that this is another event."),
    )


@explain.register
def _key_used(error: RequestKeyUsed) -> Explanation:
    return Explanation(
        409,
        _("This request was recorded before as event %(id)s, and said something else.") % {"id": error.event_id},
        _("Look at the list of events. For another event open the form anew, or send a new key."),
    )


@explain.register
def _reason(error: ReversalNeedsAReason) -> Explanation:
    return Explanation(422, _("Nobody said why this event is taken back."), _("Give a reason."))


@explain.register
def _final(error: ReversalIsFinal) -> Explanation:
    return Explanation(409, _("This entry takes another one back, and stays."), _("Record the event again instead."))


@explain.register
def _twice(error: EventAlreadyReversed) -> Explanation:
    return Explanation(409, _("This event has been taken back already."), _("Look at the list of events."))
