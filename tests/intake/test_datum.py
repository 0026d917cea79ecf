"""The way to CGCS2000 is told or refused, and never guessed."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from pyproj import Transformer
from pyproj.transformer import TransformerGroup
from tests.intake.layers import good_rows, write_layer

from senhui.intake import ImportProfile, read_layer
from senhui.intake.coordinate_system import SYSTEMS
from senhui.intake.datum import (
    ControlPointsDoNotFit,
    ControlPointsTooFew,
    DatumChangeNeeded,
    DatumChangeNotWanted,
    DatumChangeTooLarge,
    helmert_matrix,
    moved_m,
    refuse_too_large,
    way_to_cgcs2000,
)
from senhui.intake.profile import ControlPoints, DatumChange, HelmertChange

OLD = ("EPSG:2364", "EPSG:2385", "EPSG:2416", "EPSG:2437", "EPSG:4610", "EPSG:4214")
LISHUI = np.array([[119.92, 28.45], [118.75, 27.45], [120.4, 28.9], [119.05, 28.2]])
SEVEN = HelmertChange(
    dx_m=-12.3,
    dy_m=104.6,
    dz_m=51.9,
    rx_arcsec=0.81,
    ry_arcsec=-1.27,
    rz_arcsec=2.4,
    scale_ppm=-3.1,
    convention="coordinate_frame",
    direction="to_cgcs2000",
)
"""A change made up for these cases; it is nobody's."""


def in_old_system(points: np.ndarray, *, code: str, change: HelmertChange) -> np.ndarray:
    """Take points of CGCS2000 into an old system, by PROJ's own Helmert written out in its words."""
    ellipsoid = "+ellps=IAU76 +a=6378140 +rf=298.257" if "EPSG:23" in code and code < "EPSG:2400" else "+ellps=krass"
    helmert = (
        f"+proj=helmert +convention={change.convention} +x={change.dx_m} +y={change.dy_m} +z={change.dz_m} "
        f"+rx={change.rx_arcsec} +ry={change.ry_arcsec} +rz={change.rz_arcsec} +s={change.scale_ppm}"
    )
    inverse = "+inv " if change.direction == "to_cgcs2000" else ""
    pipeline = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"+step +proj=cart +a=6378137 +rf=298.257222101 +step {inverse}{helmert} +step +inv +proj=cart {ellipsoid} "
        f"+step +proj=tmerc +lon_0=120 +k=1 +x_0={SYSTEMS[code].false_easting_m} {ellipsoid}"
    )
    x, y, _ = pipeline.transform(points[:, 0], points[:, 1], np.zeros(len(points)))
    return np.column_stack([x, y])


def apart_m(one: np.ndarray, other: np.ndarray) -> float:
    return float((np.abs(one - other) * [98_000, 111_000]).max())


def test_the_published_point_of_lishui_is_hit() -> None:
    """119.92° E, 28.45° N is E 492163.98, N 3148314.74 in EPSG:4549 (computed with PROJ)."""
    for code, x in (("EPSG:4549", 492_163.98), ("EPSG:4528", 40_492_163.98)):
        way = way_to_cgcs2000(code, change=None)
        assert way.move is not None
        assert way.move(np.array([[x, 3_148_314.74]]))[0] == pytest.approx([119.92, 28.45], abs=1e-7)
        assert way.facts == {}


@pytest.mark.parametrize("code", [code for code, system in SYSTEMS.items() if not system.needs_datum_change])
def test_a_system_of_cgcs2000_is_moved_as_proj_moves_it(code: str) -> None:
    way = way_to_cgcs2000(code, change=None)
    system = SYSTEMS[code]
    if system.meridian_deg is None:
        assert way.move is None
        return
    points = np.array([[system.meridian_deg + 1.2, 28.4], [system.meridian_deg - 1.4, 41.0]])
    there = Transformer.from_crs("EPSG:4490", code, always_xy=True, allow_ballpark=False)
    assert way.move is not None
    again = way.move(np.column_stack(there.transform(points[:, 0], points[:, 1])))
    assert np.abs(again - points).max() < 1e-10


@pytest.mark.parametrize("code", OLD)
def test_an_old_datum_is_refused_until_its_change_is_told_for_proj_would_guess(code: str) -> None:
    assert [way.description for way in TransformerGroup(code, "EPSG:4490", allow_ballpark=False).transformers] == []
    with pytest.raises(DatumChangeNeeded, match="control points") as refused:
        way_to_cgcs2000(code, change=None)
    assert refused.value.crs == code
    assert refused.value.datum in {"Xian 1980", "Beijing 1954"}


def test_every_old_system_of_china_is_refused() -> None:
    old = [code for code, system in SYSTEMS.items() if system.datum in {"Xian 1980", "Beijing 1954"}]
    assert len(old) == 2 * 65
    for code in old:
        with pytest.raises(DatumChangeNeeded):
            way_to_cgcs2000(code, change=None)


