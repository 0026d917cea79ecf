"""Outlines of counties and townships as GeoJSON, for everybody. The cases are in ``tests/atlas/test_boundaries.py``."""

from __future__ import annotations

import json
import time
from functools import lru_cache

import numpy as np
import shapely

from senhui.inventory import queries

_KEPT_FOR_S = 60
_N_DECIMALS = 5
"""About a metre: outlines are drawn, not measured."""


def boundaries_geojson(level: str) -> bytes:
    """Return the units of a level (city, county, township) as a GeoJSON collection.

    A feature has the unit's ``code`` also as ``id``, ``name``, ``parent_code`` and ``is_sample``. Units
    without an outline are left out. The answer is kept for a minute, for outlines change once in years.
    """
    return _made(level, int(time.monotonic() // _KEPT_FOR_S))


@lru_cache(maxsize=8)
def _made(level: str, minute: int) -> bytes:
    del minute  # part of the key: after a minute the outlines are read anew
    return collection(queries.administrative_units(level))


def collection(units: list[queries.Unit]) -> bytes:
    """Return units as a GeoJSON collection, outer rings counter-clockwise (RFC 7946, section 3.1.6)."""
    features = [
        {
            "type": "Feature",
            "id": unit.code,
            "properties": {
                "code": unit.code,
                "name": unit.name_zh,
                "parent_code": unit.parent_code,
                "is_sample": unit.is_sample,
            },
            "geometry": json.loads(shapely.to_geojson(_drawn(unit.geometry))),
        }
        for unit in units
        if unit.geometry is not None
    ]
    body = {"type": "FeatureCollection", "features": features}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _drawn(geometry: shapely.Geometry) -> shapely.Geometry:
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, _N_DECIMALS))
    return shapely.orient_polygons(rounded, exterior_cw=False)
