"""Biomass of single trees from diameter, height and crown (单木生物量模型): one function for each form of equation.

Forms only. The coefficients lie in `senhui.parameters` (`biomass_zhejiang_component_2009`, `biomass_li_lei_dbh`,
`biomass_anhui_d2h`, `biomass_zhejiang_agb_d2h`, `lyt2264_cunninghamia`, `root_cairns_…`); `tree_equations.py`
brings the two together for lists of trees, where the caller says what to do outside the range of diameters on which a
row was fitted. Cases: `tests/measurement/cases/tree_biomass.yaml`.
"""

import math

from senhui.measurement.columns import Column

METABOLIC_EXPONENT = 7.0 / 3.0


def component_by_diameter_kg(dbh_cm: Column, *, a: Column | float, b: Column | float) -> Column:
    """Compute the dry mass of one component of a tree from its diameter alone.

    Parameters
    ----------
    dbh_cm : (n,) float, [cm], > 0
        Diameter over bark at 1.3 m (胸径).
    a, b : float or (n,) float
        Coefficients of the component.

    Returns
    -------
    (n,) float, [kg dry mass]
        Grows with the diameter for positive coefficients.

    Notes
    -----
    W = a D^b. Source: the set used with Li Haikui and Lei Yuancai 2010 for the national inventory; the row of
    `biomass_li_lei_dbh` names where it was read.

    Examples
    --------
    >>> import numpy as np
    >>> component_by_diameter_kg(np.array([20.0]), a=0.0543, b=2.4242).round(3)
    array([77.403])
    """
    return dbh_cm**b * a


def component_by_d2h_kg(dbh_cm: Column, height_m: Column, *, a: Column | float, b: Column | float) -> Column:
    """Compute the dry mass of one component, or of all above ground, from the volume-like product D²H.

    Parameters
    ----------
    dbh_cm : (n,) float, [cm], > 0
        Diameter over bark at 1.3 m (胸径).
    height_m : (n,) float, [m], > 0
        Total height.
    a, b : float or (n,) float
        Coefficients of the component.

    Returns
    -------
    (n,) float, [kg dry mass]
        Grows with both for positive coefficients.

    Notes
    -----
    W = a (D² H)^b. Source: Ji Yuhe et al. 2016 (ChinaXiv 201605.00424V1), table 1, components in Anhui; Zhang J. et al.
    2007 as used in ChinaXiv 202003.00015V1, table 2, above ground in Zhejiang.

    Examples
    --------
    >>> import numpy as np
    >>> component_by_d2h_kg(np.array([20.0]), np.array([15.0]), a=0.11584, b=0.75).round(3)
    array([78.972])
    """
    return (dbh_cm**2 * height_m) ** b * a


def component_by_diameter_and_height_kg(
    dbh_cm: Column, height_m: Column, *, a: Column | float, b: Column | float, c: Column | float
) -> Column:
    """Compute the dry mass of one component, or of all above or below ground, from diameter and height.

    Parameters
    ----------
    dbh_cm : (n,) float, [cm], > 0
        Diameter over bark at 1.3 m (胸径).
    height_m : (n,) float, [m], > 0
        Total height; for the crown of the Zhejiang 2009 set the length of the crown (冠长) in metres stands here.
    a, b, c : float or (n,) float
        Factor, exponent of the diameter, exponent of the height. The last may be negative: a taller tree of the same
        diameter has the smaller root.

    Returns
    -------
    (n,) float, [kg dry mass]
        Grows with the diameter for positive `b`.

    Notes
    -----
    W = a D^b H^c. Source: LY/T 2264-2014 (杉木) for Ma and Mb; Yuan Weigao et al. 2009, printed in ChinaXiv
    201711.00073V1, table 1, for stem, crown and root in Zhejiang. Another paper prints the crown length in cm, with
    which crowns explode.

    Examples
    --------
    >>> import numpy as np
    >>> d, h = np.array([20.0]), np.array([15.0])
    >>> component_by_diameter_and_height_kg(d, h, a=0.0600, b=1.8005, c=0.7934).round(3)
    array([113.179])
    """
    return dbh_cm**b * height_m**c * a


def conversion_factor_t_m3(dbh_cm: Column, height_m: Column, *, a: float, b: float, c: float) -> Column:
    """Compute the factor from stem volume to above-ground dry mass of a tree (生物量转换因子 BCF).

    Parameters
    ----------
    dbh_cm, height_m : (n,) float, [cm], [m], > 0
        Diameter at 1.3 m and total height.
    a, b, c : float
        Row `bcf` of `lyt2264_cunninghamia` for the diameter class of the tree.

    Returns
    -------
    (n,) float, [t dry mass/m3]
        Above-ground mass = factor × volume.

    Notes
    -----
    BCF = a D^b H^c. Source: LY/T 2264-2014, parameters as shipped with the package StemAnalysis (kg/dm³ is t/m³).

    Examples
    --------
    >>> import numpy as np
    >>> d, h = np.array([10.347]), np.array([12.6])
    >>> conversion_factor_t_m3(d, h, a=0.96176, b=0.17937, c=-0.50351).round(3)
    array([0.408])
    """
    return dbh_cm**b * height_m**c * a


