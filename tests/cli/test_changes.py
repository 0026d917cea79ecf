"""Change and events in the terminal: the table that closes, and events by named persons."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.inventory.surveys import two_releases
from tests.small_layer import LONGQUAN, QINGYUAN
from typer.testing import CliRunner

from senhui.atlas import difference_tiles, tiles
from senhui.cli.main import app
from senhui.inventory import changes, queries
from senhui.inventory.models import Event

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()


def run(*words: str | int) -> Any:
    return runner.invoke(app, [str(word) for word in words])


def answer(*words: str | int) -> Any:
    """Return what a command prints for machines."""
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture
def surveys(person: Person, tmp_path: Path, senhui_home: Path) -> tuple[str, str]:
    """Two releases of one township of Longquan; wang and zhou are technicians of Longquan and Qingyuan."""
    before, after = two_releases(person, tmp_path)
    person("wang", technician=LONGQUAN)
    person("zhou", technician=QINGYUAN)
    return before.id, after.id


def stand_id(release: str, row: int = 11) -> str:
    return str(queries.scan(release).collect().row(row, named=True)["sub_compartment_id"])


def harvest(surveys: tuple[str, str], *words: str, who: str = "wang") -> tuple[str | int, ...]:
    stand = stand_id(surveys[0])
    return ("event", "record", "harvest", surveys[0], stand, "2018-06-01", "--area-ha", "2", "--as", who, *words)


def test_a_comparison_is_drawn_and_can_be_drawn_anew(surveys: tuple[str, str]) -> None:
    change_id = answer("change", *surveys, "--as", "wang")["change"]
    assert difference_tiles.has_tiles(change_id)
    path = tiles.path_of(difference_tiles.name_of(change_id))
    path.unlink()
    assert answer("tiles", "--change", change_id) == {"change": change_id, "map": "made"}
    assert path.exists()
    assert run("tiles", "--change", "no-such").exit_code == 1
    for words in (("tiles",), ("tiles", surveys[0], "--change", change_id)):
        assert run(*words).exit_code == 2


def test_the_table_closes_also_as_it_is_printed(surveys: tuple[str, str]) -> None:
    told = answer("change", *surveys, "--as", "wang", "--within", LONGQUAN)
    lines = {line: sum(values) for line, values in told["lines"].items()}
    moved = sum(value for line, value in lines.items() if not line.startswith("stock_"))
    assert lines["stock_before"] + moved == pytest.approx(lines["stock_after"])
    assert told["counts"]["before"]["unchanged"] == 12
    assert told["removal"]["change_tc_yr"] == pytest.approx(moved / 5)
    printed = run("change", *surveys, "--as", "wang", "--within", LONGQUAN).output
    assert "Growth" in printed
    assert "tCO2e" in printed


def test_an_event_is_recorded_listed_counted_and_taken_back(surveys: tuple[str, str]) -> None:
    made = answer(*harvest(surveys, "--taken", "1", "--product", "0.5"))
    assert made["living_change_tc"] < 0
    table = answer("change", *surveys, "--as", "wang", "--within", LONGQUAN)["lines"]
    assert sum(table["harvest"]) == pytest.approx(made["living_change_tc"])
    (listed,) = answer("event", "list", "--as", "wang")
    assert (listed["id"], listed["kind"], listed["reversed_by"]) == (made["id"], "harvest", None)
    assert answer("event", "list", "--as", "zhou") == []
    back = answer("event", "reverse", made["id"], "--reason", "another stand", "--as", "wang")
    assert back["living_change_tc"] == -made["living_change_tc"]
    assert "harvest" not in answer("change", *surveys, "--as", "wang", "--within", LONGQUAN)["lines"]
    again = run("event", "reverse", made["id"], "--reason", "once more", "--as", "wang")
    assert again.exit_code == 1
    assert "already" in again.output


def test_a_fire_tells_of_its_gases(surveys: tuple[str, str]) -> None:
    result = run(
        "event", "record", "fire", surveys[0], stand_id(surveys[0]), "2018-06-01", "--area-ha", "2", "--as", "wang"
    )
    assert result.exit_code == 0, result.output
    assert "tCO2e of CH4 and N2O apart" in " ".join(result.output.split())


def test_refusals_end_with_code_1_and_leave_nothing(surveys: tuple[str, str]) -> None:
    refused: list[tuple[tuple[str | int, ...], str]] = [
        (("change", surveys[1], surveys[0], "--as", "wang"), "does not come before"),
        (("change", "1999-1", surveys[1], "--as", "wang"), "1999-1"),
        (harvest(surveys), "taken_frac"),
        (harvest(surveys, "--taken", "1", who="zhou"), "on your land"),
        ((*harvest(surveys, "--taken", "1")[:5], "2023-06-01", "--area-ha", "2", "--taken", "1", "--as", "wang"),
         "does not lie after 2016"),
        (("event", "reverse", 7, "--reason", "x", "--as", "wang"), "7"),
    ]  # fmt: skip
    for words, said in refused:
        result = run(*words)
        assert result.exit_code == 1, (words, result.output)
        assert said in " ".join(result.output.split())
    assert run("change", *surveys, "--as", "wang", "--basis", "both").exit_code == 2
    assert run("change", *surveys).exit_code == 2, "the terminal itself sees no land"
    assert not Event.objects.exists()
    assert changes.changes() == []
