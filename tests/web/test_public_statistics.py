"""The public reads townships as totals and no small cell; whose areas cover a place reads every table of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, quiet, write_layer

from senhui.atlas.jobs import build_map
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.release_draft import release_draft

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]

TOWNSHIP = f"{LONGQUAN}103"
EVERYTHING = "by=township,land_class,species_group,origin,age_group,method"
WHO = {"public": None, "longquan": LONGQUAN, "city": "3311"}


@pytest.fixture
def rare_id(person: Person, tmp_path: Path, now: dt.datetime) -> str:
    """A release of seven stands of one species group, three of another and two of a third, in one township."""
    lin, chen = person("lin", technician=LONGQUAN), person("chen", reviewer="3311")
    path = write_layer(tmp_path / "rare.gpkg", YOU_SHI_SZ=["310"] * 7 + ["220"] * 3 + ["610"] * 2)
    draft = import_layer(
        lin, path=path, original_name=path.name, reference_year=2021, is_sample=True, now=now, progress=quiet
    )
    measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    info = release_draft(chen, draft_id=draft.id, label="Rare", now=now, progress=quiet)
    build_map(info.id, progress=quiet)
    return info.id


@pytest.fixture
def client_of(browse: Browse, person: Person) -> Callable[[str], Client]:
    """Return a client of somebody in `WHO`, in English."""
    return lambda who: browse("en", as_user=person(who, viewer=WHO[who]) if WHO[who] else None)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (EVERYTHING, {"city"}),
        (f"{EVERYTHING}&within={LONGQUAN}", {"longquan", "city"}),
        (f"by=species_group&within={TOWNSHIP}", {"longquan", "city"}),
        ("by=township,species_group", {"city"}),
        ("by=origin,species_group", {"city"}),
        ("by=county,township", {"city"}),
        ("by=county,species_group", {"public", "longquan", "city"}),
        ("by=method", {"city"}),
        (f"by=method&within={LONGQUAN}", {"longquan", "city"}),
        ("by=township", {"public", "longquan", "city"}),
        (f"by=&within={TOWNSHIP}", {"public", "longquan", "city"}),
    ],
)
@pytest.mark.parametrize("who", WHO)
def test_the_api_refuses_what_is_too_fine(
    rare_id: str, client_of: Callable[[str], Client], who: str, asked: str, allowed: set[str]
) -> None:
    response = client_of(who).get(f"/api/v1/releases/{rare_id}/statistics?{asked}")
    assert response.status_code == (200 if who in allowed else 403)
    if who not in allowed:
        assert response.json()["error"] == "TooFine"


@pytest.mark.parametrize(
    ("who", "within", "is_withheld"),
    [
        ("public", "", True),
        ("public", LONGQUAN, True),
        ("longquan", "", True),
        ("longquan", LONGQUAN, False),
        ("city", "", False),
    ],
)
def test_a_small_cell_is_withheld_by_api_page_panel_and_csv(
    rare_id: str, client_of: Callable[[str], Client], who: str, within: str, is_withheld: bool
) -> None:
    client = client_of(who)
    query = f"by=species_group&within={within}" if within else "by=species_group"
    cells = client.get(f"/api/v1/releases/{rare_id}/statistics?{query}").json()
    assert sorted(cell["is_withheld"] for cell in cells) == [False, is_withheld, is_withheld], (
        "three stands go with the two"
    )
    for cell in cells:
        measures = [cell[name] for name in ("n", "area_ha", "volume_m3", "stock_tc", "stock_tc_per_forest_ha")]
        assert all((value is None) == cell["is_withheld"] for value in measures)
    whole = client.get(f"/api/v1/releases/{rare_id}/statistics?by=&within={within}").json()
    assert whole[0]["n"] == 12, "totals stay"
    title = "Withheld: fewer than three sub-compartments, or such a cell could be computed from it"
    for address in (
        f"/statistics/?release={rare_id}&{query}&measure=area_ha",
        f"/statistics/?release={rare_id}&{query}&measure=all",
        f"/map/panel/?release={rare_id}&place={within or '3311'}",
    ):
        assert (title in client.get(address).content.decode()) == is_withheld, address
    for measure in ("all", "area_ha"):
        answer = client.get(f"/statistics/table.csv?release={rare_id}&{query}&measure={measure}")
        table = pl.read_csv(answer.content)
        assert sorted(table["Sub-compartments"].to_list(), key=str) == ([7, None, None] if is_withheld else [2, 3, 7])
        assert table["Area (ha)"].null_count() == 2 * is_withheld
    assert client.get(f"/statistics/table.xlsx?release={rare_id}&{query}").status_code == 200


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "公众只能看到乡镇"), ("en", "The public sees townships as totals")]
)
def test_page_and_files_explain_why_a_table_is_too_fine(rare_id: str, browse: Browse, language: str, said: str) -> None:
    for address in ("/statistics/", "/statistics/table.csv", "/statistics/table.xlsx"):
        response = browse(language).get(f"{address}?release={rare_id}&by=origin&within={TOWNSHIP}")
        assert response.status_code == 403
        assert said in response.content.decode()


@pytest.mark.parametrize("who", WHO)
def test_the_panel_of_a_township_has_no_composition_for_the_public(
    rare_id: str, client_of: Callable[[str], Client], who: str
) -> None:
    response = client_of(who).get(f"/map/panel/?release={rare_id}&place={TOWNSHIP}")
    assert response.status_code == 200
    assert ("Composition by species" in response.content.decode()) == (who != "public")


@pytest.mark.parametrize("within", [TOWNSHIP[:8], LONGQUAN[:5], f"{TOWNSHIP}201"])
def test_what_is_no_place_of_the_statistics_is_refused(
    rare_id: str, client_of: Callable[[str], Client], within: str
) -> None:
    """The beginning of several counties' codes would be a sum of cells of which some may be withheld."""
    response = client_of("city").get(f"/api/v1/releases/{rare_id}/statistics?by=species_group&within={within}")
    assert response.status_code == 400


@pytest.mark.parametrize("who", WHO)
def test_parameters_of_a_township_tell_its_species_and_need_a_role(
    rare_id: str, client_of: Callable[[str], Client], who: str
) -> None:
    client = client_of(who)
    for address in (f"/releases/{rare_id}/parameters/", f"/api/v1/releases/{rare_id}/parameters"):
        assert client.get(f"{address}?within={LONGQUAN}").status_code == 200
        assert client.get(f"{address}?within={TOWNSHIP}").status_code == (403 if who == "public" else 200)
    panel = client.get(f"/map/panel/?release={rare_id}&place={TOWNSHIP}").content.decode()
    assert (f"within={TOWNSHIP}" in panel) == (who != "public")


def test_a_dimension_named_twice_is_refused(rare_id: str, browse: Browse) -> None:
    for by in ("county,county", "origin,origin"):
        response = browse("en").get(f"/api/v1/releases/{rare_id}/statistics?by={by}")
        assert response.status_code == 400
        assert response.json()["error"] == "UnknownDimension"
