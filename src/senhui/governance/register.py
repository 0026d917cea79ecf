"""The register of targets (目标登记): what the plan prints, read strictly from `parameters/targets.yaml`.

Numbers are turned to SI here and nowhere else. Cases: tests/governance/test_register.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeVar, get_args

import yaml

from senhui.quantities import frac_from_percent, ha_from_wan_mu, m3_from_wan_m3, tc_from_wan_tc

Kind = Literal["hold", "stock", "flow", "count", "programme"]
Quantity = Literal["share_frac", "volume_m3", "stock_tc", "area_ha", "count"]
Rule = Literal["forest_coverage", "forest_volume", "vegetation_carbon"]
Mark = Literal["A", "B", "C", "D"]
Made = TypeVar("Made")

_TO_SI: Final[dict[str, tuple[Quantity, Callable[[float], float]]]] = {
    "%": ("share_frac", frac_from_percent),
    "万m³": ("volume_m3", m3_from_wan_m3),
    "万吨碳": ("stock_tc", tc_from_wan_tc),
    "万亩": ("area_ha", ha_from_wan_mu),
    "个": ("count", float),
    "家": ("count", float),
    "项": ("count", float),
    "座": ("count", float),
}
"""What the plan's units measure, and how they become SI."""


class TargetFileWrong(ValueError):
    """The parameter file of the targets breaks a rule; nothing is shown with it."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"Targets, {where}: {problem}. Correct the file in governance/parameters.")
        self.where = where
        self.problem = problem


@dataclass(frozen=True)
class Reference:
    """A number of somebody else, as printed there: for orientation, never a value."""

    printed: str
    unit: str
    mark: Mark
    source: str


@dataclass(frozen=True)
class Aim:
    """One of the three aims of the plan (三大目标)."""

    id: str
    name_zh: str
    name_en: str
    where: str


@dataclass(frozen=True)
class Body:
    """A responsible body (责任单位), under the name that the plan gives it."""

    id: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class Definition:
    """How a value is read from a release: which land classes count, and what the rule rests on."""

    counted: tuple[str, ...]
    not_told: tuple[str, ...]
    equation: str
    mark: Mark
    source: str
    where: str
    note_zh: str
    note_en: str


@dataclass(frozen=True)
class Target:
    """A target of the plan.

    Attributes
    ----------
    limit : the number in SI (fraction, m³, tC, ha or 1) by `quantity`; None where the plan sets none.
    printed, unit : the number and unit as the plan has them.
    wording : the plan's own sentence.
    aim_mark : A where the plan prints it under this aim, D where it was grouped here.
    computed : the rule by which a release tells the value, or None.
    record_zh, record_en : what would tell the value.
    """

    id: str
    name_zh: str
    name_en: str
    wording: str
    aim: str
    aim_mark: Mark
    kind: Kind
    owners: tuple[Body, ...]
    where: str
    mark: Mark
    range: str
    quantity: Quantity | None = None
    unit: str = ""
    printed: str = ""
    limit: float | None = None
    from_year: int | None = None
    computed: Rule | None = None
    record_zh: str = ""
    record_en: str = ""
    note_zh: str = ""
    note_en: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The plan: where its numbers stand, its aims and its targets, in its own order."""

    source: str
    region: str
    may_issue: bool
    is_draft: bool
    first_year: int
    deadline_year: int
    aims: tuple[Aim, ...]
    targets: tuple[Target, ...]

    def of_aim(self, aim: Aim) -> tuple[Target, ...]:
        """Return the targets of an aim."""
        return tuple(target for target in self.targets if target.aim == aim.id)


@cache
def plan() -> Plan:
    """Return the plan with its targets.

    Raises
    ------
    TargetFileWrong
    """
    return plan_of(_document("targets.yaml"))


