"""Which neighbouring outlines may overlap or leave a narrow gap: compiled loops over edges, no geometry objects.

Neighbours in a layer in good order share their border point by point, each running it the other way round. Such an
edge is *matched*: crossing it leads out of one outline into the other, so the number of outlines that cover a place
does not change there. It changes only across the other edges, and every place that is covered twice is bounded by
some of them. So only unmatched edges are looked at: whether a point a little inside of one lies in another outline
(overlap), and whether another outline begins a little outside of it (gap). What is found is measured exactly by
``topology.py``. Cases: ``tests/intake/test_topology.py``; speed: ``benchmarks/intake.py``.
"""

from typing import Final, NamedTuple

import numpy as np

from senhui.intake.outline_points import Bools, Edges, Floats, Ints, compiled, metres_per_degree

_PARALLEL_COSINE: Final = 0.98
"""Two borders with a gap between them run within about 11 degrees of each other; more is a corner."""
_MAX_CROSSINGS: Final = 16
_MAX_SAMPLES: Final = 32


class Neighbours(NamedTuple):
    """Pairs of outlines whose bounding boxes meet, by outline.

    Attributes
    ----------
    starts : (n + 1,) int64
        Where the neighbours of each outline begin in ``near``.
    near : (m,) int64
    """

    starts: Ints
    near: Ints


class Strips(NamedTuple):
    """The narrow strips between each outline and each of its neighbours, by position in ``Neighbours.near``.

    Attributes
    ----------
    length_m : (m,) float64, [m]
    area_m2 : (m,) float64, [m2]
    place : (m, 2) float64, [degrees]
        A point in the strip.
    """

    length_m: Floats
    area_m2: Floats
    place: Floats


@compiled
def mark_unmatched(  # noqa: PLR0912  one pass, in order
    begin: int, end: int, edges: Edges, neighbours: Neighbours, is_unmatched: Bools
) -> None:
    """Mark the edges of outlines ``begin`` to ``end`` that are not shared with exactly one neighbour.

    Parameters
    ----------
    is_unmatched : (p,) bool
        Written here.
    """
    points, starts, is_edge, is_reversed, bounds = edges
    near_starts, near = neighbours
    table = np.full(256, -1, dtype=np.int64)
    for p in range(begin, end):
        n_points = starts[p + 1] - starts[p]
        size = 64
        while size < 2 * n_points:
            size *= 2
        if size > len(table):
            table = np.empty(size, dtype=np.int64)
        table[:size] = -1
        n_against = np.zeros(n_points, dtype=np.int32)
        n_along = np.zeros(n_points, dtype=np.int32)
        for k in range(starts[p], starts[p + 1]):
            if is_edge[k]:
                slot = _slot(points[k, 0] + points[k + 1, 0], points[k, 1] + points[k + 1, 1], size)
                while table[slot] >= 0:
                    slot = (slot + 1) & (size - 1)
                table[slot] = k
        for i in range(near_starts[p], near_starts[p + 1]):
            c = near[i]
            for k in range(starts[c], starts[c + 1]):
                x, y = points[k, 0], points[k, 1]
                if not is_edge[k] or x < bounds[p, 0] or x > bounds[p, 2] or y < bounds[p, 1] or y > bounds[p, 3]:
                    continue
                u, v = points[k + 1, 0], points[k + 1, 1]
                slot = _slot(x + u, y + v, size)
                while table[slot] >= 0:
                    m = table[slot]
                    is_same_way = points[m, 0] == x and points[m, 1] == y
                    is_same = is_same_way and points[m + 1, 0] == u and points[m + 1, 1] == v
                    is_other = (
                        points[m, 0] == u and points[m, 1] == v and points[m + 1, 0] == x and points[m + 1, 1] == y
                    )
                    if is_same or is_other:
                        if is_same == (is_reversed[m] == is_reversed[k]):
                            n_along[m - starts[p]] += 1
                        else:
                            n_against[m - starts[p]] += 1
                        break
                    slot = (slot + 1) & (size - 1)
        for k in range(starts[p], starts[p + 1]):
            is_unmatched[k] = is_edge[k] and (n_against[k - starts[p]] != 1 or n_along[k - starts[p]] != 0)


@compiled
def _slot(x: float, y: float, size: int) -> int:
    """Give the place of an edge in a table by the sum of its ends, which is the same in both directions."""
    mixed = x * 73856093.1237 + y * 19349663.7331
    return int(abs(mixed - np.floor(mixed)) * size) & (size - 1)


