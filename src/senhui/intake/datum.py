"""From the coordinates of a layer to longitude and latitude of CGCS2000 (EPSG:4490), and never by a guess.

Between Xi'an 1980 or Beijing 1954 and CGCS2000 no published change holds everywhere, and PROJ, asked for one, takes
the degrees of the one for degrees of the other: tens of metres, without a word. So a layer on these datums is refused
until its owner gives parameters or control points, and what they make of it is told with the layer.
Cases: ``tests/intake/test_datum.py``.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
from pyproj import Geod, Transformer

from senhui.intake.coordinate_system import ELLIPSOIDS, SYSTEMS, CoordinateSystem, Datum
from senhui.intake.levels import LEVELS
from senhui.intake.profile import ControlPoints, DatumChange, HelmertChange
from senhui.intake.refusal import LayerRefused

Points = npt.NDArray[np.float64]
"""x and y (or longitude and latitude) in two columns."""
Move = Callable[[Points], Points]

_RADIANS_PER_ARCSEC: Final = np.pi / 180 / 3600
_FEWEST_POINTS: Final = 3
"""A similarity has four unknowns, which two points determine: the third is the first that can contradict."""
_ZONE_WIDTH_DEG: Final = 3.0


@dataclass(eq=False)
class DatumChangeNeeded(LayerRefused):
    """The layer is on a datum from which no known change leads to CGCS2000."""

    what: ClassVar[str] = "The layer is in {crs}, on the datum {datum}."
    why: ClassVar[str] = (
        "No one change from this datum to CGCS2000 holds everywhere: taken for CGCS2000, the stands would lie tens of "
        "metres beside their place."
    )
    remedy: ClassVar[str] = (
        "Give the three or seven parameters that your surveying office uses, or at least three control points with "
        "their coordinates in both systems; or have the office convert the layer."
    )
    crs: str
    datum: str


@dataclass(eq=False)
class DatumChangeNotWanted(LayerRefused):
    """A change of datum was given for a layer that needs none."""

    what: ClassVar[str] = "A change of datum was given, but the layer is in {crs}, on the datum {datum}."
    why: ClassVar[str] = (
        "These coordinates are taken as CGCS2000; a change would move the stands away from their place."
    )
    remedy: ClassVar[str] = "Take the change of datum out, or choose the coordinate system the layer is really in."
    crs: str
    datum: str


@dataclass(eq=False)
class ControlPointsTooFew(LayerRefused):
    """There are not enough control points to notice a wrong one."""

    what: ClassVar[str] = "Of {needed} different control points that are needed, {n_points} were given."
    why: ClassVar[str] = "Two points fit any change; only from the third on does a wrong one show."
    remedy: ClassVar[str] = "Give more points, best around the whole layer."
    n_points: int
    needed: int = _FEWEST_POINTS


@dataclass(eq=False)
class ControlPointsDoNotFit(LayerRefused):
    """After the best fit a control point still lies too far off."""

    what: ClassVar[str] = "The control points do not fit: point {point} is {largest_m:.3f} m off."
    why: ClassVar[str] = "No point may be more than {limit_m:g} m off. Each point, in metres: {residuals_m}."
    remedy: ClassVar[str] = "Look for exchanged x and y, a wrong pair or a slip in the digits of that point."
    point: int
    largest_m: float
    limit_m: float
    residuals_m: tuple[str, ...]


@dataclass(eq=False)
class DatumChangeTooLarge(LayerRefused):
    """A change of datum moves the layer farther than any datum of China lies from CGCS2000."""

    what: ClassVar[str] = "The change of datum would move the layer by {moved_m:.0f} m."
    why: ClassVar[str] = (
        "The older datums of China lie within a few hundred metres of CGCS2000; more than {limit_m:.0f} m is a slip in "
        "the numbers."
    )
    remedy: ClassVar[str] = "Check the unit, the sign and the digits of each number: metres, arc seconds, ppm."
    moved_m: float
    limit_m: float


@dataclass(frozen=True)
class SimilarityFit:
    """How well control points fit.

    Attributes
    ----------
    rotation_arcsec, scale_ppm : float
        What the fit turns and stretches.
    residuals_m : tuple of (float, float), [m]
        East and north of each point, given minus fitted.
    rms_m : float, [m]
        Root of the mean squared length of the residuals.
    largest_m : float, [m]
        Length of the largest one.
    """

    rotation_arcsec: float
    scale_ppm: float
    residuals_m: tuple[tuple[float, float], ...]
    rms_m: float
    largest_m: float


@dataclass(frozen=True)
class Way:
    """The way from a layer's coordinates to EPSG:4490.

    Attributes
    ----------
    move : callable or None
        Turns (n, 2) coordinates into longitude and latitude; infinite where a point has no image. None: they are.
    facts : dict
        What is to be told of a change of datum, as plain values; empty where there is none.
    """

    move: Move | None
    facts: dict[str, Any]


def way_to_cgcs2000(code: str, *, change: DatumChange | None) -> Way:
    """Find the way from a coordinate system to EPSG:4490.

    Parameters
    ----------
    code : str
        A key of ``coordinate_system.SYSTEMS``.
    change : HelmertChange, ControlPoints or None
        What the owner knows of the datum.

    Raises
    ------
    DatumChangeNeeded, DatumChangeNotWanted, ControlPointsTooFew, ControlPointsDoNotFit
        See there.

    Examples
    --------
    >>> way_to_cgcs2000("EPSG:4528", change=None).move(np.array([[40_500_000.0, 0.0]])).round(9)
    array([[120.,   0.]])
    """
    system = SYSTEMS[code]
    if not system.needs_datum_change:
        if change is not None:
            raise DatumChangeNotWanted(code, system.datum)
        return Way(None if system.is_geographic else _geographic(system), {})
    if change is None:
        raise DatumChangeNeeded(code, system.datum)
    if isinstance(change, ControlPoints):
        move, fit = _by_points(system, change)
        return Way(move, {"kind": change.kind, "source": change.source, **asdict(fit)})
    return Way(_by_parameters(system, change), asdict(change))


def refuse_too_large(way: Way, *, code: str, point: tuple[float, float]) -> float:
    """Return how far a change moves the middle of a layer, in metres, unless no datum of China lies so far off.

    Raises
    ------
    DatumChangeTooLarge
        It moves the point farther than the level ``datum_change_max_m``, or to no place at all.
    """
    distance_m, limit_m = moved_m(way, code=code, point=point), LEVELS["datum_change_max_m"]
    if not distance_m <= limit_m:
        raise DatumChangeTooLarge(distance_m, limit_m)
    return distance_m


def moved_m(way: Way, *, code: str, point: tuple[float, float]) -> float:
    """Tell how far a change of datum moves a point away from where its bare degrees would put it, in metres."""
    assert way.move is not None, "only a change of datum moves"
    system = SYSTEMS[code]
    points = np.array([point])
    bare = points if system.is_geographic else _geographic(system)(points)
    semi_major_m, inverse_flattening = ELLIPSOIDS["CGCS2000"]
    _, _, distance_m = Geod(a=semi_major_m, rf=inverse_flattening).inv(*bare[0], *way.move(points)[0])
    return float(distance_m)


def helmert_matrix(change: HelmertChange) -> npt.NDArray[np.float64]:
    """Give the matrix of a seven-parameter change for small rotations.

    Returns
    -------
    (3, 3) float64
        M of X' = T + M X.

    Notes
    -----
    M = (1 + s) [[1, −rz, ry], [rz, 1, −rx], [−ry, rx, 1]] for the position vector (EPSG method 9606); for the
    coordinate frame (EPSG method 9607) the rotations have the other sign.

    References
    ----------
    IOGP Publication 373-7-2, Geomatics Guidance Note 7 part 2, "Helmert 7-parameter transformations" (mark B).

    Examples
    --------
    >>> change = HelmertChange(
    ...     dx_m=0, dy_m=0, dz_m=4.5, rz_arcsec=0.554, scale_ppm=0.219, convention="position_vector",
    ...     direction="to_cgcs2000",
    ... )
    >>> x = np.array([3657660.66, 255768.55, 5201382.11])  # the example of method 9606, WGS 72 to WGS 84
    >>> bool(np.abs(helmert_matrix(change) @ x + [0, 0, 4.5] - [3657660.78, 255778.43, 5201387.75]).max() < 0.01)
    True
    """
    sign = 1.0 if change.convention == "position_vector" else -1.0
    x, y, z = (sign * _RADIANS_PER_ARCSEC * angle for angle in (change.rx_arcsec, change.ry_arcsec, change.rz_arcsec))
    turn = np.array([[1.0, -z, y], [z, 1.0, -x], [-y, x, 1.0]])
    return np.asarray((1 + change.scale_ppm * 1e-6) * turn)


def _by_parameters(system: CoordinateSystem, change: HelmertChange) -> Move:
    """Go through geocentric coordinates, at height 0: a height of 1 km moves the image by centimetres at most."""
    to_geocentric = _pipeline(*_steps_to_degrees(system), *_steps_to_geocentric(system.datum))
    to_degrees = _pipeline(*_inverted(_steps_to_geocentric("CGCS2000")))
    matrix, shift_m = helmert_matrix(change), np.array([change.dx_m, change.dy_m, change.dz_m])

    def move(points: Points) -> Points:
        geocentric = np.stack(to_geocentric.transform(points[:, 0], points[:, 1], np.zeros(len(points))), axis=-1)
        if change.direction == "to_cgcs2000":
            moved = geocentric @ matrix.T + shift_m
        else:
            moved = np.linalg.solve(matrix, (geocentric - shift_m).T).T
        lon_deg, lat_deg, _ = to_degrees.transform(moved[:, 0], moved[:, 1], moved[:, 2])
        return np.column_stack([lon_deg, lat_deg])

    return move


def _by_points(system: CoordinateSystem, change: ControlPoints) -> tuple[Move, SimilarityFit]:
    """Fit a plane similarity between two Gauss-Kruger planes of one meridian, one on each datum."""
    given = np.array(change.points, dtype=np.float64).reshape(-1, 4)
    n_points = len(np.unique(given[:, :2], axis=0))
    if n_points < _FEWEST_POINTS:
        raise ControlPointsTooFew(n_points)
    target = SYSTEMS[change.system]
    assert target.datum == "CGCS2000", "control points are known in a system of CGCS2000"
    meridian_deg = system.meridian_deg
    if meridian_deg is None:
        meridian_deg = _ZONE_WIDTH_DEG * round(float(given[:, 0].mean()) / _ZONE_WIDTH_DEG)
    old_plane = CoordinateSystem("", system.datum, meridian_deg, system.false_easting_m)
    new_plane = CoordinateSystem("", "CGCS2000", meridian_deg, system.false_easting_m)
    to_old_plane = _plane(old_plane) if system.is_geographic else _as_it_is
    to_lon_lat = _as_it_is if target.is_geographic else _geographic(target)
    old, new = _complex(to_old_plane(given[:, :2])), _complex(_plane(new_plane)(to_lon_lat(given[:, 2:])))
    factor, shift, fit = _similarity(old, new)
    from_new_plane = _geographic(new_plane)

    def move(points: Points) -> Points:
        moved = factor * _complex(to_old_plane(points)) + shift
        return from_new_plane(np.column_stack([moved.real, moved.imag]))

    return move, fit


def _similarity(
    old: npt.NDArray[np.complex128], new: npt.NDArray[np.complex128]
) -> tuple[complex, complex, SimilarityFit]:
    """Fit new = factor · old + shift by least squares, or refuse; points of a plane are complex numbers."""
    limit_m = LEVELS["control_residual_max_m"]
    has_image = np.isfinite(old) & np.isfinite(new)
    if not has_image.all():  # a longitude in the place of a latitude, and the like
        raise ControlPointsDoNotFit(int(has_image.argmin()) + 1, np.inf, limit_m, ())
    middle_old, middle_new = old.mean(), new.mean()
    centred = old - middle_old
    factor = complex(np.vdot(centred, new - middle_new) / np.vdot(centred, centred))
    shift = complex(middle_new - factor * middle_old)
    residuals = (new - middle_new) - factor * centred
    length_m = np.abs(residuals)
    if length_m.max() > limit_m:
        worst = int(length_m.argmax())
        raise ControlPointsDoNotFit(
            worst + 1, float(length_m[worst]), limit_m, tuple(f"{length:.3f}" for length in length_m)
        )
    fit = SimilarityFit(
        float(np.angle(factor) / _RADIANS_PER_ARCSEC),
        (abs(factor) - 1) * 1e6,
        tuple((float(residual.real), float(residual.imag)) for residual in residuals),
        float(np.sqrt(np.mean(length_m**2))),
        float(length_m.max()),
    )
    return factor, shift, fit


def _as_it_is(points: Points) -> Points:
    return points


def _complex(points: Points) -> npt.NDArray[np.complex128]:
    return np.ascontiguousarray(points, dtype=np.float64).view(np.complex128).ravel()


def _geographic(system: CoordinateSystem) -> Move:
    """Give the way from the plane of a system to degrees on its own datum."""
    return _mover(*_steps_to_degrees(system))


def _plane(system: CoordinateSystem) -> Move:
    """Give the way from degrees to the plane of a system on the same datum."""
    return _mover(*_inverted(_steps_to_degrees(system)))


def _mover(*steps: str) -> Move:
    transformer = _pipeline(*steps)

    def move(points: Points) -> Points:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return move


def _pipeline(*steps: str) -> Transformer:
    """Spell the way out step by step: PROJ is never asked to find one between two datums, so it cannot guess."""
    return Transformer.from_pipeline(" ".join(["+proj=pipeline", *(f"+step {step}" for step in steps)]))


def _inverted(steps: list[str]) -> list[str]:
    return [step.removeprefix("+inv ") if step.startswith("+inv ") else f"+inv {step}" for step in reversed(steps)]


def _ellipsoid(datum: Datum) -> str:
    semi_major_m, inverse_flattening = ELLIPSOIDS[datum]
    return f"+a={semi_major_m!r} +rf={inverse_flattening!r}"


def _steps_to_degrees(system: CoordinateSystem) -> list[str]:
    if system.meridian_deg is None:
        return []
    return [
        f"+inv +proj=tmerc +lat_0=0 +lon_0={system.meridian_deg!r} +k=1 +x_0={system.false_easting_m!r} +y_0=0 "
        f"{_ellipsoid(system.datum)}",
        "+proj=unitconvert +xy_in=rad +xy_out=deg",
    ]


def _steps_to_geocentric(datum: Datum) -> list[str]:
    return ["+proj=unitconvert +xy_in=deg +xy_out=rad", f"+proj=cart {_ellipsoid(datum)}"]
