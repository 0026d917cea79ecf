"""What other rooms may know of drafts, releases and administrative units. Nothing here writes."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import shapely
from django.db.models import QuerySet

from senhui.access.queries import areas_for
from senhui.access.rules import Actor, PermissionRefused
from senhui.inventory import store
from senhui.inventory.models import AdministrativeUnit, Draft, Release


class NoSuchRelease(LookupError):
    """There is no release of this name; `queries.releases()` lists those there are."""

    def __init__(self, release_id: str) -> None:
        super().__init__(f"There is no release {release_id!r}. Look at the list of releases.")
        self.release_id = release_id


class NoSuchDraft(LookupError):
    """There is no draft of this number, or the person asking may not see it."""

    def __init__(self, draft_id: int) -> None:
        super().__init__(f"There is no draft {draft_id} that you may see. Look at the list of imports.")
        self.draft_id = draft_id


class NoSuchStand(LookupError):
    """The release has no row at this position."""

    def __init__(self, release_id: str, row_index: int) -> None:
        super().__init__(f"Release {release_id} has no row {row_index}.")
        self.release_id = release_id
        self.row_index = row_index


@dataclass(frozen=True)
class ReleaseInfo:
    """A release as other rooms see it: its row, its manifest and where its files lie."""

    id: str
    label: str
    reference_year: int
    is_sample: bool
    released_at: dt.datetime
    imported_by: str
    measured_by: str
    released_by: str
    value_hash: str
    township_codes: tuple[str, ...]
    manifest: dict[str, Any]

    @property
    def directory(self) -> Path:
        """Directory with `sub_compartments.parquet`, `derivations.json` and `manifest.json`."""
        return store.releases_directory() / self.id


@dataclass(frozen=True)
class DraftInfo:
    """A draft as other rooms see it."""

    id: int
    original_name: str
    reference_year: int
    is_sample: bool
    state: str
    source: dict[str, Any]
    profile: dict[str, Any]
    township_codes: tuple[str, ...]
    n_rows: int
    n_errors: int
    n_warnings: int
    area_ha: float
    imported_by: str
    imported_by_id: int
    imported_at: dt.datetime
    measured_by: str | None
    measured_by_id: int | None
    measured_at: dt.datetime | None
    measurement: dict[str, Any] | None
    release_id: str | None
    directory: Path


@dataclass(frozen=True)
class Unit:
    """An administrative unit; `geometry` is in lon/lat degrees of CGCS2000, or None where no outline is known."""

    code: str
    level: str
    name_zh: str
    parent_code: str
    is_sample: bool
    geometry: shapely.Geometry | None


def releases() -> list[ReleaseInfo]:
    """Return all releases: those that cover the most counties first, among them the newest reference year first.

    The first is what a visitor sees. A survey of one county is not the city, however new it is.
    """
    infos = [_release_info(row) for row in _releases()]
    return sorted(infos, key=lambda info: -len({code[:6] for code in info.township_codes}))


def release(release_id: str) -> ReleaseInfo:
    """Return one release.

    Raises
    ------
    NoSuchRelease
        No release has this id.
    """
    row = _releases().filter(pk=release_id).first()
    if row is None:
        raise NoSuchRelease(release_id)
    return _release_info(row)


def release_path(release_id: str) -> Path:
    """Return the GeoParquet of a release."""
    path = store.releases_directory() / release_id / "sub_compartments.parquet"
    if not _is_plain_name(release_id) or not path.exists():
        raise NoSuchRelease(release_id)
    return path


def scan(release_id: str) -> pl.LazyFrame:
    """Return the stands of a release, lazily: canonical and measurement columns, sorted by township and number."""
    return pl.scan_parquet(release_path(release_id))


@lru_cache(maxsize=16)
def derivations(release_id: str) -> dict[int, dict[str, Any]]:
    """Return the derivations of a release by number; a release never changes, so they are read once."""
    rows = json.loads((release_path(release_id).parent / "derivations.json").read_text("utf-8"))
    return {int(row["id"]): row for row in rows}


def derivation(release_id: str, number: int) -> dict[str, Any]:
    """Return one derivation of a release: method, equation, inputs, parameters with source, rule and reason."""
    found = derivations(release_id).get(number)
    if found is None:
        raise NoSuchStand(release_id, number)
    return found


def stand(actor: Actor, release_id: str, row_index: int, *, on: dt.date, with_geometry: bool = False) -> dict[str, Any]:
    """Return one sub-compartment (小班) of a release with all its inputs and results.

    Parameters
    ----------
    actor : the person asking; needs `view_sub_compartments` over the stand's village.
    release_id : release
    row_index : 0-based position in the release's GeoParquet (a tile's feature id − 1)
    on : day on which the grant must hold
    with_geometry : whether `geometry` (WKB) is part of the answer

    Raises
    ------
    NoSuchStand
        No such row.
    PermissionRefused
        The stand lies outside the actor's areas. A person without any area learns nothing of which rows exist.
    """
    areas = areas_for(actor, "view_sub_compartments", on=on)
    if areas.is_empty:
        raise PermissionRefused("view_sub_compartments")
    frame = scan(release_id)
    if not with_geometry:
        frame = frame.drop("geometry")
    found = frame.slice(row_index, 1).collect() if 0 <= row_index < 2**31 else pl.DataFrame()
    if found.is_empty():
        raise NoSuchStand(release_id, row_index)
    row = found.row(0, named=True)
    if not areas.covers(str(row["village_code"])):
        raise PermissionRefused("view_sub_compartments")  # not where: that would tell which land the row is
    row["row_index"] = row_index
    return row


def find_stands(actor: Actor, release_id: str, text: str, *, on: dt.date, limit: int = 20) -> list[dict[str, Any]]:
    """Return stands whose number begins with or contains `text`, within the actor's areas."""
    areas = areas_for(actor, "view_sub_compartments", on=on)
    if areas.is_empty or not text:
        return []
    frame = (
        scan(release_id)
        .select("sub_compartment_id", "township_code", "min_lon", "min_lat", "max_lon", "max_lat")
        .with_row_index("row_index")
        .filter(pl.col("sub_compartment_id").str.contains(text, literal=True))
        .filter(area_filter(sorted(areas.codes), column="sub_compartment_id"))
        .head(limit)
    )
    return frame.collect().to_dicts()


