"""The list of all parameters is sought through and grouped; a long table comes in pages, and a link finds its row."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from senhui import parameters
from senhui.web.parameter_groups import GROUPS, OTHER, key_of
from senhui.web.templatetags.senhui import parameter_address
from senhui.web.views.parameters import ROWS_A_PAGE

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]


def ids(page: str) -> list[str]:
    return re.findall(r"<td><code>(\w+)</code></td>", page)


def test_every_parameter_stands_once_and_under_a_heading_that_says_something(browse: Browse) -> None:
    page = browse("en").get("/parameters/").content.decode()
    every = [one.id for one in parameters.all_parameters()]
    assert sorted(ids(page)) == sorted(every)
    assert [one for one in every if key_of(one) == OTHER[0]] == []
    assert {key_of(one) for one in every} == {key for key, _label, _patterns in GROUPS}


@pytest.mark.parametrize(("language", "sought"), [("zh", "毛竹 含碳率"), ("en", "carbon moso"), ("en", "CF_MOSO")])
def test_a_search_finds_by_name_in_both_languages_and_by_id(browse: Browse, language: str, sought: str) -> None:
    found = ids(browse(language).get("/parameters/", {"q": sought}).content.decode())
    assert "cf_moso_mean" in found
    assert "cf_default" not in found


def test_a_search_without_a_find_says_so(browse: Browse) -> None:
    page = browse("en").get("/parameters/", {"q": "<b>nothing</b>"}).content.decode()
    assert ids(page) == []
    assert "No parameter holds all of these words" in page
    assert "<b>nothing" not in page


def test_a_long_table_comes_in_pages_and_a_link_leads_to_the_page_of_its_row(browse: Browse) -> None:
    client = browse("en")
    rows = parameters.table("species_codes").frame
    first = client.get("/parameters/species_codes/").content.decode()
    assert len(re.findall("<tr id=", first)) == ROWS_A_PAGE < rows.height
    last = rows.row(rows.height - 1, named=True)
    address = parameter_address(f"species_codes#{last['code_system']}/{last['code']}.species_group")
    assert f'id="{last["code_system"]}/{last["code"]}"' in client.get(address).content.decode()


def test_the_rows_of_a_table_are_sought_through(browse: Browse) -> None:
    page = browse("zh").get("/parameters/species_codes/", {"q": "nfi 毛竹"}).content.decode()
    assert re.findall('<tr id="([^"]+)"', page) == ["nfi/660"]
