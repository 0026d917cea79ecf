"""Outlines with arcs, as drawing programs keep them: read as chords where GDAL can, else found row by row."""

import struct
from pathlib import Path

import polars as pl
import pyogrio
import pytest
import shapely
from tests.intake.layers import good_rows

from senhui.intake import ImportProfile, read_layer
from senhui.intake.geometry import has_arcs, polygon_areas_ha

RADIUS_DEG = 0.001


def circle(x: float, y: float) -> bytes:
    """WKB of a curve polygon of two half circles (types 10 and 8)."""
    points = [(x - RADIUS_DEG, y), (x, y + RADIUS_DEG), (x + RADIUS_DEG, y), (x, y - RADIUS_DEG), (x - RADIUS_DEG, y)]
    ring = struct.pack("<BII", 1, 8, len(points)) + b"".join(struct.pack("<dd", *point) for point in points)
    return struct.pack("<BII", 1, 10, 1) + ring


@pytest.mark.parametrize(
    ("name", "driver", "geometry_type"),
    [("layer.gpkg", "GPKG", "Unknown"), ("layer.gdb", "OpenFileGDB", "MultiPolygon")],
)
def test_a_circle_is_read_as_chords_and_its_neighbours_as_they_are(
    tmp_path: Path, name: str, driver: str, geometry_type: str
) -> None:
    rows = good_rows(4)
    outlines = rows["geometry"].to_list()
    outlines[1], outlines[3] = circle(119.906, 28.402), circle(119.914, 28.402)
    frame = rows.with_columns(geometry=pl.Series(outlines, dtype=pl.Binary))
    pyogrio.write_arrow(
        frame.to_arrow(compat_level=pl.CompatLevel.oldest()),
        tmp_path / name,
        driver=driver,
        geometry_name="geometry",
        geometry_type=geometry_type,
        crs="EPSG:4490",
    )
    read = read_layer(tmp_path / name).outlines
    assert read["reason"].null_count() == 4
    disc_ha = polygon_areas_ha(shapely.buffer(shapely.points([119.906], [28.402]), RADIUS_DEG, quad_segs=500))[0]
    assert read["geometry_area_ha"][1] == pytest.approx(disc_ha, rel=1e-3)
    assert read["geometry_area_ha"][3] == pytest.approx(disc_ha, rel=1e-3)
    whole = polygon_areas_ha(shapely.from_wkb(rows["geometry"].to_numpy()))
    assert read["geometry_area_ha"][0] == pytest.approx(whole[0], rel=1e-6)


def test_arcs_as_text_are_a_finding_of_their_row(tmp_path: Path) -> None:
    path = tmp_path / "layer.csv"
    arcs = "CURVEPOLYGON (CIRCULARSTRING (120 28, 120.01 28.01, 120.02 28, 120.01 27.99, 120 28))"
    path.write_text(f'WKT,N\n"{arcs}",1\n"POLYGON ((119.9 28.4, 119.91 28.4, 119.91 28.41, 119.9 28.4))",2\n', "utf-8")
    read = read_layer(path, profile=ImportProfile(crs="EPSG:4490")).outlines
    assert read["reason"].to_list() == ["geometry_invalid", None]


def test_kinds_are_told_in_either_byte_order_and_with_heights() -> None:
    flat = circle(120.0, 28.0)
    high, old_high, big = (
        struct.pack("<BI", 1, 1010),
        struct.pack("<BI", 1, 0x80000000 | 10),
        struct.pack(">BI", 0, 12),
    )
    polygon = shapely.from_wkt("POLYGON ZM ((119 28 1 2, 120 28 1 2, 120 29 1 2, 119 28 1 2))")
    straight = [
        shapely.to_wkb(polygon, output_dimension=4, flavor=f, byte_order=b) for f in ("iso", "extended") for b in (0, 1)
    ]
    column = pl.Series("geometry", [flat, high, old_high, big, *straight, b"", None], dtype=pl.Binary)
    assert has_arcs(column).to_list() == [True] * 4 + [False] * 6
