"""The register of targets: all seventeen as the plan prints them, and a file that breaks a rule is refused by name."""

from __future__ import annotations

import copy
from importlib.resources import files
from typing import Any

import pytest
import yaml

from senhui import parameters
from senhui.governance.register import TargetFileWrong, definitions, plan, plan_of


@pytest.fixture
def document() -> dict[str, Any]:
    """The plain values of the file."""
    text = (files("senhui.governance") / "parameters" / "targets.yaml").read_text("utf-8")
    return copy.deepcopy(yaml.safe_load(text))


def test_there_are_seventeen_targets_under_three_aims() -> None:
    assert [target.id for target in plan().targets] == [f"K{n:02d}" for n in range(1, 18)]
    assert [aim.id for aim in plan().aims] == ["sink", "exchange", "example"]
    assert sorted(target.id for aim in plan().aims for target in plan().of_aim(aim)) == [
        target.id for target in plan().targets
    ]
    printed_under_an_aim = [target.id for target in plan().targets if target.aim_mark == "A"]
    assert printed_under_an_aim == ["K01", "K02", "K03", "K04", "K05", "K06"]


def test_numbers_of_the_plan_in_si() -> None:
    limits = {target.id: target.limit for target in plan().targets}
    assert limits["K01"] == 0.8
    assert limits["K02"] == 125_000_000  # 12500 万m³
    assert limits["K03"] == 80_000_000  # 8000 万吨碳
    assert limits["K05"] == pytest.approx(20_000 / 15)  # 2 万亩, 15 亩 to the hectare
    assert limits["K07"] == pytest.approx(234_100 / 15)
    assert limits["K08"] == pytest.approx(120_000)
    assert [limits[name] for name in ("K04", "K06", "K09", "K10", "K11", "K12", "K13", "K14", "K16", "K17")] == [
        3, 50, 5, 10, 20, 20, 3, 4, 3, 1,
    ]  # fmt: skip


def test_pine_wilt_disease_has_no_number_and_none_is_invented() -> None:
    target = next(target for target in plan().targets if target.id == "K15")
    assert (target.kind, target.limit, target.printed) == ("programme", None, "")


def test_every_target_names_its_paragraph_mark_and_owner() -> None:
    for target in plan().targets:
        assert target.where.startswith(("一、", "二、", "三、")), target.id
        assert target.owners, target.id
        assert target.wording, target.id
    # A number that the plan does not print as one is derived here.
    assert [target.id for target in plan().targets if target.mark != "A"] == ["K14", "K16", "K17"]
    assert plan().deadline_year == 2025
    assert not plan().may_issue


def test_numbers_of_the_press_are_references_and_unsure() -> None:
    marks = {reference.mark for target in plan().targets for reference in target.references}
    assert marks == {"C", "D"}


def test_land_classes_of_the_definitions_exist() -> None:
    known = set(parameters.table("land_classes").frame["id"])
    for rule, definition in definitions().items():
        assert {*definition.counted, *definition.not_told} <= known, rule


@pytest.mark.parametrize(
    ("target", "change", "problem"),
    [
        ("K03", {"unit": "吨"}, "is no unit of"),
        ("K03", {"printed": "viel"}, "is no number"),
        ("K03", {"owners": ["nobody"]}, "not listed"),
        ("K03", {"aim": "another"}, "not listed"),
        ("K03", {"mark": "E"}, "not known"),
        ("K03", {"colour": "green"}, "unknown"),
        ("K03", {"limit": 1.0}, "computed from"),
        ("K03", {"computed": "by_feeling"}, "no rule"),
        ("K04", {"record_zh": ""}, "what would tell"),
        ("K15", {"printed": "5", "unit": "个", "quantity": "count"}, "a programme has no number"),
    ],
)
def test_a_wrong_file_is_refused(document: dict[str, Any], target: str, change: dict[str, Any], problem: str) -> None:
    document["targets"][target] |= change
    with pytest.raises(TargetFileWrong, match=problem) as refusal:
        plan_of(document)
    assert target in refusal.value.where


def test_a_missing_key_is_refused(document: dict[str, Any]) -> None:
    del document["targets"]["K01"]["wording"]
    with pytest.raises(TargetFileWrong, match="wording"):
        plan_of(document)
