"""Serve the pages with granian and run the jobs in a process beside it."""

from __future__ import annotations

import os
import subprocess
import sys

from granian import Granian
from granian.constants import Interfaces


def run(*, host: str, port: int) -> None:
    """Serve until interrupted; the job worker ends with the server.

    One server process with threads: on SQLite the writer lock lives in the process. On PostgreSQL
    SENHUI_WEB_PROCESSES may raise the number.
    """
    worker = subprocess.Popen([sys.executable, "-m", "senhui.cli.main", "work"])
    try:
        Granian(
            "senhui.web.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=int(os.environ.get("SENHUI_WEB_PROCESSES", "1")),
            blocking_threads=4,
            backpressure=64,
            log_access=False,
        ).serve()
    finally:
        worker.terminate()
        worker.wait(timeout=10)