@pytest.mark.parametrize("code", ["EPSG:4490", "EPSG:4549", "EPSG:4326"])
def test_a_change_for_a_layer_that_needs_none_is_refused(code: str) -> None:
    with pytest.raises(DatumChangeNotWanted):
        way_to_cgcs2000(code, change=SEVEN)


@pytest.mark.parametrize("code", ["EPSG:2364", "EPSG:2385", "EPSG:2416", "EPSG:2437"])
@pytest.mark.parametrize("convention", ["position_vector", "coordinate_frame"])
@pytest.mark.parametrize("direction", ["to_cgcs2000", "from_cgcs2000"])
def test_seven_parameters_bring_the_points_back_to_millimetres(code: str, convention: str, direction: str) -> None:
    change = HelmertChange(**{**vars(SEVEN), "convention": convention, "direction": direction})
    way = way_to_cgcs2000(code, change=change)
    assert way.move is not None
    assert apart_m(way.move(in_old_system(LISHUI, code=code, change=change)), LISHUI) < 0.002
    assert way.facts["convention"] == convention


def test_the_point_really_moves_and_by_what_the_parameters_say() -> None:
    three = HelmertChange(dx_m=0, dy_m=0, dz_m=100, convention="position_vector", direction="to_cgcs2000")
    way = way_to_cgcs2000("EPSG:4610", change=three)
    assert way.move is not None
    # 100 m along the axis of the earth are 100 m × cos φ to the north; the ellipsoids add less than 3 m to that.
    north_m = (way.move(np.array([[120.0, 30.0]]))[0, 1] - 30.0) * 110_850
    assert north_m == pytest.approx(100 * np.cos(np.radians(30)), abs=3)
    assert moved_m(way, code="EPSG:4610", point=(120.0, 30.0)) == pytest.approx(north_m, abs=0.1)
    nothing = HelmertChange(dx_m=0, dy_m=0, dz_m=0, convention="position_vector", direction="to_cgcs2000")
    same = way_to_cgcs2000("EPSG:2385", change=nothing)
    assert moved_m(same, code="EPSG:2385", point=(500_000.0, 3_320_000.0)) < 3


def test_the_two_conventions_differ_in_the_sign_of_the_rotation() -> None:
    one = helmert_matrix(SEVEN)
    other = helmert_matrix(HelmertChange(**{**vars(SEVEN), "convention": "position_vector"}))
    assert np.allclose(one, other.T, rtol=0, atol=1e-15)
    assert not np.allclose(one, other, rtol=0, atol=1e-7)


CONTROL = np.array([[119.2, 28.0], [120.3, 28.1], [119.8, 28.9], [119.0, 28.7], [119.92, 28.45]])


def control_points(code: str, *, system: str = "EPSG:4490", change: HelmertChange = SEVEN) -> ControlPoints:
    old, new = in_old_system(CONTROL, code=code, change=change), CONTROL
    if system != "EPSG:4490":
        there = Transformer.from_crs("EPSG:4490", system, always_xy=True)
        new = np.column_stack(there.transform(new[:, 0], new[:, 1]))
    return ControlPoints(points=tuple(map(tuple, np.hstack([old, new]).tolist())), system=system)


@pytest.mark.parametrize("code", ["EPSG:2364", "EPSG:2437"])
@pytest.mark.parametrize("system", ["EPSG:4490", "EPSG:4549", "EPSG:4527"])
def test_control_points_bring_the_points_back_and_tell_what_is_left(code: str, system: str) -> None:
    way = way_to_cgcs2000(code, change=control_points(code, system=system))
    assert way.move is not None
    inside = np.array([[119.5, 28.4], [119.9, 28.2]])
    # A plane cannot follow a change in space exactly; over a county what is left is decimetres.
    assert apart_m(way.move(in_old_system(inside, code=code, change=SEVEN)), inside) < 0.5
    assert len(way.facts["residuals_m"]) == len(CONTROL)
    assert 0 < way.facts["rms_m"] <= way.facts["largest_m"] < 1
    lengths = np.hypot(*np.array(way.facts["residuals_m"]).T)
    assert way.facts["rms_m"] == pytest.approx(np.sqrt((lengths**2).mean()))


def test_points_of_a_similarity_fit_exactly_and_give_its_scale_and_rotation() -> None:
    """x' = 1.00002 · (turned by 3″) x + shift, between the two planes of 120° E."""
    factor = 1.00002 * np.exp(1j * np.radians(3 / 3600))
    plane = np.array([[4.0e5, 3.1e6], [5.0e5, 3.1e6], [4.5e5, 3.2e6], [4.2e5, 3.15e6]])
    moved = factor * (plane[:, 0] + 1j * plane[:, 1]) + (60 - 45j)
    points = np.column_stack([plane, moved.real, moved.imag])
    change = ControlPoints(points=tuple(map(tuple, points.tolist())), system="EPSG:4549")
    facts = way_to_cgcs2000("EPSG:2385", change=change).facts
    assert facts["scale_ppm"] == pytest.approx(20, abs=1e-3)
    assert facts["rotation_arcsec"] == pytest.approx(3, abs=1e-3)
    assert facts["largest_m"] < 1e-6


