"""Documents from plain values: the same bytes each time, dated by the values, refused where a glyph is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from senhui.documents import MissingGlyph, TemplateBroken, typeset

TEMPLATE = """
#let data = json("data.json")
#set page(width: 60mm, height: 30mm, margin: 5mm)
#set text(font: "Noto Sans CJK SC", size: 10pt)
#data.title
#for line in data.lines [ #line #linebreak() ]
"""
DATA = {"dated_at": "2026-03-01T08:00:00+08:00", "title": "碳储量", "lines": ["CO₂", "䶮 𫚖 坵"]}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template in a directory of its own."""
    path = tmp_path / "note.typ"
    path.write_text(TEMPLATE, "utf-8")
    return path


def test_the_same_values_give_the_same_bytes(template: Path) -> None:
    for form in ("pdf", "png", "svg"):
        assert typeset(template, DATA, form=form, files={}) == typeset(template, dict(DATA), form=form, files={})


def test_a_document_is_dated_by_its_values(template: Path) -> None:
    early = typeset(template, DATA, form="pdf", files={})
    late = typeset(template, DATA | {"dated_at": "2031-03-01T08:00:00+08:00"}, form="pdf", files={})
    assert b"2026-03-01" in early or b"D:20260301" in early
    assert early != late


def test_every_font_of_a_pdf_is_one_of_ours_and_lies_in_it(template: Path) -> None:
    made = typeset(template, DATA, form="pdf", files={})
    assert made.startswith(b"%PDF-")
    assert b"NotoSansCJKsc" in made
    assert b"/FontFile3" in made


def test_a_picture_has_the_resolution_asked_for(template: Path) -> None:
    made = typeset(template, DATA, form="png", files={}, pixels_per_inch=254)
    assert made.startswith(PNG)
    assert int.from_bytes(made[16:20], "big") == 600
    assert int.from_bytes(made[20:24], "big") == 300


def test_a_missing_character_of_a_value_is_refused_by_name_and_place(template: Path) -> None:
    with pytest.raises(MissingGlyph) as refused:
        typeset(template, DATA | {"lines": ["CO₂", "林🌲"]}, form="pdf", files={})
    assert refused.value.missing == [("🌲", "U+1F332", "lines[1]")]
    assert "U+1F332" in str(refused.value)


def test_a_missing_character_of_the_template_or_of_a_picture_is_refused(template: Path) -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg"><text>\xf0\x9f\x8c\xb2</text></svg>'
    with pytest.raises(MissingGlyph, match=r"tree.svg:1"):
        typeset(template, DATA, form="pdf", files={"tree.svg": picture})
    template.write_text(TEMPLATE + "🌲", "utf-8")
    with pytest.raises(MissingGlyph, match=r"note.typ:7"):
        typeset(template, DATA, form="pdf", files={})


def test_a_character_that_nobody_sees_is_missing_too(template: Path) -> None:
    """A zero-width space in a name would be printed as nothing, and searched for in vain."""
    with pytest.raises(MissingGlyph, match=r"U[+]200B"):
        typeset(template, DATA | {"title": "龙泉\u200b市"}, form="pdf", files={})


def test_text_of_values_is_no_markup(template: Path) -> None:
    assert typeset(template, DATA | {"title": '#panic("read as code") $x$ *b*'}, form="pdf", files={})


def test_a_template_that_does_not_fit_its_values_says_what_typst_said(template: Path) -> None:
    with pytest.raises(TemplateBroken, match="lines"):
        typeset(template, {"dated_at": DATA["dated_at"], "title": "a"}, form="pdf", files={})


def test_a_picture_of_several_pages_is_refused(template: Path) -> None:
    with pytest.raises(TemplateBroken, match="one page"):
        typeset(template, DATA | {"lines": ["字"] * 400}, form="png", files={})


def test_a_template_takes_no_package_from_the_network(template: Path) -> None:
    template.write_text('#import "@preview/cetz:0.3.0"', "utf-8")
    with pytest.raises(AssertionError, match="network"):
        typeset(template, DATA, form="pdf", files={})
