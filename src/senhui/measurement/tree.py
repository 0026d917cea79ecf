"""Trees: stem volume, and the biomass of a stand from its volume.

Formulas only. Their coefficients lie in `senhui.parameters` (`arcm_species_params`, `bef_continuous_zhejiang`,
`volume_equations`); their reference cases in `tests/measurement/cases/tree.yaml`.
"""

from senhui.measurement.columns import Column


def tree_volume_m3(dbh_cm: Column, height_m: Column, *, a: float, b: float, c: float) -> Column:
    """Compute the standing volume of single trees from diameter and height (二元材积).

    Parameters
    ----------
    dbh_cm : (n,) float, [cm], > 0
        Diameter over bark at 1.3 m (胸径).
    height_m : (n,) float, [m], > 0
        Total height.
    a, b, c : float
        Coefficients of one row of `volume_equations`; outside the range the row was fitted on the caller must refuse
        or flag.

    Returns
    -------
    (n,) float, [m3]
        Stem volume over bark; grows with both arguments for positive coefficients.

    Notes
    -----
    V = a D^b H^c. Source: LY 208-77 and its provincial successors (DB35/T 1823-2019, DB34/T 3345); the row of the
    table names document and page.

    Examples
    --------
    >>> import numpy as np
    >>> d, h = np.array([20.0]), np.array([15.0])
    >>> tree_volume_m3(d, h, a=5.8777042e-05, b=1.9699831, c=0.89646157).round(6)
    array([0.24352])
    """
    return a * dbh_cm**b * height_m**c


def biomass_by_expansion_t_ha(
    volume_m3_ha: Column,
    *,
    density_t_m3: Column | float,
    expansion_ratio: Column | float,
    root_ratio: Column | float,
) -> Column:
    """Expand the stem volume of a stand to its whole-tree dry mass (生物量扩展因子法).

    Stem volume times density is the dry mass of stems; the expansion factor adds branches and leaves, the root ratio
    adds what is below ground. The formula is linear: halves of a stand add up to the stand.

    Parameters
    ----------
    volume_m3_ha : (n,) float, [m3/ha], >= 0
        Stem volume over bark (蓄积).
    density_t_m3 : float or (n,) float, [t dry mass/m3], 0.2-1
        Basic wood density (D).
    expansion_ratio : float or (n,) float, [-], >= 1
        Above-ground biomass over stem biomass (BEF).
    root_ratio : float or (n,) float, [-], 0-1
        Below-ground over above-ground biomass (R).

    Returns
    -------
    (n,) float, [t dry mass/ha]
        Trees with roots; zero at zero volume.

    Notes
    -----
    B = V D BEF (1 + R). Source: CDM AR-TOOL14 v04.2, appendix 1, repeated as the volume method of AR-CM-001-V01 and
    AR-CM-003-V01.

    Examples
    --------
    >>> import numpy as np
    >>> chinese_fir = {"density_t_m3": 0.307, "expansion_ratio": 1.634, "root_ratio": 0.246}
    >>> biomass_by_expansion_t_ha(np.array([100.0]), **chinese_fir).round(3)
    array([62.504])
    """
    return volume_m3_ha * density_t_m3 * expansion_ratio * (1.0 + root_ratio)


def biomass_by_volume_line_t_ha(
    volume_m3_ha: Column, *, slope_t_m3: Column | float, intercept_t_ha: Column | float
) -> Column:
    """Read the dry mass of a stand off a line over volume (换算因子连续函数法).

    The line was fitted to closed stands and would give an empty hectare the mass of its intercept (3-46 t): below the
    end of the ramp `biomass_on_volume_ramp_t_ha` takes its place.

    Parameters
    ----------
    volume_m3_ha : (n,) float, [m3/ha], above the ramp
        Stem volume over bark (蓄积).
    slope_t_m3 : float or (n,) float, [t/m3], > 0
        a of the line.
    intercept_t_ha : float or (n,) float, [t/ha], >= 0
        b of the line.

    Returns
    -------
    (n,) float, [t dry mass/ha]
        Trees with roots.

    Notes
    -----
    B = a V + b. Source: Li Yin et al. 2016, Chinese Journal of Plant Ecology (ChinaXiv 201605.00429V1), table 1,
    after Fang et al. 2001.

    Examples
    --------
    >>> import numpy as np
    >>> biomass_by_volume_line_t_ha(np.array([100.0]), slope_t_m3=1.1783, intercept_t_ha=2.5585).round(4)
    array([120.3885])
    """
    return volume_m3_ha * slope_t_m3 + intercept_t_ha


def biomass_on_volume_ramp_t_ha(
    volume_m3_ha: Column,
    *,
    slope_t_m3: Column | float,
    intercept_t_ha: Column | float,
    ramp_end_m3_ha: Column | float,
) -> Column:
    """Lead the line over volume down to zero: the dry mass of a stand with little volume (低蓄积过渡带).

    A straight line joins the origin to the fitted line at `ramp_end_m3_ha`, so the mass has no jump there; further up
    the fitted line itself holds.

    Parameters
    ----------
    volume_m3_ha : (n,) float, [m3/ha], >= 0
        Stem volume over bark (蓄积).
    slope_t_m3, intercept_t_ha : float or (n,) float, [t/m3], [t/ha]
        a and b of the fitted line.
    ramp_end_m3_ha : float or (n,) float, [m3/ha], > 0
        Volume from which the fitted line holds.

    Returns
    -------
    (n,) float, [t dry mass/ha]
        Trees with roots; continuous, non-decreasing, zero at zero volume.

    Notes
    -----
    B = a V + b min(V / V_ramp, 1). Source: the line as in `biomass_by_volume_line_t_ha`; the ramp is this
    program's own.

    Examples
    --------
    >>> import numpy as np
    >>> hard_broadleaf = {"slope_t_m3": 1.1783, "intercept_t_ha": 2.5585, "ramp_end_m3_ha": 20.0}
    >>> biomass_on_volume_ramp_t_ha(np.array([0.0, 16.0, 20.0]), **hard_broadleaf).round(4)
    array([ 0.    , 20.8996, 26.1245])
    """
    return volume_m3_ha * slope_t_m3 + (volume_m3_ha / ramp_end_m3_ha).clip(None, 1.0) * intercept_t_ha


def above_ground_t_ha(biomass_t_ha: Column, *, root_ratio: Column | float) -> Column:
    """Separate the above-ground part from a whole-tree dry mass; what is left is below ground.

    Only one of the two parts has a function: the other is the difference, so that the two always close.

    Parameters
    ----------
    biomass_t_ha : (n,) float, [t dry mass/ha], >= 0
        Trees with roots.
    root_ratio : float or (n,) float, [-], >= 0
        Below-ground over above-ground biomass (R).

    Returns
    -------
    (n,) float, [t dry mass/ha]
        Stems, branches and leaves; never more than the whole.

    Notes
    -----
    B_above = B / (1 + R), from the definition of R. Source: CDM AR-TOOL14 v04.2, appendix 1.

    Examples
    --------
    >>> import numpy as np
    >>> above_ground_t_ha(np.array([62.504]), root_ratio=0.246).round(3)
    array([50.164])
    """
    return biomass_t_ha / (1.0 + root_ratio)
