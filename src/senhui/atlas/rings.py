"""Many polygons as a few flat arrays: thinned, cut at tile borders, rounded to the tile grid.

A Python object per polygon would cost more than the geometry. All functions here act on every vertex of many
polygons at once. Coordinates are tile units of one zoom level: the whole world is ``4096 * 2**zoom`` units wide,
x grows eastward and y southward (Web Mercator). CGCS2000 lon/lat are used as WGS 84: they differ by centimetres.
The cases are in ``tests/atlas/test_rings.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Geometries = NDArray[np.object_]

TILE_UNITS = 4096
"""Width of a tile in its own integer units (the *extent* of the vector tile specification)."""

BUFFER_UNITS = 64
"""How far a polygon is drawn beyond its tile, so that no tile border shows as a line."""


@dataclass(frozen=True)
class Rings:
    """The rings of many polygons laid end to end; a ring's first vertex is not repeated at its end.

    Attributes
    ----------
    x, y : (n_vertices,) float64 or int64, tile units
    start : (n_rings + 1,) int64
        First vertex of each ring; the last entry is n_vertices.
    owner : (n_rings,) int64
        Which polygon a ring belongs to. Rings of one owner are neighbours in the arrays.
    is_outer : (n_rings,) bool
        An outer ring is followed by its holes; an owner with several outer rings is a multi-polygon.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    start: Ints
    owner: Ints
    is_outer: Bools

    @property
    def sizes(self) -> Ints:
        """Vertices of each ring."""
        return np.diff(self.start)

    def take(self, ring: Ints) -> Rings:
        """Return the rings with these numbers, in this order."""
        sizes = self.sizes[ring]
        vertex = np.repeat(self.start[ring] - _starts(sizes)[:-1], sizes) + np.arange(sizes.sum())
        return Rings(self.x[vertex], self.y[vertex], _starts(sizes), self.owner[ring], self.is_outer[ring])

    def keep(self, vertex: Bools) -> Rings:
        """Return the rings with only the marked vertices; a ring may become empty."""
        kept = np.concatenate(([0], np.cumsum(vertex)))[self.start]
        return Rings(self.x[vertex], self.y[vertex], kept, self.owner, self.is_outer)


def _starts(sizes: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(sizes)))


