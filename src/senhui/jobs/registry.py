"""Which function does which kind of job. Rooms register at start-up, in the `ready` of their AppConfig."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Called as function(actor, progress=…, now=…, **arguments); returns plain JSON or None: the job's result.
JobFunction = Callable[..., Any]

_functions: dict[str, JobFunction] = {}


class JobKindUnknown(LookupError):
    """No room registered this kind of job.

    Parameters
    ----------
    kind : the text.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no job of kind {kind!r}. It may belong to another version: start it again.")
        self.kind = kind


def register(kind: str, function: JobFunction) -> None:
    """Make `function` the one that does jobs of `kind`, such as ``inventory.import_layer``."""
    assert _functions.get(kind, function) is function, f"job kind {kind} is registered twice"
    _functions[kind] = function


def function_for(kind: str) -> JobFunction:
    """Return the function that does jobs of `kind`.

    Raises
    ------
    JobKindUnknown
    """
    try:
        return _functions[kind]
    except KeyError:
        raise JobKindUnknown(kind) from None
