"""Draws agree with the analytic error as far as draws can, and the same seed gives the same bytes."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.measurement.stands import BOOK, measured, stands

from senhui.measurement import DesignTotal, calibrate
from senhui.measurement.error_book import ErrorBook, ErrorOverride, error_book
from senhui.measurement.monte_carlo import draw_totals, factor_draws
from senhui.measurement.sensitivity import error_sums
from senhui.measurement.uncertainty import intervals

N_DRAWS = 4000
TOLERANCE = 4.0 / math.sqrt(2 * (N_DRAWS - 1))
"""Four standard errors of a standard deviation that is found from so many normal draws: 4.5 %."""


def layer() -> pl.DataFrame:
    """Three counties of fir, oak, schima and bamboo in different shares, below and above the ramp."""
    rows: list[dict[str, Any]] = []
    for county, shares in (("331102", (6, 1, 2, 1)), ("331121", (1, 5, 1, 3)), ("331181", (2, 2, 6, 0))):
        for group, n in zip(("chinese_fir", "oak", "schima"), shares, strict=False):
            rows += [
                {"county_code": county, "land_class": "tree_forest", "species_group": group, "area_ha": 2.0 + k,
                 "volume_m3_ha": 15.0 + 40.0 * k}
                for k in range(n)
            ]  # fmt: skip
        rows += [{"county_code": county, "land_class": "bamboo_forest", "area_ha": 5.0}] * shares[3]
    return measured(stands(rows)).with_columns(pl.concat_str("county_code", pl.lit("101")).alias("township_code"))


LAYER = layer()
SUMS = error_sums(LAYER, book=BOOK)
PLACES = ("", "331102", "331121", "331181")


def book(*overrides: ErrorOverride) -> ErrorBook:
    return error_book(BOOK.derivations, overrides=overrides)


def philox(seed: int = 7) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


AREA = ErrorOverride("area_single", 0.3, "the case")


class TestAgreement:
    def test_shared_errors(self) -> None:
        # One factor per stand: the total is linear in every factor, and both ways must agree.
        errors = book(ErrorOverride("volume_survey", 0.0, "the case"))
        drawn = draw_totals(SUMS, book=errors, rng=philox(), n_draws=N_DRAWS)
        for place, found in intervals(SUMS, book=errors, within=PLACES).items():
            throws = drawn.summary(place)
            assert throws.standard_error_tc == pytest.approx(found.standard_error_tc, rel=TOLERANCE), place
            assert abs(throws.mean_tc - found.total_tc) < 4.0 * found.standard_error_tc / math.sqrt(N_DRAWS)

    def test_independent_errors(self) -> None:
        none = [ErrorOverride(id, 0.0, "the case") for id in ("volume_survey", "volume_line_model", "bamboo_density")]
        errors = book(*none, AREA)
        drawn = draw_totals(SUMS, book=errors, rng=philox(), n_draws=N_DRAWS)
        for place, found in intervals(SUMS, book=errors, within=PLACES).items():
            assert drawn.summary(place).standard_error_tc == pytest.approx(found.standard_error_tc, rel=TOLERANCE)

    def test_products_of_several_errors_differ_from_the_first_order_by_less_than_the_draws(self) -> None:
        # Two factors of 0.0744 and 0.0765 give 0.0744² 0.0765² more variance: 0.3 % of it.
        errors = book()
        drawn = draw_totals(SUMS, book=errors, rng=philox(), n_draws=N_DRAWS)
        for place, found in intervals(SUMS, book=errors, within=PLACES).items():
            assert drawn.summary(place).standard_error_tc == pytest.approx(
                found.standard_error_tc, rel=TOLERANCE + 0.01
            )

    def test_calibrated_totals(self) -> None:
        totals = [
            DesignTotal(domain, tc, "s", "", "", 0.02, "plots", "D", "city")
            for domain, tc in (("arbor", 9000.0), ("bamboo", 700.0))
        ]
        factors = calibrate(LAYER, design_totals=totals)
        errors = book(AREA)
        found = intervals(SUMS, book=errors, calibration=factors, within=PLACES)
        drawn = draw_totals(SUMS, book=errors, calibration=factors, rng=philox(), n_draws=N_DRAWS)
        assert found[""].standard_error_tc == pytest.approx(0.02 * 9700.0)
        for place in PLACES:
            # The ratio M(U) / M is not linear; its second order is of the size u² = 0.0744².
            expected = pytest.approx(found[place].standard_error_tc, rel=TOLERANCE + 0.0744**2 * 4)
            assert drawn.summary(place).standard_error_tc == expected, place

    def test_draws_of_counties_add_up_to_the_draws_of_the_city(self) -> None:
        errors = book(ErrorOverride("volume_survey", 0.0, "the case"))
        drawn = draw_totals(SUMS, book=errors, rng=philox(), n_draws=N_DRAWS)
        assert np.allclose(sum(drawn.of(place) for place in PLACES[1:]), drawn.of(""))
        # ... and are correlated, for they share the factors of the species: both hold fir and oak.
        found = intervals(SUMS, book=errors, within=["331102", "331121"])
        assert np.corrcoef(drawn.of("331102"), drawn.of("331121"))[0, 1] > 0.2
        together = (drawn.of("331102") + drawn.of("331121")).std()
        assert together > 1.1 * math.hypot(*(item.standard_error_tc for item in found.values()))


class TestSeed:
    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        first, second = (
            draw_totals(
                SUMS.sample(fraction=1.0, shuffle=True, seed=shuffle), book=book(AREA), rng=philox(), n_draws=50
            )
            for shuffle in (1, 2)
        )
        assert first.totals_tc.tobytes() == second.totals_tc.tobytes()

    def test_another_seed_gives_other_draws(self) -> None:
        first, second = (draw_totals(SUMS, book=book(), rng=philox(seed), n_draws=50) for seed in (1, 2))
        assert not np.array_equal(first.totals_tc, second.totals_tc)


@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_a_factor_has_mean_one_and_the_error_as_its_deviation(distribution: str) -> None:
    n = 200_000
    draws = factor_draws(0.2578, distribution=distribution, rng=philox(), n_draws=n)
    assert draws.mean() == pytest.approx(1.0, abs=4 * 0.2578 / math.sqrt(n))
    assert draws.std() == pytest.approx(0.2578, rel=0.02)
    assert (draws.min() > 0.0) == (distribution == "lognormal")
