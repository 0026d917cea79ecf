"""Real workers and real processes: success, failure, cancellation, sudden death, races."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connections
from tests.jobs import kinds

from senhui.access.rules import PermissionRefused
from senhui.jobs.actions.cancel_job import cancel_job
from senhui.jobs.models import Job
from senhui.jobs.queries import job
from senhui.jobs.refusal import JobNotStarted, JobWasStopped, ProcessDied, WorkerDied, from_data
from senhui.jobs.worker import COMMAND, Worker

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("database_for_processes"),
]

TIMEOUT_S = 60.0


@pytest.fixture
def worker() -> Iterator[Worker]:
    one = Worker(at_once=1, grace_s=1.0, silence_s=30.0, command=kinds.COMMAND)
    yield one
    one.shut_down()


@pytest.fixture
def lin(person):
    return person("lin", technician="331181")


def until(is_reached: Callable[[], bool], *, each: Callable[[], object] = lambda: None) -> None:
    """Do `each` again and again until something is reached; fail after a minute."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not is_reached():
        assert time.monotonic() < deadline_s, f"not reached: {list(Job.objects.values())}"
        each()
        time.sleep(0.05)


def run_to_its_end(worker: Worker, job_id: int) -> Job:
    until(lambda: not Job.objects.filter(pk=job_id, state__in=["queued", "running"]).exists(), each=worker.turn)
    return Job.objects.get(pk=job_id)


def run_to_its_first_report(worker: Worker, job_id: int) -> Job:
    until(lambda: Job.objects.filter(pk=job_id, fraction__gt=0).exists(), each=worker.turn)
    return Job.objects.get(pk=job_id)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_a_job_that_succeeds_leaves_its_result_and_its_log(worker, lin, queue, now):
    row = run_to_its_end(worker, queue(lin, "count", to=5))
    assert (row.state, row.fraction, row.error) == ("succeeded", 1.0, "")
    assert (row.result["counted"], row.result["by"]) == (5, "lin")
    assert row.started_at <= row.ended_at
    info = job(lin, row.pk, now=now)
    assert info.has_ended
    assert "Counting" in info.log
    assert "counted 小班" in info.log


def test_a_job_that_fails_says_why_and_logs_the_traceback(worker, lin, queue, now):
    row = run_to_its_end(worker, queue(lin, "fail"))
    assert row.state == "failed"
    assert row.error.startswith("ValueError: the layer has no field XIAO_BAN")
    assert (row.fraction, row.note) == (0.4, "Reading")
    info = job(lin, row.pk, now=now)
    assert "Traceback" in info.log
    assert info.refusal is None


def test_a_refused_job_keeps_the_class_and_the_fields_of_its_refusal(worker, lin, queue, now):
    row = run_to_its_end(worker, queue(lin, "refuse", area="331126"))
    refusal = job(lin, row.pk, now=now).refusal
    assert isinstance(refusal, PermissionRefused)
    assert (refusal.permission, refusal.area) == ("import_layer", "331126")
    assert row.error.startswith("PermissionRefused: You may not do this")


def test_a_rollback_of_the_job_takes_no_progress_with_it(worker, lin, queue):
    row = run_to_its_end(worker, queue(lin, "roll_back"))
    assert (row.state, row.error) == ("failed", "RuntimeError: rolled back")
    assert (row.fraction, row.note) == (0.7, "Within the transaction")
    assert type(lin).objects.get(pk=lin.pk).organisation == ""


def test_a_result_that_is_no_json_is_a_failure_that_says_so(worker, lin, queue):
    row = run_to_its_end(worker, queue(lin, "return_an_object"))
    assert row.state == "failed"
    assert "JSON" in row.error


def test_a_result_that_one_of_the_databases_cannot_keep_fails_on_both(worker, lin, queue):
    row = run_to_its_end(worker, queue(lin, "return_a_nul"))
    assert row.state == "failed"
    assert "NUL" in row.error


def test_cancelling_wakes_a_sleeping_job_which_cleans_up(worker, lin, queue, now):
    row = run_to_its_first_report(worker, queue(lin, "sleep"))
    cancel_job(lin, job_id=row.pk, now=now)
    started_s = time.monotonic()
    ended = run_to_its_end(worker, row.pk)
    assert time.monotonic() - started_s < 5.0
    assert (ended.state, ended.fraction) == ("cancelled", 0.3)
    assert not is_alive(row.pid)
    log = job(lin, row.pk, now=now).log
    assert "cleaned up" in log
    assert "swallowed" not in log


def test_a_cancelled_job_that_leaves_something_says_what(worker, lin, queue, now):
    row = run_to_its_first_report(worker, queue(lin, "leave_a_part"))
    cancel_job(lin, job_id=row.pk, now=now)
    ended = run_to_its_end(worker, row.pk)
    assert ended.state == "cancelled"
    refusal = job(lin, row.pk, now=now).refusal
    assert isinstance(refusal, PermissionRefused)
    assert refusal.area == "331181"


def test_a_job_that_resists_is_killed_after_its_grace_with_all_that_it_started(worker, lin, queue, now):
    row = run_to_its_first_report(worker, queue(lin, "resist"))
    beside = int(row.note.removeprefix("beside "))
    assert is_alive(beside)
    cancel_job(lin, job_id=row.pk, now=now)
    assert run_to_its_end(worker, row.pk).state == "cancelled"
    until(lambda: not is_alive(row.pid) and not is_alive(beside))


