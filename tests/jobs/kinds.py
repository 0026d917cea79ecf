"""Jobs for the tests, and the processes that run them.

As a program: ``python kinds.py JOB_ID CHANNEL`` is the process of one job, ``python kinds.py work`` is a worker.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

from django.db import transaction

from senhui.access.rules import PermissionRefused
from senhui.jobs import registry

COMMAND = (sys.executable, __file__)


def count(actor: Any, *, progress: Any, now: Any, to: int) -> Any:
    """Succeed after some reports."""
    for n in range(to):
        progress(n / to, "Counting")
    progress.log("counted 小班")
    return {"counted": to, "by": actor.username, "on": now.date().isoformat()}


def fail(actor: Any, *, progress: Any, now: Any) -> None:
    """Fail with an error of the user's."""
    progress(0.4, "Reading")
    raise ValueError("the layer has no field XIAO_BAN \0\udc80")


def refuse(actor: Any, *, progress: Any, now: Any, area: str) -> None:
    """Be refused what a person may not do."""
    raise PermissionRefused("import_layer", area)


def leave_a_part(actor: Any, *, progress: Any, now: Any) -> None:
    """Have done something that stays when it is cancelled, and say so."""
    progress(0.3, "Sleeping")
    try:
        time.sleep(120)
    except BaseException as stop:
        raise PermissionRefused("import_layer", "331181") from stop


def sleep(actor: Any, *, progress: Any, now: Any) -> None:
    """Sleep, and clean up when woken; an error handler that catches too much must not keep it alive."""
    progress(0.3, "Sleeping")
    try:
        time.sleep(120)
    except Exception as problem:
        progress.log(f"swallowed {problem!r}")
    finally:
        progress.log("cleaned up")


def resist(actor: Any, *, progress: Any, now: Any) -> None:
    """Ignore being asked to end, with a process of its own beside it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with subprocess.Popen(["sleep", "120"]) as beside:
        progress(0.1, f"beside {beside.pid}")
        time.sleep(120)


def roll_back(actor: Any, *, progress: Any, now: Any) -> None:
    """Report from within a transaction that is then rolled back."""
    with transaction.atomic():
        type(actor).objects.filter(pk=actor.pk).update(organisation="written in vain")
        progress(0.7, "Within the transaction")
        raise RuntimeError("rolled back")


def return_an_object(actor: Any, *, progress: Any, now: Any) -> Any:
    """Return what is no JSON."""
    return object()


def return_a_nul(actor: Any, *, progress: Any, now: Any) -> Any:
    """Return a text that PostgreSQL could not keep."""
    return {"name": "a\0b"}


def leave(actor: Any, *, progress: Any, now: Any) -> None:
    """End the process without a word."""
    progress(0.2, "Leaving")
    os._exit(7)


def register() -> None:
    """Make all of them known to this process."""
    for function in (
        count,
        fail,
        refuse,
        leave_a_part,
        sleep,
        resist,
        roll_back,
        return_an_object,
        return_a_nul,
        leave,
    ):
        registry.register(f"tests.{function.__name__}", function)


if __name__ == "__main__":
    from django.conf import settings

    # A process that needs neither layers nor map starts in a third of the time without them.
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app.startswith(("django.", "axes"))] + [
        "senhui.access",
        "senhui.jobs",
    ]
    register()
    from senhui.jobs import run

    if sys.argv[1] != "work":
        sys.exit(run.start())
    import django

    django.setup()
    from senhui.jobs.worker import run_worker

    run_worker(stop=lambda: False, command=COMMAND, grace_s=2.0)
