"""Disturbance and use (干扰与利用): what fire, disease, harvest, conversion and planting post to the books of a stand.

Each function turns one event into entries: signed, one per pool. Entries of the living pools are the movement of the
stand's stock; dead wood, litter, soil and wood products are recorded beside it; methane and nitrous oxide are never a
stock and stand in tCO2e. Nothing is netted: a felled tree leaves the living pools whole, whatever becomes of it.
Numbers come from `senhui.parameters`; cases: tests/measurement/test_disturbance.py.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from senhui import parameters
from senhui.measurement.fire import fire_dead_organic_matter_tco2e, fire_gas_t, fire_non_co2_tco2e

Pool = Literal[
    "stem", "branches", "roots", "living", "dead_wood", "litter", "soil", "wood_products", "ch4", "n2o", "ch4_n2o"
]
LIVING: Final = ("stem", "branches", "roots", "living")
"""Pools that make up a stand's stock; `living` where its parts are not known."""

GASES: Final = ("ch4", "n2o", "ch4_n2o")
SOIL_SCHEDULE_YR: Final = 20
"""Over how long soil carbon goes to its new level after a change of land use (IPCC 2006, default period)."""

Fate = Literal["oxidised", "dead_wood", "wood_products"]
FATES: Final = ("oxidised", "dead_wood", "wood_products")


@dataclass(frozen=True)
class Entry:
    """One line of an event: what one pool gained (positive) or lost, or what went into the air as gas.

    `gas_t` is the mass of the gas beside its weight in tCO2e. `year` is when the entry counts.
    """

    pool: Pool
    year: int
    change_tc: float | None = None
    emission_tco2e: float | None = None
    gas_t: float | None = None

    def __post_init__(self) -> None:
        assert (self.change_tc is None) != (self.emission_tco2e is None), "an entry is a stock or a gas"
        assert (self.pool in GASES) == (self.emission_tco2e is not None), "gases are tCO2e, all else is tC"

    def reversed(self) -> "Entry":
        """Return the entry with opposite signs."""
        return replace(
            self,
            change_tc=None if self.change_tc is None else -self.change_tc,
            emission_tco2e=None if self.emission_tco2e is None else -self.emission_tco2e,
            gas_t=None if self.gas_t is None else -self.gas_t,
        )


class DensityOutOfRange(ValueError):
    """A carbon density that was stated is negative, no number, or larger than any stand can have."""

    def __init__(self, field: str, most_tc_ha: float) -> None:
        super().__init__(f"{field} must lie between 0 and {most_tc_ha:g} tC/ha. Look at its unit.")
        self.field = field
        self.most_tc_ha = most_tc_ha


class EntryNotFinite(ValueError):
    """What the event posts to a pool is no number that can be added up."""

    def __init__(self, pool: str) -> None:
        super().__init__(f"What the event posts to {pool} is not finite. Look at the area and the densities.")
        self.pool = pool


def most_density_tc_ha(field: Literal["after_tc_ha", "soil_after_tc_ha"]) -> float:
    """Return the largest living or soil carbon that may be stated, [tC/ha].

    Notes
    -----
    The highest mean of a forest type in `zhejiang_carbon_density_2009_2012`, vegetation (trees, shrubs and herbs) and
    soil apart, times `event_density_multiple` (mark D). It refuses slips of a unit, and is no estimate.
    """
    layers = ("tree_tc_ha", "shrub_herb_tc_ha") if field == "after_tc_ha" else ("soil_tc_ha",)
    frame = parameters.table("zhejiang_carbon_density_2009_2012").frame
    highest = max(sum(row) for row in frame.select(layers).iter_rows())
    return float(math.floor(highest * float(parameters.scalar("event_density_multiple").value)))


def require_density(field: Literal["after_tc_ha", "soil_after_tc_ha"], density_tc_ha: float) -> None:
    """Refuse a stated density outside 0 to `most_density_tc_ha` (`DensityOutOfRange`)."""
    most = most_density_tc_ha(field)
    if not 0.0 <= density_tc_ha <= most:
        raise DensityOutOfRange(field, most)


def require_finite(entries: Iterable[Entry]) -> None:
    """Refuse entries of which a number, or the sum of all, is not finite (`EntryNotFinite`)."""
    total = 0.0
    for entry in entries:
        for amount in (entry.change_tc, entry.emission_tco2e, entry.gas_t):
            total += abs(amount or 0.0)
        if not math.isfinite(total):
            raise EntryNotFinite(entry.pool)


def living_change_tc(entries: Iterable[Entry]) -> float:
    """Add up what the entries change in the stand's stock."""
    return sum(entry.change_tc for entry in entries if entry.pool in LIVING and entry.change_tc is not None)


