"""The levels at which a check speaks, read from ``levels.csv`` with their reason."""

import csv
from importlib.resources import files
from typing import Final


def _read() -> dict[str, float]:
    with files(__package__).joinpath("levels.csv").open(encoding="utf-8") as stream:
        return {row["id"]: float(row["value"]) for row in csv.DictReader(stream)}


LEVELS: Final[dict[str, float]] = _read()
"""Level by id; units are in the file."""
