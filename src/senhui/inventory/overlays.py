"""Outlines that lie over the map (叠加图层): which there are, for whom, and how much land they cover together.

An overlay is what one file brought: a national park, or all beautiful villages of a year. The public sees the public
ones, people who may see sub-compartments of a county also those that lie in it. Removed ones stay in the history.
Cases: `tests/inventory/test_overlays.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from django.db.models import QuerySet

from senhui.access.queries import areas_for
from senhui.access.rules import Actor, AreaSet
from senhui.intake.geometry import polygon_areas_ha
from senhui.inventory.models import Overlay, OverlayPart

KINDS: Final = Overlay.KINDS
GARDEN_KINDS: Final = KINDS[:4]
"""The layers of the great garden (大花园): national park, beautiful cities, towns and villages."""
VISIBILITIES: Final = Overlay.VISIBILITIES
PERMISSION_TO_CHANGE: Final = "import_layer"
PERMISSION_TO_SEE: Final = "view_sub_compartments"


class NoSuchOverlay(LookupError):
    """There are no such outlines, or the person asking may not see them."""

    def __init__(self, overlay_id: int) -> None:
        super().__init__(f"There is no overlay {overlay_id} that you may see. Look at the list of overlays.")
        self.overlay_id = overlay_id


@dataclass(frozen=True)
class OverlayInfo:
    """Outlines as other rooms see them; `area_ha` is that of all parts together, land under two of them once."""

    id: int
    kind: str
    name_zh: str
    name_en: str
    source: str
    year: int
    licence_note: str
    is_sample: bool
    visibility: str
    original_name: str
    source_crs: str
    county_codes: tuple[str, ...]
    area_ha: float
    imported_by: str
    imported_at: dt.datetime
    removed_by: str | None
    removed_at: dt.datetime | None
    removal_reason: str


@dataclass(frozen=True)
class Part:
    """One outline; its name is empty where the file gives none."""

    row: int
    name_zh: str
    name_en: str
    area_ha: float
    geometry: shapely.Geometry


def overlays(actor: Actor, *, on: dt.date) -> list[OverlayInfo]:
    """Return what lies over the map for the actor, kind by kind, the newest year first."""
    seen = areas_for(actor, PERMISSION_TO_SEE, on=on)
    rows = [row for row in _rows().filter(removed_at=None) if _may_see(row, seen)]
    return [info_of(row) for row in sorted(rows, key=lambda row: (KINDS.index(row.kind), -row.year, row.pk))]


def overlay(actor: Actor, overlay_id: int, *, on: dt.date) -> OverlayInfo:
    """Return one overlay; a removed one to those who may change overlays there.

    Raises
    ------
    NoSuchOverlay
    """
    row = _rows().filter(pk=overlay_id).first()
    if row is None or not (_is_shown(actor, row, on=on) or _may_change(actor, row, on=on)):
        raise NoSuchOverlay(overlay_id)
    return info_of(row)


def overlay_history(actor: Actor, *, on: dt.date) -> list[OverlayInfo]:
    """Return every overlay that the actor may change, removed ones too, the newest first."""
    changing = areas_for(actor, PERMISSION_TO_CHANGE, on=on)
    return [info_of(row) for row in _rows().order_by("-pk") if _covers_all(changing, row)]


def parts(actor: Actor, overlay_id: int, *, on: dt.date) -> list[Part]:
    """Return the outlines of an overlay that lies over the map, in the order of its file.

    Raises
    ------
    NoSuchOverlay
    """
    row = _rows().filter(pk=overlay_id).first()
    if row is None or not _is_shown(actor, row, on=on):
        raise NoSuchOverlay(overlay_id)
    return [
        Part(part.row, part.name_zh, part.name_en, part.area_ha, shapely.from_wkb(bytes(part.wkb)))
        for part in OverlayPart.objects.filter(overlay=row)
    ]


def union_area_ha(actor: Actor, overlay_ids: Collection[int], *, on: dt.date) -> float:
    """Return the area that overlays cover together, ha on the ellipsoid: land under two of them counts once.

    Raises
    ------
    NoSuchOverlay
    """
    outlines = [part.geometry for overlay_id in sorted(set(overlay_ids)) for part in parts(actor, overlay_id, on=on)]
    if not outlines:
        return 0.0
    return float(polygon_areas_ha(np.array([union_of(np.array(outlines, dtype=object))], dtype=object))[0])


def union_of(outlines: npt.NDArray[Any]) -> shapely.Geometry:
    """Return polygons as one, without the lines and points in which they only touch."""
    whole = shapely.union_all(outlines)
    polygons = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    joined: shapely.Geometry = shapely.multipolygons(polygons)
    return joined


def info_of(row: Overlay) -> OverlayInfo:
    """Return a row as other rooms see it."""
    return OverlayInfo(
        id=row.pk,
        kind=row.kind,
        name_zh=row.name_zh,
        name_en=row.name_en,
        source=row.source,
        year=row.year,
        licence_note=row.licence_note,
        is_sample=row.is_sample,
        visibility=row.visibility,
        original_name=row.original_name,
        source_crs=row.source_crs,
        county_codes=tuple(row.county_codes),
        area_ha=row.area_ha,
        imported_by=str(row.imported_by),
        imported_at=row.imported_at,
        removed_by=None if row.removed_by is None else str(row.removed_by),
        removed_at=row.removed_at,
        removal_reason=row.removal_reason,
    )


def _is_shown(actor: Actor, row: Overlay, *, on: dt.date) -> bool:
    return row.removed_at is None and _may_see(row, areas_for(actor, PERMISSION_TO_SEE, on=on))


def _may_see(row: Overlay, seen: AreaSet) -> bool:
    """A person of one township of the county sees the outlines too: they are of the land around his own."""
    if row.visibility == "public":
        return True
    return any(seen.covers(code) or any(own.startswith(code) for own in seen.codes) for code in row.county_codes)


def _may_change(actor: Actor, row: Overlay, *, on: dt.date) -> bool:
    return _covers_all(areas_for(actor, PERMISSION_TO_CHANGE, on=on), row)


def _covers_all(areas: AreaSet, row: Overlay) -> bool:
    return not areas.is_empty and all(areas.covers(code) for code in row.county_codes)


def _rows() -> QuerySet[Overlay]:
    return Overlay.objects.select_related("imported_by", "removed_by")
