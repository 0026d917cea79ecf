"""What an installation may declare (可声明项): assumptions that methods rest on, and the size of a source of error.

The assumptions and all ranges lie in `parameters/declarable.yaml`, the sources of error in the table `error_sources`.
The error of a sample survey is none of them: it comes with the total to which a layer is calibrated. Cases:
`tests/measurement/test_declarable.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from senhui import parameters
from senhui.measurement.declarations import UNITS
from senhui.measurement.error_book import EVERY_GROUP, ErrorSource, error_sources
from senhui.parameters.allowed import CellNotAllowed, parse_allowed

ERROR = "error"
"""How the ids of errors begin: ``error.area_single``, or with a group ``error.volume_line_model.oak``."""
DESIGN_POOLS = ("design",)


class NotDeclarable(LookupError):
    """Nothing of this id can be declared."""

    def __init__(self, declarable_id: str) -> None:
        super().__init__(f"Nothing called {declarable_id!r} can be declared. `senhui declaration list` shows what can.")
        self.declarable_id = declarable_id


class DeclaredValueWrong(ValueError):
    """The value is not of the kind or not in the range that this declaration allows."""

    def __init__(self, declarable_id: str, value: float | str, allowed: str) -> None:
        super().__init__(f"{value!r} does not fit {declarable_id}, which takes {allowed}. Correct it.")
        self.declarable_id = declarable_id
        self.value = value
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Declarable:
    """One thing that may be declared; `error_source` is the row whose size it gives, None of an assumption."""

    id: str
    name_zh: str
    name_en: str
    meaning_zh: str
    meaning_en: str
    unit: str
    allowed: str
    choices: tuple[str, ...] = ()
    error_source: ErrorSource | None = None

    def checked(self, value: float | str) -> float | str:
        """Return a value as it is kept.

        Raises
        ------
        DeclaredValueWrong
            It is not finite, not in range, or not of this kind.
        """
        try:
            found = parse_allowed(self.allowed).check(value)
        except CellNotAllowed as problem:
            raise DeclaredValueWrong(self.id, value, self.allowed) from problem
        assert isinstance(found, float | str)
        return found


@cache
def declarables() -> Mapping[str, Declarable]:
    """Return everything that may be declared by its id, the assumptions first."""
    file = resources.files("senhui.measurement") / "parameters" / "declarable.yaml"
    written: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    error = written.pop("relative_error")
    assert written.keys() == UNITS.keys()
    assumptions = [_assumption(name, **entry) for name, entry in written.items()]
    errors = [
        Declarable(
            id=".".join([ERROR, source.id, *([] if source.group == EVERY_GROUP else [source.group])]),
            name_zh=source.name_zh,
            name_en=source.name_en,
            meaning_zh="",
            meaning_en="",
            unit="1",
            allowed=error["allowed"],
            error_source=source,
        )
        for source in error_sources()
        if source.pools != DESIGN_POOLS
    ]
    return {item.id: item for item in (*assumptions, *errors)}


def declarable(declarable_id: str) -> Declarable:
    """Return one thing that may be declared.

    Raises
    ------
    NotDeclarable
    """
    if declarable_id not in declarables():
        raise NotDeclarable(declarable_id)
    return declarables()[declarable_id]


def _assumption(
    name: str, *, name_zh: str, name_en: str, meaning_zh: str, meaning_en: str, rows_of: str = "", allowed: str = ""
) -> Declarable:
    choices: tuple[str, ...] = ()
    if rows_of:
        found = parameters.table(rows_of)
        choices = tuple("/".join(map(str, row)) for row in found.frame.select(found.key).iter_rows())
        allowed = f"one of: {' | '.join(choices)}"
    return Declarable(name, name_zh, name_en, meaning_zh, meaning_en, UNITS[name], allowed, choices)
