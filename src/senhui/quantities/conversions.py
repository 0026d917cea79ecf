"""Conversions between the units offices write and the units Senhui calculates in.

The constants are definitions, not measurements, so they stand in code: the rounded molar masses
44 and 12 that every methodology of the field prints, 15 mu to the hectare, and ten thousand to the 万
and to the hectare.
"""

from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

CO2_PER_C: Final = 44 / 12
"""Tonnes of CO2 that hold one tonne of carbon, [tCO2e/tC]. Source: CDM AR-TOOL14 v04.2."""

MU_PER_HA: Final = 15.0
"""Mu (亩) in one hectare, [亩/ha]: 1 mu = 10 000 m2 / 15."""

M2_PER_HA: Final = 10_000.0
"""Square metres in one hectare, [m2/ha]."""

PER_WAN: Final = 10_000.0
"""Units in one 万."""

Quantity = TypeVar("Quantity", float, npt.NDArray[np.float64], pl.Series, pl.Expr)


def tco2e_from_tc(stock_tc: Quantity) -> Quantity:
    """Convert tonnes of carbon to tonnes of CO2 equivalent.

    This is the one place where 44/12 is applied: a stock stays tC until something is credited, and a second
    multiplication would inflate a credit 3.67 times without looking wrong.

    Parameters
    ----------
    stock_tc : (any shape) float64, [tC]
        Mass of carbon.

    Returns
    -------
    (same shape) float64, [tCO2e]
        ``stock_tc * CO2_PER_C``; linear, so it may be applied before or after a sum.

    References
    ----------
    CDM AR-TOOL14 v04.2, factor 44/12.

    Examples
    --------
    >>> tco2e_from_tc(12.0)
    44.0
    """
    return stock_tc * CO2_PER_C


def tc_from_tco2e(removal_tco2e: Quantity) -> Quantity:
    """Convert tonnes of CO2 equivalent to tonnes of carbon.

    Published sinks and targets often arrive as CO2; they are compared with stocks only after this step.

    Parameters
    ----------
    removal_tco2e : (any shape) float64, [tCO2e]
        Mass of CO2 equivalent.

    Returns
    -------
    (same shape) float64, [tC]
        ``removal_tco2e / CO2_PER_C``; linear, so it may be applied before or after a sum.

    References
    ----------
    CDM AR-TOOL14 v04.2, factor 44/12.

    Examples
    --------
    >>> tc_from_tco2e(44.0)
    12.0
    """
    return removal_tco2e / CO2_PER_C


def ha_from_mu(area_mu: Quantity) -> Quantity:
    """Convert mu (亩) to hectares.

    Some sub-compartment layers declare areas in mu; everything inside is in hectares.

    Parameters
    ----------
    area_mu : (any shape) float64, [亩]
        Area.

    Returns
    -------
    (same shape) float64, [ha]
        ``area_mu / MU_PER_HA``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of the mu.

    Examples
    --------
    >>> ha_from_mu(30.0)
    2.0
    """
    return area_mu / MU_PER_HA


def mu_from_ha(area_ha: Quantity) -> Quantity:
    """Convert hectares to mu (亩).

    Readers of the Chinese pages think in mu.

    Parameters
    ----------
    area_ha : (any shape) float64, [ha]
        Area.

    Returns
    -------
    (same shape) float64, [亩]
        ``area_ha * MU_PER_HA``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of the mu.

    Examples
    --------
    >>> mu_from_ha(2.0)
    30.0
    """
    return area_ha * MU_PER_HA


def ha_from_wan_mu(area_wan_mu: Quantity) -> Quantity:
    """Convert ten-thousands of mu (万亩) to hectares.

    Plans and bulletins print areas in 万亩.

    Parameters
    ----------
    area_wan_mu : (any shape) float64, [万亩]
        Area.

    Returns
    -------
    (same shape) float64, [ha]
        ``area_wan_mu * PER_WAN / MU_PER_HA``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of the mu.

    Examples
    --------
    >>> ha_from_wan_mu(3.0)
    2000.0
    """
    return area_wan_mu * PER_WAN / MU_PER_HA


