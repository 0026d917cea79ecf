"""Outlines taken apart into edges, straight from their WKB: no geometry objects, which take three times the memory.

Cases: ``tests/intake/test_topology.py``; speed: ``benchmarks/intake.py``.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
"""Compile a function on its first call; it holds no lock, so that threads run it side by side."""

_THREADS: Final = min(4, os.cpu_count() or 1)
_AT_ONCE: Final = 20_000
_POLYGON, _MULTIPOLYGON = 3, 6


class Edges(NamedTuple):
    """The edges of outlines, one after another: edge k runs from point k to point k + 1 where ``is_edge``.

    Attributes
    ----------
    points : (p, 2) float64, [degrees]
    starts : (n + 1,) int64
        Where the points of each outline begin.
    is_edge : (p,) bool
        False at the last point of each ring.
    is_reversed : (p,) bool
        Whether the inside lies to the right of the edge.
    bounds : (n, 4) float64, [degrees]
    """

    points: Floats
    starts: Ints
    is_edge: Bools
    is_reversed: Bools
    bounds: Floats


def edges_of(wkb: pl.Series) -> Edges:
    """Take valid Polygons and MultiPolygons apart into edges with a known inside.

    Parameters
    ----------
    wkb : polars.Series of binary
        No nulls. Read without making a geometry of each, which would take three times the memory.
    """
    wkb = _plain(wkb)
    runs = [wkb.slice(begin, _AT_ONCE) for begin in range(0, wkb.len(), _AT_ONCE)]
    with ThreadPoolExecutor(_THREADS) as threads:
        counts = list(threads.map(lambda run: _count_points(*_buffers(run)), runs))
        n_points = np.concatenate([np.zeros(1, dtype=np.int64), *counts])
        starts = np.cumsum(n_points)
        edges = Edges(
            np.empty((starts[-1], 2)),
            starts,
            np.ones(starts[-1], dtype=bool),
            np.zeros(starts[-1], dtype=bool),
            np.empty((wkb.len(), 4)),
        )
        firsts = range(0, wkb.len(), _AT_ONCE)
        list(threads.map(lambda run, first: _fill(*_buffers(run), first, edges), runs, firsts))
    return edges


def _plain(wkb: pl.Series) -> pl.Series:
    """Write anew what is not the common kind of WKB: little-endian, two-dimensional, no identifier in it."""
    common = [bytes([1, kind, 0, 0, 0]) for kind in (_POLYGON, _MULTIPOLYGON)]
    is_other = ~wkb.bin.slice(0, 5).is_in(common)
    if not is_other.any():
        return wkb
    again = shapely.to_wkb(shapely.from_wkb(wkb.filter(is_other).to_numpy()), output_dimension=2, byte_order=1)
    return wkb.scatter(is_other.arg_true(), pl.Series(again, dtype=pl.Binary))


def _buffers(wkb: pl.Series) -> tuple[npt.NDArray[np.uint8], Ints]:
    """Give the bytes of all values in a row, and where each begins and the last ends."""
    array = wkb.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    begins = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data, dtype=np.uint8), begins


@compiled
def _unsigned(data: npt.NDArray[np.uint8], at: int) -> int:
    return int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24


@compiled
def _count_points(data: npt.NDArray[np.uint8], begins: Ints) -> Ints:
    """Give the number of points of each outline."""
    counts = np.zeros(len(begins) - 1, dtype=np.int64)
    for i in range(len(counts)):
        at = begins[i]
        n_parts = 1
        if data[at + 1] == _MULTIPOLYGON:
            n_parts = _unsigned(data, at + 5)
            at += 9
        for _ in range(n_parts):
            n_rings = _unsigned(data, at + 5)
            at += 9
            for _ in range(n_rings):
                n = _unsigned(data, at)
                counts[i] += n
                at += 4 + 16 * n
    return counts


@compiled
def _fill(data: npt.NDArray[np.uint8], begins: Ints, first: int, edges: Edges) -> None:
    """Write the points of a run of outlines, of which the first is number ``first``, and what follows from them."""
    points, starts, is_edge, is_reversed, bounds = edges
    number = np.empty(1, dtype=np.float64)
    as_bytes = number.view(np.uint8)
    for i in range(len(begins) - 1):
        at, k = begins[i], starts[first + i]
        n_parts = 1
        if data[at + 1] == _MULTIPOLYGON:
            n_parts = _unsigned(data, at + 5)
            at += 9
        for _ in range(n_parts):
            n_rings = _unsigned(data, at + 5)
            at += 9
            for ring in range(n_rings):
                n = _unsigned(data, at)
                at += 4
                for j in range(n):
                    for axis in range(2):
                        for byte in range(8):
                            as_bytes[byte] = data[at + byte]
                        points[k + j, axis] = number[0]
                        at += 8
                runs_right = _signed_area(points, k, k + n) < 0.0
                if runs_right != (ring > 0):
                    is_reversed[k : k + n] = True
                if n > 0:
                    is_edge[k + n - 1] = False
                k += n
        own = points[starts[first + i] : k]
        for axis in range(2):
            bounds[first + i, axis] = own[:, axis].min() if len(own) > 0 else np.nan
            bounds[first + i, axis + 2] = own[:, axis].max() if len(own) > 0 else np.nan


@compiled
def _signed_area(points: Floats, begin: int, end: int) -> float:
    """Give twice the area of a ring, negative where it runs clockwise."""
    total = 0.0
    for k in range(begin, end - 1):
        ax, ay = points[k, 0] - points[begin, 0], points[k, 1] - points[begin, 1]
        bx, by = points[k + 1, 0] - points[begin, 0], points[k + 1, 1] - points[begin, 1]
        total += ax * by - bx * ay
    return total


def perimeters_m(edges: Edges) -> Floats:
    """Measure the length of all rings of each outline: (n,) [m], to a few per mille."""
    lengths: Floats = _perimeters(edges.points, edges.starts, edges.is_edge)
    return lengths


@compiled
def _perimeters(points: Floats, starts: Ints, is_edge: Bools) -> Floats:
    lengths = np.zeros(len(starts) - 1)
    for p in range(len(starts) - 1):
        if starts[p] == starts[p + 1]:
            continue
        kx, ky = metres_per_degree(points[starts[p], 1])
        for k in range(starts[p], starts[p + 1]):
            if is_edge[k]:
                lengths[p] += np.hypot((points[k + 1, 0] - points[k, 0]) * kx, (points[k + 1, 1] - points[k, 1]) * ky)
    return lengths


@compiled
def metres_per_degree(latitude_deg: float) -> tuple[float, float]:
    """Give the lengths of a degree of longitude and of latitude; a few per mille near enough for widths."""
    return 111_320.0 * np.cos(np.radians(latitude_deg)), 110_900.0
