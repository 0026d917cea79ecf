"""Every check of a layer's rows, as data: reason, field, and the condition under which it speaks.

Levels with their reasons: ``levels.csv``. Texts and severities: ``reasons.py``.
Cases: ``tests/intake/test_reasons.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from senhui.intake.fields import EMPTY_MARKS, NUMBERS, TEXTS, as_code, as_number, as_text, mapped_codes
from senhui.intake.levels import LEVELS
from senhui.intake.profile import ImportProfile
from senhui.intake.reasons import GEOMETRY_INVALID, REASONS
from senhui.intake.schema import FIELD_BY_NAME, FIELD_CODES
from senhui.intake.stands import volume_rounding_m3

FINDINGS: Final = {
    "row": pl.UInt32,
    "sub_compartment_id": pl.String,
    "field": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "n_rows": pl.UInt32,
    "other_row": pl.UInt32,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "severity": pl.String,
    "message_en": pl.String,
    "remedy_en": pl.String,
}
"""Columns of the findings.

``row`` is null where a finding speaks of the layer: for all rows with a code, which ``n_rows`` counts, or of a gap
between outlines. ``other_row`` is the other of two rows that a finding is about. ``lon`` and ``lat`` are a point to
look at, degrees of EPSG:4490, null where the row has no outline.
"""

_OF_CHECKS: Final = ("row", "field", "value", "reason")
_MOST_PARTNERS: Final = 6

_USED_CODES: Final = {"DI_LEI", "YOU_SHI_SZ", "SSZYSZ", "QI_YUAN", "LING_ZU"}
_CAN_BE_NEGATIVE: Final = {"HBG", "BAK1", "BAK2"}
"""Height above the sea (海拔高), and two fields without a meaning of their own."""


@dataclass(frozen=True)
class Check:
    """One check: when it speaks, of which field, and which value it shows."""

    reason: str
    field: str
    when: pl.Expr
    value: pl.Expr


def stand_checks(profile: ImportProfile) -> tuple[Check, ...]:
    """List the checks over fields and canonical columns of one row."""
    c = pl.col
    trees = c("land_class").is_in(["tree_forest", "sparse_forest"])
    bamboo = c("land_class") == "bamboo_forest"
    ratio = c("area_ha") / c("geometry_area_ha")
    is_recorded = profile.area_unit != "outline"
    area_missing = (_is_blank("MIAN_JI") | (c("MIAN_JI") == 0)) & pl.lit(is_recorded)
    factor = LEVELS["area_impossible_factor"]
    impossible = (c("area_ha") > 0) & ((ratio > factor) | (ratio < 1 / factor))
    differs = ((ratio - 1).abs() > LEVELS["area_differs_frac"]) & (
        (c("area_ha") - c("geometry_area_ha")).abs() > LEVELS["area_differs_ha"]
    )
    product_m3 = c("HUO_LMGQXJ") * c("area_ha")
    rounding_m3 = volume_rounding_m3()
    is_total = (c("ZXJ") - product_m3).abs() <= rounding_m3
    is_total_without_scattered = (c("ZXJ") - product_m3 - c("SSXJ")).abs() <= rounding_m3
    west, south, east, north = profile.expected_bounds or (-180.0, -90.0, 180.0, 90.0)
    inside = (c("min_lon") >= west) & (c("min_lat") >= south) & (c("max_lon") <= east) & (c("max_lat") <= north)
    place = pl.concat_str(*(c(name).round(4) for name in ("min_lon", "min_lat", "max_lon", "max_lat")), separator=" ")
    kind = c("species_kind")
    contradicts = ((c("land_class") == "tree_forest") & kind.is_in(["bamboo", "herb"])) | (bamboo & (kind != "bamboo"))
    return (
        Check("geometry_outside", "geometry", ~inside, place),
        *_geographic_checks(),
        Check("number_missing", "LIN_BAN", c("LIN_BAN").is_null(), c("LIN_BAN")),
        Check("number_missing", "XIAO_BAN", c("XIAO_BAN").is_null(), c("XIAO_BAN")),
        Check("land_class_missing", "DI_LEI", c("DI_LEI").is_null(), c("DI_LEI")),
        _unmapped("land_class_unknown", "DI_LEI", "land_class"),
        _unmapped("species_unknown", "YOU_SHI_SZ", "species_group"),
        _unmapped("species_unknown", "SSZYSZ", "scattered_species_group"),
        Check("species_missing", "YOU_SHI_SZ", (trees | bamboo) & c("YOU_SHI_SZ").is_null(), c("YOU_SHI_SZ")),
        Check("species_contradicts_land_class", "YOU_SHI_SZ", contradicts, c("YOU_SHI_SZ")),
        Check("area_missing", "MIAN_JI", area_missing, _raw("MIAN_JI")),
        Check("area_impossible", "MIAN_JI", impossible, _raw("MIAN_JI")),
        Check("area_differs", "MIAN_JI", (c("area_ha") > 0) & differs & ~impossible, _raw("MIAN_JI")),
        *(Check("not_a_number", name, c(name).is_null() & ~_is_blank(name), _raw(name)) for name in NUMBERS),
        Check("volume_missing", "HUO_LMGQXJ", trees & (c("volume_m3_ha").fill_null(0) == 0), _raw("HUO_LMGQXJ")),
        Check(
            "volume_inconsistent",
            "ZXJ",
            ~is_total & ~is_total_without_scattered.fill_null(value=False),
            _raw("ZXJ"),
        ),
        Check("scattered_in_total", "SSXJ", c("scattered_within_m3").is_not_null(), _raw("SSXJ")),
        Check("scattered_species_missing", "SSZYSZ", (c("SSXJ") > 0) & c("SSZYSZ").is_null(), c("SSZYSZ")),
        Check("bamboo_without_culms", "MEI_GQ_ZS", bamboo & (c("stems_ha").fill_null(0) == 0), _raw("MEI_GQ_ZS")),
        _unmapped("code_unknown", "QI_YUAN", "origin"),
        _unmapped("code_unknown", "LING_ZU", "age_group"),
        Check("age_not_whole", "PINGJUN_NL", c("PINGJUN_NL") != c("PINGJUN_NL").floor(), _raw("PINGJUN_NL")),
        Check("age_group_disagrees", "LING_ZU", c("age_group") != c("expected_age_group"), c("LING_ZU")),
        Check("canopy_out_of_range", "YU_BI_DU", c("canopy_frac") > 1, _raw("YU_BI_DU")),
        Check(
            "canopy_unit_mixed",
            "YU_BI_DU",
            pl.lit(profile.canopy_unit == "percent") & (c("YU_BI_DU") > 0) & (c("YU_BI_DU") <= 1),
            _raw("YU_BI_DU"),
        ),
    )


def _geographic_checks() -> tuple[Check, ...]:
    c = pl.col
    checks = []
    for field, pattern, code, parent in (
        ("XIAN", r"^[0-9]{6}$", "county_code", None),
        ("XIANG", r"^([0-9]{3}|[0-9]{9})$", "township_code", "county_code"),
        ("CUN", r"^([0-9]{3}|[0-9]{12})$", "village_code", "township_code"),
    ):
        is_valid = c(field).str.contains(pattern).fill_null(value=False)
        checks.append(Check("geographic_code_invalid", field, ~is_valid, c(field)))
        if parent is not None:
            contradicts = is_valid & ~c(code).str.starts_with(c(parent))
            checks.append(Check("geographic_code_contradiction", field, contradicts, c(field)))
    return tuple(checks)


def negative_checks(source: pl.DataFrame, names: Mapping[str, str]) -> tuple[Check, ...]:
    """List the checks that no measured field of the schema is negative, over the columns of the file."""
    fields = ((FIELD_BY_NAME[name], column) for name, column in names.items())
    return tuple(
        Check(
            "value_negative",
            field.name,
            as_number(pl.col(column), source.schema[column]) < 0,
            pl.col(column).cast(pl.String),
        )
        for field, column in fields
        if field.type != "string" and field.name not in _CAN_BE_NEGATIVE
    )


def dictionary_findings(
    source: pl.DataFrame, names: Mapping[str, str], *, code_map: Mapping[str, Mapping[str, str]]
) -> pl.DataFrame:
    """Find codes of fields that no number depends on which the dictionary lacks: one finding for each code.

    The dictionary is that of one province. A layer with another list would otherwise bury all other findings
    under one for every row.
    """
    findings = [_no_findings().with_columns(n_rows=pl.lit(1, dtype=pl.UInt32))]
    for name, column in names.items():
        if name not in FIELD_CODES or name in _USED_CODES:
            continue
        entries = source.select(value=as_text(pl.col(column), source.schema[column])).to_series()
        # Few entries are distinct, and only those are looked at closely.
        distinct = entries.drop_nulls().value_counts(name="n_rows")
        code = mapped_codes(as_code(pl.col("value"), pl.String()), code_map.get(name, {}))
        counts = distinct.group_by(value=code).agg(pl.col("n_rows").sum())
        unknown = counts.filter(pl.col("value").is_not_null() & ~pl.col("value").is_in(list(FIELD_CODES[name])))
        findings.append(
            unknown.sort("value").select(
                pl.lit(None, dtype=pl.UInt32).alias("row"),
                pl.lit(name).alias("field"),
                pl.col("value"),
                pl.lit("code_not_in_dictionary").alias("reason"),
                pl.col("n_rows").cast(pl.UInt32),
            )
        )
    return pl.concat(findings)


def mark_findings(source: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Find marks that stand for nothing in the fields a stand is made of: one finding for each field and mark."""
    findings = [_no_findings().with_columns(n_rows=pl.lit(1, dtype=pl.UInt32))]
    for name in (*TEXTS, *NUMBERS):
        column = names.get(name)
        if column is None or source.schema[column] != pl.String():
            continue
        marks = source.select(value=as_text(pl.col(column), pl.String())).filter(pl.col("value").is_in(EMPTY_MARKS))
        findings.append(
            marks.group_by("value")
            .len("n_rows")
            .sort("value")
            .select(
                pl.lit(None, dtype=pl.UInt32).alias("row"),
                pl.lit(name).alias("field"),
                "value",
                pl.lit("empty_mark").alias("reason"),
                pl.col("n_rows").cast(pl.UInt32),
            )
        )
    return pl.concat(findings)


