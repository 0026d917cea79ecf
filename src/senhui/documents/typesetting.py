"""Typesetting with Typst: a template and plain values become a PDF, a picture or an SVG.

The compiler sees a directory of its own with the template, the values as ``data.json`` and the files handed in: no
network, no package, no font of the machine, no clock. So the same values give the same bytes. The cases are in
``tests/documents/test_typesetting.py``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from senhui.documents import glyphs

Form = Literal["pdf", "png", "svg"]

DATED_AT = "dated_at"
"""The key of the values that gives the document's date, an ISO instant with its offset."""

PRINT_PPI = 200.0

_PACKAGE = re.compile(r'"@[a-z]+/')


@dataclass(frozen=True)
class Missing:
    """A character that no font of ours prints, and where it stands: a key of the values, or a file and its line."""

    character: str
    where: str

    @property
    def code_point(self) -> str:
        """Its number, as U+20AC."""
        return f"U+{ord(self.character):04X}"


class MissingGlyph(Exception):
    """The document holds characters that the shipped fonts cannot print, so it is not made.

    Parameters
    ----------
    missing : each character with the places where it stands, as (character, code point, place).
    """

    def __init__(self, missing: list[tuple[str, str, str]]) -> None:
        named = "; ".join(f"{character} ({code}) in {where}" for character, code, where in missing)
        super().__init__(
            f"The document is not made, for the fonts lack: {named}. A printed gap or a wrong sign would pass unseen. "
            "Write the text without these characters, or add them to the fonts with tools/fonts."
        )
        self.missing = missing


class TemplateBroken(Exception):
    """Typst could not set the template with these values: a mistake of the program.

    Parameters
    ----------
    template : name of the template's file.
    detail : what Typst said.
    """

    def __init__(self, template: str, detail: str) -> None:
        super().__init__(f"The template {template} could not be set: {detail}")
        self.template = template
        self.detail = detail


def typeset(
    template: Path,
    data: Mapping[str, Any],
    *,
    form: Form,
    files: Mapping[str, bytes],
    pixels_per_inch: float = PRINT_PPI,
) -> bytes:
    """Set a template with values; the template reads them by ``json("data.json")``.

    Parameters
    ----------
    template : path of a ``.typ`` file; it may import others of its directory.
    data : mapping that JSON can hold, with ``dated_at``, which becomes the date of the document.
    form : "pdf", "png" or "svg"; the latter two of one page.
    files : pictures by the name under which the template reads them.
    pixels_per_inch : of a PNG.

    Raises
    ------
    MissingGlyph
        A text, the template or an SVG holds characters that the fonts lack.
    TemplateBroken
        The template does not fit the values, or a picture has several pages.
    """
    assert DATED_AT in data, "the date of a document comes from its values, never from the clock"
    dated_at = dt.datetime.fromisoformat(str(data[DATED_AT])).replace(microsecond=0)
    assert dated_at.tzinfo is not None, "an instant has an offset"
    sources = {path.name: path.read_text("utf-8") for path in sorted(template.parent.glob("*.typ"))}
    assert not any(_PACKAGE.search(source) for source in sources.values()), "a package would come from the network"
    _refuse_missing_glyphs(data, sources, files)
    with tempfile.TemporaryDirectory(prefix="senhui-typeset-") as directory:
        root = Path(directory)
        for name, content in files.items():
            (root / name).write_bytes(content)
        for name, source in sources.items():
            (root / name).write_text(source, "utf-8")
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False, sort_keys=True), "utf-8")
        try:
            compiler = typst.Compiler(root / template.name, root=root, font_paths=_fonts(), ignore_system_fonts=True)
            made = compiler.compile(format=form, ppi=pixels_per_inch, timestamp=dated_at)
        except typst.TypstError as problem:
            raise TemplateBroken(template.name, str(problem)) from problem
    if not isinstance(made, bytes):
        raise TemplateBroken(template.name, f"a {form} has one page, not {len(made or ())}")
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(glyphs.DIRECTORY)])


def _refuse_missing_glyphs(data: Mapping[str, Any], sources: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    texts = [*_texts(data, ""), *_lines(sources)]
    texts += _lines({name: content.decode("utf-8") for name, content in files.items() if name.endswith(".svg")})
    found = [Missing(character, where) for where, text in texts for character in glyphs.missing(text)]
    if found:
        raise MissingGlyph([(one.character, one.code_point, one.where) for one in found])


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text of nested values with its path, such as ``legend[2].label``."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list | tuple):
        for nth, inner in enumerate(value):
            yield from _texts(inner, f"{where}[{nth}]")


def _lines(sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, source in sources.items():
        # A picture of a map is one long line of digits: looked at as a whole it is looked at once.
        for nth, line in enumerate(source.split("\n"), start=1):
            yield f"{name}:{nth}", line
