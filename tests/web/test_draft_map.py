"""A draft on the one map: what is drawn, tiles for who may see it, and rows that were decided since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.atlas.test_draft_tiles import MIDDLE
from tests.small_layer import NOW, QINGYUAN, quiet

from senhui.access.queries import user_named
from senhui.atlas import draft_tiles
from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.jobs.queries import arguments_of_unfinished
from senhui.web.map_style import DENSITY
from senhui.web.views.map_boxes import DRAFT_COLOURS

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
TILE = "/api/v1/drafts/{}/tiles/{}/{}/{}.mvt"


@pytest.fixture
def lin(draft_id: int) -> Any:
    return user_named("lin")


def test_a_corrected_row_is_told_before_there_are_tiles_and_hidden_in_them_after(
    lin: Any, draft_id: int, browse: Browse
) -> None:
    client = browse("en", as_user=lin)
    correct_row(lin, draft_id=draft_id, row=3, values={"PINGJUN_NL": "18"}, now=NOW)
    before = client.get(f"/api/v1/drafts/{draft_id}/map").json()
    assert (before["tiles"], before["since"], before["n_changed"]) == (None, 0, 1)
    changed = client.get(f"/api/v1/drafts/{draft_id}/changed.geojson?since=0&bbox=119,27.9,120,28.1").json()
    assert (changed["rows"], [one["id"] for one in changed["features"]]) == ([3], [3])

    draft_tiles.draw_draft(lin, draft_id, on=NOW.date(), progress=quiet)
    correct_row(lin, draft_id=draft_id, row=5, values={"PINGJUN_NL": "18"}, now=NOW)
    after = client.get(f"/api/v1/drafts/{draft_id}/map").json()
    assert after["n_changed"] == 1
    # Row 3 is in the tiles now, row 5 is told with its number, so that the map hides it there: each is drawn once.
    since = client.get(f"/api/v1/drafts/{draft_id}/changed.geojson?since={after['since']}").json()
    assert since["rows"] == [5]
    tile = client.get(
        after["tiles"].replace("{z}", str(MIDDLE[0])).replace("{x}", str(MIDDLE[1])).replace("{y}", str(MIDDLE[2]))
    )
    assert (tile.status_code, tile["Content-Encoding"]) == (200, "gzip")


def test_nobody_else_sees_anything_of_it(lin: Any, draft_id: int, browse: Browse, person: Any) -> None:
    draft_tiles.draw_draft(lin, draft_id, on=NOW.date(), progress=quiet)
    addresses = [
        f"/api/v1/drafts/{draft_id}/map",
        f"/api/v1/drafts/{draft_id}/changed.geojson",
        TILE.format(draft_id, *MIDDLE),
    ]
    for address in addresses:
        assert browse("en").get(address).status_code == 401
        assert browse("en", as_user=person(f"p{len(address)}", technician=QINGYUAN)).get(address).status_code == 404
    assert browse("en", as_user=lin).get(TILE.format(draft_id, 11, 0, 0)).status_code == 204


def test_the_draft_page_starts_one_drawing(lin: Any, draft_id: int, browse: Browse) -> None:
    client = browse("en", as_user=lin)
    first = client.post(f"/imports/{draft_id}/draw-map/")
    assert first["Location"].startswith("/jobs/")
    assert client.post(f"/imports/{draft_id}/draw-map/")["Location"] == f"/imports/{draft_id}/"
    assert arguments_of_unfinished(draft_tiles.DRAW) == [{"draft_id": draft_id}]
    assert client.get(f"/api/v1/drafts/{draft_id}/map").json()["is_being_drawn"] is True


def test_a_reviewer_may_look_and_not_draw(draft_id: int, browse: Browse, person: Any) -> None:
    client = browse("en", as_user=person("chen", reviewer="3311"))
    assert client.get(f"/api/v1/drafts/{draft_id}/map").json()["may_draw"] is False
    assert client.post(f"/imports/{draft_id}/draw-map/").status_code == 403
    assert arguments_of_unfinished(draft_tiles.DRAW) == []


def test_pages_lead_to_the_map_once_there_is_one(
    release_id: str, draft_id: int, lin: Any, browse: Browse, tmp_path: Any
) -> None:
    # The draft of the release is closed; its page no longer leads to a draft map.
    assert "show-on-map" not in browse("en", as_user=lin).get(f"/imports/{draft_id}/").content.decode()
    assert queries.draft(lin, draft_id, on=NOW.date()).state == "released"
    assert browse("en", as_user=lin).get("/map/boxes/").json()["drafts"] is None


def test_a_draft_has_a_class_for_each_of_a_release_and_shares_no_colour_with_it() -> None:
    assert len(DRAFT_COLOURS) == len(DENSITY.steps)
    assert not {step.colour for step in DENSITY.steps} & set(DRAFT_COLOURS)
