"""Fields of a sub-compartment as a person reads them: name in both languages, unit, and the codes each may hold.

Chinese names, units and code lists are the schema's (`intake.schema`) and the parameters'; the English names of the
fields that a stand is made of stand here. A field without one is shown by its Chinese name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from senhui import parameters
from senhui.intake.schema import FIELD_BY_NAME, FIELD_CODES
from senhui.web import names

ENGLISH: Final[Mapping[str, str]] = {
    "SHENG": "province",
    "SHI": "city",
    "XIAN": "county",
    "XIANG": "township",
    "CUN": "village",
    "LIN_YE_JU": "forestry bureau",
    "LIN_CHANG": "forest farm",
    "LIN_BAN": "compartment",
    "XIAO_BAN": "sub-compartment",
    "XI_BAN": "part of the sub-compartment",
    "LD_QS": "land ownership",
    "MIAN_JI": "area",
    "DI_LEI": "land class",
    "SEN_LIN_LB": "forest category",
    "LIN_ZHONG": "forest type by purpose",
    "YU_BI_DU": "canopy or cover",
    "SSZYSZ": "main species of the scattered trees",
    "YOU_SHI_SZ": "dominant species",
    "QI_YUAN": "origin",
    "PINGJUN_NL": "mean age",
    "PINGJUN_XJ": "mean diameter",
    "PINGJUN_SG": "mean height",
    "PINGJUN_DM": "basal area",
    "MEI_GQ_ZS": "stems or culms per hectare",
    "HUO_LMGQXJ": "volume per hectare",
    "ZXJ": "total volume",
    "SSXJ": "volume of the scattered trees",
    "LING_ZU": "age group",
    "Remarks": "remarks",
}
UNITS: Final[Mapping[str, str]] = {
    "frac": "0–1", "m2/ha": "m²/ha", "m3/ha": "m³/ha", "m3": "m³", "yr": "a", "stems/ha": "1/ha", "stems": "",
}  # fmt: skip
AREA_UNITS: Final[Mapping[str, str]] = {"ha": "ha", "mu": "亩", "outline": "ha"}
CANOPY_UNITS: Final[Mapping[str, str]] = {"frac": "0–1", "percent": "%"}


@dataclass(frozen=True)
class FieldWords:
    """A schema field or column as it is shown; `name` is the schema's, `column` the file's."""

    name: str
    column: str
    label: str
    other_label: str
    unit: str
    is_number: bool


def field_words(name: str, *, column: str | None = None, profile: Mapping[str, Any] | None = None) -> FieldWords:
    """Return how a schema field is shown; what the schema does not know is shown by its own name.

    Parameters
    ----------
    column : its column in the file, where that has another name.
    profile : of the draft, whose unit of area and canopy counts.
    """
    field = FIELD_BY_NAME.get(name)
    column = column or name
    if field is None:
        return FieldWords(name, column, name, "", "", is_number=False)
    chinese, english = field.alias_zh, ENGLISH.get(field.name, "")
    is_chinese = names.language() == "zh"
    label, other = (chinese, english) if is_chinese or not english else (english, chinese)
    unit = UNITS.get(field.unit, field.unit)
    if profile and field.name == "MIAN_JI":
        unit = AREA_UNITS.get(profile.get("area_unit") or "", unit)
    if profile and field.name == "YU_BI_DU":
        unit = CANOPY_UNITS.get(profile.get("canopy_unit") or "", unit)
    return FieldWords(field.name, column, label, other, unit, is_number=field.type != "string")


def known_codes(name: str, profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the codes that a field may hold under a profile, each with its name.

    The lists are Chinese. On an English page the English name of the species group, land class or age group that a
    code belongs to stands beside its own; a code of another list keeps its Chinese name alone.
    """
    language = names.language()
    if name in {"YOU_SHI_SZ", "SSZYSZ"}:
        system = profile.get("species_code_system") or "nfi"
        return _table_codes("species_codes", "code_system", system, "species_group", language)
    if name == "DI_LEI":
        generation = profile.get("land_class_generation") or "G1"
        return _table_codes("land_class_codes", "generation", generation, "land_class", language)
    field = FIELD_BY_NAME.get(name)
    known = sorted(FIELD_CODES.get(field.name, {}).items()) if field else []
    if name == "LING_ZU" and language == "en":
        return [(code, f"{own} · {names.word('age_group', code)}") for code, own in known]
    return known


def code_word(name: str, code: Any, profile: Mapping[str, Any]) -> str:
    """Return what a code of a field means under a profile, or nothing."""
    return dict(known_codes(name, profile)).get(str(code), "")


@lru_cache(maxsize=16)
def _table_codes(table_id: str, column: str, value: str, group: str, language: names.Language) -> list[tuple[str, str]]:
    frame = parameters.table(table_id).frame
    rows = frame.filter(frame[column] == value).select("code", "name_zh", group).iter_rows()
    if language == "zh":
        return [(code, own) for code, own, _of in rows]
    return [(code, f"{own} · {names.word(group, of)}" if of else own) for code, own, of in rows]
