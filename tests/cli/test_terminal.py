"""The same actions from a terminal: exit codes a script can trust, JSON for machines, nothing half-written."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from tests.small_layer import LONGQUAN, write_layer
from typer.testing import CliRunner

from senhui.cli.main import app
from senhui.inventory.models import Draft

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()


def run(*words: str | Path) -> Any:
    return runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def people(person: Person) -> None:
    person("lin", technician=LONGQUAN)
    person("chen", reviewer="3311")


def every_command() -> dict[tuple[str, ...], click.Command]:
    """Return all commands, those of groups among them, by the words one types."""
    found: dict[tuple[str, ...], click.Command] = {}
    waiting: list[tuple[tuple[str, ...], click.Command]] = [((), typer.main.get_command(app))]
    while waiting:
        words, command = waiting.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            found[words] = command
        else:
            waiting += [((*words, name), one) for name, one in inner.items()]
    return found


def test_every_command_has_help_with_an_example() -> None:
    for words in every_command():
        result = run(*words, "--help")
        assert result.exit_code == 0
        assert f"Example: senhui {words[0]}" in " ".join(result.output.split()), words


def test_every_command_that_ends_speaks_to_machines_and_acts_in_a_name() -> None:
    without_a_result = {("demo",), ("serve",), ("work",)}
    of_the_machine = {("create-admin",), ("add-user",), ("users",), ("releases",), ("verify",), ("stats",), ("tiles",)}
    of_the_machine |= {("targets",)}
    for words, command in every_command().items():
        options = {option for one in command.params for option in one.opts}
        assert ("--json" in options) == (words not in without_a_result), words
        assert ("--as" in options) == (words not in without_a_result | of_the_machine), words


def test_a_refusal_is_one_line_with_its_names_as_they_are(layer: Path, senhui_home: Path) -> None:
    result = run("import", layer, "--year", "2021", "--as", "[red]nobody[/red]" * 5)
    assert result.exit_code == 1
    assert "[red]nobody[/red]" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("")
    settings.SENHUI_HOME = tmp_path / "file" / "home"
    result = run("drafts")
    assert result.exit_code == 1
    assert "SENHUI_HOME" in result.output


def test_the_whole_way_from_a_file_to_statistics(people: None, layer: Path, senhui_home: Path) -> None:
    imported = run("import", layer, "--year", "2021", "--as", "lin", "--json")
    assert imported.exit_code == 0, imported.output
    draft = json.loads(imported.stdout.splitlines()[-1])
    assert (draft["rows"], draft["errors"]) == (12, 0)
    assert run("measure", str(draft["draft"]), "--as", "lin").exit_code == 0
    released = run("release", str(draft["draft"]), "--label", "Test", "--as", "chen")
    assert released.exit_code == 0, released.output
    release = f"2021-{draft['draft']}"
    assert release in released.output
    stats = run("stats", release, "--by", "county", "--json")
    rows = json.loads(stats.stdout.splitlines()[-1])
    assert len(rows) == 1
    assert rows[0]["n"] == 12
    assert rows[0]["area_ha"] == pytest.approx(48.0)
    assert run("verify", release).exit_code == 0
    assert run("tiles", release).exit_code == 0


def test_a_file_with_errors_ends_with_code_3_and_a_list(people: None, tmp_path: Path, senhui_home: Path) -> None:
    damaged = write_layer(tmp_path / "damaged.gpkg", YOU_SHI_SZ=["310", "610"] * 5 + ["310", "999"])
    result = run("import", damaged, "--year", "2021", "--as", "lin")
    assert result.exit_code == 3
    listed = (tmp_path / "damaged.findings.csv").read_text("utf-8-sig")
    assert "999" in listed
    assert "YOU_SHI_SZ" in listed


def test_a_file_that_is_no_layer_is_refused_by_name_and_leaves_nothing(
    people: None, tmp_path: Path, senhui_home: Path
) -> None:
    wrong = tmp_path / "wrong.shp"
    wrong.write_bytes(b"not a shapefile")
    result = run("import", wrong, "--year", "2021", "--as", "lin")
    assert result.exit_code == 1
    assert "wrong.shp" in result.output
    assert not Draft.objects.exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path != senhui_home) == ["wrong.shp"]


def test_an_unknown_person_is_told_how_to_begin(layer: Path, senhui_home: Path) -> None:
    result = run("import", layer, "--year", "2021", "--as", "nobody")
    assert result.exit_code == 1
    assert "create-admin" in result.output


def test_statistics_without_a_release_say_what_to_do(senhui_home: Path) -> None:
    result = run("stats")
    assert result.exit_code == 1
    assert "senhui demo" in result.output


def test_the_same_person_may_not_release(person: Person, layer: Path, senhui_home: Path) -> None:
    person("all", administrator="3311")
    draft = json.loads(run("import", layer, "--year", "2021", "--as", "all", "--json").stdout.splitlines()[-1])
    run("measure", str(draft["draft"]), "--as", "all")
    result = run("release", str(draft["draft"]), "--label", "x", "--as", "all")
    assert result.exit_code == 1
    assert "second person" in " ".join(result.output.split())


def test_a_person_is_added_with_a_role_and_a_link_or_not_at_all(senhui_home: Path) -> None:
    from tests.small_layer import NOW

    from senhui.access.queries import areas_for, user_named

    wrong = run("add-user", "hua", "--role", "king", "--area", LONGQUAN)
    assert wrong.exit_code == 1
    assert "viewer, technician, reviewer, administrator" in " ".join(wrong.output.split())
    assert user_named("hua") is None
    done = run("add-user", "hua", "--role", "technician", "--area", LONGQUAN)
    assert done.exit_code == 0
    assert "/sign-in/" in done.output
    user = user_named("hua")
    assert user is not None
    assert areas_for(user, "import_layer", on=NOW.date() + dt.timedelta(days=1)).codes == {LONGQUAN}
