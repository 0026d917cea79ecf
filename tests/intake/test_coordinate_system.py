"""Systems are recognised as programs write them, and no other one is taken for them."""

import numpy as np
import pytest
from pyproj import CRS

from senhui.intake.coordinate_system import (
    ELLIPSOIDS,
    SUPPORTED,
    SYSTEMS,
    CoordinatesContradictSystem,
    CoordinatesExchanged,
    CoordinatesOfNoSystem,
    CoordinateSystem,
    CoordinateSystemNotSupported,
    NoCoordinateSystem,
    middle_point,
    recognise,
    refuse_coordinates_of_another_system,
)

OWN_NAME = CRS("EPSG:4549").to_wkt("WKT1_ESRI").replace("CGCS2000_3_Degree_GK_CM_120E", "丽水_一张图")
TOWGS84 = "TOWGS84[{}],"


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=lambda system: system.code)
def test_the_table_of_systems_says_what_proj_says(system: CoordinateSystem) -> None:
    crs = CRS(system.code)
    assert crs.datum is not None
    assert crs.ellipsoid is not None
    assert (crs.ellipsoid.semi_major_metre, crs.ellipsoid.inverse_flattening) == ELLIPSOIDS[system.datum]
    assert crs.is_geographic is system.is_geographic
    if crs.coordinate_operation is not None:
        found = {parameter.name: parameter.value for parameter in crs.coordinate_operation.params}
        assert found["Longitude of natural origin"] == system.meridian_deg
        assert found["False easting"] == system.false_easting_m
        assert ("3-degree" in crs.name) is (system.zone_width_deg == 3)


@pytest.mark.parametrize("code", SYSTEMS)
@pytest.mark.parametrize("version", ["WKT1_ESRI", "WKT2_2019"])
def test_every_way_of_writing_a_system_is_understood(code: str, version: str) -> None:
    wkt = CRS(code).to_wkt(version)
    assert recognise(wkt, file_name="a") == code


@pytest.mark.parametrize("code", SUPPORTED)
def test_a_system_is_known_by_its_code_its_name_and_the_name_esri_gives_it(code: str) -> None:
    crs = CRS(code)
    for definition in (code, crs.name, crs.to_wkt("WKT1_ESRI").split('"')[1], crs.to_json(), crs.to_wkt("WKT1_GDAL")):
        assert recognise(definition, file_name="a") == code


def test_a_name_of_its_own_does_not_matter_and_geojson_coordinates_are_wgs84() -> None:
    assert recognise(OWN_NAME, file_name="a") == "EPSG:4549"
    assert recognise("OGC:CRS84", file_name="a") == "EPSG:4326"


def test_of_two_codes_with_the_same_coordinates_the_name_decides_and_else_3_degrees() -> None:
    six_degrees = CRS("EPSG:4509").to_wkt("WKT1_ESRI")
    assert recognise(six_degrees, file_name="a") == "EPSG:4509"
    assert recognise(six_degrees.replace("CGCS2000_GK_CM_117E", "own"), file_name="a") == "EPSG:4548"


def test_heights_and_a_change_to_wgs84_that_moves_nothing_are_left_out() -> None:
    assert recognise("EPSG:4480", file_name="a") == "EPSG:4490"
    assert recognise("EPSG:4549+5737", file_name="a") == "EPSG:4549"
    gdal = CRS("EPSG:4549").to_wkt("WKT1_GDAL")
    at = gdal.index('AUTHORITY["EPSG","1043"]')
    still = gdal[:at] + TOWGS84.format("0,0,0,0,0,0,0") + gdal[at:]
    moving = gdal[:at] + TOWGS84.format("10,0,0,0,0,0,0") + gdal[at:]
    assert recognise(still, file_name="a") == "EPSG:4549"
    with pytest.raises(CoordinateSystemNotSupported):
        recognise(moving, file_name="a")


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("EPSG:3857", "WGS 84 / Pseudo-Mercator"),
        ("EPSG:32650", "WGS 84 / UTM zone 50N"),
        ("EPSG:4555", "New Beijing"),
        ("EPSG:4612", "JGD2000"),
        ("EPSG:4978", "WGS 84"),
    ],
)
def test_other_systems_are_refused_by_name(other: str, name: str) -> None:
    with pytest.raises(CoordinateSystemNotSupported, match="tens of metres") as refused:
        recognise(CRS(other).to_wkt(), file_name="a")
    assert refused.value.name == name


