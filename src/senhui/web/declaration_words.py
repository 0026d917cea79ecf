"""Words and numbers of what the installation declares (本地声明), in the reader's language and units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from senhui import parameters
from senhui.measurement.declarable import Declarable, declarables
from senhui.measurement.error_book import EVERY_GROUP, ErrorSource
from senhui.parameters.allowed import parse_allowed
from senhui.quantities import percent_from_frac
from senhui.web import names

SOIL_WORDS = {
    "warm_temperate_moist": _("warm temperate, moist"),
    "tropical_moist": _("tropical, moist"),
    "tropical_montane": _("tropical, montane"),
    "high_activity": _("high-activity clay"),
    "low_activity": _("low-activity clay"),
    "sandy": _("sandy"),
}
"""Climates and clays of the table of reference stocks, whose rows a soil is declared by."""


def name(item: Declarable) -> str:
    """Return the name of what can be declared, with the group of stands that an error is for."""
    own = item.name_zh if names.language() == "zh" else item.name_en
    group = "" if item.error_source is None else _group(item.error_source.group)
    return f"{own} · {group}" if group else own


def value(item: Declarable, kept: float | str) -> str:
    """Return a value as people write it: percent of an error, words of a soil."""
    if item.choices:
        return " · ".join(str(SOIL_WORDS.get(part, part)) for part in str(kept).split("/"))
    if item.error_source is not None:
        return f"{percent_from_frac(float(kept)):g} %"
    return f"{kept:g} {item.unit}"


def allowed(item: Declarable) -> str:
    """Return which values may be declared, in the unit in which people write them."""
    if item.choices:
        return str(_("one of the list"))
    limits = parse_allowed(item.allowed)
    if item.error_source is not None:
        high = {"high": f"{percent_from_frac(limits.high):g}", "unit": "%"}
        return _("standard error over the value, more than 0 and at most %(high)s %(unit)s") % high
    ends = {"low": f"{limits.low:g}", "high": f"{limits.high:g}", "unit": item.unit}
    return _("from %(low)s to %(high)s %(unit)s") % ends


def published(source: ErrorSource) -> str | None:
    """Return the size of an error that the table has, or None where nobody published one."""
    if source.relative_error_frac is not None:
        return f"{percent_from_frac(source.relative_error_frac):.3g} %"
    if source.absolute_error is not None:
        return _("%(error)s in the unit of the number") % {"error": f"{source.absolute_error:g}"}
    return str(_("a size of its own in each row of the table")) if source.sd_column is not None else None


def kept_rows(measurement: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Return what a measurement kept of the declarations that it rests on: name, value, source and day of each."""
    kept: list[tuple[str, Any, Mapping[str, Any]]] = []
    for declarable_id, declared in ((measurement or {}).get("declarations") or {}).items():
        # The first releases kept one source and day beside the values, and nobody had declared anything.
        if isinstance(declared, Mapping):
            kept.append((declarable_id, declared["value"], declared))
    for error in (measurement or {}).get("declared_errors", []):
        group = "" if error["group"] == EVERY_GROUP else f".{error['group']}"
        kept.append((f"error.{error['id']}{group}", error["relative_error_frac"], error))
    known = declarables()
    return [
        {
            "name": name(known[declarable_id]),
            "value": value(known[declarable_id], of),
            "source": facts["source"],
            "declared_on": facts["declared_on"],
        }
        for declarable_id, of, facts in kept
        if declarable_id in known
    ]


def _group(group: str) -> str:
    if group == EVERY_GROUP:
        return ""
    if names.language() == "zh":
        return str(parameters.value("bef_continuous_zhejiang", group, "name_zh").value)
    word = names.word("species_group", group)
    return group.replace("_", " ") if word == group else word
