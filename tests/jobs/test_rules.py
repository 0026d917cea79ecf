"""The estimate of the time left."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.jobs.rules import estimate_s_left

START = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)


def left(fraction: float, *, elapsed_s: float, since_s: float = 0.0) -> float | None:
    reported_at = START + dt.timedelta(seconds=elapsed_s)
    now = reported_at + dt.timedelta(seconds=since_s)
    return estimate_s_left(fraction=fraction, started_at=START, progress_at=reported_at, now=now)


def test_the_rest_takes_as_long_as_the_pace_so_far_says():
    assert left(0.25, elapsed_s=10) == pytest.approx(30.0)  # 10 s for a quarter, so 30 s for three quarters
    assert left(0.25, elapsed_s=10, since_s=4) == pytest.approx(26.0)


def test_an_overdue_job_has_nothing_left_rather_than_less():
    assert left(0.5, elapsed_s=10, since_s=60) == 0.0


@pytest.mark.parametrize(("fraction", "elapsed_s"), [(0.0, 60), (0.009, 60), (0.5, 0.9)])
def test_too_little_is_known_at_first(fraction, elapsed_s):
    assert left(fraction, elapsed_s=elapsed_s) is None


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_more_done_in_the_same_time_never_lengthens_the_rest(one, other):
    less, more = sorted([one, other])
    assert left(more, elapsed_s=100) <= left(less, elapsed_s=100)
