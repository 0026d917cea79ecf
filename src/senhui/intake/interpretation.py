"""Second stage of reading a layer: what its columns mean, canonical stands, and what is wrong with the rows.

The way: columns matched to the schema → codes mapped → units and code systems recognised from whole columns →
canonical stands → checks of rows, outlines and pairs of rows. It reads to the end whatever the rows say; where only a
person can say what a column means it stops with a :class:`MappingNeeded`, and can be called again with a richer
profile, without the file. Cases: ``tests/intake/test_interpretation.py``, ``tests/intake/test_import_rules.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from pyproj import CRS

from senhui.intake import recognition
from senhui.intake.age_groups import expected_age_group
from senhui.intake.as_read import BOUNDS, LayerAsRead, Progress, silent
from senhui.intake.checks import (
    as_findings,
    dictionary_findings,
    mark_findings,
    negative_checks,
    repeated_ids,
    run_checks,
    stand_checks,
    with_texts,
)
from senhui.intake.fields import match_fields, schema_frame
from senhui.intake.profile import AreaUnit, ImportProfile
from senhui.intake.stands import CANONICAL, with_land_class, with_stands
from senhui.intake.topology import outside_county_findings, topology_findings


@dataclass(frozen=True)
class ImportContext:
    """What the checks of a layer need to know of the world outside it.

    Attributes
    ----------
    county_outlines : polars.DataFrame or None
        ``code`` and ``geometry`` (WKB, degrees of EPSG:4490). None: no row is checked against its county.
    """

    county_outlines: pl.DataFrame | None = None


@dataclass(frozen=True)
class Interpretation:
    """A layer whose columns are understood.

    Attributes
    ----------
    stands : polars.DataFrame
        Canonical stands (columns: ``stands.CANONICAL``) of all rows without an error.
    findings : polars.DataFrame
        What is wrong or doubtful (columns: ``checks.FINDINGS``), in the order of the file.
    profile : ImportProfile
        How the layer was read; nothing in it is open any more.
    source_facts : dict
        ``n_rejected``; ``not_checked``: the checks that were left out for want of something to check against;
        ``counties_without_outline``: counties of the rows whose outline is not known.
    """

    stands: pl.DataFrame
    findings: pl.DataFrame
    profile: ImportProfile
    source_facts: dict[str, Any]


def interpret(
    as_read: LayerAsRead,
    *,
    profile: ImportProfile | None = None,
    context: ImportContext | None = None,
    progress: Progress | None = None,
) -> Interpretation:
    """Interpret and check the rows of a layer.

    Parameters
    ----------
    as_read : LayerAsRead
        What the first stage gave.
    profile : ImportProfile, optional
        What the owner knows; whatever is open is recognised from whole columns. None: the one of ``as_read``.
    context : ImportContext, optional
        What lies outside the layer.
    progress : callable, optional
        Called with the fraction done and a note; an exception it raises stops the work.

    Raises
    ------
    MappingNeeded
        Columns are missing, a unit or code list is ambiguous, or codes are unknown; the class says which.
    """
    profile, context, tell = profile or as_read.profile, context or ImportContext(), progress or silent
    source, outlines = as_read.source_fields, as_read.outlines
    tell(0.0, "Recognising units and codes")
    fields, profile = _resolved(source, outlines, profile, file_name=as_read.source["name"])
    tell(0.2, "Checking the rows")
    stands = stands_of(fields, profile)
    del fields
    findings = row_findings(source, outlines, stands, profile)
    identities = stands.select("row", "sub_compartment_id", "XIAO_BAN", *BOUNDS)
    accepted_columns = stands.select(pl.col(name).cast(dtype) for name, dtype in CANONICAL.items())
    del stands
    tell(0.4, "Comparing the outlines")
    findings += [as_findings(as_read.notes), repeated_ids(identities), topology_findings(outlines)]
    findings.append(county_findings(outlines, accepted_columns["county_code"], context))
    tell(0.9, "Collecting the findings")
    complete = with_texts(findings, identities)
    accepted, n_rejected = without_errors(accepted_columns, complete)
    tell(1.0, "Read")
    return Interpretation(
        accepted,
        complete,
        profile,
        {"n_rejected": n_rejected, **_left_out(accepted_columns["county_code"], context)},
    )


def fields_of(
    source: pl.DataFrame, outlines: pl.DataFrame, profile: ImportProfile, names: Mapping[str, str]
) -> pl.DataFrame:
    """Give the fields a stand is made of, with its outline; codes are mapped, nothing else is interpreted."""
    fields = schema_frame(source, names, constants=profile.constants, code_map=profile.code_map)
    return pl.concat([fields, outlines.drop("row", "reason", "detail")], how="horizontal")


def stands_of(fields: pl.DataFrame, profile: ImportProfile) -> pl.DataFrame:
    """Give the canonical columns beside the fields; ``fields`` has its land class, and the profile is resolved."""
    stands = with_stands(fields, profile)
    return stands.with_columns(expected_age_group=expected_age_group(stands))


def row_findings(
    source: pl.DataFrame, outlines: pl.DataFrame, stands: pl.DataFrame, profile: ImportProfile
) -> list[pl.DataFrame]:
    """Run the checks that ask one row alone."""
    names = profile.field_names
    wrong = outlines.filter(pl.col("reason").is_not_null())
    return [
        run_checks(stands, stand_checks(profile)),
        run_checks(source, negative_checks(source, names)),
        as_findings(wrong.select("row", pl.lit("geometry").alias("field"), value="detail", reason="reason")),
        dictionary_findings(source, names, code_map=profile.code_map),
        mark_findings(source, names),
    ]


def county_findings(outlines: pl.DataFrame, county_code: pl.Series, context: ImportContext) -> pl.DataFrame:
    """Check rows against the outline of their county, as far as there is one."""
    counties = context.county_outlines
    if counties is None:
        counties = pl.DataFrame(schema={"code": pl.String, "geometry": pl.Binary})
    return outside_county_findings(outlines, county_code, counties)


def without_errors(stands: pl.DataFrame, findings: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Give the rows without an error, and how many have one."""
    rejected = findings.filter(pl.col("severity") == "error")["row"].drop_nulls().unique()
    return stands.filter(~pl.col("row").is_in(rejected.implode())), rejected.len()


