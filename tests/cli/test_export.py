"""A selection at the terminal: written as a file that is whole, or refused with nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from tests.small_layer import LONGQUAN, write_layer
from typer.testing import CliRunner

from senhui.cli.main import app

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()


def run(*words: str | Path | int) -> Any:
    return runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def release(person: Person, tmp_path: Path, senhui_home: Path) -> str:
    person("lin", technician=LONGQUAN)
    person("chen", reviewer="3311")
    person("wu", viewer="3311")
    layer = write_layer(tmp_path / "stands.gpkg", QI_YUAN=["11", "21"] * 6)
    draft = json.loads(run("import", layer, "--year", 2021, "--as", "lin", "--json").stdout.splitlines()[-1])["draft"]
    run("measure", draft, "--as", "lin")
    made = run("release", draft, "--label", "Case", "--as", "chen", "--json")
    return str(json.loads(made.stdout.splitlines()[-1])["release"])


def test_a_selection_is_written_where_it_was_asked_for(release: str, tmp_path: Path) -> None:
    area = tmp_path / "area.geojson"
    area.write_text(shapely.to_geojson(shapely.box(119.09, 27.99, 119.12, 28.01)), "utf-8")
    out = tmp_path / "taken.gpkg"
    chosen = ("--within", f"{LONGQUAN}103", "--where", "origin:planted", "--shape", area)
    result = run("export", release, out, *chosen, "--as", "lin", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1]) == {"release": release, "file": str(out), "n_rows": 3}
    table = pyogrio.read_dataframe(out, layer="sub_compartments")
    assert set(table["origin"]) == {"planted"}
    again = run("import", out, "--year", 2022, "--as", "lin", "--json")
    assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("a.gpkg", ("--as", "wu"), 1),
        ("a.gpkg", ("--as", "nobody"), 1),
        ("a.gpkg", ("--as", "lin", "--where", "colour:red"), 1),
        ("a.gpkg", ("--as", "lin", "--where", "origin:coppice"), 1),
        ("a.gpkg", ("--as", "lin", "--shape", "none.geojson"), 1),
        ("a.shp", ("--as", "lin"), 2),
        ("a.gpkg", ("--as", "lin", "--language", "fr"), 2),
        ("there.csv", ("--as", "lin"), 1),
        ("no/folder.csv", ("--as", "lin"), 1),
    ],
)
def test_what_is_refused_leaves_nothing(
    release: str, tmp_path: Path, senhui_home: Path, name: str, words: tuple[str, ...], code: int
) -> None:
    kept = tmp_path / "there.csv"
    kept.write_text("mine", "utf-8")
    result = run("export", release, tmp_path / name, *words)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert kept.read_text("utf-8") == "mine"
    assert [path.name for path in tmp_path.glob("a.*")] == []
    exports = senhui_home / "exports"
    assert not exports.exists() or not list(exports.iterdir())


def test_a_file_is_replaced_when_that_is_said(release: str, tmp_path: Path) -> None:
    out = tmp_path / "there.csv"
    out.write_text("old", "utf-8")
    assert run("export", release, out, "--as", "lin", "--overwrite").exit_code == 0
    assert out.read_text("utf-8-sig").startswith("XIAN,")