def from_geometries(geometries: Geometries) -> Rings:
    """Lay out polygons and multi-polygons as rings; owner = position in the argument.

    Lines and points, which clipping can leave behind, have no area and are left out.
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    is_polygon = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    parts, owner = parts[is_polygon], owner[is_polygon].astype(np.int64)
    if len(parts) == 0:
        none = np.empty(0, np.int64)
        return Rings(np.empty(0), np.empty(0), np.zeros(1, np.int64), none, none.astype(bool))
    _, xy, (ring_start, part_start) = shapely.to_ragged_array(parts, include_z=False)
    is_open = np.ones(len(xy), bool)
    is_open[ring_start[1:] - 1] = False
    is_outer = np.zeros(len(ring_start) - 1, bool)
    is_outer[part_start[:-1]] = True
    closed = Rings(xy[:, 0], xy[:, 1], ring_start.astype(np.int64), np.repeat(owner, np.diff(part_start)), is_outer)
    return closed.keep(is_open)


def to_polygons(rings: Rings) -> tuple[Geometries, Ints]:
    """Build one Polygon per outer ring with its holes; return them and their owners."""
    sizes = rings.sizes + 1
    start = _starts(sizes)
    vertex = np.arange(start[-1]) - np.repeat(np.arange(len(sizes)), sizes)
    vertex[start[1:] - 1] = rings.start[:-1]
    xy = np.column_stack((rings.x[vertex], rings.y[vertex]))
    part_start = np.append(np.flatnonzero(rings.is_outer), len(sizes))
    polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, xy, (start, part_start))
    return polygons, rings.owner[rings.is_outer]


def to_tile_units(rings: Rings, *, zoom: int) -> Rings:
    """Project lon/lat in degrees to the tile units of a zoom level.

    Equations: x = (lon/360 + 1/2) · W, y = (1/2 − asinh(tan lat)/2π) · W, W = 4096 · 2^zoom.
    Source: OGC 17-083r2 (Two Dimensional Tile Matrix Set), WebMercatorQuad.
    """
    world = TILE_UNITS * 2.0**zoom
    y = 0.5 - np.arcsinh(np.tan(np.radians(rings.y))) / (2 * np.pi)
    return Rings((rings.x / 360 + 0.5) * world, y * world, rings.start, rings.owner, rings.is_outer)


def halve(rings: Rings) -> Rings:
    """Express the rings in the tile units of the next coarser zoom level."""
    return Rings(rings.x / 2, rings.y / 2, rings.start, rings.owner, rings.is_outer)


def _previous(values: Floats, start: Ints) -> Floats:
    shifted = np.empty_like(values)
    shifted[1:] = values[:-1]
    shifted[start[:-1]] = values[start[1:] - 1]
    return shifted


def _next(values: Floats, start: Ints) -> Floats:
    shifted = np.empty_like(values)
    shifted[:-1] = values[1:]
    shifted[start[1:] - 1] = values[start[:-1]]
    return shifted


def thin(rings: Rings, *, tolerance: float) -> Rings:
    """Leave out vertices that lie closer than ``tolerance`` to the line between their neighbours.

    Of two neighbouring candidates only the straighter one goes, and a tie is broken by the position of the
    vertex. So the choice does not depend on where a ring starts or which way it runs, and two polygons that
    share a border keep the same vertices on it: no crack opens between them. A ring keeps at least three.

    Parameters
    ----------
    rings : Rings
    tolerance : float, tile units
    """
    x, y, start = rings.x, rings.y, rings.start
    if len(x) == 0:
        return rings
    x0, y0, x1, y1 = _previous(x, start), _previous(y, start), _next(x, start), _next(y, start)
    chord_x, chord_y = x1 - x0, y1 - y0
    squared = chord_x**2 + chord_y**2
    along = (x - x0) * chord_x + (y - y0) * chord_y
    across = np.abs((x - x0) * chord_y - (y - y0) * chord_x)
    # A vertex beyond its neighbours is the tip of a spike, however close to their line it lies.
    lies_between = (along >= 0) & (along <= squared) & (squared > 0)
    distance = np.full(len(x), np.inf)
    np.divide(across, np.sqrt(squared), out=distance, where=lies_between)
    tie_break = np.modf(np.abs(x) * 0.6180339887 + np.abs(y) * 0.7548776662)[0]
    rank = distance + 1e-3 * tolerance * tie_break
    drop = (distance <= tolerance) & (rank < _previous(rank, start)) & (rank < _next(rank, start))
    dropped = np.add.reduceat(drop, start[:-1], dtype=np.int64)
    drop &= np.repeat(rings.sizes - dropped >= 3, rings.sizes)
    return rings.keep(~drop)


@dataclass(frozen=True)
class Pieces:
    """What lies in which tile: one piece for each polygon and tile that it touches, sorted by tile.

    Attributes
    ----------
    polygon, column, row : (n_pieces,) int64
    rings : Rings
        int64 units from the upper left corner of the piece's tile; owner = piece.
    """

    polygon: Ints
    column: Ints
    row: Ints
    rings: Rings


def cut_into_tiles(rings: Rings) -> Pieces:
    """Cut polygons at the buffered tile borders and round them to the tile grid.

    Every owner of a ring keeps at least one piece: a polygon too small for the grid becomes a square of one
    unit in the tile of its centre, so that no stand vanishes from the map when one zooms out.
    """
    polygon, column, row, is_within = _touched_tiles(rings)
    order = np.lexsort((polygon, row, column))
    polygon, column, row, is_within = polygon[order], column[order], row[order], is_within[order]
    whole = _gather(rings, np.flatnonzero(is_within), polygon)
    crossing = _gather(rings, np.flatnonzero(~is_within), polygon)
    cut = _rounded(_merge(_local(whole, column, row), _clip(_local(crossing, column, row))))
    pieces = _without_empty(Pieces(polygon, column, row, cut))
    lost = np.setdiff1d(rings.owner, pieces.polygon)
    return _with_squares(pieces, rings, lost) if len(lost) else pieces


def _boxes(rings: Rings) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Return the distinct owners and the bounding box of each."""
    first_ring = np.flatnonzero(np.diff(rings.owner, prepend=-1))
    first = rings.start[first_ring]
    return (
        rings.owner[first_ring],
        np.minimum.reduceat(rings.x, first),
        np.minimum.reduceat(rings.y, first),
        np.maximum.reduceat(rings.x, first),
        np.maximum.reduceat(rings.y, first),
    )


