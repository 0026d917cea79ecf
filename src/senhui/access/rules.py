"""Areas, roles and whether a grant is in force: pure, no database. The roles are `roles.yaml`.

Cases: tests/access/test_rules.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import yaml

# Lengths of the national administrative codes: province, city, county, township, village. The empty code
# begins every code: everywhere.
AREA_CODE_LENGTHS = (0, 2, 4, 6, 9, 12)
EVERYWHERE = ""


class Actor(Protocol):
    """Whoever acts: a user, or a visitor who has not signed in and whose `pk` is None."""

    @property
    def pk(self) -> Any:
        """Key of the user."""


@dataclass(frozen=True)
class AreaSet:
    """Land for which a person holds a permission (管辖范围), as codes of administrative units.

    A code covers itself and whatever lies in it: 3311 covers the county 331181 and its villages, never the
    reverse.

    Examples
    --------
    >>> areas = AreaSet(frozenset({"331181"}))
    >>> areas.covers("331181103201"), areas.covers("331126"), areas.covers("3311")
    (True, False, False)
    """

    codes: frozenset[str]

    def covers(self, code: str) -> bool:
        """Return whether the unit `code` lies within; so does a sub-compartment id, which begins with one."""
        return any(code.startswith(mine) for mine in self.codes)

    @property
    def is_empty(self) -> bool:
        """Whether there is no land at all."""
        return not self.codes


NOWHERE = AreaSet(frozenset())


class AreaCodeUnknown(ValueError):
    """The text is no code of an administrative unit.

    Parameters
    ----------
    area_code : the text.
    """

    def __init__(self, area_code: str) -> None:
        super().__init__(
            f"{area_code!r} is no area code. Give the 2 digits of a province, 4 of a city, 6 of a county, "
            "9 of a township or 12 of a village."
        )
        self.area_code = area_code


class PermissionRefused(Exception):
    """The person does not hold the permission there on that day.

    Parameters
    ----------
    permission : the permission asked for.
    area : the area asked for; None means: anywhere.
    """

    def __init__(self, permission: str, area: str | None = None) -> None:
        where = "anywhere" if area is None else "everywhere" if area == EVERYWHERE else f"in area {area}"
        super().__init__(
            f"You may not do this: it needs the permission {permission} {where}. "
            "Ask an administrator of that area for a role that holds it."
        )
        self.permission = permission
        self.area = area


@dataclass(frozen=True)
class Role:
    """A named set of permissions (角色)."""

    id: str
    name_zh: str
    name_en: str
    permissions: frozenset[str]


@dataclass(frozen=True)
class Permission:
    """Something that not everybody may do (权限)."""

    id: str
    name_zh: str
    name_en: str


@cache
def permissions() -> dict[str, Permission]:
    """Return every permission by its id."""
    return {key: Permission(key, **names) for key, names in _roles_file()["permissions"].items()}


@cache
def roles() -> dict[str, Role]:
    """Return every role by its id, from the least to the most."""
    found = {}
    for key, entry in _roles_file()["roles"].items():
        held = frozenset(entry["permissions"])
        assert set(entry) == {"name_zh", "name_en", "permissions"}, f"roles.yaml: role {key} has other keys"
        assert held <= permissions().keys(), f"roles.yaml: role {key} names unknown {held - permissions().keys()}"
        found[key] = Role(key, entry["name_zh"], entry["name_en"], held)
    return found


def roles_holding(permission: str) -> frozenset[str]:
    """Return the ids of the roles that hold `permission`."""
    assert permission in permissions(), f"no such permission: {permission}"
    return frozenset(role.id for role in roles().values() if permission in role.permissions)


def is_in_force(*, on: dt.date, starts_on: dt.date, ends_on: dt.date | None, withdrawn_on: dt.date | None) -> bool:
    """Return whether a grant holds on a day.

    Parameters
    ----------
    on : the day asked about.
    starts_on, ends_on : first and last day, both inclusive; no last day means: until withdrawn.
    withdrawn_on : the first day on which it no longer holds, since somebody took it back.
    """
    return starts_on <= on and (ends_on is None or on <= ends_on) and (withdrawn_on is None or on < withdrawn_on)


def check_area_code(area_code: str) -> None:
    """Refuse a text that is no code of an administrative unit.

    Raises
    ------
    AreaCodeUnknown
        Give the code from the national list of administrative units.
    """
    if len(area_code) not in AREA_CODE_LENGTHS or not (
        area_code == EVERYWHERE or (area_code.isascii() and area_code.isdigit())
    ):
        raise AreaCodeUnknown(area_code)


def union(codes: Iterable[str]) -> AreaSet:
    """Return the area of all `codes` together, without those that lie within another.

    Examples
    --------
    >>> sorted(union(["331181", "331181103", "331126"]).codes)
    ['331126', '331181']
    """
    kept: list[str] = []
    for code in sorted(set(codes)):
        # Sorted, a code comes directly after the shortest that begins it.
        if not kept or not code.startswith(kept[-1]):
            kept.append(code)
    return AreaSet(frozenset(kept))


@cache
def _roles_file() -> Any:
    return yaml.safe_load(files(__package__).joinpath("roles.yaml").read_text(encoding="utf-8"))
