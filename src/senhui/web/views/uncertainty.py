"""The error of a release (误差): the interval of every place, what it consists of, and what nobody published."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senhui.atlas import uncertainty
from senhui.inventory import queries
from senhui.measurement.monte_carlo import SEED
from senhui.measurement.uncertainty import Interval
from senhui.web import names, summaries
from senhui.web.page import page

SHARED_BY: dict[str, Promise] = {
    "all": _("everything errs together"),
    "stand": _("each sub-compartment errs for itself"),
    "county": _("the stands of one county err together"),
    "parameter": _("all that use the same number err together"),
    "species_group": _("the stands of one species group err together"),
    "zhejiang_row": _("the stands of one form group err together"),
    "arcm_row": _("the stands of one form group err together"),
    "zhejiang_2009_row": _("the stands of one form group err together"),
    "li_lei_row": _("the stands of one form group err together"),
}
KINDS: dict[str, Promise] = {
    "model": _("method"),
    "parameter": _("published number"),
    "input": _("survey of stands"),
    "sampling": _("sample survey"),
}
GROUND: dict[str, Promise] = {
    "understory": _("Shrubs and herbs under the canopy"),
    "dead_wood": _("Dead wood"),
    "litter": _("Litter"),
    "soil_100cm": _("Soil, 0-100 cm"),
    "soil_30cm": _("Soil, 0-30 cm"),
}


def show_error(request: HttpRequest, release_id: str) -> HttpResponse:
    """Show the interval of the city or of a county (`within`), and of each place one level below."""
    info = queries.release(release_id)
    within = request.GET.get("within", "")
    level = names.LEVEL_OF_LENGTH.get(len(within)) if within else "city"
    if level not in ("city", "county"):
        raise queries.NoSuchPlace(within)
    is_calibrated = summaries.is_calibrated(info) and request.GET.get("measure") != "measured"
    context: dict[str, Any] = {
        "release": info,
        "is_sample": info.is_sample,
        "within": within,
        "place": names.place(within) if within else "",
        "shows_calibrated": is_calibrated,
        "has_choice": summaries.is_calibrated(info),
        "excluded_area_ha": info.excluded_area_within(within) if within else info.excluded_area_ha,
        "counties": [(code, names.place(code)) for code in _parts(info, "", 6)],
    }
    parts = _parts(info, within, 9 if level == "county" else 6)
    if not parts:
        raise queries.NoSuchPlace(within)
    found = uncertainty.errors_of(release_id, [within, *parts], is_calibrated=is_calibrated)
    if found is None:
        return page(request, "release_error.html", context | {"is_known": False})
    drawn = uncertainty.draws_of(release_id, [within, *parts], is_calibrated=is_calibrated)
    whole = found[within]
    context |= {
        "is_known": True,
        "whole": whole,
        "relative_frac": whole.relative_half_width_frac,
        "whole_drawn": drawn[within],
        "drawn_half_tc": (drawn[within].upper_tc - drawn[within].lower_tc) / 2.0,
        "seed": SEED,
        "parts_of": _contributions(whole),
        "not_set": _not_set(whole),
        "rows": [_row(code, found[code], drawn[code]) for code in parts],
        "alone_tc": math.hypot(*(found[code].half_width_tc for code in parts)),
        "ground": [
            {"name": GROUND[pool], "error": error, "frac": error.relative_half_width_frac, "not_set": _not_set(error)}
            for pool, error in uncertainty.ground_errors_of(release_id, within).items()
        ],
        "surveys": _surveys(info) if is_calibrated else [],
    }
    return page(request, "release_error.html", context)


def _parts(info: queries.ReleaseInfo, within: str, n_digits: int) -> list[str]:
    """Return the codes of the places below, as far as the release has land there."""
    return sorted({code[:n_digits] for code in info.township_codes if code.startswith(within)})


def _row(code: str, error: Interval, drawn: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": names.place(code),
        "error": error,
        "frac": error.relative_half_width_frac,
        "drawn_half_tc": (drawn.upper_tc - drawn.lower_tc) / 2.0,
    }


def _contributions(error: Interval) -> list[dict[str, Any]]:
    """Name who shares each source; the bar is as wide as the share of the variance."""
    return [
        {
            "part": part,
            "kind": KINDS[part.kind],
            "shared_by": SHARED_BY[part.shared_by],
            "share_frac": round(part.share_frac, 3),
            "bar": round(100.0 * part.share_frac, 2),
        }
        for part in error.contributions
    ]


def _not_set(error: Interval) -> list[dict[str, Any]]:
    return [
        {"part": part, "kind": KINDS[part.kind], "frac": part.touched_tc / error.total_tc if error.total_tc else None}
        for part in error.not_set
    ]


def _surveys(info: queries.ReleaseInfo) -> list[dict[str, Any]]:
    """Return the errors of the design totals, each once, with the domains that share it."""
    surveys: dict[str, dict[str, Any]] = {}
    for factor in info.manifest["measurement"]["calibration"]["factors"]:
        if factor.get("standard_error_frac") is None:
            continue
        key = factor["survey"] or factor["domain"]
        entry = surveys.setdefault(
            key,
            {
                "frac": factor["standard_error_frac"],
                "source": factor["error_source"],
                "mark": factor["error_mark"],
                "domains": [],
            },
        )
        entry["domains"].append(names.word("domain", factor["domain"]))
    return list(surveys.values())
