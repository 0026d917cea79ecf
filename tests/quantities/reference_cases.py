"""Reference cases: YAML that a forester can add to, compared to the last digit that the source prints."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Case:
    """One case: what is given, what the source prints, and where it prints it."""

    name: str
    given: Any
    expect: dict[str, str]
    source: str
    tolerance: str | None = None
    because: str | None = None

    def __str__(self) -> str:
        return self.name


def read_cases(path: Path) -> list[Case]:
    """Read the cases of a file; a tolerance other than the usual one must say why."""
    cases = [Case(**item) for item in yaml.safe_load(path.read_text(encoding="utf-8"))]
    for case in cases:
        assert all(isinstance(text, str) for text in case.expect.values()), f"{case}: quote expected numbers"
        assert (case.tolerance is None) == (case.because is None), f"{case}: a tolerance needs `because`"
    return cases


def assert_prints(value: float, expected: str, case: Case) -> None:
    """Assert that `value` rounds to `expected`: within half a unit of its last printed digit."""
    half_unit = Decimal(1).scaleb(int(Decimal(expected).as_tuple().exponent)) / 2
    tolerance = Decimal(case.tolerance) if case.tolerance else half_unit
    assert abs(Decimal(repr(float(value))) - Decimal(expected)) <= tolerance, (
        f"{case.name}: {value} is not {expected} ({case.source})"
    )