def _resolved(
    source: pl.DataFrame, outlines: pl.DataFrame, profile: ImportProfile, *, file_name: str
) -> tuple[pl.DataFrame, ImportProfile]:
    """Fill the open places of the profile from whole columns; give it with the fields and their land class."""
    names = match_fields(
        source.columns[1:], chosen=profile.field_names, constants=profile.constants, file_name=file_name
    )
    fields = fields_of(source, outlines, profile, names)
    generation = profile.land_class_generation or recognition.land_class_generation(fields["DI_LEI"])
    recognition.refuse_unknown_codes(fields["DI_LEI"], recognition.classes_of_codes(generation))
    fields = with_land_class(fields, generation)
    system = profile.species_code_system or recognition.species_code_system(
        fields.select("land_class", code="YOU_SHI_SZ")
    )
    if system is not None:
        for name in ("YOU_SHI_SZ", "SSZYSZ"):
            recognition.refuse_unknown_codes(fields[name], recognition.groups_of_codes(system))
    return fields, replace(
        profile,
        field_names=names,
        land_class_generation=generation,
        species_code_system=system,
        area_unit=_area_unit(profile, fields),
        canopy_unit=profile.canopy_unit or recognition.canopy_unit(fields["YU_BI_DU"]),
        expected_bounds=profile.expected_bounds or _china(),
    )


def _area_unit(profile: ImportProfile, fields: pl.DataFrame) -> AreaUnit:
    """Tell the unit of the areas, or that a person said there are none but those of the outlines."""
    if profile.constants.get("MIAN_JI") == "":
        return "outline"
    if profile.area_unit is None:
        recognition.refuse_areas_without_number(fields["MIAN_JI"], fields["MIAN_JI_raw"])
    return profile.area_unit or recognition.area_unit(fields["MIAN_JI"], fields["geometry_area_ha"])


def _china() -> tuple[float, float, float, float]:
    """Give the bounds, in degrees, inside which EPSG:4490 is in use."""
    area = CRS("EPSG:4490").area_of_use
    assert area is not None, "PROJ knows where EPSG:4490 is in use"
    return area.bounds


def _left_out(county_code: pl.Series, context: ImportContext) -> dict[str, list[str]]:
    """Say which checks had nothing to check against."""
    if context.county_outlines is None:
        return {"not_checked": ["outside_county"], "counties_without_outline": []}
    known = context.county_outlines.drop_nulls()["code"].implode()
    missing = county_code.drop_nulls().unique().sort()
    return {"not_checked": [], "counties_without_outline": missing.filter(~missing.is_in(known)).to_list()}
