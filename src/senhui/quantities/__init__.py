"""Units, constants and the conversions at the doors: the ground every other room stands on.

Inside Senhui stocks are tonnes of carbon (tC), credits are tonnes of CO2 equivalent (tCO2e), areas are
hectares, volumes cubic metres and shares fractions. Mu (亩), ten-thousands (万) and percent exist only at the
doors (`intake`, `web`, `documents`), which call these functions. Cases: `tests/quantities/`.

Each function takes and returns a float, a NumPy array, or a Polars series or expression, and keeps the shape.
"""

from senhui.quantities.conversions import (
    CO2_PER_C,
    M2_PER_HA,
    MU_PER_HA,
    PER_WAN,
    frac_from_percent,
    ha_from_mu,
    ha_from_wan_mu,
    m3_from_wan_m3,
    mu_from_ha,
    percent_from_frac,
    tc_from_tco2e,
    tc_from_wan_tc,
    tco2e_from_tc,
    wan_m3_from_m3,
    wan_mu_from_ha,
    wan_tc_from_tc,
)

__all__ = [
    "CO2_PER_C",
    "M2_PER_HA",
    "MU_PER_HA",
    "PER_WAN",
    "frac_from_percent",
    "ha_from_mu",
    "ha_from_wan_mu",
    "m3_from_wan_m3",
    "mu_from_ha",
    "percent_from_frac",
    "tc_from_tco2e",
    "tc_from_wan_tc",
    "tco2e_from_tc",
    "wan_m3_from_m3",
    "wan_mu_from_ha",
    "wan_tc_from_tc",
]
