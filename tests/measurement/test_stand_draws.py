"""Draws per stand: right where theory knows it, bent where the method is, the same for any number of threads."""

import math

import numba
import numpy as np
import numpy.typing as npt
import pytest

from senhui.measurement.stand_draws import (
    BLOCK_STANDS,
    SharedErrors,
    TreeStands,
    VolumeStands,
    draw_tree_totals,
    draw_volume_totals,
)
from senhui.measurement.tree import biomass_on_volume_ramp_t_ha

N_DRAWS = 2000
TOLERANCE = 4.0 / math.sqrt(2 * (N_DRAWS - 1))
FIR = {"slope_t_m3": 0.4652, "intercept_t_ha": 19.141, "carbon_frac": 0.520}
RAMP_END = 20.0


def philox(seed: int = 3) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def fir(volume_m3_ha: npt.NDArray[np.float64], *, n_places: int = 1) -> VolumeStands:
    n = len(volume_m3_ha)
    return VolumeStands(
        volume_m3_ha=volume_m3_ha,
        area_ha=np.full(n, 2.0),
        **{name: np.full(n, number) for name, number in FIR.items()},
        place=np.arange(n) % n_places,
    )


def same(n: int, *, n_draws: int = N_DRAWS) -> SharedErrors:
    """No error that is shared."""
    return SharedErrors(np.ones((1, n_draws)), np.zeros(n, dtype=np.int64))


def totals_of(
    stands: VolumeStands, *, error_frac: float, survey: SharedErrors | None = None, seed: int = 3
) -> npt.NDArray[np.float64]:
    n = len(stands.area_ha)
    return draw_volume_totals(
        stands,
        ramp_end_m3_ha=RAMP_END,
        model=same(n),
        survey=survey or same(n),
        volume_error_frac=error_frac,
        rng=philox(seed),
        n_draws=N_DRAWS,
    )


class TestVolume:
    def test_without_error_every_draw_is_the_total(self) -> None:
        stands = fir(np.linspace(0.0, 300.0, 2 * BLOCK_STANDS + 7), n_places=3)
        drawn = totals_of(stands, error_frac=0.0)
        biomass = biomass_on_volume_ramp_t_ha(
            stands.volume_m3_ha, slope_t_m3=0.4652, intercept_t_ha=19.141, ramp_end_m3_ha=RAMP_END
        )
        for place in range(3):
            expected = (biomass * 2.0 * 0.520)[stands.place == place].sum()
            assert np.allclose(drawn[place], expected, rtol=1e-12)

    def test_above_the_ramp_the_error_is_that_of_the_first_order(self) -> None:
        # dC/d(ln V) = A CF a V; n equal stands: u A CF a V sqrt(n) = 0.1 x 2 x 0.52 x 0.4652 x 200 x sqrt(400)
        drawn = totals_of(fir(np.full(400, 200.0)), error_frac=0.1)[0]
        assert drawn.std(ddof=1) == pytest.approx(0.1 * 2 * 0.52 * 0.4652 * 200 * 20, rel=TOLERANCE)

    def test_a_shared_error_of_the_survey_does_not_shrink(self) -> None:
        n = 900
        factors = 1.0 + 0.05 * philox(9).standard_normal((1, N_DRAWS))
        drawn = totals_of(fir(np.full(n, 200.0)), error_frac=0.0, survey=SharedErrors(factors, np.zeros(n, np.int64)))[
            0
        ]
        assert drawn.std(ddof=1) == pytest.approx(0.05 * n * 2 * 0.52 * 0.4652 * 200, rel=TOLERANCE)

    def test_at_the_ramp_the_mean_of_the_draws_lies_below_the_carbon_of_the_mean(self) -> None:
        # b min(V / V0, 1) is concave; with V = V0 (1 + u z), E[min(1 + u z, 1)] = 1 - u / sqrt(2 pi).
        n, error = 2000, 0.3
        drawn = totals_of(fir(np.full(n, RAMP_END)), error_frac=error)[0]
        per_stand = 2.0 * 0.52 * (0.4652 * RAMP_END + 19.141 * (1.0 - error / math.sqrt(2 * math.pi)))
        assert drawn.mean() == pytest.approx(n * per_stand, rel=1e-3)
        assert drawn.mean() < n * 2.0 * 0.52 * (0.4652 * RAMP_END + 19.141) * 0.95

    def test_a_volume_is_never_thrown_below_zero(self) -> None:
        assert totals_of(fir(np.full(1, 50.0)), error_frac=2.0).min() == 0.0


class TestTrees:
    stands = TreeStands(
        dbh_cm=np.full(500, 20.0), height_m=np.full(500, 15.0), n_trees=np.full(500, 1000.0), a=np.full(500, 0.065388),
        b=np.full(500, 2.01735), c=np.full(500, 0.49425), carbon_frac=np.full(500, 0.5), place=np.zeros(500, np.int64),
    )  # fmt: skip

    def draws(self, *, dbh_error_frac: float, height_error_frac: float) -> npt.NDArray[np.float64]:
        return draw_tree_totals(
            self.stands,
            model=same(500),
            dbh_error_frac=dbh_error_frac,
            height_error_frac=height_error_frac,
            rng=philox(),
            n_draws=N_DRAWS,
        )[0]

    def test_without_error_every_draw_is_the_total(self) -> None:
        # LY/T 2264 at 20 cm, 15 m: 0.065388 x 20^2.01735 x 15^0.49425 = 105.05 kg
        tree_kg = 0.065388 * 20**2.01735 * 15**0.49425
        assert tree_kg == pytest.approx(105.05, abs=0.01)
        assert np.allclose(self.draws(dbh_error_frac=0.0, height_error_frac=0.0), 500 * 1000 * 0.5 * tree_kg / 1000)

    def test_errors_of_diameter_and_height_follow_the_lognormal_law(self) -> None:
        # s² = (2.01735 x 0.1)² + (0.49425 x 0.2)²; mean exp(s² / 2), relative deviation sqrt((exp(s²) - 1) / n)
        drawn = self.draws(dbh_error_frac=0.1, height_error_frac=0.2)
        s2 = (2.01735 * 0.1) ** 2 + (0.49425 * 0.2) ** 2
        median = 500 * 1000 * 0.5 * 0.065388 * 20**2.01735 * 15**0.49425 / 1000
        mean = median * math.exp(s2 / 2)
        deviation = mean * math.sqrt(math.expm1(s2) / 500)
        assert drawn.std(ddof=1) == pytest.approx(deviation, rel=TOLERANCE)
        assert drawn.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(N_DRAWS))
        assert mean > median * 1.02


class TestThreads:
    def test_the_number_of_threads_changes_no_byte(self) -> None:
        stands = fir(np.linspace(0.0, 300.0, BLOCK_STANDS + 100), n_places=4)
        before = numba.get_num_threads()
        found = set()
        try:
            for n_threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
                numba.set_num_threads(n_threads)
                found.add(totals_of(stands, error_frac=0.2).tobytes())
        finally:
            numba.set_num_threads(before)
        assert len(found) == 1

    def test_another_seed_gives_other_draws(self) -> None:
        stands = fir(np.full(10, 100.0))
        assert not np.array_equal(totals_of(stands, error_frac=0.2), totals_of(stands, error_frac=0.2, seed=4))
