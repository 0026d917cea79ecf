"""The sample city's cells: the mosaic cut at the county outlines, without slivers.

All outlines and all cells they cross are noded together once, so the pieces on both sides of a county border share
every point. A piece smaller than about half a cell joins the neighbour of its county with which it shares the
longest border. Outlines: data/county_outlines.geojson (origin and licence in data/SOURCE.md). Cases:
tests/cli/demo/test_geometry.py.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import shapely
from numpy.typing import NDArray

from senhui.cli.demo.mosaic import (
    Affine,
    Bools,
    Edges,
    Floats,
    Ints,
    cell_polygons,
    jittered_seeds,
    voronoi_edges,
)
from senhui.intake.geometry import polygon_areas_ha

KM_PER_DEG = 111.2  # only makes cells about as wide as tall; areas are measured on the ellipsoid
JITTER = 0.92
MARGIN_CELLS = 3.0
SEGMENTS_PER_SPACING = 12.0  # gives about 49 vertices per cell
JOIN_BELOW_FRAC = 0.45  # of the mean cell; near one half the number of cells stays what was asked for

Objects = NDArray[np.object_]


@dataclass(frozen=True)
class Counties:
    """Outlines of the nine counties.

    Attributes
    ----------
    codes, names_zh : tuple of str
    outlines : (9,) Polygon, longitude/latitude, a valid coverage
    """

    codes: tuple[str, ...]
    names_zh: tuple[str, ...]
    outlines: Objects


@dataclass(frozen=True)
class Cells:
    """A valid coverage of the city by cells.

    Attributes
    ----------
    polygons : (n,) Polygon, longitude/latitude EPSG:4490
    county : (n,) int, index into Counties
    centre_km : (n, 2) float64, [km], centroid in the local plane
    area_ha : (n,) float64, [ha], on the ellipsoid
    """

    polygons: Objects
    county: Ints
    centre_km: Floats
    area_ha: Floats


@cache
def counties() -> Counties:
    """Return the simplified outlines of the nine counties."""
    text = resources.files("senhui.cli.demo").joinpath("data/county_outlines.geojson").read_text("utf-8")
    features = json.loads(text)["features"]
    outlines = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    return Counties(
        codes=tuple(feature["properties"]["code"] for feature in features),
        names_zh=tuple(feature["properties"]["name_zh"] for feature in features),
        outlines=np.asarray(outlines, dtype=object),
    )


def local_plane() -> Affine:
    """Return the plane in which the city is drawn: kilometres from its south-western corner."""
    west, south, _, north = shapely.total_bounds(counties().outlines)
    east_shrink = np.cos(np.radians((south + north) / 2))
    return Affine(origin_deg=np.array([west, south]), scale_km_deg=np.array([KM_PER_DEG * east_shrink, KM_PER_DEG]))


def make_cells(n_cells: int, *, rng: np.random.Generator) -> Cells:
    """Cover the city with about `n_cells` cells that share their borders and respect the county outlines."""
    assert n_cells > 0, "a city has at least one cell"
    outlines, plane = counties().outlines, local_plane()
    spacing_km = float(np.sqrt(_plane_area_km2(outlines, plane) / n_cells))
    city = shapely.transform(shapely.coverage_union_all(outlines), plane.to_plane)
    seeds = _seeds_around(city, spacing_km, rng)
    edges = voronoi_edges(seeds, segment_km=spacing_km / SEGMENTS_PER_SPACING, rng=rng)
    polygons = cell_polygons(edges, seeds, _within(city, 1.5 * spacing_km, seeds), plane)
    whole, whole_county, pieces, pieces_county = _cut(polygons, seeds, edges, plane)
    joined, county = _join_small(
        np.concatenate([whole, pieces]), np.concatenate([whole_county, pieces_county]), n_whole=len(whole)
    )
    centre_km = plane.to_plane(shapely.get_coordinates(shapely.centroid(joined)))
    return Cells(polygons=joined, county=county, centre_km=centre_km, area_ha=polygon_areas_ha(joined))


def _plane_area_km2(outlines: Objects, plane: Affine) -> float:
    return float(shapely.area(outlines).sum() * plane.scale_km_deg.prod())


def _within(city: shapely.Geometry, distance_km: float, points: Floats) -> Bools:
    zone = shapely.buffer(shapely.simplify(city, distance_km / 10), distance_km)
    shapely.prepare(zone)
    inside: Bools = shapely.contains_xy(zone, points[:, 0], points[:, 1])
    return inside


def _seeds_around(city: shapely.Geometry, spacing_km: float, rng: np.random.Generator) -> Floats:
    """Scatter seeds over the city and a margin wide enough that no cell on land runs to infinity."""
    margin_km = MARGIN_CELLS * spacing_km
    west, south, east, north = shapely.bounds(city)
    seeds = jittered_seeds(
        np.array([west, south]) - margin_km,
        np.array([east, north]) + margin_km,
        spacing_km=spacing_km,
        jitter=JITTER,
        rng=rng,
    )
    return seeds[_within(city, margin_km, seeds)]


def _cut(polygons: Objects, seeds: Floats, edges: Edges, plane: Affine) -> tuple[Objects, Ints, Objects, Ints]:
    """Separate cells inside one county from cells that an outline crosses, and cut the latter."""
    outlines = counties().outlines
    drawn = np.flatnonzero(polygons != None)  # noqa: E711  object arrays compare element by element
    _, hit = shapely.STRtree(polygons[drawn]).query(_segments(shapely.boundary(outlines)), predicate="intersects")
    crossed = np.zeros(len(polygons), dtype=bool)
    crossed[drawn[np.unique(hit)]] = True

    whole = drawn[~crossed[drawn]]
    county = np.full(len(whole), -1)
    degrees = plane.to_degrees(seeds[whole])
    for index, outline in enumerate(outlines):
        shapely.prepare(outline)
        county[shapely.contains_xy(outline, degrees[:, 0], degrees[:, 1])] = index
    inside = county >= 0

    near = np.flatnonzero(crossed[edges.left] | crossed[edges.right])
    lines = shapely.transform(edges.lines(near), plane.to_degrees)
    network = shapely.union_all(np.concatenate([lines, shapely.boundary(outlines)]))
    faces = shapely.get_parts(shapely.polygonize([network]))
    marks = shapely.point_on_surface(faces)
    cell_tree = shapely.STRtree(polygons[np.flatnonzero(crossed)])
    in_cell = np.unique(cell_tree.query(marks, predicate="within")[0])
    of_face, of_county = shapely.STRtree(outlines).query(marks, predicate="within")
    keep = np.isin(of_face, in_cell)
    return polygons[whole[inside]], county[inside], faces[of_face[keep]], of_county[keep]


def _segments(lines: Objects) -> Objects:
    """Split lines into their single segments, so that a search by bounding box is narrow."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    pairs = np.stack([coordinates[:-1][same], coordinates[1:][same]], axis=1)
    return np.asarray(shapely.linestrings(pairs), dtype=object)


