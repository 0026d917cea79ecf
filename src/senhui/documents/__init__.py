"""Documents (文件): typesetting from plain values and a template. Knows no business; a room brings template and values.

``typesetting`` makes PDF, PNG and SVG with Typst, offline and the same bytes from the same values; ``glyphs`` knows
which characters the shipped fonts can print, and refuses a document by the names of those they cannot.
"""

from senhui.documents.typesetting import MissingGlyph, TemplateBroken, typeset

__all__ = ["MissingGlyph", "TemplateBroken", "typeset"]
