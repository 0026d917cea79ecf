"""Template filters: numbers in the reader's habit, names in the reader's language. Formatting only."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from senhui.inventory.queries import ReleaseInfo
from senhui.jobs.queries import JobInfo
from senhui.web import names, summaries, target_words, units
from senhui.web.job_titles import title_of

register = template.Library()

MARK_MEANINGS: dict[str, Promise] = {
    "A": _("read in the cited document"),
    "B": _("general knowledge, document not read"),
    "C": _("unsure, to be checked before anything depends on it"),
    "D": _("derived here from values that are listed"),
}

JOB_STATES: dict[str, Promise] = {
    "queued": _("waiting"),
    "running": _("running"),
    "succeeded": _("done"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}

DRAFT_STATES: dict[str, Promise] = {
    "unmapped": _("waits for a mapping"),
    "imported": _("imported, not measured"),
    "measured": _("measured, not released"),
    "released": _("released"),
    "discarded": _("discarded"),
}


@register.filter
def quantity(value: float | None, name: str) -> SafeString:
    """Return the number alone (its unit stands in the table's head), with the SI value as tooltip."""
    shown = units.shown(value, name)
    return format_html('<span title="{}" translate="no">{}</span>', shown.exact, shown.text)


@register.filter
def with_unit(value: float | None, name: str) -> SafeString:
    """Return the number with its unit, with the SI value as tooltip."""
    shown = units.shown(value, name)
    return format_html(
        '<span title="{}" translate="no">{}<span class="unit" translate="yes"> {}</span></span>',
        shown.exact,
        shown.text,
        shown.unit,
    )


@register.filter
def unit_of(name: str) -> str:
    """Return the unit in which the active language writes the quantity `name`."""
    return units.habit(name).unit


@register.filter
def written_unit(unit: str) -> str:
    """Return a unit of the parameter files as people write it: m³ for m3; nothing for a pure number.

    Examples
    --------
    >>> written_unit("t/m3"), written_unit("1"), written_unit("tCO2e/yr")
    ('t/m³', '', 'tCO₂e/yr')
    """
    return "" if unit in {"1", "-"} else re.sub(r"m([23])\b", _raised, unit.replace("CO2", "CO₂"))


def _raised(found: re.Match[str]) -> str:
    return "m" + {"2": "²", "3": "³"}[found[1]]


@register.filter
def region_word(region: str) -> str:
    """Return the name of the region that a published number holds for, or what the file says."""
    return str(names.REGIONS.get(region, region))


@register.filter
def own_name(name: str) -> str:
    """Return the name of a place; on an English page a Chinese one is marked as such, for readers and for voices.

    Examples
    --------
    >>> from django.utils.translation import override
    >>> with override("en"):
    ...     own_name("兰巨乡"), own_name("Longquan")
    ('<span lang="zh" title="Chinese name">兰巨乡</span>', 'Longquan')
    """
    if names.language() == "zh" or not _CHINESE.search(name):
        return name
    return format_html('<span lang="zh" title="{}">{}</span>', gettext("Chinese name"), name)


_CHINESE = re.compile("[\u4e00-\u9fff]")


@register.filter
def is_row_name(symbol: str) -> bool:
    """Return whether an entry names the row of a table that was used, and is no symbol of the equation."""
    return symbol.endswith("_row")


@register.filter
def in_language(value: Any, stem: str = "name") -> str:
    """Return `<stem>_zh` or `<stem>_en` of a mapping or object, whichever the active language asks for.

    Where only Chinese exists (places), Chinese is given.
    """
    suffix = "zh" if (get_language() or "").startswith("zh") else "en"
    for key in (f"{stem}_{suffix}", f"{stem}_zh"):
        found = value.get(key) if isinstance(value, dict) else getattr(value, key, None)
        if found:
            return str(found)
    return ""


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """Return `mapping[key]`, or nothing."""
    return mapping.get(key) if mapping else None


@register.filter
def instant(text: str) -> dt.datetime:
    """Return the instant that a manifest holds as ISO text, for the filter `date`."""
    return dt.datetime.fromisoformat(text)


@register.filter
def is_calibrated(release: ReleaseInfo) -> bool:
    """Return whether the release was calibrated; where it was not, no page calls a number calibrated."""
    return summaries.is_calibrated(release)


@register.filter
def coverage(release: ReleaseInfo) -> str:
    """Return how much of the city a release covers, or nothing where it is all of it."""
    n, m = summaries.coverage(release)
    return gettext("covers %(n)s of %(m)s townships") % {"n": n, "m": m} if n < m else ""


@register.filter
def mark_meaning(mark: str) -> str:
    """Return what a confidence mark says of a number's source."""
    return str(MARK_MEANINGS[mark])


@register.filter
def parameter_address(parameter_id: str) -> str:
    """Return the address of a parameter's page; of a table's cell, at its row."""
    table, _hash, cell = parameter_id.partition("#")
    address = reverse("parameters-one", args=[table])
    row = quote(cell.rpartition(".")[0])
    return f"{address}?row={row}#{row}" if cell else address


@register.filter
def job_title(job: JobInfo) -> str:
    """Return what a job does, in the reader's language."""
    return title_of(job)


@register.filter
def job_state_word(state: str) -> str:
    """Return the word for the state of a job."""
    return str(JOB_STATES[state])


@register.filter
def draft_state_word(state: str) -> str:
    """Return the word for the state of a draft."""
    return str(DRAFT_STATES[state])


@register.filter
def from_catalogue(text: str) -> str:
    """Return the translation of a note that a room below wrote in English, or the note itself."""
    return gettext(text) if text else ""


@register.filter
def large(value: float | None, name: str) -> SafeString:
    """Return a total of the city in as many digits as one remembers, with all of them as tooltip."""
    shown = units.shown(None, name) if value is None else target_words.large(value, name)
    return format_html(
        '<span title="{}" translate="no">{}<span class="unit" translate="yes"> {}</span></span>',
        shown.exact,
        shown.text,
        shown.unit,
    )


@register.filter
def large_number(value: float | None, name: str) -> SafeString:
    """Return the number of `large` alone; its unit stands in the table's head."""
    shown = units.shown(None, name) if value is None else target_words.large(value, name)
    return format_html('<span title="{}" translate="no">{}</span>', shown.exact, shown.text)


@register.filter
def large_unit(name: str) -> str:
    """Return the unit of `large`."""
    return target_words.large(0.0, name).unit
