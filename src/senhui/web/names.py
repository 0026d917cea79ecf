"""Names of codes in the reader's language: places, land classes, species groups, origins, age groups.

Land classes and species groups carry both names in their parameter tables; the words of closed lists stand here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from senhui import parameters
from senhui.inventory import queries
from senhui.measurement.choice import method_rules

Language = Literal["zh", "en"]

LEVEL_OF_LENGTH = {4: "city", 6: "county", 9: "township"}
LENGTH_OF_LEVEL = {level: length for length, level in LEVEL_OF_LENGTH.items()}
LEVEL_BELOW = {"city": "county", "county": "township"}

COUNTIES_EN = {
    "3311": "Lishui",
    "331102": "Liandu",
    "331121": "Qingtian",
    "331122": "Jinyun",
    "331123": "Suichang",
    "331124": "Songyang",
    "331125": "Yunhe",
    "331126": "Qingyuan",
    "331127": "Jingning",
    "331181": "Longquan",
}
"""The romanised names of city and counties; smaller places are shown by their Chinese name in both languages."""

_FEWEST_LETTERS = 2
"""A single letter names no owner."""

WORDS: dict[str, dict[str, Promise]] = {
    "origin": {"natural": _("natural"), "planted": _("planted"), "coppice": _("coppice")},
    "age_group": {
        "1": _("young"),
        "2": _("middle-aged"),
        "3": _("near-mature"),
        "4": _("mature"),
        "5": _("over-mature"),
    },
    "protection": {
        "011": _("Key public-benefit forest"),
        "012": _("General public-benefit forest"),
        "021": _("Key commercial forest"),
        "022": _("General commercial forest"),
    },
    "ownership": {
        "10": _("state-owned land"),
        "20": _("collective land"),
        "21": _("collective land contracted by a household"),
        "22": _("collective land managed by several households"),
        "23": _("collective land managed by the collective"),
    },
    "domain": {
        "arbor": _("Tree forest and economic forest"),
        "bamboo": _("Bamboo forest"),
        "shrub": _("Shrub"),
        "other": _("Sparse forest and scattered trees"),
    },
}

POOLS: dict[str, Promise] = {
    "tree_above": _("Trees, above ground"),
    "tree_below": _("Trees, below ground"),
    "bamboo": _("Bamboo"),
    "shrub": _("Shrub"),
    "economic": _("Economic forest"),
    "scattered": _("Scattered trees"),
    "understory": _("Understory"),
    "dead_wood": _("Dead wood"),
    "litter": _("Litter"),
    "soil_100cm": _("Soil, 0–100 cm"),
    "soil_30cm": _("Soil, 0–30 cm"),
}
"""Where the carbon lies; the first six make the stock of vegetation."""

LAND_SOURCES: dict[str, Promise] = {
    "outline": _("land area from the outline of the place"),
    "covered_townships": _("land area from the outlines of the townships that this release covers"),
    "layer": _(
        "land area of the sub-compartments themselves: no outline is known, it holds less than they cover, "
        "or only some are counted"
    ),
}

ERROR_UNKNOWN: dict[str, Promise] = {
    "not_computed": _("this release was made without an error of its totals"),
    "nothing_set": _("no source of error has a published value here"),
}

DIMENSIONS: dict[str, Promise] = {
    "county": _("County"),
    "township": _("Township"),
    "village": _("Village"),
    "land_class": _("Land class"),
    "species_group": _("Species group"),
    "origin": _("Origin"),
    "age_group": _("Age group"),
    "method": _("Method used"),
    "protection": _("Public-benefit and commercial forest"),
    "ownership": _("Ownership of the land"),
}
"""What sub-compartments are chosen and added up by."""

REGIONS: dict[str, Promise] = {
    "South China": _("South China"),
    "South and East China": _("South and East China"),
    "China": _("China"),
    "China (Guangdong)": _("China (Guangdong)"),
    "Zhejiang": _("Zhejiang"),
    "Lishui": _("Lishui"),
    "Longquan": _("Longquan"),
    "Qingyuan": _("Qingyuan"),
    "Songyang": _("Songyang"),
    "Suichang": _("Suichang"),
    "Anhui": _("Anhui"),
    "Fujian": _("Fujian"),
    "Guangxi": _("Guangxi"),
    "Guangxi (上思县)": _("Guangxi (Shangsi)"),
    "Hunan (Taojiang)": _("Hunan (Taojiang)"),
    "Sichuan": _("Sichuan"),
    "Sichuan and Yunnan": _("Sichuan and Yunnan"),
    "Yunnan": _("Yunnan"),
    "developed countries": _("developed countries"),
    "developing countries": _("developing countries"),
    "world": _("world"),
}
"""Regions of the parameter files; one that is not here is shown as its file has it."""

NOT_RECORDED = _("not recorded")

JOB_NOTES = (
    gettext_noop("Opening the file"),
    gettext_noop("Reading outlines"),
    gettext_noop("Recognising units and codes"),
    gettext_noop("Checking the rows"),
    gettext_noop("Read"),
    gettext_noop("Writing the draft"),
    gettext_noop("Imported"),
    gettext_noop("Measuring"),
    gettext_noop("Calibrating"),
    gettext_noop("Writing"),
    gettext_noop("Measured"),
    gettext_noop("Checking the measured values"),
    gettext_noop("Writing the release"),
    gettext_noop("Statistics"),
    gettext_noop("Drawing the map"),
    gettext_noop("Reading the release"),
    gettext_noop("Writing the file"),
    gettext_noop("Released"),
    gettext_noop("Reading the releases"),
    gettext_noop("Comparing outlines"),
    gettext_noop("Intersecting outlines"),
    gettext_noop("Adding the pieces up"),
    gettext_noop("Adding the change up"),
    gettext_noop("Compared"),
)
"""What the long actions of the rooms below report while they run; English there, a key of the catalogue here."""


def place(code: str) -> str:
    """Return the name of an administrative unit in the active language; an unknown code names itself."""
    if not _is_chinese() and code in COUNTIES_EN:
        return COUNTIES_EN[code]
    return queries.unit_names().get(code, code)


def place_names() -> dict[str, str]:
    """Return the name of every administrative unit in the active language."""
    return queries.unit_names() | ({} if _is_chinese() else COUNTIES_EN)


def units_named_in_english(text: str) -> list[dict[str, Any]]:
    """Return the city and counties whose romanised name begins with `text`, as `queries.find_units` does."""
    codes = [code for code, name in COUNTIES_EN.items() if text and name.lower().startswith(text.lower())]
    return [unit for code in codes for unit in queries.find_units(code, limit=1)]


def owners_named(text: str) -> list[str]:
    """Return the codes of ownership whose words, in either language, contain `text`; two letters at least.

    Examples
    --------
    >>> owners_named("state-owned"), owners_named("x")
    (['10'], [])
    """
    if len(text) < _FEWEST_LETTERS:
        return []
    found = []
    for code, words in WORDS["ownership"].items():
        written = []
        for language_code in ("en", "zh-hans"):
            with override(language_code):
                written.append(str(words).lower())
        if any(text.lower() in one for one in written):
            found.append(code)
    return found


def trail(code: str) -> list[dict[str, str]]:
    """Return the units from the city down to `code`, each with code and name."""
    return [{"code": code[:length], "name": place(code[:length])} for length in LEVEL_OF_LENGTH if length <= len(code)]


def word(column: str, value: Any) -> str:
    """Return what a coded value of a column means, in the active language."""
    if value is None or value == "":
        return str(NOT_RECORDED)
    if column in {"county", "township", "village", "county_code", "township_code"}:
        return place(str(value))
    if column in {"land_class", "species_group"}:
        return _table_names(f"{_TABLES[column]}", "zh" if _is_chinese() else "en").get(str(value), str(value))
    return str(WORDS.get(column, {}).get(str(value), value))


def of_value(dimension: str, value: str | int | None) -> str:
    """Return what a value of one of `DIMENSIONS` is called in the active language; an unknown code names itself."""
    if dimension == "method" and value in method_rules().methods:
        method = method_rules().methods[str(value)]
        return method.name_zh if _is_chinese() else method.name_en
    return word(dimension, value)


def stand_words(stand: dict[str, Any]) -> dict[str, str]:
    """Return the words for the coded columns of a stand."""
    return {column: word(column, stand[column]) for column in ("land_class", "species_group", "origin", "age_group")}


_TABLES = {"land_class": "land_classes", "species_group": "species_groups"}


@lru_cache(maxsize=8)
def _table_names(table_id: str, language: str) -> dict[str, str]:
    table = parameters.table(table_id)
    key = table.key[0]
    return dict(table.frame.select(key, f"name_{language}").iter_rows())


def language() -> Language:
    """Return the active language as `zh` or `en`."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def _is_chinese() -> bool:
    return language() == "zh"
