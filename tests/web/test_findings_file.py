"""The findings of a draft as a file: what a user's file held is a text there, never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.small_layer import LONGQUAN, NOW, quiet, write_layer

from senhui.inventory.actions.import_layer import import_layer

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_formula_in_a_layer_stays_text_in_the_downloaded_findings(
    person: Callable[..., Any], browse: Callable[..., Any], tmp_path: Path
) -> None:
    technician = person("lin", technician=LONGQUAN)
    layer = write_layer(tmp_path / "x.gpkg", YOU_SHI_SZ=["310", "610"] * 5 + ["310", "=cmd|' /C calc'!A0"])
    draft = import_layer(technician, path=layer, original_name="x", reference_year=2021, now=NOW, progress=quiet)
    answer = browse("zh", as_user=technician).get(f"/imports/{draft.id}/findings.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["value"] for row in rows if row["field"] == "YOU_SHI_SZ"] == ["'=cmd|' /C calc'!A0"]
