"""Compare two releases: what grew, what was lost, and what only looks like either (两期对比).

1. The actor must hold `view_sub_compartments` somewhere (`PermissionRefused`).
2. Both releases must exist (`NoSuchRelease`).
3. The first must be older than the second (`SurveysNotInOrder`).
4. Sample data is not compared with a survey (`SampleAgainstSurvey`).
5. They must share a township (`NoLandInCommon`); land of townships that only one of them has is left out and listed.
6. Both sides must rest on one method book, one edition of the numbers and one set of declarations. Where they do not,
   both are measured again with today's numbers and the later release's declarations from the stands they hold, and the
   comparison says so; a release whose stands lack what today's methods read is refused (`CannotBeMeasuredAgain`).
7. The tables must close, township by township and in all, on both bases (`DoesNotClose`): nothing is saved otherwise.
8. The result is written to a hidden directory and named in one step. The same releases, events and numbers give the
   same name: then the one there is stays.

Cases: `tests/inventory/test_compare_releases.py`. The arithmetic lies in `senhui.measurement.change`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from django.db import transaction
from django.utils import timezone

from senhui import parameters
from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.inventory import changes, events, queries, store
from senhui.inventory.matching import match, matching_levels
from senhui.inventory.models import Movement
from senhui.measurement import (
    MEASURED_COLUMNS,
    Declarations,
    DesignTotal,
    MethodBook,
    UnknownKeys,
    apply_factors,
    calibrate,
    declarations_from_dict,
    default_book,
    measure_stands,
    refuse_unknown_keys,
)
from senhui.measurement.change import LINES, SIDE_COLUMNS, closing_table, piece_changes
from senhui.measurement.closing import require_closing
from senhui.measurement.disturbance import LIVING
from senhui.projection.growth import GrowthModel, pressler_increment

_READ: Final = (
    *SIDE_COLUMNS, "sub_compartment_id", "species_group", "origin", "age_yr", "tree_above_tc_ha", "tree_below_tc_ha",
)  # fmt: skip


SMALLEST_STEP_TC: Final = 0.01
"""One step of the last digit that any table of a comparison prints, [tC]."""


class SurveysNotInOrder(ValueError):
    """The first survey is not older than the second."""

    def __init__(self, before_year: int, after_year: int) -> None:
        super().__init__(f"A survey of {before_year} does not come before one of {after_year}. Swap them.")
        self.before_year = before_year
        self.after_year = after_year


class SampleAgainstSurvey(ValueError):
    """One release is sample data and the other is not."""

    def __init__(self, before_id: str, after_id: str) -> None:
        super().__init__(f"One of {before_id} and {after_id} is sample data. Compare sample data with sample data.")
        self.before_id = before_id
        self.after_id = after_id


class NoLandInCommon(ValueError):
    """No township is in both releases."""

    def __init__(self, before_id: str, after_id: str) -> None:
        super().__init__(f"Releases {before_id} and {after_id} share no township. Choose two of the same place.")
        self.before_id = before_id
        self.after_id = after_id


class CannotBeMeasuredAgain(ValueError):
    """The releases rest on different methods or numbers, and one of them lacks what today's methods read."""

    def __init__(self, release_id: str, missing: str) -> None:
        super().__init__(
            f"The two releases rest on different methods or numbers, and {release_id} cannot be measured again: "
            f"{missing}. Import its layer once more and release it."
        )
        self.release_id = release_id
        self.missing = missing


