"""The columns of exported sub-compartments: what they are called where, their units, how they follow from a release.

What a layer of the official schema records goes out under the schema's own field names (XIAN, DI_LEI, MIAN_JI …), in
its units and codes, so that a file comes back into an import without a mapping and measures the same. Beside them
stand the results, named by their units. The cases are in ``tests/atlas/test_sub_compartments_file.py`` and
``tests/atlas/test_round_trip.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from senhui import parameters
from senhui.atlas.exports.provenance import release_label
from senhui.intake.schema import FIELD_BY_NAME
from senhui.inventory import queries

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Column:
    """An exported column.

    Attributes
    ----------
    name : its name, and in a Shapefile ``short``, of ten letters at most
    of : the column of a release that it comes from; empty where it is made here
    unit : SI unit, empty of codes and words
    zh, en : what it means
    """

    name: str
    short: str
    of: str
    unit: str
    zh: str
    en: str


def _field(name: str, of: str, unit: str, zh: str, en: str) -> Column:
    field = FIELD_BY_NAME[name]
    return Column(field.name, field.shapefile_name, of, unit, zh, en)


FIELDS: tuple[Column, ...] = (
    _field("XIAN", "county_code", "", "县（市、区）代码", "code of the county"),
    _field("XIANG", "township_code", "", "乡镇代码（全码）", "code of the township, in full"),
    _field("CUN", "village_code", "", "村代码（全码）", "code of the village, in full"),
    _field("LIN_BAN", "compartment_no", "", "林班号", "number of the compartment"),
    _field("XIAO_BAN", "sub_compartment_no", "", "小班号", "number of the sub-compartment"),
    _field("XI_BAN", "", "", "细班号", "number of the part of a sub-compartment"),
    _field(
        "DI_LEI", "", "",
        "地类代码：同一地类有几个代码时取其中第一个",
        "code of the land class; the first where several codes mean the same class",
    ),
    _field("MIAN_JI", "area_ha", "ha", "面积", "area"),
    _field("YOU_SHI_SZ", "species_code", "", "优势树种代码", "code of the main species"),
    _field("QI_YUAN", "", "", "起源：1 天然，2 人工，3 萌生", "origin: 1 natural, 2 planted, 3 coppice"),
    _field("PINGJUN_NL", "age_yr", "yr", "平均年龄", "mean age"),
    _field("LING_ZU", "", "", "龄组代码", "code of the age group"),
    _field("YU_BI_DU", "canopy_frac", "1", "郁闭度（0–1）", "canopy as a share (0–1)"),
    _field("PINGJUN_XJ", "dbh_cm", "cm", "平均胸径", "mean diameter"),
    _field("PINGJUN_SG", "height_m", "m", "平均树高", "mean height"),
    _field("PINGJUN_DM", "basal_area_m2_ha", "m²/ha", "每公顷断面积", "basal area per hectare"),
    _field("MEI_GQ_ZS", "stems_ha", "stems/ha", "每公顷株数", "stems per hectare"),
    _field(
        "HUO_LMGQXJ", "volume_m3_ha", "m³/ha",
        "每公顷蓄积，不含散生四旁木", "volume per hectare, without scattered trees",
    ),
    _field(
        "ZXJ", "", "m³",
        "总蓄积：每公顷蓄积 × 面积 + 散生四旁木蓄积",
        "total volume: volume per hectare times area, and the scattered trees",
    ),
    _field("SSXJ", "scattered_volume_m3", "m³", "散生四旁木蓄积", "volume of scattered trees"),
    _field("SSZYSZ", "", "", "散生木主要树种代码（该树种组的第一个）", "code of the scattered trees' species group"),
    _field("LIN_ZHONG", "forest_function", "", "林种代码", "code of the forest function"),
    _field("SEN_LIN_LB", "forest_category", "", "森林类别代码", "code of the forest category"),
    _field("LD_QS", "land_ownership", "", "土地权属代码", "code of land ownership"),
)  # fmt: skip
"""What an import reads again."""

_TC, _TC_HA = "tC", "tC/ha"
RESULTS: tuple[Column, ...] = tuple(
    Column(name, short, name, unit, zh, en)
    for name, short, unit, zh, en in (
        ("sub_compartment_id", "XB_ID", "", "小班编号", "number of the sub-compartment in full"),
        ("land_class", "LAND_CLASS", "", "地类", "land class"),
        ("species_group", "SPECIES", "", "树种组", "species group"),
        ("origin", "ORIGIN", "", "起源", "origin"),
        ("volume_m3", "VOL_M3", "m³", "蓄积，不含散生四旁木", "volume, without scattered trees"),
        ("method", "METHOD", "", "测算方法", "method"),
        ("method_name", "METHOD_NM", "", "测算方法名称", "name of the method"),
        ("no_estimate_reason", "NO_EST_WHY", "", "无估算原因代码", "why there is no estimate, as a code"),
        ("no_estimate_words", "NO_EST_TXT", "", "无估算原因", "why there is no estimate"),
        ("derivation_id", "DERIV_ID", "", "推导编号", "number of the derivation"),
        ("scattered_no_estimate_words", "NOEST_SCAT", "", "散生木无估算原因", "why scattered trees have no estimate"),
        ("scattered_derivation_id", "DERIV_SCAT", "", "散生木推导编号", "number of the scattered trees' derivation"),
        ("main_tc", "MAIN_TC", _TC, "林分碳储量", "stock without scattered trees"),
        ("scattered_tc", "SCAT_TC", _TC, "散生木碳储量", "stock of scattered trees"),
        ("stock_tc", "STOCK_TC", _TC, "植被碳储量（测算）", "stock of the vegetation, measured"),
        ("stock_tc_ha", "STOCK_TCHA", _TC_HA, "每公顷植被碳储量（测算）", "the same per hectare"),
        ("main_factor", "FACTOR", "1", "校准系数", "factor of the calibration"),
        ("scattered_factor", "FACTOR_SC", "1", "散生木校准系数", "factor of the calibration of scattered trees"),
        ("calibrated_stock_tc", "CALIB_TC", _TC, "植被碳储量（校准）", "stock of the vegetation, calibrated"),
        ("understory_tc_ha", "UNDER_TCHA", _TC_HA, "每公顷林下灌草", "understory per hectare"),
        ("understory_tc", "UNDER_TC", _TC, "林下灌草", "understory"),
        ("dead_wood_tc_ha", "DEAD_TCHA", _TC_HA, "每公顷枯死木", "dead wood per hectare"),
        ("dead_wood_tc", "DEAD_TC", _TC, "枯死木", "dead wood"),
        ("litter_tc_ha", "LITTR_TCHA", _TC_HA, "每公顷枯落物", "litter per hectare"),
        ("litter_tc", "LITTR_TC", _TC, "枯落物", "litter"),
        ("soil_100cm_tc_ha", "S100_TCHA", _TC_HA, "每公顷土壤 0–100 cm", "soil 0–100 cm per hectare"),
        ("soil_100cm_tc", "S100_TC", _TC, "土壤 0–100 cm", "soil 0–100 cm"),
        ("soil_30cm_tc_ha", "S30_TCHA", _TC_HA, "每公顷土壤 0–30 cm", "soil 0–30 cm per hectare"),
        ("soil_30cm_tc", "S30_TC", _TC, "土壤 0–30 cm", "soil 0–30 cm"),
        ("ground_no_estimate_words", "NOEST_GRND", "", "林下与土壤无估算原因", "why the ground has no estimate"),
        ("ground_derivation_id", "DERIV_GRND", "", "林下与土壤推导编号", "number of the ground's derivation"),
        ("release", "RELEASE", "", "数据版本", "data version"),
    )
)
"""What was calculated.

