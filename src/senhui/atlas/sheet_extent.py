"""Where a map sheet lies on the ground and on the paper: projection, scale, graticule, scale bar. No words, no colours.

The projection is CGCS2000 Gauss-Krüger in the three degree zone of central meridian 120° E (EPSG:4549), in which
Lishui's maps are drawn; a millimetre of it is the same length everywhere on a sheet within four parts in ten thousand.
The cases are in ``tests/atlas/test_sheet_extent.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""West, south, east, north."""
Edge = Literal["left", "right", "top", "bottom"]
Floats = NDArray[np.float64]

PROJECTED, GEOGRAPHIC = "EPSG:4549", "EPSG:4490"

SMALLEST_DENOMINATOR, LARGEST_DENOMINATOR = 2_000, 10_000_000
_ROUND_SCALES = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_ROUND_LENGTHS = (1.0, 2.0, 5.0, 10.0)
_GRATICULE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200)
"""Distances of meridians, seconds of arc, that a reader can count by."""
_N_TICKS = 4
_MARGIN_FRAC = 0.04
_EDGE_STEPS = 64


class BoxDoesNotFit(ValueError):
    """The box is none that can be drawn: not west, south, east, north, or too small, too large, far from the zone."""

    def __init__(self, box: str) -> None:
        super().__init__(
            f"The box {box} cannot be drawn. Give west, south, east and north in degrees of CGCS2000, "
            "between 117° and 123° east, at least some hundred metres and at most some hundred kilometres wide."
        )
        self.box = box


@dataclass(frozen=True)
class Frame:
    """The map's frame: the ground it shows and its size on paper.

    Attributes
    ----------
    west_m, north_m : easting and northing of its upper left corner in EPSG:4549.
    width_mm, height_mm : on paper.
    denominator : n of the scale 1:n.
    """

    west_m: float
    north_m: float
    width_mm: float
    height_mm: float
    denominator: int

    @property
    def box_m(self) -> Box:
        """The frame on the ground, m in EPSG:4549."""
        east_m = self.west_m + self.metres(self.width_mm)
        return self.west_m, self.north_m - self.metres(self.height_mm), east_m, self.north_m

    @property
    def box_degrees(self) -> Box:
        """The smallest box of longitude and latitude that holds the frame."""
        lon, lat = to_degrees(*_along_edges(self.box_m))
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    @property
    def centre_degrees(self) -> tuple[float, float]:
        """Longitude and latitude of the middle."""
        west, south, east, north = self.box_m
        lon, lat = to_degrees(np.array([(west + east) / 2]), np.array([(south + north) / 2]))
        return float(lon[0]), float(lat[0])

    def metres(self, mm: float) -> float:
        """Return the projected length of a length on paper."""
        return mm / 1000 * self.denominator

    def on_paper(self, xy_m: Floats) -> Floats:
        """Return points in mm from the upper left corner, y downward.

        Parameters
        ----------
        xy_m : (n, 2) array of float, m in EPSG:4549.
        """
        return (xy_m - (self.west_m, self.north_m)) * (1000 / self.denominator, -1000 / self.denominator)


@dataclass(frozen=True)
class Tick:
    """Where a meridian or a parallel meets the frame: mm along the edge, and its degrees."""

    edge: Edge
    at_mm: float
    seconds: int


@dataclass(frozen=True)
class ScaleBar:
    """A bar of so many mm is so many metres on the ground, in so many equal parts."""

    length_m: int
    length_mm: float
    n_parts: int


def frame_of(box_degrees: Box, *, width_mm: float, height_mm: float) -> Frame:
    """Fit a box of longitude and latitude into a frame at the next smaller round scale.

    Raises
    ------
    BoxDoesNotFit
        Ask for a box within three degrees of the central meridian, at a scale of 1:2,000 to 1:10,000,000.
    """
    west, south, east, north = box_degrees
    named = ",".join(f"{value:g}" for value in box_degrees)
    if not (117 <= west < east <= 123 and 0 < south < north < 60):
        raise BoxDoesNotFit(named)
    x_m, y_m = to_metres(*_along_edges(box_degrees))
    needed = 1000 * (1 + _MARGIN_FRAC) * max(np.ptp(x_m) / width_mm, np.ptp(y_m) / height_mm)
    denominator = max(_round_up(float(needed)), SMALLEST_DENOMINATOR)
    if denominator > LARGEST_DENOMINATOR:
        raise BoxDoesNotFit(named)
    half_width_m, half_height_m = (mm / 2000 * denominator for mm in (width_mm, height_mm))
    middle_x_m, middle_y_m = (float(values.min() + values.max()) / 2 for values in (x_m, y_m))
    return Frame(middle_x_m - half_width_m, middle_y_m + half_height_m, width_mm, height_mm, denominator)


