"""`senhui overlay …`: brought, listed, removed, and each refusal said as one line."""

# ruff: noqa: F811  # the fixture of another file
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.inventory.test_overlays import LEFT, RIGHT, layer, wang  # noqa: F401  # a fixture
from typer.testing import CliRunner

from senhui.cli.main import app

pytestmark = pytest.mark.django_db(transaction=True)
STATED = ["--kind", "national_park", "--name", "国家公园", "--source", "林业局", "--year", "2024"]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["overlay", *arguments])


def test_boundaries_are_brought_listed_and_removed(wang: Any, tmp_path: Path) -> None:
    path = layer(tmp_path / "park.geojson", LEFT, RIGHT)
    made = json.loads(run("import", str(path), *STATED, "--as", "wang", "--json").output)
    assert (made["kind"], made["county_codes"]) == ("national_park", ["331181"])
    (row,) = json.loads(run("list", "--json").output)
    assert (row["name"], row["area_ha"]) == ("国家公园", round(made["area_ha"], 1))
    again = run("import", str(path), *STATED, "--as", "wang")
    assert again.exit_code == 1
    assert f"overlay {made['id']}" in again.output
    assert run("remove", str(made["id"]), "--reason", "  ", "--as", "wang").exit_code == 1
    assert run("remove", str(made["id"]), "--reason", "old", "--as", "wang").exit_code == 0
    assert json.loads(run("list", "--json").output) == []


def test_what_is_refused_leaves_with_a_line(wang: Any, person: Callable[..., Any], tmp_path: Path) -> None:
    person("li", viewer="331181")
    path = layer(tmp_path / "park.gpkg", LEFT)
    for arguments, word in (
        ([str(path), *STATED, "--as", "li"], "import_layer"),
        ([str(tmp_path / "none.gpkg"), *STATED, "--as", "wang"], "none.gpkg"),
        ([str(path), *STATED[2:], "--kind", "garden", "--as", "wang"], "kind"),
    ):
        refused = run("import", *arguments)
        assert refused.exit_code == 1
        assert word in refused.output
    assert json.loads(run("list", "--json").output) == []
