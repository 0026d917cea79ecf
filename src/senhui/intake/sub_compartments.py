"""Reading a sub-compartment layer (小班图层): file → canonical stands, fields as read, and findings.

The way: first stage (``as_read``) → columns matched to the schema → units and code systems recognised from whole
columns → canonical stands → checks. Reading goes to the end of the
file whatever its rows say; only what makes the whole file unreadable or ambiguous is refused, by a named
:class:`LayerRefused`. Cases: ``tests/intake/test_sub_compartments.py``; speed: ``benchmarks/intake.py``.
"""

import os
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl
from pyproj import CRS

from senhui.intake import recognition
from senhui.intake.age_groups import expected_age_group
from senhui.intake.as_read import Progress, read_layer, silent
from senhui.intake.checks import (
    dictionary_findings,
    negative_checks,
    run_checks,
    stand_checks,
    with_texts,
)
from senhui.intake.fields import match_fields, schema_frame
from senhui.intake.profile import ImportProfile
from senhui.intake.stands import CANONICAL, with_land_class, with_stands

_READ_SHARE: Final = 0.8


@dataclass(frozen=True)
class SubCompartmentLayer:
    """A layer as read.

    Attributes
    ----------
    stands : polars.DataFrame
        Canonical stands (columns: ``stands.CANONICAL``) of all rows without an error.
    source_fields : polars.DataFrame
        ``row`` and every attribute column of the file as it was read, for all rows.
    outlines : polars.DataFrame
        Outlines of all rows and what was measured of them (columns: ``as_read.OUTLINES``).
    findings : polars.DataFrame
        What is wrong or doubtful (columns: ``checks.FINDINGS``), in the order of the file.
    profile : ImportProfile
        How the layer was read; nothing in it is open any more.
    source : dict
        ``name``, ``sha256``, ``bytes``, ``driver``, ``crs``, ``encoding``, ``n_rows``, ``n_rejected``.
    """

    stands: pl.DataFrame
    source_fields: pl.DataFrame
    outlines: pl.DataFrame
    findings: pl.DataFrame
    profile: ImportProfile
    source: dict[str, Any]


def read_sub_compartments(
    path: str | os.PathLike[str], *, profile: ImportProfile | None = None, progress: Progress | None = None
) -> SubCompartmentLayer:
    """Read a sub-compartment layer with all its checks.

    Parameters
    ----------
    path : path
        A Shapefile (its .shp, or a zip of its parts), a GeoPackage or a GeoParquet file.
    profile : ImportProfile, optional
        What the owner knows; whatever is open is recognised from whole columns.
    progress : callable, optional
        Called with the fraction done and a note; an exception it raises stops the reading.

    Returns
    -------
    SubCompartmentLayer

    Raises
    ------
    LayerRefused
        The file as a whole cannot be read or its columns are ambiguous; the class says which, the message what to
        do. Nothing is left behind.
    """
    tell = progress or silent
    as_read = read_layer(path, profile=profile, progress=lambda fraction, note: tell(_READ_SHARE * fraction, note))
    source, outlines, profile = as_read.source_fields, as_read.outlines, as_read.profile

    tell(_READ_SHARE, "Recognising units and codes")
    names = match_fields(source.columns[1:], chosen=profile.field_names, file_name=as_read.source["name"])
    fields = _with_outlines(schema_frame(source, names), outlines)
    profile = replace(profile, field_names=names)
    fields, profile = _resolve(fields, profile)

    tell(0.9, "Checking the rows")
    stands = with_stands(fields, profile)
    stands = stands.with_columns(expected_age_group=expected_age_group(stands))
    identified = source.with_columns(stands["sub_compartment_id"].alias("sub_compartment_id"))
    findings = with_texts(
        pl.concat(
            [
                run_checks(stands, stand_checks(profile)),
                run_checks(identified, negative_checks(source, names)),
                _outline_findings(stands, outlines),
                _as_findings(as_read.notes, stands),
                dictionary_findings(source, names),
            ]
        )
    )
    rejected = findings.filter(pl.col("severity") == "error")["row"].unique()
    accepted = stands.filter(~pl.col("row").is_in(rejected.implode())).select(
        pl.col(name).cast(dtype) for name, dtype in CANONICAL.items()
    )
    tell(1.0, "Read")
    return SubCompartmentLayer(
        accepted, source, outlines, findings, profile, {**as_read.source, "n_rejected": rejected.len()}
    )


def _with_outlines(fields: pl.DataFrame, outlines: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([fields, outlines.drop("row", "reason", "detail")], how="horizontal")


def _resolve(fields: pl.DataFrame, profile: ImportProfile) -> tuple[pl.DataFrame, ImportProfile]:
    """Fill the open places of the profile from whole columns, and add the land class on the way."""
    generation = profile.land_class_generation or recognition.land_class_generation(fields["DI_LEI"])
    fields = with_land_class(fields, generation)
    system = profile.species_code_system or recognition.species_code_system(
        fields.select("land_class", code="YOU_SHI_SZ")
    )
    return fields, replace(
        profile,
        land_class_generation=generation,
        species_code_system=system,
        area_unit=profile.area_unit or recognition.area_unit(fields["MIAN_JI"], fields["geometry_area_ha"]),
        canopy_unit=profile.canopy_unit or recognition.canopy_unit(fields["YU_BI_DU"]),
        expected_bounds=profile.expected_bounds or _china(),
    )


def _china() -> tuple[float, float, float, float]:
    """Give the bounds, in degrees, inside which EPSG:4490 is in use."""
    area = CRS("EPSG:4490").area_of_use
    assert area is not None, "PROJ knows where EPSG:4490 is in use"
    return area.bounds


def _outline_findings(stands: pl.DataFrame, outlines: pl.DataFrame) -> pl.DataFrame:
    wrong = outlines.filter(pl.col("reason").is_not_null())
    return _as_findings(wrong.select("row", pl.lit("geometry").alias("field"), value="detail", reason="reason"), stands)


def _as_findings(notes: pl.DataFrame, stands: pl.DataFrame) -> pl.DataFrame:
    return notes.join(stands.select("row", "sub_compartment_id"), on="row", how="left").select(
        "row", "sub_compartment_id", "field", "value", "reason", pl.lit(1, dtype=pl.UInt32).alias("n_rows")
    )
