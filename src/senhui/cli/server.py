"""Serve the pages with granian and run the jobs in a process beside it."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading

from granian import Granian
from granian.constants import Interfaces

RESTART_AFTER_S = 2.0
logger = logging.getLogger(__name__)


class PortTaken(OSError):
    """Something listens there already, perhaps an earlier server; two would share one database and one port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Something already listens on {host}:{port}, perhaps an earlier Senhui. "
            "End it, or choose another port with --port."
        )
        self.host = host
        self.port = port


def run(*, host: str, port: int) -> None:
    """Serve until interrupted; the job worker ends with the server, and is started again if it dies.

    One server process with threads: on SQLite the writer lock lives in the process. On PostgreSQL
    SENHUI_WEB_PROCESSES may raise the number. The server processes are forked from this one, so nothing may have been
    calculated here before: Polars does not survive a fork once its threads have run.

    Raises
    ------
    PortTaken
    """
    _refuse_taken_port(host, port)
    stopping = threading.Event()
    # The first one before the server forks: a fork while a thread starts a program would keep that thread waiting.
    keeper = threading.Thread(target=_keep_worker, args=(_start_worker(), stopping))
    keeper.start()
    try:
        Granian(
            "senhui.web.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            websockets=False,
            workers=int(os.environ.get("SENHUI_WEB_PROCESSES", "1")),
            blocking_threads=4,
            backpressure=64,
            log_access=False,
        ).serve()
    finally:
        stopping.set()
        keeper.join()


def _refuse_taken_port(host: str, port: int) -> None:
    """Ask by binding: granian itself shares a port that another process holds."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise PortTaken(host, port) from problem


def _start_worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "senhui.cli.main", "work"])


def _keep_worker(worker: subprocess.Popen[bytes], stopping: threading.Event) -> None:
    """Start the job worker again whenever it dies, until told to stop."""
    while not stopping.wait(0.5):
        if worker.poll() is not None:
            logger.error("The job worker ended with code %s; it is started again.", worker.returncode)
            stopping.wait(RESTART_AFTER_S)
            worker = _start_worker()
    worker.terminate()
    worker.wait(timeout=10)