def repeated_ids(identities: pl.DataFrame, *, of_rows: pl.Series | None = None) -> pl.DataFrame:
    """Find rows with the same number: one finding for each pair and row, of a larger group with the nearest rows.

    Parameters
    ----------
    identities : polars.DataFrame
        ``row``, ``sub_compartment_id`` and ``XIAO_BAN`` (what is shown).
    of_rows : polars.Series of uint32, optional
        Only pairs that one of these rows belongs to. None: all.
    """
    ids = pl.col("sub_compartment_id")
    repeated = identities.filter(ids.is_not_null() & ids.is_duplicated()).sort("row")
    ranked = repeated.select("row", "XIAO_BAN", ids, rank=pl.col("row").cum_count().over(ids).cast(pl.Int64))
    step = pl.DataFrame({"step": [step for step in range(-_MOST_PARTNERS, _MOST_PARTNERS + 1) if step != 0]})
    pairs = (
        ranked.join(step, how="cross")
        .with_columns(rank=pl.col("rank") + pl.col("step"))
        .join(ranked.select(ids, "rank", other_row="row"), on=["sub_compartment_id", "rank"])
    )
    if of_rows is not None:
        chosen = of_rows.implode()
        pairs = pairs.filter(pl.col("row").is_in(chosen) | pl.col("other_row").is_in(chosen))
    return pairs.select(
        "row",
        pl.lit("XIAO_BAN").alias("field"),
        pl.col("XIAO_BAN").alias("value"),
        pl.lit("id_duplicate").alias("reason"),
        "other_row",
    )


