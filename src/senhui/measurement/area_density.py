"""Land measured by its area: so many tonnes of carbon on a hectare (平均碳密度法).

The densities lie in `senhui.parameters` (mean density of bamboo, mean biomass of shrub and economic forest);
reference cases in `tests/measurement/cases/stands.yaml`.
"""

from senhui.measurement.columns import Column


def stock_tc(area_ha: Column, *, density_tc_ha: Column | float) -> Column:
    """Multiply an area by the carbon that stands on one hectare of it.

    The last step of every method, and the whole of it for land that is not measured tree by tree.

    Parameters
    ----------
    area_ha : (n,) float, [ha], >= 0
        Area of the stands.
    density_tc_ha : float or (n,) float, [tC/ha], >= 0
        Carbon per hectare, measured on the stand itself or the mean of its type.

    Returns
    -------
    (n,) float, [tC]
        Adds up over any division of the area.

    Notes
    -----
    C = A c. Source: Li Yin et al. 2016, Chinese Journal of Plant Ecology (ChinaXiv 201605.00429V1), table 3, draws the
    carbon of Zhejiang's bamboo (竹林) from 8834 units of 100 ha at 23.78 tC/ha.

    Examples
    --------
    >>> import numpy as np
    >>> stock_tc(np.array([883_400.0]), density_tc_ha=23.78).round()
    array([21007252.])
    """
    return area_ha * density_tc_ha