@cache
def definitions() -> Mapping[Rule, Definition]:
    """Return how each computed value is read from a release.

    Raises
    ------
    TargetFileWrong
    """
    document = _document("definitions.yaml")
    if set(document) != set(get_args(Rule)):
        raise TargetFileWrong("definitions.yaml", f"it defines {sorted(document)}, not {sorted(get_args(Rule))}")
    return {rule: _made(Definition, document[rule], where=rule) for rule in get_args(Rule)}


def plan_of(document: dict[str, Any]) -> Plan:
    """Read a plan from the plain values of its file; refuse what is missing, unknown or contradictory.

    Raises
    ------
    TargetFileWrong
    """
    aims = tuple(_made(Aim, {"id": id_, **item}, where=f"aim {id_}") for id_, item in document.get("aims", {}).items())
    bodies = {
        id_: _made(Body, {"id": id_, **item}, where=f"body {id_}") for id_, item in document.get("bodies", {}).items()
    }
    targets = tuple(
        _target(id_, item, aims={aim.id for aim in aims}, bodies=bodies)
        for id_, item in document.get("targets", {}).items()
    )
    rest = {key: value for key, value in document.items() if key not in {"aims", "bodies", "targets"}}
    found = _made(Plan, {**rest, "aims": aims, "targets": targets}, where="the plan")
    if found.may_issue and any(target.mark != "A" for target in targets):
        raise TargetFileWrong("the plan", "a number that was not read may not issue")
    return found


def _target(id_: str, item: dict[str, Any], *, aims: set[str], bodies: Mapping[str, Body]) -> Target:
    if "limit" in item:
        raise TargetFileWrong(id_, "limit is computed from `printed`")
    references = tuple(_made(Reference, one, where=f"{id_} reference") for one in item.get("references", []))
    unknown = [owner for owner in item.get("owners", []) if owner not in bodies]
    if unknown or item.get("aim") not in aims:
        raise TargetFileWrong(id_, f"aim or owner is not listed: {[item.get('aim'), *unknown]}")
    values = {**item, "id": id_, "owners": tuple(bodies[owner] for owner in item.get("owners", []))}
    target = _made(Target, {**values, "references": references, "limit": _limit(id_, item)}, where=id_)
    if target.mark not in get_args(Mark) or target.kind not in get_args(Kind):
        raise TargetFileWrong(id_, f"mark {target.mark!r} or kind {target.kind!r} is not known")
    if target.computed is not None and target.computed not in get_args(Rule):
        raise TargetFileWrong(id_, f"there is no rule {target.computed!r}")
    if (target.kind == "programme") != (target.limit is None):
        raise TargetFileWrong(id_, "a programme has no number, and every other target has one")
    if target.limit is not None and target.computed is None and not (target.record_zh and target.record_en):
        raise TargetFileWrong(id_, "nothing says what would tell its value")
    return target


def _limit(id_: str, item: dict[str, Any]) -> float | None:
    """Return the printed number in SI, and refuse a unit that does not measure the quantity."""
    if "printed" not in item:
        return None
    quantity, convert = _TO_SI.get(item.get("unit", ""), (None, float))
    if quantity is None or quantity != item.get("quantity"):
        raise TargetFileWrong(id_, f"unit {item.get('unit')!r} is no unit of {item.get('quantity')!r}")
    try:
        return convert(float(item["printed"]))
    except (TypeError, ValueError) as problem:
        raise TargetFileWrong(id_, f"{item['printed']!r} is no number") from problem


def _made(kind: type[Made], item: dict[str, Any], *, where: str) -> Made:
    """Make a value of plain ones, and refuse a key that it does not have or lacks."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
    if unknown := sorted(set(values) - known):
        raise TargetFileWrong(where, f"unknown {unknown}")
    try:
        return kind(**values)
    except TypeError as problem:
        raise TargetFileWrong(where, f"{problem}") from problem


def _document(name: str) -> dict[str, Any]:
    text = (files("senhui.governance") / "parameters" / name).read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document
