"""Drafts in the terminal: listed, their rows decided by named persons, with exit codes a script can trust."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.inventory.damaged import BOW_TIE, MOVED, WRONG_AREA, write_damaged
from tests.inventory.test_map_draft import NAMES, write_renamed
from tests.small_layer import LONGQUAN
from typer.testing import CliRunner

from senhui.cli.main import app
from senhui.intake import ImportProfile, write_mapping
from senhui.inventory.models import RowDecision

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()


def run(*words: str | Path | int) -> Any:
    return runner.invoke(app, [str(word) for word in words])


def answer(*words: str | Path | int) -> Any:
    """Return what a command prints for machines."""
    return json.loads(run(*words, "--json").stdout.splitlines()[-1])


@pytest.fixture
def draft(person: Person, tmp_path: Path, senhui_home: Path) -> int:
    """The damaged layer, imported in the terminal."""
    person("lin", technician=LONGQUAN)
    person("chen", reviewer="3311")
    result = run("import", write_damaged(tmp_path / "damaged.gpkg"), "--year", 2021, "--as", "lin", "--json")
    assert result.exit_code == 3
    return int(json.loads(result.stdout.splitlines()[-1])["draft"])


def test_the_whole_way_from_errors_to_a_release(draft: int) -> None:
    found = answer("errors", draft)
    assert (found["n"], found["by_reason"]["outline_overlaps"]) == (4, 2)
    corrected = run("correct", draft, WRONG_AREA, "MIAN_JI=4", "--reason", "a slip", "--as", "lin")
    assert corrected.exit_code == 3, "there are still errors"
    assert "3 open errors" in corrected.output
    assert run("correct", draft, BOW_TIE, "--repair-outline", "--as", "lin").exit_code == 3
    excluded = run("exclude", draft, MOVED, "--reason", "drawn twice", "--as", "lin")
    assert excluded.exit_code == 0, excluded.output
    assert "1 rows with 4.0 ha left out" in excluded.output
    assert "no open error" in run("errors", draft).output
    assert run("measure", draft, "--as", "lin").exit_code == 0
    (listed,) = answer("drafts")
    assert (listed["state"], listed["open_errors"], listed["excluded"]) == ("measured", 0, 1)
    assert run("release", draft, "--label", "Test", "--as", "chen").exit_code == 0
    (release,) = answer("releases")
    assert (release["release"], release["excluded_area_ha"]) == (f"2021-{draft}", 4.0)
    again = run("release", draft, "--label", "Test", "--as", "chen")
    assert again.exit_code == 1
    assert f"2021-{draft}" in again.output
    assert "Measure" not in again.output


def test_a_decision_needs_a_name_and_what_it_says(draft: int) -> None:
    assert run("correct", draft, WRONG_AREA, "MIAN_JI=4").exit_code == 2, "the terminal itself decides nothing"
    assert run("exclude", draft, MOVED, "--as", "lin").exit_code == 2
    assert run("correct", draft, WRONG_AREA, "MIAN_JI", "--as", "lin").exit_code == 2
    assert run("exclude", draft, "three", "--reason", "x", "--as", "lin").exit_code == 2
    assert run("correct", draft, 99, "MIAN_JI=4", "--as", "lin").exit_code == 1
    assert run("correct", draft, WRONG_AREA, "SIZE=4", "--as", "lin").exit_code == 1
    assert run("errors", 99).exit_code == 1
    assert not RowDecision.objects.exists()


def test_a_row_is_opened_again(draft: int) -> None:
    run("exclude", draft, f"{WRONG_AREA},{MOVED}", "--reason", "x", "--as", "lin")
    assert answer("reopen", draft, MOVED, "--as", "lin")["excluded"] == 1


def test_a_saved_mapping_answers_the_question(person: Person, tmp_path: Path, senhui_home: Path) -> None:
    person("lin", technician=LONGQUAN)
    result = run("import", write_renamed(tmp_path / "renamed.gpkg"), "--year", 2021, "--as", "lin", "--json")
    assert result.exit_code == 3, "it waits for a person"
    number = json.loads(result.stdout.splitlines()[-1])["draft"]
    (waiting,) = answer("drafts")
    assert waiting["state"] == "unmapped"
    mapping = tmp_path / "mapping.json"
    write_mapping(mapping, profile=ImportProfile(field_names=NAMES))
    assert answer("map", number, mapping, "--as", "lin")["state"] == "imported"
    mapping.write_text("{}")
    assert run("map", number, mapping, "--as", "lin").exit_code == 1


def test_the_lists_say_what_to_do_where_there_is_nothing(senhui_home: Path) -> None:
    assert "senhui import" in run("drafts").output
    assert "senhui release" in run("releases").output
    assert "create-admin" in run("users").output


def test_people_are_listed_with_the_roles_of_today(person: Person, senhui_home: Path) -> None:
    person("lin", technician=LONGQUAN, reviewer="3311")
    (one,) = answer("users")
    assert one["user"] == "lin"
    assert one["active"]
    assert set(one["roles"].split(", ")) == {f"technician of {LONGQUAN}", "reviewer of 3311"}


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ("1-99999999999", 1, "no row 99999999999"),
        ("0-3", 1, "no row 0"),
        ("6-3", 2, "3-6"),
        ("9" * 5000, 2, "is no row"),
        ("4-", 2, "is no row"),
    ],
)
def test_a_range_of_rows_is_checked_before_it_is_counted(draft: int, rows: str, code: int, said: str) -> None:
    result = run("exclude", draft, rows, "--reason", "x", "--as", "lin")
    assert (result.exit_code, RowDecision.objects.count()) == (code, 0)
    assert said in " ".join(result.output.split())
