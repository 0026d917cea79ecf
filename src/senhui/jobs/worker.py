"""The worker (任务执行): claims queued jobs, runs each in a process of its own, watches it, and writes its row.

One row has one writer. From the claim on only the worker that claimed a job writes it, always under the condition
that the job is still running and still its own; the job's process reports through a channel. So nothing is
ever stuck: a process that ends without a word is found by its exit, a worker that ends without a word by its
heartbeat, and a job whose worker died kills itself (`senhui.jobs.run`). Cases: tests/jobs/test_worker.py.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connections
from django.db.models import QuerySet

from senhui.jobs import log_file
from senhui.jobs.models import Job
from senhui.jobs.refusal import JobNotStarted, JobWasStopped, ProcessDied, WorkerDied, as_data

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "senhui.jobs.run")
POLL_S = 0.25
HEARTBEAT_S = 2.0
# A worker that was silent for so long is taken for dead. Far above HEARTBEAT_S: SQLite may be busy for a while.
SILENCE_S = 30.0
# What a killed process may take to vanish, and its end to be written.
KILL_S = 2.0


@dataclass
class _Running:
    """A job's process as its worker sees it."""

    job_id: int
    process: subprocess.Popen[bytes]
    channel: socket.socket
    received: bytearray = field(default_factory=bytearray)
    report: dict[str, Any] | None = None
    end: dict[str, Any] | None = None
    is_cancelled: bool = False
    exit_code: int | None = None
    kill_after_s: float | None = None
    written_s: float = 0.0


def run_worker(
    *,
    stop: Callable[[], bool],
    at_once: int = 1,
    grace_s: float = 5.0,
    silence_s: float = SILENCE_S,
    command: Sequence[str] = COMMAND,
) -> None:
    """Run jobs until `stop()` is true or the process is asked to end, then end its own jobs and return.

    Parameters
    ----------
    stop : asked several times a second.
    at_once : how many jobs run at the same time.
    grace_s : seconds a cancelled job has for cleaning up before it is killed.
    silence_s : seconds after which the jobs of a silent worker are taken for lost.
    command : how the process of a job is started; the id and the channel's descriptor are added.
    """
    assert at_once >= 1, "a worker runs at least one job at a time"
    is_asked = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: is_asked.set())
    worker = Worker(at_once=at_once, grace_s=grace_s, silence_s=silence_s, command=command)
    try:
        while not (is_asked.is_set() or stop()):
            worker.turn()
            time.sleep(POLL_S)
    finally:
        worker.shut_down()
        connections.close_all()


