"""The sample city has events of every kind between its surveys, all of them sample data, and a comparison of both."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from senhui.access.queries import user_named
from senhui.cli import sample_city
from senhui.cli.demo.events import N_OF_KIND, NOTE, record_sample_events
from senhui.inventory import changes, events, queries
from senhui.inventory.models import Event
from senhui.measurement.change import EVENT_KINDS, MOVEMENTS, add_up, removal

pytestmark = [pytest.mark.database, pytest.mark.django_db]
N_ROWS = 2000


@pytest.fixture
def home(senhui_home: Path) -> Path:
    """A small sample city, made by the terminal's own steps."""
    sample_city.make(n_sub_compartments=N_ROWS)
    return senhui_home


def test_events_of_every_kind_say_that_they_are_sample_data_and_are_compared(home: Path) -> None:
    technician = user_named("demo-technician")
    assert technician is not None
    before, after = sorted(queries.releases(), key=lambda info: info.reference_year)
    recorded = events.events(technician, on=timezone.localdate(), release_id=before.id)
    assert {event.kind for event in recorded} == set(EVENT_KINDS)
    assert {event.note for event in recorded} == {NOTE}
    assert sum(event.kind == "fire" for event in recorded) == N_OF_KIND["fire"]
    assert all(before.reference_year < event.happened_on.year <= after.reference_year for event in recorded)
    (info,) = changes.changes()
    assert (info.before.id, info.after.id, info.is_sample) == (before.id, after.id, True)
    assert sorted(event.id for event in recorded) == info.manifest["events"]
    assert not changes.is_overtaken(info)
    for basis in ("measured_tc", "calibrated_tc"):
        lines = dict(add_up(changes.movements(info.id), by=()).select("line", basis).iter_rows())
        assert lines["stock_before"] + sum(lines[line] for line in MOVEMENTS) == pytest.approx(lines["stock_after"])
        for kind in set(EVENT_KINDS) - {"planting"}:
            assert lines[kind] < 0, kind
    # Growth pays for every event and leaves a sink: the sample city's surveys are those of a growing forest.
    assert removal(lines, period_yr=info.period_yr).change_tc > 0

    n = Event.objects.count()
    now = dt.datetime.now(dt.UTC)
    assert record_sample_events(technician, before_id=before.id, after_id=after.id, now=now) == n
    sample_city.make(n_sub_compartments=N_ROWS)
    assert Event.objects.count() == n, "a second start records nothing again"
    assert len(changes.changes()) == 1
