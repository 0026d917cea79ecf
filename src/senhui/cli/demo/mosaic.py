"""A mosaic of irregular cells that share every border exactly: Voronoi cells with fractal edges.

Why not real outlines: no sub-compartment (小班) layer is public, so the sample city draws its own. Voronoi cells are
convex and contain their seed; therefore the two triangles that join an edge to the seeds on its sides (its "kite")
overlap no other edge's kite. An edge may wander inside its kite and can never meet another edge, so every polygon
is valid by construction and nothing has to be repaired. Each edge is computed once and used by both neighbours: no
gap, no overlap.

Plane coordinates are kilometres in a local plane that is a linear image of longitude and latitude. Cases:
tests/cli/demo.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FINEST = 16  # segments of an edge at its finest; an edge takes every 1st, 2nd, 4th, 8th or 16th of its points
ROUGHNESS = 0.58  # each halving of the edge adds displacements smaller by this ratio
SWING_FRAC = 0.17  # first displacement, as a share of the edge's length
KITE_SHARE = 0.8  # how much of its kite an edge may use; below 1, so that rounding cannot make two edges touch
CELLS_AT_ONCE = 40_000  # rings are assembled in blocks of this many cells, which bounds the memory


@dataclass(frozen=True)
class Edges:
    """Edges between neighbouring cells, each with its two seeds and its wandering line.

    Attributes
    ----------
    left, right : (e,) int, index of the seed on each side
    points : (e, FINEST + 1, 2) float64, [km], from the first end to the second
    stride : (e,) int, take every stride-th point
    """

    left: Ints
    right: Ints
    points: Floats
    stride: Ints

    def kept(self, which: Ints) -> Bools:
        """Say which of the finest points belong to the lines of the given edges: (w, FINEST + 1) bool."""
        kept: Bools = np.arange(FINEST + 1) % self.stride[which, None] == 0
        return kept

    def lines(self, which: Ints) -> NDArray[np.object_]:
        """Return the given edges as LineStrings."""
        kept = self.kept(which)
        rows = np.repeat(np.arange(len(which)), kept.sum(axis=1))
        return np.asarray(shapely.linestrings(self.points[which][kept], indices=rows), dtype=object)


def jittered_seeds(
    low_km: Floats, high_km: Floats, *, spacing_km: float, jitter: float, rng: np.random.Generator
) -> Floats:
    """Scatter one seed in each square of a grid, away from the middle by at most `jitter` squares.

    Returns
    -------
    (s, 2) float64, [km], row by row from the south
    """
    columns, rows = np.ceil((high_km - low_km) / spacing_km).astype(int)
    y, x = np.mgrid[0:rows, 0:columns]
    middle = np.column_stack([x.ravel(), y.ravel()]) + 0.5
    wander = rng.uniform(-0.5, 0.5, size=middle.shape) * jitter
    seeds: Floats = low_km + (middle + wander) * spacing_km
    return seeds


def voronoi_edges(seeds_km: Floats, *, segment_km: float, rng: np.random.Generator) -> Edges:
    """Draw the Voronoi edges of the seeds as fractal lines with segments of about `segment_km`.

    Edges that run to infinity are left out; the caller scatters seeds beyond the land so that no cell on land has one.
    """
    triangulation = Delaunay(seeds_km)
    corner = triangulation.simplices.astype(np.int64)
    centre = _circumcentres(seeds_km[corner])
    triangle, opposite = np.nonzero(triangulation.neighbors > np.arange(len(corner))[:, None])
    other = triangulation.neighbors[triangle, opposite]
    left = corner[triangle, (opposite + 1) % 3]
    right = corner[triangle, (opposite + 2) % 3]
    points, length_km = _wander(centre[triangle], centre[other], seeds_km[left], seeds_km[right], rng=rng)
    halvings = np.clip(np.rint(np.log2(np.maximum(length_km, 1e-9) / segment_km)), 0, np.log2(FINEST))
    return Edges(left=left, right=right, points=points, stride=(FINEST / 2**halvings).astype(np.int64))


def cell_polygons(edges: Edges, seeds_km: Floats, wanted: Bools, transform: "Affine") -> NDArray[np.object_]:
    """Close the edges around each wanted seed to a polygon; None where the seed is not wanted.

    Parameters
    ----------
    wanted : (s,) bool, seeds whose cells are asked for; each must be surrounded by edges
    transform : linear map from the plane to longitude and latitude
    """
    polygons = np.full(len(seeds_km), None, dtype=object)
    seed, edge, forward = _ordered_sides(edges, seeds_km, wanted)
    starts = np.flatnonzero(np.diff(seed, prepend=-1))
    bounds = np.append(starts, len(seed))
    for first in range(0, len(starts), CELLS_AT_ONCE):
        last = min(first + CELLS_AT_ONCE, len(starts))
        sides = slice(bounds[first], bounds[last])
        polygons[seed[starts[first:last]]] = _rings(
            edges, edge[sides], forward[sides], bounds[first : last + 1] - bounds[first], transform
        )
    return polygons


@dataclass(frozen=True)
class Affine:
    """Linear map between longitude/latitude and the local plane: km = (degree - origin) * scale."""

    origin_deg: Floats
    scale_km_deg: Floats

    def to_degrees(self, plane_km: Floats) -> Floats:
        """Return longitude and latitude [degree] of points of the plane [km]."""
        return plane_km / self.scale_km_deg + self.origin_deg

    def to_plane(self, degrees: Floats) -> Floats:
        """Return points of the plane [km] of longitude and latitude [degree]."""
        return (degrees - self.origin_deg) * self.scale_km_deg


def _circumcentres(corners: Floats) -> Floats:
    """Return the centres of the circles through the three corners: (t, 3, 2) -> (t, 2)."""
    first = corners[:, 0]
    b, c = corners[:, 1] - first, corners[:, 2] - first
    double_area = 2.0 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    bb, cc = (b * b).sum(axis=1), (c * c).sum(axis=1)
    away = np.column_stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb])
    centres: Floats = first + away / np.where(double_area == 0.0, np.inf, double_area)[:, None]
    return centres


def _wander(
    start: Floats, end: Floats, left: Floats, right: Floats, *, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Displace edges by midpoint displacement, softly held inside their kites; return points and straight lengths."""
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    safe = np.maximum(length, 1e-12)
    aside = np.column_stack([-along[:, 1], along[:, 0]]) / safe[:, None]
    offset = np.zeros((len(start), FINEST + 1))
    step, swing = FINEST, SWING_FRAC * length
    while step > 1:
        half = step // 2
        middle = (offset[:, :-1:step] + offset[:, step::step]) / 2
        offset[:, half::step] = middle + rng.normal(size=middle.shape) * swing[:, None]
        step, swing = half, swing * ROUGHNESS
    room = KITE_SHARE * _kite_height(start, along, safe, left, right)
    inner = slice(1, FINEST)
    offset[:, inner] = room[:, inner] * np.tanh(offset[:, inner] / np.maximum(room[:, inner], 1e-12))
    share = np.linspace(0.0, 1.0, FINEST + 1)
    points = start[:, None, :] + share[:, None] * along[:, None, :] + offset[:, :, None] * aside[:, None, :]
    points[:, FINEST] = end
    return points, length


