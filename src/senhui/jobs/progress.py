"""What a running job holds in its hand: say how far it is, write to its log, hear that it was cancelled.

The job's process never writes its own row. It sends lines of JSON through a channel to the worker, which writes them
in autocommit: so a rollback of the job's transaction takes no progress with it, and a job that holds the only
write lock of SQLite does not wait for itself. Cases: tests/jobs/test_progress.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TextIO

# The page asks about once a second; more reports than this only cost.
MIN_S_BETWEEN_REPORTS = 0.25


class JobCancelled(BaseException):
    """Somebody cancelled this job, or its worker is stopping.

    Like KeyboardInterrupt no Exception, so that code which collects errors as values and goes on does not collect
    this one. Transactions roll back and `finally` runs; within the worker's grace the process must end.
    """


class Progress:
    """Callable given to the function of a job: ``progress(0.4, "Measuring")``.

    Parameters
    ----------
    send : takes one message to the worker.
    log : the job's log file, open for writing.
    monotonic_s : clock for the pace of the reports [s].
    stamp : text of the present instant, put before each line of the log.
    """

    def __init__(
        self,
        *,
        send: Callable[[dict[str, Any]], None],
        log: TextIO,
        monotonic_s: Callable[[], float],
        stamp: Callable[[], str],
    ) -> None:
        self._send = send
        self._log = log
        self._monotonic_s = monotonic_s
        self._stamp = stamp
        self._next_report_s = float("-inf")
        self._note = ""
        self._is_cancelled = False
        self.fraction = 0.0

    def __call__(self, fraction: float, note: str = "") -> None:
        """Report the fraction done (0–1) and the stage of the work; cheap enough for an inner loop.

        A new note goes out at once and into the log: it names a stage, not a row.

        Raises
        ------
        JobCancelled
            Let it pass.
        """
        assert 0.0 <= fraction <= 1.0, f"fraction {fraction} is not within 0–1"
        if self._is_cancelled:
            raise JobCancelled
        self.fraction = fraction
        now_s = self._monotonic_s()
        is_new_stage = note != self._note
        if is_new_stage:
            self._note = note
            self.log(note)
        if is_new_stage or now_s >= self._next_report_s:
            self._next_report_s = now_s + MIN_S_BETWEEN_REPORTS
            self._send({"fraction": fraction, "note": note})

    def log(self, line: str) -> None:
        """Write a line to the log of the job."""
        print(self._stamp(), line, file=self._log, flush=True)

    def cancel(self) -> None:
        """Make this and every later report raise JobCancelled; called by the signal handler."""
        self._is_cancelled = True
        raise JobCancelled


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as one line of the channel; its texts are what every database can keep."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in text, "PostgreSQL keeps no NUL in a text"
    # File names in a broken encoding reach error messages as lone surrogates; they become question marks.
    return text.encode(errors="replace") + b"\n"