def run_checks(frame: pl.DataFrame, checks: tuple[Check, ...]) -> pl.DataFrame:
    """Run checks over all rows and list what they find.

    Parameters
    ----------
    frame : polars.DataFrame
        ``row`` and the columns the checks read. A condition that is null does not speak.
    """
    speaks = frame.select(check.when.alias(str(i)) for i, check in enumerate(checks))
    findings = [_no_findings()]
    for i, check in enumerate(checks):
        mask = speaks[str(i)]
        if mask.any():
            findings.append(
                frame.filter(mask).select(
                    "row",
                    pl.lit(check.field).alias("field"),
                    check.value.cast(pl.String).alias("value"),
                    pl.lit(check.reason).alias("reason"),
                )
            )
    return pl.concat(findings)


def as_findings(notes: pl.DataFrame) -> pl.DataFrame:
    """Give what the first stage noted of rows as findings."""
    return notes.select(_OF_CHECKS)


def with_texts(findings: Sequence[pl.DataFrame], identities: pl.DataFrame) -> pl.DataFrame:
    """Complete findings by number, place, severity, message and remedy, and put them in the order of the file.

    Parameters
    ----------
    findings : sequence of polars.DataFrame
        ``row``, ``field``, ``value``, ``reason``; where they have them ``other_row``, ``n_rows``, ``lon``, ``lat``.
    identities : polars.DataFrame
        ``row``, ``sub_compartment_id`` and the bounds of the outline, for all rows that findings name.
    """
    texts = pl.DataFrame(
        [(reason.code, reason.severity, reason.message, reason.remedy) for reason in REASONS.values()],
        schema=["reason", "severity", "message_en", "remedy_en"],
        orient="row",
    )
    middle = identities.select(
        "row",
        "sub_compartment_id",
        middle_lon=(pl.col("min_lon") + pl.col("max_lon")) / 2,
        middle_lat=(pl.col("min_lat") + pl.col("max_lat")) / 2,
    )
    empty = pl.DataFrame(schema={name: FINDINGS[name] for name in ("other_row", "n_rows", "lon", "lat")})
    # The place that GEOS names, as in Self-intersection[120.1 28.2], in the coordinates of the outline.
    named = pl.col("value").str.extract_groups(r"\[(?<x>-?[0-9.]+) (?<y>-?[0-9.]+)\]$")
    is_named = pl.col("reason") == GEOMETRY_INVALID
    return (
        pl.concat([empty, *findings], how="diagonal")
        .join(middle, on="row", how="left")
        .join(texts, on="reason", how="left")
        .with_columns(
            pl.col("n_rows").fill_null(1),
            *(
                pl.coalesce(name, pl.when(is_named).then(named.struct.field(group)).cast(pl.Float64), f"middle_{name}")
                for name, group in (("lon", "x"), ("lat", "y"))
            ),
        )
        .sort("row", "field", "reason", "other_row", nulls_last=False)
        .select(list(FINDINGS))
    )


def _no_findings() -> pl.DataFrame:
    return pl.DataFrame(schema={name: FINDINGS[name] for name in _OF_CHECKS})


def _unmapped(reason: str, field: str, meaning: str) -> Check:
    """Find a code that is there but has no meaning."""
    return Check(reason, field, pl.col(field).is_not_null() & pl.col(meaning).is_null(), pl.col(field))


def _raw(name: str) -> pl.Expr:
    return pl.col(f"{name}_raw").cast(pl.String)


def _is_blank(name: str) -> pl.Expr:
    text = as_text(pl.col(f"{name}_raw").cast(pl.String), pl.String())
    return text.is_null() | text.is_in(EMPTY_MARKS)
