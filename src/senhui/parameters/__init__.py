"""Published numbers (参数): each with mark, source, page, region, range, and whether it may carry a credit.

Numbers lie in `tables/*.csv` and `scalars/*.yaml`; `README.md` says how to add one. Cases:
`tests/parameters/`.
"""

from senhui.parameters.book import (
    EditionTooEarly,
    UnknownColumn,
    UnknownParameter,
    UnknownRow,
    ValueNotSet,
    all_parameters,
    edition_hash,
    editions,
    scalar,
    table,
    value,
)
from senhui.parameters.crosswalk import UnknownSpeciesCode, species_group
from senhui.parameters.values import Column, ParameterSummary, ParameterValue, Table

__all__ = [
    "Column",
    "EditionTooEarly",
    "ParameterSummary",
    "ParameterValue",
    "Table",
    "UnknownColumn",
    "UnknownParameter",
    "UnknownRow",
    "UnknownSpeciesCode",
    "ValueNotSet",
    "all_parameters",
    "edition_hash",
    "editions",
    "scalar",
    "species_group",
    "table",
    "value",
]
