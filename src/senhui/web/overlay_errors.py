"""Refusals of overlays, explained by class and fields; `errors.py` does the others."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.inventory.actions.import_overlay import (
    OverlayIsThere,
    OverlayLiesNowhere,
    OverlayOutlinesWrong,
    OverlayStatementWrong,
)
from senhui.inventory.actions.remove_overlay import OverlayIsRemoved, RemovalNeedsAReason
from senhui.inventory.overlays import NoSuchOverlay
from senhui.web.errors import Explanation, explain


def _list() -> str:
    return _("Look at the list of boundaries.")


@explain.register
def _unknown(error: NoSuchOverlay) -> Explanation:
    return Explanation(404, _("There are no such boundaries that you may see."), _list())


@explain.register
def _statement(error: OverlayStatementWrong) -> Explanation:
    what = _("“%(value)s” does not do as %(field)s.") % {"value": error.value, "field": error.field}
    return Explanation(422, what, _("State kind, name, source, year and who sees it."))


@explain.register
def _outlines(error: OverlayOutlinesWrong) -> Explanation:
    rows = ", ".join(map(str, error.rows))
    what = _("%(n)s rows of %(file)s have no valid outline: %(rows)s.") % {
        "n": f"{error.n_rows:,}",
        "file": error.file_name,
        "rows": rows,
    }
    return Explanation(422, what, _("Repair them where the layer was drawn and import it again."))


@explain.register
def _nowhere(error: OverlayLiesNowhere) -> Explanation:
    what = _("%(file)s lies in no county that is known here.") % {"file": error.file_name}
    return Explanation(422, what, _("Check its coordinate system, or ask an administrator to load the boundaries."))


@explain.register
def _there(error: OverlayIsThere) -> Explanation:
    what = _("This file lies over the map already, as “%(name)s”.") % {"name": error.name_zh}
    return Explanation(409, what, _("Remove that one first, or choose another file."))


@explain.register
def _removed(error: OverlayIsRemoved) -> Explanation:
    what = _("%(who)s has removed it from the map already.") % {"who": error.removed_by}
    return Explanation(409, what, _list())


@explain.register
def _without_reason(error: RemovalNeedsAReason) -> Explanation:
    return Explanation(422, _("A removal needs a reason."), _("Say why; the history keeps it."))
