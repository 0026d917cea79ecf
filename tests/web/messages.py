"""Every message that the web can show: from templates, from Python, and from the rooms whose English is a key.

Used by the cases of the catalogue and by nothing else; the gettext tools are not needed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation import templatize

import senhui.web
from senhui.intake import LayerRefused
from senhui.intake.reasons import msgids

WEB = Path(senhui.web.__file__).parent
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}

Message = str | tuple[str, str]
"""A message, or its singular and plural."""


def all_messages() -> set[Message]:
    """Return every message that must be in the catalogue."""
    return {*_in_templates(), *_in_python(), *msgids(), *_in_refusals()}


def refused_layers() -> list[type[LayerRefused]]:
    """Return every way in which a file can be refused as a layer."""
    found: list[type[LayerRefused]] = []
    waiting = [LayerRefused]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        found += kinds
        waiting += kinds
    return [kind for kind in found if "what" in vars(kind)]


def _in_refusals() -> Iterator[Message]:
    for kind in refused_layers():
        yield from (kind.what, kind.why, kind.remedy)


def _in_templates() -> Iterator[Message]:
    for path in sorted((WEB / "templates").rglob("*.html")):
        yield from _extracted(templatize(path.read_text("utf-8"), origin=str(path)))


def _in_python() -> Iterator[Message]:
    for path in sorted(WEB.rglob("*.py")):
        yield from _extracted(path.read_text("utf-8"))


def _extracted(source: str) -> Iterator[Message]:
    for _line, message, _comments, _context in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
        yield message if isinstance(message, str) else (message[0], message[1])
