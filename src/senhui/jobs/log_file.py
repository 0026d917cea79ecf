"""Where the log of a job lies and how its end is read: SENHUI_HOME/jobs/<id>.log."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

MAX_TAIL_BYTES = 64 * 1024


def path(job_id: int) -> Path:
    """Return the file; its directory exists afterwards."""
    directory = Path(settings.SENHUI_HOME) / "jobs"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{job_id}.log"


def tail(job_id: int, *, n_lines: int) -> str:
    """Return the last lines; empty before the job wrote anything. A log of gigabytes costs no more than a short one."""
    try:
        with path(job_id).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MAX_TAIL_BYTES))
            text = file.read().decode(errors="replace").replace("\0", "�")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-n_lines:])