def test_feet_another_meridian_another_ellipsoid_and_nonsense_are_refused() -> None:
    for changed in (
        OWN_NAME.replace('UNIT["Meter",1.0]', 'UNIT["Foot",0.3048]'),
        OWN_NAME.replace('"Central_Meridian",120.0', '"Central_Meridian",120.5'),
        OWN_NAME.replace('"False_Easting",500000.0', '"False_Easting",500050.0'),
        OWN_NAME.replace('"Scale_Factor",1.0', '"Scale_Factor",0.9996'),
        OWN_NAME.replace("6378137.0,298.257222101", "6378245.0,298.3"),
        "nonsense",
    ):
        assert changed != OWN_NAME
        with pytest.raises(CoordinateSystemNotSupported):
            recognise(changed, file_name="a")


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_system_is_refused(nothing: str | None) -> None:
    with pytest.raises(NoCoordinateSystem) as refused:
        recognise(nothing, file_name="layer.shp")
    assert refused.value.facts == {"file_name": "layer.shp", "supported": SUPPORTED}


EASTING, NORTHING = 492_163.98, 3_148_314.74


@pytest.mark.parametrize(
    ("code", "x", "y", "fitting"),
    [
        ("EPSG:4549", 40 * 10**6 + EASTING, NORTHING, ("EPSG:4528",)),
        ("EPSG:4549", 39 * 10**6 + EASTING, NORTHING, ("EPSG:4527",)),
        ("EPSG:4549", 21 * 10**6 + EASTING, NORTHING, ("EPSG:4499",)),
        ("EPSG:4528", EASTING, NORTHING, ("EPSG:4549",)),
        ("EPSG:4499", EASTING, NORTHING, ("EPSG:4510",)),
        ("EPSG:2385", 40 * 10**6 + EASTING, NORTHING, ("EPSG:2364",)),
        ("EPSG:4490", 40 * 10**6 + EASTING, NORTHING, ("EPSG:4528",)),
        ("EPSG:4490", EASTING, NORTHING, ("EPSG:4534–4554", "EPSG:4502–4512")),
        ("EPSG:4326", EASTING, NORTHING, ("EPSG:4534–4554", "EPSG:4502–4512")),
        ("EPSG:4549", 119.92, 28.45, ("EPSG:4490", "EPSG:4326")),
        ("EPSG:2437", 119.92, 28.45, ("EPSG:4214",)),
    ],
)
def test_coordinates_of_another_system_are_refused_with_what_would_fit(
    code: str, x: float, y: float, fitting: tuple[str, ...]
) -> None:
    with pytest.raises(CoordinatesContradictSystem) as refused:
        refuse_coordinates_of_another_system(code, (x, y))
    assert refused.value.fitting == fitting
    for right in fitting:
        refuse_coordinates_of_another_system(right.split("–")[0], (x, y))


@pytest.mark.parametrize(
    ("code", "x", "y"),
    [("EPSG:4490", 28.45, 119.92), ("EPSG:4549", NORTHING, EASTING), ("EPSG:4528", NORTHING, 40.5e6)],
)
def test_x_and_y_exchanged_are_told(code: str, x: float, y: float) -> None:
    with pytest.raises(CoordinatesExchanged):
        refuse_coordinates_of_another_system(code, (x, y))
    refuse_coordinates_of_another_system(code, (y, x))


@pytest.mark.parametrize(("x", "y"), [(-5000.0, NORTHING), (99e6, NORTHING), (EASTING, -1.0), (4.9e8, 3.1e9)])
def test_numbers_of_no_system_are_not_answered_with_an_empty_list(x: float, y: float) -> None:
    for code in ("EPSG:4490", "EPSG:4549"):
        with pytest.raises(CoordinatesOfNoSystem) as refused:
            refuse_coordinates_of_another_system(code, (x, y))
        assert refused.value.supported == SUPPORTED


def test_the_middle_is_that_of_the_outlines_that_are_there() -> None:
    assert middle_point(np.array([[1.0, 2.0, 3.0, 4.0], [np.nan] * 4, [1.0, 2.0, 9.0, 9.0], [0.0] * 4])) == (1.0, 2.0)
    assert middle_point(np.full((3, 4), np.nan)) is None
    refuse_coordinates_of_another_system("EPSG:4549", None)
