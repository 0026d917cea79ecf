"""From the fields of a layer to canonical stands: identity, codes, units. One expression for each column.

Nothing is judged here: a value that has no meaning becomes null, and a check of ``checks.py`` finds it.
Cases: ``tests/intake/test_stands.py``.
"""

from typing import Final

import polars as pl

from senhui.intake.levels import LEVELS
from senhui.intake.profile import ImportProfile
from senhui.intake.recognition import classes_of_codes, groups_of_codes, kinds_of_codes
from senhui.intake.schema import FIELD_CODES
from senhui.quantities import frac_from_percent, ha_from_mu

CANONICAL: Final[dict[str, type[pl.DataType]]] = {
    "row": pl.UInt32,
    "sub_compartment_id": pl.String,
    "county_code": pl.String,
    "township_code": pl.String,
    "village_code": pl.String,
    "compartment_no": pl.String,
    "sub_compartment_no": pl.String,
    "land_class": pl.String,
    "species_code": pl.String,
    "species_group": pl.String,
    "origin": pl.String,
    "age_yr": pl.Int32,
    "age_group": pl.Int32,
    "canopy_frac": pl.Float64,
    "dbh_cm": pl.Float64,
    "height_m": pl.Float64,
    "basal_area_m2_ha": pl.Float64,
    "stems_ha": pl.Float64,
    "area_ha": pl.Float64,
    "geometry_area_ha": pl.Float64,
    "volume_m3_ha": pl.Float64,
    "volume_m3": pl.Float64,
    "scattered_volume_m3": pl.Float64,
    "scattered_species_group": pl.String,
    "forest_function": pl.String,
    "forest_category": pl.String,
    "land_ownership": pl.String,
    "min_lon": pl.Float64,
    "min_lat": pl.Float64,
    "max_lon": pl.Float64,
    "max_lat": pl.Float64,
    "geometry": pl.Binary,
}
"""Columns of the canonical stand table; units are the suffixes, null means not known."""

_ORIGINS: Final = {"1": "natural", "2": "planted", "3": "coppice"}


def with_land_class(fields: pl.DataFrame, generation: str) -> pl.DataFrame:
    """Add ``land_class``: null where the generation does not have the code."""
    return fields.with_columns(land_class=_mapped("DI_LEI", classes_of_codes(generation)))