def area_filter(codes: list[str], *, column: str = "village_code") -> pl.Expr:
    """Return the filter that keeps rows whose code begins with one of `codes`; of no codes, no row."""
    return pl.any_horizontal(pl.lit(value=False), *[pl.col(column).str.starts_with(code) for code in codes])


def drafts(actor: Actor, *, on: dt.date) -> list[DraftInfo]:
    """Return the drafts that lie wholly within the actor's areas for importing or releasing, the newest first."""
    return [_draft_info(row) for row in _drafts() if _may_see(actor, row, on=on)]


def draft(actor: Actor, draft_id: int, *, on: dt.date) -> DraftInfo:
    """Return one draft.

    Raises
    ------
    NoSuchDraft
        There is none, or it lies outside the actor's areas.
    """
    row = _drafts().filter(pk=draft_id).first()
    if row is None or not _may_see(actor, row, on=on):
        raise NoSuchDraft(draft_id)
    return _draft_info(row)


def findings(info: DraftInfo) -> pl.DataFrame:
    """Return what the checks found in a draft: row, sub_compartment_id, field, value, reason, severity, remedy."""
    return pl.read_parquet(info.directory / "findings.parquet")


def administrative_units(level: str | None = None) -> list[Unit]:
    """Return administrative units by code, of one level or of all."""
    rows = AdministrativeUnit.objects.all()
    if level is not None:
        rows = rows.filter(level=level)
    return [
        Unit(
            code=row.code,
            level=row.level,
            name_zh=row.name_zh,
            parent_code=row.parent_code,
            is_sample=row.is_sample,
            geometry=None if row.wkb is None else shapely.from_wkb(bytes(row.wkb)),
        )
        for row in rows
    ]


def unit_names() -> dict[str, str]:
    """Return the Chinese name of every administrative unit by code."""
    return dict(AdministrativeUnit.objects.values_list("code", "name_zh"))


def find_units(text: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """Return units whose name contains or whose code begins with `text`, the larger ones first."""
    if not text:
        return []
    by_name = AdministrativeUnit.objects.filter(name_zh__icontains=text)
    by_code = AdministrativeUnit.objects.filter(code__startswith=text)
    rows = (by_name | by_code).values(
        "code", "level", "name_zh", "parent_code", "min_lon", "min_lat", "max_lon", "max_lat"
    )
    return [dict(row) for row in sorted(rows, key=lambda row: (len(row["code"]), row["code"]))[:limit]]


def _may_see(actor: Actor, row: Draft, *, on: dt.date) -> bool:
    """A draft is seen whole or not at all, by those who may import or release all of its land."""
    if not row.township_codes:  # every row was rejected: it lies nowhere, and only its importer can mend it
        return bool(row.imported_by_id == actor.pk)
    return any(
        all(areas.covers(code) for code in row.township_codes) and not areas.is_empty
        for areas in (areas_for(actor, permission, on=on) for permission in ("import_layer", "release_layer"))
    )


def _releases() -> QuerySet[Release]:
    return Release.objects.select_related("imported_by", "measured_by", "released_by", "draft")


def _drafts() -> QuerySet[Draft]:
    return Draft.objects.select_related("imported_by", "measured_by", "release")


def _is_plain_name(text: str) -> bool:
    return bool(text) and all(character.isalnum() or character == "-" for character in text)


def _release_info(row: Release) -> ReleaseInfo:
    return ReleaseInfo(
        id=row.pk,
        label=row.label,
        reference_year=row.reference_year,
        is_sample=row.is_sample,
        released_at=row.released_at,
        imported_by=str(row.imported_by),
        measured_by=str(row.measured_by),
        released_by=str(row.released_by),
        value_hash=row.value_hash,
        township_codes=tuple(row.draft.township_codes),
        manifest=row.manifest,
    )


def _draft_info(row: Draft) -> DraftInfo:
    return DraftInfo(
        id=row.pk,
        original_name=row.original_name,
        reference_year=row.reference_year,
        is_sample=row.is_sample,
        state=row.state,
        source=row.source,
        profile=row.profile,
        township_codes=tuple(row.township_codes),
        n_rows=row.n_rows,
        n_errors=row.n_errors,
        n_warnings=row.n_warnings,
        area_ha=row.area_ha,
        imported_by=str(row.imported_by),
        imported_by_id=row.imported_by_id,
        imported_at=row.imported_at,
        measured_by=None if row.measured_by is None else str(row.measured_by),
        measured_by_id=row.measured_by_id,
        measured_at=row.measured_at,
        measurement=row.measurement,
        release_id=row.release.pk if hasattr(row, "release") else None,
        directory=store.drafts_directory() / row.directory_name,
    )
