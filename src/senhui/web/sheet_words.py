"""What is written on a map sheet (图件), from the catalogues and in the reader's units. No numbers of its own.

`senhui.atlas.sheet` asks for it through `say_with`, so that pages, terminal and jobs print the same words.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from senhui.atlas.layers import MapLayer
from senhui.atlas.sheet_values import Language, Sheet
from senhui.atlas.statistics import ErrorUnknown
from senhui.web import map_style, names, units

CATALOGUE: dict[Language, str] = {"zh": "zh-hans", "en": "en"}


def place_names(language: Language) -> dict[str, str]:
    """Return the name of every place by code in a language."""
    with override(CATALOGUE[language]):
        return names.place_names()


def words_of(sheet: Sheet) -> dict[str, Any]:
    """Return everything that is written on a sheet, by the keys of its template."""
    with override(CATALOGUE[sheet.asked.language]):
        return _words(sheet)


def layer_title(layer: MapLayer) -> str:
    """Return what a layer shows, in the active language."""
    return str(map_style.TITLES[layer.id])


def _words(sheet: Sheet) -> dict[str, Any]:
    release = sheet.release
    place = names.place(sheet.place) if sheet.place else release.label
    is_calibrated = sheet.measure == "calibrated"
    title = _("%(place)s: %(layer)s, %(year)s") % {
        "place": place,
        "layer": layer_title(sheet.layer),
        "year": release.reference_year,
    }
    return {
        "title": title,
        "subtitle": " · ".join([release.label, _how_shown(sheet)]),
        "author": _("Senhui"),
        "alt": _("Map: %(title)s") % {"title": title},
        "mark": _("Sample data") if release.is_sample else "",
        "review": _review(sheet),
        "legend_title": layer_title(sheet.layer),
        "legend_unit": _legend_unit(sheet, is_calibrated=is_calibrated),
        "legend": map_style.legend(sheet.layer),
        "legend_notes": _legend_notes(sheet),
        "place": place,
        "numbers": _numbers(sheet, is_calibrated=is_calibrated),
        "origin_title": _("Where the numbers come from"),
        "facts": [
            {"label": _("Reference year"), "value": f"{release.reference_year}"},
            {"label": _("Data version"), "value": release.id},
            {"label": _("Released by"), "value": release.released_by},
            {"label": _("Released on"), "value": release.released_at.date().isoformat()},
        ],
        "hash": _("Value hash (SHA-256)") + " " + _grouped(release.value_hash),
        "notes": _notes(sheet, is_calibrated=is_calibrated),
        "scale": f"1:{sheet.frame.denominator:,}".replace(",", " "),
        "bar_marks": _bar_marks(sheet),
        "projection": _("CGCS2000, Gauss-Krüger projection, 3-degree zone, central meridian 120° E"),
        "north": _("N"),
        "overview_title": _("Location of the sheet"),
        "code_note": _("This view in the browser"),
    }


def _how_shown(sheet: Sheet) -> str:
    return {
        "stand": _("by sub-compartment"),
        "township": _("by township"),
        "county": _("by county"),
    }[sheet.level]


def _review(sheet: Sheet) -> str:
    if sheet.review_number:
        return _("Map review number: %(number)s") % {"number": sheet.review_number}
    if sheet.release.is_sample:
        return _("Sample data, no map review number")
    return _("No map review number: for internal use")


def _legend_unit(sheet: Sheet, *, is_calibrated: bool) -> str:
    if not sheet.layer.steps:
        return ""
    parts = [map_style.unit_of(sheet.layer), _("calibrated") if is_calibrated else _("measured, not calibrated")]
    if sheet.level != "stand" and sheet.layer.id == "density":
        parts.append(_("per hectare of land") if sheet.asked.per == "land" else _("per hectare of forest"))
    return ", ".join(parts)


def _legend_notes(sheet: Sheet) -> list[str]:
    notes = []
    if sheet.shortfall == "no_role":
        notes.append(_("Townships are shown: sub-compartments need a role."))
    elif sheet.shortfall == "too_many":
        notes.append(_("Townships are shown: there are more sub-compartments than a sheet can hold."))
    elif sheet.shortfall == "too_small":
        notes.append(_("Townships are shown: at this scale a sub-compartment is smaller than half a millimetre."))
    if sheet.is_partial:
        notes.append(_("Sub-compartments are drawn on the land of the reader's role only."))
    return notes


def _numbers(sheet: Sheet, *, is_calibrated: bool) -> list[dict[str, Any]]:
    """Return stock with its error, then density, areas and volume of the place."""
    total = sheet.total
    if total is None:
        return [_number(_("Carbon stock"), _("no sub-compartment here in this data version"), is_main=True)]
    stock = "calibrated_stock_tc" if is_calibrated else "stock_tc"
    if isinstance(sheet.error, ErrorUnknown):
        note = _("error not known: %(reason)s") % {"reason": names.ERROR_UNKNOWN[sheet.error.reason]}
    else:
        half = units.shown(sheet.error.half_width_tc, "stock_tc")
        note = _("± %(half)s (95 %%)") % {"half": half}
    label = _("Carbon stock of the vegetation, calibrated") if is_calibrated else _("Carbon stock of the vegetation")
    ratio = f"{stock}_per_{sheet.asked.per}_ha"
    per = _("per hectare of land") if sheet.asked.per == "land" else _("per hectare of forest")
    found = [
        _number(label, str(units.shown(total[stock], "stock_tc")), is_main=True, note=note),
        _number(per, str(units.shown(total[ratio], "density_tc_ha"))),
        _number(_("Forest land"), str(units.shown(total["forest_area_ha"], "area_ha"))),
        _number(_("Land"), str(units.shown(total["land_area_ha"], "area_ha"))),
        _number(_("Volume"), str(units.shown(total["volume_m3"], "volume_m3"))),
        _number(_("Area without estimate"), str(units.shown(total["area_without_estimate_ha"], "area_ha"))),
    ]
    excluded_area_ha = sheet.release.excluded_area_within(sheet.place)
    if excluded_area_ha:
        found.append(_number(_("Left out of the release"), str(units.shown(excluded_area_ha, "area_ha"))))
    return found


def _number(label: str, value: str, *, is_main: bool = False, note: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "is_main": is_main, "note": note}


def _notes(sheet: Sheet, *, is_calibrated: bool) -> list[str]:
    notes = [_("Source: %(label)s; calculation Senhui.") % {"label": sheet.release.label}]
    if not is_calibrated:
        notes.append(_("Not calibrated to design-based totals."))
    if sheet.release.licence_note:
        notes.append(sheet.release.licence_note)
    if sheet.release.is_sample:
        notes.append(_("Sample data: not a survey result, not a basis for any decision."))
    return notes


def _bar_marks(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the ends and the middle of the scale bar, in km from one kilometre on."""
    length_m = sheet.bar.length_m
    unit, divisor = (_("km"), 1000) if length_m >= 1000 else (_("m"), 1)
    end = f"{length_m / divisor:g} {unit}"
    return [{"at": 0.0, "label": "0"}, {"at": 0.5, "label": f"{length_m / divisor / 2:g}"}, {"at": 1.0, "label": end}]


def _grouped(digits: str) -> str:
    """Write a long number in groups of eight, so that a line may break within it and an eye can compare it."""
    return " ".join(digits[start : start + 8] for start in range(0, len(digits), 8))
