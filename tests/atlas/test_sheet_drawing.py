"""The picture of a sheet: one path for each colour, in the resolution of paper, and nothing lost."""

from __future__ import annotations

import re

import numpy as np
import shapely

from senhui.atlas.layers import LAYERS
from senhui.atlas.sheet_drawing import UNITS_PER_MM, Stratum, Stroke, coloured, path_data, picture
from senhui.atlas.sheet_extent import Frame

FRAME = Frame(west_m=400_000, north_m=3_100_000, width_mm=100, height_mm=80, denominator=100_000)
"""A millimetre is 100 m."""


def square(x_mm: float, y_mm: float, size_mm: float) -> shapely.Polygon:
    """A square on paper by its upper left corner."""
    left, top = FRAME.west_m + x_mm * 100, FRAME.north_m - y_mm * 100
    return shapely.box(left, top - size_mm * 100, left + size_mm * 100, top)


def area_mm2(path: str) -> float:
    """Area of the rings of a path by the shoelace formula, holes negative."""
    total = 0.0
    for start, moves in re.findall(r"M(-?\d+ -?\d+)l([-\d ]+)z", path):
        points = np.cumsum(np.array([*start.split(), *moves.split()], dtype=float).reshape(-1, 2), axis=0)
        x, y = points[:, 0], points[:, 1]
        total += 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    return abs(total) / UNITS_PER_MM**2


def test_a_path_has_the_area_of_its_shapes_and_leaves_holes_open() -> None:
    holed = square(10, 10, 20) - square(15, 15, 5)
    both = np.array([holed, shapely.MultiPolygon([square(50, 10, 3), square(60, 10, 2)])])
    assert area_mm2(path_data(both, FRAME)) == 400 - 25 + 9 + 4


def test_which_way_a_ring_was_drawn_does_not_matter() -> None:
    one = square(10, 10, 20)
    for shape in (one, one.reverse()):
        assert area_mm2(path_data(np.array([shape, square(40, 40, 5)]), FRAME)) == 425


def test_a_coastline_is_simplified_to_what_paper_shows() -> None:
    angle = np.linspace(0, 2 * np.pi, 20_000)
    radius_m = 2000 + 1.5 * np.sin(500 * angle)
    round_shape = shapely.Polygon(
        np.column_stack((404_000 + radius_m * np.cos(angle), 3_096_000 + radius_m * np.sin(angle)))
    )
    path = path_data(np.array([round_shape]), FRAME)
    assert len(path) < 3000
    assert abs(area_mm2(path) - np.pi * 20**2) < 0.01 * np.pi * 20**2


def test_a_shape_smaller_than_the_tolerance_is_not_lost() -> None:
    assert path_data(np.array([square(10, 10, 0.03)]), FRAME) != ""


def test_a_layer_becomes_one_path_for_each_class_that_occurs() -> None:
    shapes = np.array([square(nth * 3, 10, 2) for nth in range(6)])
    strata = coloured(
        shapes, np.array([0, 0, 1, 1, 1, -1]), LAYERS["density"], seam_mm=0.05, outline=Stroke("#000000", 0.1)
    )
    svg = picture(FRAME, strata).decode()
    colours = re.findall(r'<path fill="(#\w{6})"', svg)
    layer = LAYERS["density"]
    assert colours == [layer.no_value, layer.steps[0].colour, layer.steps[1].colour]
    assert svg.count("<path") == 4
    assert 'viewBox="0 0 5000 4000"' in svg
    assert "<text" not in svg


def test_a_line_has_its_width_and_its_dashes() -> None:
    stratum = Stratum(np.array([square(10, 10, 20)]), stroke=Stroke("#112233", 0.2, (1.0, 0.5), 0.5))
    svg = picture(FRAME, [stratum]).decode()
    assert 'fill="none" stroke="#112233" stroke-width="10" stroke-opacity="0.5" stroke-dasharray="50 25"' in svg
