"""A printed table adds up to its last digit, in every column and along every line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from senhui.measurement.closing import DoesNotClose, require_closing, round_closing


def test_the_largest_remainder_gets_the_missing_step() -> None:
    # 10.40 + 0.45 + 0.35 = 11.20; each by itself would print 10 + 0 + 0 = 11.
    assert round_closing(np.array([[10.40], [0.45], [0.35], [11.20]]), step_tc=1.0)[:, 0].tolist() == [10, 1, 0, 11]


def test_a_table_that_lacks_a_movement_is_refused_and_not_rounded_away() -> None:
    with pytest.raises(DoesNotClose) as refusal:
        round_closing(np.array([[10.0, 5.0], [1.0, 1.0], [11.0, 7.0]]), step_tc=1.0)
    assert (refusal.value.column, refusal.value.gap_tc) == (1, -1.0)


def test_whole_numbers_stay_as_they_are() -> None:
    table = np.array([[10.0, 20.0], [1.0, -2.0], [11.0, 18.0]])
    np.testing.assert_array_equal(round_closing(table, step_tc=1.0)[:, :2], table)


@given(
    moved=hnp.arrays(np.float64, st.tuples(st.integers(2, 14), st.integers(1, 12)), elements=st.floats(-1e5, 1e5)),
    step_tc=st.sampled_from([0.01, 1.0, 100.0]),
)
@settings(max_examples=100, deadline=None)
def test_the_rounded_table_closes_both_ways_and_no_number_moves_by_a_step(moved: np.ndarray, step_tc: float) -> None:
    table = np.vstack([np.abs(moved[:1]) + 1e5, moved[1:], np.zeros((1, moved.shape[1]))])
    table[-1] = table[:-1].sum(axis=0)
    steps = np.round(round_closing(table, step_tc=step_tc) / step_tc)
    np.testing.assert_array_equal(steps[0] + steps[1:-1].sum(axis=0), steps[-1])
    np.testing.assert_array_equal(steps[:, :-1].sum(axis=1), steps[:, -1])
    assert np.abs(steps[:, :-1] - table / step_tc).max() <= 1.0 + 1e-6
    assert np.abs(steps[:, -1] - table.sum(axis=1) / step_tc).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("stock_tc", [1e300, float("inf"), float("nan")])
def test_a_table_that_swallows_its_movements_is_refused(stock_tc: float) -> None:
    with pytest.raises(DoesNotClose):
        require_closing(np.array([[10.0], [stock_tc], [-stock_tc], [20.0]]), step_tc=0.01)
    require_closing(np.array([[10.0], [10.0], [0.0], [20.0]]), step_tc=0.01)
