"""Who reads which lines of a comparison, and that no small line follows from what the public reads."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest
from tests.inventory.surveys import two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet

from senhui.access.rules import NOWHERE, AreaSet
from senhui.atlas import change_tables
from senhui.atlas.change_disclosure import DIFFERENCE, EVENTS_TOGETHER, REMOVAL_TOGETHER
from senhui.atlas.change_tables import LINE_NAMES
from senhui.atlas.cube import build_cube
from senhui.atlas.disclosure import FEWEST_SHOWN
from senhui.atlas.exports import change_file
from senhui.inventory import changes, queries
from senhui.inventory.actions.compare_releases import compare_releases
from senhui.inventory.actions.record_event import Statement, record_event
from senhui.measurement.change import EVENT_KINDS

Person = Callable[..., Any]
TOWN = f"{LONGQUAN}103"


@pytest.fixture
def compared(person: Person, tmp_path: Path) -> changes.ChangeInfo:
    """Two surveys of twelve stands in one township, of which one was cut and four struck by disease."""
    before, after = two_releases(person, tmp_path)
    for release in (before, after):
        build_cube(release.id)
    forester = person("wang", technician=LONGQUAN)

    def record(kind: str, row: int, statement: Statement) -> None:
        record_event(
            forester, kind=kind, release_id=before.id, row=row, happened_on=dt.date(2018, 6, 1), area_ha=2.0,
            statement=statement, now=NOW,
        )  # fmt: skip

    record("harvest", 11, Statement(taken_frac=1.0, product_frac=0.5))
    for row in range(6, 10):
        record("pine_wilt", row, Statement(taken_frac=0.1, fate="dead_wood"))
    return compare_releases(forester, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


ALL = AreaSet(frozenset({"3311"}))
OF_LONGQUAN = AreaSet(frozenset({LONGQUAN}))
OF_QINGYUAN = AreaSet(frozenset({QINGYUAN}))


def lines_read(info: changes.ChangeInfo, areas: AreaSet, within: str = "") -> dict[str, float]:
    """The printed lines with their totals, after asserting that they close, exactly and rounded."""
    found = change_tables.closing(info.id, areas=areas, within=within, basis="measured")
    assert found.lines[0] == "stock_before"
    assert found.lines[-1] == "stock_after"
    for numbers in (found.exact_tc, found.rounded_tc(0.01)):
        np.testing.assert_allclose(numbers[:-1].sum(axis=0), numbers[-1], rtol=1e-12)
    rounded = found.rounded_tc(0.01)
    np.testing.assert_allclose(rounded[:, :-1].sum(axis=1), rounded[:, -1])
    return dict(zip(found.lines, found.total_tc.tolist(), strict=True))


@pytest.mark.database
@pytest.mark.parametrize("areas", [NOWHERE, OF_QINGYUAN], ids=["public", "庆元"])
def test_who_does_not_see_the_stands_reads_no_single_harvest(compared: changes.ChangeInfo, areas: AreaSet) -> None:
    city = lines_read(compared, areas)
    assert EVENTS_TOGETHER in city
    assert not set(EVENT_KINDS) & set(city)
    for within in (LONGQUAN, TOWN):
        assert set(lines_read(compared, areas, within)) == {"stock_before", REMOVAL_TOGETHER, "stock_after"}
        assert lines_read(compared, areas, within)[REMOVAL_TOGETHER] == pytest.approx(
            sum(value for line, value in city.items() if not line.startswith("stock_"))
        )
        assert change_tables.beside(compared.id, areas=areas, within=within).is_empty(), within
        assert change_tables.model_estimate(compared.id, areas=areas, within=within) is None
    summary = change_tables.summary(compared.id, areas=areas, within=TOWN, basis="measured")
    assert (summary.method_change_tc, summary.no_estimate_ha) == (None, None)


@pytest.mark.database
def test_who_sees_the_stands_of_a_place_reads_every_line_of_it(compared: changes.ChangeInfo) -> None:
    city = lines_read(compared, ALL)
    assert {"harvest", "pine_wilt", "growth"} <= set(city)
    assert lines_read(compared, OF_LONGQUAN, LONGQUAN) == pytest.approx(city)
    assert EVENTS_TOGETHER in lines_read(compared, OF_LONGQUAN), "of the city he reads what the public reads"
    rows = change_tables.beside(compared.id, areas=OF_LONGQUAN, within=LONGQUAN)
    assert rows.select("kind", "pool", "n").rows() == [("harvest", "wood_products", 1), ("pine_wilt", "dead_wood", 4)]
    summary = change_tables.summary(compared.id, areas=ALL, within="", basis="measured")
    assert summary.method_change_tc == 0.0


@pytest.mark.database
def test_pools_of_an_event_are_told_where_its_line_is(compared: changes.ChangeInfo, person: Person) -> None:
    """Dead wood of the disease is a fixed part of its loss: beside a sum of all events it would tell of the harvest."""
    assert change_tables.beside(compared.id, areas=NOWHERE, within="").is_empty()
    before, after = compared.before, compared.after
    for row in (3, 4):
        record_event(
            person(f"forester{row}", technician=LONGQUAN), kind="harvest", release_id=before.id, row=row,
            happened_on=dt.date(2018, 6, 1), area_ha=2.0, statement=Statement(taken_frac=1.0), now=NOW,
        )  # fmt: skip
    again = compare_releases(
        person("xu", viewer="3311"),
        before_id=before.id,
        after_id=after.id,
        now=NOW + dt.timedelta(minutes=1),
        progress=quiet,
    )
    assert {"harvest", "pine_wilt"} <= set(lines_read(again, NOWHERE))
    with pytest.raises(changes.NoSuchChange):
        # From two comparisons of the same surveys the public could take what was recorded between them.
        change_tables.closing(compared.id, areas=NOWHERE, within="", basis="measured")
    assert not change_tables.is_shown(compared.id, areas=NOWHERE)
    assert change_tables.beside(again.id, areas=NOWHERE, within=LONGQUAN).is_empty(), "of the city alone"
    shown = change_tables.beside(again.id, areas=NOWHERE, within="")
    assert shown.select("kind", "pool").rows() == [("pine_wilt", "dead_wood")], "one harvest alone became products"


@pytest.mark.database
def test_twenty_years_of_soil_are_one_stand_and_a_reversal_is_none(person: Person, tmp_path: Path) -> None:
    from senhui.inventory.actions.reverse_event import reverse_event

    before, after = two_releases(person, tmp_path)
    forester = person("wang", technician=LONGQUAN)
    stand = queries.scan(before.id).collect().row(5, named=True)
    statement = Statement(after_tc_ha=0.0, soil_after_tc_ha=10.0)
    made = [
        record_event(
            forester,
            kind=kind,
            release_id=before.id,
            row=5,
            happened_on=dt.date(2018, 6, 1),
            area_ha=1.0,
            statement=stated,
            now=NOW,
        )
        for kind, stated in (("conversion", statement), ("fire", Statement()))
    ]
    reverse_event(forester, event_id=made[1].id, reason="another stand", now=NOW)
    info = compare_releases(forester, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)
    beside = changes.beside(info.id)
    expected = [("conversion", "soil", 1)] if stand["soil_100cm_tc_ha"] is not None else []
    assert beside.select("kind", "pool", "n").rows() == expected


@pytest.mark.database
def test_species_are_told_apart_to_the_public_only_for_the_city_and_never_few(compared: changes.ChangeInfo) -> None:
    everything = change_tables.model_estimate(compared.id, areas=ALL, within="")
    public = change_tables.model_estimate(compared.id, areas=NOWHERE, within="")
    assert everything is not None
    assert public is not None
    assert {group.species_group for group in everything.groups} >= {"chinese_fir", "masson_pine"}
    assert everything.whole == public.whole
    for estimate in (everything, public):
        assert sum(group.growth_tc_yr for group in estimate.groups) == pytest.approx(estimate.whole.growth_tc_yr)
    counted = changes.model_estimate(compared.id)
    few = counted.group_by("species_group", pl.col("model").is_not_null()).agg(pl.col("n").sum())
    few_groups = set(few.filter(pl.col("n") < FEWEST_SHOWN)["species_group"])
    shown = {group.species_group for group in public.groups} - {None}
    assert not shown & few_groups
    # 290.32 of 6654.97, on the measured stock of the later survey
    stock_tc = lines_read(compared, ALL)["stock_after"]
    assert everything.city_growth_tc_yr == pytest.approx(stock_tc * 290.32 / 6654.97)


@pytest.mark.database
def test_both_ratios_name_their_land(compared: changes.ChangeInfo) -> None:
    summary = change_tables.summary(compared.id, areas=ALL, within=LONGQUAN, basis="measured")
    assert summary.removal is not None
    per_year = summary.removal.change_tc_yr
    assert (summary.forest_area_ha, summary.land_area_ha, summary.land_source) == (
        pytest.approx(48.0), pytest.approx(48.0), "layer",
    )  # fmt: skip
    assert summary.change_tc_yr_per_forest_ha == pytest.approx(per_year / 48)
    assert summary.change_tc_yr_per_land_ha == pytest.approx(per_year / 48)


@pytest.mark.database
def test_the_file_holds_the_lines_that_its_reader_sees(compared: changes.ChangeInfo) -> None:
    for areas, is_told in ((ALL, True), (NOWHERE, False)):
        file = change_file(compared.id, areas=areas, within="", form="csv", language="en")
        rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        lines = {row["Line code"] for row in rows}
        assert ("harvest" in lines) is is_told
        assert lines <= set(LINE_NAMES)
        numbers = {row["Line code"]: float(row["Measured (tC)"]) for row in rows}
        moved = sum(value for line, value in numbers.items() if not line.startswith("stock_"))
        assert numbers["stock_before"] + moved == pytest.approx(numbers["stock_after"])
        xlsx = change_file(compared.id, areas=areas, within="", form="xlsx", language="zh")
        assert openpyxl.load_workbook(io.BytesIO(xlsx.content))["变化表"].max_row == 1 + len(rows)


@pytest.mark.database
def test_who_has_other_land_reads_the_newest_comparison_alone(compared: changes.ChangeInfo, person: Person) -> None:
    """From two comparisons of the same surveys anybody could take what was recorded between them."""
    record_event(
        person("wu", technician=LONGQUAN), kind="fire", release_id=compared.before.id, row=3,
        happened_on=dt.date(2018, 6, 1), area_ha=2.0, statement=Statement(), now=NOW,
    )  # fmt: skip
    again = compare_releases(
        person("xu", viewer="3311"), before_id=compared.before.id, after_id=compared.after.id,
        now=NOW + dt.timedelta(minutes=1), progress=quiet,
    )  # fmt: skip
    for ask in (
        lambda **who: change_tables.closing(compared.id, basis="measured", **who),
        lambda **who: change_tables.summary(compared.id, basis="measured", **who),
        lambda **who: change_tables.beside(compared.id, **who),
        lambda **who: change_tables.model_estimate(compared.id, **who),
        lambda **who: change_file(compared.id, form="csv", language="en", **who),
    ):
        for areas in (NOWHERE, OF_QINGYUAN):
            with pytest.raises(changes.NoSuchChange):
                ask(areas=areas, within=LONGQUAN)
        ask(areas=OF_LONGQUAN, within=LONGQUAN)
    assert change_tables.is_shown(again.id, areas=NOWHERE)


@pytest.mark.database
def test_a_removal_that_tells_of_two_stands_is_nowhere_to_be_read(person: Person, tmp_path: Path) -> None:
    """One stand that the later layer does not estimate is all the other differences there are."""
    before, after = two_releases(person, tmp_path, DI_LEI=["1111"] * 11 + ["1410"])
    for release in (before, after):
        build_cube(release.id)
    info = compare_releases(
        person("xu", viewer="3311"), before_id=before.id, after_id=after.id, now=NOW, progress=quiet
    )
    full = change_tables.summary(info.id, areas=ALL, within="", basis="measured")
    assert full.apparent_tc
    for within in ("", LONGQUAN, TOWN):
        assert set(lines_read(info, NOWHERE, within)) == {"stock_before", DIFFERENCE, "stock_after"}
        assert not change_tables.closing(info.id, areas=NOWHERE, within=within, basis="measured").area_ha[1].any()
        told = change_tables.summary(info.id, areas=NOWHERE, within=within, basis="measured")
        assert (told.removal, told.apparent_tc, told.method_change_tc, told.no_estimate_ha) == (None,) * 4
        assert (told.change_tc_yr_per_forest_ha, told.change_tc_yr_per_land_ha) == (None, None)
        file = change_file(info.id, areas=NOWHERE, within=within, form="csv", language="en")
        rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert {row["Line code"]: row["Area (ha)"] for row in rows}[DIFFERENCE] == ""


@pytest.mark.database
@pytest.mark.parametrize("within", ["33118", "331126", "331181999", "9999", "33", "x"])
def test_a_place_without_land_in_the_comparison_is_refused(compared: changes.ChangeInfo, within: str) -> None:
    with pytest.raises(queries.NoSuchPlace):
        change_tables.closing(compared.id, areas=ALL, within=within, basis="measured")
    assert change_tables.place_compared(compared.id, "3311") == ""
