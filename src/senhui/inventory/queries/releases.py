"""Releases as other rooms see them: rows, manifests, and the stands in their files. Nothing here writes."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from django.db.models import QuerySet

from senhui.access.queries import areas_for
from senhui.access.rules import Actor, PermissionRefused
from senhui.inventory import store
from senhui.inventory.error_sums import FILE_NAME as ERROR_SUMS
from senhui.inventory.models import Release


class NoSuchRelease(LookupError):
    """There is no release of this name; `queries.releases()` lists those there are."""

    def __init__(self, release_id: str) -> None:
        super().__init__(f"There is no release {release_id!r}. Look at the list of releases.")
        self.release_id = release_id


class NoSuchStand(LookupError):
    """The release has no row at this position."""

    def __init__(self, release_id: str, row_index: int) -> None:
        super().__init__(f"Release {release_id} has no row {row_index}.")
        self.release_id = release_id
        self.row_index = row_index


@dataclass(frozen=True)
class ReleaseInfo:
    """A release as other rooms see it: its row, its manifest and where its files lie.

    `n_excluded` rows with `excluded_area_ha` were left out of it by named persons (`manifest["excluded"]` says why);
    both are printed beside every total.
    """

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
    n_excluded: int
    excluded_area_ha: float
    licence_note: str
    manifest: dict[str, Any]

    def excluded_area_within(self, area_code: str) -> float:
        """Return the area left out of an administrative unit, ha; rows that do not say where they lie are in each."""
        rows = self.manifest.get("excluded", {}).get("rows", [])
        return math.fsum(
            row["area_ha"] or 0.0
            for row in rows
            if not (name := row["sub_compartment_id"]) or name.startswith(area_code)
        )

    @property
    def directory(self) -> Path:
        """Directory with `sub_compartments.parquet`, `derivations.json` and `manifest.json`."""
        return store.releases_directory() / self.id


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


def manifest_for(actor: Actor, info: ReleaseInfo, *, on: dt.date) -> dict[str, Any]:
    """Return the manifest as a person may see it: of the rows left out only those on land whose stands he sees.

    How many there are and their area stay for everybody. A row that does not say where it lies is for those who see
    all land of the release.
    """
    excluded = info.manifest.get("excluded")
    if excluded is None:
        return info.manifest
    areas = areas_for(actor, "view_sub_compartments", on=on)
    sees_all = not areas.is_empty and all(areas.covers(code) for code in info.township_codes)
    rows = [
        row
        for row in excluded["rows"]
        if (areas.covers(row["sub_compartment_id"]) if row["sub_compartment_id"] else sees_all)
    ]
    return {**info.manifest, "excluded": {**excluded, "rows": rows}}


def release_path(release_id: str) -> Path:
    """Return the GeoParquet of a release.

    Raises
    ------
    NoSuchRelease
        Also of a directory without a row: a kill may leave one, and it is nobody's release.
    """
    path = store.releases_directory() / release_id / "sub_compartments.parquet"
    if not _is_plain_name(release_id) or not path.exists() or not _has_row(release_id, path):
        raise NoSuchRelease(release_id)
    return path


_with_row: set[Path] = set()


def _has_row(release_id: str, path: Path) -> bool:
    """Return whether the release is committed; a release never goes, so it is asked once."""
    if path not in _with_row and Release.objects.filter(pk=release_id).exists():
        _with_row.add(path)
    return path in _with_row


def scan(release_id: str) -> pl.LazyFrame:
    """Return the stands of a release, lazily: canonical and measurement columns, sorted by township and number."""
    return pl.scan_parquet(release_path(release_id))


def error_sums(release_id: str) -> pl.DataFrame | None:
    """Return the sums from which the error of any of its places follows; None of a release made before they were kept.

    See `senhui.measurement.sensitivity.error_sums` for the columns.
    """
    path = release_path(release_id).parent / ERROR_SUMS
    return pl.read_parquet(path) if path.exists() else None


def derivations(release_id: str) -> dict[int, dict[str, Any]]:
    """Return the derivations of a release by number; a release never changes, so they are read once."""
    return _derivations(release_path(release_id).parent / "derivations.json")


@lru_cache(maxsize=16)
def _derivations(path: Path) -> dict[int, dict[str, Any]]:
    return {int(row["id"]): row for row in json.loads(path.read_text("utf-8"))}


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
    if not text:
        return []
    return _found(actor, release_id, pl.col("sub_compartment_id").str.contains(text, literal=True), on=on, limit=limit)


def stands_numbered(
    actor: Actor, release_id: str, compartment: int, number: int, *, within: str, on: dt.date, limit: int = 20
) -> list[dict[str, Any]]:
    """Return stands of a place by the numbers of compartment (林班) and stand, zeros before them or not."""
    is_it = [
        pl.col(column).str.strip_chars_start("0") == str(wanted)
        for column, wanted in (("compartment_no", compartment), ("sub_compartment_no", number))
    ]
    here = area_filter([within])
    return _found(actor, release_id, pl.all_horizontal(here, *is_it), on=on, limit=limit)


def stands_owned(
    actor: Actor, release_id: str, ownership: Collection[str], *, within: str, on: dt.date, limit: int = 20
) -> list[dict[str, Any]]:
    """Return stands of a place by the owner of their land, as the layer codes it (土地权属)."""
    is_owned = pl.col("land_ownership").is_in(list(ownership))
    return _found(actor, release_id, area_filter([within]) & is_owned, on=on, limit=limit)


def _found(actor: Actor, release_id: str, wanted: pl.Expr, *, on: dt.date, limit: int) -> list[dict[str, Any]]:
    """Return number, owner, place and bounding box of the first stands that are wanted, within the actor's areas."""
    areas = areas_for(actor, "view_sub_compartments", on=on)
    if areas.is_empty:
        return []
    frame = (
        scan(release_id)
        .with_row_index("row_index")
        .filter(wanted)
        .filter(area_filter(sorted(areas.codes), column="sub_compartment_id"))
        .select(
            "row_index", "sub_compartment_id", "township_code", "village_code", "land_ownership",
            "min_lon", "min_lat", "max_lon", "max_lat",
        )
        .head(limit)
    )  # fmt: skip
    return frame.collect().to_dicts()


def area_filter(codes: list[str], *, column: str = "village_code") -> pl.Expr:
    """Return the filter that keeps rows whose code begins with one of `codes`; of no codes, no row."""
    return pl.any_horizontal(pl.lit(value=False), *[pl.col(column).str.starts_with(code) for code in codes])


def _releases() -> QuerySet[Release]:
    return Release.objects.select_related("imported_by", "measured_by", "released_by", "draft")


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
        n_excluded=row.manifest.get("excluded", {}).get("n_rows", 0),
        excluded_area_ha=row.manifest.get("excluded", {}).get("area_ha", 0.0),
        licence_note=row.manifest.get("licence_note", ""),
        manifest=row.manifest,
    )
