"""How a map sheet is divided: paper, the map's frame, the column with legend and numbers. Lengths in mm.

The template ``templates/sheet.typ`` draws what is measured out here; the scale of the map follows from the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Paper = Literal["A4", "A3"]
Orientation = Literal["landscape", "portrait"]

SIZES_MM: dict[Paper, tuple[float, float]] = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
"""Short and long side. Source: ISO 216."""

_TYPE_PT: dict[Paper, float] = {"A4": 8.0, "A3": 10.0}
"""Type of notes; everything else is a multiple of it."""


@dataclass(frozen=True)
class Area:
    """A rectangle on the paper, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The parts of a sheet."""

    width: float
    height: float
    type_pt: float
    margin: float
    ticks: float
    title: Area
    map: Area
    strip: Area
    column: Area
    overview_mm: float
    is_landscape: bool


def layout_of(paper: Paper, orientation: Orientation) -> Layout:
    """Divide a paper: title above, map, a strip with the scale below it, and the column to the right or at the foot."""
    short, long = SIZES_MM[paper]
    is_landscape = orientation == "landscape"
    width, height = (long, short) if is_landscape else (short, long)
    type_pt = _TYPE_PT[paper]
    grown = type_pt / _TYPE_PT["A4"]
    margin, ticks = 9.0 * grown, 4.5 * grown
    title = Area(margin, margin, width - 2 * margin, 15.0 * grown)
    strip_height, gap = 13.0 * grown, 4.0 * grown
    if is_landscape:
        column_width = 62.0 * grown
        column = Area(
            width - margin - column_width,
            title.y + title.height,
            column_width,
            height - margin - title.y - title.height,
        )
        map_right, map_foot = column.x - gap - ticks, height - margin - strip_height - ticks
    else:
        column_height = 72.0 * grown
        column = Area(margin, height - margin - column_height, width - 2 * margin, column_height)
        map_right, map_foot = width - margin - ticks, column.y - gap - strip_height - ticks
    left, top = margin + ticks, title.y + title.height + ticks
    frame = Area(left, top, map_right - left, map_foot - top)
    strip = Area(margin, map_foot + ticks, map_right + ticks - margin, strip_height)
    return Layout(width, height, type_pt, margin, ticks, title, frame, strip, column, 30.0 * grown, is_landscape)
