"""Workbooks that are written: text stays text, whatever it begins with.

Labels, notes and names come from people. Without these options a label ``=1+1`` becomes a formula, and one that begins
with ``http://`` a link, in the program of whoever opens the file. Cases: ``tests/intake/test_safe_workbook.py``.
"""

import os
from typing import IO, Any

import xlsxwriter


def new_workbook(target: str | os.PathLike[str] | IO[bytes], **options: Any) -> xlsxwriter.Workbook:
    """Open a workbook for writing, at a path or in memory.

    Parameters
    ----------
    target : path or binary stream
    options : further options of ``xlsxwriter.Workbook``, e.g. ``constant_memory=True``
    """
    return xlsxwriter.Workbook(target, {**options, "strings_to_formulas": False, "strings_to_urls": False})
