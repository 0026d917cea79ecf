"""`senhui targets`: seventeen lines, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.governance.whole_city import two_surveys
from typer.testing import CliRunner

from senhui.cli.main import app

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_the_targets_are_printed(person: Callable[..., Any], tmp_path: Path) -> None:
    change = two_surveys(person, tmp_path)
    found = json.loads(CliRunner().invoke(app, ["targets", "--json"]).stdout)
    assert [one["target"]["id"] for one in found] == [f"K{n:02d}" for n in range(1, 18)]
    carbon = found[2]
    assert carbon["newest"]["release_id"] == change.after.id
    assert found[14]["verdict"] == "not_set"
    lines = CliRunner().invoke(app, ["targets"]).stdout.splitlines()
    assert len(lines) == 18
    assert "no_baseline" in lines[4]
