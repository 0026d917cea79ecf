"""Why a job failed, as data: the class of the exception and its fields, from the job's process to the page.

The message that is kept beside it is English, for the log and the terminal. A page explains the same exception in its
reader's language, by class and fields; so what is read back here has both, and no message.
Cases: tests/jobs/test_refusal.py.
"""

from __future__ import annotations

import math
import pkgutil
from typing import Any

OURS = "senhui."


class JobWasStopped(Exception):
    """The process of the job was ended from outside."""

    def __init__(self) -> None:
        super().__init__("This job was stopped from outside, with its worker or by the system. Start it again.")


class WorkerDied(Exception):
    """The worker that ran the job died, and the job with it."""

    def __init__(self) -> None:
        super().__init__("The worker of this job died, and the job with it. Start it again.")


class ProcessDied(Exception):
    """The process of the job ended without a word.

    Parameters
    ----------
    how : its exit code or the signal that ended it.
    last_lines : the end of its log.
    """

    def __init__(self, how: str, last_lines: str) -> None:
        super().__init__(f"The process of this job died ({how}). The last lines of its log:\n{last_lines}")
        self.how = how


class JobNotStarted(Exception):
    """The system could not start the process of the job.

    Parameters
    ----------
    detail : what the system said.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(f"The job could not be started: {detail}")
        self.detail = detail


def as_data(error: Exception) -> dict[str, Any] | None:
    """Return class and fields of one of our own exceptions as plain JSON; None of any other, a mistake of the program.

    Examples
    --------
    >>> as_data(JobNotStarted("no memory"))
    {'class': 'senhui.jobs.refusal:JobNotStarted', 'fields': {'detail': 'no memory'}}
    >>> as_data(ValueError("of the language itself")) is None
    True
    """
    kind = type(error)
    if not kind.__module__.startswith(OURS):
        return None
    try:
        fields = {name: _plain(field) for name, field in vars(error).items() if not name.startswith("_")}
    except TypeError:
        return None
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": fields}


def from_data(data: dict[str, Any] | None) -> Exception | None:
    """Return the exception with its fields, without its message; None when this version no longer knows its class."""
    if data is None:
        return None
    assert data["class"].startswith(OURS), "only our own exceptions are kept"
    try:
        kind = pkgutil.resolve_name(data["class"])
    except (ImportError, AttributeError):
        return None
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    # Not through __init__: its arguments are not the fields in every class.
    error = kind.__new__(kind)
    vars(error).update({name: tuple(one) if isinstance(one, list) else one for name, one in data["fields"].items()})
    return error


def _plain(field: object) -> Any:
    """Return a field as JSON that every database keeps.

    Raises
    ------
    TypeError
        It has no such form.
    """
    if isinstance(field, str):
        return field.replace("\0", "�")
    if isinstance(field, list | tuple):
        return [_plain(one) for one in field]
    if field is None or isinstance(field, bool | int) or (isinstance(field, float) and math.isfinite(field)):
        return field
    raise TypeError(f"{type(field).__name__} is no plain value")
