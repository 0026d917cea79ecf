"""The sums of error of a draft, written beside its measured stands and copied with them into a release.

A release made before they were written has none: of its error nothing is known, and pages say so in words.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from senhui.inventory import store
from senhui.measurement import MethodBook
from senhui.measurement.sensitivity import error_sums

FILE_NAME = "error_sums.parquet"


def write_error_sums(measured: pl.DataFrame, directory: Path, *, book: MethodBook) -> None:
    """Add measured stands up as far as the error of every place needs it, and write the sums."""
    store.write_parquet(error_sums(measured, book=book), directory / FILE_NAME)


def copy_error_sums(draft: Path, release: Path) -> None:
    """Copy the sums of a draft into its release; a draft that was measured before they were written has none."""
    if (draft / FILE_NAME).exists():
        shutil.copyfile(draft / FILE_NAME, release / FILE_NAME)
