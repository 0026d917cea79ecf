"""Errors drawn at random (蒙特卡洛): the sources of the analytic way, thrown a thousand times, from sums of stands.

Nothing is thrown per stand. A method that is linear in a factor multiplies the sum of all stands that share the
factor, and errors that stands have each for itself add up to one normal error of the sum, for a sum of independent
normal numbers is normal. So a draw of the sums has the distribution that a draw of the stands would have, and half a
million stands cost no more than their few hundred sums. What is not linear is drawn per stand in `stand_draws.py`.
Cases: `tests/measurement/test_monte_carlo.py`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from senhui.measurement.calibration import CalibrationFactors
from senhui.measurement.error_book import ErrorBook
from senhui.measurement.sensitivity import sum_columns
from senhui.measurement.uncertainty import COUNTY_DIGITS, INDEPENDENT, VEGETATION

Draws = npt.NDArray[np.float64]
SEED = 20261122
"""Seed of the draws that pages show; any other does as well."""


@dataclass(frozen=True, slots=True)
class DrawnTotals:
    """Totals of places, each thrown `n_draws` times with common errors: rows of `totals_tc` follow `places`."""

    places: tuple[str, ...]
    totals_tc: Draws

    def of(self, within: str) -> Draws:
        """Return the draws of a place: of all places whose code begins so, added up draw by draw. (n_draws,) [tC]."""
        rows = [row for row, place in enumerate(self.places) if place.startswith(within)]
        return np.asarray(self.totals_tc[rows].sum(axis=0), dtype=np.float64)

    def summary(self, within: str, *, confidence_frac: float = 0.95) -> "DrawnInterval":
        """Return mean, standard deviation and quantiles of a place."""
        return summarise(self.of(within), confidence_frac=confidence_frac)


@dataclass(frozen=True, slots=True)
class DrawnInterval:
    """What draws say of a total. `error_of_standard_error_frac` is how far the draws themselves may be off."""

    n_draws: int
    mean_tc: float
    standard_error_tc: float
    lower_tc: float
    upper_tc: float
    error_of_standard_error_frac: float


def summarise(draws: Draws, *, confidence_frac: float) -> DrawnInterval:
    """Return mean, standard deviation and the quantiles that leave out equal tails.

    Notes
    -----
    The standard deviation of n normal draws errs by 1 / sqrt(2 (n - 1)) of itself. Source: JCGM 101:2008, Supplement
    1 to the Guide to the expression of uncertainty in measurement, 7.6 and 7.7.
    """
    assert draws.size >= 2
    tail = (1.0 - confidence_frac) / 2.0
    lower, upper = np.quantile(draws, [tail, 1.0 - tail])
    return DrawnInterval(
        n_draws=draws.size,
        mean_tc=float(draws.mean()),
        standard_error_tc=float(draws.std(ddof=1)),
        lower_tc=float(lower),
        upper_tc=float(upper),
        error_of_standard_error_frac=1.0 / math.sqrt(2.0 * (draws.size - 1)),
    )


def factor_draws(error_frac: float, *, distribution: str, rng: np.random.Generator, n_draws: int) -> Draws:
    """Draw a factor of mean 1 and standard deviation `error_frac`.

    Parameters
    ----------
    error_frac : float, [-], >= 0
    distribution : `normal`, or `lognormal` for errors found as the ratio of two methods; it is never negative.

    Returns
    -------
    (n_draws,) float, [-]

    Notes
    -----
    Lognormal: exp(s z - s² / 2) with s² = ln(1 + u²). Source: JCGM 101:2008, 6.4.
    """
    assert distribution in ("normal", "lognormal")
    z = rng.standard_normal(n_draws)
    if distribution == "normal":
        return 1.0 + error_frac * z
    spread2 = math.log1p(error_frac**2)
    return np.asarray(np.exp(math.sqrt(spread2) * z - spread2 / 2.0))


def draw_totals(
    error_sums: pl.DataFrame,
    *,
    book: ErrorBook,
    rng: np.random.Generator,
    n_draws: int,
    n_digits: int = COUNTY_DIGITS,
    calibration: CalibrationFactors | None = None,
    pools: Sequence[str] = VEGETATION,
) -> DrawnTotals:
    """Throw the totals of all counties (or townships) together.

    Each group of stands that share a source gets one factor per draw, the same in every place; a sum is multiplied by
    all factors that touch it. A calibrated domain is brought to its design total, with that total's own error, in
    every single draw.

    Parameters
    ----------
    error_sums, book, calibration, pools
        As in `uncertainty.intervals`.
    rng
        A generator of the caller, e.g. ``np.random.Generator(np.random.Philox(SEED))``: equal state, equal bytes.
    n_draws
    n_digits
        Digits of the township code that make a place: 6 counties, 9 townships.

    Returns
    -------
    DrawnTotals
        The total of any set of places is the sum of its rows: errors that they share are shared in every draw.
    """
    sums = error_sums.filter(pl.col("pool").is_in(list(pools)))
    cells = _cells(sums, n_digits)
    touching = _touching(cells, book)
    factors = _shared_factors(touching, rng=rng, n_draws=n_draws)
    places = tuple(cells["place"].unique().sort())
    domains = tuple(cells["domain"].unique().sort())
    totals = np.zeros((len(places), len(domains), n_draws))
    for cell, effects in _with_effects(cells, touching):
        sums_tc = np.full(n_draws, cell["sum_tc"])
        alone_tc2 = 0.0
        for effect in effects:
            slope, square = sum_columns(effect["basis"])
            if effect["shared_by"] == INDEPENDENT:
                alone_tc2 += (effect["error_frac"] * effect["elasticity"]) ** 2 * cell[square]
            elif cell["sum_tc"]:
                moved = effect["elasticity"] * cell[slope] / cell["sum_tc"]
                sums_tc *= 1.0 + moved * (factors[effect["source"], effect["group"]] - 1.0)
        if alone_tc2 > 0.0:
            # Relative to the sum, so that a stand's own error is multiplied by the shared ones as its stock is.
            sums_tc *= 1.0 + math.sqrt(alone_tc2) / cell["sum_tc"] * rng.standard_normal(n_draws)
        totals[places.index(cell["place"]), domains.index(cell["domain"])] += sums_tc
    if calibration is not None and set(pools) <= set(VEGETATION):
        _calibrate(totals, domains, calibration, sums, rng=rng)
    return DrawnTotals(places, totals.sum(axis=1))


def _cells(sums: pl.DataFrame, n_digits: int) -> pl.DataFrame:
    """Add the townships of a place up; a county keeps its surveys apart whatever the places are."""
    keys = ["place", "county", "domain", "pool", "derivation_id"]
    measures = [name for name in sums.columns if name.endswith(("_tc", "_tc2"))]
    return (
        sums.sort("township_code", "domain", "pool", "derivation_id")
        .with_columns(
            pl.col("township_code").str.head(n_digits).alias("place"),
            pl.col("township_code").str.head(COUNTY_DIGITS).alias("county"),
            pl.col("domain").fill_null(""),
        )
        .group_by(keys, maintain_order=True)
        .agg(pl.col(measures).sum())
        .sort(keys)
    )


def _touching(cells: pl.DataFrame, book: ErrorBook) -> pl.DataFrame:
    """Return the effects that occur, with the counties that share a survey told apart."""
    keys = cells.select("derivation_id", "pool", "county").unique()
    group = pl.when(pl.col("shared_by") == "county").then(pl.col("county")).otherwise(pl.col("group"))
    return (
        keys.join(book.effects, on=["derivation_id", "pool"], how="inner")
        .with_columns(group.alias("group"))
        .sort("derivation_id", "pool", "county", "source", "group", "basis")
    )


def _shared_factors(touching: pl.DataFrame, *, rng: np.random.Generator, n_draws: int) -> dict[tuple[str, str], Draws]:
    """Draw one factor per source and group, in the order of their names."""
    shared = touching.filter(pl.col("shared_by") != INDEPENDENT)
    kinds = shared.select("source", "group", "error_frac", "distribution").unique().sort("source", "group")
    return {
        (source, group): factor_draws(error_frac, distribution=distribution, rng=rng, n_draws=n_draws)
        for source, group, error_frac, distribution in kinds.iter_rows()
    }


def _with_effects(cells: pl.DataFrame, touching: pl.DataFrame) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield each cell with the effects that touch it, in a stated order."""
    by_key: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for effect in touching.iter_rows(named=True):
        by_key.setdefault((effect["derivation_id"], effect["pool"], effect["county"]), []).append(effect)
    for cell in cells.iter_rows(named=True):
        yield cell, by_key.get((cell["derivation_id"], cell["pool"], cell["county"]), [])


def _calibrate(
    totals: Draws,
    domains: tuple[str, ...],
    calibration: CalibrationFactors,
    sums: pl.DataFrame,
    *,
    rng: np.random.Generator,
) -> None:
    """Bring every draw of a domain to that draw of its design total, in place."""
    n_draws = totals.shape[2]
    entries = {entry.domain: entry for entry in calibration.factors}
    measured_tc = dict(sums.group_by("domain").agg(pl.col("sum_tc").sum()).iter_rows())
    surveys: dict[str, Draws] = {}
    for entry in sorted(calibration.factors, key=lambda item: (item.error_group, item.domain)):
        if entry.error_group not in surveys:
            surveys[entry.error_group] = np.asarray(rng.standard_normal(n_draws))
    for column, domain in enumerate(domains):
        if domain in entries:
            found = entries[domain]
            error = (found.standard_error_frac or 0.0) * surveys[found.error_group]
            design_tc = found.factor * measured_tc[domain]
            totals[:, column] *= design_tc * (1.0 + error) / totals[:, column].sum(axis=0)
