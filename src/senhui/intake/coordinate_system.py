"""Which coordinate system a layer is in: recognised by code, name or parameters among all that are in use in China.

Systems of CGCS2000 are read as they are, and so is EPSG:4326: the two frames differ by less than a metre in China and
PROJ knows no other transformation between them. Xi'an 1980 and Beijing 1954 are recognised too, but no one change to
CGCS2000 holds everywhere: ``datum`` wants to be told. Cases: ``tests/intake/test_coordinate_system.py``.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt
from pyproj import CRS
from pyproj.exceptions import CRSError

from senhui.intake.refusal import LayerRefused

Datum = Literal["CGCS2000", "WGS 84", "Xian 1980", "Beijing 1954"]

SUPPORTED: Final = (
    "EPSG:4490",
    "EPSG:4549",
    "EPSG:4528",
    "EPSG:4499",
    "EPSG:4509",
    "EPSG:4326",
    "EPSG:2364",
    "EPSG:2385",
    "EPSG:2416",
    "EPSG:2437",
)
"""The systems of eastern Zhejiang, which forms offer and messages name; :data:`SYSTEMS` has those of all of China."""

_METRES_A_ZONE: Final = 1_000_000.0
_FALSE_EASTING_M: Final = 500_000.0
_LARGEST_NORTHING_M: Final = 10_000_000.0
_ZONES: Final = {3: range(25, 46), 6: range(13, 24)}
"""Zone numbers in use in China by the width of the zones: they do not overlap, so a number tells the width."""

_DATUM_NAMES: Final[dict[str, Datum]] = {
    **dict.fromkeys(
        ("china2000", "dchina2000", "cgcs2000", "dcgcs2000", "chinageodeticcoordinatesystem2000"), "CGCS2000"
    ),
    **dict.fromkeys(
        ("worldgeodeticsystem1984", "worldgeodeticsystem1984ensemble", "wgs1984", "dwgs1984", "wgs84"), "WGS 84"
    ),
    **dict.fromkeys(("xian1980", "dxian1980", "xian80", "dxian80"), "Xian 1980"),
    **dict.fromkeys(("beijing1954", "dbeijing1954", "beijing54", "dbeijing54"), "Beijing 1954"),
}
ELLIPSOIDS: Final[dict[Datum, tuple[float, float]]] = {
    "CGCS2000": (6_378_137.0, 298.257222101),
    "WGS 84": (6_378_137.0, 298.257223563),
    "Xian 1980": (6_378_140.0, 298.257),
    "Beijing 1954": (6_378_245.0, 298.3),
}
"""Semi-major axis [m] and inverse flattening of each datum's ellipsoid, as the EPSG register has them."""

GEOGRAPHIC_CODES: Final[dict[Datum, int]] = {"CGCS2000": 4490, "WGS 84": 4326, "Xian 1980": 4610, "Beijing 1954": 4214}


@dataclass(frozen=True)
class CoordinateSystem:
    """A geographic system, or one in Gauss-Kruger metres.

    Attributes
    ----------
    code : str
        EPSG code, e.g. ``EPSG:4549``.
    datum : {'CGCS2000', 'WGS 84', 'Xian 1980', 'Beijing 1954'}
        What the coordinates refer to.
    meridian_deg : float or None, [degrees]
        Central meridian; None in degrees.
    false_easting_m : float, [m]
        500 km, with the zone number before it in systems that carry one.
    zone_width_deg : {3, 6} or None
        Width of the zones.
    """

    code: str
    datum: Datum
    meridian_deg: float | None = None
    false_easting_m: float = 0.0
    zone_width_deg: int | None = None

    @property
    def is_geographic(self) -> bool:
        """Whether coordinates are degrees."""
        return self.meridian_deg is None

    @property
    def needs_datum_change(self) -> bool:
        """Whether a change of datum must be told before the layer can be moved to CGCS2000."""
        return self.datum in {"Xian 1980", "Beijing 1954"}


def _systems() -> dict[str, CoordinateSystem]:
    """List the systems from how EPSG numbers them; the cases compare each with PROJ's own."""
    systems = [CoordinateSystem(f"EPSG:{code}", datum) for datum, code in GEOGRAPHIC_CODES.items()]
    first: dict[Datum, dict[tuple[int, bool], int]] = {
        "CGCS2000": {(6, True): 4491, (6, False): 4502, (3, True): 4513, (3, False): 4534},
        "Xian 1980": {(6, True): 2327, (6, False): 2338, (3, True): 2349, (3, False): 2370},
        "Beijing 1954": {(6, True): 21413, (6, False): 21453, (3, True): 2401, (3, False): 2422},
    }
    for datum, runs in first.items():
        for (width, has_zone), code in runs.items():
            for index, zone in enumerate(_ZONES[width]):
                easting_m = _FALSE_EASTING_M + (zone * _METRES_A_ZONE if has_zone else 0.0)
                meridian_deg = 75.0 + width * index
                systems.append(CoordinateSystem(f"EPSG:{code + index}", datum, meridian_deg, easting_m, width))
    return {system.code: system for system in systems}


