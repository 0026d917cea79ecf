"""The few words in which a column says what it may hold, and the check of one cell against them.

``text`` · ``boolean`` · ``number [0, 1]`` · ``integer (0, inf)`` · ``one of: planted | natural`` ·
``row of: arcm_species_params``; each may be preceded by ``optional``. A square bracket includes the end of
the interval, a round one excludes it.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

Cell = str | float | int | bool | None

_GRAMMAR = re.compile(
    r"(?P<optional>optional )?"
    r"(?:(?P<plain>text|boolean)"
    r"|(?P<number>number|integer) (?P<left>[\[(])(?P<low>[^,]+), (?P<high>[^,\])]+)(?P<right>[\])])"
    r"|one of: (?P<words>.+)"
    r"|row of: (?P<table>[a-z0-9_]+))"
)


class AllowedNotUnderstood(ValueError):
    """The column `allowed` of a ``.columns.csv`` is not written in the words of this module."""


class CellNotAllowed(ValueError):
    """A cell does not hold what its column allows."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a cell may hold, parsed once per distinct text."""

    text: str
    is_optional: bool
    kind: str
    low: float = -math.inf
    high: float = math.inf
    includes_low: bool = True
    includes_high: bool = True
    words: tuple[str, ...] = ()
    table: str | None = None

    @property
    def dtype(self) -> type[pl.DataType]:
        """The Polars type of a column that allows this."""
        return {"number": pl.Float64, "integer": pl.Int64, "boolean": pl.Boolean}.get(self.kind, pl.String)

    def read(self, cell: str) -> Cell:
        """Turn the text of a CSV cell into a checked value.

        Raises
        ------
        CellNotAllowed
            If the text is not of this kind or lies outside; correct the cell or, with a source, the column.
        """
        if cell == "":
            return self.check(None)
        if self.kind == "boolean":
            if cell not in ("true", "false"):
                raise CellNotAllowed(f"{cell!r} is neither true nor false")
            return cell == "true"
        if self.kind in ("number", "integer"):
            try:
                number = int(cell) if self.kind == "integer" else float(cell)
            except ValueError as error:
                raise CellNotAllowed(f"{cell!r} is not {self.text}") from error
            return self.check(number)
        return self.check(cell)

    def check(self, value: Cell) -> Cell:
        """Return `value` if it is allowed.

        Raises
        ------
        CellNotAllowed
            If it is not; the message names the value and what is allowed.
        """
        if value is None:
            fits = self.is_optional
        elif self.kind == "boolean":
            fits = isinstance(value, bool)
        elif self.kind in ("number", "integer"):
            fits = _is_number(value, whole=self.kind == "integer") and self._is_inside(float(value))
        elif self.kind == "one of":
            fits = value in self.words
        else:
            fits = isinstance(value, str)
        if not fits:
            raise CellNotAllowed(f"{'an empty cell' if value is None else repr(value)} is not {self.text}")
        # YAML reads 20 as an integer; a number is a float wherever it was written, so that hashes agree.
        return float(value) if self.kind == "number" and value is not None else value

    def _is_inside(self, value: float) -> bool:
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return above and below


def _is_number(value: Cell, *, whole: bool) -> bool:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)


@lru_cache
def parse_allowed(text: str) -> Allowed:
    """Read the words of one `allowed` cell.

    Raises
    ------
    AllowedNotUnderstood
        If the text is not of this little language; the module docstring lists it.

    Examples
    --------
    >>> parse_allowed("number (0, 1]").read("0.47")
    0.47
    >>> parse_allowed("number (0, 1]").read("47")
    Traceback (most recent call last):
    senhui.parameters.allowed.CellNotAllowed: 47.0 is not number (0, 1]
    """
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise AllowedNotUnderstood(f"{text!r} is not one of the forms listed in senhui/parameters/allowed.py")
    is_optional = found["optional"] is not None
    if found["words"]:
        words = tuple(word.strip() for word in found["words"].split("|"))
        return Allowed(text, is_optional, "one of", words=words)
    if found["table"]:
        return Allowed(text, is_optional, "row of", table=found["table"])
    if found["plain"]:
        return Allowed(text, is_optional, found["plain"])
    try:
        low, high = float(found["low"]), float(found["high"])
    except ValueError as error:
        raise AllowedNotUnderstood(f"{text!r}: the ends of the interval are not numbers") from error
    return Allowed(text, is_optional, found["number"], low, high, found["left"] == "[", found["right"] == "]")
