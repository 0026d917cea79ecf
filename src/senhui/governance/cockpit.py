"""All targets at once (目标驾驶舱): the plan, what the surveys say of it, and the newest comparison.

Cases: tests/governance/test_observations.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from senhui.governance.assessment import Assessment, Observation, assess
from senhui.governance.observations import Coverage, Unknown, WhyNot, coverage, newest_change, observed, surveys, trend
from senhui.governance.register import Aim, Plan, Target, plan
from senhui.inventory import queries
from senhui.inventory.changes import ChangeInfo
from senhui.inventory.queries import ReleaseInfo


@dataclass(frozen=True)
class Cockpit:
    """The targets as they stand on a day.

    Attributes
    ----------
    newest : the newest release of the whole city; None where there is none.
    change : the newest comparison of two surveys of the whole city; None where there is none.
    why_not : why a computed target has no value, by its id.
    coverages : the parts of the forest coverage by year.
    """

    plan: Plan
    assessments: tuple[Assessment, ...]
    newest: ReleaseInfo | None
    change: ChangeInfo | None
    why_not: dict[str, WhyNot]
    coverages: dict[int, Coverage]

    def of(self, target_id: str) -> Assessment:
        """Return the assessment of one target."""
        return next(one for one in self.assessments if one.target.id == target_id)

    def of_aim(self, aim: Aim) -> tuple[Assessment, ...]:
        """Return the assessments of an aim, in the order of the plan."""
        return tuple(one for one in self.assessments if one.target.aim == aim.id)


def targets_in(this_year: int) -> Cockpit:
    """Return all targets as they stand in a year, from what the public reads of the releases."""
    infos = surveys()
    change = newest_change()
    why_not: dict[str, WhyNot] = {}
    assessments = []
    for target in plan().targets:
        found = _observations(target, infos, why_not)
        rate = trend(target.computed, change) if change is not None and target.computed and found else None
        assessments.append(assess(target, found, trend=rate, deadline_year=plan().deadline_year, this_year=this_year))
    parts = {info.reference_year: coverage(info.id) for info in infos}
    return Cockpit(
        plan=plan(),
        assessments=tuple(assessments),
        newest=infos[-1] if infos else None,
        change=change,
        why_not=why_not,
        coverages={year: part for year, part in parts.items() if isinstance(part, Coverage)},
    )


def _observations(target: Target, infos: list[ReleaseInfo], why_not: dict[str, WhyNot]) -> list[Observation]:
    """Return what the surveys say of a target; where none does, note the newest survey's reason."""
    if target.computed is None:
        return []
    told = [observed(target.computed, info) for info in infos]
    found = [one for one in told if isinstance(one, Observation)]
    if not found:
        reasons = [one.reason for one in told if isinstance(one, Unknown)]
        why_not[target.id] = reasons[-1] if reasons else _without_a_survey()
    return found


def _without_a_survey() -> WhyNot:
    return "not_whole_city" if queries.releases() else "no_release"
