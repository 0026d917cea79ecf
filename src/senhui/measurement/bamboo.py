"""Bamboo: the dry mass of a stand from the number of its culms.

The mean culm mass lies in `senhui.parameters`; the reference cases in `tests/measurement/cases/stands.yaml`.
"""

from senhui.measurement.columns import Column

KG_PER_T = 1000.0


def biomass_by_culms_t_ha(culms_ha: Column, *, culm_mass_kg: Column | float) -> Column:
    """Multiply the culms on a hectare (每公顷株数) by the dry mass of a mean culm (平均单株法).

    For layers that count moso culms (毛竹) but measure neither their diameter nor their age, which is all that the
    official sub-compartment schema asks for.

    Parameters
    ----------
    culms_ha : (n,) float, [1/ha], >= 0
        Living culms per hectare.
    culm_mass_kg : float or (n,) float, [kg dry mass], > 0
        Mass of one mean culm; whether roots are in it is said by the parameter.

    Returns
    -------
    (n,) float, [t dry mass/ha]
        Linear in the number of culms.

    Notes
    -----
    B = N m / 1000. Source: Li Yin et al. 2016, Chinese Journal of Plant Ecology (ChinaXiv 201605.00429V1), text on
    bamboo.

    Examples
    --------
    >>> import numpy as np
    >>> biomass_by_culms_t_ha(np.array([3000.0]), culm_mass_kg=10.44)
    array([31.32])
    """
    return culms_ha * culm_mass_kg / KG_PER_T
