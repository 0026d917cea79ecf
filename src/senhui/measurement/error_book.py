"""The error book (误差来源): which sources of error touch which numbers, how large each is, and who shares it.

What was published or derived lies in `senhui.parameters`, table `error_sources`; what nobody published is there too,
without a value, and is listed beside every interval instead of being taken for zero. `error_book` works the sources
out for the derivations of one release. Cases: `tests/measurement/test_error_book.py`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import polars as pl

from senhui import parameters
from senhui.measurement.declarations import MARK
from senhui.measurement.derivation import Derivation
from senhui.measurement.ground import GROUND_POOLS

POOLS_OF_DERIVATION: dict[str, tuple[str, ...]] = {
    "main": ("main",),
    "scattered": ("scattered",),
    "ground": GROUND_POOLS,
}
"""Pools of the sums of error whose numbers a kind of derivation explains."""
EVERY_GROUP = "*"
WITHOUT_ERROR = ("no_estimate", "declared_zero")
DECLARED_HERE = "declared in this installation"
STOCK = "stock"
"""The basis of an error that moves the whole stock of a stand; any other basis is a surveyed column."""


class UnknownErrorSource(LookupError):
    """An override names a source of error that the table does not have; add it there first."""

    def __init__(self, id: str, group: str) -> None:
        super().__init__(f"There is no source of error {id!r} for group {group!r}. See the table error_sources.")
        self.id, self.group = id, group


@dataclass(frozen=True, slots=True)
class ErrorSource:
    """One row of the table `error_sources`; a value that is None is not set."""

    id: str
    group: str
    name_zh: str
    name_en: str
    kind: str
    pools: tuple[str, ...]
    methods: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    acts_as: str
    shared_by: str
    distribution: str
    relative_error_frac: float | None
    absolute_error: float | None
    sd_column: str | None
    n_column: str | None
    degrees_of_freedom: float | None
    edition: str
    mark: str
    source: str
    where: str
    region: str
    range: str

    @property
    def is_set(self) -> bool:
        """Whether the source has a value, or a rule that gives one."""
        return not (self.relative_error_frac is None and self.absolute_error is None and self.sd_column is None)


@dataclass(frozen=True, slots=True)
class ErrorOverride:
    """A relative standard error that the installation declares in place of what the table has, and from what.

    Its mark is that of everything declared, and it never issues a credit.
    """

    id: str
    relative_error_frac: float
    source: str
    group: str = EVERY_GROUP
    declared_on: str = ""


@dataclass(frozen=True, slots=True)
class ErrorBook:
    """The sources of error worked out for the derivations of one release.

    Attributes
    ----------
    effects
        One row per derivation, pool and source that has a value: derivation_id, pool, source, group, shared_by,
        basis (`stock` or a surveyed column), error_frac, elasticity, distribution, degrees_of_freedom. Rows of one
        source and group err together, whatever their derivation.
    not_set
        derivation_id, pool, source of what touches a number and has no value.
    sources
        The rows of the table by id; of a source with several groups the first, or the first that was declared: what
        is said of them together has the weaker mark.
    """

    effects: pl.DataFrame
    not_set: pl.DataFrame
    sources: dict[str, ErrorSource]


EFFECT_SCHEMA: dict[str, type[pl.DataType]] = {
    "derivation_id": pl.Int32, "pool": pl.String, "source": pl.String, "group": pl.String, "shared_by": pl.String,
    "basis": pl.String, "error_frac": pl.Float64, "elasticity": pl.Float64, "distribution": pl.String,
    "degrees_of_freedom": pl.Float64,
}  # fmt: skip
NOT_SET_SCHEMA = {name: EFFECT_SCHEMA[name] for name in ("derivation_id", "pool", "source")}


def error_sources(*, edition: str | None = None) -> tuple[ErrorSource, ...]:
    """Return the table of sources of error as it stood in an edition (an ISO day; None is the latest)."""
    rows = parameters.table("error_sources", edition=edition).frame.iter_rows(named=True)
    return tuple(_source(row) for row in rows)


def _source(row: Mapping[str, Any]) -> ErrorSource:
    lists = {
        plural: tuple((row[single] or "").split())
        for plural, single in (
            ("pools", "pool"),
            ("methods", "method"),
            ("parameters", "parameter"),
            ("inputs", "input"),
        )
    }
    plain = {name: row[name] for name in ErrorSource.__slots__ if name in row}
    return ErrorSource(**plain | lists)


def error_book(
    derivations: Iterable[Derivation], *, edition: str | None = None, overrides: Sequence[ErrorOverride] = ()
) -> ErrorBook:
    """Find, for each derivation, the sources of error that touch it.

    A source touches a derivation when all that its row names fits: pool, method, one of the parameters, one of the
    surveyed columns, and, where the row is for one group, the group.

    Parameters
    ----------
    derivations
        Of one release, as stored with it.
    edition
        Edition of `error_sources`; a release remembers which one was in force.
    overrides
        Values that the installation declares; one without a group sets every row of the source.

    Raises
    ------
    UnknownErrorSource
        An override names no row.
    """
    sources = _overridden(error_sources(edition=edition), overrides)
    declared = [source for source in sources if source.where == DECLARED_HERE]
    effects: list[dict[str, Any]] = []
    not_set: list[dict[str, Any]] = []
    for derivation in derivations:
        if derivation.method in WITHOUT_ERROR:
            continue
        for pool in POOLS_OF_DERIVATION[derivation.kind]:
            for source in sources:
                for effect in _effects(source, derivation, pool):
                    (not_set if effect["error_frac"] is None else effects).append(effect)
    return ErrorBook(
        effects=pl.DataFrame(effects, schema=EFFECT_SCHEMA),
        not_set=pl.DataFrame(not_set, schema=EFFECT_SCHEMA).select(list(NOT_SET_SCHEMA)).unique(maintain_order=True),
        sources={source.id: source for source in (*reversed(sources), *reversed(declared))},
    )


def _overridden(sources: tuple[ErrorSource, ...], overrides: Sequence[ErrorOverride]) -> tuple[ErrorSource, ...]:
    """Put declared values in place of the table's; the latest of several wins."""
    found = list(sources)
    for override in overrides:
        assert override.relative_error_frac >= 0.0
        places = [
            place
            for place, source in enumerate(found)
            if source.id == override.id and override.group in (EVERY_GROUP, source.group)
        ]
        if not places:
            raise UnknownErrorSource(override.id, override.group)
        for place in places:
            found[place] = replace(
                found[place],
                relative_error_frac=override.relative_error_frac,
                absolute_error=None,
                sd_column=None,
                n_column=None,
                degrees_of_freedom=None,
                source=override.source,
                edition=override.declared_on or found[place].edition,
                mark=MARK,
                where=DECLARED_HERE,
            )
    return tuple(found)


