"""The four systems are recognised as programs write them, and no other one is taken for them."""

import numpy as np
import pytest
from pyproj import CRS

from senhui.intake.coordinate_system import (
    SUPPORTED,
    CoordinatesContradictSystem,
    CoordinateSystemNotSupported,
    NoCoordinateSystem,
    recognise,
    refuse_coordinates_of_another_system,
    to_lon_lat,
)

OWN_NAME = CRS("EPSG:4549").to_wkt("WKT1_ESRI").replace("CGCS2000_3_Degree_GK_CM_120E", "丽水_一张图")


@pytest.mark.parametrize("code", SUPPORTED)
@pytest.mark.parametrize("version", ["WKT1_ESRI", "WKT1_GDAL", "WKT2_2015", "WKT2_2019"])
def test_every_way_of_writing_a_supported_system_is_understood(code: str, version: str) -> None:
    assert recognise(CRS(code).to_wkt(version), file_name="a") == code
    assert recognise(code, file_name="a") == code


def test_a_name_of_its_own_does_not_matter_and_geojson_coordinates_are_wgs84() -> None:
    assert recognise(OWN_NAME, file_name="a") == "EPSG:4549"
    assert recognise("OGC:CRS84", file_name="a") == "EPSG:4326"


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("EPSG:4548", "CGCS2000 / 3-degree Gauss-Kruger CM 117E"),
        ("EPSG:4527", "CGCS2000 / 3-degree Gauss-Kruger zone 39"),
        ("EPSG:2437", "Beijing 1954 / 3-degree Gauss-Kruger CM 120E"),
        ("EPSG:2385", "Xian 1980 / 3-degree Gauss-Kruger CM 120E"),
        ("EPSG:4610", "Xian 1980"),
        ("EPSG:3857", "WGS 84 / Pseudo-Mercator"),
        ("EPSG:32650", "WGS 84 / UTM zone 50N"),
        ("EPSG:4979", "WGS 84"),
    ],
)
def test_other_systems_are_refused_by_name(other: str, name: str) -> None:
    with pytest.raises(CoordinateSystemNotSupported, match="tens of metres") as refused:
        recognise(CRS(other).to_wkt(), file_name="a")
    assert refused.value.name == name


def test_feet_another_meridian_and_nonsense_are_refused() -> None:
    for changed in (
        OWN_NAME.replace('UNIT["Meter",1.0]', 'UNIT["Foot",0.3048]'),
        OWN_NAME.replace('"Central_Meridian",120.0', '"Central_Meridian",120.5'),
        OWN_NAME.replace('"Scale_Factor",1.0', '"Scale_Factor",0.9996'),
        "nonsense",
    ):
        with pytest.raises(CoordinateSystemNotSupported):
            recognise(changed, file_name="a")


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_system_is_refused(nothing: str | None) -> None:
    with pytest.raises(NoCoordinateSystem) as refused:
        recognise(nothing, file_name="layer.shp")
    assert refused.value.facts == {"file_name": "layer.shp", "supported": SUPPORTED}


@pytest.mark.parametrize(
    ("code", "x", "y", "fitting"),
    [
        ("EPSG:4549", 40_492_163.98, 3_148_314.74, ("EPSG:4528",)),
        ("EPSG:4528", 492_163.98, 3_148_314.74, ("EPSG:4549",)),
        ("EPSG:4490", 492_163.98, 3_148_314.74, ("EPSG:4549",)),
        ("EPSG:4549", 119.92, 28.45, ("EPSG:4490", "EPSG:4326")),
    ],
)
def test_coordinates_of_another_system_are_refused_with_what_would_fit(
    code: str, x: float, y: float, fitting: tuple[str, ...]
) -> None:
    bounds = np.array([[x, y, x + 1e-3, y + 1e-3], [np.nan] * 4, [x, y, x + 1e-3, y + 1e-3]])
    with pytest.raises(CoordinatesContradictSystem) as refused:
        refuse_coordinates_of_another_system(code, bounds)
    assert refused.value.fitting == fitting
    for right in fitting:
        refuse_coordinates_of_another_system(right, bounds)


def test_the_published_point_of_lishui_is_hit() -> None:
    """119.92° E, 28.45° N is E 492163.98, N 3148314.74 in EPSG:4549 (computed with PROJ)."""
    for code, x in (("EPSG:4549", 492_163.98), ("EPSG:4528", 40_492_163.98)):
        point = to_lon_lat(np.array([[x, 3_148_314.74]]), code=code)[0]
        assert point == pytest.approx([119.92, 28.45], abs=1e-7)
