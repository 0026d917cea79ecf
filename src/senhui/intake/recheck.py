"""Checking single rows again after a correction: in milliseconds, also in a layer of 300,000 rows.

A row is checked alone as at import, and against its neighbours only. What a correction changes for the neighbours is
told too. Cases: ``tests/intake/test_recheck.py``.
"""

from typing import Final

import numpy as np
import polars as pl
import shapely

from senhui.intake.as_read import BOUNDS, OUTLINES
from senhui.intake.checks import repeated_ids, with_texts
from senhui.intake.geometry import polygon_areas_ha
from senhui.intake.interpretation import (
    ImportContext,
    Interpretation,
    county_findings,
    fields_of,
    row_findings,
    stands_of,
    without_errors,
)
from senhui.intake.profile import ImportProfile
from senhui.intake.reasons import GEOMETRY_INVALID
from senhui.intake.stands import CANONICAL, with_land_class
from senhui.intake.topology import pair_findings

_MARGIN_DEG: Final = 1e-4
"""About ten metres: neighbours that only just do not touch are looked at too."""


def recheck(
    rows: pl.DataFrame,
    outlines: pl.DataFrame,
    *,
    profile: ImportProfile,
    context: ImportContext | None,
    others: pl.DataFrame | None,
) -> Interpretation:
    """Interpret and check some rows of a layer again.

    Parameters
    ----------
    rows : polars.DataFrame
        ``row`` and the columns of the file, with the values as they are now.
    outlines : polars.DataFrame
        Their outlines in the same order (columns: ``as_read.OUTLINES``).
    profile : ImportProfile
        Resolved: nothing is recognised from a few rows.
    context : ImportContext or None
        What lies outside the layer; None: no row is checked against its county.
    others : polars.DataFrame or None
        The remaining rows: ``row``, ``sub_compartment_id``, bounds and ``geometry``, which may be null where the
        bounds are far from ``outlines``. None: no row is compared with another, not even with one of ``rows``.

    Returns
    -------
    Interpretation
        ``stands`` of ``rows`` without an error; ``findings`` of ``rows``, and those findings of other rows that name
        one of them as ``other_row``: they take the place of the findings these had about it. Gaps are left out.
    """
    profile_is_resolved = profile.land_class_generation is not None and profile.area_unit is not None
    assert profile_is_resolved, "a row is checked again with the profile its layer was read with"
    context = context or ImportContext()
    fields = fields_of(rows, outlines, profile, profile.field_names)
    stands = stands_of(with_land_class(fields, str(profile.land_class_generation)), profile)
    findings = row_findings(rows, outlines, stands, profile)
    findings = [found.filter(pl.col("row").is_not_null()) for found in findings]
    findings.append(county_findings(outlines, stands["county_code"], context))
    identities = stands.select("row", "sub_compartment_id", "XIAO_BAN", *BOUNDS)
    if others is not None:
        near = pl.concat([outlines, _near(outlines, others)])
        findings.append(pair_findings(near, of_rows=rows["row"]))
        number = pl.col("sub_compartment_id").str.split("-").list.get(2, null_on_oob=True)
        identities = pl.concat(
            [identities, others.select("row", "sub_compartment_id", number.alias("XIAO_BAN"), *BOUNDS)]
        )
        same = identities.filter(pl.col("sub_compartment_id").is_in(stands["sub_compartment_id"].implode()))
        findings.append(repeated_ids(same, of_rows=rows["row"]))
    complete = with_texts(findings, identities)
    accepted, n_rejected = without_errors(
        stands.select(pl.col(name).cast(dtype) for name, dtype in CANONICAL.items()), complete
    )
    return Interpretation(accepted, complete, profile, {"n_rejected": n_rejected})


def _near(outlines: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Give the valid outlines of other rows whose bounds meet those of one of the outlines."""
    meets = pl.lit(value=False)
    for west, south, east, north in outlines.select(BOUNDS).drop_nulls().iter_rows():
        meets |= (
            (pl.col("min_lon") <= east + _MARGIN_DEG)
            & (pl.col("max_lon") >= west - _MARGIN_DEG)
            & (pl.col("min_lat") <= north + _MARGIN_DEG)
            & (pl.col("max_lat") >= south - _MARGIN_DEG)
        )
    near = others.filter(meets & pl.col("geometry").is_not_null())
    polygons = shapely.from_wkb(near["geometry"].to_numpy())
    is_valid = shapely.is_valid(polygons)
    area_ha = np.full(len(polygons), np.nan)
    area_ha[is_valid] = polygon_areas_ha(polygons[is_valid])
    known = {"row", "geometry", *BOUNDS}
    return near.select(
        (pl.col(name) if name in known else pl.lit(None)).cast(dtype).alias(name) for name, dtype in OUTLINES.items()
    ).with_columns(pl.Series("geometry_area_ha", area_ha).fill_nan(None))


def repaired_outlines(outlines: pl.DataFrame) -> pl.DataFrame:
    """Repair invalid outlines: rings are cut at their crossings and what they enclose is kept.

    Only polygons are kept of what comes out. An outline that is in order, missing or no polygon stays as it is; one
    of which no area is left keeps its reason. What a repair does to the area is told by :func:`areas_of_repair`.

    Parameters
    ----------
    outlines : polars.DataFrame
        Columns of ``as_read.OUTLINES``.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order.
    """
    position = np.flatnonzero((outlines["reason"] == GEOMETRY_INVALID).fill_null(value=False).to_numpy())
    made = shapely.make_valid(shapely.from_wkb(outlines["geometry"].gather(position).to_numpy()), method="structure")
    parts, part_of = shapely.get_parts(made, return_index=True)
    parts, part_of = _polygons_among(parts, part_of)
    columns = {name: outlines[name].to_list() for name in OUTLINES}
    for index in np.unique(part_of):
        own = parts[part_of == index]
        polygon = own[0] if len(own) == 1 else shapely.multipolygons(own)
        values = (
            shapely.to_wkb(polygon),
            float(polygon_areas_ha(np.array([polygon], dtype=object))[0]),
            *shapely.bounds(polygon).tolist(),
            None,
            None,
        )
        for name, value in zip(list(OUTLINES)[1:], values, strict=True):
            columns[name][position[index]] = value
    return pl.DataFrame(columns, schema=OUTLINES)


def _polygons_among(
    parts: np.ndarray[tuple[int], np.dtype[np.object_]], part_of: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.object_]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Keep polygons, also those within the multipolygons of a collection, that have an area."""
    pieces, piece_of = shapely.get_parts(parts, return_index=True)
    is_areal = (shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON) & (shapely.area(pieces) > 0)
    return pieces[is_areal], part_of[piece_of[is_areal]]


def areas_of_repair(outlines: pl.DataFrame) -> pl.DataFrame:
    """Tell what repairing does to the area of invalid outlines.

    Parameters
    ----------
    outlines : polars.DataFrame
        Columns of ``as_read.OUTLINES``, as they are before the repair.

    Returns
    -------
    polars.DataFrame
        ``row``; ``drawn_ha``, the area of the rings as they are drawn, in which a loop that runs the other way is taken
        off; ``repaired_ha``, null where nothing is left.
    """
    invalid = outlines.filter(pl.col("reason") == GEOMETRY_INVALID)
    drawn = polygon_areas_ha(shapely.from_wkb(invalid["geometry"].to_numpy()))
    return invalid.select(
        "row", pl.Series("drawn_ha", drawn), repaired_outlines(invalid)["geometry_area_ha"].alias("repaired_ha")
    )
