"""Where each row of the sample layer lies, and how kinds are given to rows so that shares of area are met.

Cases: tests/cli/demo/test_stands.py.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from senhui.cli.demo.mosaic import Bools, Floats, Ints
from senhui.cli.demo.terrain import noise


@dataclass(frozen=True)
class Site:
    """Where each row of the layer lies.

    Attributes
    ----------
    centre_km : (n, 2) float64, [km]
    size_km : (2,) float64, [km], of the rectangle around the city
    area_ha, elevation_m, slope_deg : (n,) float64
    is_forest_land : (n,) bool
    """

    centre_km: Floats
    size_km: Floats
    area_ha: Floats
    elevation_m: Floats
    slope_deg: Floats
    is_forest_land: Bools

    def noise(self, wavelength_km: float, rng: np.random.Generator) -> Floats:
        """Return correlated noise at the rows: (n,), mean 0, standard deviation 1."""
        return noise(self.size_km, wavelength_km=wavelength_km, octaves=4, rng=rng).at(self.centre_km)


def allot(liking: Floats, shares: Floats, area: Floats) -> Ints:
    """Give each row one of k kinds, so that each kind has its share of the area to within a row.

    Parameters
    ----------
    liking : (n, k) float64, how well each kind suits each row
    shares : (k,) float64, wanted share of the area, adding to 1
    area : (n,) float64

    Notes
    -----
    From the rarest kind to the commonest, a kind takes the rows where it beats the kinds still to come by most.
    Neighbours with like sites therefore get like kinds.
    """
    kind = np.full(len(area), -1)
    waiting = list(np.argsort(shares, kind="stable"))
    left = np.arange(len(area))
    while len(waiting) > 1:
        rarest = waiting.pop(0)
        margin = liking[left, rarest] - liking[np.ix_(left, waiting)].max(axis=1)
        best = np.argsort(-margin, kind="stable")
        taken_ha = np.cumsum(area[left[best]]) - area[left[best]] / 2
        n_taken = np.searchsorted(taken_ha, shares[rarest] * area.sum())
        kind[left[best[:n_taken]]] = rarest
        left = np.sort(left[best[n_taken:]])
    kind[left] = waiting[0]
    return kind


def spread_evenly(values: Floats) -> Floats:
    """Turn values into their ranks between 0 and 1."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / len(values)
    return ranks


def liking_of(site: Site, rows: Ints, kinds: pl.DataFrame, patchiness: Floats, rng: np.random.Generator) -> Floats:
    """Combine elevation with smooth noise of its own for each kind: (len(rows), k)."""
    columns = []
    for kind, patchy in zip(kinds.iter_rows(named=True), patchiness, strict=True):
        above = (site.elevation_m[rows] - kind["best_elevation_m"]) / kind["elevation_spread_m"]
        patches = patchy * site.noise(9.0, rng)[rows] + 0.6 * rng.normal(size=len(rows))
        columns.append(patches - 0.5 * above**2)
    return np.column_stack(columns)
