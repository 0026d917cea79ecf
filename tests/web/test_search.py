"""The search of the map: sub-compartments by number and by the owner of their land, for people who may see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, quiet, write_layer

from senhui.inventory import queries

Browse = Callable[..., Client]
Person = Callable[..., Any]


@pytest.fixture
def viewer(browse: Browse, person: Person) -> Client:
    return browse("zh", as_user=person("zhou", viewer=LONGQUAN))


def found(client: Client, release_id: str, text: str, **more: str) -> list[dict[str, Any]]:
    """Return the sub-compartments that a search finds."""
    answer = client.get("/api/v1/places", {"q": text, "release": release_id, **more}).json()["found"]
    return [row for row in answer if row["kind"] == "sub_compartment"]


@pytest.mark.parametrize("written", ["1-3", "0001-0003", "1林班3小班", "1/3", "1 3"])
def test_compartment_and_number_are_read_as_people_write_them(viewer: Client, release_id: str, written: str) -> None:
    stand = queries.scan(release_id).select("village_code").first().collect().item()
    rows = found(viewer, release_id, written, within=stand[:9])
    assert rows
    for row in rows:
        assert row["name"].endswith("-0001-0003")
        assert row["code"] == stand[:9]


@pytest.fixture
def release_with_owners(person: Person, tmp_path: Path, now: dt.datetime) -> str:
    """A release of twelve stands: the land of the first three is state-owned, that of the others collective."""
    from senhui.atlas.jobs import release_and_map
    from senhui.inventory.actions.import_layer import import_layer
    from senhui.inventory.actions.measure_draft import measure_draft

    lin, chen = person("lin", technician=LONGQUAN), person("chen", reviewer="3311")
    path = write_layer(tmp_path / "stands.gpkg", LD_QS=["10"] * 3 + ["20"] * 9)
    when: dict[str, Any] = {"now": now, "progress": quiet}
    draft = import_layer(lin, path=path, original_name=path.name, reference_year=2021, is_sample=True, **when)
    measure_draft(lin, draft_id=draft.id, **when)
    return release_and_map(chen, draft_id=draft.id, label="Case", **when)


@pytest.mark.parametrize("text", ["国有", "state-owned"])
def test_the_owner_of_the_land_finds_stands_of_the_place_and_says_so(
    viewer: Client, release_with_owners: str, text: str
) -> None:
    rows = found(viewer, release_with_owners, text, within=f"{LONGQUAN}103")
    assert [row["name"] for row in rows] == [f"{LONGQUAN}103201-0001-000{number}" for number in range(3)]
    assert all("国有" in row["detail"] for row in rows)
    assert found(viewer, release_with_owners, text, within=f"{LONGQUAN}999") == []


@pytest.mark.parametrize("text", ["1-3", "0001-0003", "集体"])
def test_the_public_finds_no_sub_compartment_by_number_or_owner(browse: Browse, release_id: str, text: str) -> None:
    assert found(browse("zh"), release_id, text) == []


def test_a_place_that_is_no_code_is_passed_over(viewer: Client, release_id: str) -> None:
    assert found(viewer, release_id, "1-3", within="; drop") != []
