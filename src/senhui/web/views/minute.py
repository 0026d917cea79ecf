"""One minute (一分钟): how much there is, whether it grows, whether the target is reached, and who is ahead.

Made for a phone and for one sheet of paper; without a script.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from senhui.atlas.statistics import WHOLE_CITY
from senhui.governance.cockpit import targets_in
from senhui.inventory import queries
from senhui.web import city_figures, names
from senhui.web.page import page, today


def minute_page(request: HttpRequest) -> HttpResponse:
    """Show the page; `by` ranks the counties by stock, or by stock per hectare of forest or of land."""
    cockpit = targets_in(today().year)
    release = cockpit.newest or next(iter(queries.releases()), None)
    by = request.GET.get("by", "")
    by = by if by in city_figures.RANKINGS else next(iter(city_figures.RANKINGS))
    found = city_figures.figures_of(release, cockpit, ranked_by=by) if release else None
    if release is None or found is None:
        return page(request, "no_release.html")
    context = {
        "found": found,
        "release": release,
        "is_sample": release.is_sample,
        "cockpit": cockpit,
        "sentences": city_figures.sentences(found),
        "by": by,
        "rankings": city_figures.RANKINGS.items(),
        "ranking": city_figures.RANKINGS[by],
        "city": names.place(WHOLE_CITY),
        "today": today(),
    }
    return page(request, "minute.html", context)
