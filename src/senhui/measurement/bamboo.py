"""Bamboo: the dry mass of a culm from diameter and age, and of a stand from its culms.

The numbers lie in `senhui.parameters` (`moso_mean_culm_kg`, `biomass_moso_zhou`); the reference cases in
`tests/measurement/cases/stands.yaml` and `tree_biomass.yaml`.
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


def moso_culm_kg(
    dbh_cm: Column,
    *,
    age_du: Column | float,
    a: float,
    b: float,
    c: float,
    d: float,
    e: float,
    f: float,
) -> Column:
    """Compute the above-ground dry mass of a moso culm (毛竹) from its diameter and its age.

    A culm does not thicken; it grows denser. Age counts in 度: the first year is one, then every two years one more,
    as culms are marked and felled.

    Parameters
    ----------
    dbh_cm : (n,) float, [cm], > 0
        Diameter at 1.3 m.
    age_du : float or (n,) float, [度], > 0
        Age class.
    a, b, c, d, e, f : float
        Row of `biomass_moso_zhou`, as printed.

    Returns
    -------
    (n,) float, [kg dry mass]
        Grows with diameter and age and levels off with age; roots are taken as not included.

    Notes
    -----
    M = a D^b (c A / (d + A))^e + f. Source: Zhou Guomo's model for Zhejiang, general knowledge; see the table.

    Examples
    --------
    >>> import numpy as np
    >>> zhou = dict(a=747.787, b=2.771, c=0.148, d=0.028, e=5.555, f=3.772)
    >>> moso_culm_kg(np.array([10.0]), age_du=2.0, **zhou).round(3)
    array([13.819])
    """
    return dbh_cm**b * (age_du * c / (age_du + d)) ** e * a + f
