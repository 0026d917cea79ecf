"""The page of a map sheet, its downloads and the API: the same sheet for each reader, and no more than he may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN

from senhui.access.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Browse = Callable[..., Client]
PNG = b"\x89PNG\r\n\x1a\n"
ADDRESSES = ("/map/sheet.{form}", "/api/v1/map/sheet.{form}")


def noted() -> int:
    """How many sheets with stands were handed out."""
    return AuditEntry.objects.filter(action="atlas.make_sheet").count()


@pytest.mark.parametrize(("language", "title"), [("zh", "图件"), ("en", "Map sheet")])
def test_the_page_shows_choices_and_the_sheet(release_id: str, browse: Browse, language: str, title: str) -> None:
    client = browse(language)
    body = client.get("/map/sheet/").content.decode()
    assert title in body
    source = body.split('<img class="paper landscape" src="')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(source).content.startswith(PNG)


def test_the_page_opens_with_the_view_of_the_map(release_id: str, browse: Browse, person: Any) -> None:
    query = (
        f"?bbox=119.1,28.0,119.12,28.01&release={release_id}&layer=density&measure=measured&per=land&place={LONGQUAN}"
    )
    body = browse("en", as_user=person("li", viewer=LONGQUAN)).get(f"/map/sheet/{query}").content.decode()
    assert "What the map showed" in body
    assert "bbox=119.10000%2C28.00000%2C119.12000%2C28.01000" in body
    assert "per=land" in body
    assert "measure=measured" in body


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF-"), ("png", PNG)])
def test_a_reader_with_a_role_takes_the_stands_away_and_it_is_noted(
    release_id: str, browse: Browse, person: Any, address: str, form: str, begins: bytes
) -> None:
    client = browse("zh", as_user=person("li", viewer=LONGQUAN))
    answer = client.get(address.format(form=form) + "?layer=species&paper=A4")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert f"senhui_{release_id}_species_A4.{form}" in answer["Content-Disposition"]
    assert noted() == 1
    assert AuditEntry.objects.get(action="atlas.make_sheet").detail["n_stands"] == 12


def test_a_preview_is_not_noted(release_id: str, browse: Browse, person: Any) -> None:
    client = browse("zh", as_user=person("li", viewer=LONGQUAN))
    assert client.get("/map/sheet.png?preview=1").content.startswith(PNG)
    assert noted() == 0


@pytest.mark.parametrize("address", [*ADDRESSES, "/map/sheet/"])
def test_the_public_gets_no_layer_of_single_stands(release_id: str, browse: Browse, address: str) -> None:
    answer = browse("en").get(address.format(form="pdf") + "?layer=species")
    assert answer.status_code == 403
    assert b"%PDF-" not in answer.content
    assert noted() == 0


def test_a_role_elsewhere_shows_no_stands_here(release_id: str, browse: Browse, person: Any) -> None:
    client = browse("en", as_user=person("wu", viewer=QINGYUAN))
    assert client.get("/map/sheet.pdf").status_code == 200
    assert noted() == 0


def test_the_public_gets_the_layer_of_densities_and_is_offered_no_other(release_id: str, browse: Browse) -> None:
    client = browse("en")
    body = client.get("/map/sheet/").content.decode()
    assert '<option value="density"' in body
    assert '<option value="species"' not in body
    assert client.get("/map/sheet.pdf").content.startswith(b"%PDF-")
    assert noted() == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("layer=nonsense", 404), ("release=none", 404), ("place=330000000", 404), ("place=x", 404), ("paper=A0", 404),
        ("bbox=1,2,3,4", 422), ("bbox=1,2", 422), ("bbox=a,b,c,d", 422), ("bbox=119.5,28,119.1,28.2", 422),
        ("bbox=nan,28,119.1,28.2", 422), ("bbox=119.1,28,inf,28.2", 422),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_with_words(release_id: str, browse: Browse, query: str, status: int) -> None:
    for address in ("/map/sheet/", "/map/sheet.pdf"):
        assert browse("zh").get(f"{address}?{query}").status_code == status


def test_there_is_no_other_form(release_id: str, browse: Browse) -> None:
    assert browse("zh").get("/map/sheet.docx").status_code == 404


def test_without_a_release_the_page_says_how_to_begin(db: None, browse: Browse) -> None:
    assert browse("zh").get("/map/sheet/").status_code == 200
    assert browse("zh").get("/map/sheet.pdf").status_code == 404


def test_a_name_that_cannot_be_printed_refuses_the_sheet_by_name(
    release_id: str, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from senhui.documents import glyphs

    held = glyphs.characters() - {"碳"}
    monkeypatch.setattr(glyphs, "characters", lambda: held)
    answer = browse("zh").get("/map/sheet.pdf?language=zh")
    assert answer.status_code == 422
    assert "碳 (U+78B3)" in answer.content.decode()
