"""What the releases say of the forest targets, by the rules of `parameters/definitions.yaml`.

Everything here is what the public reads: sums come from `atlas` under its rules of disclosure, so a value is the same
for everybody. A release that leaves out a county is not the city, and says nothing of a target of the city. Cases:
tests/governance/test_observations.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from senhui.access.rules import NOWHERE
from senhui.atlas import change_tables
from senhui.atlas.statistics import WHOLE_CITY, ErrorUnknown, TooFine, error_of, public_statistics
from senhui.governance.assessment import Observation, Trend
from senhui.governance.register import Definition, Rule, definitions
from senhui.inventory import changes, queries
from senhui.inventory.changes import ChangeInfo
from senhui.inventory.queries import ReleaseInfo

WhyNot = Literal["no_release", "not_whole_city", "land_unknown", "withheld", "nothing_measured"]
"""Why a release, or all of them, say nothing of a target."""

_N_DIGITS_OF_COUNTY = 6


@dataclass(frozen=True)
class Unknown:
    """That a release does not tell a value, and why."""

    reason: WhyNot


@dataclass(frozen=True)
class Coverage:
    """Forest coverage (森林覆盖率) with its parts, ha: each class that counts, what may count, and all land."""

    counted_ha: dict[str, float]
    not_told_ha: dict[str, float]
    land_ha: float

    @property
    def lower_frac(self) -> float:
        """Share without the land whose class does not tell whether it counts."""
        return sum(self.counted_ha.values()) / self.land_ha

    @property
    def upper_frac(self) -> float:
        """Share with that land."""
        return self.lower_frac + sum(self.not_told_ha.values()) / self.land_ha


def is_whole_city(info: ReleaseInfo) -> bool:
    """Return whether a release has land in every county of the city; of no known county it cannot be said."""
    known = (code for code in queries.unit_names() if code.startswith(WHOLE_CITY))
    counties = {code for code in known if len(code) == _N_DIGITS_OF_COUNTY}
    return bool(counties) and counties == {code[:_N_DIGITS_OF_COUNTY] for code in info.township_codes}


def surveys() -> list[ReleaseInfo]:
    """Return the newest release of the whole city of each year, the first year first."""
    by_year: dict[int, ReleaseInfo] = {}
    for info in sorted(queries.releases(), key=lambda one: one.released_at):
        if is_whole_city(info):
            by_year[info.reference_year] = info
    return [by_year[year] for year in sorted(by_year)]


def observed(rule: Rule, info: ReleaseInfo) -> Observation | Unknown:
    """Return what a release of the whole city says of the target that is computed by `rule`."""
    if rule == "forest_coverage":
        found = coverage(info.id)
        if isinstance(found, Unknown):
            return found
        lower, upper = found.lower_frac, found.upper_frac
        range_of: Literal["not_told_classes", "unknown"] = "not_told_classes" if upper > lower else "unknown"
        return Observation(info.reference_year, info.id, lower, lower, upper, range_of)
    if rule == "forest_volume":
        volume_m3 = _area_and_volume(info.id, definitions()[rule])
        if isinstance(volume_m3, Unknown):
            return volume_m3
        return Observation(info.reference_year, info.id, volume_m3, volume_m3, volume_m3, "unknown")
    return _vegetation_carbon(info)


def coverage(release_id: str) -> Coverage | Unknown:
    """Return the forest coverage of a release of the whole city.

    The land is that within the city's outline; the layer itself is no measure of it, for it may leave out fields and
    houses. Land of a class that does not tell whether it counts makes two shares of one.
    """
    definition = definitions()["forest_coverage"]
    total = public_statistics(release_id, areas=NOWHERE, within=WHOLE_CITY, by=(), where={})
    if total.is_empty() or total["land_source"].item() != "outline":
        return Unknown("land_unknown")
    area_ha = _by_land_class(release_id, "area_ha")
    wanted = {*definition.counted, *definition.not_told}
    if area_ha is None or any(area_ha.get(name, 0.0) is None for name in wanted):
        return Unknown("withheld")
    return Coverage(
        counted_ha={name: area_ha.get(name) or 0.0 for name in definition.counted},
        not_told_ha={name: area_ha.get(name) or 0.0 for name in definition.not_told},
        land_ha=float(total["land_area_ha"].item()),
    )


def newest_change() -> ChangeInfo | None:
    """Return the newest comparison of two surveys of the whole city that everybody reads, or None."""
    shown = [
        info
        for info in changes.changes()
        if change_tables.is_shown(info.id, areas=NOWHERE) and is_whole_city(info.before) and is_whole_city(info.after)
    ]
    # A later survey first; of the same two surveys, that which was compared last.
    return max(shown, key=lambda info: (info.after.reference_year, info.compared_at), default=None)


def trend(rule: Rule, info: ChangeInfo) -> Trend | None:
    """Return the yearly rate of a comparison for the target that is computed by `rule`; None where it tells none.

    Stock goes on by the removal of the comparison, on the basis of the stock itself. Of volume a comparison tells
    nothing, so there it is the difference of the two totals, with all that only looks like change.
    """
    if rule == "forest_coverage":
        return None
    first, last = observed(rule, info.before), observed(rule, info.after)
    if isinstance(first, Unknown) or isinstance(last, Unknown) or info.period_yr <= 0:
        return None
    rate_per_yr = (last.value - first.value) / info.period_yr
    if rule == "vegetation_carbon":
        summary = change_tables.summary(info.id, areas=NOWHERE, within="", basis=basis_of(info))
        if summary.removal is None:
            return None
        rate_per_yr = summary.removal.change_tc_yr
    return Trend(
        change_id=info.id,
        of="removal" if rule == "vegetation_carbon" else "difference",
        rate_per_yr=rate_per_yr,
        first_year=first.year,
        last_year=last.year,
        first_half_width=first.half_width,
        last_half_width=last.half_width,
    )


def is_calibrated(info: ReleaseInfo) -> bool:
    """Return whether the totals of a release were brought to design-based ones."""
    return bool(info.manifest["measurement"]["calibration"])


def basis_of(info: ChangeInfo) -> change_tables.Basis:
    """Return the basis on which a comparison is read beside the stocks: calibrated where either release is."""
    return "calibrated" if is_calibrated(info.before) or is_calibrated(info.after) else "measured"


def _vegetation_carbon(info: ReleaseInfo) -> Observation | Unknown:
    total = public_statistics(info.id, areas=NOWHERE, within=WHOLE_CITY, by=(), where={})
    # Without calibration every factor is 1, so both columns hold the measured stock.
    value = None if total.is_empty() else total["calibrated_stock_tc"].item()
    if value is None:
        return Unknown("nothing_measured")
    error = error_of(info.id, WHOLE_CITY)
    if isinstance(error, ErrorUnknown):
        return Observation(info.reference_year, info.id, value, value, value, "unknown")
    return Observation(info.reference_year, info.id, value, error.lower_tc, error.upper_tc, "error")


def _area_and_volume(release_id: str, definition: Definition) -> float | Unknown:
    """Return the volume on the classes that count, m³."""
    volume_m3 = _by_land_class(release_id, "volume_m3")
    if volume_m3 is None:
        return Unknown("withheld")
    known = [volume_m3[name] for name in definition.counted if volume_m3.get(name) is not None]
    return sum(value for value in known if value is not None) if known else Unknown("nothing_measured")


def _by_land_class(release_id: str, column: str) -> dict[str, float | None] | None:
    """Return a measure by land class; None in a cell that is withheld, and of a table that is withheld whole."""
    try:
        frame = public_statistics(release_id, areas=NOWHERE, within=WHOLE_CITY, by=("land_class",), where={})
    except TooFine:
        return None
    return dict(frame.select("land_class", column).iter_rows())