def compare_releases(
    actor: Actor,
    *,
    before_id: str,
    after_id: str,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> changes.ChangeInfo:
    """Compare two releases; see the module's numbered steps for what is refused, in order."""
    require(actor, "view_sub_compartments", on=timezone.localdate(now))
    before, after = queries.release(before_id), queries.release(after_id)
    if before.reference_year >= after.reference_year:
        raise SurveysNotInOrder(before.reference_year, after.reference_year)
    if before.is_sample != after.is_sample:
        raise SampleAgainstSurvey(before_id, after_id)
    townships = sorted(set(before.township_codes) & set(after.township_codes))
    if not townships:
        raise NoLandInCommon(before_id, after_id)
    remeasured = _basis(before) != _basis(after)
    book = default_book(declarations=_declarations(after)) if remeasured else None
    happened, event_ids = events.events_between(before, after)
    facts = {
        "before": before_id,
        "after": after_id,
        "value_hashes": [before.value_hash, after.value_hash],
        "events": event_ids,
        "remeasured": remeasured,
        "method_book": book.id if book else before.manifest["measurement"]["method_book"],
        "parameter_edition_hash": parameters.edition_hash() if remeasured else _basis(before)[1],
        "matching_levels": matching_levels(),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    change_id = f"{before_id}_{after_id}_{digest[:8]}"
    if (changes.changes_directory() / change_id / changes.MANIFEST).exists():
        progress(1.0, "Compared")
        return changes.change(change_id)
    progress(0.02, "Reading the releases")
    stands = [_stands(info, townships=townships, book=book) for info in (before, after)]
    codes = events.change_codes(after_id).alias("change_code").to_frame().with_row_index("release_row")
    stands[1] = stands[1].join(codes, on="release_row", how="left", maintain_order="left")
    matching = match(*stands, progress=lambda fraction, note: progress(0.1 + 0.7 * fraction, note))
    progress(0.82, "Adding the change up")
    at = stands[0].select(
        pl.col("release_row").alias("row_before"), pl.int_range(pl.len(), dtype=pl.UInt32).alias("at")
    )
    happened = happened.join(at, on="row_before").select(pl.col("at").alias("row_before"), "kind", "change_tc")
    changed = piece_changes(matching.pieces, before=stands[0], after=stands[1], events=happened)
    movements = closing_table(changed)
    _require_closing(movements)
    tables = {
        "movements": movements,
        "land": _land(changed),
        "beside": _beside(event_ids),
        "model_estimate": _model_estimate(stands[1]),
        "pieces": _with_release_rows(changed, stands),
    }
    progress(0.92, "Writing")
    manifest: dict[str, Any] = {
        **facts,
        "compared_at": now.isoformat(),
        "compared_by": str(actor),
        "counts": matching.counts(),
        "n_pieces": matching.pieces.height,
        "n_same_outlines": matching.n_same,
        "sliver_ha": matching.sliver_ha,
        "townships": townships,
        "townships_left_out": sorted(set(before.township_codes) ^ set(after.township_codes)),
    }
    with store.unfinished(changes.changes_directory()) as directory:
        for name, table in tables.items():
            store.write_parquet(table, directory / f"{name}.parquet")
        manifest["files"] = {
            path.name: {"sha256": store.sha256_of(path), "bytes": path.stat().st_size}
            for path in sorted(directory.iterdir())
        }
        store.write_json(manifest, directory / changes.MANIFEST)
        with transaction.atomic():
            record_audit(
                actor,
                "inventory.compare_releases",
                subject=f"change {change_id}",
                detail={"before": before_id, "after": after_id, "events": event_ids},
                now=now,
            )
            target = changes.changes_directory() / change_id
            # A directory of this name without its manifest is what a kill in the midst of the next line left.
            if not (target / changes.MANIFEST).exists():
                shutil.rmtree(target, ignore_errors=True)
                store.finish(directory, target)
    progress(1.0, "Compared")
    return changes.change(change_id)


def _basis(info: queries.ReleaseInfo) -> tuple[str, str, Declarations]:
    """Return what the numbers of a release rest on: method book, edition of the parameters, declarations."""
    measurement = info.manifest["measurement"]
    return measurement["method_book"], measurement["parameter_edition_hash"], _declarations(info)


def _declarations(info: queries.ReleaseInfo) -> Declarations:
    """Return what the installation declared when the release was measured; before there were any, nothing."""
    return declarations_from_dict(info.manifest["measurement"].get("declarations") or {})


def _stands(info: queries.ReleaseInfo, *, townships: Sequence[str], book: MethodBook | None) -> pl.DataFrame:
    """Read the stands of the townships, measured again with a book where the two releases rest on different numbers."""
    frame = queries.scan(info.id)
    if book is not None:
        frame = _measured_again(info, book=book).lazy()
    present = set(frame.collect_schema().names())
    columns = [name for name in (*_READ, "geometry") if name in present]
    return (
        frame.select(columns).with_row_index("release_row").filter(pl.col("township_code").is_in(townships)).collect()
    )


def _measured_again(info: queries.ReleaseInfo, *, book: MethodBook) -> pl.DataFrame:
    """Measure the stands of a release with today's book, and calibrate them to the same design totals."""
    stands = queries.scan(info.id).drop(MEASURED_COLUMNS, strict=False)
    try:
        refuse_unknown_keys(stands, book=book)
        measured = measure_stands(stands, book=book).collect()
    except (UnknownKeys, pl.exceptions.ColumnNotFoundError) as problem:
        raise CannotBeMeasuredAgain(info.id, str(problem).splitlines()[0]) from problem
    calibration = info.manifest["measurement"]["calibration"]
    if calibration is None:
        return measured
    totals = [
        DesignTotal(
            domain=row["domain"],
            total_tc=row["design_tc"],
            source=row["source"],
            reason_zh=row["reason_zh"],
            reason_en=row["reason_en"],
        )
        for row in calibration["factors"]
    ]
    return apply_factors(measured, calibrate(measured, design_totals=totals))


def _require_closing(movements: pl.DataFrame) -> None:
    """Refuse tables that do not close at the smallest step that is printed."""
    for basis in ("measured_tc", "calibrated_tc"):
        cell = {(line, place): tc for line, place, tc in movements.select("line", "township", basis).iter_rows()}
        places = movements["township"].unique().sort()
        grid = np.array([[cell.get((line, place)) or 0.0 for place in places] for line in LINES])
        require_closing(grid, step_tc=SMALLEST_STEP_TC)


def _land(changed: pl.DataFrame) -> pl.DataFrame:
    """Add up land and forest land (有林木与无林木的林地) of both sides by township."""
    classes = parameters.table("land_classes").frame
    forest = classes.filter(pl.col("is_forest_land"))["id"].implode()
    sides = []
    for side in ("before", "after"):
        area = pl.col(f"area_{side}_ha")
        is_forest = pl.col(f"land_class_{side}").is_in(forest)
        sides.append(
            changed.filter(pl.col(f"township_{side}").is_not_null())
            .group_by(pl.col(f"township_{side}").alias("township"))
            .agg(area.sum(), pl.when(is_forest).then(area).sum().alias(f"forest_{side}_ha"))
        )
    return sides[0].join(sides[1], on="township", how="full", coalesce=True).fill_null(0.0).sort("township")


def _beside(event_ids: list[int]) -> pl.DataFrame:
    """Add up what the events posted outside the stock: dead wood, litter, soil, products, gases; `n` counts stands."""
    rows = Movement.objects.filter(event_id__in=event_ids).exclude(pool__in=LIVING)
    names = (
        "event__township_code", "event__kind", "pool", "event__release_id", "event__row", "change_tc", "emission_tco2e",
    )  # fmt: skip
    schema = {
        "township": pl.String, "kind": pl.String, "pool": pl.String, "release": pl.String, "row": pl.UInt32,
        "change_tc": pl.Float64, "emission_tco2e": pl.Float64,
    }  # fmt: skip
    frame = pl.DataFrame(list(rows.order_by("id").values_list(*names)), schema=schema, orient="row")
    sums = [
        pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
        for name in ("change_tc", "emission_tco2e")
    ]
    # An event that was taken back leaves nothing, so its stand is not counted.
    is_left = pl.any_horizontal(pl.col(name).abs() > 0.0 for name in ("change_tc", "emission_tco2e"))
    of_stands = frame.group_by("township", "kind", "pool", "release", "row").agg(sums).filter(is_left)
    return (
        of_stands.group_by("township", "kind", "pool").agg(pl.len().alias("n"), *sums).sort("township", "kind", "pool")
    )


def _model_estimate(stands: pl.DataFrame) -> pl.DataFrame:
    """Estimate next year's growth of the later survey's trees by growth curves, where there is one (模型估计).

    The curve gives the growth percentage at the stand's age; the stock is the survey's (Pressler). A stand whose
    species has no curve, or that is younger than its curve, is counted without an estimate.
    """
    trees = stands.with_columns((pl.col("tree_above_tc_ha") + pl.col("tree_below_tc_ha")).alias("tree_tc_ha"))
    trees = trees.filter(pl.col("tree_tc_ha") > 0.0).with_columns(
        pl.lit(None, dtype=pl.String).alias("model"), pl.lit(None, dtype=pl.Float64).alias("growth_tc_yr")
    )
    rows = parameters.table("growth_models").frame.filter(pl.col("quantity") == "tree_tc_ha")
    for row in rows.iter_rows(named=True):
        model = GrowthModel(
            id=row["id"], form=row["form"], a=row["p1"], b=row["p2"], c=row["p3"], valid_from_yr=row["valid_from_yr"]
        )
        of_model = (pl.col("species_group") == row["species_group"]) & (pl.col("age_yr") >= model.valid_from_yr)
        if row["origin"] is not None:
            of_model &= pl.col("origin") == row["origin"]
        age_yr = np.maximum(trees["age_yr"].fill_null(0).to_numpy().astype(np.float64), model.valid_from_yr)
        growth = pressler_increment(
            (trees["tree_tc_ha"] * trees["area_ha"]).to_numpy(), now=model.at(age_yr), next_=model.at(age_yr + 1.0)
        )
        trees = trees.with_columns(
            pl.when(of_model).then(pl.lit(row["id"])).otherwise("model").alias("model"),
            pl.when(of_model).then(pl.Series(growth)).otherwise("growth_tc_yr").alias("growth_tc_yr"),
        )
    return (
        trees.group_by(pl.col("township_code").alias("township"), "species_group", "model")
        .agg(
            pl.len().alias("n"),
            pl.col("area_ha").sum(),
            (pl.col("tree_tc_ha") * pl.col("area_ha")).sum().alias("stock_tc"),
            pl.when(pl.col("growth_tc_yr").count() > 0).then(pl.col("growth_tc_yr").sum()).alias("growth_tc_yr"),
        )
        .sort("township", "species_group", "model", nulls_last=True)
    )


def _with_release_rows(changed: pl.DataFrame, stands: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Say of each piece which rows of the releases it lies in; townships that were left out shift the count."""
    for side, frame in zip(("before", "after"), stands, strict=True):
        rows = frame.select("release_row").with_row_index(f"row_{side}")
        changed = changed.join(rows, on=f"row_{side}", how="left", maintain_order="left")
        changed = changed.with_columns(pl.col("release_row").alias(f"row_{side}")).drop("release_row")
    return changed