@compiled
def find_overlapping(  # noqa: PLR0917  compiled functions take no keywords
    begin: int,
    end: int,
    edges: Edges,
    neighbours: Neighbours,
    is_looked_at: Bools,
    inset_m: float,
    overlaps: Bools,
) -> None:
    """Mark neighbours in which a point ``inset_m`` inside of an edge lies.

    An edge is cut where edges of the neighbour cross it, and the middle of each piece is tried.

    Parameters
    ----------
    is_looked_at : (p,) bool
        Which edges are tried, and which edges of the neighbour may cross them.
    overlaps : (m,) bool
        Written here: by position in ``near``.
    """
    points, starts, _, is_reversed, bounds = edges
    near_starts, near = neighbours
    crossings = np.empty(_MAX_CROSSINGS + 2)
    for p in range(begin, end):
        kx, ky = metres_per_degree(0.5 * (bounds[p, 1] + bounds[p, 3]))
        for i in range(near_starts[p], near_starts[p + 1]):
            c = near[i]
            for k in range(starts[p], starts[p + 1]):
                if overlaps[i]:
                    break
                if not is_looked_at[k] or not _touches(points, k, bounds[c]):
                    continue
                ax, ay, bx, by = _oriented(points, is_reversed, k)
                ux, uy = (bx - ax) * kx, (by - ay) * ky
                length_m = np.sqrt(ux * ux + uy * uy)
                if length_m == 0.0:
                    continue
                n = _crossings((ax, ay, bx, by), points, (starts[c], starts[c + 1]), is_looked_at, crossings)
                in_x, in_y = -uy / length_m * inset_m / kx, ux / length_m * inset_m / ky
                for j in range(n - 1):
                    middle = 0.5 * (crossings[j] + crossings[j + 1])
                    x, y = ax + middle * (bx - ax) + in_x, ay + middle * (by - ay) + in_y
                    if _is_inside(edges, c, x, y):
                        overlaps[i] = True
                        break


@compiled
def find_gaps(  # noqa: PLR0917  compiled functions take no keywords
    begin: int,
    end: int,
    edges: Edges,
    neighbours: Neighbours,
    is_unmatched: Bools,
    inset_m: float,
    width_m: float,
    strips: Strips,
) -> None:
    """Measure the strips between an outline and the nearest neighbour outside of its unmatched edges.

    Each edge is looked out of at points at most ``width_m`` × 4 apart; a strip counts where the nearest edge outside
    lies between ``inset_m`` and ``width_m`` away and runs nearly parallel, the other way round.

    Parameters
    ----------
    strips : Strips
        Written here.
    """
    points, starts, _, is_reversed, bounds = edges
    near_starts, near = neighbours
    for p in range(begin, end):
        kx, ky = metres_per_degree(0.5 * (bounds[p, 1] + bounds[p, 3]))
        margin = 1.1 * width_m / min(kx, ky)
        for k in range(starts[p], starts[p + 1]):
            if not is_unmatched[k]:
                continue
            ax, ay, bx, by = _oriented(points, is_reversed, k)
            ux, uy = (bx - ax) * kx, (by - ay) * ky
            edge_m = np.sqrt(ux * ux + uy * uy)
            if edge_m == 0.0:
                continue
            ux, uy = ux / edge_m, uy / edge_m
            n_samples = min(_MAX_SAMPLES, int(edge_m / (4.0 * width_m)) + 1)
            for sample in range(n_samples):
                at = (sample + 0.5) / n_samples
                x, y = ax + at * (bx - ax), ay + at * (by - ay)
                nearest_m, nearest = width_m, -1
                for i in range(near_starts[p], near_starts[p + 1]):
                    c = near[i]
                    if (
                        x < bounds[c, 0] - margin
                        or x > bounds[c, 2] + margin
                        or y < bounds[c, 1] - margin
                        or y > bounds[c, 3] + margin
                    ):
                        continue
                    for m in range(starts[c], starts[c + 1]):
                        if not is_unmatched[m]:
                            continue
                        cx, cy, dx, dy = _oriented(points, is_reversed, m)
                        # Metres from the sample, along the edge and to its outside (the right).
                        cu, cv = (cx - x) * kx, (cy - y) * ky
                        du, dv = (dx - x) * kx, (dy - y) * ky
                        c_along, d_along = cu * ux + cv * uy, du * ux + dv * uy
                        if not (d_along <= 0.0 <= c_along) or c_along == d_along:
                            continue
                        c_out, d_out = cu * uy - cv * ux, du * uy - dv * ux
                        run_m, rise_m = c_along - d_along, c_out - d_out
                        out_m = d_out - d_along / run_m * rise_m
                        if out_m < -inset_m or out_m > nearest_m:
                            continue
                        is_parallel = run_m >= _PARALLEL_COSINE * np.sqrt(run_m * run_m + rise_m * rise_m)
                        nearest_m, nearest = out_m, i if is_parallel else -1
                if nearest >= 0 and nearest_m > inset_m:
                    part_m = edge_m / n_samples
                    strips.length_m[nearest] += part_m
                    strips.area_m2[nearest] += part_m * nearest_m
                    strips.place[nearest, 0] = x + 0.5 * nearest_m * uy / kx
                    strips.place[nearest, 1] = y - 0.5 * nearest_m * ux / ky


