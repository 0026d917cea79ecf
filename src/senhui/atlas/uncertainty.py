"""The error of a release place by place: analytic, and thrown with a stated seed. Nothing here is stored.

The sums lie in the release, the sources in the edition of `error_sources` that the release was measured with. The
arithmetic is `senhui.measurement.uncertainty` and `monte_carlo`. Cases: `tests/web/test_release_error.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from senhui.inventory import queries
from senhui.measurement import CalibrationFactors, Derivation, calibration_from_dict
from senhui.measurement.error_book import ErrorBook, ErrorOverride, error_book
from senhui.measurement.ground import GROUND_POOLS
from senhui.measurement.monte_carlo import SEED, DrawnInterval, DrawnTotals, draw_totals
from senhui.measurement.stand_error import stand_errors
from senhui.measurement.uncertainty import VEGETATION, Interval, intervals

N_DRAWS = 10_000
COUNTY_DIGITS, TOWNSHIP_DIGITS = 6, 9


def errors_of(
    release_id: str, places: Sequence[str], *, is_calibrated: bool, pools: Sequence[str] = VEGETATION
) -> dict[str, Interval] | None:
    """Return the 95 % interval of each place; None of a release made before sums of error were kept.

    Parameters
    ----------
    places : codes of city, counties or townships; an empty one is everything.
    is_calibrated : of the calibrated totals; of a release without calibration both are the same.
    """
    sums = queries.error_sums(release_id)
    if sums is None:
        return None
    factors = factors_of(release_id) if is_calibrated else None
    return intervals(sums, book=book_of(release_id), calibration=factors, within=places, pools=pools)


def ground_errors_of(release_id: str, within: str) -> dict[str, Interval]:
    """Return the interval of each pool of the ground that the release measured there; they are not calibrated."""
    sums = queries.error_sums(release_id)
    if sums is None:
        return {}
    here = sums.filter(pl.col("township_code").str.starts_with(within))
    measured = set(here.filter(pl.col("sum_tc") > 0.0)["pool"])
    book = book_of(release_id)
    return {
        pool: intervals(sums, book=book, within=[within], pools=[pool])[within]
        for pool in GROUND_POOLS
        if pool in measured
    }


def stand_errors_of(release_id: str) -> pl.DataFrame:
    """Return half of the 95 % interval of a single stand by township and derivation, as a fraction of its stock.

    No row of a release made before sums of error were kept; see `senhui.measurement.stand_error.stand_errors`.
    """
    sums = queries.error_sums(release_id)
    if sums is None:
        schema = {"township_code": pl.String, "derivation_id": pl.Int32, "error_frac": pl.Float64}
        return pl.DataFrame(schema=schema)
    return stand_errors(sums, book=book_of(release_id))


def draws_of(release_id: str, places: Sequence[str], *, is_calibrated: bool) -> dict[str, DrawnInterval]:
    """Return what `N_DRAWS` draws with the seed `SEED` say of each place; nothing of a release without sums.

    Counties are thrown as counties; for townships every township is thrown, again with that seed.
    """
    path = queries.release_path(release_id).parent / "error_sums.parquet"
    if not path.exists():
        return {}
    n_digits = TOWNSHIP_DIGITS if any(len(place) > COUNTY_DIGITS for place in places) else COUNTY_DIGITS
    drawn = _drawn(path, release_id, is_calibrated, n_digits)
    return {place: drawn.summary(place) for place in places}


def book_of(release_id: str) -> ErrorBook:
    """Return the sources of error of a release: edition and declared sizes as they were when it was measured."""
    return _book_of(queries.release_path(release_id), release_id)


@lru_cache(maxsize=8)
def _book_of(path: Path, release_id: str) -> ErrorBook:
    del path  # part of the key: releases of two homes may bear one name
    measurement = queries.release(release_id).manifest["measurement"]
    edition = measurement["parameter_editions"].get("error_sources")
    derivations = (Derivation.from_dict(row) for row in queries.derivations(release_id).values())
    declared = [ErrorOverride(**kept) for kept in measurement.get("declared_errors", [])]
    return error_book(derivations, edition=edition, overrides=declared)


@lru_cache(maxsize=8)
def _drawn(path: Path, release_id: str, is_calibrated: bool, n_digits: int) -> DrawnTotals:
    return draw_totals(
        pl.read_parquet(path),
        book=book_of(release_id),
        rng=np.random.Generator(np.random.Philox(SEED)),
        n_draws=N_DRAWS,
        n_digits=n_digits,
        calibration=factors_of(release_id) if is_calibrated else None,
    )


def factors_of(release_id: str) -> CalibrationFactors | None:
    """Return the factors that a release was calibrated with; None of one without calibration."""
    stored = queries.release(release_id).manifest["measurement"]["calibration"]
    return calibration_from_dict(stored) if stored else None
