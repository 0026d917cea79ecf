"""What outlines are to each other (拓扑检查): drawn twice, overlapping, a narrow gap apart; slivers; outside a county.

Candidates come from compiled loops (``outline_edges.py``), their areas from exact intersections. Levels with their
reasons: ``levels.csv``. Cases: ``tests/intake/test_topology.py``; speed: ``benchmarks/intake.py``.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from senhui.intake.geometry import polygon_areas_ha
from senhui.intake.levels import LEVELS
from senhui.intake.outline_edges import Neighbours, Strips, find_gaps, find_overlapping, mark_unmatched
from senhui.intake.outline_points import Bools, Edges, Floats, Ints, edges_of, perimeters_m
from senhui.quantities import M2_PER_HA

Objects = npt.NDArray[np.object_]

PLACED: Final[dict[str, pl.DataType]] = {
    "row": pl.UInt32(),
    "other_row": pl.UInt32(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "lon": pl.Float64(),
    "lat": pl.Float64(),
}
"""Columns of findings about outlines; ``lon`` and ``lat`` are a point to look at, degrees of EPSG:4490."""

_THREADS: Final = min(4, os.cpu_count() or 1)
_AT_ONCE: Final = 20_000
_PAIRS_AT_ONCE: Final = 1_000
_DEGREE_M: Final = 111_000.0


@dataclass(frozen=True)
class Overlaps:
    """Pairs of outlines that overlap.

    Attributes
    ----------
    pairs : (k, 2) int64
        The smaller index first.
    common_m2 : (k,) float64, [m2]
    place : (k, 2) float64, [degrees]
        A point inside of what they have in common.
    """

    pairs: Ints
    common_m2: Floats
    place: Floats


def topology_findings(outlines: pl.DataFrame) -> pl.DataFrame:
    """Find outlines drawn twice, overlaps, narrow gaps and slivers in a layer.

    Parameters
    ----------
    outlines : polars.DataFrame
        Columns of ``as_read.OUTLINES``. Rows without a valid outline are left out.

    Returns
    -------
    polars.DataFrame
        Columns :data:`PLACED`. Of an overlap or a pair drawn twice each of the two rows has a finding that names the
        other. A gap has no row of its own.
    """
    valid = outlines.filter(pl.col("reason").is_null() & pl.col("geometry_area_ha").is_not_null())
    if valid.height == 0:
        return pl.DataFrame(schema=PLACED)
    wkb = valid["geometry"]
    rows = valid["row"].to_numpy()
    edges = edges_of(wkb)
    neighbours = _neighbours(edges.bounds)
    is_unmatched = _unmatched(edges, neighbours)
    overlaps = _overlap_findings(wkb, rows, _overlaps(wkb, edges, neighbours, is_unmatched))
    gaps = _gap_findings(edges, neighbours, is_unmatched, rows)
    slivers = _sliver_findings(wkb, rows, valid["geometry_area_ha"].to_numpy(), perimeters_m(edges))
    return pl.concat([overlaps, gaps, slivers])


def pair_findings(outlines: pl.DataFrame, *, of_rows: pl.Series) -> pl.DataFrame:
    """Find outlines drawn twice and overlaps between some rows and all others, and slivers among these rows.

    Parameters
    ----------
    outlines : polars.DataFrame
        The rows themselves and at least every other row whose bounding box meets one of theirs.
    of_rows : polars.Series of uint32
        Pairs of two other rows are left out.
    """
    found = topology_findings(outlines)
    concerns = pl.col("row").is_in(of_rows.implode()) | pl.col("other_row").is_in(of_rows.implode())
    return found.filter(concerns & pl.col("row").is_not_null())


def _decoded(wkb: pl.Series, which: Ints) -> Objects:
    """Make geometries of some outlines."""
    decoded: Objects = shapely.from_wkb(wkb.gather(which).to_numpy())
    return decoded


def _neighbours(bounds: Floats) -> Neighbours:
    """Pair outlines whose bounding boxes, a little widened, meet."""
    margin = LEVELS["gap_width_m"] / _DEGREE_M * 2
    boxes = np.asarray(shapely.box(*(bounds + np.array([-margin, -margin, margin, margin]) / 2).T), dtype=object)
    of, near = shapely.STRtree(boxes).query(boxes)
    is_other = of != near
    of, near = of[is_other], near[is_other]
    order = np.argsort(of, kind="stable") if (np.diff(of) < 0).any() else slice(None)
    return Neighbours(np.searchsorted(of[order], np.arange(len(bounds) + 1)).astype(np.int64), near[order])


def _in_threads(work: Callable[[int, int], None], n: int) -> None:
    """Run compiled work, which holds no lock, over runs of outlines."""
    cuts = [*range(0, n, _AT_ONCE), n]
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(work, cuts[:-1], cuts[1:]))


def _unmatched(edges: Edges, neighbours: Neighbours) -> Bools:
    is_unmatched = np.zeros(len(edges.points), dtype=bool)

    _in_threads(lambda begin, end: mark_unmatched(begin, end, edges, neighbours, is_unmatched), len(edges.bounds))
    return is_unmatched


def _overlaps(wkb: pl.Series, edges: Edges, neighbours: Neighbours, is_unmatched: Bools) -> Overlaps:
    """Find and measure the pairs of outlines that overlap above the level.

    Inside of a place that is covered twice all edges may be matched (a layer laid over itself, a little moved). Its
    rim is not, so whoever overlaps there is looked at again with all edges, together with all its neighbours, until
    nobody new is found.
    """
    of = _owners(neighbours)
    found = np.zeros(len(of), dtype=bool)
    is_measured = np.zeros(len(of), dtype=bool)
    looked_at = is_unmatched
    overlaps = [_measured(wkb, np.empty((0, 2), dtype=np.int64))]
    while True:
        _in_threads(
            partial(_tried, edges=edges, neighbours=neighbours, looked_at=looked_at, found=found), len(edges.bounds)
        )
        new = np.flatnonzero(found & ~is_measured)
        is_measured[new] = True
        pairs = np.unique(np.sort(np.column_stack([of[new], neighbours.near[new]]), axis=1), axis=0)
        if len(overlaps) > 1:
            pairs = pairs[~_are_among(pairs, np.concatenate([each.pairs for each in overlaps]))]
        overlaps.append(_measured(wkb, pairs))
        if len(overlaps[-1].pairs) == 0:
            return Overlaps(*(np.concatenate(each) for each in zip(*(vars(o).values() for o in overlaps), strict=True)))
        is_rim = np.zeros(len(edges.bounds), dtype=bool)
        is_rim[overlaps[-1].pairs] = True
        is_rim[neighbours.near[is_rim[of]]] = True
        looked_at = np.repeat(is_rim, np.diff(edges.starts)) & edges.is_edge


def _tried(begin: int, end: int, *, edges: Edges, neighbours: Neighbours, looked_at: Bools, found: Bools) -> None:
    find_overlapping(begin, end, edges, neighbours, looked_at, LEVELS["overlap_width_m"] / 2, found)


def _owners(neighbours: Neighbours) -> Ints:
    """Give the outline to which each neighbour belongs."""
    return np.repeat(np.arange(len(neighbours.starts) - 1), np.diff(neighbours.starts))


def _are_among(pairs: Ints, known: Ints) -> Bools:
    """Tell which pairs are among others."""
    n = max(pairs.max(initial=0), known.max(initial=0)) + 1
    are_among: Bools = np.isin(pairs[:, 0] * n + pairs[:, 1], known[:, 0] * n + known[:, 1])
    return are_among


def _overlap_findings(wkb: pl.Series, rows: Ints, overlaps: Overlaps) -> pl.DataFrame:
    """Report each overlap once for each of its two rows."""
    pairs, common_m2 = overlaps.pairs, overlaps.common_m2
    area_m2 = polygon_areas_ha(_decoded(wkb, pairs.ravel())).reshape(-1, 2) * M2_PER_HA
    is_twice = common_m2 >= LEVELS["duplicate_frac"] * area_m2.max(axis=1, initial=0.0)
    reasons = np.where(is_twice, "outline_duplicate", "outline_overlaps")
    return pl.concat(
        _placed(
            rows[pairs[:, own]],
            reasons,
            [f"{m2:.0f} m² ({100 * m2 / of:.1f} %)" for m2, of in zip(common_m2, area_m2[:, own], strict=True)],
            overlaps.place,
            other_rows=rows[pairs[:, 1 - own]],
        )
        for own in (0, 1)
    )


def _measured(wkb: pl.Series, pairs: Ints) -> Overlaps:
    """Intersect pairs exactly and keep those above the level."""

    def measure(part: Ints) -> tuple[Floats, Floats]:
        common = shapely.intersection(_decoded(wkb, part[:, 0]), _decoded(wkb, part[:, 1]))
        pieces, of = shapely.get_parts(common, return_index=True)
        is_areal = shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON
        pieces, of = pieces[is_areal], of[is_areal]
        piece_m2 = polygon_areas_ha(pieces) * M2_PER_HA
        # Broad pieces count, not the many threads beside them.
        is_broad = 2 * piece_m2 >= LEVELS["overlap_width_m"] * perimeters_m(
            edges_of(pl.Series(shapely.to_wkb(pieces), dtype=pl.Binary))
        )
        pieces, of, piece_m2 = pieces[is_broad], of[is_broad], piece_m2[is_broad]
        order = np.argsort(piece_m2, kind="stable")
        place = np.full((len(part), 2), np.nan)
        place[of[order]] = shapely.get_coordinates(shapely.point_on_surface(pieces[order]))
        return np.bincount(of, piece_m2, minlength=len(part)).astype(np.float64), place

    with ThreadPoolExecutor(_THREADS) as threads:
        parts = list(threads.map(measure, np.array_split(pairs, max(1, len(pairs) // _PAIRS_AT_ONCE))))
    common_m2, place = (np.concatenate(each) for each in zip(*parts, strict=True))
    is_found = common_m2 >= LEVELS["overlap_m2"]
    return Overlaps(pairs[is_found], common_m2[is_found], place[is_found])


def _placed(
    rows: Ints, reasons: npt.NDArray[np.str_] | str, values: list[str], place: Floats, *, other_rows: Ints | None = None
) -> pl.DataFrame:
    """Give findings about outlines as a table."""
    return pl.DataFrame(
        {
            "row": rows,
            "other_row": [None] * len(rows) if other_rows is None else other_rows,
            "field": ["geometry"] * len(rows),
            "value": values,
            "reason": np.broadcast_to(reasons, len(rows)).tolist(),
            "lon": place[:, 0],
            "lat": place[:, 1],
        },
        schema=PLACED,
    )


def _gap_findings(edges: Edges, neighbours: Neighbours, is_unmatched: Bools, rows: Ints) -> pl.DataFrame:
    """Report narrow strips between two outlines that belong to neither."""
    n = len(neighbours.near)
    strips = Strips(np.zeros(n), np.zeros(n), np.zeros((n, 2)))
    inset_m, width_m = LEVELS["overlap_width_m"] / 2, LEVELS["gap_width_m"]
    _in_threads(
        lambda begin, end: find_gaps(begin, end, edges, neighbours, is_unmatched, inset_m, width_m, strips),
        len(edges.bounds),
    )
    found = np.flatnonzero(strips.area_m2 >= LEVELS["gap_m2"])
    of, near, area_m2 = _owners(neighbours)[found], neighbours.near[found], strips.area_m2[found]
    pairs = pl.DataFrame(
        {
            "first": rows[np.minimum(of, near)],
            "second": rows[np.maximum(of, near)],
            "m2": area_m2,
            "m": area_m2 / strips.length_m[found],
            "lon": strips.place[found, 0],
            "lat": strips.place[found, 1],
        }
    )
    # Both sides of a strip measure it; the side that saw more of it is told.
    widest = pairs.sort("m2", descending=True).unique(["first", "second"], keep="first", maintain_order=True)
    text = pl.format(
        "{} m², {} m (| {} | {} |)", pl.col("m2").round(0).cast(pl.Int64), pl.col("m").round(2), "first", "second"
    )
    return widest.sort("first", "second").select(
        pl.lit(None, dtype=pl.UInt32).alias("row"),
        pl.lit(None, dtype=pl.UInt32).alias("other_row"),
        pl.lit("geometry").alias("field"),
        text.alias("value"),
        pl.lit("gap_between").alias("reason"),
        "lon",
        "lat",
    )


def _sliver_findings(wkb: pl.Series, rows: Ints, area_ha: Floats, perimeter_m: Floats) -> pl.DataFrame:
    """Report outlines whose mean width (twice the area over the perimeter) is below the level."""
    width_m = 2 * area_ha * M2_PER_HA / np.maximum(perimeter_m, 1e-9)
    thin = np.flatnonzero(width_m < LEVELS["sliver_width_m"])
    place = shapely.get_coordinates(shapely.point_on_surface(_decoded(wkb, thin)))
    return _placed(rows[thin], "sliver", [f"{each:.1f} m" for each in width_m[thin]], place)


def outside_county_findings(outlines: pl.DataFrame, county_code: pl.Series, counties: pl.DataFrame) -> pl.DataFrame:
    """Find outlines that lie, for more than a share of their area, far outside the county of their code.

    Parameters
    ----------
    outlines : polars.DataFrame
        Columns of ``as_read.OUTLINES``.
    county_code : polars.Series of str
        For each row of ``outlines``; a code that ``counties`` lacks, or none, is not checked.
    counties : polars.DataFrame
        ``code`` and ``geometry`` (WKB, degrees of EPSG:4490).
    """
    found = [pl.DataFrame(schema=PLACED)]
    placed = outlines.with_columns(county_code.alias("county_code"), position=pl.int_range(pl.len())).filter(
        pl.col("reason").is_null() & pl.col("geometry_area_ha").is_not_null()
    )
    for code, wkb in counties.select("code", "geometry").drop_nulls().iter_rows():
        of_county = placed.filter(pl.col("county_code") == code)
        if of_county.height > 0:
            found.append(_outside(of_county, _widened(shapely.from_wkb(wkb))))
    return pl.concat(found)


def _widened(county: shapely.Geometry) -> shapely.Geometry:
    """Widen a county by the tolerance, in a plane where a degree is as long both ways."""
    tolerance_deg = LEVELS["county_tolerance_m"] / _DEGREE_M
    east_shrink = np.cos(np.radians(shapely.centroid(county).y))
    plane = shapely.transform(county, lambda points: points * [east_shrink, 1.0])
    return shapely.transform(
        shapely.buffer(shapely.make_valid(plane), tolerance_deg), lambda points: points / [east_shrink, 1.0]
    )


def _outside(outlines: pl.DataFrame, county: shapely.Geometry) -> pl.DataFrame:
    """Report the outlines outside of one widened county."""
    shapely.prepare(county)
    corners = outlines.select("min_lon", "min_lat", "max_lon", "max_lat").to_numpy()
    suspect = np.zeros(len(corners), dtype=bool)
    for x, y in ((0, 1), (0, 3), (2, 1), (2, 3)):
        suspect |= ~shapely.contains_xy(county, corners[:, x], corners[:, y])
    near = outlines.filter(pl.Series(suspect))
    polygons: Objects = shapely.from_wkb(near["geometry"].to_numpy())
    inside_frac = shapely.area(shapely.intersection(polygons, county)) / shapely.area(polygons)
    far = np.flatnonzero(1 - inside_frac > LEVELS["county_outside_frac"])
    place = shapely.get_coordinates(shapely.point_on_surface(polygons[far]))
    codes = near["county_code"].gather(far)
    values = [f"{code} ({100 * (1 - frac):.0f} %)" for code, frac in zip(codes, inside_frac[far], strict=True)]
    return _placed(near["row"].gather(far).to_numpy(), "outside_county", values, place)
