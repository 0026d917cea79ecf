"""Reading a sub-compartment layer (小班图层): file → canonical stands, fields as read, and findings.

Both stages in one call: ``as_read`` (file, encoding, coordinates) and ``interpretation`` (columns, units, codes,
checks). Cases: ``tests/intake/test_sub_compartments.py``; speed: ``benchmarks/intake.py``.
"""

import os
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from senhui.intake.as_read import Progress, read_layer, silent
from senhui.intake.interpretation import ImportContext, interpret
from senhui.intake.profile import ImportProfile

_READ_SHARE: Final = 0.6


@dataclass(frozen=True)
class SubCompartmentLayer:
    """A layer as read.

    Attributes
    ----------
    stands : polars.DataFrame
        Canonical stands (columns: ``stands.CANONICAL``) of all rows without an error.
    source_fields : polars.DataFrame
        ``row`` and every attribute column of the file as it was read, for all rows.
    outlines : polars.DataFrame
        Outlines of all rows and what was measured of them (columns: ``as_read.OUTLINES``).
    findings : polars.DataFrame
        What is wrong or doubtful (columns: ``checks.FINDINGS``), in the order of the file.
    profile : ImportProfile
        How the layer was read; nothing in it is open any more.
    source : dict
        ``name``, ``sha256``, ``bytes``, ``driver``, ``crs``, ``encoding``, ``n_rows``, and the ``source_facts`` of the
        interpretation.
    """

    stands: pl.DataFrame
    source_fields: pl.DataFrame
    outlines: pl.DataFrame
    findings: pl.DataFrame
    profile: ImportProfile
    source: dict[str, Any]


def read_sub_compartments(
    path: str | os.PathLike[str],
    *,
    profile: ImportProfile | None = None,
    context: ImportContext | None = None,
    progress: Progress | None = None,
) -> SubCompartmentLayer:
    """Read a sub-compartment layer with all its checks.

    Parameters
    ----------
    path : path
        Any file that ``as_read.read_layer`` reads.
    profile : ImportProfile, optional
        What the owner knows; whatever is open is recognised from whole columns.
    context : ImportContext, optional
        What lies outside the layer: without county outlines no row is checked against its county.
    progress : callable, optional
        Called with the fraction done and a note; an exception it raises stops the reading.

    Returns
    -------
    SubCompartmentLayer

    Raises
    ------
    LayerRefused
        The file as a whole cannot be read or its columns are ambiguous; the class says which, the message what to
        do. Nothing is left behind.
    """
    tell = progress or silent
    as_read = read_layer(path, profile=profile, progress=lambda fraction, note: tell(_READ_SHARE * fraction, note))
    read = interpret(
        as_read,
        context=context,
        progress=lambda fraction, note: tell(_READ_SHARE + (1 - _READ_SHARE) * fraction, note),
    )
    return SubCompartmentLayer(
        read.stands,
        as_read.source_fields,
        as_read.outlines,
        read.findings,
        read.profile,
        {**as_read.source, **read.source_facts},
    )
