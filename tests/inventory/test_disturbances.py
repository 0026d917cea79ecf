"""What last disturbed a stand: the newest event that stands, else what the layer itself says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.inventory.surveys import Person, two_releases
from tests.inventory.test_events import record
from tests.small_layer import LONGQUAN, NOW

from senhui.inventory import events, queries, store
from senhui.inventory.actions.reverse_event import reverse_event
from senhui.inventory.models import Release

pytestmark = pytest.mark.database


@pytest.fixture
def surveys(person: Person, tmp_path: Path) -> tuple[queries.ReleaseInfo, queries.ReleaseInfo]:
    return two_releases(person, tmp_path)


@pytest.fixture
def forester(person: Person, surveys: object) -> Any:
    return person("wang", technician=f"{LONGQUAN}103")


def test_the_newest_event_that_was_not_taken_back_counts(forester: Any, surveys: Any) -> None:
    before, _after = surveys
    record(forester, before, happened_on=dt.date(2018, 6, 1))
    newest = record(forester, before, happened_on=dt.date(2019, 6, 1), area_ha=0.5)
    found = events.disturbances(before.id)
    assert len(found) == queries.scan(before.id).select(pl.len()).collect().item()
    assert found[11] == "harvest"
    assert found.null_count() == len(found) - 1
    reverse_event(forester, event_id=newest.id, reason="another stand", now=NOW)
    assert events.disturbances(before.id)[11] == "harvest"


def test_without_an_event_the_disaster_field_of_the_layer_speaks(forester: Any, surveys: Any) -> None:
    before, _after = surveys
    draft = Release.objects.select_related("draft").get(pk=before.id).draft
    path = store.drafts_directory() / draft.directory_name / "source_fields.parquet"
    fields = pl.read_parquet(path)
    said = ["00" if row % 2 else "20" for row in fields["row"]]
    fields.drop("DISPE", strict=False).with_columns(pl.Series("DISPE", said)).write_parquet(path)
    found = events.disturbances(before.id)
    rows = queries.scan(before.id).select("row").collect()["row"]
    assert found.to_list() == [None if row % 2 else "20" for row in rows]
    record(forester, before)
    assert events.disturbances(before.id)[11] == "harvest"