def harvest(
    cut_ha: float,
    *,
    above_tc_ha: float,
    below_tc_ha: float,
    stem_tc_ha: float | None,
    taken_frac: float,
    product_frac: float | None,
    year: int,
) -> tuple[Entry, ...]:
    """Post a harvest (采伐): stem, branches and roots leave the living pools; what becomes of the wood stands apart.

    Parameters
    ----------
    cut_ha : float, [ha], >= 0
        Area on which trees were felled.
    above_tc_ha, below_tc_ha : float, [tC/ha], >= 0
        The stand's living carbon above and below ground.
    stem_tc_ha : float or None, [tC/ha], >= 0
        Carbon of the stems, V D CF; None where the stem is not known apart: then nothing is split.
    taken_frac : float, [-], 0-1
        Share of the stock felled; 1 is a clear cut.
    product_frac : float or None, [-], 0-1
        Share of the stems that becomes wood products (TOR); None where it is not known.

    Returns
    -------
    entries whose living change is − cut_ha (above + below) taken_frac, whatever the split.

    Notes
    -----
    ΔC = − V_cut D BEF (1 + R) CF, by its parts. Branches, roots and what of the stems is not recorded as product are
    taken for oxidised in the year. Source: IPCC 2006, Volume 4, equation 2.12 (mark B).
    """
    felled_ha = cut_ha * taken_frac
    entries = []
    if stem_tc_ha is None:
        entries.append(Entry("living", year, -felled_ha * (above_tc_ha + below_tc_ha)))
    else:
        # A volume line may give less above ground than wood density gives for the stem alone.
        stem = min(stem_tc_ha, above_tc_ha)
        entries += [
            Entry("stem", year, -felled_ha * stem),
            Entry("branches", year, -felled_ha * (above_tc_ha - stem)),
            Entry("roots", year, -felled_ha * below_tc_ha),
        ]
        if product_frac is not None:
            entries.append(Entry("wood_products", year, felled_ha * stem * product_frac))
    return tuple(entries)


def fire(
    burned_ha: float,
    *,
    above_tc_ha: float,
    carbon_frac: float,
    dead_wood_tc_ha: float | None,
    litter_tc_ha: float | None,
    combustion_frac: float,
    ch4_factor: float,
    n2o_factor: float,
    ch4_gwp_ratio: float,
    n2o_gwp_ratio: float,
    dead_matter_ratio: float,
    year: int,
) -> tuple[Entry, ...]:
    """Post a forest fire (火灾): what burned leaves its pool; methane and nitrous oxide stand apart in tCO2e.

    Parameters
    ----------
    burned_ha : float, [ha], >= 0
        Burned area.
    above_tc_ha, dead_wood_tc_ha, litter_tc_ha : float or None, [tC/ha], >= 0
        Pools before the fire; a pool without an estimate (None) posts nothing.
    carbon_frac : float, [-], 0-1
        Carbon in dry mass, with which the burned dry mass follows from the stock.
    combustion_frac : float, [-], 0-1
        Share of the above-ground biomass that burns. Trees that die and stay are a loss of the next survey.
    ch4_factor, n2o_factor : float, [g/kg]
        Emission factors.
    ch4_gwp_ratio, n2o_gwp_ratio : float, [tCO2e/t]
        Warming potentials of one assessment report.
    dead_matter_ratio : float, [tCO2e/tCO2]
        Methane and nitrous oxide of dead wood and litter, per carbon dioxide of their stock.

    Returns
    -------
    entries; the carbon dioxide is the loss of stock itself and no entry of its own.

    Notes
    -----
    Source: CDM AR-TOOL08; IPCC 2006, Volume 4, equation 2.27 (`senhui.measurement.fire`). Dead wood and litter burn
    whole, as AR-TOOL08 assumes.
    """
    burned = np.array([burned_ha])
    gas_t = {
        gas: fire_gas_t(
            burned,
            above_ground_t_ha=above_tc_ha / carbon_frac,
            combustion_frac=combustion_frac,
            emission_factor=factor,
        )
        for gas, factor in (("ch4", ch4_factor), ("n2o", n2o_factor))
    }
    none = np.zeros(1)
    weights = {"ch4_gwp_ratio": ch4_gwp_ratio, "n2o_gwp_ratio": n2o_gwp_ratio}
    ch4_tco2e = float(fire_non_co2_tco2e(gas_t["ch4"], n2o_t=none, **weights)[0])
    n2o_tco2e = float(fire_non_co2_tco2e(none, n2o_t=gas_t["n2o"], **weights)[0])
    entries = [
        Entry("living", year, -burned_ha * above_tc_ha * combustion_frac),
        Entry("ch4", year, emission_tco2e=ch4_tco2e, gas_t=float(gas_t["ch4"][0])),
        Entry("n2o", year, emission_tco2e=n2o_tco2e, gas_t=float(gas_t["n2o"][0])),
    ]
    dead_tc = 0.0
    pools: tuple[tuple[Pool, float | None], ...] = (("dead_wood", dead_wood_tc_ha), ("litter", litter_tc_ha))
    for pool, density_tc_ha in pools:
        if density_tc_ha:
            entries.append(Entry(pool, year, -burned_ha * density_tc_ha))
            dead_tc += burned_ha * density_tc_ha
    if dead_tc:
        dead = fire_dead_organic_matter_tco2e(np.array([dead_tc]), non_co2_ratio=dead_matter_ratio)
        entries.append(Entry("ch4_n2o", year, emission_tco2e=float(dead[0])))
    return tuple(entries)