def _join_small(polygons: Objects, county: Ints, *, n_whole: int) -> tuple[Objects, Ints]:
    """Join each small piece (index >= n_whole) to the neighbour in its county with the longest common border."""
    area = shapely.area(polygons)
    enough = JOIN_BELOW_FRAC * float(area[:n_whole].mean() if n_whole else area.max())
    small = np.flatnonzero((np.arange(len(polygons)) >= n_whole) & (area < enough))
    piece, neighbour = shapely.STRtree(polygons).query(polygons[small], predicate="intersects")
    piece = small[piece]
    useful = (piece != neighbour) & (county[piece] == county[neighbour])
    piece, neighbour = piece[useful], neighbour[useful]
    outline = shapely.boundary(polygons)
    shared = shapely.length(shapely.intersection(outline[piece], outline[neighbour]))
    best = np.lexsort((neighbour, -shared, area[piece]))
    leader = np.arange(len(polygons))

    def lead(index: int) -> int:
        while leader[index] != index:
            index = int(leader[index])
        return index

    for a, b, length in zip(piece[best].tolist(), neighbour[best].tolist(), shared[best].tolist(), strict=True):
        ours, theirs = lead(a), lead(b)
        if length > 0 and ours != theirs and area[ours] < enough:
            leader[ours] = theirs
            area[theirs] += area[ours]
    leaders = np.array([lead(index) for index in range(len(leader))])
    joined = polygons.copy()
    order = np.argsort(leaders, kind="stable")
    several = np.flatnonzero(np.bincount(leaders, minlength=len(leaders)) > 1)
    first = np.searchsorted(leaders, several, sorter=order)
    after = np.searchsorted(leaders, several, side="right", sorter=order)
    for index, begin, end in zip(several, first, after, strict=True):
        joined[index] = shapely.coverage_union_all(polygons[order[begin:end]])
    keep = leaders == np.arange(len(leaders))
    return joined[keep], county[keep]
