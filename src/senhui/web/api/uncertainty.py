"""The error of a release thrown at random, with its seed, beside the analytic one of `/releases/{id}/error`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict

from senhui.atlas.uncertainty import draws_of
from senhui.inventory import queries
from senhui.measurement.monte_carlo import SEED
from senhui.web.api.releases import EXCLUDED, Measure, beside_totals

router = Router()


class DrawsOut(Schema):
    """What the draws say of a total: the interval leaves out equal tails of 2.5 % on either side."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "seed": 20261122, "n_draws": 10000, "mean_tc": 73807700.0, "standard_error_tc": 2635000.0,
        "lower_tc": 68640000.0, "upper_tc": 78980000.0, "error_of_standard_error_frac": 0.0071,
        "excluded_area_ha": 12.4, "is_sample": True,
    }})  # fmt: skip

    seed: int
    n_draws: int
    mean_tc: float
    standard_error_tc: float
    lower_tc: float
    upper_tc: float
    error_of_standard_error_frac: float
    excluded_area_ha: float = EXCLUDED
    is_sample: bool


@router.get(
    "/releases/{release_id}/error/draws",
    response={200: DrawsOut, 404: dict[str, str]},
    summary="The error of a place's vegetation stock, thrown at random with a stated seed",
)
def show_draws(
    request: HttpRequest, release_id: str, within: str = "", measure: Measure = "calibrated"
) -> dict[str, Any]:
    """Return the draws of a city, county or township; of a release without sums of error, nothing (404)."""
    info = queries.release(release_id)
    if not any(code.startswith(within) for code in info.township_codes):
        raise queries.NoSuchPlace(within)
    found = draws_of(release_id, [within], is_calibrated=measure == "calibrated")
    if not found:
        raise Http404
    drawn = found[within]
    return {"seed": SEED, **asdict(drawn), **beside_totals(info, within)}
