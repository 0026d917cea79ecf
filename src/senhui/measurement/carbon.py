"""Carbon in dry mass. The fractions lie in `senhui.parameters`; reference cases in `tests/measurement/cases/`."""

from senhui.measurement.columns import Column


def carbon_tc_ha(biomass_t_ha: Column, *, carbon_frac: Column | float) -> Column:
    """Take the carbon out of a dry mass (含碳率).

    The result is carbon, tC. Carbon dioxide is 44/12 of it and appears only where something is credited.

    Parameters
    ----------
    biomass_t_ha : (n,) float, [t dry mass/ha], >= 0
        Dry mass of a stand.
    carbon_frac : float or (n,) float, [tC/t dry mass], 0.4-0.6
        Carbon in dry mass (CF).

    Returns
    -------
    (n,) float, [tC/ha]
        Less than the dry mass.

    Notes
    -----
    C = B CF. Source: CDM AR-TOOL14 v04.2, whose C_TREE = 44/12 CF B is this times the weight of carbon dioxide.

    Examples
    --------
    >>> import numpy as np
    >>> carbon_tc_ha(np.array([62.504]), carbon_frac=0.520).round(3)
    array([32.502])
    """
    return biomass_t_ha * carbon_frac
