"""Smooth random fields that make the sample city look like a landscape: elevation, slope, aspect, and plain noise.

Nothing here is measured. Elevation is made of folded noise: the fold lines are valleys that wind and branch. Relief
grows to the south-west, where the real city's highest mountains stand, so that the picture is believable to those
who live there.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from senhui.cli.demo.mosaic import Floats

GRID_KM = 0.25
VALLEY_FLOOR_M, LOWEST_RELIEF_M, HIGHEST_RELIEF_M = 45.0, 700.0, 1800.0


@dataclass(frozen=True)
class Field:
    """A field on a square grid over the plane.

    Attributes
    ----------
    values : (rows, columns) float64, any unit, row 0 in the south
    """

    values: Floats

    def at(self, points_km: Floats) -> Floats:
        """Return the field at points of the plane: (n, 2) [km] -> (n,), linear between grid points."""
        sampled: Floats = map_coordinates(self.values, points_km[:, ::-1].T / GRID_KM, order=1, mode="nearest")
        return sampled


@dataclass(frozen=True)
class Terrain:
    """Elevation and what follows from it.

    Attributes
    ----------
    elevation_m, slope_deg, height_above_valley_m : Field
    aspect_deg : Field, direction the slope faces, clockwise from north
    valley : Field, 0 on the main valley lines, about 1 on the ridges
    """

    elevation_m: Field
    slope_deg: Field
    aspect_deg: Field
    valley: Field


def noise(size_km: Floats, *, wavelength_km: float, octaves: int, rng: np.random.Generator) -> Field:
    """Make correlated noise with mean 0 and standard deviation 1; each octave halves wavelength and amplitude."""
    columns, rows = (np.ceil(size_km / GRID_KM) + 2).astype(int)
    total = np.zeros((rows, columns))
    for octave in range(octaves):
        total += 0.5**octave * _one_wavelength((rows, columns), wavelength_km / 2**octave / GRID_KM, rng)
    return Field((total - total.mean()) / total.std())


def make_terrain(size_km: Floats, *, rng: np.random.Generator) -> Terrain:
    """Make hills and valleys over a rectangle of the given size [km]."""
    main = _folded(noise(size_km, wavelength_km=46.0, octaves=4, rng=rng))
    side = _folded(noise(size_km, wavelength_km=17.0, octaves=3, rng=rng))
    gully = _folded(noise(size_km, wavelength_km=6.0, octaves=3, rng=rng))
    grain = noise(size_km, wavelength_km=2.0, octaves=2, rng=rng).values
    height = main * (0.55 + 0.3 * side + 0.15 * gully) + 0.16 * side * (0.4 + main) + 0.07 * gully
    rows, columns = height.shape
    north, east = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    relief_m = LOWEST_RELIEF_M + (HIGHEST_RELIEF_M - LOWEST_RELIEF_M) * np.clip(1.1 - 0.55 * (north + east), 0, 1)
    elevation_m = VALLEY_FLOOR_M + relief_m * np.clip(height + 0.008 * grain, 0, 1.05)
    smooth_m = gaussian_filter(elevation_m, 1.0)
    to_north, to_east = np.gradient(smooth_m, GRID_KM * 1000.0)
    steep = np.hypot(to_north, to_east)
    return Terrain(
        elevation_m=Field(elevation_m),
        # A quarter-kilometre grid flattens hillsides; the factor brings slopes back to what a stand would show.
        slope_deg=Field(np.degrees(np.arctan(1.5 * steep))),
        aspect_deg=Field(np.degrees(np.arctan2(-to_east, -to_north)) % 360.0),
        valley=Field(main * (0.75 + 0.5 * side) + 0.04 * gully),
    )


def _folded(field: Field) -> Floats:
    """Fold noise at zero: 0 along winding lines (valleys), near 1 far from them."""
    folded: Floats = np.clip(np.abs(field.values) / 1.8, 0.0, 1.0) ** 0.8
    return folded


def _one_wavelength(shape: tuple[int, int], wavelength: float, rng: np.random.Generator) -> Floats:
    """Blur white noise to the wavelength [grid steps]; long waves are blurred on a coarser grid and enlarged."""
    shrink = max(1, int(wavelength // 16))
    coarse = tuple(int(np.ceil(side / shrink)) + 2 for side in shape)
    blurred = gaussian_filter(rng.normal(size=coarse), wavelength / shrink / 5.0, mode="reflect")
    fine: Floats = (zoom(blurred, shrink, order=3) if shrink > 1 else blurred)[: shape[0], : shape[1]]
    fine /= fine.std()
    return fine
