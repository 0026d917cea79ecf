"""Import → measure → release: by two persons, once, for ever, and the same again to the bit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.rules import PermissionRefused
from senhui.inventory import queries, store
from senhui.inventory.actions.declare_value import declare_value
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.release_draft import (
    AlreadyReleased,
    DraftIsNotMeasured,
    DraftWasChanged,
    SecondPersonNeeded,
    release_draft,
)
from senhui.inventory.models import Release
from senhui.inventory.refusals import DraftHasErrors, DraftIsClosed
from senhui.inventory.verification import recalculate
from senhui.measurement import DesignTotal

pytestmark = pytest.mark.database
Person = Callable[..., Any]


def measured(actor: Any, path: Path, *, design_totals: tuple[DesignTotal, ...] = ()) -> queries.DraftInfo:
    draft = import_layer(actor, path=path, original_name=path.name, reference_year=2021, now=NOW, progress=quiet)
    return measure_draft(actor, draft_id=draft.id, design_totals=design_totals, now=NOW, progress=quiet)


def released(actor: Any, draft_id: int) -> queries.ReleaseInfo:
    return release_draft(actor, draft_id=draft_id, label="Test", now=NOW, progress=quiet)


def test_the_whole_way_gives_every_stand_a_value_with_its_derivation(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    release = released(person("chen", reviewer="3311"), draft.id)
    frame = queries.scan(release.id).collect()
    assert frame.height == 12
    assert frame["stock_tc"].null_count() == 0
    for number in frame["derivation_id"].unique():
        derivation = queries.derivation(release.id, number)
        assert derivation["parameters"], "a value rests on parameters"
        assert all(parameter["source"] and parameter["mark"] in "ABCD" for parameter in derivation["parameters"])
    assert release.manifest["source"]["sha256"] == store.sha256_of(layer)
    assert release.manifest["value_hash"] == store.value_hash(frame)
    assert pq.read_schema(queries.release_path(release.id)).metadata[b"geo"].startswith(b'{"version": "1.1.0"')


def test_pools_add_up_to_the_stock_of_each_stand(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    frame = pl.read_parquet(draft.directory / "measured.parquet")
    pools = ["tree_above_tc_ha", "tree_below_tc_ha", "bamboo_tc_ha", "shrub_tc_ha", "economic_tc_ha", "scattered_tc_ha"]
    gap = (frame.select(pl.sum_horizontal(pools)).to_series() - frame["stock_tc_ha"]).abs().max()
    assert gap is not None
    assert float(gap) < 1e-9  # type: ignore[arg-type]


def test_who_imported_or_measured_may_not_release(person: Person, layer: Path, senhui_home: Path) -> None:
    everything = person("all", administrator="3311")
    draft = measured(everything, layer)
    with pytest.raises(SecondPersonNeeded):
        released(everything, draft.id)
    assert not Release.objects.exists()
    assert not list((senhui_home / "releases").glob("*"))


def test_the_database_itself_refuses_a_release_by_one_person(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.create(
            id="2021-1", label="x", reference_year=2021, draft_id=draft.id, imported_by_id=draft.imported_by_id,
            measured_by_id=draft.measured_by_id, released_by_id=draft.imported_by_id, released_at=NOW, manifest={},
            value_hash="",
        )  # fmt: skip
    assert not Release.objects.exists()


def test_a_reviewer_of_another_county_may_not_release(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    with pytest.raises(queries.NoSuchDraft):
        released(person("zhou", reviewer=QINGYUAN), draft.id)
    with pytest.raises(PermissionRefused):
        released(person("hu", technician="3311"), draft.id)
    assert not Release.objects.exists()


def test_an_unmeasured_draft_is_not_released(person: Person, layer: Path) -> None:
    technician = person("lin", technician=LONGQUAN)
    draft = import_layer(technician, path=layer, original_name="x", reference_year=2021, now=NOW, progress=quiet)
    with pytest.raises(DraftIsNotMeasured):
        released(person("chen", reviewer="3311"), draft.id)


def test_a_draft_with_errors_is_not_measured(person: Person, tmp_path: Path) -> None:
    damaged = write_layer(tmp_path / "damaged.gpkg", YOU_SHI_SZ=["310", "610"] * 5 + ["310", "999"])
    with pytest.raises(DraftHasErrors):
        measured(person("lin", technician=LONGQUAN), damaged)


def test_a_released_draft_is_closed(person: Person, layer: Path) -> None:
    technician = person("lin", technician=LONGQUAN)
    draft = measured(technician, layer)
    released(person("chen", reviewer="3311"), draft.id)
    with pytest.raises(DraftIsClosed):
        measure_draft(technician, draft_id=draft.id, now=NOW, progress=quiet)


@pytest.mark.parametrize("statement", ["UPDATE inventory_release SET label = 'other'", "DELETE FROM inventory_release"])
def test_the_database_refuses_to_change_a_release(person: Person, layer: Path, statement: str) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    release = released(person("chen", reviewer="3311"), draft.id)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert queries.release(release.id).label == "Test"


def test_what_the_installation_declares_is_kept_with_the_release_and_reproduces(person: Person, layer: Path) -> None:
    technician = person("lin", technician=LONGQUAN)
    draft = import_layer(technician, path=layer, original_name="x", reference_year=2021, now=NOW, progress=quiet)
    declare_value(
        technician, declarable_id="soil", value="warm_temperate_moist/low_activity", ground="soil survey", now=NOW
    )
    info = measure_draft(technician, draft_id=draft.id, now=NOW, progress=quiet)
    release = released(person("chen", reviewer="3311"), info.id)
    kept = queries.release(release.id).manifest["measurement"]
    assert kept["declarations"]["soil"] == {
        "value": "warm_temperate_moist/low_activity",
        "source": "soil survey (declared by lin)",
        "declared_on": "2026-11-22",
    }
    assert kept["soil_30cm_tc"] > 0.0
    found = queries.scan(release.id).select("soil_30cm_tc_ha").collect().to_series().drop_nulls()
    assert set(found) == {63.0}
    assert recalculate(release.id).differs_in == ()


def test_a_draft_file_changed_behind_the_back_is_not_released(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    path = draft.directory / "measured.parquet"
    store_frame = pl.read_parquet(path).with_columns(pl.col("stock_tc") * 1.01)
    path.unlink()
    store.write_geoparquet(store_frame, path)
    with pytest.raises(DraftWasChanged):
        released(person("chen", reviewer="3311"), draft.id)
    assert not Release.objects.exists()


def test_a_release_reproduces_to_the_bit_and_a_changed_byte_is_found(person: Person, layer: Path) -> None:
    totals = (DesignTotal(domain="arbor", total_tc=2000.0, source="test", reason_en="test", reason_zh="测试"),)
    draft = measured(person("lin", technician=LONGQUAN), layer, design_totals=totals)
    release = released(person("chen", reviewer="3311"), draft.id)
    assert queries.scan(release.id).collect()["calibrated_stock_tc"].sum() == pytest.approx(2000.0, rel=1e-9)
    assert recalculate(release.id).differs_in == ()
    path = queries.release_path(release.id)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert recalculate(release.id).differs_in == ("files (sub_compartments.parquet)",)


def test_the_value_hash_does_not_depend_on_the_order_of_rows(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    frame = pl.read_parquet(draft.directory / "measured.parquet")
    assert store.value_hash(frame.sample(fraction=1.0, shuffle=True, seed=5)) == store.value_hash(frame)
    changed = frame.with_columns(
        pl.when(pl.col("row") == 3).then(pl.col("stock_tc") + 1e-9).otherwise("stock_tc").alias("stock_tc")
    )
    assert store.value_hash(changed) != store.value_hash(frame)


def test_a_stand_is_shown_only_to_those_with_a_role_over_its_land(person: Person, layer: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    release = released(person("chen", reviewer="3311"), draft.id)
    on = NOW.date()
    viewer = person("xu", viewer=f"{LONGQUAN}103")
    assert queries.stand(viewer, release.id, 0, on=on)["county_code"] == LONGQUAN
    with pytest.raises(PermissionRefused):
        queries.stand(person("zhou", viewer=QINGYUAN), release.id, 0, on=on)
    for nowhere in (99, -1, 2**63):
        with pytest.raises(queries.NoSuchStand):
            queries.stand(viewer, release.id, nowhere, on=on)
    assert len(queries.find_stands(viewer, release.id, "0001-000", on=on)) == 10
    assert queries.find_stands(person("wu", viewer=QINGYUAN), release.id, "0001-000", on=on) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_the_same_instant_one_releases(person: Person, layer: Path, senhui_home: Path) -> None:
    draft = measured(person("lin", technician=LONGQUAN), layer)
    reviewers = [person("chen", reviewer="3311"), person("ma", reviewer="3311")]
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def attempt(reviewer: Any) -> None:
        barrier.wait()
        try:
            released(reviewer, draft.id)
            outcomes.append("released")
        except AlreadyReleased as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(reviewer,)) for reviewer in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["AlreadyReleased", "released"]
    assert [path.name for path in (senhui_home / "releases").iterdir()] == [queries.releases()[0].id]
    only = queries.releases()
    assert len(only) == 1
    assert queries.scan(only[0].id).collect().height == 12
    assert recalculate(only[0].id).differs_in == ()


def test_a_newer_survey_of_one_county_does_not_stand_for_the_city(person: Person, tmp_path: Path) -> None:
    technician, reviewer = person("lin", technician="3311"), person("chen", reviewer="3311")
    counties = [LONGQUAN, QINGYUAN] * 6
    codes = {
        "XIAN": counties,
        "XIANG": [f"{county}103" for county in counties],
        "CUN": [f"{county}103201" for county in counties],
    }
    whole = released(reviewer, measured(technician, write_layer(tmp_path / "whole.gpkg", **codes)).id)
    draft = import_layer(
        technician, path=write_layer(tmp_path / "part.gpkg"), original_name="x", reference_year=2025, now=NOW,
        progress=quiet,
    )  # fmt: skip
    measure_draft(technician, draft_id=draft.id, now=NOW, progress=quiet)
    part = released(reviewer, draft.id)
    assert [info.id for info in queries.releases()] == [whole.id, part.id]
    assert part.township_codes == (f"{LONGQUAN}103",)
