"""Harvested wood products (木竹产品): how much of the carbon of a harvest is still in use after years.

Formulas only; half-lives and lifetimes lie in `senhui.parameters`, table `hwp_factors`. Cases:
`tests/projection/cases/wood_products.yaml`.
"""

import math

import numpy as np
import numpy.typing as npt

Years = npt.NDArray[np.float64]


def in_use_frac(elapsed_yr: npt.NDArray[np.float64], *, lifetime_yr: npt.NDArray[np.float64] | float) -> Years:
    """Compute the share of a product that is still in use.

    Parameters
    ----------
    elapsed_yr : (n,) float, [yr], >= 0
        Time since production (WT); AR-CM uses 30 years or the rest of the crediting period.
    lifetime_yr : float or (n,) float, [yr], > 0
        Years after which half is left (LT); AR-CM calls it the lifetime.

    Returns
    -------
    (n,) float, [-], 0-1
        One at once, never zero, falls with time.

    Notes
    -----
    OF = exp(-ln2 WT / LT). Source: AR-CM-001-V01 and AR-CM-003-V01, harvested wood products.

    Examples
    --------
    >>> in_use_frac(np.array([30.0]), lifetime_yr=50.0).round(6)
    array([0.659754])
    """
    share: Years = np.exp2(-elapsed_yr / lifetime_yr)
    return share


def product_carbon_tc(
    stem_tc: npt.NDArray[np.float64],
    *,
    outturn_frac: npt.NDArray[np.float64] | float,
    waste_frac: npt.NDArray[np.float64] | float,
    in_use_frac: npt.NDArray[np.float64] | float,
) -> npt.NDArray[np.float64]:
    """Follow the carbon of harvested stems into a product and to the share still in use.

    Parameters
    ----------
    stem_tc : (n,) float, [tC], >= 0
        Carbon of the stems that leave the forest.
    outturn_frac, waste_frac, in_use_frac : float or (n,) float, [-], 0-1
        Share of the stems that goes to the product (TOR), share lost at processing (WW), share in use (OF).

    Returns
    -------
    (n,) float, [tC]
        Never more than was harvested.

    Notes
    -----
    C = C_stem TOR (1 - WW) OF. Source: AR-CM-001-V01, harvested wood products.

    Examples
    --------
    >>> product_carbon_tc(np.array([100.0]), outturn_frac=0.6, waste_frac=0.24, in_use_frac=0.5).round(1)
    array([22.8])
    """
    left: npt.NDArray[np.float64] = stem_tc * outturn_frac * (1.0 - waste_frac) * in_use_frac
    return left


def pool_in_use_tc(
    inflow_tc: npt.NDArray[np.float64], *, half_life_yr: float, start_tc: float = 0.0
) -> npt.NDArray[np.float64]:
    """Carry a pool of products forward year by year with first-order decay (一阶衰减).

    Parameters
    ----------
    inflow_tc : (n,) float, [tC per year], >= 0
        Carbon that enters the pool in each year, evenly over the year.
    half_life_yr : float, [yr], > 0
        Half-life of the product (HL).
    start_tc : float, [tC], >= 0
        Pool at the beginning of the first year.

    Returns
    -------
    (n,) float, [tC]
        Pool at the end of each year; never more than the start and all inflow together.

    Notes
    -----
    C(i+1) = exp(-k) C(i) + (1 - exp(-k)) / k · inflow(i), k = ln2 / HL. Source: IPCC 2006 Guidelines, Volume 4,
    equation 12.1.

    Examples
    --------
    >>> pool_in_use_tc(np.full(5, 100.0), half_life_yr=35.0)[[0, 4]].round(4)
    array([ 99.0163, 476.042 ])
    """
    k = math.log(2.0) / half_life_yr
    kept, of_the_year = math.exp(-k), -math.expm1(-k) / k
    pool = np.empty(len(inflow_tc))
    stock_tc = start_tc
    for year, inflow in enumerate(inflow_tc):
        stock_tc = kept * stock_tc + of_the_year * inflow
        pool[year] = stock_tc
    return pool
