"""What a reader sees or hears of an HTML page or of a JSON answer, without what is marked as data.

Data are names, codes, identifiers and sources of documents. A page marks them: by `<code>`, by `translate="no"`, or by
a `lang` other than the page's own. Used by the cases of both catalogues.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TEXT_ATTRIBUTES = ("title", "placeholder", "alt", "aria-label", "aria-description", "aria-valuetext", "label")
BUTTONS = {"button", "submit", "reset"}
HOLDS_JSON = "application/json"
# A word as in a name of a file, a field or an address: no space, and no capital before small letters.
IDENTIFIER = re.compile(r"(?![A-Z][a-z]+$)[\w./#?=&:%{}+*,@()|<>!\[\]^-]*")


@dataclass
class _Reader(HTMLParser):
    page_language: str
    texts: list[str] = field(default_factory=list)
    json_texts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    _open: list[tuple[str, bool]] = field(default_factory=list)
    _script: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_inside_data = bool(self._open) and self._open[-1][1] and given.get("translate") != "yes"
        is_data = is_inside_data or self._marks_data(tag, given)
        if given.get("method") == "post":
            self.forms.append(given.get("action", ""))
        if "formaction" in given:
            self.forms.append(given["formaction"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if not is_data:
            self.texts += [given[name] for name in TEXT_ATTRIBUTES if name in given]
            self.texts += [value for name, value in given.items() if name.startswith("data-label")]
            if tag == "input" and given.get("type") in BUTTONS:
                self.texts.append(given.get("value", ""))
        if tag == "script":
            self._script = given.get("type", "")
        if tag not in VOID:
            self._open.append((tag, is_data))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def _marks_data(self, tag: str, given: dict[str, str]) -> bool:
        language = given.get("lang")
        is_foreign = tag != "html" and language is not None and language[:2] != self.page_language[:2]
        return tag in {"code", "style"} or given.get("translate") == "no" or is_foreign

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside, is_data = self._open[-1] if self._open else ("", False)
        if inside == "script":
            if self._script == HOLDS_JSON:
                self.json_texts.append(data)
        elif not is_data:
            self.texts.append(data)


@dataclass(frozen=True)
class Seen:
    """The texts of one page, where its links lead and where its forms are sent."""

    texts: tuple[str, ...]
    links: tuple[str, ...]
    forms: tuple[str, ...]


def of_page(html: str, *, language: str) -> Seen:
    """Return every text of a page that is no data, those that it hands to its scripts among them."""
    reader = _Reader(language)
    reader.feed(html)
    reader.close()
    handed = [text for one in reader.json_texts for text in of_json(json.loads(one))]
    texts = (re.sub(r"\s+", " ", text).strip() for text in [*reader.texts, *handed])
    return Seen(tuple(text for text in texts if text), tuple(reader.links), tuple(reader.forms))


def of_json(value: Any) -> Iterator[str]:
    """Return the strings of a JSON answer that are no identifiers, addresses or colours."""
    if isinstance(value, dict):
        for one in value.values():
            yield from of_json(one)
    elif isinstance(value, list):
        for one in value:
            yield from of_json(one)
    elif isinstance(value, str) and not IDENTIFIER.fullmatch(value):
        yield value
