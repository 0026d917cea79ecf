"""What can be said of a job without a database: its states and the time it still needs. Pure.

Cases: tests/jobs/test_rules.py.
"""

from __future__ import annotations

import datetime as dt

STATES = ["queued", "running", "succeeded", "failed", "cancelled"]
ENDED = frozenset({"succeeded", "failed", "cancelled"})

# An estimate from the first instants is noise: nothing is said before this much is done, in time and in work.
MIN_ELAPSED_S = 1.0
MIN_FRACTION = 0.01


def estimate_s_left(
    *, fraction: float, started_at: dt.datetime, progress_at: dt.datetime, now: dt.datetime
) -> float | None:
    """Estimate the seconds a running job still needs, or None when too little is known.

    The work is taken to go on at its mean pace so far: after `elapsed` seconds a fraction f is done, so
    ``elapsed · (1 − f) / f`` remained at that instant, less the time that passed since.

    Parameters
    ----------
    fraction : share of the work done when last reported, 0–1.
    started_at : instant at which the job started.
    progress_at : instant of the last report.
    now : instant of the question.

    Examples
    --------
    >>> start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> estimate_s_left(fraction=0.25, started_at=start, progress_at=start + dt.timedelta(seconds=10),
    ...                 now=start + dt.timedelta(seconds=12))
    28.0
    """
    elapsed_s = (progress_at - started_at).total_seconds()
    if elapsed_s < MIN_ELAPSED_S or fraction < MIN_FRACTION:
        return None
    left_s = elapsed_s * (1.0 - fraction) / fraction
    return max(0.0, left_s - (now - progress_at).total_seconds())