def pine_wilt(
    struck_ha: float, *, living_tc_ha: float, dead_frac: float, fate: Fate, product_frac: float | None, year: int
) -> tuple[Entry, ...]:
    """Post pine wilt disease (松材线虫病): what died leaves the living pool whole; its fate is recorded.

    Parameters
    ----------
    struck_ha : float, [ha], >= 0
        Area of the diseased trees.
    living_tc_ha : float, [tC/ha], >= 0
        Living carbon before.
    dead_frac : float, [-], 0-1
        Share of the stock that died or was felled against the disease.
    fate
        `oxidised` (burned or chipped on the spot, 疫木除害), `dead_wood` (left), `wood_products` (boards, pulp).
    product_frac : float or None, [-], 0-1
        Share that becomes products; only with that fate.

    Returns
    -------
    entries; the gross transfer out of the living pool does not depend on the fate.

    Notes
    -----
    loss = Σ B CF over the dead trees. Source: Wen et al. 2024 (monitoring of struck stands; facts only).
    """
    died_tc = struck_ha * living_tc_ha * dead_frac
    entries = [Entry("living", year, -died_tc)]
    if fate == "dead_wood":
        entries.append(Entry("dead_wood", year, died_tc))
    elif fate == "wood_products" and product_frac is not None:
        entries.append(Entry("wood_products", year, died_tc * product_frac))
    return tuple(entries)


def conversion(
    converted_ha: float,
    *,
    living_tc_ha: float,
    after_tc_ha: float,
    soil_tc_ha: float | None,
    soil_after_tc_ha: float | None,
    year: int,
) -> tuple[Entry, ...]:
    """Post a change of land use (地类转换、占用征收): biomass at once, soil over twenty years.

    Parameters
    ----------
    converted_ha : float, [ha], >= 0
        Area.
    living_tc_ha, after_tc_ha : float, [tC/ha], >= 0
        Living carbon before, and of the new use directly after.
    soil_tc_ha, soil_after_tc_ha : float or None, [tC/ha], >= 0
        Soil before, and at its new balance; where either is not known, no soil entry is made.

    Returns
    -------
    entries; those of the soil are one per year and add up to the whole difference.

    Notes
    -----
    ΔC_biomass = A (C_after − C_before) at once; soil (SOC_0 − SOC_new) / 20 per year. Source: IPCC 2006, Volume 4,
    equations 2.16 and 2.25 (mark B).
    """
    require_density("after_tc_ha", after_tc_ha)
    if soil_after_tc_ha is not None:
        require_density("soil_after_tc_ha", soil_after_tc_ha)
    entries = [Entry("living", year, converted_ha * (after_tc_ha - living_tc_ha))]
    if soil_tc_ha is not None and soil_after_tc_ha is not None:
        per_yr = converted_ha * (soil_after_tc_ha - soil_tc_ha) / SOIL_SCHEDULE_YR
        entries += [Entry("soil", year + nth, per_yr) for nth in range(SOIL_SCHEDULE_YR)]
    return tuple(entries)


def planting(planted_ha: float, *, planted_tc_ha: float, year: int) -> tuple[Entry, ...]:
    """Post a planting (造林): the carbon of the plants as they are put in. What they grow later is growth.

    Parameters
    ----------
    planted_ha : float, [ha], >= 0
        Area.
    planted_tc_ha : float, [tC/ha], >= 0
        Carbon of the plants; zero for seedlings.

    Notes
    -----
    Source: the definition.
    """
    require_density("after_tc_ha", planted_tc_ha)
    return (Entry("living", year, planted_ha * planted_tc_ha),)
