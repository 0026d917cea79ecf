"""The wall screen (大屏): slides that go on by themselves, made here and only shown by the script.

Everything on them is what the public reads. The script asks for the slides again and again; their version tells whether
anything is new, so a new release appears by itself, and of a lost connection the last slides stay.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from senhui.access.rules import NOWHERE
from senhui.atlas.change_disclosure import APPARENT_TOGETHER
from senhui.atlas.statistics import WHOLE_CITY, TooFine, public_statistics
from senhui.governance.cockpit import targets_in
from senhui.inventory import queries
from senhui.inventory.queries import ReleaseInfo
from senhui.measurement.change import APPARENT_LINES
from senhui.web import city_figures, names, target_words, units
from senhui.web.map_style import DENSITY
from senhui.web.page import page, today

N_SPECIES_SHOWN = 8
LEAST_LINE_FRAC = 1e-4
"""A movement smaller than this part of the stock is no line that one sees from across a room."""
SECONDS_PER_SLIDE = 12
SECONDS_PER_REFRESH = 60
NO_VALUE = "#6b736e"
"""Places without an estimate, on the dark ground."""


def wall_page(request: HttpRequest) -> HttpResponse:
    """Show the wall; `seconds` per slide and per `refresh` may be asked for in the address."""
    context = _context(request)
    if context is None:
        return page(request, "no_release.html")
    html = render_to_string("senhui/wall_slides.html", context, request)
    state = {
        "language": "zh-CN" if names.language() == "zh" else "en-GB",
        "time_zone": settings.TIME_ZONE,
        "slides": reverse("wall-slides"),
        "version": _version(html),
        "seconds": _asked(request, "seconds", SECONDS_PER_SLIDE, least=3),
        "refresh": _asked(request, "refresh", SECONDS_PER_REFRESH, least=2),
        "texts": {
            "since": _("Connection lost: what is shown was loaded at %s"),
            "paused": _("Paused"),
            "slide": _("Slide %s"),
            "no_webgl": _("This browser cannot draw the map (WebGL is off)."),
        },
    }
    return page(request, "wall.html", {**context, "slides_html": html, "state": state})


def slides(request: HttpRequest) -> HttpResponse:
    """Give the slides alone; 304 where the version is the one that the script has."""
    context = _context(request)
    html = render_to_string("senhui/wall_slides.html", context, request) if context else ""
    version = f'"{_version(html)}"'
    is_known = request.headers.get("If-None-Match") == version
    response = HttpResponse(status=304) if is_known else HttpResponse(html)
    response["ETag"] = version
    response["Cache-Control"] = "no-cache"
    return response


def _version(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:16]


def _asked(request: HttpRequest, name: str, usual: int, *, least: int) -> int:
    """Return a number of seconds from the address; what is no number or too small for a reader is not taken."""
    text = request.GET.get(name, "")
    return max(least, min(int(text), 3600)) if text.isdecimal() and len(text) <= 4 else usual


def _context(request: HttpRequest) -> dict[str, Any] | None:
    cockpit = targets_in(today().year)
    release = cockpit.newest or next(iter(queries.releases()), None)
    found = city_figures.figures_of(release, cockpit, ranked_by="forest") if release else None
    if release is None or found is None:
        return None
    stock = "calibrated_stock_tc" if found.is_calibrated else "stock_tc"
    aims = target_words.rows(cockpit)
    rows = [row for _aim, of_aim in aims for row in of_aim]
    species = _parts(release, "species_group", stock, whole_tc=found.stock_tc)
    ages = sorted(_parts(release, "age_group", stock, whole_tc=found.stock_tc), key=lambda part: part["code"] or 9)
    review_number = getattr(settings, "SENHUI_MAP_REVIEW_NUMBER", "")
    return {
        "found": found,
        "release": release,
        "is_sample": release.is_sample,
        "city": names.place(WHOLE_CITY),
        "sentences": city_figures.sentences(found),
        "ranking": city_figures.RANKINGS["forest"],
        "computed": [row for row in rows if row.target.computed],
        "n_without": sum(row.light == "none" for row in rows),
        "n_targets": len(rows),
        "review_number": review_number,
        # A map without a review number is for staff alone, unless it is of the sample city, which says so.
        "shows_map": _has_outlines() and bool(release.is_sample or review_number or request.user.is_authenticated),
        "legend": _legend(),
        "species": species,
        "ages": ages,
        "change_bars": _change_bars(found.change),
        "data": {
            "species": _chart(_largest(species)),
            "ages": _chart(ages),
            "unit": units.habit("share_frac").unit,
            "map": {
                "steps": _steps(),
                "no_value": NO_VALUE,
                "choropleth": f"/api/v1/releases/{release.id}/choropleth/township?measure="
                f"{'calibrated' if found.is_calibrated else 'measured'}&per=forest",
                "townships": "/api/v1/boundaries/township.geojson",
                "counties": "/api/v1/boundaries/county.geojson",
                "names": "/api/v1/labels/county",
            },
        },
    }


def _has_outlines() -> bool:
    return any(unit.geometry is not None for unit in queries.administrative_units("county"))


def _parts(release: ReleaseInfo, by: str, stock: str, *, whole_tc: float | None) -> list[dict[str, Any]]:
    """Return the stock of each value of an attribute that the public reads, the largest first, with its share."""
    try:
        frame = public_statistics(release.id, areas=NOWHERE, within=WHOLE_CITY, by=(by,), where={})
    except (TooFine, queries.NoSuchPlace):
        return []
    shown = frame.filter(frame[stock].is_not_null() & (frame[stock] > 0)).sort(stock, descending=True)
    return [
        {
            "code": row[by],
            "name": names.word(by, row[by]),
            "stock_tc": row[stock],
            "share_frac": row[stock] / whole_tc if whole_tc else None,
        }
        for row in shown.iter_rows(named=True)
    ]


def _largest(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the largest parts and, as one, the others that the public reads."""
    shown, rest = parts[:N_SPECIES_SHOWN], parts[N_SPECIES_SHOWN:]
    if not rest:
        return shown
    sums = {name: sum(part[name] or 0.0 for part in rest) for name in ("stock_tc", "share_frac")}
    return [*shown, {"code": "", "name": _("Other species groups"), **sums}]