def _effects(source: ErrorSource, derivation: Derivation, pool: str) -> Iterator[dict[str, Any]]:
    """Yield what a source does to a derivation: once per parameter or column that it names there."""
    if (source.pools and pool not in source.pools) or (source.methods and derivation.method not in source.methods):
        return
    uses = {
        use.value.id: float(use.value.value) for use in derivation.parameters if not isinstance(use.value.value, str)
    }
    columns = {column.column for column in derivation.inputs} | {"land_class"}
    columns |= {"species_group"} if derivation.species_group is not None else set()
    touched: list[tuple[str, str | None]] = [(STOCK, None)]
    if source.parameters:
        patterns = source.parameters
        touched = [(STOCK, id) for id in uses if any(fnmatchcase(id, pattern) for pattern in patterns)]
        # An equation has several coefficients and errs once; only numbers that err each by itself are told apart.
        touched = touched if source.shared_by == "parameter" else touched[:1]
    elif source.inputs:
        measured = {column.column for column in derivation.inputs}
        touched = [(column if column in measured else STOCK, None) for column in source.inputs if column in columns]
    for basis, parameter_id in touched:
        group = _group(source, derivation, parameter_id)
        if group is None or source.group not in (EVERY_GROUP, group):
            continue
        value = None if parameter_id is None else uses[parameter_id]
        error_frac, degrees = _size(source, parameter_id, value)
        yield {
            "derivation_id": derivation.id,
            "pool": pool,
            "source": source.id,
            "group": group,
            "shared_by": source.shared_by,
            "basis": basis,
            "error_frac": error_frac,
            "elasticity": _elasticity(source, value),
            "distribution": source.distribution,
            "degrees_of_freedom": degrees,
        }


def _group(source: ErrorSource, derivation: Derivation, parameter_id: str | None) -> str | None:
    """Return the word under which stands share this error; counties are told apart only when stands are summed.

    A method that is for one species alone has no species group of its own: its stands share by the method.
    """
    if source.shared_by == "parameter":
        return parameter_id
    if source.shared_by in ("all", "stand", "county"):
        return source.shared_by
    if derivation.species_group is None:
        return derivation.method
    if source.shared_by == "species_group":
        return derivation.species_group
    row = _crosswalk()[derivation.species_group][source.shared_by]
    return None if row is None else str(row)


@cache
def _crosswalk() -> dict[str, dict[str, Any]]:
    return {str(row["id"]): row for row in parameters.table("species_groups").frame.iter_rows(named=True)}


def _size(source: ErrorSource, parameter_id: str | None, value: float | None) -> tuple[float | None, float | None]:
    """Return the relative standard error and its degrees of freedom, None where not set or not known."""
    if source.relative_error_frac is not None:
        return source.relative_error_frac, source.degrees_of_freedom
    if source.absolute_error is not None:
        assert value is not None, "an absolute error belongs to a parameter"
        return (source.absolute_error / value if value else None), source.degrees_of_freedom
    if source.sd_column is None or parameter_id is None or not value:
        return None, None
    table, _hash, cell = parameter_id.partition("#")
    row = cell.rpartition(".")[0]
    try:
        sd = float(parameters.value(table, row, source.sd_column).value)
        n = None if source.n_column is None else float(parameters.value(table, row, source.n_column).value)
    except parameters.ValueNotSet:
        return None, None
    return (sd / value, None) if n is None else (sd / math.sqrt(n) / value, max(n - 1.0, 1.0))


def _elasticity(source: ErrorSource, value: float | None) -> float:
    """Return by how many per cent the stock moves with one per cent of the parameter.

    A factor moves it as much as itself; the root ratio R stands in 1 + R and moves it by R / (1 + R).
    """
    if source.acts_as == "factor":
        return 1.0
    assert value is not None
    return value / (1.0 + value)
