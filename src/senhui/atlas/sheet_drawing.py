"""The picture of a map sheet as SVG: one path for each colour, in the resolution of paper, without any text.

The cases are in ``tests/atlas/test_sheet_drawing.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from senhui.atlas.layers import MapLayer
from senhui.atlas.sheet_extent import Frame

Shapes = NDArray[np.object_]

UNITS_PER_MM = 50
"""A unit of the picture is a fiftieth of a millimetre: finer than an office printer's 600 dots per inch."""
TOLERANCE_MM = 0.04
"""By so much may an outline be simplified; nobody sees it."""


@dataclass(frozen=True)
class Stroke:
    """A line: colour, width on paper, and lengths of dashes and gaps, mm."""

    colour: str
    width_mm: float
    dashes_mm: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True)
class Stratum:
    """Shapes that are drawn alike, m in the projection of the sheet; later strata lie over earlier ones."""

    shapes: Shapes
    fill: str | None = None
    fill_opacity: float = 1.0
    stroke: Stroke | None = None


def picture(frame: Frame, strata: Iterable[Stratum]) -> bytes:
    """Return strata as SVG of the size of the frame."""
    width, height = (round(mm * UNITS_PER_MM) for mm in (frame.width_mm, frame.height_mm))
    paths = [_path(stratum, frame) for stratum in strata if len(stratum.shapes)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{frame.width_mm}mm" height="{frame.height_mm}mm" '
        f'viewBox="0 0 {width} {height}" stroke-linejoin="round" stroke-linecap="round">'
    )
    return "\n".join([head, *paths, "</svg>"]).encode()


def class_of(layer: MapLayer, values: Sequence[float | str | None]) -> NDArray[np.int64]:
    """Return the class of each value: position in the layer's steps or kinds, −1 without a value or of no listed kind.

    Examples
    --------
    >>> from senhui.atlas.layers import LAYERS
    >>> class_of(LAYERS["density"], [None, 0.0, 9.99, 10.0, 500.0]).tolist()
    [-1, 0, 0, 1, 7]
    >>> class_of(LAYERS["origin"], ["planted", None, "unheard of"]).tolist()
    [1, -1, -1]
    """
    if layer.kinds:
        position = {code: nth for nth, kind in enumerate(layer.kinds) for code in kind.codes}
        return np.array([-1 if value is None else position.get(str(value), -1) for value in values], dtype=np.int64)
    lower = [step.lower for step in layer.steps]
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    found = np.maximum(np.searchsorted(lower, numbers, side="right") - 1, 0)
    return np.where(np.isnan(numbers), -1, found)


def coloured(
    shapes: Shapes, classes: NDArray[np.int64], layer: MapLayer, *, seam_mm: float, outline: Stroke | None
) -> list[Stratum]:
    """Return one stratum for each class that occurs.

    A line of the fill's own colour closes the hair between two neighbours, which would shine through on paper.
    """
    colours = [kind.colour for kind in layer.kinds] or [step.colour for step in layer.steps]
    strata = [
        Stratum(
            shapes[classes == number],
            fill=(colour := layer.no_value if number < 0 else colours[number]),
            stroke=Stroke(colour, seam_mm),
        )
        for number in np.unique(classes)
    ]
    return strata if outline is None else [*strata, Stratum(shapes, stroke=outline)]


def _path(stratum: Stratum, frame: Frame) -> str:
    facts = [f'fill="{stratum.fill or "none"}"']
    if stratum.fill and stratum.fill_opacity < 1:
        facts.append(f'fill-opacity="{stratum.fill_opacity}"')
    if line := stratum.stroke:
        facts.append(f'stroke="{line.colour}" stroke-width="{line.width_mm * UNITS_PER_MM:g}"')
        if line.opacity < 1:
            facts.append(f'stroke-opacity="{line.opacity}"')
        if line.dashes_mm:
            facts.append(f'stroke-dasharray="{" ".join(f"{mm * UNITS_PER_MM:g}" for mm in line.dashes_mm)}"')
    return f'<path {" ".join(facts)} d="{path_data(stratum.shapes, frame)}"/>'


def path_data(shapes: Shapes, frame: Frame) -> str:
    """Return polygons as the data of one SVG path, outer rings one way round and holes the other.

    Parameters
    ----------
    shapes : polygons and multi-polygons, m in the projection of the sheet.
    """
    simplified = shapely.simplify(shapes, frame.metres(TOLERANCE_MM), preserve_topology=False)
    # What is smaller than the tolerance would vanish: it stays as it is, so that no gap opens.
    drawn = np.where(shapely.is_empty(simplified), shapes, simplified)
    parts = shapely.orient_polygons(shapely.get_parts(drawn))
    rings = shapely.get_rings(parts[shapely.get_dimensions(parts) == 2])
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    grid = np.rint(frame.on_paper(points) * UNITS_PER_MM).astype(np.int64)
    starts = np.searchsorted(ring_of, np.arange(len(rings) + 1))
    return "".join(_ring(grid[start:end]) for start, end in itertools.pairwise(starts))


def _ring(grid: NDArray[np.int64]) -> str:
    steps = np.diff(grid[:-1], axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    moves = " ".join(map(str, steps.ravel().tolist()))
    return f"M{grid[0, 0]} {grid[0, 1]}l{moves}z" if moves else ""
