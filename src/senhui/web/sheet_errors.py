"""Refusals of map sheets and documents, explained by class and fields; `errors.py` does the others."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.atlas.sheet import MOST_STANDS, LayerNotOnPaper, MapNeedsReviewNumber, TooManyStands
from senhui.atlas.sheet_extent import BoxDoesNotFit
from senhui.documents import MissingGlyph
from senhui.web.errors import Explanation, explain


@explain.register
def _missing_glyph(error: MissingGlyph) -> Explanation:
    once = dict.fromkeys((character, code) for character, code, _where in error.missing)
    named = ", ".join(f"{character} ({code})" for character, code in once)
    what = _("The document was not made: its fonts lack %(characters)s.") % {"characters": named}
    now = _("Write the text without these characters, or ask the operator to add them to the fonts.")
    why = _("A printed gap or a wrong sign would pass unseen.")
    return Explanation(422, what, now, why)


@explain.register
def _needs_review_number(error: MapNeedsReviewNumber) -> Explanation:
    what = _("The maps of this installation have no map review number, so the public gets none.")
    return Explanation(403, what, _("Sign in with a role. The statistics show the same numbers without a map."))


@explain.register
def _layer_not_on_paper(error: LayerNotOnPaper) -> Explanation:
    return Explanation(404, _("There is no such layer for a map sheet."), _("Choose a layer from the list."))


@explain.register
def _too_many_stands(error: TooManyStands) -> Explanation:
    what = _("%(n)s sub-compartments do not fit this paper at 1:%(scale)s.") % {
        "n": f"{error.n_stands:,}",
        "scale": f"{error.denominator:,}".replace(",", " "),
    }
    now = _("Choose a smaller place or a larger paper, or the layer of stock per hectare, which then shows townships.")
    why = _("A sheet holds at most %(most)s, each at least half a millimetre wide on average: smaller ones are noise.")
    return Explanation(422, what, now, why % {"most": f"{MOST_STANDS:,}"})


@explain.register
def _box_does_not_fit(error: BoxDoesNotFit) -> Explanation:
    what = _("The box %(box)s cannot be drawn.") % {"box": error.box}
    now = _("Give west, south, east and north in degrees, between 117° and 123° east, and not larger than a province.")
    return Explanation(422, what, now)