SYSTEMS: Final[dict[str, CoordinateSystem]] = _systems()
"""Every system that is recognised, by code."""


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
    """The layer is in a coordinate system that is not recognised."""

    what: ClassVar[str] = "The coordinate system “{name}” is not supported."
    why: ClassVar[str] = "Turning it into CGCS2000 could move the stands by tens of metres without notice."
    remedy: ClassVar[str] = "Convert the layer to one of {supported} with a procedure of your surveying office."
    name: str
    supported: tuple[str, ...] = SUPPORTED


@dataclass(eq=False)
class CoordinatesContradictSystem(LayerRefused):
    """The coordinates cannot belong to the system that is named, but to others."""

    what: ClassVar[str] = "The coordinates do not fit {crs}."
    why: ClassVar[str] = "A middle stand lies at x = {x}, y = {y}, outside the range of that system."
    remedy: ClassVar[str] = "Choose the coordinate system by hand; these numbers would fit: {fitting}."
    crs: str
    x: float
    y: float
    fitting: tuple[str, ...]


@dataclass(eq=False)
class CoordinatesExchanged(LayerRefused):
    """The coordinates would fit with x and y exchanged."""

    what: ClassVar[str] = "The coordinates do not fit {crs}: x and y seem to be exchanged."
    why: ClassVar[str] = "A middle stand lies at x = {x}, y = {y}; x must be the easting or longitude."
    remedy: ClassVar[str] = "Exchange x and y where the layer was made, and export it again."
    crs: str
    x: float
    y: float


@dataclass(eq=False)
class CoordinatesOfNoSystem(LayerRefused):
    """The coordinates fit no system that is recognised."""

    what: ClassVar[str] = "The coordinates fit neither {crs} nor any other system that is supported."
    why: ClassVar[str] = "A middle stand lies at x = {x}, y = {y}."
    remedy: ClassVar[str] = (
        "They may be in a local system or in another unit. Convert the layer to one of {supported} with a procedure "
        "of your surveying office."
    )
    crs: str
    x: float
    y: float
    supported: tuple[str, ...] = SUPPORTED


def recognise(definition: str | None, *, file_name: str) -> str:
    """Give the code of a coordinate system, e.g. ``EPSG:4549``.

    Parameters
    ----------
    definition : str or None
        Anything PROJ reads: code, name, WKT of an ESRI .prj, PROJJSON.
    file_name : str
        For the message.

    Returns
    -------
    str
        A key of :data:`SYSTEMS`.

    Raises
    ------
    NoCoordinateSystem, CoordinateSystemNotSupported
        See there.

    Examples
    --------
    >>> recognise("EPSG:4528", file_name="a.shp"), recognise("CGCS2000_3_Degree_GK_CM_120E", file_name="a.shp")
    ('EPSG:4528', 'EPSG:4549')
    """
    if not definition:
        raise NoCoordinateSystem(file_name)
    try:
        crs = CRS.from_user_input(definition)
    except CRSError as error:
        raise CoordinateSystemNotSupported(definition[:80]) from error
    code = _code(_horizontal(crs))
    if code is None:
        raise CoordinateSystemNotSupported(crs.name)
    return code


def _horizontal(crs: CRS) -> CRS:
    """Leave out heights, and a change to WGS 84 that moves nothing, as older programs write it of CGCS2000."""
    if crs.is_bound and crs.source_crs is not None:
        change = crs.coordinate_operation
        if change is not None and any(change.towgs84):
            return crs
        crs = crs.source_crs
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    return crs.to_2d()


def _code(crs: CRS) -> str | None:
    """Compare datum and parameters. Names of projected systems vary between programs and decide only among equals."""
    datum = _datum(crs)
    if datum is None:
        return None
    if not crs.is_projected:
        return f"EPSG:{GEOGRAPHIC_CODES[datum]}"
    projection = _projection(crs)
    equals = [
        system.code
        for system in SYSTEMS.values()
        if system.datum == datum and (system.meridian_deg, system.false_easting_m) == projection
    ]
    # Every second meridian of 3-degree zones is also one of 6-degree zones, with the same coordinates.
    named = [code for code in equals if CRS(code).name == crs.name or _esri_name(code) == crs.name]
    return next(iter(named or sorted(equals, key=lambda code: SYSTEMS[code].zone_width_deg or 0)), None)


def _esri_name(code: str) -> str:
    return CRS(code).to_wkt("WKT1_ESRI").split('"')[1]


