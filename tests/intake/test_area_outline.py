"""An area that a person brings along: every format, every system, bounded, mended, and nothing but polygons."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from senhui.intake.area_outline import AreaTooLarge, read_area
from senhui.intake.as_read import LayerWithoutPolygons
from senhui.intake.datum import DatumChangeNeeded
from senhui.intake.refusal import LayerRefused

BOX = shapely.box(119.1, 28.0, 119.2, 28.1)
BOX_HA = 10_885.9
"""About 9.824 km by 11.081 km."""
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>林场</name><Placemark><name>甲</name><Polygon>
<outerBoundaryIs><LinearRing><coordinates>119.1,28.0,0 119.2,28.0,0 119.2,28.1,0 119.1,28.1,0 119.1,28.0,0
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"""


def geojson(*shapes: shapely.Geometry) -> str:
    features = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(s))} for s in shapes]
    return json.dumps({"type": "FeatureCollection", "features": features})


def written(path: Path, shape: Any, *, crs: str, driver: str = "GPKG") -> Path:
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(shape)], dtype=object),
        [np.array(["a"], dtype=object)],
        ["NAME"],
        driver=driver,
        geometry_type=shape.geom_type,
        crs=crs,
    )
    return path


def zipped(path: Path, directory: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(directory.iterdir()):
            archive.write(part, f"范围/{part.name}")
    return path


def read(path: Path) -> Any:
    return read_area(path, shown_name=path.name)


@pytest.mark.parametrize("form", ["geojson", "kml", "gpkg", "zip"])
def test_every_format_gives_the_same_area(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"area.{form}"
    if form == "geojson":
        path.write_text(geojson(BOX), "utf-8")
    elif form == "kml":
        path.write_text(KML, "utf-8")
    elif form == "gpkg":
        written(path, BOX, crs="EPSG:4490")
    else:
        (tmp_path / "parts").mkdir()
        written(tmp_path / "parts" / "a.shp", BOX, crs="EPSG:4490", driver="ESRI Shapefile")
        zipped(path, tmp_path / "parts")
    area = read(path)
    assert shapely.equals(shapely.from_wkb(area.wkb), BOX)
    assert (area.n_vertices, area.is_repaired) == (5, False)
    assert area.area_ha == pytest.approx(BOX_HA, rel=1e-3)


def test_metres_of_a_zone_become_degrees(tmp_path: Path) -> None:
    to_metres = Transformer.from_crs("EPSG:4490", "EPSG:4549", always_xy=True)
    metres = shapely.transform(BOX, lambda xy: np.column_stack(to_metres.transform(xy[:, 0], xy[:, 1])))
    area = read(written(tmp_path / "area.gpkg", metres, crs="EPSG:4549"))
    assert shapely.from_wkb(area.wkb).bounds == pytest.approx(BOX.bounds, abs=1e-8)


def test_an_old_datum_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(DatumChangeNeeded):
        read(written(tmp_path / "area.gpkg", BOX, crs="EPSG:4610"))


def test_several_polygons_are_one_area_and_a_crossing_one_is_mended(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(119.3, 28.0), (119.4, 28.1), (119.4, 28.0), (119.3, 28.1)])
    path = tmp_path / "area.json"
    path.write_text(geojson(BOX, shapely.Point(119.15, 28.05), bow_tie), "utf-8")
    area = read(path)
    assert area.is_repaired
    assert shapely.from_wkb(area.wkb).is_valid
    assert shapely.from_wkb(area.wkb).area == pytest.approx(0.01 + 0.005)


@pytest.mark.parametrize(
    "text",
    [
        geojson(shapely.Point(119, 28)),
        geojson(shapely.LineString([(119, 28), (120, 28)])),
        geojson(),
        geojson(shapely.box(500_000, 3_000_000, 500_100, 3_000_100)),
        "{",
        "[1, 2]",
        "",
        "<kml></kml>",
        "<html><body>kml</body></html>",
        "nothing",
    ],
)
def test_what_holds_no_area_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "area.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(LayerRefused) as caught:
        read(path)
    assert "area.geojson" in str(caught.value)


def test_too_many_points_too_many_bytes_and_a_zip_that_swells_are_refused(tmp_path: Path) -> None:
    round_one = shapely.Point(119, 28).buffer(0.1, quad_segs=5_001)
    path = tmp_path / "points.geojson"
    path.write_text(geojson(shapely.set_precision(round_one, 1e-7)), "utf-8")
    assert path.stat().st_size < 2 * 10**6
    with pytest.raises(AreaTooLarge):
        read(path)
    path = tmp_path / "bytes.geojson"
    path.write_bytes(b"{" + b" " * 2 * 10**6)
    with pytest.raises(AreaTooLarge):
        read(path)
    path = tmp_path / "swells.zip"
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\0" * 50 * 10**6)
    assert path.stat().st_size < 2 * 10**6
    with pytest.raises(AreaTooLarge):
        read(path)


def test_a_line_is_no_area_in_a_layer_either(tmp_path: Path) -> None:
    path = written(tmp_path / "area.gpkg", shapely.LineString([(119, 28), (120, 28)]), crs="EPSG:4490")
    with pytest.raises(LayerWithoutPolygons):
        read(path)
