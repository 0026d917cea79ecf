"""Refusals of a draft's map, explained by class and fields; `errors.py` does the others."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.atlas.draft_tiles import DraftNotDrawn
from senhui.web.errors import Explanation, explain


@explain.register
def _not_drawn(error: DraftNotDrawn) -> Explanation:
    what = _("Draft %(draft)s has not been drawn yet.") % {"draft": error.draft_id}
    return Explanation(404, what, _("Draw it from its page or on the map."))
