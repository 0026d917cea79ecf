"""Scripts hold no words: what they show comes from the page, which has it from the catalogues."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "src" / "senhui" / "web" / "static" / "js"

COMMENT = re.compile(r"(?<![:\"'`\w])//[^\n]*|/\*.*?\*/", re.DOTALL)
SHOWN = r"textContent|innerText|placeholder|title|label|ariaLabel|alt"
SHOWN_LITERAL = re.compile(
    rf"(?:\b(?:{SHOWN})\s*[:=]|setAttribute\(\s*[\"'](?:aria-label|title|placeholder|alt)[\"']\s*,"
    rf"|[\"']aria-label[\"']\s*:)\s*([\"'`])(?P<text>.*?)\1"
)
LITERAL = re.compile(r"([\"'`])(?P<text>(?:\\.|(?!\1).)*)\1")
IN_TEMPLATE = re.compile(r"\$\{[^}]*\}")
WORD = re.compile(r"[A-Za-z]{2}")
SENTENCE = re.compile(r"^[A-Z][a-z]+( [A-Za-z]+)+")
CHINESE = re.compile("[\u4e00-\u9fff]")


def words_in(script: str) -> list[str]:
    """Return the texts that a script would show without a translation."""
    code = COMMENT.sub("", script)
    shown = [IN_TEMPLATE.sub("", found["text"]) for found in SHOWN_LITERAL.finditer(code)]
    literals = [IN_TEMPLATE.sub("", found["text"]) for found in LITERAL.finditer(code)]
    wrong = [text for text in shown if WORD.search(text)]
    return wrong + [text for text in literals if SENTENCE.search(text) or CHINESE.search(text)]


def test_no_script_holds_a_word_for_readers() -> None:
    scripts = sorted(SCRIPTS.rglob("*.js"))
    assert len(scripts) > 10
    assert {path.name: words for path in scripts if (words := words_in(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "line",
    [
        'button.textContent = "Close";',
        "element('p', { textContent: `Row ${n}` })",
        'box.setAttribute("aria-label", "close the box");',
        'attributes: { "aria-label": "close" }',
        'say("Connection lost");',
        'say("连接中断"); // 说明',
    ],
)
def test_a_word_in_a_script_is_found(line: str) -> None:
    assert words_in(line)


@pytest.mark.parametrize(
    "line",
    [
        "button.textContent = texts.close;",
        'box.className = "small soft"; // Close it',
        "dot.textContent = `${n} / ${m}`;",
    ],
)
def test_what_comes_from_the_page_is_no_word_of_a_script(line: str) -> None:
    assert not words_in(line)