def _kite_height(start: Floats, along: Floats, length: Floats, left: Floats, right: Floats) -> Floats:
    """Return how far from the straight edge its kite reaches at each of the finest points: (e, FINEST + 1).

    The kite's apexes are the two seeds, mirror images in the edge; their foot may lie beyond an end of the edge.
    """
    seed_height = np.hypot(*(right - left).T) / 2
    foot = (((left + right) / 2 - start) * along).sum(axis=1) / length**2
    share = np.linspace(0.0, 1.0, FINEST + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where(foot[:, None] > 0, share / foot[:, None], np.inf)
        falling = np.where(foot[:, None] < 1, (1 - share) / (1 - foot[:, None]), np.inf)
    height: Floats = seed_height[:, None] * np.minimum(rising, falling)
    return height


def _ordered_sides(edges: Edges, seeds: Floats, wanted: Bools) -> tuple[Ints, Ints, Bools]:
    """List every (seed, edge) pair in anticlockwise order around the seed, with the edge's sense of travel."""
    edge = np.tile(np.arange(len(edges.left)), 2)
    seed = np.concatenate([edges.left, edges.right])
    keep = wanted[seed]
    edge, seed = edge[keep], seed[keep]
    first = edges.points[edge, 0] - seeds[seed]
    last = edges.points[edge, FINEST] - seeds[seed]
    forward = first[:, 0] * last[:, 1] - first[:, 1] * last[:, 0] > 0
    from_seed = np.where(forward[:, None], first, last)
    order = np.lexsort((np.arctan2(from_seed[:, 1], from_seed[:, 0]), seed))
    return seed[order], edge[order], forward[order]


def _rings(edges: Edges, edge: Ints, forward: Bools, bounds: Ints, transform: Affine) -> NDArray[np.object_]:
    """Chain the sides of consecutive cells to closed rings; `bounds` cuts the sides into cells."""
    index = np.arange(FINEST)
    position = np.where(forward[:, None], index, FINEST - index)
    kept = position % edges.stride[edge, None] == 0
    points = edges.points[edge[:, None], position][kept]
    open_end = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])[bounds]
    n_cells = len(bounds) - 1
    ring_end = open_end + np.arange(n_cells + 1)
    closed = np.empty((ring_end[-1], 2))
    body = np.arange(len(points)) + np.repeat(np.arange(n_cells), np.diff(open_end))
    closed[body] = points
    closed[ring_end[1:] - 1] = points[open_end[:-1]]
    degrees = transform.to_degrees(closed)
    rings: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, degrees, (ring_end, np.arange(n_cells + 1))
    )
    return rings
