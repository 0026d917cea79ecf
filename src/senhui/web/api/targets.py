"""The plan's targets with value, evidence and verdict: the same for everybody."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from senhui.governance.assessment import Assessment
from senhui.governance.cockpit import Cockpit, targets_in
from senhui.governance.register import definitions
from senhui.web.page import today

router = Router()


class ValueOut(Schema):
    """What a release says of a target, with the range in which it lies."""

    year: int
    release_id: str
    value: float
    lower: float
    upper: float
    range_of: Literal["error", "not_told_classes", "unknown"] = Field(
        description="the 95 % interval; land whose class does not tell whether it counts; or no error known"
    )


class ForecastOut(Schema):
    """A straight line on from the last survey, by a comparison; no model."""

    year: int
    value: float
    half_width: float | None
    reached_in: float | None
    rate_per_yr: float
    of: Literal["removal", "difference"] = Field(description="what the yearly rate is: see the page of targets")
    change_id: str


class TargetOut(Schema):
    """A target of the plan. `quantity` names the SI unit of all its numbers; null is no record and never zero."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "id": "K03", "aim": "sink", "name_zh": "森林碳储量", "name_en": "Forest carbon stock",
        "wording": "森林碳储量达到8000万吨", "where": "一、总体要求（三）行动目标，第一目标", "mark": "A",
        "kind": "stock", "quantity": "stock_tc", "printed": "8000", "unit": "万吨碳", "limit": 80000000.0,
        "deadline_year": 2025,
        "is_overdue": True, "owners": ["市林业局"], "verdict": "undecided", "light": "open",
        "value": {"year": 2021, "release_id": "2021-2", "value": 73807700.0, "lower": 68643322.5,
                  "upper": 78972077.5, "range_of": "error"},
        "years": [], "failed_in": [], "gap": 6192300.0, "share_frac": 0.9226, "needed_per_yr": 1548075.0,
        "forecast": None, "why_not": None, "definition_mark": "D",
        "equation": "Σ 乔木、竹、灌木、经济林、散生四旁植被碳储量",
    }})  # fmt: skip

    id: str
    aim: str
    name_zh: str
    name_en: str
    wording: str
    where: str
    mark: str
    kind: str
    quantity: str | None
    printed: str
    unit: str
    limit: float | None
    deadline_year: int
    is_overdue: bool
    owners: list[str]
    verdict: str
    light: str
    value: ValueOut | None
    years: list[ValueOut]
    failed_in: list[int]
    gap: float | None
    share_frac: float | None
    needed_per_yr: float | None
    forecast: ForecastOut | None
    why_not: str | None
    equation: str | None
    definition_mark: str | None


@router.get("/targets", response=list[TargetOut], summary="The 17 targets of the plan, with value and verdict")
def list_targets(request: HttpRequest) -> list[dict[str, Any]]:
    """Return all targets in the order of the plan."""
    cockpit = targets_in(today().year)
    return [_out(found, cockpit) for found in cockpit.assessments]


def _out(found: Assessment, cockpit: Cockpit) -> dict[str, Any]:
    target, forecast = found.target, found.forecast
    rule = definitions()[target.computed] if target.computed else None
    kept = (
        "id",
        "aim",
        "name_zh",
        "name_en",
        "wording",
        "where",
        "mark",
        "kind",
        "quantity",
        "printed",
        "unit",
        "limit",
    )
    return {
        **{name: getattr(target, name) for name in kept},
        "deadline_year": found.deadline_year,
        "is_overdue": found.is_overdue,
        "owners": [body.name_zh for body in target.owners],
        "verdict": found.verdict,
        "light": found.light,
        "value": asdict(found.newest) if found.newest else None,
        "years": [asdict(one) for one in found.years],
        "failed_in": list(found.failed_in),
        "gap": found.gap,
        "share_frac": found.share_frac,
        "needed_per_yr": found.needed_per_yr,
        "forecast": forecast
        and {**asdict(forecast), "rate_per_yr": forecast.trend.rate_per_yr, "of": forecast.trend.of,
             "change_id": forecast.trend.change_id},
        "why_not": cockpit.why_not.get(target.id),
        "equation": rule.equation if rule else None,
        "definition_mark": rule.mark if rule else None,
    }  # fmt: skip