def _datum(crs: CRS) -> Datum | None:
    base, datum = crs.geodetic_crs, crs.datum
    if crs.is_bound or base is None or datum is None or base.prime_meridian is None or base.ellipsoid is None:
        return None
    name = _DATUM_NAMES.get("".join(character for character in datum.name.lower() if character.isalnum()))
    if name is None or base.prime_meridian.longitude != 0:
        return None
    if any(abs(axis.unit_conversion_factor - np.pi / 180) > 1e-12 for axis in base.axis_info):
        return None
    semi_major_m, inverse_flattening = ELLIPSOIDS[name]
    found = base.ellipsoid
    if abs(found.semi_major_metre - semi_major_m) > 0.5 or abs(found.inverse_flattening - inverse_flattening) > 1e-4:
        return None
    return name


def _projection(crs: CRS) -> tuple[float, float] | None:
    """Give central meridian and false easting of a system in Gauss-Kruger metres, or None for another projection."""
    operation = crs.coordinate_operation
    if operation is None or any(axis.unit_conversion_factor != 1 for axis in crs.axis_info):
        return None
    if operation.method_name.replace("-", " ") not in {"Transverse Mercator", "Gauss Kruger"}:
        return None
    found = {parameter.name: float(parameter.value) for parameter in operation.params}
    expected = {"Latitude of natural origin": 0.0, "Scale factor at natural origin": 1.0, "False northing": 0.0}
    if any(name not in found or abs(found[name] - value) > 1e-9 for name, value in expected.items()):
        return None
    meridian_deg, easting_m = found.get("Longitude of natural origin"), found.get("False easting")
    return None if meridian_deg is None or easting_m is None else (round(meridian_deg, 9), round(easting_m, 6))


def middle_point(bounds: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Give the median corner of outlines from their bounds (n, 4), where NaN means none; None if there is no outline.

    The median is asked, not the mean: a few outlines at 0, 0 or far out do not move it.
    """
    known = bounds[np.isfinite(bounds).all(axis=1)]
    return (float(np.median(known[:, 0])), float(np.median(known[:, 1]))) if len(known) > 0 else None


def refuse_coordinates_of_another_system(code: str, middle: tuple[float, float] | None) -> None:
    """Refuse a layer whose middle stand cannot lie in the coordinate system that is named.

    Parameters
    ----------
    code : str
        A key of :data:`SYSTEMS`.
    middle : (x, y) or None
        Of the middle stand (:func:`middle_point`), in the units of the file.

    Raises
    ------
    CoordinatesContradictSystem, CoordinatesExchanged, CoordinatesOfNoSystem
        Eastings with zone number in a system without, degrees in a system in metres, and the like.
    """
    if middle is None:
        return
    system, (x, y) = SYSTEMS[code], middle
    if _fits(system, x, y):
        return
    if _fits(system, y, x):
        raise CoordinatesExchanged(code, x, y)
    fitting = _fitting(system, x, y)
    if not fitting:
        raise CoordinatesOfNoSystem(code, x, y)
    raise CoordinatesContradictSystem(code, x, y, fitting)


def _is_degrees(x: float, y: float) -> bool:
    return abs(x) <= 180 and abs(y) <= 90


def _fits(system: CoordinateSystem, x: float, y: float) -> bool:
    """Tell whether a point can lie in a system. Degrees are also metres near the equator, where no stand lies."""
    if system.is_geographic:
        return _is_degrees(x, y)
    if _is_degrees(x, y) or _is_degrees(y, x):
        return False
    return abs(x - system.false_easting_m) < _FALSE_EASTING_M and 0 <= y <= _LARGEST_NORTHING_M


def _fitting(system: CoordinateSystem, x: float, y: float) -> tuple[str, ...]:
    """Name the systems that the numbers allow: on the same datum, and of as few meridians as can be told."""
    datum: Datum = "CGCS2000" if system.datum == "WGS 84" else system.datum
    others = [other for other in SYSTEMS.values() if other.datum == datum and _fits(other, x, y)]
    same_meridian = [other for other in others if other.meridian_deg == system.meridian_deg]
    if not system.is_geographic and same_meridian:
        same_width = [other for other in same_meridian if other.zone_width_deg == system.zone_width_deg]
        return tuple(other.code for other in same_width or same_meridian)
    if _is_degrees(x, y) and datum == "CGCS2000":
        return ("EPSG:4490", "EPSG:4326")
    # Without a zone number in the easting any meridian fits: whole runs of codes, which number them one by one.
    runs = [[other.code for other in others if other.zone_width_deg == width] for width in (3, 6, None)]
    return tuple(run[0] if len(run) == 1 else f"{run[0]}–{run[-1].removeprefix('EPSG:')}" for run in runs if run)