def test_degrees_of_an_old_datum_are_fitted_on_the_plane_of_their_own_meridian() -> None:
    change = HelmertChange(dx_m=10, dy_m=-20, dz_m=30, convention="position_vector", direction="to_cgcs2000")
    exact = way_to_cgcs2000("EPSG:4610", change=change).move
    assert exact is not None
    old = np.array([[119.0, 28.0], [120.0, 28.0], [119.5, 28.8]])
    points = ControlPoints(points=tuple(map(tuple, np.hstack([old, exact(old)]).tolist())))
    fitted = way_to_cgcs2000("EPSG:4610", change=points).move
    assert fitted is not None
    assert apart_m(fitted(np.array([[119.5, 28.3]])), exact(np.array([[119.5, 28.3]]))) < 0.05


def test_a_wrong_point_is_named_with_all_residuals() -> None:
    points = [list(point) for point in control_points("EPSG:2385").points]
    points[2][0] += 30
    with pytest.raises(ControlPointsDoNotFit) as refused:
        way_to_cgcs2000("EPSG:2385", change=ControlPoints(points=tuple(map(tuple, points))))
    assert refused.value.point == 3
    assert refused.value.largest_m > refused.value.limit_m
    assert len(refused.value.residuals_m) == len(points)


def test_exchanged_columns_and_impossible_places_do_not_fit() -> None:
    points = control_points("EPSG:2385").points
    exchanged = tuple((y, x, lon, lat) for x, y, lon, lat in points)
    nowhere = tuple((x, y, lat, lon) for x, y, lon, lat in points)
    for wrong in (exchanged, nowhere):
        with pytest.raises(ControlPointsDoNotFit):
            way_to_cgcs2000("EPSG:2385", change=ControlPoints(points=wrong))


def test_two_points_or_one_three_times_are_too_few() -> None:
    points = control_points("EPSG:2385").points
    for few, n_points in ((points[:2], 2), (points[:1] * 4, 1), ((), 0)):
        with pytest.raises(ControlPointsTooFew) as refused:
            way_to_cgcs2000("EPSG:2385", change=ControlPoints(points=few))
        assert refused.value.facts == {"n_points": n_points, "needed": 3}


@pytest.mark.parametrize("change", [SEVEN, control_points("EPSG:2364")], ids=["parameters", "points"])
def test_a_layer_on_an_old_datum_is_read_at_its_place_and_tells_how_far_it_was_moved(
    tmp_path: Path, change: DatumChange
) -> None:
    rows = good_rows()
    outlines = shapely.from_wkb(rows["geometry"].to_numpy())
    old = shapely.transform(outlines, lambda points: in_old_system(points, code="EPSG:2364", change=SEVEN))
    old_rows = rows.with_columns(geometry=pl.Series(shapely.to_wkb(old), dtype=pl.Binary))
    path = write_layer(old_rows, tmp_path / "layer.gpkg", crs="EPSG:2364", as_they_are=True)

    with pytest.raises(DatumChangeNeeded):
        read_layer(path)
    as_read = read_layer(path, profile=ImportProfile(datum=change))

    again = shapely.from_wkb(as_read.outlines["geometry"].to_numpy())
    limit_m = 0.002 if change is SEVEN else 0.5
    assert apart_m(shapely.get_coordinates(again), shapely.get_coordinates(outlines)) < limit_m
    told = as_read.source["datum_change"]
    assert told["kind"] == change.kind
    assert 20 < told["moved_m"] < 300
    assert as_read.source["crs"] == "EPSG:2364"


@pytest.mark.parametrize("slip", [{"dx_m": 1e9}, {"rx_arcsec": 1e9}, {"scale_ppm": 1e9}, {"dx_m": 3000.0}])
def test_a_change_that_no_datum_of_china_needs_is_refused(slip: dict[str, float]) -> None:
    way = way_to_cgcs2000("EPSG:4610", change=HelmertChange(**{**vars(SEVEN), **slip}))
    with pytest.raises(DatumChangeTooLarge) as refused:
        refuse_too_large(way, code="EPSG:4610", point=(119.9, 28.4))
    assert refused.value.limit_m == 2000
    sound = way_to_cgcs2000("EPSG:4610", change=SEVEN)
    assert refuse_too_large(sound, code="EPSG:4610", point=(119.9, 28.4)) < 300


def test_a_layer_with_a_change_too_large_is_not_read(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "xian80.gpkg", crs="EPSG:4610")
    profile = ImportProfile(datum=HelmertChange(**{**vars(SEVEN), "dz_m": 51_900.0}))
    with pytest.raises(DatumChangeTooLarge, match="slip in the numbers"):
        read_layer(path, profile=profile)
