"""The ground of a stand: what lies under its canopy and in its soil (林下层、枯死木、枯落物、土壤有机碳).

Densities of a type are means over plots and stand in `senhui.parameters` (`zhejiang_carbon_density_2009_2012`,
`dead_wood_mean_density_tc_ha`, `dead_wood_ratios`, `soil_default_artool16`); which land has which is said in
`parameters/method_rules.yaml`. None of it is part of the vegetation stock. Cases:
`tests/measurement/cases/ground.yaml`.
"""

import math

from senhui.measurement.columns import Column

GROUND_POOLS = ("understory", "dead_wood", "litter", "soil_100cm", "soil_30cm")
"""Soil to 100 cm by measured density and to 30 cm by a reference stock are two answers: they are never added."""


def dead_wood_by_ratio_tc_ha(tree_tc_ha: Column, *, dead_wood_ratio: Column | float) -> Column:
    """Estimate the carbon of dead wood (枯死木) from that of the living trees.

    Parameters
    ----------
    tree_tc_ha : (n,) float, [tC/ha], >= 0
        Trees with roots.
    dead_wood_ratio : float or (n,) float, [-], 0-1
        Dead-wood carbon over tree carbon of the region (DF_DW).

    Returns
    -------
    (n,) float, [tC/ha]
        Linear in the trees.

    Notes
    -----
    C_DW = C_TREE DF_DW. Source: AR-CM-001-V01, dead wood.

    Examples
    --------
    >>> import numpy as np
    >>> dead_wood_by_ratio_tc_ha(np.array([40.0]), dead_wood_ratio=0.0225).round(3)
    array([0.9])
    """
    return tree_tc_ha * dead_wood_ratio


def litter_share_frac(above_ground_t_ha: Column, *, a: float, b: float) -> Column:
    """Compute how much litter there is per living mass above ground: less where more stands.

    Parameters
    ----------
    above_ground_t_ha : (n,) float, [t dry mass/ha], >= 0
        Trees above ground.
    a, b : float
        Row of `litter_coefficients`; `a` gives percent.

    Returns
    -------
    (n,) float, [-]
        Falls with growing biomass for negative `b`.

    Notes
    -----
    DF_LI = a exp(b B_AB) / 100. Source: AR-CM-001-V01, litter; general knowledge, digits doubtful (mark C).

    Examples
    --------
    >>> import numpy as np
    >>> litter_share_frac(np.array([60.0]), a=4.989672, b=-0.002545).round(4)
    array([0.0428])
    """
    return math.e ** (above_ground_t_ha * b) * (a / 100.0)


def litter_by_biomass_t_ha(above_ground_t_ha: Column, *, litter_frac: Column | float) -> Column:
    """Estimate the dry mass of litter (枯落物) from the living mass above ground.

    Parameters
    ----------
    above_ground_t_ha : (n,) float, [t dry mass/ha], >= 0
        Trees above ground.
    litter_frac : float or (n,) float, [-], 0-1
        Litter over above-ground mass (DF_LI), from `litter_share_frac`.

    Returns
    -------
    (n,) float, [t dry mass/ha]

    Notes
    -----
    B_LI = B_AB DF_LI. Source: AR-CM-001-V01, litter. Its coefficients are of mark C; the measured densities of Zhejiang
    go before.

    Examples
    --------
    >>> import numpy as np
    >>> litter_by_biomass_t_ha(np.array([60.0]), litter_frac=0.043).round(2)
    array([2.58])
    """
    return above_ground_t_ha * litter_frac


def soil_layer_tc_ha(
    depth_cm: Column, *, bulk_density_t_m3: Column | float, carbon_frac: Column | float, stone_frac: Column | float
) -> Column:
    """Compute the carbon of a layer of soil from its content, its density and its stones.

    Parameters
    ----------
    depth_cm : (n,) float, [cm], >= 0
        Thickness of the layer.
    bulk_density_t_m3 : float or (n,) float, [t/m3], > 0
        Dry mass over volume (容重, g/cm³).
    carbon_frac : float or (n,) float, [t/t], 0-1
        Organic carbon over dry mass; a content in g/kg is a thousand times it.
    stone_frac : float or (n,) float, [-], 0-1
        Share of the volume above 2 mm (G).

    Returns
    -------
    (n,) float, [tC/ha]
        Layers add up to the profile.

    Notes
    -----
    SOC = BD C (1 - G) H / 10 with C in g/kg, summed over layers: BD C (1 - G) H · 100 with C as a fraction. Source:
    Li Yin et al. 2016 (ChinaXiv 201605.00429V1) and LY/T 2988-2018. Another paper prints /100, which is kg/m².

    Examples
    --------
    >>> import numpy as np
    >>> soil_layer_tc_ha(np.array([10.0]), bulk_density_t_m3=1.2, carbon_frac=0.02, stone_frac=0.1).round(2)
    array([21.6])
    """
    return depth_cm * bulk_density_t_m3 * carbon_frac * (1.0 - stone_frac) * 100.0
