"""Two releases compared: a table that closes, nothing counted twice, refusals that leave nothing behind."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.inventory.surveys import Person, release_of, two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.inventory import changes, queries
from senhui.inventory.actions import compare_releases as room
from senhui.inventory.actions.compare_releases import (
    CannotBeMeasuredAgain,
    NoLandInCommon,
    SampleAgainstSurvey,
    SurveysNotInOrder,
    compare_releases,
)
from senhui.inventory.actions.declare_value import declare_value
from senhui.inventory.actions.record_event import Statement, record_event
from senhui.measurement import DesignTotal
from senhui.measurement.change import MOVEMENTS, add_up, removal
from senhui.parameters import table

pytestmark = pytest.mark.database


def compare(actor: Any, before: queries.ReleaseInfo, after: queries.ReleaseInfo) -> changes.ChangeInfo:
    return compare_releases(actor, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


def lines(info: changes.ChangeInfo, basis: str = "measured_tc") -> dict[str, float]:
    table = dict(add_up(changes.movements(info.id), by=()).select("line", basis).iter_rows())
    moved = sum(table[line] for line in MOVEMENTS)
    assert table["stock_before"] + moved == pytest.approx(table["stock_after"], rel=1e-12)
    return table


def stock(release: queries.ReleaseInfo, column: str = "stock_tc") -> float:
    return float(queries.scan(release.id).collect()[column].sum())


@pytest.fixture
def forester(person: Person) -> Any:
    return person("wang", technician=LONGQUAN)


def test_stands_that_grew_are_removal_and_the_table_closes(person: Person, tmp_path: Path, forester: Any) -> None:
    before, after = two_releases(person, tmp_path)
    info = compare(forester, before, after)
    table = lines(info)
    assert (table["stock_before"], table["stock_after"]) == pytest.approx((stock(before), stock(after)))
    assert table["growth"] == pytest.approx(stock(after) - stock(before))
    assert info.manifest["counts"]["before"]["unchanged"] == 12
    assert not info.manifest["remeasured"]
    per_year = removal(table, period_yr=info.period_yr)
    assert per_year.change_tc_yr == pytest.approx(table["growth"] / 5)
    land = changes.land(info.id).row(0, named=True)
    assert land["forest_after_ha"] == land["area_after_ha"] == pytest.approx(48.0)


def test_an_event_stands_in_its_line_and_growth_pays_for_it(person: Person, tmp_path: Path, forester: Any) -> None:
    before, after = two_releases(person, tmp_path)
    first = compare(forester, before, after)
    event = record_event(
        forester, kind="harvest", release_id=before.id, row=11, happened_on=dt.date(2018, 6, 1), area_ha=2.0,
        statement=Statement(taken_frac=1.0, product_frac=0.4), now=NOW,
    )  # fmt: skip
    assert changes.is_overtaken(first)
    second = compare(forester, before, after)
    assert second.id != first.id
    assert not changes.is_overtaken(second)
    table = lines(second)
    assert table["harvest"] == pytest.approx(event.living_change_tc)
    assert table["growth"] + table["harvest"] == pytest.approx(lines(first)["growth"])
    beside = changes.beside(second.id)
    assert beside["pool"].to_list() == ["wood_products"]
    assert beside["change_tc"].item() > 0


def test_events_of_a_survey_between_are_carried_to_the_earlier_one(
    person: Person, tmp_path: Path, forester: Any
) -> None:
    before, after = two_releases(person, tmp_path)
    technician, reviewer = person("li", technician=LONGQUAN), person("ma", reviewer="3311")
    between = release_of(technician, reviewer, write_layer(tmp_path / "2018.gpkg"), year=2018)
    event = record_event(
        forester, kind="fire", release_id=between.id, row=5, happened_on=dt.date(2020, 6, 1), area_ha=4.0,
        statement=Statement(), now=NOW,
    )  # fmt: skip
    table = lines(compare(forester, before, after))
    assert table["fire"] == pytest.approx(event.living_change_tc)


def test_the_calibrated_table_closes_too(person: Person, tmp_path: Path, forester: Any) -> None:
    totals = (DesignTotal(domain="arbor", total_tc=2000.0, source="test", reason_en="test", reason_zh="测试"),)
    before, after = two_releases(person, tmp_path, totals=totals)
    table = lines(compare(forester, before, after), "calibrated_tc")
    assert table["stock_before"] == pytest.approx(2000.0)
    assert table["stock_after"] == pytest.approx(2000.0)
    assert table["calibration_change"] == pytest.approx(-table["growth"])


def test_a_correction_of_the_record_is_no_removal(person: Person, tmp_path: Path, forester: Any) -> None:
    before, after = two_releases(person, tmp_path, BHYY=["93"] * 12)
    table = lines(compare(forester, before, after))
    assert table["boundary"] == pytest.approx(stock(after) - stock(before))
    assert removal(table, period_yr=5).change_tc == 0.0


def test_the_same_question_finds_the_same_comparison(person: Person, tmp_path: Path, forester: Any) -> None:
    before, after = two_releases(person, tmp_path)
    one = compare(forester, before, after)
    n_audits = AuditEntry.objects.count()
    assert compare(forester, before, after).id == one.id
    assert AuditEntry.objects.count() == n_audits
    assert [info.id for info in changes.changes()] == [one.id]


def test_other_numbers_on_one_side_measure_both_again(
    person: Person, tmp_path: Path, forester: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = two_releases(person, tmp_path)
    older = {before.id: ("volume_line", "older numbers")}
    basis = room._basis
    monkeypatch.setattr(room, "_basis", lambda info: older.get(info.id) or basis(info))
    info = compare(forester, before, after)
    assert info.manifest["remeasured"]
    assert lines(info)["growth"] == pytest.approx(stock(after) - stock(before)), "the numbers are today's on both sides"
    monkeypatch.setattr(room, "MEASURED_COLUMNS", ("land_class", *room.MEASURED_COLUMNS))
    older[before.id] = ("volume_line", "still older numbers")
    changed = {path.name for path in changes.changes_directory().iterdir()}
    monkeypatch.setattr(room.parameters, "edition_hash", lambda: "tomorrow's numbers")
    with pytest.raises(CannotBeMeasuredAgain) as refusal:
        compare(forester, before, after)
    assert refusal.value.release_id == before.id
    assert {path.name for path in changes.changes_directory().iterdir()} == changed


def test_other_declarations_measure_both_again_with_the_later_ones(
    person: Person, tmp_path: Path, forester: Any
) -> None:
    """Bamboo of which the mean age of culms was declared in 2021 alone has not grown by being told of."""
    bamboo: dict[str, Any] = {
        "DI_LEI": ["1130"] * 12, "YOU_SHI_SZ": ["660"] * 12, "PINGJUN_XJ": [10.0] * 12, "MEI_GQ_ZS": [3000] * 12,
        "HUO_LMGQXJ": [0.0] * 12, "ZXJ": [0] * 12,
    }  # fmt: skip
    technician, reviewer = person("lin", technician=LONGQUAN), person("chen", reviewer="3311")
    before = release_of(technician, reviewer, write_layer(tmp_path / "2016.gpkg", **bamboo), year=2016)
    declare_value(technician, declarable_id="culm_age_du", value=2.5, ground="survey of culms", now=NOW)
    after = release_of(technician, reviewer, write_layer(tmp_path / "2021.gpkg", **bamboo), year=2021)
    assert stock(before) != pytest.approx(stock(after)), "the declaration changes what is measured"
    info = compare(forester, before, after)
    assert info.manifest["remeasured"]
    table = lines(info)
    assert table["stock_after"] == pytest.approx(stock(after))
    assert table["stock_before"] == pytest.approx(table["stock_after"])


def test_refused_comparisons_leave_nothing_behind(person: Person, tmp_path: Path, forester: Any) -> None:
    before, after = two_releases(person, tmp_path)
    elsewhere = release_of(
        person("li", technician=QINGYUAN), person("ma", reviewer="3311"),
        write_layer(tmp_path / "else.gpkg", county=QINGYUAN), year=2024,
    )  # fmt: skip
    sample = release_of(
        person("su", technician=LONGQUAN), person("sun", reviewer="3311"),
        write_layer(tmp_path / "sample.gpkg", Remarks=["示例数据 sample data"] * 12), year=2025,
    )  # fmt: skip
    visitor = person("nobody")
    n_audits = AuditEntry.objects.count()
    for actor, one, other, refusal in (
        (visitor, "1999-1", after.id, PermissionRefused),
        (forester, "1999-1", after.id, queries.NoSuchRelease),
        (forester, after.id, before.id, SurveysNotInOrder),
        (forester, before.id, before.id, SurveysNotInOrder),
        (forester, before.id, sample.id, SampleAgainstSurvey),
        (forester, before.id, elsewhere.id, NoLandInCommon),
    ):
        with pytest.raises(refusal):
            compare_releases(actor, before_id=one, after_id=other, now=NOW, progress=quiet)
    assert changes.changes() == []
    assert AuditEntry.objects.count() == n_audits


def test_a_file_of_a_comparison_that_was_changed_is_not_read(person: Person, tmp_path: Path, forester: Any) -> None:
    info = compare(forester, *two_releases(person, tmp_path))
    path = info.directory / "movements.parquet"
    pl.read_parquet(path).with_columns(pl.col("measured_tc") * 2).write_parquet(path)
    with pytest.raises(changes.ChangeWasAltered):
        changes.movements(info.id)
    for name in ("no-such-change", "../releases", ".."):
        with pytest.raises(changes.NoSuchChange):
            changes.change(name)


def test_a_kill_before_the_end_leaves_no_comparison(
    person: Person, tmp_path: Path, forester: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = two_releases(person, tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(room.store, "finish", killed)
    with pytest.raises(KeyboardInterrupt):
        compare(forester, before, after)
    assert changes.changes() == []
    assert not AuditEntry.objects.filter(action="inventory.compare_releases").exists()


def test_the_growth_curves_estimate_apart_and_say_for_how_much_land(
    person: Person, tmp_path: Path, forester: Any
) -> None:
    info = compare(forester, *two_releases(person, tmp_path))
    estimate = changes.model_estimate(info.id)
    assert estimate["area_ha"].sum() == pytest.approx(48.0)
    known = estimate.drop_nulls("model")
    assert {"zj_chinese_fir_planted_tree_carbon", "zj_masson_pine_planted_tree_carbon"} <= set(known["model"])
    assert (known["growth_tc_yr"] > 0).all()
    assert estimate["growth_tc_yr"].is_null().to_list() == estimate["model"].is_null().to_list()


def test_the_curves_of_the_estimate_are_those_of_zhejiang_as_the_page_says() -> None:
    curves = table("growth_models").frame
    of_carbon = curves.filter(pl.col("quantity") == "tree_tc_ha")
    assert set(of_carbon["region"]) == {"Zhejiang"}
    assert not of_carbon["may_issue"].any()
    assert set(curves.filter(pl.col("quantity") != "tree_tc_ha")["region"]) == {"Guangxi (上思县)"}