def with_stands(fields: pl.DataFrame, profile: ImportProfile) -> pl.DataFrame:
    """Add the canonical columns to the fields, and ``species_kind`` for the checks.

    Parameters
    ----------
    fields : polars.DataFrame
        What ``fields.schema_frame`` gives, with ``land_class``, ``geometry_area_ha`` and the outline.
    profile : ImportProfile
        Resolved.
    """
    system = profile.species_code_system
    groups = groups_of_codes(system) if system else {}
    kinds = kinds_of_codes(system) if system else {}
    area_ha = {
        "ha": pl.col("MIAN_JI"),
        "mu": ha_from_mu(pl.col("MIAN_JI")),
        "outline": pl.col("geometry_area_ha"),
    }[profile.area_unit or "ha"]
    is_percent = profile.canopy_unit == "percent"
    canopy_frac = frac_from_percent(pl.col("YU_BI_DU")) if is_percent else pl.col("YU_BI_DU")
    return (
        fields.with_columns(
            county_code=pl.when(_is_digits("XIAN", 6)).then(pl.col("XIAN")),
            compartment_no=pl.col("LIN_BAN"),
            sub_compartment_no=pl.col("XIAO_BAN"),
            species_code=pl.col("YOU_SHI_SZ"),
            species_group=_mapped("YOU_SHI_SZ", groups),
            species_kind=_mapped("YOU_SHI_SZ", kinds),
            origin=pl.col("QI_YUAN")
            .str.extract(r"^([123])[0-9]?$")
            .replace_strict(_ORIGINS, default=None, return_dtype=pl.String),
            age_yr=pl.col("PINGJUN_NL").floor().cast(pl.Int32, strict=False),
            age_group=pl.when(pl.col("LING_ZU").is_in(list(FIELD_CODES["LING_ZU"])))
            .then(pl.col("LING_ZU"))
            .cast(pl.Int32),
            canopy_frac=canopy_frac,
            dbh_cm=pl.col("PINGJUN_XJ"),
            height_m=pl.col("PINGJUN_SG"),
            basal_area_m2_ha=pl.col("PINGJUN_DM"),
            stems_ha=pl.col("MEI_GQ_ZS"),
            area_ha=area_ha,
            scattered_volume_m3=pl.col("SSXJ"),
            scattered_species_group=_mapped("SSZYSZ", groups),
            forest_function=pl.col("LIN_ZHONG"),
            forest_category=pl.col("SEN_LIN_LB"),
            land_ownership=pl.col("LD_QS"),
        )
        .with_columns(scattered_within_m3=_scattered_within_stand_m3())
        .with_columns(
            township_code=_full_code("XIANG", 9, pl.col("county_code")),
            volume_m3_ha=pl.coalesce(
                "HUO_LMGQXJ", pl.when(pl.col("area_ha") > 0).then(pl.col("ZXJ") / pl.col("area_ha"))
            )
            - pl.coalesce(pl.col("scattered_within_m3") / pl.col("area_ha"), 0.0),
        )
        .with_columns(
            village_code=_full_code("CUN", 12, pl.col("township_code")),
            # Not ZXJ: it may have the scattered trees in it, and they are counted beside.
            volume_m3=pl.col("volume_m3_ha") * pl.col("area_ha"),
        )
        .with_columns(
            sub_compartment_id=pl.concat_str(
                "village_code",
                pl.lit("-") + pl.col("LIN_BAN"),
                pl.lit("-") + pl.col("XIAO_BAN"),
                (pl.lit("-") + pl.col("XI_BAN")).fill_null(""),
            )
        )
    )


def volume_rounding_m3() -> pl.Expr:
    """Return how far ZXJ may lie from HUO_LMGQXJ × MIAN_JI by rounding alone, m³ per row."""
    decimals = LEVELS["volume_rounding_decimals"] * (pl.col("area_ha") + pl.col("HUO_LMGQXJ").abs())
    return LEVELS["volume_rounding_m3"] + decimals


def _scattered_within_stand_m3() -> pl.Expr:
    """Return the scattered volume (SSXJ) that stands in the volume of a tree stand as well; null where none does.

    Living stock per hectare (公顷活立木蓄积) has scattered trees in it where HUO_LMGQXJ × MIAN_JI gives all of ZXJ.
    They make a pool of their own, so they are taken out of the stand: counted once, and a warning says so.
    """
    scattered_m3, total_m3 = pl.col("SSXJ"), pl.col("ZXJ")
    is_all = (total_m3 - pl.col("HUO_LMGQXJ") * pl.col("area_ha")).abs() <= volume_rounding_m3()
    is_trees = pl.col("land_class").is_in(["tree_forest", "sparse_forest"])
    is_within = is_trees & is_all & (scattered_m3 > volume_rounding_m3()) & (scattered_m3 <= total_m3)
    return pl.when(is_within).then(scattered_m3)


def _mapped(field: str, meanings: dict[str, str]) -> pl.Expr:
    return pl.col(field).replace_strict(meanings, default=None, return_dtype=pl.String)


def _is_digits(field: str, n: int) -> pl.Expr:
    return pl.col(field).str.contains(rf"^[0-9]{{{n}}}$")


def _full_code(field: str, n_digits: int, parent: pl.Expr) -> pl.Expr:
    """Express the code of a unit in full: three digits are its number inside the parent."""
    return (
        pl.when(_is_digits(field, n_digits)).then(pl.col(field)).when(_is_digits(field, 3)).then(parent + pl.col(field))
    )