``stock_tc`` is the vegetation: trees, bamboo, shrub, economic forest, scattered trees. Understory, dead wood, litter
and soil stand beside it and are never in it; soil to 30 cm is no part of soil to 100 cm. A release that did not
measure the ground lacks its columns.
"""

COLUMNS = (*FIELDS, *RESULTS)

SHAPEFILE_NAMES = {column.name: column.short for column in COLUMNS}
"""The exported columns, and their names where only ten letters fit."""

_WORDS = {
    "no_estimate_words": "no_estimate_reason",
    "scattered_no_estimate_words": "scattered_no_estimate_reason",
    "ground_no_estimate_words": "ground_no_estimate_reason",
}
"""Reasons in words, and the column with the id of the rule that they are the words of."""

_ORIGINS = {"natural": "1", "planted": "2", "coppice": "3"}
"""The first digit of the code decides for an import."""

_NEEDED = ("scattered_species_group", "age_group", *_WORDS.values())


def needed(present: Sequence[str]) -> list[str]:
    """Return the columns of a release that an export is made of, the outlines among them."""
    wanted = {*(column.of for column in COLUMNS), *_NEEDED, "geometry"}
    return [name for name in present if name in wanted]


def exported(stands: pl.DataFrame, release: queries.ReleaseInfo, *, language: Language) -> pl.DataFrame:
    """Return stands under the names and in the order of `COLUMNS`, as far as the release has them, and ``geometry``.

    Parameters
    ----------
    stands : the columns of a release that `needed` names
    release : whose they are
    language : of the names of methods and the reasons why there is no estimate
    """
    made = {**_codes(stands, release), **_words(stands, release.id, language)}
    made["release"] = pl.lit(release_label(release))
    chosen = []
    for column in COLUMNS:
        if column.name in made:
            chosen.append(made[column.name].alias(column.name))
        elif column.of in stands.columns:
            chosen.append(pl.col(column.of).alias(column.name))
    return stands.select(*chosen, "geometry")


def _codes(stands: pl.DataFrame, release: queries.ReleaseInfo) -> dict[str, pl.Expr]:
    """Return the fields whose codes a release keeps only by their meaning."""
    profile: Mapping[str, Any] = release.manifest.get("profile", {})
    begin = pl.concat_str("village_code", pl.lit("-"), "compartment_no", pl.lit("-"), "sub_compartment_no")
    volume = pl.col("volume_m3")
    made = {
        "XI_BAN": pl.when(pl.col("sub_compartment_id").str.starts_with(begin + "-")).then(
            pl.col("sub_compartment_id").str.slice(begin.str.len_chars() + 1)
        ),
        "QI_YUAN": pl.col("origin").replace_strict(_ORIGINS, default=None, return_dtype=pl.String),
        "LING_ZU": pl.col("age_group").cast(pl.String),
        # Without a volume of the stand none in all: an import would take the scattered trees for the stand.
        "ZXJ": pl.when(volume.is_not_null()).then(volume + pl.col("scattered_volume_m3").fill_null(0.0)),
    }
    # A code that another generation has too would leave an import in doubt, so it comes last.
    codes = parameters.table("land_class_codes").frame.with_columns(n_lists=pl.len().over("code"))
    classes = codes.sort("n_lists", maintain_order=True).filter(
        pl.col("generation") == profile.get("land_class_generation", "")
    )
    if classes.height:
        made["DI_LEI"] = _first_code("land_class", classes)
    species = parameters.table("species_codes").frame.filter(
        pl.col("code_system") == (profile.get("species_code_system") or "")
    )
    if species.height and "scattered_species_group" in stands.columns:
        made["SSZYSZ"] = _first_code("scattered_species_group", species, meaning="species_group")
    return made


def _first_code(column: str, codes: pl.DataFrame, *, meaning: str | None = None) -> pl.Expr:
    first = codes.unique(meaning or column, keep="first", maintain_order=True).select(meaning or column, "code")
    return pl.col(column).replace_strict(dict(first.iter_rows()), default=None, return_dtype=pl.String)


def _words(stands: pl.DataFrame, release_id: str, language: Language) -> dict[str, pl.Expr]:
    """Return the name of the method and, where there is no estimate, why: in words."""
    derivations = list(queries.derivations(release_id).values())
    methods = {row["method"]: row[f"name_{language}"] for row in derivations}
    reasons = {row["rule"]["id"]: row["rule"][f"reason_{language}"] for row in derivations}

    def words(column: str, meanings: dict[str, str]) -> pl.Expr:
        return pl.col(column).replace_strict(meanings, default=pl.col(column), return_dtype=pl.String)

    made = {"method_name": words("method", methods)}
    return made | {name: words(column, reasons) for name, column in _WORDS.items() if column in stands.columns}