def test_a_job_killed_from_outside_is_noticed(worker, lin, queue):
    row = run_to_its_first_report(worker, queue(lin, "sleep"))
    os.kill(row.pid, signal.SIGKILL)
    ended = run_to_its_end(worker, row.pk)
    assert ended.state == "failed"
    assert "SIGKILL" in ended.error
    assert "Sleeping" in ended.error, "the last lines of the log are part of the error"


def test_a_job_that_leaves_without_a_word_is_a_failure_with_its_exit_code(worker, lin, queue):
    ended = run_to_its_end(worker, queue(lin, "leave"))
    assert ended.state == "failed"
    assert "exit code 7" in ended.error
    refusal = from_data(ended.refusal)
    assert isinstance(refusal, ProcessDied)
    assert refusal.how == "exit code 7"


def test_jobs_run_one_after_the_other_in_the_order_of_the_queue(worker, lin, queue):
    first, second = queue(lin, "count", to=2), queue(lin, "count", to=2)
    run_to_its_end(worker, second)
    one, other = Job.objects.get(pk=first), Job.objects.get(pk=second)
    assert one.ended_at <= other.started_at


def test_a_worker_that_is_asked_to_end_ends_its_job_and_says_so(lin, queue):
    job_id = queue(lin, "sleep")
    with subprocess.Popen([*kinds.COMMAND, "work"]) as process:
        until(lambda: Job.objects.filter(pk=job_id, fraction__gt=0).exists())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=TIMEOUT_S) == 0
    row = Job.objects.get(pk=job_id)
    assert (row.state, row.error) == ("failed", str(JobWasStopped()))
    assert not is_alive(row.pid)


def test_a_worker_that_is_killed_takes_its_job_along_and_the_next_one_says_so(worker, lin, queue):
    job_id = queue(lin, "resist")
    with subprocess.Popen([*kinds.COMMAND, "work"]) as process:
        until(lambda: Job.objects.filter(pk=job_id, fraction__gt=0).exists())
        process.kill()
    row = Job.objects.get(pk=job_id)
    until(lambda: not is_alive(row.pid) and not is_alive(int(row.note.removeprefix("beside "))))
    worker.turn()
    assert Job.objects.get(pk=job_id).state == "running", "a short silence is no death"
    Job.objects.filter(pk=job_id).update(heartbeat_at=row.heartbeat_at - dt.timedelta(seconds=60))
    worker.turn()
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", str(WorkerDied()))


def test_a_job_that_was_written_off_is_killed_by_its_own_worker(worker, lin, queue):
    row = run_to_its_first_report(worker, queue(lin, "sleep"))
    Job.objects.filter(pk=row.pk).update(state="failed", ended_at=row.started_at, error=str(WorkerDied()))
    until(lambda: not worker.running, each=worker.turn)
    assert not is_alive(row.pid)
    assert Job.objects.get(pk=row.pk).error == str(WorkerDied()), "the row of an ended job is not written again"


def test_a_claim_that_was_never_started_is_found(worker, lin, queue):
    job_id = queue(lin, "count", to=1)
    assert worker.claim() == job_id
    long_ago = Job.objects.get(pk=job_id).heartbeat_at - dt.timedelta(seconds=60)
    Job.objects.filter(pk=job_id).update(heartbeat_at=long_ago)
    worker.turn()
    assert Job.objects.get(pk=job_id).state == "failed"


def test_a_process_that_cannot_be_started_is_a_failure_that_says_so(lin, queue):
    worker = Worker(at_once=1, grace_s=1.0, silence_s=30.0, command=["/nowhere/python"])
    job_id = queue(lin, "count", to=1)
    worker.turn()
    row = Job.objects.get(pk=job_id)
    assert row.state == "failed"
    assert "/nowhere/python" in row.error
    assert isinstance(from_data(row.refusal), JobNotStarted)


def test_the_process_of_a_job_knows_only_what_the_rooms_registered(lin, queue):
    worker = Worker(at_once=1, grace_s=1.0, silence_s=30.0, command=COMMAND)
    ended = run_to_its_end(worker, queue(lin, "count", to=1))
    assert ended.state == "failed"
    assert ended.error.startswith("JobKindUnknown: There is no job of kind 'tests.count'")


def test_a_busy_database_costs_the_worker_a_turn_and_no_job(worker, lin, queue, monkeypatch):
    row = run_to_its_first_report(worker, queue(lin, "sleep"))
    with monkeypatch.context() as busy:
        busy.setattr(Worker, "_mine", lambda *_: (_ for _ in ()).throw(OperationalError("database is locked")))
        worker.turn()
    assert is_alive(row.pid)
    worker.shut_down()
    assert Job.objects.get(pk=row.pk).error == str(JobWasStopped())


def test_workers_that_claim_at_the_same_moment_get_each_job_once(lin, queue):
    job_ids = [queue(lin, "count", to=1) for _ in range(12)]
    n_workers = 4
    barrier = threading.Barrier(n_workers)
    claimed: list[int] = []

    def claim() -> None:
        worker = Worker(at_once=1, grace_s=1.0, silence_s=30.0, command=kinds.COMMAND)
        try:
            barrier.wait(timeout=10)
            while (job_id := worker.claim()) is not None:
                claimed.append(job_id)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(n_workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=TIMEOUT_S)
    assert sorted(claimed) == job_ids
    assert Job.objects.filter(state="running").count() == len(job_ids)
