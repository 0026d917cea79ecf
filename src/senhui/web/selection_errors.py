"""Refusals of a selection, explained by class and fields."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.atlas.selection import MOST_POINTS, ShapeWrong, UnknownValue
from senhui.web.errors import Explanation, explain


@explain.register
def _no_value(error: UnknownValue) -> Explanation:
    return Explanation(
        400,
        _("%(value)s is no value of %(dimension)s.") % {"value": error.value, "dimension": error.dimension},
        _("Choose one of those that the page offers."),
    )


@explain.register
def _no_shape(error: ShapeWrong) -> Explanation:
    what = {
        "not_points": _("The shape is not written as points of longitude and latitude."),
        "too_few": _("A shape needs three different points."),
        "too_many": _("The shape has more than %(n)s points.") % {"n": MOST_POINTS},
        "crosses_itself": _("The outline of the shape crosses itself or holds no area."),
        "no_such_boundary": _("There is no such boundary that you may use."),
    }[error.reason]
    return Explanation(400, what, _("Draw the shape again, with at most %(n)s points.") % {"n": MOST_POINTS})
