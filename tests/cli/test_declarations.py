"""Declarations in the terminal: the same actions as on the page, with the same refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.small_layer import LONGQUAN
from typer.testing import CliRunner

from senhui.cli.main import app
from senhui.inventory import declarations
from senhui.inventory.models import Declaration

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()
AREA = "error.area_single"


def run(*words: str) -> Any:
    return runner.invoke(app, ["declaration", *words])


@pytest.fixture(autouse=True)
def people(person: Person, senhui_home: Path) -> None:
    person("lin", technician=LONGQUAN)
    person("chen", reviewer="3311")


def listed() -> dict[str, dict[str, Any]]:
    result = run("list", "--as", "chen", "--json")
    assert result.exit_code == 0, result.output
    return {row["name"]: row for row in json.loads(result.stdout.splitlines()[-1])}


def test_a_value_is_set_listed_and_taken_back() -> None:
    assert listed()[AREA]["declared"] is None
    result = run("set", AREA, "0.02", "--ground", "control of 2025", "--as", "lin", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["value"] == 0.02
    assert (listed()[AREA]["declared"], listed()[AREA]["by"]) == (0.02, "lin")
    assert (listed()[AREA]["published"], listed()["error.volume_survey"]["published"]) == (None, 0.0765)
    assert run("set", "soil", "tropical_moist/sandy", "--ground", "soil survey", "--as", "lin").exit_code == 0
    assert run("withdraw", AREA, "--ground", "found wrong", "--as", "lin").exit_code == 0
    assert declarations.in_force().errors == ()
    assert listed()["soil"]["declared"] == "tropical_moist/sandy"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("set", AREA, "0.02", "--ground", "x", "--as", "chen"), "declare_values"),
        (("set", AREA, "2", "--ground", "x", "--as", "lin"), "number (0, 1]"),
        (("set", AREA, "much", "--ground", "x", "--as", "lin"), "number (0, 1]"),
        (("set", AREA, "0.02", "--ground", " ", "--as", "lin"), "rests on"),
        (("set", "weather", "1", "--ground", "x", "--as", "lin"), "declaration list"),
        (("withdraw", AREA, "--ground", "x", "--as", "lin"), "nothing to take back"),
    ],
)
def test_refusals_end_with_code_1_and_leave_nothing(words: tuple[str, ...], reason: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert reason in " ".join(result.output.split())
    assert not Declaration.objects.exists()


def test_every_command_has_help_with_an_example() -> None:
    for command in ("set", "withdraw", "list"):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert "Example: senhui declaration" in " ".join(result.output.split())