def _touched_tiles(rings: Rings) -> tuple[Ints, Ints, Ints, Bools]:
    """List polygon, column and row of each tile a box touches, and whether the box lies within that tile."""
    owner, west, north, east, south = _boxes(rings)
    first_column = ((west - BUFFER_UNITS) // TILE_UNITS).astype(np.int64)
    first_row = ((north - BUFFER_UNITS) // TILE_UNITS).astype(np.int64)
    n_columns = ((east + BUFFER_UNITS) // TILE_UNITS).astype(np.int64) - first_column + 1
    n_rows = ((south + BUFFER_UNITS) // TILE_UNITS).astype(np.int64) - first_row + 1
    n_tiles = n_columns * n_rows
    box = np.repeat(np.arange(len(owner)), n_tiles)
    nth = np.arange(len(box)) - np.repeat(_starts(n_tiles)[:-1], n_tiles)
    column = first_column[box] + nth % n_columns[box]
    row = first_row[box] + nth // n_columns[box]
    left, top = column * TILE_UNITS - BUFFER_UNITS, row * TILE_UNITS - BUFFER_UNITS
    width = TILE_UNITS + 2 * BUFFER_UNITS
    is_within = (west[box] >= left) & (east[box] <= left + width)
    is_within &= (north[box] >= top) & (south[box] <= top + width)
    return owner[box], column, row, is_within


def _gather(rings: Rings, piece: Ints, polygon: Ints) -> Rings:
    """Copy the rings of each piece's polygon; the owner becomes the piece."""
    first = np.searchsorted(rings.owner, polygon[piece], side="left")
    count = np.searchsorted(rings.owner, polygon[piece], side="right") - first
    ring = np.repeat(first - _starts(count)[:-1], count) + np.arange(count.sum())
    taken = rings.take(ring)
    return Rings(taken.x, taken.y, taken.start, np.repeat(piece, count), taken.is_outer)


def _local(rings: Rings, column: Ints, row: Ints) -> Rings:
    left = np.repeat(column[rings.owner] * TILE_UNITS, rings.sizes)
    top = np.repeat(row[rings.owner] * TILE_UNITS, rings.sizes)
    return Rings(rings.x - left, rings.y - top, rings.start, rings.owner, rings.is_outer)


def _clip(rings: Rings) -> Rings:
    if len(rings.owner) == 0:
        return rings
    polygons, owner = to_polygons(rings)
    is_bad = ~shapely.is_valid(polygons)
    polygons[is_bad] = shapely.make_valid(polygons[is_bad], method="structure", keep_collapsed=False)
    far = float(TILE_UNITS + BUFFER_UNITS)
    clipped = from_geometries(shapely.clip_by_rect(polygons, -BUFFER_UNITS, -BUFFER_UNITS, far, far))
    return Rings(clipped.x, clipped.y, clipped.start, owner[clipped.owner], clipped.is_outer)


def _merge(one: Rings, other: Rings) -> Rings:
    """Join two sets of rings in the order of their owners."""
    both = Rings(
        np.concatenate((one.x, other.x)),
        np.concatenate((one.y, other.y)),
        np.concatenate((one.start, other.start[1:] + one.start[-1])),
        np.concatenate((one.owner, other.owner)),
        np.concatenate((one.is_outer, other.is_outer)),
    )
    return both.take(np.argsort(both.owner, kind="stable"))


def _rounded(rings: Rings) -> Rings:
    """Round to the grid; turn outer rings clockwise on the screen and holes the other way.

    The specification asks for a positive area of outer rings and a negative one of holes (with y downward) and
    that holes stay within. Rounding can push a hole over its outer ring, so polygons with holes are
    checked, and those broken are rounded again by GEOS, which keeps them valid.
    """
    snapped = _snapped(rings)
    part = np.cumsum(snapped.is_outer) - 1
    has_hole = np.bincount(part, minlength=1) > 1
    if not has_hole.any():
        return snapped
    candidate = np.flatnonzero(has_hole[part])
    polygons, owner = to_polygons(snapped.take(candidate))
    is_bad = ~shapely.is_valid(polygons)
    if not is_bad.any():
        return snapped
    bad_part = np.flatnonzero(has_hole)[is_bad]
    mended = from_geometries(
        shapely.set_precision(shapely.make_valid(polygons[is_bad], method="structure", keep_collapsed=False), 1.0)
    )
    good = snapped.take(np.flatnonzero(~np.isin(part, bad_part)))
    return _snapped(_merge(good, Rings(mended.x, mended.y, mended.start, owner[is_bad][mended.owner], mended.is_outer)))


def _snapped(rings: Rings) -> Rings:
    grid = Rings(np.rint(rings.x), np.rint(rings.y), rings.start, rings.owner, rings.is_outer)
    if len(grid.x):
        grid = grid.keep((grid.x != _previous(grid.x, grid.start)) | (grid.y != _previous(grid.y, grid.start)))
    grid = _drop(grid, grid.sizes < 3)
    grid = _drop(grid, signed_areas(grid) == 0)
    turn = np.repeat((signed_areas(grid) > 0) != grid.is_outer, grid.sizes)
    here = np.arange(len(grid.x))
    mirrored = np.repeat(grid.start[:-1] + grid.start[1:] - 1, grid.sizes) - here
    vertex = np.where(turn, mirrored, here)
    x, y = grid.x[vertex].astype(np.int64), grid.y[vertex].astype(np.int64)
    return Rings(x, y, grid.start, grid.owner, grid.is_outer)


def _drop(rings: Rings, ring: Bools) -> Rings:
    """Leave out the marked rings; the holes of an outer ring go with it."""
    if not ring.any():
        return rings
    part = np.cumsum(rings.is_outer) - 1
    return rings.take(np.flatnonzero(~(ring | ring[rings.is_outer][part])))


def signed_areas(rings: Rings) -> Floats:
    """Return the area of each ring by the surveyor's formula, in square units; clockwise on screen is positive."""
    if len(rings.owner) == 0:
        return np.empty(0)
    cross = rings.x * _next(rings.y, rings.start) - _next(rings.x, rings.start) * rings.y
    return np.asarray(np.add.reduceat(cross, rings.start[:-1]) / 2, dtype=np.float64)


def _without_empty(pieces: Pieces) -> Pieces:
    has_ring = np.bincount(pieces.rings.owner, minlength=len(pieces.polygon)) > 0
    rank = np.cumsum(has_ring) - 1
    rings = pieces.rings
    rings = Rings(rings.x, rings.y, rings.start, rank[rings.owner], rings.is_outer)
    return Pieces(pieces.polygon[has_ring], pieces.column[has_ring], pieces.row[has_ring], rings)


def _with_squares(pieces: Pieces, rings: Rings, lost: Ints) -> Pieces:
    """Add a square of one unit for each lost polygon, at the centre of its box."""
    owner, west, north, east, south = _boxes(rings)
    box = np.searchsorted(owner, lost)
    x = np.floor((west[box] + east[box]) / 2).astype(np.int64)
    y = np.floor((north[box] + south[box]) / 2).astype(np.int64)
    first = len(pieces.polygon)
    squares = Rings(
        (x[:, None] % TILE_UNITS + [0, 1, 1, 0]).ravel(),
        (y[:, None] % TILE_UNITS + [0, 0, 1, 1]).ravel(),
        np.arange(len(lost) + 1) * 4,
        first + np.arange(len(lost)),
        np.ones(len(lost), bool),
    )
    polygon = np.concatenate((pieces.polygon, lost))
    column = np.concatenate((pieces.column, x // TILE_UNITS))
    row = np.concatenate((pieces.row, y // TILE_UNITS))
    both = _merge(pieces.rings, squares)
    order = np.lexsort((polygon, row, column))
    rank = np.argsort(order)
    both = Rings(both.x, both.y, both.start, rank[both.owner], both.is_outer)
    both = both.take(np.argsort(both.owner, kind="stable"))
    return Pieces(polygon[order], column[order], row[order], both)
