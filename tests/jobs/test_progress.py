"""What a job says while it runs: at a measured pace, a new stage at once, and nothing once cancelled."""

from __future__ import annotations

import io
import json

import pytest

from senhui.jobs.progress import JobCancelled, Progress, encode


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[dict]:
    return []


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(said, log, clock) -> Progress:
    return Progress(send=said.append, log=log, monotonic_s=clock, stamp=lambda: "12:00")


def test_reports_of_one_stage_go_out_at_most_four_times_a_second(progress, said, clock):
    for n in range(1000):
        clock.now_s = 100.0 + n / 1000  # a thousand reports in one second
        progress(n / 1000, "Measuring")
    assert [round(report["fraction"], 2) for report in said] == [0.0, 0.25, 0.5, 0.75]


def test_a_new_stage_goes_out_at_once_and_into_the_log(progress, said, log):
    progress(0.1, "Reading")
    progress(0.2, "Reading")
    progress(0.2, "Writing")
    assert [report["note"] for report in said] == ["Reading", "Writing"]
    assert log.getvalue().splitlines() == ["12:00 Reading", "12:00 Writing"]


def test_a_cancelled_job_is_stopped_at_once_and_at_every_later_report(progress, said):
    with pytest.raises(JobCancelled):
        progress.cancel()
    for _ in range(2):
        with pytest.raises(JobCancelled):
            progress(0.5, "Going on")
    assert said == []


def test_a_cancellation_is_no_exception_that_a_collector_of_errors_would_swallow():
    assert not issubclass(JobCancelled, Exception)


@pytest.mark.parametrize("fraction", [-0.01, 1.01, float("nan")])
def test_what_is_no_fraction_is_a_programmers_mistake(progress, fraction):
    with pytest.raises(AssertionError, match="fraction"):
        progress(fraction, "Measuring")


def test_a_message_is_one_line_even_with_a_name_in_a_broken_encoding():
    line = encode({"note": "读\n龙泉\udcc1.shp"})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"note": "读\n龙泉?.shp"}
