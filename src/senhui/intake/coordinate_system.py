"""The four coordinate systems a layer may have, recognised by code, name or parameters, and the way to EPSG:4490.

EPSG:4326 is taken as EPSG:4490: the two frames differ by less than a metre in China and PROJ knows no other
transformation between them. Cases: ``tests/intake/test_coordinate_system.py``.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from senhui.intake.refusal import LayerRefused

SUPPORTED: Final = ("EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:4326")
GEOGRAPHIC: Final = ("EPSG:4490", "EPSG:4326")

_DATUMS: Final = {
    "EPSG:4490": {"china2000", "dchina2000", "cgcs2000", "dcgcs2000", "chinageodeticcoordinatesystem2000"},
    "EPSG:4326": {"worldgeodeticsystem1984", "worldgeodeticsystem1984ensemble", "wgs1984", "dwgs1984", "wgs84"},
}
_FALSE_EASTING_M: Final = {"EPSG:4549": 500_000.0, "EPSG:4528": 40_500_000.0}
_WINDOWS: Final = {
    "EPSG:4490": (-180.0, -90.0, 180.0, 90.0),
    "EPSG:4326": (-180.0, -90.0, 180.0, 90.0),
    "EPSG:4549": (0.0, 0.0, 1_000_000.0, 10_000_000.0),
    "EPSG:4528": (40_000_000.0, 0.0, 41_000_000.0, 10_000_000.0),
}
"""Where coordinates of each system can lie: zone number 40 stands before the easting of EPSG:4528 only."""


@dataclass(eq=False)
class NoCoordinateSystem(LayerRefused):
    """The layer does not say in which coordinate system it is."""

    what: ClassVar[str] = "{file_name} names no coordinate system."
    why: ClassVar[str] = "Without one (a Shapefile keeps it in its .prj file) nobody can say where the stands lie."
    remedy: ClassVar[str] = "Add the .prj file, or choose the coordinate system: {supported}."
    file_name: str
    supported: tuple[str, ...] = SUPPORTED


@dataclass(eq=False)
class CoordinateSystemNotSupported(LayerRefused):
    """The layer is in a coordinate system other than the four."""

    what: ClassVar[str] = "The coordinate system “{name}” is not supported."
    why: ClassVar[str] = "Turning it into CGCS2000 could move the stands by tens of metres without notice."
    remedy: ClassVar[str] = "Convert the layer to one of {supported} with a procedure of your surveying office."
    name: str
    supported: tuple[str, ...] = SUPPORTED


@dataclass(eq=False)
class CoordinatesContradictSystem(LayerRefused):
    """The coordinates cannot belong to the system that is named."""

    what: ClassVar[str] = "The coordinates do not fit {crs}."
    why: ClassVar[str] = "A middle stand lies at x = {x}, y = {y}, outside the range of that system."
    remedy: ClassVar[str] = "Choose the coordinate system by hand; these numbers would fit: {fitting}."
    crs: str
    x: float
    y: float
    fitting: tuple[str, ...]


def recognise(definition: str | None, *, file_name: str) -> str:
    """Give the supported code of a coordinate system, e.g. ``EPSG:4549``.

    Parameters
    ----------
    definition : str or None
        Anything PROJ reads: code, WKT of an ESRI .prj, PROJJSON.
    file_name : str
        For the message.

    Raises
    ------
    NoCoordinateSystem, CoordinateSystemNotSupported
        See there.

    Examples
    --------
    >>> recognise("EPSG:4528", file_name="a.shp")
    'EPSG:4528'
    """
    if not definition:
        raise NoCoordinateSystem(file_name)
    try:
        crs = CRS.from_user_input(definition)
    except CRSError as error:
        raise CoordinateSystemNotSupported(definition[:80]) from error
    candidates = _FALSE_EASTING_M if crs.is_projected else GEOGRAPHIC
    code = next((candidate for candidate in candidates if _is_same(crs, candidate)), None)
    if code is None:
        raise CoordinateSystemNotSupported(crs.name)
    return code


def _is_same(crs: CRS, code: str) -> bool:
    """Compare datum and parameters. Names of projected systems vary between programs and are not asked."""
    base, datum = crs.geodetic_crs, crs.datum
    if crs.is_bound or crs.is_compound or base is None or datum is None:
        return False
    datums = _DATUMS["EPSG:4490" if code in _FALSE_EASTING_M else code]
    name = "".join(character for character in datum.name.lower() if character.isalnum())
    if name not in datums or base.prime_meridian is None or base.prime_meridian.longitude != 0:
        return False
    if any(abs(axis.unit_conversion_factor - np.pi / 180) > 1e-12 for axis in base.axis_info):
        return False
    return code in GEOGRAPHIC or _has_projection(crs, false_easting_m=_FALSE_EASTING_M[code])


def _has_projection(crs: CRS, *, false_easting_m: float) -> bool:
    """Tell whether a projected system is Gauss-Kruger in metres on 120° E with the given false easting."""
    operation = crs.coordinate_operation
    if operation is None or any(axis.unit_conversion_factor != 1 for axis in crs.axis_info):
        return False
    if operation.method_name.replace("-", " ") not in {"Transverse Mercator", "Gauss Kruger"}:
        return False
    expected = {
        "Latitude of natural origin": 0.0,
        "Longitude of natural origin": 120.0,
        "Scale factor at natural origin": 1.0,
        "False easting": false_easting_m,
        "False northing": 0.0,
    }
    found = {parameter.name: float(parameter.value) for parameter in operation.params}
    return all(name in found and abs(found[name] - value) < 1e-9 for name, value in expected.items())


def refuse_coordinates_of_another_system(code: str, bounds: npt.NDArray[np.float64]) -> None:
    """Refuse a layer whose middle stand cannot lie in the coordinate system that is named.

    Parameters
    ----------
    code : str
        One of :data:`SUPPORTED`.
    bounds : (n, 4) float64
        Smallest and largest x and y of each stand, in the units of the file; NaN where there is none.

    Raises
    ------
    CoordinatesContradictSystem
        Eastings with zone number in a system without, degrees in a system in metres, and the like.
    """
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if len(known) == 0:
        return
    x, y = float(np.median(known[:, 0])), float(np.median(known[:, 1]))
    fitting = tuple(
        other for other, (west, south, east, north) in _WINDOWS.items() if west <= x <= east and south <= y <= north
    )
    # Degrees are also possible metres, at the foot of the central meridian: only degrees are believed there.
    if set(GEOGRAPHIC) <= set(fitting):
        fitting = GEOGRAPHIC
    if code not in fitting:
        raise CoordinatesContradictSystem(code, x, y, fitting)


def to_lon_lat(coordinates: npt.NDArray[np.float64], *, code: str) -> npt.NDArray[np.float64]:
    """Turn coordinates of a supported system into degrees of EPSG:4490, longitude first.

    Parameters
    ----------
    coordinates : (n, 2) float64
        x and y in the units of the system.
    code : str
        One of :data:`SUPPORTED`.

    Returns
    -------
    (n, 2) float64, [degrees]
        Longitude and latitude; infinite where the point has no image.

    Examples
    --------
    >>> to_lon_lat(np.array([[40_500_000.0, 0.0]]), code="EPSG:4528").round(9)
    array([[120.,   0.]])
    """
    if code in GEOGRAPHIC:
        return coordinates
    transformer = Transformer.from_crs(code, "EPSG:4490", always_xy=True)
    return np.column_stack(transformer.transform(coordinates[:, 0], coordinates[:, 1]))
