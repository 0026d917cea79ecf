"""The fonts of documents: two weights of Noto Sans CJK SC that lie in the package, never those of the machine.

Made by ``tools/fonts``; which characters they hold is decided in ``docs/decisions/0017-typesetting-and-fonts.md``.
The cases are in ``tests/documents/test_glyphs.py``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

DIRECTORY = Path(__file__).parent / "fonts"
FAMILY = "Noto Sans CJK SC"
WEIGHTS = ("Regular", "Bold")

BREAKS = frozenset("\n\r\t")
"""What a text may hold without being printed."""


@cache
def characters() -> frozenset[str]:
    """Return every character that both weights can print."""
    held = [_font(weight).getBestCmap().keys() for weight in WEIGHTS]
    return frozenset(map(chr, held[0] & held[1]))


def missing(text: str) -> list[str]:
    """Return the characters of a text that the fonts cannot print, each once, in the order of the text.

    Examples
    --------
    >>> missing("CO₂, 10⁶ m³")
    []
    >>> missing("林🌲")
    ['🌲']
    """
    return [character for character in dict.fromkeys(text) if character not in characters() and character not in BREAKS]


def width_em(text: str, *, weight: str = "Regular") -> float:
    """Return how wide a line of text is set, in multiples of the type size.

    Examples
    --------
    >>> width_em("龙泉市")
    3.0
    """
    font = _font(weight)
    names, widths = font.getBestCmap(), font["hmtx"]
    units: int = font["head"].unitsPerEm
    width: float = sum(widths[names[ord(character)]][0] for character in text if ord(character) in names) / units
    return width


@cache
def _font(weight: str) -> TTFont:
    return TTFont(DIRECTORY / f"NotoSansCJKsc-{weight}.otf", lazy=True)