@compiled
def _oriented(points: Floats, is_reversed: Bools, k: int) -> tuple[float, float, float, float]:
    """Give the ends of an edge so that the inside lies to its left."""
    if is_reversed[k]:
        return points[k + 1, 0], points[k + 1, 1], points[k, 0], points[k, 1]
    return points[k, 0], points[k, 1], points[k + 1, 0], points[k + 1, 1]


@compiled
def _touches(points: Floats, k: int, box: Floats) -> bool:
    """Tell whether the bounding box of an edge meets a box."""
    ax, ay, bx, by = points[k, 0], points[k, 1], points[k + 1, 0], points[k + 1, 1]
    return bool(max(ax, bx) >= box[0] and min(ax, bx) <= box[2] and max(ay, by) >= box[1] and min(ay, by) <= box[3])


@compiled
def _crossings(
    edge: tuple[float, float, float, float], points: Floats, run: tuple[int, int], is_looked_at: Bools, found: Floats
) -> int:
    """Write where along an edge (0 to 1, in order, with both ends) edges of an outline cross it; return how many."""
    ax, ay, bx, by = edge
    found[0] = 0.0
    n = 1
    ux, uy = bx - ax, by - ay
    west, east = min(ax, bx), max(ax, bx)
    south, north = min(ay, by), max(ay, by)
    for m in range(run[0], run[1]):
        if not is_looked_at[m]:
            continue
        cx, cy, dx, dy = points[m, 0], points[m, 1], points[m + 1, 0], points[m + 1, 1]
        if max(cx, dx) < west or min(cx, dx) > east or max(cy, dy) < south or min(cy, dy) > north:
            continue
        vx, vy = dx - cx, dy - cy
        cross = ux * vy - uy * vx
        if cross == 0.0:
            # On one line: the ends of the other edge are where a common stretch begins and ends.
            length2 = ux * ux + uy * uy
            first = ((cx - ax) * ux + (cy - ay) * uy) / length2
            second = ((dx - ax) * ux + (dy - ay) * uy) / length2
            for t in (first, second):
                if 0.0 < t < 1.0 and n <= _MAX_CROSSINGS:
                    found[n] = t
                    n += 1
            continue
        wx, wy = cx - ax, cy - ay
        t = (wx * vy - wy * vx) / cross
        s = (wx * uy - wy * ux) / cross
        if 0.0 < t < 1.0 and -1e-9 <= s <= 1.0 + 1e-9 and n <= _MAX_CROSSINGS:
            found[n] = t
            n += 1
    found[n] = 1.0
    n += 1
    found[:n].sort()
    return n


@compiled
def _is_inside(edges: Edges, c: int, x: float, y: float) -> bool:
    """Tell whether a point lies inside an outline, by how often a ray to the east leaves it."""
    points, starts, is_edge, _, bounds = edges
    if x < bounds[c, 0] or x > bounds[c, 2] or y < bounds[c, 1] or y > bounds[c, 3]:
        return False
    inside = False
    for m in range(starts[c], starts[c + 1]):
        if not is_edge[m]:
            continue
        cy, dy = points[m, 1], points[m + 1, 1]
        if (cy > y) != (dy > y):
            at = points[m, 0] + (y - cy) / (dy - cy) * (points[m + 1, 0] - points[m, 0])
            if x < at:
                inside = not inside
    return inside
