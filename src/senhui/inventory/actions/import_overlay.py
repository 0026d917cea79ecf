"""Import outlines that lie over the map (叠加图层): a national park, beautiful villages, a nature reserve.

1. The actor must hold `import_layer` anywhere (`PermissionRefused`); kind and visibility must be known ones, and name,
   source and year be stated (`OverlayStatementWrong`).
2. The file must be a layer of polygons that `intake` reads, in any coordinate system that it knows (`LayerRefused`);
   each row must have a valid outline (`OverlayOutlinesWrong`).
3. The outlines must lie in a county that is known here (`OverlayLiesNowhere`), and the actor must hold `import_layer`
   over each county that they reach into (`PermissionRefused`).
4. The same file must not lie over the map already as the same kind (`OverlayIsThere`).
5. Overlay, its parts and the audit entry are written together. Its area is that of all parts together: land that two
   of them cover counts once.

Cases: `tests/inventory/test_overlays.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import shapely
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.intake import ImportProfile, read_layer
from senhui.intake.geometry import polygon_areas_ha
from senhui.inventory.models import Overlay, OverlayPart
from senhui.inventory.overlays import KINDS, VISIBILITIES, OverlayInfo, info_of, union_of
from senhui.inventory.queries import administrative_units
from senhui.inventory.refusals import reason_kept

NAME_COLUMNS: Final = ("name_zh", "name", "名称", "mc", "mingcheng")
"""Columns that name the parts, in this order, whatever the case of their letters."""
NAME_COLUMNS_EN: Final = ("name_en",)

LEAST_SHARE_FRAC: Final = 0.001
"""An outline drawn along a border is not meant to reach into the next county, whichever side it falls on."""

YEARS: Final = range(1900, 2101)


class OverlayStatementWrong(ValueError):
    """Something that must be stated of the outlines is missing or not one of the allowed.

    Parameters
    ----------
    field : kind, visibility, name_zh, source or year.
    value : as it was given.
    """

    def __init__(self, field: str, value: object) -> None:
        super().__init__(f"{field} is {value!r}. State it: a kind and a visibility of the lists, a name, source, year.")
        self.field = field
        self.value = str(value)


class OverlayOutlinesWrong(ValueError):
    """Some rows have no outline, or one that crosses itself: their land cannot be told.

    Parameters
    ----------
    rows : the first of them; the first row of a file is 1.
    n_rows : how many there are.
    """

    def __init__(self, file_name: str, rows: Sequence[int], n_rows: int) -> None:
        super().__init__(
            f"{n_rows} rows of {file_name} have no valid outline ({', '.join(map(str, rows))}). Repair them where the "
            "layer was drawn and import it again."
        )
        self.file_name = file_name
        self.rows = list(rows)
        self.n_rows = n_rows


class OverlayLiesNowhere(ValueError):
    """The outlines lie in no county of this installation."""

    def __init__(self, file_name: str) -> None:
        super().__init__(
            f"{file_name} lies in no county that is known here. Check its coordinate system, or load the boundaries."
        )
        self.file_name = file_name


class OverlayIsThere(ValueError):
    """The same file lies over the map already, as the same kind."""

    def __init__(self, overlay_id: int, name_zh: str) -> None:
        super().__init__(f"This file is overlay {overlay_id} ({name_zh}) already. Remove that one first.")
        self.overlay_id = overlay_id
        self.name_zh = name_zh


@dataclass(frozen=True, kw_only=True)
class OverlayStatement:
    """What a person says of outlines (说明).

    Attributes
    ----------
    kind : one of `senhui.inventory.overlays.KINDS`.
    name_zh, name_en : what the whole is called; English may be empty.
    source : who drew or published it.
    year : of which the outlines are.
    licence_note : under which terms they may be shown.
    visibility : public, or role: people who may see sub-compartments of a county they lie in.
    is_sample : whether they are made up.
    """

    kind: str
    name_zh: str
    source: str
    year: int
    name_en: str = ""
    licence_note: str = ""
    visibility: str = "public"
    is_sample: bool = False


def import_overlay(
    actor: Actor,
    *,
    path: Path,
    original_name: str,
    statement: OverlayStatement,
    profile: ImportProfile | None = None,
    now: dt.datetime,
) -> OverlayInfo:
    """Import outlines; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : a named person; needs `import_layer` over each county that the outlines reach into.
    path, original_name : the file, and its name as its owner gave it.
    profile : coordinate system, encoding and layer, where the file does not tell them.
    now : instant (UTC).
    """
    require(actor, "import_layer", on=timezone.localdate(now))
    assert actor.pk is not None, "an overlay has a named importer"
    _refuse_statement(statement)
    layer = read_layer(path, profile=profile)
    wrong = layer.outlines.filter(pl.col("reason").is_not_null() | pl.col("geometry").is_null())
    if wrong.height:
        raise OverlayOutlinesWrong(original_name, wrong["row"].head(10).to_list(), wrong.height)
    outlines = shapely.from_wkb(layer.outlines["geometry"].to_numpy())
    whole = union_of(outlines)
    county_codes = _counties(whole)
    if not county_codes:
        raise OverlayLiesNowhere(original_name)
    for code in county_codes:
        require(actor, "import_layer", area=code, on=timezone.localdate(now))
    names = _names(layer.source_fields, NAME_COLUMNS)
    names_en = _names(layer.source_fields, NAME_COLUMNS_EN)
    with transaction.atomic():
        sha256 = layer.source["sha256"]
        same = Overlay.objects.filter(kind=statement.kind, source_sha256=sha256, removed_at=None).first()
        if same is not None:
            raise OverlayIsThere(same.pk, same.name_zh)
        overlay = Overlay.objects.create(
            kind=statement.kind,
            name_zh=statement.name_zh.strip(),
            name_en=statement.name_en.strip(),
            source=reason_kept(statement.source),
            year=statement.year,
            licence_note=reason_kept(statement.licence_note),
            visibility=statement.visibility,
            is_sample=statement.is_sample,
            original_name=original_name,
            source_sha256=sha256,
            source_crs=layer.source["crs"],
            county_codes=county_codes,
            area_ha=float(polygon_areas_ha(np.array([whole], dtype=object))[0]),
            imported_by_id=actor.pk,
            imported_at=now,
        )
        OverlayPart.objects.bulk_create(
            [
                OverlayPart(overlay=overlay, row=row, name_zh=name or "", name_en=name_en or "", wkb=wkb, area_ha=area)
                for row, name, name_en, wkb, area in zip(
                    layer.outlines["row"],
                    names,
                    names_en,
                    layer.outlines["geometry"],
                    layer.outlines["geometry_area_ha"],
                    strict=True,
                )
            ],
            batch_size=200,
        )
        record_audit(
            actor,
            "inventory.import_overlay",
            subject=f"overlay {overlay.pk}",
            detail={"kind": overlay.kind, "name": overlay.name_zh, "sha256": sha256, "area_ha": overlay.area_ha},
            now=now,
        )
    return info_of(Overlay.objects.select_related("imported_by", "removed_by").get(pk=overlay.pk))


def _refuse_statement(statement: OverlayStatement) -> None:
    allowed: dict[str, Any] = {"kind": KINDS, "visibility": VISIBILITIES, "year": YEARS}
    for field, values in allowed.items():
        if getattr(statement, field) not in values:
            raise OverlayStatementWrong(field, getattr(statement, field))
    for field in ("name_zh", "source"):
        if not getattr(statement, field).strip():
            raise OverlayStatementWrong(field, getattr(statement, field))
    for field in ("name_zh", "name_en"):
        if len(getattr(statement, field).strip()) > Overlay.MOST_OF_A_NAME:
            raise OverlayStatementWrong(field, getattr(statement, field))


def _counties(whole: shapely.Geometry) -> list[str]:
    """Return the counties that hold more than a sliver of the outlines, by code; in degrees, for only shares count."""
    least = LEAST_SHARE_FRAC * shapely.area(whole)
    return sorted(
        unit.code
        for unit in administrative_units("county")
        if unit.geometry is not None and shapely.area(shapely.intersection(unit.geometry, whole)) > least
    )


def _names(fields: pl.DataFrame, wanted: Sequence[str]) -> list[str | None]:
    """Return what the first of the wanted columns that the file has calls each row; nothing where it has none."""
    by_name = {name.strip().lower(): name for name in reversed(fields.columns)}
    column = next((by_name[name] for name in wanted if name in by_name), None)
    if column is None:
        return [None] * fields.height
    return fields[column].cast(pl.String).str.strip_chars().str.slice(0, Overlay.MOST_OF_A_NAME).to_list()
