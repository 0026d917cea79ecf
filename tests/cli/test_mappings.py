"""A draft that is not understood leads on by itself: each command prints the next, and the file is given back."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.inventory.damaged import MOVED, WRONG_AREA, write_damaged
from tests.inventory.test_map_draft import NAMES, write_renamed
from tests.small_layer import LONGQUAN, QINGYUAN, write_layer
from typer.testing import CliRunner

from senhui.cli.main import app
from senhui.intake import read_mapping
from senhui.inventory.models import Draft

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()


@pytest.fixture(autouse=True)
def people(person: Person, tmp_path: Path, senhui_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """lin is a technician of Longquan, zhou of Qingyuan; they work in a folder of their own."""
    person("lin", technician=LONGQUAN)
    person("zhou", technician=QINGYUAN)
    monkeypatch.chdir(tmp_path)


def run(*words: str | Path | int) -> Any:
    return runner.invoke(app, [str(word) for word in words])


def said(result: Any) -> str:
    return " ".join(result.output.split())


def answer(*words: str | Path | int) -> Any:
    return json.loads(run(*words, "--json").stdout.splitlines()[-1])


def typed(result: Any, word: str) -> list[str]:
    """Return a command that was printed, as the words a person types."""
    line = next(line for line in result.output.splitlines() if line.startswith(word))
    return shlex.split(line.removeprefix(word).partition("   (")[0])[1:]


def test_the_printed_commands_lead_from_the_question_to_the_draft(tmp_path: Path) -> None:
    waiting = run("import", write_renamed(tmp_path / "renamed.gpkg"), "--year", 2021, "--as", "lin")
    assert waiting.exit_code == 3
    assert "waits for its mapping: renamed.gpkg lacks the fields XIAN, MIAN_JI." in said(waiting)
    written = run(*typed(waiting, "Next: "))
    assert written.exit_code == 0, written.output
    assert "field_names.XIAN, field_names.MIAN_JI" in said(written)
    give_back = typed(waiting, "Then: ")
    assert typed(written, "Then: ") == give_back
    number, file = int(give_back[1]), tmp_path / give_back[2]
    unanswered = run(*give_back)
    assert unanswered.exit_code == 1
    assert "still asks" in said(unanswered)
    assert Draft.objects.get(pk=number).question["fields"]["missing"] == ["XIAN", "MIAN_JI"]
    columns = {row["column"]: row for row in answer("columns", number, "--as", "lin")}
    assert (columns["county"]["samples"], columns["county"]["read_as"]) == (LONGQUAN, None)
    values = json.loads(file.read_text("utf-8"))
    values["field_names"] |= NAMES
    file.write_text(json.dumps(values), "utf-8")
    mapped = run(*give_back)
    assert mapped.exit_code == 0, mapped.output
    again = run("mapping", number, "settled.json", "--as", "lin")
    assert "senhui import FILE --mapping settled.json" in said(again)
    assert read_mapping("settled.json").area_unit == "ha"
    next_year = run("import", "renamed.gpkg", "--year", 2022, "--mapping", "settled.json", "--as", "lin")
    assert next_year.exit_code == 0, next_year.output


def test_a_wrong_column_is_a_new_question_with_the_same_way(tmp_path: Path) -> None:
    told = answer("import", write_renamed(tmp_path / "renamed.gpkg"), "--year", 2021, "--as", "lin")
    assert told["question_text"].startswith("renamed.gpkg lacks the fields")
    run(*shlex.split(told["next"])[1:])
    file = tmp_path / f"draft-{told['draft']}.mapping.json"
    file.write_text(file.read_text("utf-8").replace('"?"', '"country"'), "utf-8")
    wrong = run("map", told["draft"], file, "--as", "lin")
    assert wrong.exit_code == 3
    assert "has no column “country”" in said(wrong)
    asked = answer("mapping", told["draft"], "second.json", "--as", "lin")["asked"]
    assert asked == ["field_names.XIAN"]


def test_unknown_codes_and_unclear_units_are_asked_in_the_file(tmp_path: Path) -> None:
    codes = write_layer(tmp_path / "codes.gpkg", YOU_SHI_SZ=["杉木", "马尾松", "610"] * 4)
    told = answer("import", codes, "--year", 2021, "--species-codes", "nfi", "--as", "lin")
    asked = answer("mapping", told["draft"], "codes.json", "--as", "lin")["asked"]
    assert asked == ["code_map.YOU_SHI_SZ.杉木", "code_map.YOU_SHI_SZ.马尾松"]
    values = json.loads(Path("codes.json").read_text("utf-8"))
    values["code_map"]["YOU_SHI_SZ"] = {"杉木": "310", "马尾松": "220"}
    Path("codes.json").write_text(json.dumps(values), "utf-8")
    assert answer("map", told["draft"], "codes.json", "--as", "lin")["state"] == "imported"
    unit = write_layer(tmp_path / "unit.gpkg", MIAN_JI=[12.0] * 12)
    told = answer("import", unit, "--year", 2021, "--as", "lin")
    assert answer("mapping", told["draft"], "unit.json", "--as", "lin")["asked"] == ["area_unit"]
    unanswered = run("map", told["draft"], "unit.json", "--as", "lin")
    assert unanswered.exit_code == 1
    assert "“ha” | “mu”" in said(unanswered)


def test_a_mapping_is_not_written_over_and_only_for_those_who_see_the_draft(tmp_path: Path) -> None:
    number = answer("import", write_renamed(tmp_path / "renamed.gpkg"), "--year", 2021, "--as", "lin")["draft"]
    Path("kept.json").write_text("my answers")
    assert run("mapping", number, "kept.json", "--as", "lin").exit_code == 1
    assert Path("kept.json").read_text() == "my answers"
    assert run("mapping", number, "kept.json", "--replace", "--as", "lin").exit_code == 0
    assert run("mapping", number, "no folder/m.json", "--as", "lin").exit_code == 1
    Path("kept.json").write_text('{"senhui_mapping": 1}')
    for verb in (("mapping", number), ("columns", number), ("errors", number), ("map", number, "kept.json")):
        result = run(*verb, "--as", "zhou")
        assert result.exit_code == 1, result.output
        assert f"no draft {number} that you may see" in said(result)
    assert answer("drafts", "--as", "zhou") == []
    assert json.loads(run("mapping", number).stdout)["senhui_mapping"] == 1, "without a file it is printed"


def test_the_errors_of_a_draft_that_waits_are_its_question(tmp_path: Path) -> None:
    number = answer("import", write_renamed(tmp_path / "renamed.gpkg"), "--year", 2021, "--as", "lin")["draft"]
    result = run("errors", number, "--as", "lin")
    assert result.exit_code == 1
    assert f"Next: senhui mapping {number}" in said(result)


def test_rows_are_corrected_in_a_table_that_comes_back(tmp_path: Path) -> None:
    damaged = write_damaged(tmp_path / "damaged.gpkg")
    number = answer("import", damaged, "--year", 2021, "--as", "lin")["draft"]
    before = answer("errors", number, "--as", "lin")["n"]
    written = run("rejected", number, "rows.csv", "--as", "lin")
    assert written.exit_code == 0, written.output
    table = Path("rows.csv")
    lines = table.read_text("utf-8-sig").splitlines()
    heading = lines[0].split(",")
    assert run("correct-file", number, table, "--as", "lin").exit_code == 1, "nothing was changed in it"
    frame = pl.read_csv(table, infer_schema=False)
    row = pl.col(heading[0]) == str(WRONG_AREA)
    frame.with_columns(MIAN_JI=pl.when(row).then(pl.lit("4")).otherwise("MIAN_JI")).write_csv(table)
    result = run("correct-file", number, table, "--as", "lin")
    assert result.exit_code == 3, "other rows are still wrong"
    assert answer("errors", number, "--as", "lin")["n"] == before - 1
    assert run("rejected", number, "rows.txt", "--as", "lin").exit_code == 2
    assert run("rejected", number, "rows.csv", "--as", "lin").exit_code == 1, "it is there already"
    assert str(MOVED) in table.read_text()


def test_a_measured_draft_without_its_files_is_named(person: Person, senhui_home: Path, layer: Path) -> None:
    person("chen", reviewer="3311")
    number = answer("import", layer, "--year", 2021, "--as", "lin")["draft"]
    released = answer("import", layer, "--year", 2021, "--as", "lin")["draft"]
    for draft in (number, released):
        assert run("measure", draft, "--as", "lin").exit_code == 0
    told = answer("release", released, "--label", "Test [2021]", "--as", "chen")
    assert (told["release"], told["label"], told["area_ha"]) == (f"2021-{released}", "Test [2021]", pytest.approx(48.0))
    assert answer("verify", told["release"])["reproduces"]
    shutil.rmtree(senhui_home / "drafts")
    for verb in (
        ("measure", number, "--as", "lin"),
        ("release", number, "--label", "x", "--as", "chen"),
        ("verify", told["release"]),
    ):
        result = run(*verb)
        assert result.exit_code == 1, (verb, result.output)
        assert "senhui discard" in said(result), verb
    assert Draft.objects.get(pk=number).state == "measured"


def test_a_draft_without_its_files_is_named_and_can_be_discarded(tmp_path: Path, senhui_home: Path) -> None:
    number = answer("import", write_damaged(tmp_path / "damaged.gpkg"), "--year", 2021, "--as", "lin")["draft"]
    Path("empty.json").write_text('{"senhui_mapping": 1}')
    shutil.rmtree(senhui_home / "drafts" / Draft.objects.get(pk=number).directory_name)
    for verb in (
        ("errors", number),
        ("columns", number),
        ("mapping", number),
        ("rejected", number, "rows.xlsx"),
        ("correct", number, WRONG_AREA, "MIAN_JI=4"),
        ("exclude", number, MOVED, "--reason", "x"),
        ("reopen", number, MOVED),
        ("map", number, "empty.json"),
    ):
        result = run(*verb, "--as", "lin")
        assert result.exit_code == 1, (verb, result.output)
        assert f"senhui discard {number}" in said(result), verb
    assert [row["draft"] for row in answer("drafts")] == [number], "the list still tells of it"
    assert answer("discard", number, "--as", "lin")["state"] == "discarded"
    assert "discarded" in said(run("columns", number, "--as", "lin"))
