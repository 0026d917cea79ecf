"""Refusals of exports, boundaries and saved views, explained by class and fields."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.atlas import boundaries_uploaded, saved_views
from senhui.atlas.boundaries_uploaded import NoSuchBoundary, TooManyBoundaries
from senhui.atlas.exports import NothingChosen
from senhui.atlas.saved_views import NoSuchView, NotSignedIn, TooManyViews, ViewNameWrong, ViewStateWrong
from senhui.web.errors import Explanation, explain
from senhui.web.export_request import TooManyAtOnce


@explain.register
def _nothing_chosen(error: NothingChosen) -> Explanation:
    return Explanation(
        409,
        _("No sub-compartment that you may export lies in the selection."),
        _("Remove a filter or the shape, or choose another place."),
    )


@explain.register
def _too_many_at_once(error: TooManyAtOnce) -> Explanation:
    return Explanation(
        409,
        _("%(n)s sub-compartments take too long to wait for.") % {"n": f"{error.n_rows:,}"},
        _("POST to the same address: it starts a job and says where its file will be."),
    )


@explain.register
def _no_boundary(error: NoSuchBoundary) -> Explanation:
    return Explanation(404, _("There is no such boundary, or it is somebody else's."), _("Upload the boundary again."))


@explain.register
def _too_many_boundaries(error: TooManyBoundaries) -> Explanation:
    return Explanation(
        409,
        _("You have %(n)s uploaded boundaries, and more are not kept.") % {"n": boundaries_uploaded.MOST_KEPT},
        _("Delete one that you no longer need."),
    )


@explain.register
def _not_signed_in(error: NotSignedIn) -> Explanation:
    return Explanation(403, _("You are not signed in."), _("Sign in to keep views of the map."))


@explain.register
def _no_view(error: NoSuchView) -> Explanation:
    return Explanation(
        404,
        _("There is no such view, or its owner no longer shares it."),
        _("Ask whoever gave you the link, or open the map."),
    )


@explain.register
def _too_many_views(error: TooManyViews) -> Explanation:
    return Explanation(
        409,
        _("You have %(n)s saved views, and more are not kept.") % {"n": saved_views.MOST_KEPT},
        _("Delete one that you no longer need."),
    )


@explain.register
def _name_wrong(error: ViewNameWrong) -> Explanation:
    if error.is_taken:
        what = _("You have a view with the name %(name)s already.") % {"name": error.name}
    else:
        what = _("A name has 1 to %(n)s letters.") % {"n": saved_views.MOST_OF_A_NAME}
    return Explanation(422, what, _("Choose another name."))


@explain.register
def _state_wrong(error: ViewStateWrong) -> Explanation:
    return Explanation(422, _("This is no view of the map that can be kept."), _("Save the view from the map."))
