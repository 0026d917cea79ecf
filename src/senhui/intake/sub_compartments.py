"""Reading a sub-compartment layer (小班图层): file → canonical stands, fields as read, and findings.

The way: open → outlines decoded, checked and measured batch by batch in threads → columns matched to the schema →
units and code systems recognised from whole columns → canonical stands → checks. Reading goes to the end of the
file whatever its rows say; only what makes the whole file unreadable or ambiguous is refused, by a named
:class:`LayerRefused`. Cases: ``tests/intake/test_sub_compartments.py``; speed: ``benchmarks/intake.py``.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from pyproj import CRS

from senhui.intake import recognition
from senhui.intake.age_groups import expected_age_group
from senhui.intake.checks import (
    dictionary_findings,
    negative_checks,
    run_checks,
    stand_checks,
    with_texts,
)
from senhui.intake.coordinate_system import SUPPORTED, recognise, refuse_coordinates_of_another_system
from senhui.intake.fields import match_fields, schema_frame
from senhui.intake.geometry import Outlines, read_outlines
from senhui.intake.layer_file import FileEmpty, OpenLayer, file_digest, open_layer
from senhui.intake.profile import ImportProfile
from senhui.intake.stands import CANONICAL, with_land_class, with_stands
from senhui.intake.text_encoding import CutText

Progress = Callable[[float, str], None]

_THREADS: Final = min(4, os.cpu_count() or 1)
_READ_SHARE: Final = 0.8
_BOUNDS: Final = ("min_lon", "min_lat", "max_lon", "max_lat")


@dataclass(frozen=True)
class SubCompartmentLayer:
    """A layer as read.

    Attributes
    ----------
    stands : polars.DataFrame
        Canonical stands (columns: ``stands.CANONICAL``) of all rows without an error.
    source_fields : polars.DataFrame
        ``row`` and every attribute column of the file as it was read, for all rows.
    findings : polars.DataFrame
        What is wrong or doubtful (columns: ``checks.FINDINGS``), in the order of the file.
    profile : ImportProfile
        How the layer was read; nothing in it is open any more.
    source : dict
        ``name``, ``sha256``, ``bytes``, ``driver``, ``crs``, ``encoding``, ``n_rows``, ``n_rejected``.
    """

    stands: pl.DataFrame
    source_fields: pl.DataFrame
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
    path, profile, progress = Path(path), profile or ImportProfile(), progress or _silent
    assert profile.crs is None or profile.crs in SUPPORTED, "a profile names a supported coordinate system"
    progress(0.0, "Opening the file")
    with open_layer(path, profile=profile) as layer, ThreadPoolExecutor(_THREADS) as threads:
        code = profile.crs or recognise(layer.crs, file_name=path.name)
        digest = threads.submit(file_digest, path)
        source, outlines = _read_rows(layer, code=code, threads=threads, file_name=path.name, progress=progress)
        sha256, n_bytes = digest.result()

    progress(_READ_SHARE, "Recognising units and codes")
    names = match_fields(source.columns[1:], chosen=profile.field_names, file_name=path.name)
    fields = _with_outlines(schema_frame(source, names), outlines)
    profile = replace(profile, crs=code, encoding=layer.encoding, field_names=names)
    fields, profile = _resolve(fields, profile)

    progress(0.9, "Checking the rows")
    stands = with_stands(fields, profile)
    stands = stands.with_columns(expected_age_group=expected_age_group(stands))
    identified = source.with_columns(stands["sub_compartment_id"].alias("sub_compartment_id"))
    findings = with_texts(
        pl.concat(
            [
                run_checks(stands, stand_checks(profile)),
                run_checks(identified, negative_checks(source, names)),
                _outline_findings(stands, outlines),
                _cut_findings(stands, layer.cut_text),
                dictionary_findings(source, names),
            ]
        )
    )
    rejected = findings.filter(pl.col("severity") == "error")["row"].unique()
    accepted = stands.filter(~pl.col("row").is_in(rejected.implode())).select(
        pl.col(name).cast(dtype) for name, dtype in CANONICAL.items()
    )
    progress(1.0, "Read")
    return SubCompartmentLayer(
        accepted,
        source,
        findings,
        profile,
        {
            "name": path.name,
            "sha256": sha256,
            "bytes": n_bytes,
            "driver": layer.driver,
            "crs": code,
            "encoding": layer.encoding,
            "n_rows": source.height,
            "n_rejected": rejected.len(),
        },
    )


def _silent(_fraction: float, _note: str) -> None:
    """Report to nobody."""


def _read_rows(
    layer: OpenLayer, *, code: str, threads: ThreadPoolExecutor, file_name: str, progress: Progress
) -> tuple[pl.DataFrame, list[Outlines]]:
    """Read all batches: attributes as they are, outlines decoded in threads while the next batch is read."""
    attributes: list[pa.RecordBatch] = []
    pending: list[Future[Outlines]] = []
    n_read = 0
    for batch in _batches(layer, file_name=file_name):
        wkb = pl.Series(batch.column(layer.geometry_column).cast(pa.large_binary()))
        pending.append(threads.submit(read_outlines, wkb, code=code))
        attributes.append(batch.drop_columns([layer.geometry_column]))
        if len(pending) > 2 * _THREADS:
            pending[-2 * _THREADS].result()  # no more decoded batches in memory than the threads can work on
        n_read += batch.num_rows
        progress(_READ_SHARE * (n_read / max(layer.n_rows, n_read)), "Reading outlines")
        if n_read == batch.num_rows:
            refuse_coordinates_of_another_system(code, pending[0].result().file_bounds)
    outlines = [future.result() for future in pending]
    table = pa.Table.from_batches(attributes)
    source = pl.DataFrame(pl.from_arrow(table)).with_row_index("row", offset=1)
    return source, outlines


def _batches(layer: OpenLayer, *, file_name: str) -> Iterator[pa.RecordBatch]:
    n_rows = 0
    for batch in layer.batches:
        n_rows += batch.num_rows
        if batch.num_rows > 0:
            yield batch
    if n_rows == 0:
        raise FileEmpty(file_name)


def _with_outlines(fields: pl.DataFrame, outlines: list[Outlines]) -> pl.DataFrame:
    bounds = np.concatenate([part.bounds for part in outlines])
    return fields.with_columns(
        pl.concat([part.wkb for part in outlines], rechunk=False).alias("geometry"),
        pl.Series("geometry_area_ha", np.concatenate([part.area_ha for part in outlines])).fill_nan(None),
        *(pl.Series(name, bounds[:, i]).fill_nan(None) for i, name in enumerate(_BOUNDS)),
    )


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


def _outline_findings(stands: pl.DataFrame, outlines: list[Outlines]) -> pl.DataFrame:
    reason = np.concatenate([part.reason for part in outlines])
    rows = np.flatnonzero(reason != np.array(None))
    detail = np.concatenate([part.detail for part in outlines])
    return (
        stands[rows]
        .select("row", "sub_compartment_id")
        .with_columns(
            pl.lit("geometry").alias("field"),
            pl.Series("value", detail[rows], dtype=pl.String),
            pl.Series("reason", reason[rows], dtype=pl.String),
            pl.lit(1, dtype=pl.UInt32).alias("n_rows"),
        )
    )


def _cut_findings(stands: pl.DataFrame, cut_text: tuple[CutText, ...]) -> pl.DataFrame:
    return (
        pl.DataFrame(
            {
                "row": [cut.row for cut in cut_text],
                "field": [cut.field for cut in cut_text],
                "value": [cut.value for cut in cut_text],
            },
            schema={"row": pl.UInt32, "field": pl.String, "value": pl.String},
        )
        .join(stands.select("row", "sub_compartment_id"), on="row", how="left")
        .select(
            "row",
            "sub_compartment_id",
            "field",
            "value",
            pl.lit("text_cut").alias("reason"),
            pl.lit(1, dtype=pl.UInt32).alias("n_rows"),
        )
    )
