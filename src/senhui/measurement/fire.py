"""Fire (森林火灾): the methane and nitrous oxide that burning biomass gives off besides carbon dioxide.

Formulas only. Their numbers lie in `senhui.parameters` (`fire_combustion_factors`, `fire_emission_factors`,
`global_warming_potentials`, `fire_dead_organic_matter_ratio`); the case in `tests/measurement/cases/fire.yaml`. The
carbon dioxide itself is not here: it shows as a loss of stock, by event or at the next survey, and would count twice.
"""

from senhui.measurement.columns import Column
from senhui.quantities import tco2e_from_tc

T_PER_KG = 0.001


def fire_gas_t(
    burned_ha: Column,
    *,
    above_ground_t_ha: Column | float,
    combustion_frac: Column | float,
    emission_factor: Column | float,
) -> Column:
    """Compute how much of one gas a forest fire gives off.

    Linear in area and in biomass, so the parts of a burned area add up to it.

    Parameters
    ----------
    burned_ha : (n,) float, [ha], >= 0
        Burned area (过火面积).
    above_ground_t_ha : float or (n,) float, [t dry mass/ha], >= 0
        Above-ground biomass of the trees before the fire.
    combustion_frac : float or (n,) float, [-], 0-1
        Share of it that burns (COMF).
    emission_factor : float or (n,) float, [g gas/kg dry mass burned], >= 0
        Of the gas in question (EF).

    Returns
    -------
    (n,) float, [t of the gas]

    Notes
    -----
    M_gas = 0.001 A b COMF EF. Source: CDM AR-TOOL08, emission of non-CO2 gases from forest fire; the same as IPCC
    2006, Volume 4, equation 2.27.

    Examples
    --------
    >>> import numpy as np
    >>> fire = {"above_ground_t_ha": 100.0, "combustion_frac": 0.45}
    >>> fire_gas_t(np.array([10.0]), **fire, emission_factor=4.7).round(3)
    array([2.115])
    """
    return burned_ha * above_ground_t_ha * combustion_frac * emission_factor * T_PER_KG


def fire_non_co2_tco2e(ch4_t: Column, *, n2o_t: Column, ch4_gwp_ratio: float, n2o_gwp_ratio: float) -> Column:
    """Weigh methane and nitrous oxide by their warming and add them up.

    Parameters
    ----------
    ch4_t, n2o_t : (n,) float, [t of the gas], >= 0
        From `fire_gas_t`.
    ch4_gwp_ratio, n2o_gwp_ratio : float, [tCO2e/t], > 0
        Warming potentials over 100 years (GWP) of one assessment report; never mixed.

    Returns
    -------
    (n,) float, [tCO2e]
        Without the carbon dioxide of the fire.

    Notes
    -----
    E = M_CH4 GWP_CH4 + M_N2O GWP_N2O. Source: CDM AR-TOOL08, emission of non-CO2 gases from forest fire.

    Examples
    --------
    >>> import numpy as np
    >>> ch4, n2o = np.array([2.115]), np.array([0.117])
    >>> fire_non_co2_tco2e(ch4, n2o_t=n2o, ch4_gwp_ratio=28.0, n2o_gwp_ratio=265.0).round(3)
    array([90.225])
    """
    return ch4_t * ch4_gwp_ratio + n2o_t * n2o_gwp_ratio


def fire_dead_organic_matter_tco2e(stock_tc: Column, *, non_co2_ratio: float) -> Column:
    """Estimate the methane and nitrous oxide of burned dead wood and litter from their carbon.

    Parameters
    ----------
    stock_tc : (n,) float, [tC], >= 0
        Dead wood (枯死木) and litter (枯落物) on the burned area before the fire.
    non_co2_ratio : float, [tCO2e/tCO2], > 0
        `fire_dead_organic_matter_ratio`.

    Returns
    -------
    (n,) float, [tCO2e]
        Without the carbon dioxide of the dead matter.

    Notes
    -----
    E = 0.07 A (C_DW + C_LI) with stocks as CO2, hence 44/12. Source: CDM AR-TOOL08, emission from dead organic matter.

    Examples
    --------
    >>> import numpy as np
    >>> fire_dead_organic_matter_tco2e(np.array([12.0]), non_co2_ratio=0.07).round(2)
    array([3.08])
    """
    return tco2e_from_tc(stock_tc) * non_co2_ratio
