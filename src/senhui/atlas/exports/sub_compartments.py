"""The sub-compartments of a release within a person's areas, all or a selection, as a file in a format offices have.

A city's take up to a minute to write, so it is done by a job (`senhui.atlas.jobs`); the file waits under
SENHUI_HOME/exports for the person who asked for it. What the columns are is said in `columns`, how they are written
in `layer_files`. The cases are in ``tests/atlas/test_sub_compartments_file.py``; that a file comes back into an import
and measures the same in ``tests/atlas/test_round_trip.py``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import shapely
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for
from senhui.access.rules import Actor, AreaSet, PermissionRefused
from senhui.atlas.exports.caveats import Caveats, caveats_of
from senhui.atlas.exports.columns import COLUMNS, Language, exported, needed
from senhui.atlas.exports.layer_files import Contents, Form, write
from senhui.atlas.exports.provenance import parameter_rows, release_facts
from senhui.atlas.exports.qgis_style import styles_of
from senhui.atlas.selection import Selection, rows
from senhui.atlas.statistics import parameters_used
from senhui.inventory import queries

PERMISSION = "export_sub_compartments"
_KEPT_FOR_S = 24 * 3600


class ExportIsGone(LookupError):
    """The file was kept for a day and has been removed."""

    def __init__(self) -> None:
        super().__init__("The exported file was kept for a day and has been removed. Export it again.")


class NothingChosen(LookupError):
    """No sub-compartment that the person may export lies in the selection."""

    def __init__(self) -> None:
        super().__init__("No sub-compartment that you may export lies in the selection. Choose more, or elsewhere.")


@dataclass(frozen=True)
class Export:
    """A file that was written for one person: where it lies and the land it holds."""

    path: Path
    areas: frozenset[str]
    n_rows: int


def refuse_export(actor: Actor, *, on: dt.date, areas: Iterable[str] = ()) -> None:
    """Refuse a person who may export nothing, or not all of some areas.

    Raises
    ------
    PermissionRefused
    """
    granted = areas_for(actor, PERMISSION, on=on)
    if granted.is_empty:
        raise PermissionRefused(PERMISSION)
    for code in sorted(areas):
        if not granted.covers(code):
            raise PermissionRefused(PERMISSION, code)


def kept_export(actor: Actor, place: str, *, areas: Iterable[str], on: dt.date) -> Path:
    """Return an exported file that still lies at `place` below SENHUI_HOME/exports, if the person may have it today.

    Parameters
    ----------
    areas : the land that the file holds; a grant may have ended since it was written

    Raises
    ------
    PermissionRefused, ExportIsGone
        In this order of precedence.
    """
    refuse_export(actor, on=on, areas=areas)
    path = exports_directory() / place
    assert exports_directory() == path.parent.parent, "an export lies in a directory of its own"
    if not path.is_file():
        raise ExportIsGone
    return path


def exports_directory() -> Path:
    """Return where the exported files wait to be fetched."""
    return Path(settings.SENHUI_HOME) / "exports"


def sub_compartments(
    actor: Actor,
    selection: Selection,
    *,
    form: Form,
    language: Language,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> Export:
    """Write the sub-compartments of a selection that a person may export, and note in the audit that it was done.

    Parameters
    ----------
    actor : whoever asks
    selection : of which release, where, which; those outside the person's areas are left out
    form : "gpkg" (with styles for QGIS), "zip" (a Shapefile with its parts), "csv" (outlines as WKT) or "xlsx"
        XLSX carries no geometry.
    language : "zh" or "en", of the names of methods and the reasons why there is no estimate
    now : instant at which the grants must hold
    progress : called with the fraction done (0–1) and a note

    Returns
    -------
    Export
        A file in a directory of its own, kept for a day.

    Raises
    ------
    PermissionRefused
        The person may export nothing at all.
    NoSuchRelease, NoSuchPlace
        There is no such release or place.
    NothingChosen
        No row is left.
    TooManyRows
        XLSX only.
    """
    on = timezone.localdate(now)
    refuse_export(actor, on=on)
    areas = areas_for(actor, PERMISSION, on=on)
    progress(0.0, "Reading the release")
    release = queries.release(selection.release_id)
    frame = exported(_stands(selection, release, areas), release, language=language)
    if frame.is_empty():
        raise NothingChosen
    progress(0.1, "Writing the file")
    with _new_place() as directory:
        path = directory / f"senhui_{release.id}_sub_compartments.{form}"
        contents = _contents(frame, selection, release, form=form, language=language)
        write(contents, path, form=form, progress=lambda done: progress(0.1 + 0.9 * done, "Writing the file"))
        progress(1.0, "Writing the file")
        with transaction.atomic():
            record_audit(
                actor,
                "atlas.export_sub_compartments",
                subject=f"release {release.id}",
                detail={"form": form, "areas": sorted(areas.codes), "n_rows": frame.height} | _asked(selection),
                now=now,
            )
    return Export(path, areas.codes, frame.height)


def n_exported(actor: Actor, selection: Selection, *, on: dt.date) -> int:
    """Return how many sub-compartments of a selection a person may export.

    Raises
    ------
    PermissionRefused, NoSuchRelease, NoSuchPlace
    """
    refuse_export(actor, on=on)
    release = queries.release(selection.release_id)
    return _stands(selection, release, areas_for(actor, PERMISSION, on=on), only=["area_ha"]).height


def _stands(
    selection: Selection, release: queries.ReleaseInfo, areas: AreaSet, *, only: list[str] | None = None
) -> pl.DataFrame:
    queries.require_place(selection.within or "", townships=release.township_codes)
    scanned = queries.scan(release.id)
    columns = only or needed(scanned.collect_schema().names())
    if selection.where or selection.shape is not None:
        return rows(selection, areas=areas, columns=columns)
    # All of a place: nothing has to be asked of single stands.
    in_reach = queries.area_filter(sorted(areas.codes))
    in_place = queries.area_filter([selection.within or ""])
    return scanned.filter(in_reach & in_place).select(columns).collect()


def _asked(selection: Selection) -> dict[str, object]:
    """Return what of a release was asked for, for the audit: nothing where it was all."""
    asked: dict[str, object] = {}
    if selection.within:
        asked["within"] = selection.within
    if selection.where:
        asked["where"] = {name: list(values) for name, values in selection.where.items()}
    return asked | ({} if selection.shape is None else {"shape_bounds": [*shapely.from_wkb(selection.shape).bounds]})


def _contents(
    frame: pl.DataFrame, selection: Selection, release: queries.ReleaseInfo, *, form: Form, language: Language
) -> Contents:
    within = selection.within or None
    caveats = caveats_of(release, within=within, is_choice=bool(selection.where or selection.shape))
    methods = dict(frame.select("method", "method_name").drop_nulls().unique().iter_rows())
    facts = [*release_facts(release), *_facts(frame, selection, caveats)]
    return Contents(
        frame=frame,
        columns=COLUMNS,
        layer="sub_compartments",
        facts=facts,
        parameters=parameter_rows(parameters_used(release.id)),
        styles=styles_of(frame, language=language, methods=methods) if form == "gpkg" else (),
        repeated={
            "value_hash": release.value_hash,
            "excluded_area_ha": caveats.excluded_area_ha,
            "note": " ".join(text for name, text in facts if name in _SAID_IN_EACH_ROW),
        },
    )


_OF_WHAT = "选择 Selection"
_ERROR = "碳储量 95% 区间 95 % interval of the stock (tC)"
_SAID_IN_EACH_ROW = (_OF_WHAT, _ERROR)


def _facts(frame: pl.DataFrame, selection: Selection, caveats: Caveats) -> list[tuple[str, str]]:
    """Return what these rows are, what they add up to, and what their sum does not say by itself."""
    chosen = [f"within={selection.within}"] if selection.within else []
    chosen += [
        f"where={name}:{','.join('-' if value is None else str(value) for value in values)}"
        for name, values in selection.where.items()
    ]
    if selection.shape is not None:
        chosen.append("内点位于所绘或上传范围内的小班 sub-compartments whose inner point lies inside a shape")
    error = caveats.error
    unknown = " ".join(caveats.unknown_because or ())
    without_ha = float(frame.filter(pl.col("stock_tc").is_null())["MIAN_JI"].sum())
    facts = [
        (_OF_WHAT, " & ".join(chosen) or "全部（权限范围内） all within the areas of the person who exported"),
        ("行数 Rows", f"{frame.height}"),
        ("面积 Area (ha)", f"{frame['MIAN_JI'].sum():.2f}"),
        ("其中无估算 Of it without estimate (ha)", f"{without_ha:.2f}"),
        ("碳储量 Stock (tC)", f"{frame['stock_tc'].sum():.2f}"),
        ("该地未纳入本版的面积 Area of the place left out of the release (ha)", f"{caveats.excluded_area_ha:.2f}"),
        (_ERROR, unknown if error is None else f"{error.lower_tc:.0f} – {error.upper_tc:.0f}"),
    ]
    if error is not None and error.not_set:
        facts.append(("未设定的误差来源 Sources of error not set", f"{caveats.not_set(0)} / {caveats.not_set(1)}"))
    return facts


@contextlib.contextmanager
def _new_place() -> Iterator[Path]:
    """Give an empty directory, removed again when nothing comes of it; earlier ones that had their day are removed."""
    home = exports_directory()
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_FOR_S:
            shutil.rmtree(old, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(dir=home))
    try:
        yield directory
    except BaseException:  # also of a cancelled job
        shutil.rmtree(directory, ignore_errors=True)
        raise
