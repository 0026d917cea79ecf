"""Errors drawn stand by stand, for methods that are not linear in what was surveyed: the ramp and tree equations.

A volume below the ramp and a diameter in a power enter the carbon of a stand in a bent way: the mean of many draws is
not the carbon of the mean, and only throwing each stand tells by how much. Stands are taken in blocks, so that memory
does not grow with their number; every block has a stream of its own, and every draw adds its stands in one order, so
the result does not depend on the number of threads. Cases: `tests/measurement/test_stand_draws.py`.

Numba compiles the kernels when they are first called (a second or two); `senhui.measurement` does not import this file.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
BLOCK_STANDS = 4096
KG_PER_T = 1000.0


@dataclass(frozen=True, slots=True)
class SharedErrors:
    """Factors that stands share: `factors` (k, n_draws) [-], and for each stand the row that is its own."""

    factors: Numbers
    row: Places


@dataclass(frozen=True, slots=True)
class VolumeStands:
    """Stands measured by the line over volume, each with the numbers of its species: all (n,).

    volume_m3_ha [m3/ha], area_ha [ha], slope_t_m3 [t/m3], intercept_t_ha [t/ha], carbon_frac [tC/t]; `place` is the
    row of the result that the stand belongs to, 0-based.
    """

    volume_m3_ha: Numbers
    area_ha: Numbers
    slope_t_m3: Numbers
    intercept_t_ha: Numbers
    carbon_frac: Numbers
    place: Places


@dataclass(frozen=True, slots=True)
class TreeStands:
    """Stands measured by their mean tree, kg = a D^b H^c, with the trees that stand on them: all (n,).

    dbh_cm [cm], height_m [m], n_trees [1], a, b, c of the equation in kg, cm and m, carbon_frac [tC/t]; `place` as in
    `VolumeStands`. A stand whose equation has several components is given once per component, with the same
    `dbh_cm`: see `draw_tree_totals` for what that leaves out.
    """

    dbh_cm: Numbers
    height_m: Numbers
    n_trees: Numbers
    a: Numbers
    b: Numbers
    c: Numbers
    carbon_frac: Numbers
    place: Places


def draw_volume_totals(
    stands: VolumeStands,
    *,
    ramp_end_m3_ha: float,
    model: SharedErrors,
    survey: SharedErrors,
    volume_error_frac: float,
    rng: np.random.Generator,
    n_draws: int,
) -> Numbers:
    """Throw the totals of places whose stands are measured by the line over volume, with its ramp.

    Parameters
    ----------
    stands
        (n,) each.
    ramp_end_m3_ha : float, [m3/ha], > 0
        Volume from which the line itself holds.
    model, survey
        Factors on the carbon (a species' line) and on the volume (a county's survey), shared by their stands.
    volume_error_frac : float, [-], >= 0
        Relative standard error of the volume of a single stand, each for itself; a volume below zero counts as zero.
    rng
        Generator of the caller, made from a seed: `np.random.Generator(np.random.Philox(seed))`. Each block gets a
        child stream of it.
    n_draws : int

    Returns
    -------
    (places, n_draws) float, [tC]
        The same bytes for the same seed, whatever the number of threads.

    Notes
    -----
    C = A CF m (a V' + b min(V' / V₀, 1)) with V' = V max(0, s + u z). Source: the line of
    `tree.biomass_on_volume_ramp_t_ha`; drawing: JCGM 101:2008, Supplement 1 to the Guide to the expression of
    uncertainty in measurement, clause 7.
    """
    n = len(stands.volume_m3_ha)
    totals = np.zeros((int(stands.place.max(initial=-1)) + 1, n_draws))
    for start, stream in _blocks(n, rng):
        part = slice(start, start + BLOCK_STANDS)
        _volume_block(
            totals,
            stream.standard_normal((n_draws, len(stands.area_ha[part]))),
            stands.volume_m3_ha[part],
            stands.area_ha[part],
            stands.slope_t_m3[part],
            stands.intercept_t_ha[part],
            stands.carbon_frac[part],
            stands.place[part],
            model.factors,
            model.row[part],
            survey.factors,
            survey.row[part],
            ramp_end_m3_ha,
            volume_error_frac,
        )
    return totals


def draw_tree_totals(
    stands: TreeStands,
    *,
    model: SharedErrors,
    dbh_error_frac: float,
    height_error_frac: float,
    rng: np.random.Generator,
    n_draws: int,
) -> Numbers:
    """Throw the totals of places whose stands are measured by their mean tree.

    Parameters
    ----------
    stands
        (n,) each.
    model
        Factors on the carbon, shared by the stands of one equation.
    dbh_error_frac, height_error_frac : float, [-], >= 0
        Relative standard errors of the mean diameter and height of a stand, lognormal and so never negative, with
        median 1: measured D and H are taken for the median. Components of one stand are thrown apart, so where an
        equation has several, give the stand once with the component that dominates, or their errors shrink.
    rng, n_draws
        As in `draw_volume_totals`.

    Returns
    -------
    (places, n_draws) float, [tC]
        For b > 1 the mean of the draws is above the carbon of the mean tree: the bend of the equation, which the
        first order does not see.

    Notes
    -----
    C = N CF m a D^b H^c / 1000, D' = D exp(u z). Source: LY/T 2264-2014 for the form; drawing: JCGM 101:2008, clause 7.
    """
    n = len(stands.dbh_cm)
    totals = np.zeros((int(stands.place.max(initial=-1)) + 1, n_draws))
    # The median, once per stand: what is left per draw is one exponential of a normal number.
    with np.errstate(divide="ignore"):
        median_tc = stands.n_trees * stands.carbon_frac * stands.a * stands.dbh_cm**stands.b / KG_PER_T
        median_tc = median_tc * stands.height_m**stands.c
    # b u_D z1 + c u_H z2 is itself normal, so one number per stand and draw has the same distribution.
    spread = np.hypot(stands.b * dbh_error_frac, stands.c * height_error_frac)
    for start, stream in _blocks(n, rng):
        part = slice(start, start + BLOCK_STANDS)
        _tree_block(
            totals,
            stream.standard_normal((n_draws, len(median_tc[part]))),
            median_tc[part],
            spread[part],
            stands.place[part],
            model.factors,
            model.row[part],
        )
    return totals


def _blocks(n: int, rng: np.random.Generator) -> Any:
    """Yield the first stand of each block with the block's own stream."""
    starts = range(0, n, BLOCK_STANDS)
    return zip(starts, rng.spawn(len(starts)), strict=True)


@njit(parallel=True)
def _volume_block(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    totals, z, volume, area, slope, intercept, carbon, place, model, model_row, survey, survey_row, ramp, error
):
    """Add a block of stands to the totals; threads share the draws, and each draw adds its stands in order."""
    for draw in prange(z.shape[0]):
        for stand in range(z.shape[1]):
            thrown = volume[stand] * max(0.0, survey[survey_row[stand], draw] + error * z[draw, stand])
            biomass = slope[stand] * thrown + intercept[stand] * min(thrown / ramp, 1.0)
            totals[place[stand], draw] += area[stand] * carbon[stand] * model[model_row[stand], draw] * biomass


@njit(parallel=True)
def _tree_block(totals, z, median, spread, place, model, model_row):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """As `_volume_block`, for tree equations."""
    for draw in prange(z.shape[0]):
        for stand in range(z.shape[1]):
            factor = model[model_row[stand], draw] * np.exp(spread[stand] * z[draw, stand])
            totals[place[stand], draw] += median[stand] * factor
