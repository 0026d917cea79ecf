"""The tiles of a draft: rows by their number, seen by who sees the draft, drawn anew when many were decided."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.atlas.conftest import decode
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.atlas import draft_tiles
from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.discard_draft import discard_draft
from senhui.inventory.actions.exclude_rows import exclude_rows
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.refusals import DraftIsClosed
from senhui.jobs.queries import arguments_of_unfinished, jobs_of

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
Y = (1 - math.asinh(math.tan(math.radians(28.0009))) / math.pi) / 2
MIDDLE = (11, int((119.115 / 360 + 0.5) * 2**11), int(Y * 2**11))


@pytest.fixture
def lin(person: Callable[..., Any]) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft_id(lin: Any, tmp_path: Path) -> int:
    path = write_layer(tmp_path / "stands.gpkg", HUO_LMGQXJ=[-5.0, *[50.0] * 11])
    return import_layer(
        lin, path=path, original_name=path.name, reference_year=2021, is_sample=True, now=NOW, progress=quiet
    ).id


def draw(actor: Any, draft_id: int) -> None:
    draft_tiles.draw_draft(actor, draft_id, on=TODAY, progress=quiet)


def features(actor: Any, draft_id: int) -> dict[int, dict[str, Any]]:
    data = draft_tiles.draft_tile(actor, draft_id, *MIDDLE, on=TODAY)
    assert data is not None
    return {feature["id"]: feature["properties"] for feature in decode(data)["sub_compartments"]["features"]}


def test_before_the_first_drawing_there_is_nothing(lin: Any, draft_id: int) -> None:
    assert draft_tiles.drawn(queries.draft(lin, draft_id, on=TODAY)) is None
    with pytest.raises(draft_tiles.DraftNotDrawn):
        draft_tiles.draft_tile(lin, draft_id, *MIDDLE, on=TODAY)


def test_a_row_has_its_number_and_no_stock_until_it_is_measured(lin: Any, draft_id: int) -> None:
    draw(lin, draft_id)
    assert sorted(features(lin, draft_id)) == list(range(1, 13))
    assert {one["estimate"] for one in features(lin, draft_id).values()} == {0}
    exclude_rows(lin, draft_id=draft_id, rows=[1], reason="burnt", now=NOW)
    measure_draft(lin, draft_id=draft_id, now=NOW, progress=quiet)
    known = draft_tiles.drawn(queries.draft(lin, draft_id, on=TODAY))
    assert known is not None
    assert not known.is_current
    draw(lin, draft_id)
    shown = features(lin, draft_id)
    assert sorted(shown) == list(range(2, 13))
    assert all(one["estimate"] == 1 and one["stock"] > 0 for one in shown.values())


def test_the_tiles_know_the_last_decision_that_is_in_them(lin: Any, draft_id: int) -> None:
    draw(lin, draft_id)
    first = draft_tiles.drawn(queries.draft(lin, draft_id, on=TODAY))
    correct_row(lin, draft_id=draft_id, row=1, values={"HUO_LMGQXJ": "50"}, now=NOW)
    draw(lin, draft_id)
    second = draft_tiles.drawn(queries.draft(lin, draft_id, on=TODAY))
    assert first is not None
    assert second is not None
    assert first.last_decision == 0 < second.last_decision
    assert first.version != second.version
    assert features(lin, draft_id)[1]["corrected"] == 1


def test_a_reviewer_of_the_land_sees_it_and_a_neighbour_and_a_viewer_do_not(
    lin: Any, draft_id: int, person: Callable[..., Any]
) -> None:
    draw(lin, draft_id)
    assert sorted(features(person("chen", reviewer="3311"), draft_id)) == list(range(1, 13))
    for actor in (person("zhou", technician=QINGYUAN), person("li", viewer=LONGQUAN)):
        with pytest.raises(queries.NoSuchDraft):
            draft_tiles.draft_tile(actor, draft_id, *MIDDLE, on=TODAY)
        with pytest.raises(queries.NoSuchDraft):
            draw(actor, draft_id)


def test_a_row_that_says_it_lies_elsewhere_is_cut_out_for_others_than_its_importer(
    person: Callable[..., Any], tmp_path: Path
) -> None:
    # A row with an error does not count for the land of the draft; its number says that it lies in Qingyuan.
    county = [QINGYUAN, *[LONGQUAN] * 11]
    path = write_layer(
        tmp_path / "stands.gpkg", XIAN=county, XIANG=[f"{code}103" for code in county],
        CUN=[f"{code}103201" for code in county], HUO_LMGQXJ=[-5.0, *[50.0] * 11],
    )  # fmt: skip
    wide = person("lin", technician="3311")
    made = import_layer(
        wide, path=path, original_name=path.name, reference_year=2021, is_sample=True, now=NOW, progress=quiet
    )
    assert made.township_codes == (f"{LONGQUAN}103",)
    draw(wide, made.id)
    assert sorted(features(wide, made.id)) == list(range(1, 13))
    assert sorted(features(person("wang", technician=LONGQUAN), made.id)) == list(range(2, 13))


def test_drawing_is_queued_once_until_it_has_ended(lin: Any, draft_id: int) -> None:
    job_id = draft_tiles.start_drawing(lin, draft_id, now=NOW)
    assert job_id is not None
    assert draft_tiles.start_drawing(lin, draft_id, now=NOW) is None
    assert [job.id for job in jobs_of(lin, now=NOW)] == [job_id]


def test_many_decisions_are_followed_and_few_are_not(lin: Any, draft_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_tiles, "FOLLOW_FROM", 2)
    correct_row(lin, draft_id=draft_id, row=1, values={"HUO_LMGQXJ": "50"}, now=NOW)
    correct_row(lin, draft_id=draft_id, row=2, values={"PINGJUN_NL": "18"}, now=NOW)
    assert draft_tiles.follow(lin, queries.draft(lin, draft_id, on=TODAY), now=NOW) is None, "nothing is drawn yet"
    draw(lin, draft_id)
    correct_row(lin, draft_id=draft_id, row=3, values={"PINGJUN_NL": "18"}, now=NOW)
    assert draft_tiles.follow(lin, queries.draft(lin, draft_id, on=TODAY), now=NOW) is None
    correct_row(lin, draft_id=draft_id, row=4, values={"PINGJUN_NL": "18"}, now=NOW)
    assert draft_tiles.follow(lin, queries.draft(lin, draft_id, on=TODAY), now=NOW) is not None
    assert arguments_of_unfinished(draft_tiles.DRAW) == [{"draft_id": draft_id}]


def test_a_measurement_ends_with_the_drawing_queued(lin: Any, draft_id: int) -> None:
    exclude_rows(lin, draft_id=draft_id, rows=[1], reason="burnt", now=NOW)
    assert draft_tiles.measure_and_draw_as_job(lin, draft_id=draft_id, now=NOW, progress=quiet) == {
        "draft_id": draft_id
    }
    assert queries.draft(lin, draft_id, on=TODAY).state == "measured"
    assert arguments_of_unfinished(draft_tiles.DRAW) == [{"draft_id": draft_id}]


def test_a_discarded_draft_has_no_tiles_and_the_next_drawing_removes_them(
    lin: Any, draft_id: int, tmp_path: Path, senhui_home: Path
) -> None:
    draw(lin, draft_id)
    discard_draft(lin, draft_id=draft_id, now=NOW)
    with pytest.raises(DraftIsClosed):
        draft_tiles.draft_tile(lin, draft_id, *MIDDLE, on=TODAY)
    with pytest.raises(DraftIsClosed):
        draft_tiles.start_drawing(lin, draft_id, now=NOW)
    path = write_layer(tmp_path / "next.gpkg")
    following = import_layer(
        lin, path=path, original_name=path.name, reference_year=2021, is_sample=True, now=NOW, progress=quiet
    )
    draw(lin, following.id)
    assert [each.name for each in (senhui_home / "atlas" / "drafts").iterdir()] == [str(following.id)]