def _chart(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return names, lengths and labels of the bars of a chart."""
    return [
        {
            "name": part["name"],
            "value": part["stock_tc"],
            "label": f"{target_words.large(part['stock_tc'], 'stock_tc')} · "
            f"{units.shown(part['share_frac'], 'share_frac')}",
        }
        for part in parts
    ]


def _change_bars(change: city_figures.Change | None) -> list[dict[str, Any]]:
    """Return the movements of the comparison as bars to the left (loss) and right (gain) of a line in the middle."""
    if change is None:
        return []
    stocks = ("stock_before", "stock_after")
    least_tc = LEAST_LINE_FRAC * change.after_tc
    moved = [line for line in change.lines if line[0] not in stocks and abs(line[2]) >= least_tc]
    largest = max((abs(value) for _line, _name, value in moved), default=0.0) or 1.0
    return [
        {
            "name": name,
            "value": value,
            "x": round(50 + min(0.0, 48 * value / largest), 2),
            "width": round(48 * abs(value) / largest, 2),
            "is_gain": value >= 0,
            "is_apparent": line in {*APPARENT_LINES, APPARENT_TOGETHER},
        }
        for line, name, value in moved
    ]


def _steps() -> list[dict[str, Any]]:
    """Return the map's steps in the order that a dark ground asks for: much is bright."""
    steps = DENSITY.steps
    colours = [step.colour for step in reversed(steps)]
    return [{"lower": step.lower, "colour": colour} for step, colour in zip(steps, colours, strict=True)]


def _legend() -> list[dict[str, str]]:
    """Return colour and words of each class of the wall's map, from little to much, then that without a value."""
    steps = _steps()
    classes = [
        {"colour": step["colour"], "label": f"{step['lower']:g} – {above['lower']:g}"}
        for step, above in itertools.pairwise(steps)
    ]
    last = {"colour": steps[-1]["colour"], "label": f"≥ {steps[-1]['lower']:g}"}
    return [*classes, last, {"colour": NO_VALUE, "label": _("no estimate")}]
