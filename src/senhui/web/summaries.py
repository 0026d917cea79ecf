"""What the panel and the statistics page ask of `atlas.statistics`, named and sorted. No sums of its own."""

from __future__ import annotations

from typing import Any

import polars as pl

from senhui.access.rules import AreaSet
from senhui.atlas.cube import POOLS, VEGETATION
from senhui.atlas.exports import provenance
from senhui.atlas.statistics import ErrorUnknown, error_of, public_statistics, statistics
from senhui.inventory import queries
from senhui.measurement.uncertainty import Interval
from senhui.web import names

DIMENSIONS = ("species_group", "land_class", "origin", "age_group", "county", "township")
"""What the statistics page can group by, the default first."""


def is_calibrated(release: queries.ReleaseInfo) -> bool:
    """Return whether the totals of a release were calibrated to design-based ones."""
    return provenance.is_calibrated(release)


def coverage(release: queries.ReleaseInfo) -> tuple[int, int]:
    """Return how many townships a release covers, and how many there are; without a list of units, 0."""
    n_digits = names.LENGTH_OF_LEVEL["township"]
    return len(release.township_codes), sum(len(code) == n_digits for code in queries.unit_names())


def total(release_id: str, *, within: str) -> dict[str, Any] | None:
    """Return the one row of totals of an area, or None where the release has no stand there."""
    frame = statistics(release_id, within=within, by=(), where={})
    return frame.row(0, named=True) if frame.height else None


def pools(total: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what each pool of a place holds; a pool that the release did not measure says so and is no zero."""
    return [
        {
            "name": names.POOLS[pool],
            "stock_tc": total[f"{pool}_tc"],
            "without_estimate_ha": total[f"{pool}_without_estimate_ha"],
            "is_vegetation": pool in VEGETATION,
            "is_measured": total[f"{pool}_without_estimate_ha"] is not None,
        }
        for pool in POOLS
    ]


def error(release: queries.ReleaseInfo, *, within: str, measure: str) -> dict[str, Any]:
    """Return half of the 95 % interval of a stock and what it consists of, or the reason why it is not known."""
    return error_as_shown(error_of(release.id, within or None, is_calibrated=measure == "calibrated_stock_tc"))


def error_as_shown(found: Interval | ErrorUnknown) -> dict[str, Any]:
    """Return an interval, or why there is none, as the panel's fragment shows it."""
    if isinstance(found, ErrorUnknown):
        return {"reason": names.ERROR_UNKNOWN[found.reason]}
    return {
        "half_width_tc": found.half_width_tc,
        "relative_frac": found.relative_half_width_frac,
        "contributions": found.contributions,
        "not_set": found.not_set,
    }


def composition(release_id: str, *, areas: AreaSet, within: str, measure: str) -> list[dict[str, Any]]:
    """Return stock by species group, the largest first; see `public_statistics` for what is withheld or refused."""
    return grouped(release_id, areas=areas, within=within, by="species_group", sort=measure)


def parts(release_id: str, *, areas: AreaSet, within: str, level: str, measure: str) -> list[dict[str, Any]]:
    """Return the totals of the units one level below, the largest first; of a township, none."""
    below = names.LEVEL_BELOW.get(level)
    return grouped(release_id, areas=areas, within=within, by=below, sort=measure) if below else []


def grouped(release_id: str, *, areas: AreaSet, within: str | None, by: str, sort: str) -> list[dict[str, Any]]:
    """Return the totals of each value of one dimension, with its code as `code` and its name as `name`."""
    frame = public_statistics(release_id, areas=areas, within=within, by=(by,), where={})
    return named_rows(frame.sort(sort, descending=True, nulls_last=True), by)


def named_rows(frame: pl.DataFrame, by: str) -> list[dict[str, Any]]:
    """Return rows with the code and the name of their value of dimension `by`."""
    return [{**row, "code": row[by], "name": names.word(by, row[by])} for row in frame.iter_rows(named=True)]