class Worker:
    """The state of one worker between two turns of its loop."""

    def __init__(self, *, at_once: int, grace_s: float, silence_s: float, command: Sequence[str]) -> None:
        self.name = str(uuid.uuid4())
        self.at_once = at_once
        self.grace_s = grace_s
        self.silence_s = silence_s
        self.command = command
        self.running: list[_Running] = []

    def turn(self) -> None:
        """Look once at the running jobs, then at lost ones, then at the queue.

        A database that is busy or away is no reason to lose the jobs that run: the turn is tried again.
        """
        try:
            for one in list(self.running):
                self._watch(one)
            self._fail_lost_jobs()
            while len(self.running) < self.at_once and (job_id := self.claim()) is not None:
                self._start(job_id)
        except DatabaseError:
            self._database_failed()

    def shut_down(self) -> None:
        """End the running jobs: first asked, then killed, each written as failed unless it got done."""
        deadline_s = time.monotonic() + self.grace_s
        for one in self.running:
            _signal(one, signal.SIGTERM)
            one.kill_after_s = deadline_s
        while self.running and time.monotonic() < deadline_s + KILL_S:
            try:
                for one in list(self.running):
                    self._watch(one)
            except DatabaseError:
                self._database_failed()
            time.sleep(0.05)

    def _database_failed(self) -> None:
        logger.exception("The database did not answer; the worker tries again")
        connections.close_all()

    def claim(self) -> int | None:
        """Take the oldest queued job, or None. Of two workers the conditional UPDATE lets one through."""
        while True:
            job_id = Job.objects.filter(state="queued").order_by("id").values_list("id", flat=True).first()
            if job_id is None:
                return None
            now = _now()
            claimed = Job.objects.filter(pk=job_id, state="queued").update(
                state="running", worker=self.name, started_at=now, heartbeat_at=now
            )
            if claimed:
                return job_id

    def _start(self, job_id: int) -> None:
        mine, its = socket.socketpair()
        try:
            with its, log_file.path(job_id).open("ab") as log:
                process = subprocess.Popen(  # noqa: S603 - the command is ours, the arguments are two integers
                    [*self.command, str(job_id), str(its.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=[its.fileno()],
                    start_new_session=True,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                )
        except OSError as problem:
            mine.close()
            self._mine(job_id).update(ended_at=_now(), **_failed(JobNotStarted(str(problem))))
            return
        mine.setblocking(False)
        self.running.append(_Running(job_id, process, mine))
        self._mine(job_id).update(pid=process.pid)

    def _watch(self, one: _Running) -> None:
        # First whether it ended, then what it said: so the last words are always read.
        has_ended = _has_ended(one)
        _receive(one)
        if has_ended:
            self._write_end(one)
            return
        # First what only reads: on SQLite a job in a long transaction may keep the report waiting.
        self._heed_cancellation(one)
        self._write_report(one)
        if one.kill_after_s is not None and time.monotonic() > one.kill_after_s:
            _signal(one, signal.SIGKILL)

    def _write_report(self, one: _Running) -> None:
        now_s = time.monotonic()
        if one.report is None and now_s < one.written_s + HEARTBEAT_S:
            return
        now = _now()
        report, one.report = one.report, None
        changes = {} if report is None else {**report, "progress_at": now}
        is_mine = self._mine(one.job_id).update(heartbeat_at=now, **changes)
        one.written_s = now_s
        if not is_mine:
            # Another worker took this one for dead and said so on the page: what was said must be true.
            _signal(one, signal.SIGKILL)

    def _heed_cancellation(self, one: _Running) -> None:
        if one.is_cancelled or not self._mine(one.job_id).filter(cancel_requested_at__isnull=False).exists():
            return
        one.is_cancelled = True
        one.kill_after_s = time.monotonic() + self.grace_s
        _signal(one, signal.SIGTERM)

    def _write_end(self, one: _Running) -> None:
        end = one.end or {}
        changes: dict[str, Any] = dict(one.report or {})
        is_cancelled = self._mine(one.job_id).filter(cancel_requested_at__isnull=False).exists()
        if end.get("end") == "succeeded":
            # Also when it was cancelled a moment too late: the work is done, and the page says so.
            changes |= {"state": "succeeded", "fraction": 1.0, "result": end["result"]}
        elif is_cancelled:
            changes |= {"state": "cancelled"}
            if end.get("refusal") is not None:
                # It had done something that stays, and says what.
                changes |= {"error": end["error"], "refusal": end["refusal"]}
        elif end.get("end") == "failed":
            changes |= {"state": "failed", "error": end["error"], "refusal": end["refusal"]}
        elif end.get("end") == "cancelled" or one.kill_after_s is not None:
            changes |= _failed(JobWasStopped())
        else:
            changes |= _failed(self._last_words(one))
        now = _now()
        self._mine(one.job_id).update(ended_at=now, progress_at=now, **changes)
        one.channel.close()
        self.running.remove(one)

    def _last_words(self, one: _Running) -> ProcessDied:
        code = one.exit_code
        assert code is not None, "the process has ended"
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return ProcessDied(how, log_file.tail(one.job_id, n_lines=20))

    def _fail_lost_jobs(self) -> None:
        now = _now()
        # By id and not by name: a claim of this worker whose answer got lost has no process either.
        others = Job.objects.filter(state="running").exclude(pk__in=[one.job_id for one in self.running])
        lost = others.filter(heartbeat_at__lt=now - dt.timedelta(seconds=self.silence_s))
        # Asked first: on SQLite even an UPDATE of nothing waits for the one write lock.
        if lost.exists():
            lost.update(ended_at=now, **_failed(WorkerDied()))

    def _mine(self, job_id: int) -> QuerySet[Job]:
        return Job.objects.filter(pk=job_id, state="running", worker=self.name)


def _failed(error: Exception) -> dict[str, Any]:
    return {"state": "failed", "error": str(error), "refusal": as_data(error)}


def _has_ended(one: _Running) -> bool:
    if one.exit_code is None:
        one.exit_code = one.process.poll()
        if one.exit_code is not None:
            _signal(one, signal.SIGKILL)  # whatever the job itself started and left behind
    return one.exit_code is not None


def _signal(one: _Running, number: signal.Signals) -> None:
    """Send a signal to the job and all that it started; it leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(one.process.pid, number)


def _receive(one: _Running) -> None:
    """Read what the job said since the last turn; of several reports the last counts."""
    while True:
        try:
            part = one.channel.recv(65536)
        except (BlockingIOError, ConnectionResetError):
            break
        if not part:
            break
        one.received += part
    *lines, rest = one.received.split(b"\n")
    one.received = rest
    for line in lines:
        message = json.loads(line)
        if "end" in message:
            one.end = message
        else:
            one.report = {"fraction": message["fraction"], "note": message["note"][:200]}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
