"""Shrubs: dry mass from crown cover.

The numbers lie in `senhui.parameters` (`bdr_shrub_ar_tool14`, `forest_above_biomass_china_t_ha`,
`root_shoot_ratio_shrub_ar_tool14`, `shrub_cover_threshold_frac`); cases in `tests/measurement/cases/tree_biomass.yaml`.
"""

import numpy as np
import numpy.typing as npt


def shrub_biomass_t_ha(
    cover_frac: npt.NDArray[np.float64],
    *,
    threshold_frac: float,
    shrub_to_forest_ratio: float,
    forest_above_ground_t_ha: float,
    root_ratio: float,
) -> npt.NDArray[np.float64]:
    """Estimate the dry mass of shrubs with roots from the share of the ground they cover.

    Parameters
    ----------
    cover_frac : (n,) float, [-], 0-1
        Crown cover of shrubs (灌木盖度).
    threshold_frac : float, [-]
        Cover below which shrubs count as zero.
    shrub_to_forest_ratio : float, [-]
        Mass of shrubs at full cover over that of forest (BDR_SF).
    forest_above_ground_t_ha : float, [t dry mass/ha]
        Mean above-ground mass of the region's forest (b_FOREST).
    root_ratio : float, [-]
        Below-ground over above-ground mass of shrubs (R_S).

    Returns
    -------
    (n,) float, [t dry mass/ha]
        Zero below the threshold, proportional to cover from there on; the jump is the method's.

    Notes
    -----
    b = BDR_SF b_FOREST CC (1 + R_S) for CC >= 5 %, else 0. Source: CDM AR-TOOL14 v04.2, shrubs.

    Examples
    --------
    >>> defaults = {"threshold_frac": 0.05, "shrub_to_forest_ratio": 0.10, "forest_above_ground_t_ha": 61.0}
    >>> shrub_biomass_t_ha(np.array([0.049, 0.05, 1.0]), **defaults, root_ratio=0.40).round(3)
    array([0.   , 0.427, 8.54 ])
    """
    above_t_ha = cover_frac * (shrub_to_forest_ratio * forest_above_ground_t_ha)
    return np.where(
        cover_frac >= threshold_frac, above_t_ha * (1.0 + root_ratio), np.where(cover_frac >= 0, 0.0, np.nan)
    )
