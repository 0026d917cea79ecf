"""The values of one parameter, scalar or table, each with its provenance: for the page and for the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from senhui import parameters


def summary_of(parameter_id: str) -> parameters.ParameterSummary:
    """Return the line of the list of all parameters.

    Raises
    ------
    UnknownParameter
    """
    for summary in parameters.all_parameters():
        if summary.id == parameter_id:
            return summary
    raise parameters.UnknownParameter(parameter_id)


def rows_of(parameter_id: str) -> list[dict[str, Any]]:
    """Return one dictionary per value: of a scalar one, of a table one per row."""
    if summary_of(parameter_id).kind == "scalar":
        return [asdict(parameters.scalar(parameter_id))]
    return parameters.table(parameter_id).frame.to_dicts()
