"""The process of one job: ``python -m senhui.jobs.run JOB_ID CHANNEL``, started by the worker alone.

CHANNEL is the descriptor of a socket to the worker. Reports and the end go out through it; when it closes, the
worker has died, and the job with all that it started kills itself, for nobody could cancel it any more.
Cases: tests/jobs/test_worker.py.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any


def main(job_id: int, channel: socket.socket) -> int:
    """Do the job and return the exit code: 0 when its end was told to the worker."""
    from senhui.jobs.progress import JobCancelled, Progress, encode
    from senhui.jobs.refusal import as_data

    def send(message: dict[str, Any]) -> None:
        channel.sendall(encode(message))

    progress = Progress(send=send, log=sys.stdout, monotonic_s=time.monotonic, stamp=_stamp)
    signal.signal(signal.SIGTERM, lambda *_: progress.cancel())
    threading.Thread(target=_die_with_the_worker, args=[channel], daemon=True).start()
    try:
        result = _do(job_id, progress)
        # The work is done: a cancellation that comes now must not cut the message off.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        message = encode({"end": "succeeded", "result": result})
    except JobCancelled:
        message = encode({"end": "cancelled"})
    except Exception as problem:
        traceback.print_exc()
        # What a broken file is called or holds may stand in its error message, NUL included.
        error = f"{type(problem).__name__}: {problem}".replace("\0", "�")
        message = encode({"end": "failed", "error": error, "refusal": as_data(problem)})
    channel.sendall(message)
    return 0


def _do(job_id: int, progress: Any) -> Any:
    from senhui.jobs.models import Job
    from senhui.jobs.registry import function_for

    job = Job.objects.select_related("started_by").get(pk=job_id)
    function = function_for(job.kind)
    progress.log(f"{job.title_text} ({job.kind})")
    return function(job.started_by, progress=progress, now=dt.datetime.now(dt.UTC), **job.arguments)


def _die_with_the_worker(channel: socket.socket) -> None:
    channel.recv(1)  # The worker never sends: this returns when it has died or closed the channel.
    os.killpg(0, signal.SIGKILL)


def _stamp() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def start() -> int:
    """Set Django up and run `main` with the arguments of the command line."""
    channel = socket.socket(fileno=int(sys.argv[2]))
    # Not for the processes that the job itself may start: a copy held there would hide this one's death.
    channel.set_inheritable(False)
    import django

    django.setup()
    return main(int(sys.argv[1]), channel)


if __name__ == "__main__":
    sys.exit(start())
