"""Read a sub-compartment layer through the front door and keep it as a draft.

1. The actor must hold `import_layer` somewhere (else `PermissionRefused`, before the file is opened).
2. The file is read to its end; what cannot be read at all is refused by name (`senhui.intake` exceptions).
3. Every township of the layer must lie within the actor's areas (`LayerOutsideYourAreas`).
4. Stands, fields as read and findings are written to a new directory, then the row and its audit entry are
   committed. A kill at any moment leaves either the whole draft or nothing that a reader would find.

Cases: `tests/inventory/test_import_layer.py`.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import polars as pl
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor, AreaSet
from senhui.intake import ImportProfile, SubCompartmentLayer, read_sub_compartments
from senhui.inventory import queries, store
from senhui.inventory.models import Draft

SAMPLE_WORD = "示例数据"


class LayerOutsideYourAreas(PermissionError):
    """Some of the layer's townships lie outside the areas for which the actor may import."""

    def __init__(self, township_codes: list[str]) -> None:
        super().__init__(
            f"The layer holds {len(township_codes)} townships outside your areas ({', '.join(township_codes[:5])}…). "
            "Import only your own county's rows, or ask an administrator for a wider grant."
        )
        self.township_codes = township_codes


def import_layer(
    actor: Actor,
    *,
    path: Path,
    original_name: str,
    reference_year: int,
    now: dt.datetime,
    profile: ImportProfile | None = None,
    is_sample: bool = False,
    progress: Callable[[float, str], None],
) -> queries.DraftInfo:
    """Read `path` and keep it as a draft.

    Parameters
    ----------
    actor : needs `import_layer` over every township of the layer.
    path : Shapefile, its zip, GeoPackage or GeoParquet.
    original_name : name of the file as its owner knows it.
    reference_year : year to which the survey refers.
    now : instant of the import (UTC).
    profile : what the owner says of codes and units; None means: recognise from the whole columns.
    is_sample : whether the layer is sample data (示例数据); the label follows it everywhere. A layer that says so in
        its remarks is sample data, whoever brings it.
    progress : called with the fraction done (0–1) and a note.

    Raises
    ------
    PermissionRefused, LayerOutsideYourAreas, and the exceptions of `senhui.intake.read_sub_compartments`.
    """
    on = timezone.localdate(now)
    require(actor, "import_layer", on=on)
    layer = read_sub_compartments(path, profile=profile, progress=lambda f, note: progress(0.85 * f, note))
    township_codes = sorted(layer.stands["township_code"].drop_nulls().unique().to_list())
    _refuse_outside(township_codes, areas_for(actor, "import_layer", on=on))

    sweep_orphans()
    name = str(uuid.uuid4())
    progress(0.86, "Writing the draft")
    with store.unfinished(store.drafts_directory()) as directory:
        store.write_geoparquet(layer.stands, directory / "stands.parquet")
        store.write_parquet(layer.source_fields, directory / "source_fields.parquet")
        store.write_parquet(layer.findings, directory / "findings.parquet")
        store.finish(directory, store.drafts_directory() / name)
    with transaction.atomic():
        row = Draft.objects.create(
            directory_name=name,
            original_name=original_name,
            reference_year=reference_year,
            is_sample=is_sample or _says_sample(layer.source_fields),
            source=layer.source,
            profile=layer.profile.as_json(),
            township_codes=township_codes,
            n_rows=layer.source["n_rows"],
            n_errors=_count(layer, "error"),
            n_open_errors=_count(layer, "error"),
            n_warnings=_count(layer, "warning"),
            area_ha=float(layer.stands["area_ha"].sum()),
            imported_by_id=actor.pk,
            imported_at=now,
        )
        record_audit(
            actor,
            "inventory.import_layer",
            subject=f"draft {row.pk}",
            detail={
                "file": original_name,
                "sha256": layer.source["sha256"],
                "rows": row.n_rows,
                "errors": row.n_errors,
            },
            now=now,
        )
    progress(1.0, "Imported")
    return queries.draft(actor, row.pk, on=on)


def sweep_orphans(*, older_than_s: float = 24 * 3600.0) -> int:
    """Remove what nothing points to: drafts that a kill left between files and row, uploads of cancelled jobs.

    Only what has lain untouched for `older_than_s` seconds goes, so that an import at work keeps its files.
    """
    known = set(Draft.objects.values_list("directory_name", flat=True))
    removed = 0
    for root in (store.drafts_directory(), store.uploads_directory()):
        for directory in root.iterdir() if root.exists() else ():
            if directory.name not in known and time.time() - directory.stat().st_mtime > older_than_s:
                shutil.rmtree(directory, ignore_errors=True)
                removed += 1
    return removed


def _says_sample(source_fields: pl.DataFrame) -> bool:
    """Return whether a row's remarks (Remarks) call it sample data."""
    for name in source_fields.columns:
        if name.lower() == "remarks":
            return bool(source_fields[name].cast(pl.String).str.contains(SAMPLE_WORD, literal=True).any())
    return False


def _refuse_outside(township_codes: list[str], areas: AreaSet) -> None:
    outside = [code for code in township_codes if not areas.covers(code)]
    if outside:
        raise LayerOutsideYourAreas(outside)


def _count(layer: SubCompartmentLayer, severity: str) -> int:
    return layer.findings.filter(pl.col("severity") == severity).height
