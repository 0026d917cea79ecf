"""A draft as a layer of the map: every row once, and the rows that were decided since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.exclude_rows import exclude_rows
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.reopen_row import reopen_row

pytestmark = [pytest.mark.database, pytest.mark.django_db]
TODAY = NOW.date()
BOW_TIE = shapely.Polygon([(119.1, 28.0), (119.102, 28.0018), (119.102, 28.0), (119.1, 28.0018)])
WRONG_VOLUME = [-5.0, *[50.0] * 11]


@pytest.fixture
def lin(person: Callable[..., Any]) -> Any:
    return person("lin", technician=LONGQUAN)


def draft_of(actor: Any, path: Path) -> int:
    return import_layer(
        actor, path=path, original_name=path.name, reference_year=2021, is_sample=True, now=NOW, progress=quiet
    ).id


def test_a_measured_draft_has_every_row_with_its_village_and_stock(lin: Any, tmp_path: Path) -> None:
    draft_id = draft_of(lin, write_layer(tmp_path / "stands.gpkg"))
    before = queries.draft_layer(lin, draft_id, on=TODAY)
    assert before.rows["row"].to_list() == list(range(1, 13))
    assert before.rows["stock_tc_ha"].null_count() == 12
    measure_draft(lin, draft_id=draft_id, now=NOW, progress=quiet)
    layer = queries.draft_layer(lin, draft_id, on=TODAY)
    assert set(layer.rows["place_code"]) == {f"{LONGQUAN}103201"}
    assert layer.rows["stock_tc_ha"].null_count() == 0
    assert (layer.last_decision, layer.rows["is_changed"].any()) == (0, False)


def test_a_decision_takes_the_number_of_its_row_and_leaves_the_others(lin: Any, tmp_path: Path) -> None:
    draft_id = draft_of(lin, write_layer(tmp_path / "stands.gpkg"))
    measure_draft(lin, draft_id=draft_id, now=NOW, progress=quiet)
    correct_row(lin, draft_id=draft_id, row=3, values={"PINGJUN_NL": "18"}, now=NOW)
    rows = queries.draft_layer(lin, draft_id, on=TODAY).rows
    assert rows.filter(rows["stock_tc_ha"].is_null())["row"].to_list() == [3]
    assert rows.filter(rows["is_changed"])["row"].to_list() == [3]


def test_rows_decided_since_are_told_once_as_they_are_now(lin: Any, tmp_path: Path) -> None:
    draft_id = draft_of(lin, write_layer(tmp_path / "stands.gpkg", outlines={1: BOW_TIE}, HUO_LMGQXJ=WRONG_VOLUME))
    assert queries.changed_rows(lin, draft_id, since=0, on=TODAY) == queries.ChangedRows([], [], is_cut=False)
    correct_row(lin, draft_id=draft_id, row=1, values={"HUO_LMGQXJ": "50"}, now=NOW)
    correct_row(lin, draft_id=draft_id, row=1, values={}, repair_outline=True, now=NOW)
    found = queries.changed_rows(lin, draft_id, since=0, on=TODAY)
    assert found.rows == [1]
    (feature,) = found.features
    drawn = shapely.geometry.shape(feature["geometry"])
    assert drawn.is_valid
    assert drawn.area == pytest.approx(0.002 * 0.0018 / 2, rel=1e-6)
    assert feature["properties"]["state"] == "corrected"

    since = queries.draft_layer(lin, draft_id, on=TODAY).last_decision
    assert queries.changed_rows(lin, draft_id, since=since, on=TODAY).rows == []
    reopen_row(lin, draft_id=draft_id, row=1, now=NOW)
    (feature,) = queries.changed_rows(lin, draft_id, since=since, on=TODAY).features
    assert feature["properties"]["state"] == "reopened"
    assert not shapely.geometry.shape(feature["geometry"]).is_valid, "the row says again what the file says"
    assert queries.n_changed_rows(draft_id, since=since) == 1


def test_an_excluded_row_is_told_and_not_drawn(lin: Any, tmp_path: Path) -> None:
    draft_id = draft_of(lin, write_layer(tmp_path / "stands.gpkg", HUO_LMGQXJ=WRONG_VOLUME))
    exclude_rows(lin, draft_id=draft_id, rows=[1], reason="burnt", now=NOW)
    found = queries.changed_rows(lin, draft_id, since=0, on=TODAY)
    assert (found.rows, found.features) == ([1], [])
    rows = queries.draft_layer(lin, draft_id, on=TODAY).rows
    assert rows.filter(rows["geometry"].is_null())["row"].to_list() == [1]


def test_a_box_and_a_limit_cut_what_is_drawn_and_never_what_is_told(lin: Any, tmp_path: Path) -> None:
    draft_id = draft_of(lin, write_layer(tmp_path / "stands.gpkg"))
    for row in (1, 2, 12):
        correct_row(lin, draft_id=draft_id, row=row, values={"PINGJUN_NL": "18"}, now=NOW)
    west = queries.changed_rows(lin, draft_id, since=0, on=TODAY, bbox=(119.0, 27.9, 119.11, 28.1))
    assert (west.rows, [one["id"] for one in west.features], west.is_cut) == ([1, 2, 12], [1, 2], False)
    first = queries.changed_rows(lin, draft_id, since=0, on=TODAY, limit=1)
    assert (first.rows, [one["id"] for one in first.features], first.is_cut) == ([1, 2, 12], [1], True)


def test_who_may_not_see_the_draft_gets_no_row_of_it(lin: Any, person: Callable[..., Any], tmp_path: Path) -> None:
    draft_id = draft_of(lin, write_layer(tmp_path / "stands.gpkg"))
    for actor in (person("zhou", technician=QINGYUAN), person("li", viewer=LONGQUAN)):
        with pytest.raises(queries.NoSuchDraft):
            queries.draft_layer(actor, draft_id, on=TODAY)
        with pytest.raises(queries.NoSuchDraft):
            queries.changed_rows(actor, draft_id, since=0, on=TODAY)
