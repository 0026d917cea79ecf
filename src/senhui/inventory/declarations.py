"""What the installation declares (本地声明): what counts now, who said what before, and who may. Nothing here writes.

A draft that is measured takes what counts at that moment and keeps it; nothing that is declared later reaches it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor, AreaSet
from senhui.inventory.models import AdministrativeUnit, Declaration, Draft
from senhui.measurement import Declarations, Declared
from senhui.measurement.declarable import Declarable, declarable, declarables
from senhui.measurement.error_book import ErrorOverride

PERMISSION: Final = "declare_values"


@dataclass(frozen=True)
class DeclarationInfo:
    """One line of the history of a declarable; `value` is None where it was taken back, `before` what counted then."""

    declarable_id: str
    number: int
    value: float | str | None
    before: float | str | None
    ground: str
    declared_by: str
    declared_at: dt.datetime

    @property
    def source(self) -> str:
        """What a release prints as the source of the value."""
        return f"{self.ground} (declared by {self.declared_by})"

    @property
    def declared_on(self) -> str:
        """The ISO day, in the time of the place."""
        return timezone.localdate(self.declared_at).isoformat()


@dataclass(frozen=True)
class InForce:
    """What counts for the next measurement: assumptions of methods, and sizes of errors."""

    assumptions: Declarations
    errors: tuple[ErrorOverride, ...]


def standing(actor: Actor, *, on: dt.date) -> list[tuple[Declarable, DeclarationInfo | None]]:
    """Return everything that can be declared with its last line, which may have taken it back.

    Raises
    ------
    PermissionRefused
        Only who sees sub-compartments somewhere reads who declared what.
    """
    require(actor, "view_sub_compartments", on=on)
    last = _last_lines()
    return [(item, last.get(item.id)) for item in declarables().values()]


def history(actor: Actor, declarable_id: str, *, on: dt.date) -> list[DeclarationInfo]:
    """Return the lines of one declarable, the newest first.

    Raises
    ------
    PermissionRefused, NotDeclarable
    """
    require(actor, "view_sub_compartments", on=on)
    declarable(declarable_id)
    return _infos(_rows().filter(declarable=declarable_id))[::-1]


def may_declare(actor: Actor, *, on: dt.date) -> bool:
    """Return whether the actor may declare for the whole installation."""
    return _covers(areas_for(actor, PERMISSION, on=on))


def require_declaring(actor: Actor, *, on: dt.date) -> None:
    """Refuse unless the actor holds `declare_values` over all land that the installation has.

    What is declared enters every draft that is measured afterwards, so a county alone is not enough.

    Raises
    ------
    PermissionRefused
    """
    require(actor, PERMISSION, on=on)
    for code in _land():
        require(actor, PERMISSION, area=code, on=on)


def in_force() -> InForce:
    """Return what is declared at this moment."""
    assumptions: dict[str, Declared] = {}
    errors: list[ErrorOverride] = []
    for info in _last_lines().values():
        if info.value is None:
            continue
        row = declarable(info.declarable_id).error_source
        if row is None:
            assumptions[info.declarable_id] = Declared(info.value, info.source, info.declared_on)
        else:
            size_frac = float(info.value)
            errors.append(ErrorOverride(row.id, size_frac, info.source, group=row.group, declared_on=info.declared_on))
    return InForce(Declarations(**assumptions), tuple(sorted(errors, key=lambda error: (error.id, error.group))))


def last_line(declarable_id: str) -> DeclarationInfo | None:
    """Return the line that counts, also where it took the declaration back; None where nobody ever declared it."""
    found = _infos(_rows().filter(declarable=declarable_id))
    return found[-1] if found else None


def _land() -> list[str]:
    """Return the codes that the installation's land consists of: its cities, and the townships of all its layers."""
    codes = set(AdministrativeUnit.objects.filter(level="city").values_list("code", flat=True))
    for townships in Draft.objects.exclude(state="discarded").values_list("township_codes", flat=True):
        codes.update(townships)
    return sorted(codes)


def _covers(areas: AreaSet) -> bool:
    return not areas.is_empty and all(areas.covers(code) for code in _land())


def _rows() -> QuerySet[Declaration]:
    return Declaration.objects.select_related("declared_by").order_by("id")


def _last_lines() -> dict[str, DeclarationInfo]:
    return {info.declarable_id: info for info in _infos(_rows())}


def _infos(rows: QuerySet[Declaration]) -> list[DeclarationInfo]:
    before: dict[str, float | str | None] = {}
    found = []
    for row in rows:
        found.append(
            DeclarationInfo(
                declarable_id=row.declarable,
                number=row.number,
                value=row.value,
                before=before.get(row.declarable),
                ground=row.ground,
                declared_by=str(row.declared_by),
                declared_at=row.declared_at,
            )
        )
        before[row.declarable] = row.value
    return found
