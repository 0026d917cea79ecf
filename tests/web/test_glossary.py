"""The terms that pages explain: in both languages, named as the nomenclature names them, each leading somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils.translation import override

import senhui.web
from senhui.atlas.layers import LAYERS
from senhui.web.glossary import Term, terms

WEB = Path(senhui.web.__file__).parent
NOMENCLATURE = Path(__file__).parents[2] / "docs" / "nomenclature.md"
ASKED = re.compile(r'{% help "(\w+)" %}')
LONGEST = 260
"""Letters of an explanation: what is longer belongs on the page it leads to."""


def asked_by_templates() -> set[str]:
    return {term for path in (WEB / "templates").rglob("*.html") for term in ASKED.findall(path.read_text("utf-8"))}


def test_every_term_is_explained_somewhere_and_every_layer_has_one() -> None:
    assert asked_by_templates() | LAYERS.keys() == terms().keys()


@pytest.mark.parametrize("name", terms())
def test_a_term_is_named_as_in_the_nomenclature_and_told_shortly_in_both_languages(name: str) -> None:
    term = terms()[name]
    assert f"`{term.code}`" in NOMENCLATURE.read_text("utf-8") or f"`{term.code}_" in NOMENCLATURE.read_text("utf-8")
    for text in (term.zh, term.means_zh):
        assert re.search(r"[\u4e00-\u9fff]", text)
    for text in (term.en, term.means_en):
        assert not re.search(r"[\u4e00-\u9fff]", text)
    assert max(len(term.means_zh), len(term.means_en)) <= LONGEST


@pytest.mark.django_db
@pytest.mark.parametrize("url", sorted({term.leads_to[0] for term in terms().values()}))
def test_what_a_term_leads_to_is_there(client: Client, url: str) -> None:
    for term in terms().values():
        if term.leads_to[0] == url:
            assert client.get(term.url).status_code == 200, term.url


def test_a_term_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(TypeError):
        Term(**{**vars(terms()["density"]), "means_de": "…"})


@pytest.mark.parametrize(("language", "name"), [("zh-hans", "碳储量"), ("en", "Carbon stock")])
def test_each_question_mark_of_a_page_opens_its_own_explanation(language: str, name: str) -> None:
    template = Template('{% load help %}{% help "carbon_stock" %}{% help "pools" %}')
    request = RequestFactory().get("/")
    with override(language):
        text = template.render(Context({"request": request}))
    targets = re.findall(r'popovertarget="([\w-]+)"', text)
    assert targets == ["help-page-1", "help-page-2"]
    for target in targets:
        assert f'id="{target}" popover' in text
    assert name in text


def test_question_marks_of_a_fragment_are_others_than_those_of_the_page() -> None:
    template = Template('{% load help %}{% help "carbon_stock" %}')
    request = RequestFactory().get("/", headers={"HX-Request": "true"})
    assert 'popovertarget="help-part-1"' in template.render(Context({"request": request}))
