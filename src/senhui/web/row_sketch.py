"""A small map of one row and its neighbours as SVG paths: drawn on the server, so that it also prints.

Longitudes are shortened by the cosine of the latitude, so that a square on the ground is a square on the sheet.
Cases: tests/web/test_row_sketch.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import shape

WIDTH = 640.0
HEIGHT = 420.0
MARGIN = 28.0
NICE_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
METRES_PER_DEGREE = 111_320.0
MOST_OF_WIDTH = 0.3


@dataclass(frozen=True)
class Shape:
    """An outline on the sheet; `kind` is own, partner, neighbour or overlap."""

    kind: str
    path: str
    row: int | None
    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Sketch:
    """Everything that the sheet shows; `scale_px` is the length of `scale_m` metres on it."""

    width: float
    height: float
    shapes: list[Shape]
    scale_m: int
    scale_px: float


def sketch(
    outline: dict[str, Any] | None, neighbours: Iterable[dict[str, Any]], *, row: int, partners: set[int]
) -> Sketch | None:
    """Draw a row among its neighbours, or nothing where it has no outline.

    Parameters
    ----------
    outline : GeoJSON geometry, degrees.
    neighbours : GeoJSON features with the property `row`.
    partners : rows that share a finding with it.
    """
    if outline is None:
        return None
    own = shape(outline)
    if own.is_empty:
        return None
    sheet = _Sheet(own.bounds)
    others = [
        (feature["properties"]["row"], shape(feature["geometry"])) for feature in neighbours if feature["geometry"]
    ]
    drawn = [sheet.shape("neighbour", other, number) for number, other in others if number not in partners]
    drawn += [sheet.shape("partner", other, number) for number, other in others if number in partners]
    drawn.append(sheet.shape("own", own, row))
    for number, other in others:
        if number in partners and own.is_valid and other.is_valid:
            common = shapely.intersection(own, other)
            if common.area > 0:
                drawn.append(sheet.shape("overlap", common, number))
    scale_m = next((metres for metres in reversed(NICE_M) if sheet.pixels(metres) <= MOST_OF_WIDTH * WIDTH), NICE_M[0])
    return Sketch(WIDTH, HEIGHT, drawn, scale_m, round(sheet.pixels(scale_m), 1))


class _Sheet:
    """Where a place of the ground lies on the sheet."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        west, south, east, north = bounds
        self.lon, self.lat = (west + east) / 2, (south + north) / 2
        self.shrink = math.cos(math.radians(self.lat))
        width, height = (east - west) * self.shrink, north - south
        # An outline without extent still has a sheet of some metres.
        extent = max(width / (WIDTH - 2 * MARGIN), height / (HEIGHT - 2 * MARGIN), 1e-7)
        # The neighbours are what a row is looked at for: leave them half as much room again.
        self.degrees_per_pixel = 1.5 * extent

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        x = WIDTH / 2 + (lon - self.lon) * self.shrink / self.degrees_per_pixel
        return x, HEIGHT / 2 - (lat - self.lat) / self.degrees_per_pixel

    def pixels(self, metres: float) -> float:
        return metres / METRES_PER_DEGREE / self.degrees_per_pixel

    def shape(self, kind: str, geometry: shapely.Geometry, row: int | None) -> Shape:
        parts = []
        for polygon in shapely.get_parts(geometry):
            if polygon.geom_type == "Polygon":
                parts += [self._ring(ring) for ring in (polygon.exterior, *polygon.interiors)]
        x, y = self._label_place(geometry)
        inside = MARGIN < x < WIDTH - MARGIN and MARGIN < y < HEIGHT - MARGIN
        return Shape(kind, "".join(parts), row, str(row) if inside else "", round(x, 1), round(y, 1))

    def _label_place(self, geometry: shapely.Geometry) -> tuple[float, float]:
        """Return a place within what the sheet shows of an outline; of none, one outside the sheet."""
        half_lon = (WIDTH / 2 - MARGIN) * self.degrees_per_pixel / self.shrink
        half_lat = (HEIGHT / 2 - MARGIN) * self.degrees_per_pixel
        box = (self.lon - half_lon, self.lat - half_lat, self.lon + half_lon, self.lat + half_lat)
        part = shapely.clip_by_rect(geometry, *box) if shapely.is_valid(geometry) else geometry
        if shapely.is_empty(part):
            return -1.0, -1.0
        place = shapely.point_on_surface(part)
        return self.at(place.x, place.y)

    def _ring(self, ring: shapely.LinearRing) -> str:
        points = [self.at(lon, lat) for lon, lat, *_ in ring.coords]
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