def wan_mu_from_ha(area_ha: Quantity) -> Quantity:
    """Convert hectares to ten-thousands of mu (万亩).

    City and county totals are shown in 万亩 on the Chinese pages.

    Parameters
    ----------
    area_ha : (any shape) float64, [ha]
        Area.

    Returns
    -------
    (same shape) float64, [万亩]
        ``area_ha * MU_PER_HA / PER_WAN``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of the mu.

    Examples
    --------
    >>> wan_mu_from_ha(2000.0)
    3.0
    """
    return area_ha * MU_PER_HA / PER_WAN


def m3_from_wan_m3(volume_wan_m3: Quantity) -> Quantity:
    """Convert ten-thousands of cubic metres (万m³) to cubic metres.

    Growing stock of a city is published in 万m³.

    Parameters
    ----------
    volume_wan_m3 : (any shape) float64, [万m³]
        Volume.

    Returns
    -------
    (same shape) float64, [m3]
        ``volume_wan_m3 * PER_WAN``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of 万.

    Examples
    --------
    >>> m3_from_wan_m3(1.25)
    12500.0
    """
    return volume_wan_m3 * PER_WAN


def wan_m3_from_m3(volume_m3: Quantity) -> Quantity:
    """Convert cubic metres to ten-thousands of cubic metres (万m³).

    City and county totals are shown in 万m³ on the Chinese pages.

    Parameters
    ----------
    volume_m3 : (any shape) float64, [m3]
        Volume.

    Returns
    -------
    (same shape) float64, [万m³]
        ``volume_m3 / PER_WAN``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of 万.

    Examples
    --------
    >>> wan_m3_from_m3(12500.0)
    1.25
    """
    return volume_m3 / PER_WAN


def tc_from_wan_tc(stock_wan_tc: Quantity) -> Quantity:
    """Convert ten-thousands of tonnes of carbon (万吨碳) to tonnes of carbon.

    Stocks of a city are published in 万吨. The caller must know that the tonnes are carbon: this function does
    not turn CO2 into carbon.

    Parameters
    ----------
    stock_wan_tc : (any shape) float64, [万tC]
        Mass of carbon.

    Returns
    -------
    (same shape) float64, [tC]
        ``stock_wan_tc * PER_WAN``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of 万.

    Examples
    --------
    >>> tc_from_wan_tc(0.5)
    5000.0
    """
    return stock_wan_tc * PER_WAN


def wan_tc_from_tc(stock_tc: Quantity) -> Quantity:
    """Convert tonnes of carbon to ten-thousands of tonnes of carbon (万吨碳).

    City and county totals are shown in 万吨 on the Chinese pages.

    Parameters
    ----------
    stock_tc : (any shape) float64, [tC]
        Mass of carbon.

    Returns
    -------
    (same shape) float64, [万tC]
        ``stock_tc / PER_WAN``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of 万.

    Examples
    --------
    >>> wan_tc_from_tc(5000.0)
    0.5
    """
    return stock_tc / PER_WAN


def frac_from_percent(share_percent: Quantity) -> Quantity:
    """Convert percent to a fraction.

    Inside there are only fractions; percent exists at the doors.

    Parameters
    ----------
    share_percent : (any shape) float64, [%]
        Share.

    Returns
    -------
    (same shape) float64, [1]
        ``share_percent / 100``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of percent.

    Examples
    --------
    >>> frac_from_percent(25.0)
    0.25
    """
    return share_percent / 100


def percent_from_frac(share_frac: Quantity) -> Quantity:
    """Convert a fraction to percent.

    Readers see percent; nothing inside calculates with it.

    Parameters
    ----------
    share_frac : (any shape) float64, [1]
        Share.

    Returns
    -------
    (same shape) float64, [%]
        ``share_frac * 100``; linear, so it may be applied before or after a sum.

    References
    ----------
    Definition of percent.

    Examples
    --------
    >>> percent_from_frac(0.25)
    25.0
    """
    return share_frac * 100
