"""Places for files that are needed only while a layer is read.

A reading that is killed cannot clean up after itself. Each place is therefore locked by the process that uses it, and
the lock ends with the process whatever ends it: whoever needs a place next takes away those nobody holds any more.
Cases: ``tests/intake/test_scratch.py``.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "senhui-intake-"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Give an empty directory of one's own, which is gone afterwards; clear what killed readings left."""
    _clear_abandoned()
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            lock = os.open(directory, os.O_RDONLY)
        except FileNotFoundError:
            continue  # another process took it away between its making and its locking
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not directory.exists():
                continue
            try:
                yield directory
            finally:
                shutil.rmtree(directory, ignore_errors=True)
            return
        finally:
            os.close(lock)


def _clear_abandoned() -> None:
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # in use, somebody else's, or gone in the meantime
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory)
            finally:
                os.close(lock)
