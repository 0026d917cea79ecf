"""Administrative units (行政单位): their names and outlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import shapely

from senhui.inventory.models import AdministrativeUnit

_N_DIGITS: Final = (2, 4, 6, 9)


class NoSuchPlace(LookupError):
    """No administrative unit has this code, and no land of what was asked lies in it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no place {code!r} here. Search for its name, or choose it on the map.")
        self.code = code


@dataclass(frozen=True)
class Unit:
    """An administrative unit; `geometry` is in lon/lat degrees of CGCS2000, or None where no outline is known."""

    code: str
    level: str
    name_zh: str
    parent_code: str
    is_sample: bool
    geometry: shapely.Geometry | None


def administrative_units(level: str | None = None) -> list[Unit]:
    """Return administrative units by code, of one level or of all."""
    rows = AdministrativeUnit.objects.all()
    if level is not None:
        rows = rows.filter(level=level)
    return [
        Unit(
            code=row.code,
            level=row.level,
            name_zh=row.name_zh,
            parent_code=row.parent_code,
            is_sample=row.is_sample,
            geometry=None if row.wkb is None else shapely.from_wkb(bytes(row.wkb)),
        )
        for row in rows
    ]


def require_place(code: str, *, townships: Iterable[str]) -> None:
    """Refuse a code that is no administrative unit, unless townships of a layer lie in it; no code is everything.

    Raises
    ------
    NoSuchPlace
    """
    is_there = len(code) in _N_DIGITS and any(township.startswith(code) for township in townships)
    if code and not is_there and not AdministrativeUnit.objects.filter(code=code).exists():
        raise NoSuchPlace(code)


def unit_names() -> dict[str, str]:
    """Return the Chinese name of every administrative unit by code."""
    return dict(AdministrativeUnit.objects.values_list("code", "name_zh"))


def find_units(text: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """Return units whose name contains or whose code begins with `text`, the larger ones first."""
    if not text:
        return []
    by_name = AdministrativeUnit.objects.filter(name_zh__icontains=text)
    by_code = AdministrativeUnit.objects.filter(code__startswith=text)
    rows = (by_name | by_code).values(
        "code", "level", "name_zh", "parent_code", "min_lon", "min_lat", "max_lon", "max_lat"
    )
    return [dict(row) for row in sorted(rows, key=lambda row: (len(row["code"]), row["code"]))[:limit]]
