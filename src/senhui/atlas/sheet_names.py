"""The names on a map sheet: where each stands so that none lies over another. Larger places come first.

The cases are in ``tests/atlas/test_sheet_names.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from senhui.atlas.sheet_extent import Box, Frame
from senhui.documents.glyphs import width_em

MM_PER_PT = 25.4 / 72
_LINE_EM = 1.15
_GAP_MM = 0.6
_EDGE_MM = 1.5
_LEAST_SHARE = 0.35
"""A name stands where at least this share of its own area of the place can be seen."""
_ANCHOR_TOLERANCE_MM = 0.5


@dataclass(frozen=True)
class Named:
    """A place with its outline in m of the projection, and how its name is set: the larger ``rank`` gives way."""

    name: str
    shape: shapely.Geometry
    rank: int
    size_pt: float
    weight: str


@dataclass(frozen=True)
class Label:
    """A name on the paper; the point is the middle of its line."""

    text: str
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    rank: int
    size_pt: float
    weight: str


def place_labels(frame: Frame, places: Iterable[Named], *, taken: Box) -> list[Label]:
    """Return the names that have room, by rank and then by the size of the place on the sheet.

    Parameters
    ----------
    taken : left, top, right, bottom of what lies over the map in a corner, mm.
    """
    west, south, east, north = frame.box_m
    edge_m = frame.metres(_EDGE_MM)
    window = shapely.box(west + edge_m, south + edge_m, east - edge_m, north - edge_m)
    seen = [(place, shapely.intersection(place.shape, window)) for place in places]
    seen.sort(key=lambda entry: (entry[0].rank, -shapely.area(entry[1]), entry[0].name))
    left, top, right, bottom = taken
    corner = Label("", (left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0, 0.0, "")
    kept = [corner]
    for place, part in seen:
        for label in _candidates(frame, place, part):
            if _is_inside(frame, label) and not any(_touch(label, other) for other in kept):
                kept.append(label)
                break
    return kept[1:]


def _candidates(frame: Frame, place: Named, part: shapely.Geometry) -> Iterator[Label]:
    """Yield where a name may stand: in the middle of the widest part that is seen, then a little beside it."""
    width_mm = width_em(place.name, weight=place.weight) * place.size_pt * MM_PER_PT
    height_mm = _LINE_EM * place.size_pt * MM_PER_PT
    if shapely.area(part) < _LEAST_SHARE * frame.metres(width_mm) * frame.metres(height_mm):
        return
    tolerance_m = frame.metres(_ANCHOR_TOLERANCE_MM)
    simple = np.array([shapely.simplify(part, tolerance_m), part], dtype=object)
    circle = shapely.maximum_inscribed_circle(simple[shapely.area(simple) > 0][:1], tolerance_m)
    x_mm, y_mm = frame.on_paper(shapely.get_coordinates(circle))[0].tolist()
    for down in (0.0, -0.9, 0.9, -1.6, 1.6):
        for right in (0.0, -0.3, 0.3, -0.55, 0.55):
            yield Label(
                place.name,
                x_mm + right * width_mm,
                y_mm + down * height_mm,
                width_mm,
                height_mm,
                place.rank,
                place.size_pt,
                place.weight,
            )


def _is_inside(frame: Frame, label: Label) -> bool:
    right, down = label.width_mm / 2, label.height_mm / 2
    return right <= label.x_mm <= frame.width_mm - right and down <= label.y_mm <= frame.height_mm - down


def _touch(one: Label, other: Label) -> bool:
    return (
        abs(one.x_mm - other.x_mm) < (one.width_mm + other.width_mm) / 2 + _GAP_MM
        and abs(one.y_mm - other.y_mm) < (one.height_mm + other.height_mm) / 2 + _GAP_MM / 2
    )
