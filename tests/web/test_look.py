"""Text is readable: contrast of the colour pairs that the style sheet puts together, in both schemes (WCAG 2.2, AA)."""

from __future__ import annotations

import re

import pytest
from tests.web.messages import WEB

from senhui.web.map_style import legend

STYLE = (WEB / "static" / "css" / "senhui.css").read_text("utf-8")
TEXT_ON_GROUND = [
    ("ink", "ground"), ("ink", "surface"), ("ink", "sunken"), ("ink-soft", "ground"), ("ink-soft", "surface"),
    ("ink-soft", "sunken"), ("accent", "ground"), ("accent", "surface"), ("accent-ink", "accent"),
    ("ink", "accent-soft"), ("warn", "warn-soft"), ("ink", "warn-soft"), ("bad", "surface"), ("ink", "bad-soft"),
]  # fmt: skip
AA_TEXT = 4.5
AA_PARTS = 3.0


def colours(selector: str) -> dict[str, str]:
    """Return the colour variables of one rule of the style sheet."""
    rule = STYLE.split(f"{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", rule))


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("selector", [":root", ":root:not(.light)", ":root.dark"])
def test_text_stands_out_from_its_ground(selector: str) -> None:
    scheme = colours(selector)
    for text, ground in TEXT_ON_GROUND:
        assert contrast(scheme[text], scheme[ground]) >= AA_TEXT, (text, ground)
    assert contrast(scheme["focus"], scheme["surface"]) >= AA_PARTS


def test_the_dark_scheme_is_the_same_by_preference_and_by_class() -> None:
    assert colours(":root:not(.light)") == colours(":root.dark")


def test_the_legend_says_every_colour_in_words() -> None:
    words = [entry["label"] for entry in legend()]
    assert len(set(words)) == len(words) == 9
    assert words[0] == "0 – 10"
