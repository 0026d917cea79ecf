"""Terms that pages explain where they use them (术语); they lie in `glossary.yaml`.

The cases are in tests/web/test_glossary.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.urls import reverse

from senhui.web.names import language

FILE = Path(__file__).with_name("glossary.yaml")


@dataclass(frozen=True)
class Term:
    """A term in both languages, and the page that tells all of it.

    Attributes
    ----------
    code : str
        Its code name in `docs/nomenclature.md`.
    zh, en : str
    means_zh, means_en : str
        One or two plain sentences.
    leads_to : list of str
        Name of a page, and what it takes.
    """

    code: str
    zh: str
    en: str
    means_zh: str
    means_en: str
    leads_to: list[str]

    @property
    def name(self) -> str:
        """The term in the reader's language."""
        return self.zh if language() == "zh" else self.en

    @property
    def meaning(self) -> str:
        """What it means, in the reader's language."""
        return self.means_zh if language() == "zh" else self.means_en

    @property
    def url(self) -> str:
        """Address of the page that tells all of it."""
        name, *arguments = self.leads_to
        return reverse(name, args=arguments)


@cache
def terms() -> dict[str, Term]:
    """Return every term by its id; a missing or an unknown key of the file is refused."""
    return {name: Term(**entry) for name, entry in yaml.safe_load(FILE.read_text("utf-8")).items()}
