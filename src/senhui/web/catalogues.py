"""Compile the message catalogues (译文) of the web room from text to the form that gettext reads.

The `.po` files are source and lie in git; the `.mo` files are made at start-up beside them, so that a fresh
clone needs neither the gettext tools nor a build step. Cases: tests/web/test_catalogues.py.
"""

from __future__ import annotations

import os
from pathlib import Path

import polib

LOCALE_DIRECTORY = Path(__file__).parent / "locale"


def compile_catalogues(directory: Path = LOCALE_DIRECTORY) -> list[Path]:
    """Write each `.mo` file whose `.po` file is newer, and return the files that were written.

    Several processes may start at once: each writes a file of its own and renames it, so that no reader
    ever meets half a catalogue.
    """
    written: list[Path] = []
    for source in sorted(directory.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(partial))
        partial.replace(target)
        written.append(target)
    return written
