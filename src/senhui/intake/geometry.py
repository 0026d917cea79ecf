"""Outlines of stands: decoded once, checked, moved to EPSG:4490 and measured on the ellipsoid.

Cases: ``tests/intake/test_geometry.py``.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from senhui.intake.datum import Move
from senhui.intake.reasons import GEOMETRY_INVALID, GEOMETRY_MISSING, GEOMETRY_NOT_POLYGON

CGCS2000_SEMI_MAJOR_M: Final = 6_378_137.0
CGCS2000_INVERSE_FLATTENING: Final = 298.257222101

_POLYGON, _MULTIPOLYGON = 3, 6
_ECCENTRICITY: Final = float(np.sqrt((2 - 1 / CGCS2000_INVERSE_FLATTENING) / CGCS2000_INVERSE_FLATTENING))

_ARCS: Final = (8, 9, 10, 11, 12)
"""Kinds of WKB that may have arcs: circular string, compound curve, curve polygon, multicurve, multisurface."""
ARCS_IN_WKT: Final = r"(?is)^\s*(circularstring|compoundcurve|curvepolygon|multicurve|multisurface).*$"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outlines:
    """What is known of a run of outlines, row by row.

    Attributes
    ----------
    wkb : polars.Series of binary
        Two-dimensional WKB in EPSG:4490, longitude first; null where there is no polygon.
    area_ha : (n,) float64, [ha]
        Area on the ellipsoid; NaN where there is no valid polygon.
    bounds : (n, 4) float64, [degrees]
        West, south, east, north; NaN where there is no polygon.
    file_bounds : (n, 4) float64
        The same in the units of the file.
    reason : (n,) object
        Reason code of what is wrong, or None.
    detail : (n,) object
        What was found, e.g. ``Self-intersection[120.1 28.2]``, or None.
    """

    wkb: pl.Series
    area_ha: Floats
    bounds: Floats
    file_bounds: Floats
    reason: npt.NDArray[np.object_]
    detail: npt.NDArray[np.object_]


def read_outlines(wkb: pl.Series, *, move: Move | None = None) -> Outlines:
    """Decode, check, move and measure a run of outlines.

    Parameters
    ----------
    wkb : polars.Series of binary
        WKB as the file has it.
    move : callable, optional
        Turns the file's coordinates into longitude and latitude of EPSG:4490, where they are not already.

    Returns
    -------
    Outlines
        One entry for each row; a bad outline has a reason instead of an area.
    """
    outlines = decoded(wkb)
    types = shapely.get_type_id(outlines)
    unreadable = (types == -1) & wkb.is_not_null().to_numpy()
    missing = ~unreadable & ((types == -1) | shapely.is_empty(outlines))
    is_polygon = ~missing & ((types == _POLYGON) | (types == _MULTIPOLYGON))
    file_bounds = shapely.bounds(outlines)

    if move is not None:
        outlines = shapely.transform(outlines, move)
    bounds = file_bounds if move is None else shapely.bounds(outlines)
    is_valid = is_polygon & shapely.is_valid(outlines)

    reason = np.full(len(outlines), None, dtype=object)
    detail = reason.copy()
    reason[missing] = GEOMETRY_MISSING
    is_other = ~missing & ~unreadable & ~is_polygon
    reason[is_other] = GEOMETRY_NOT_POLYGON
    detail[is_other] = [outline.geom_type for outline in outlines[is_other]]
    reason[unreadable] = GEOMETRY_INVALID
    reason[is_polygon & ~is_valid] = GEOMETRY_INVALID
    detail[is_polygon & ~is_valid] = shapely.is_valid_reason(outlines[is_polygon & ~is_valid])

    area_ha = np.full(len(outlines), np.nan)
    area_ha[is_valid] = polygon_areas_ha(outlines[is_valid])
    is_as_read = move is None and not (shapely.has_z(outlines) | shapely.has_m(outlines)).any()
    encoded = wkb if is_as_read else _encode(outlines)
    return Outlines(
        encoded.rename("geometry").set(pl.Series(~is_polygon), None),
        area_ha,
        np.where(is_polygon[:, None], bounds, np.nan),
        np.where(is_polygon[:, None], file_bounds, np.nan),
        reason,
        detail,
    )


def decoded(wkb: pl.Series) -> npt.NDArray[Any]:
    """Decode WKB; what is none, or has arcs, becomes None."""
    outlines: npt.NDArray[Any] = shapely.from_wkb(wkb.set(has_arcs(wkb), None).to_numpy(), on_invalid="ignore")
    return outlines


def has_arcs(wkb: pl.Series) -> pl.Series:
    """Tell which outlines are of a kind that may have arcs, which shapely refuses to decode."""
    column = pl.col(wkb.name)
    kind = column.bin.slice(1, 4)
    little, big = (kind.bin.reinterpret(dtype=pl.UInt32, endianness=order) for order in ("little", "big"))
    code = pl.when(column.bin.starts_with(b"\x01")).then(little).otherwise(big)
    # Height and measure are told by thousands (ISO) or by the four highest bits (everyone else).
    is_arc = ((code & 0x0FFFFFFF) % 1000).is_in(_ARCS).fill_null(value=False)
    return wkb.to_frame().select(is_arc).to_series()


def _encode(outlines: npt.NDArray[Any]) -> pl.Series:
    return pl.Series("geometry", shapely.to_wkb(outlines, output_dimension=2), dtype=pl.Binary)


def polygon_areas_ha(polygons: npt.NDArray[Any]) -> Floats:
    """Measure polygons in longitude and latitude on the CGCS2000 ellipsoid.

    The outer ring counts, its holes are taken off; which way a ring runs does not matter.

    Parameters
    ----------
    polygons : (n,) object
        Valid shapely Polygons and MultiPolygons, [degrees] of EPSG:4490.

    Returns
    -------
    (n,) float64, [ha]
    """
    if len(polygons) == 0:
        return np.empty(0)
    n_points = shapely.get_num_coordinates(polygons)
    is_simple = (shapely.get_type_id(polygons) == _POLYGON) & (shapely.get_num_interior_rings(polygons) == 0)
    areas_ha = np.empty(len(polygons))
    simple = polygons[is_simple]
    areas_ha[is_simple] = ring_areas_ha(shapely.get_coordinates(simple), np.cumsum(n_points[is_simple]))
    rest = polygons[~is_simple]
    if len(rest) > 0:
        parts, part_of = shapely.get_parts(rest, return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        ring_ha = ring_areas_ha(shapely.get_coordinates(rings), np.cumsum(shapely.get_num_coordinates(rings)))
        is_outer = np.diff(ring_of, prepend=-1) != 0
        signed_ha = np.where(is_outer, ring_ha, -ring_ha)
        areas_ha[~is_simple] = np.bincount(part_of[ring_of], signed_ha, minlength=len(rest))
    return areas_ha


def ring_areas_ha(coordinates: Floats, ends: npt.NDArray[np.int64]) -> Floats:
    """Measure closed rings on the CGCS2000 ellipsoid through its equal-area cylindrical projection.

    A geodesic for each of 15 million edges takes minutes. The authalic projection keeps areas exactly, so the
    area of a ring is the trapezoid sum of its projected points; taking an edge for straight there differs from
    the geodesic by about 1e-6 of the area for edges of 100 m and less than 1e-4 for edges of 10 km.

    Parameters
    ----------
    coordinates : (n, 2) float64, [degrees]
        Longitude and latitude of all rings in a row, each closed.
    ends : (m,) int64
        Where each ring ends (exclusive).

    Returns
    -------
    (m,) float64, [ha]
        Not negative.

    Notes
    -----
    A = (a² / 2) Σ Δλ (q₁ + q₂) / 2,
    q = (1 − e²) [ sin φ / (1 − e² sin² φ) + artanh(e sin φ) / e ]

    References
    ----------
    J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987), eq. 3-12 (mark B).

    Examples
    --------
    >>> ring = np.array([[120, 28], [120.01, 28], [120.01, 28.01], [120, 28.01], [120, 28]], dtype=float)
    >>> ring_areas_ha(ring, np.array([5])).round(2)
    array([109.])
    """
    if len(ends) == 0:
        return np.empty(0)
    e = _ECCENTRICITY
    sine = np.sin(np.radians(coordinates[:, 1]))
    q = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    # Neighbouring longitudes are subtracted in degrees, where floats as near as these subtract without error.
    edges = np.diff(coordinates[:, 0]) * (q[1:] + q[:-1])
    edges[ends[:-1] - 1] = 0.0  # from the last point of a ring to the first of the next
    starts = np.concatenate(([0], ends[:-1]))
    total = np.add.reduceat(edges, starts)
    return np.asarray(np.abs(total) * np.radians(1.0) * CGCS2000_SEMI_MAJOR_M**2 / 4 / 10_000)