def ticks_of(frame: Frame) -> tuple[int, list[Tick]]:
    """Return the distance of the meridians in seconds, and where they and the parallels meet the frame."""
    west, south, east, north = frame.box_degrees
    span_s = 3600 * min((east - west) * frame.height_mm / frame.width_mm, north - south)
    step_s = next((step for step in _GRATICULE_S if span_s / step <= _N_TICKS), _GRATICULE_S[-1])
    ticks: list[Tick] = []
    edges: tuple[tuple[Edge, int], ...] = (("top", 0), ("bottom", 0), ("left", 1), ("right", 1))
    for edge, axis in edges:
        points = _edge(frame, edge)
        seconds = 3600 * np.column_stack(to_degrees(points[:, 0], points[:, 1]))[:, axis]
        on_paper = frame.on_paper(points)[:, axis]
        rising = np.argsort(seconds)
        for value in _multiples(float(seconds.min()), float(seconds.max()), step_s):
            ticks.append(Tick(edge, float(np.interp(value, seconds[rising], on_paper[rising])), value))
    return step_s, ticks


def crossings_of(frame: Frame, step_s: int) -> Floats:
    """Return where meridians and parallels of a distance cross inside the frame, (n, 2) mm."""
    west, south, east, north = (3600 * value for value in frame.box_degrees)
    lon, lat = np.meshgrid(list(_multiples(west, east, step_s)), list(_multiples(south, north, step_s)))
    points = frame.on_paper(np.column_stack(to_metres(lon.ravel() / 3600, lat.ravel() / 3600)))
    inside = np.all((points > 0) & (points < (frame.width_mm, frame.height_mm)), axis=1)
    return points[inside]


def scale_bar_of(frame: Frame, *, longest_mm: float) -> ScaleBar:
    """Return the longest bar of a round length that is not longer than asked for.

    Its length on paper takes the scale of the projection at the latitude and longitude of the middle of the sheet, so
    the bar is true on the ground and not only on the plane.
    """
    scale = _projection().get_factors(*frame.centre_degrees).meridional_scale
    longest_m = longest_mm / 1000 * frame.denominator / scale
    power = 10.0 ** math.floor(math.log10(longest_m))
    leading = max(length for length in _ROUND_LENGTHS if length * power <= longest_m)
    length_m = round(leading * power)
    return ScaleBar(length_m, length_m * scale * 1000 / frame.denominator, n_parts=5 if leading == 5.0 else 4)


def north_degrees(frame: Frame) -> float:
    """Return how far true north lies clockwise of the top of the paper in the middle of the sheet, degrees."""
    lon, lat = frame.centre_degrees
    x_m, y_m = to_metres(np.array([lon, lon]), np.array([lat, lat + 0.01]))
    return math.degrees(math.atan2(x_m[1] - x_m[0], y_m[1] - y_m[0]))


def to_metres(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Project longitude and latitude of CGCS2000 to easting and northing, m."""
    x_m, y_m = _transformer(GEOGRAPHIC, PROJECTED).transform(lon, lat)
    return x_m, y_m


def to_degrees(x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude of CGCS2000 of easting and northing."""
    lon, lat = _transformer(PROJECTED, GEOGRAPHIC).transform(x_m, y_m)
    return lon, lat


def project(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return geometries in degrees as geometries in m of EPSG:4549."""

    def moved(coordinates: Floats) -> Floats:
        return np.column_stack(to_metres(coordinates[:, 0], coordinates[:, 1]))

    projected: NDArray[np.object_] = shapely.transform(shapes, moved)
    return projected


@cache
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@cache
def _projection() -> pyproj.Proj:
    return pyproj.Proj(PROJECTED)


def _round_up(denominator: float) -> int:
    power = 10.0 ** math.floor(math.log10(denominator))
    return round(power * next(scale for scale in _ROUND_SCALES if scale * power >= denominator * (1 - 1e-9)))


def _along_edges(box: Box) -> tuple[Floats, Floats]:
    """Return points along the four edges of a box: edges that are straight in degrees are curved in metres."""
    west, south, east, north = box
    along_x, along_y = np.linspace(west, east, _EDGE_STEPS), np.linspace(south, north, _EDGE_STEPS)
    x = np.concatenate([along_x, along_x, np.full(_EDGE_STEPS, west), np.full(_EDGE_STEPS, east)])
    y = np.concatenate([np.full(_EDGE_STEPS, south), np.full(_EDGE_STEPS, north), along_y, along_y])
    return x, y


def _edge(frame: Frame, edge: Edge) -> Floats:
    west, south, east, north = frame.box_m
    along_x, along_y = np.linspace(west, east, _EDGE_STEPS), np.linspace(south, north, _EDGE_STEPS)
    fixed = {"left": west, "right": east, "top": north, "bottom": south}[edge]
    return np.array([(x, fixed) for x in along_x] if edge in {"top", "bottom"} else [(fixed, y) for y in along_y])


def _multiples(first: float, last: float, step: int) -> Iterator[int]:
    return iter(range(math.ceil(first / step) * step, math.floor(last) + 1, step))