def root_shoot_ratio(dbh_cm: Column, height_m: Column, *, a: float, b: float, c: float) -> Column:
    """Compute the below-ground over the above-ground mass of a tree from its size (根茎比 RSR).

    Parameters
    ----------
    dbh_cm, height_m : (n,) float, [cm], [m], > 0
        Diameter at 1.3 m and total height.
    a, b, c : float
        Row `rsr` of `lyt2264_cunninghamia` for the diameter class of the tree.

    Returns
    -------
    (n,) float, [-]

    Notes
    -----
    RSR = a D^b H^c. Source: LY/T 2264-2014, parameters as shipped with the package StemAnalysis.

    Examples
    --------
    >>> import numpy as np
    >>> d, h = np.array([10.347]), np.array([12.6])
    >>> root_shoot_ratio(d, h, a=0.25059, b=0.51205, c=-0.61168).round(3)
    array([0.176])
    """
    return dbh_cm**b * height_m**c * a


def above_ground_by_density_kg(dbh_cm: Column, *, a: float, density_t_m3: Column | float) -> Column:
    """Compute the above-ground mass of a tree of any species from diameter and wood density.

    Parameters
    ----------
    dbh_cm : (n,) float, [cm], > 0
        Diameter over bark at 1.3 m (胸径).
    a : float, [kg]
        Factor of the general model.
    density_t_m3 : float or (n,) float, [t dry mass/m3], 0.2-1
        Basic wood density (木材基本密度).

    Returns
    -------
    (n,) float, [kg dry mass]
        Without roots.

    Notes
    -----
    AGB = a ρ D^(7/3) with a = 0.3. Source: Zeng 2018, general biomass model over 34 species; the exponent is that of
    metabolic scaling.

    Examples
    --------
    >>> import numpy as np
    >>> above_ground_by_density_kg(np.array([20.0]), a=0.3, density_t_m3=0.307).round(1)
    array([100.])
    """
    return dbh_cm**METABOLIC_EXPONENT * density_t_m3 * a


def root_ratio_by_biomass(above_ground_t_ha: Column, *, a: float, b: float) -> Column:
    """Compute the root ratio of a stand from its above-ground mass: the denser the stand, the smaller (Cairns).

    Parameters
    ----------
    above_ground_t_ha : (n,) float, [t dry mass/ha], > 0
        A stand without biomass has no ratio.
    a, b : float
        Intercept and exponent of the equation.

    Returns
    -------
    (n,) float, [-]
        Falls with growing biomass; the root mass itself grows.

    Notes
    -----
    R = exp(a + b ln B) / B with a = -1.085 and b = 0.9256. Source: CDM AR-TOOL14 v04.2, appendix 1, after Cairns et al.
    1997.

    Examples
    --------
    >>> import numpy as np
    >>> root_ratio_by_biomass(np.array([50.0, 200.0]), a=-1.085, b=0.9256).round(6)
    array([0.252573, 0.227821])
    """
    return above_ground_t_ha ** (b - 1.0) * math.exp(a)


def stand_volume_m3_ha(basal_area_m2_ha: Column, height_m: Column, *, a: float, b: float, c: float) -> Column:
    """Compute the volume of a stand from basal area and mean height, to check a recorded one (形高法).

    Parameters
    ----------
    basal_area_m2_ha : (n,) float, [m2/ha], >= 0
        Basal area (断面积).
    height_m : (n,) float, [m], > 2
        Mean height.
    a, b, c : float
        Row of `stand_volume_forms` of form `shifted`.

    Returns
    -------
    (n,) float, [m3/ha]
        Linear in basal area. For mean diameters of 5 cm and more.

    Notes
    -----
    V = (a + b / (H + c)) H G. Source: a working provincial system of Guangxi; see `stand_volume_forms`.

    Examples
    --------
    >>> import numpy as np
    >>> g, h = np.array([20.0]), np.array([10.0])
    >>> stand_volume_m3_ha(g, h, a=0.45225, b=1.31334, c=2.0).round(2)
    array([112.34])
    """
    return (b / (height_m + c) + a) * height_m * basal_area_m2_ha


def oak_stand_volume_m3_ha(basal_area_m2_ha: Column, height_m: Column, *, a: float, c: float) -> Column:
    """Compute the volume of an oak stand from basal area and mean height; see `stand_volume_m3_ha`.

    Parameters
    ----------
    basal_area_m2_ha : (n,) float, [m2/ha], >= 0
        Basal area (断面积).
    height_m : (n,) float, [m], > 0
        Mean height.
    a, c : float
        Row of `stand_volume_forms` of form `oak`.

    Returns
    -------
    (n,) float, [m3/ha]

    Notes
    -----
    V = a (H + c) G. Source: a working provincial system of Guangxi; see `stand_volume_forms`.

    Examples
    --------
    >>> import numpy as np
    >>> oak_stand_volume_m3_ha(np.array([20.0]), np.array([10.0]), a=0.386, c=3.0).round(2)
    array([100.36])
    """
    return (height_m + c) * basal_area_m2_ha * a
