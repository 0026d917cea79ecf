"""What lies between two releases: causes, rates of stands, and that every reader finds what the tables tell him."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.inventory.surveys import release_of, two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.rules import NOWHERE, AreaSet, PermissionRefused
from senhui.atlas import change_tables, difference
from senhui.atlas.change_disclosure import DIFFERENCE
from senhui.atlas.cube import build_cube
from senhui.atlas.difference import CAUSES, PIECE_LINES, by_cause, stand_changes
from senhui.atlas.uncertainty import errors_of
from senhui.inventory import changes, events, queries
from senhui.inventory.actions.compare_releases import compare_releases
from senhui.inventory.actions.record_event import Statement, record_event
from senhui.measurement.change import LINES, MOVEMENTS, REMOVAL_LINES, closing_table

Person = Callable[..., Any]
TOWN = f"{LONGQUAN}103"
TODAY = dt.date(2026, 11, 22)
ALL = AreaSet(frozenset({"3311"}))
OF_LONGQUAN = AreaSet(frozenset({LONGQUAN}))
OF_QINGYUAN = AreaSet(frozenset({QINGYUAN}))


def piece(row_after: int | None, class_: str, *, area_ha: float = 4.0, factors: tuple[Any, Any] = (None, None),
          **lines: float) -> dict[str, Any]:  # fmt: skip
    """A piece of land with its lines in tC."""
    return {
        "row_before": 7, "row_after": row_after, "class": class_,
        "area_before_ha": area_ha, "area_after_ha": area_ha if row_after is not None else None,
        "township_before": TOWN, "township_after": TOWN, "stock_before_tc": 100.0,
        "stock_after_tc": 100.0 + sum(lines.values()), "factor_before": factors[0], "factor_after": factors[1],
        **{f"{line}_tc": lines.get(line, 0.0) for line in PIECE_LINES},
    }  # fmt: skip


def of_stands(*pieces: dict[str, Any]) -> dict[int, tuple[float | None, float | None, str | None]]:
    """Row → measured and calibrated tC/ha/yr over five years, and the cause."""
    overrides = {"row_after": pl.UInt32, "factor_before": pl.Float64, "factor_after": pl.Float64,
                 "area_after_ha": pl.Float64}  # fmt: skip
    found = stand_changes(pl.DataFrame(pieces, schema_overrides=overrides, infer_schema_length=None), period_yr=5.0)
    return {row: tuple(rest) for row, *rest in found.iter_rows()}  # type: ignore[misc]


def test_growth_of_a_stand_is_spread_over_its_hectares_and_years() -> None:
    # 20 tC on 4 ha in 5 years
    assert of_stands(piece(3, "growth", growth=20.0)) == {3: (1.0, 1.0, "growth")}


def test_each_piece_counts_with_the_mean_of_both_factors() -> None:
    # (1.2 + 1.4) / 2 of 20 tC, and of a piece whose later factor alone is known that one of 10 tC: 26 + 20 over 8 ha
    found = of_stands(
        piece(3, "growth", growth=20.0, factors=(1.2, 1.4)), piece(3, "growth", growth=10.0, factors=(None, 2.0))
    )
    assert found[3] == (pytest.approx(30 / 8 / 5), pytest.approx(46 / 8 / 5), "growth")


@pytest.mark.parametrize("line", ["method_change", "boundary", "no_estimate"])
def test_what_only_looks_like_change_is_no_removal_and_no_zero(line: str) -> None:
    assert of_stands(piece(3, line, **{line: 500.0})) == {3: (None, None, line)}


def test_a_method_change_beside_growth_is_the_cause_but_not_the_removal() -> None:
    found = of_stands(piece(3, "growth", growth=20.0), piece(3, "method_change", method_change=-500.0))
    assert found[3] == (pytest.approx(20 / 8 / 5), pytest.approx(20 / 8 / 5), "method_change")


def test_an_event_on_land_of_another_method_still_counts() -> None:
    found = of_stands(piece(3, "method_change", method_change=5.0, fire=-40.0))
    assert found[3] == (-2.0, -2.0, "loss")


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ({"growth": 10.0, "harvest": -60.0}, "loss"),
        ({"land_class_change": -30.0}, "loss"),
        ({"land_class_change": 30.0, "growth": 2.0}, "gain"),
        ({"planting": 0.4}, "gain"),
        ({"growth": 0.0}, None),
    ],
)
def test_the_cause_is_that_of_the_largest_part(lines: dict[str, float], cause: str | None) -> None:
    assert of_stands(piece(3, "growth", **lines))[3][2] == cause


def test_land_that_no_later_stand_covers_is_in_no_stand() -> None:
    assert of_stands(piece(None, "boundary", boundary=-100.0)) == {}


def test_every_movement_has_one_cause_and_the_parts_add_up() -> None:
    lines_tc = {line: float(nth + 1) * (-1) ** nth for nth, line in enumerate(LINES)}
    parts = by_cause(lines_tc, read_as={line: line for line in LINES})
    assert set(parts) <= set(CAUSES)
    assert sum(parts.values()) == pytest.approx(sum(lines_tc[line] for line in MOVEMENTS))
    removal = sum(value for cause, value in parts.items() if cause in ("growth", "gain", "loss"))
    assert removal == pytest.approx(sum(lines_tc[line] for line in REMOVAL_LINES))


@pytest.fixture
def compared(person: Person, tmp_path: Path) -> changes.ChangeInfo:
    """Two surveys of twelve stands in one township, of which one was cut."""
    before, after = two_releases(person, tmp_path)
    for release in (before, after):
        build_cube(release.id)
    wang = person("wang", technician=LONGQUAN)
    record_event(
        wang, kind="harvest", release_id=before.id, row=11, happened_on=dt.date(2018, 6, 1), area_ha=2.0,
        statement=Statement(taken_frac=1.0, product_frac=0.5), now=NOW,
    )  # fmt: skip
    return compare_releases(wang, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


@pytest.mark.database
@pytest.mark.parametrize("areas", [ALL, OF_LONGQUAN, OF_QINGYUAN, NOWHERE], ids=["city", "龙泉", "庆元", "public"])
@pytest.mark.parametrize(("level", "within"), [("city", ""), ("county", LONGQUAN), ("township", TOWN)])
@pytest.mark.parametrize("basis", ["measured", "calibrated"])
def test_the_map_tells_each_reader_what_the_tables_tell_him(
    compared: changes.ChangeInfo, areas: AreaSet, level: Any, within: str, basis: Any
) -> None:
    (place,) = difference.differences(compared.id, areas=areas, level=level, basis=basis)
    summary = change_tables.summary(compared.id, areas=areas, within=within, basis=basis)
    table = change_tables.closing(compared.id, areas=areas, within=within, basis=basis)
    assert place.is_withheld is (summary.removal is None)
    assert place.removal_tc == pytest.approx(summary.removal and summary.removal.change_tc)
    assert place.removal_tc_ha_yr == pytest.approx(summary.change_tc_yr_per_forest_ha)
    assert place.forest_area_ha == pytest.approx(summary.forest_area_ha)
    assert (place.stock_before_tc, place.stock_after_tc) == pytest.approx((table.total_tc[0], table.total_tc[-1]))
    assert place.stock_before_tc + sum(place.parts_tc.values()) == pytest.approx(place.stock_after_tc)  # type: ignore[operator]


@pytest.mark.database
def test_the_public_reads_no_cause_of_few_stands(compared: changes.ChangeInfo) -> None:
    for level in ("county", "township"):
        (own,) = difference.differences(compared.id, areas=OF_LONGQUAN, level=level, basis="measured")  # type: ignore[arg-type]
        (public,) = difference.differences(compared.id, areas=NOWHERE, level=level, basis="measured")  # type: ignore[arg-type]
        assert own.parts_tc["loss"] < 0.0
        assert not {"loss", "harvest"} & set(public.parts_tc)
        assert public.removal_tc == pytest.approx(own.removal_tc)


@pytest.mark.database
def test_a_removal_of_few_stands_is_withheld_and_no_zero(person: Person, tmp_path: Path) -> None:
    """One stand that the later layer does not estimate is all the other differences there are."""
    before, after = two_releases(person, tmp_path, DI_LEI=["1111"] * 11 + ["1410"])
    xu = person("xu", viewer="3311")
    info = compare_releases(xu, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)
    for level in ("city", "county", "township"):
        (place,) = difference.differences(info.id, areas=NOWHERE, level=level, basis="measured")  # type: ignore[arg-type]
        assert (place.is_withheld, place.removal_tc, place.removal_tc_ha_yr) == (True, None, None)
        assert set(place.parts_tc) == {DIFFERENCE}
        (whole,) = difference.differences(info.id, areas=ALL, level=level, basis="measured")  # type: ignore[arg-type]
        assert whole.removal_tc is not None
        assert whole.parts_tc["no_estimate"]


@pytest.mark.database
def test_a_comparison_that_a_newer_one_replaced_is_for_those_who_see_the_stands(
    compared: changes.ChangeInfo, person: Person
) -> None:
    record_event(
        person("wu", technician=LONGQUAN), kind="fire", release_id=compared.before.id, row=3,
        happened_on=dt.date(2018, 6, 1), area_ha=2.0, statement=Statement(), now=NOW,
    )  # fmt: skip
    later = NOW + dt.timedelta(minutes=1)
    again = compare_releases(
        person("xu", viewer="3311"), before_id=compared.before.id, after_id=compared.after.id, now=later, progress=quiet
    )
    for areas in (NOWHERE, OF_QINGYUAN):
        with pytest.raises(changes.NoSuchChange):
            difference.differences(compared.id, areas=areas, level="township", basis="measured")
    assert difference.differences(compared.id, areas=OF_LONGQUAN, level="township", basis="measured")
    assert [info.id for info in difference.newest_changes()] == [again.id]
    assert difference.newest_between(compared.before.id, compared.after.id) == again
    assert difference.newest_to(compared.after.id) == again
    assert difference.newest_to(compared.before.id) is None


@pytest.mark.database
def test_the_stands_of_a_place_add_up_to_it(compared: changes.ChangeInfo) -> None:
    pieces = changes.pieces(compared.id)
    stands = stand_changes(pieces, period_yr=compared.period_yr)
    area_ha = queries.scan(compared.after.id).select("area_ha").collect()["area_ha"]
    table = closing_table(pieces, by=())
    for basis in ("measured", "calibrated"):
        of_stands_tc = stands[f"{basis}_tc_ha_yr"] * area_ha.gather(stands["row_after"]) * compared.period_yr
        removal_tc = table.filter(pl.col("line").is_in(REMOVAL_LINES))[f"{basis}_tc"].sum()
        assert of_stands_tc.sum() == pytest.approx(removal_tc)


@pytest.mark.database
def test_a_stand_closes_and_knows_its_event_and_its_land(compared: changes.ChangeInfo, person: Person) -> None:
    xu = person("xu", viewer=LONGQUAN)
    found = difference.stand_difference(xu, compared.id, 11, on=TODAY)
    for lines in found.lines_tc.values():
        assert sum(lines[line] for line in ("stock_before", *MOVEMENTS)) == pytest.approx(lines["stock_after"])
    assert found.lines_tc["measured"]["harvest"] < 0.0
    assert [event.id for event in found.events] == compared.manifest["events"]
    (one,) = found.pieces
    assert one.earlier is not None
    assert (one.earlier["row_index"], one.is_elsewhere) == (11, False)
    assert queries.derivation(compared.before.id, one.earlier["derivation_id"])["id"] == one.earlier["derivation_id"]
    other = difference.stand_difference(xu, compared.id, 3, on=TODAY)
    assert (other.events, other.cause) == ((), "growth")
    rates = stand_changes(changes.pieces(compared.id), period_yr=5).filter(pl.col("row_after") == 3)
    assert other.removal_tc_ha_yr["measured"] == rates["measured_tc_ha_yr"].item()


@pytest.mark.database
def test_a_stand_is_for_people_with_a_role_for_its_land(compared: changes.ChangeInfo, person: Person) -> None:
    for who in (person("zhou", technician=QINGYUAN), person("nobody")):
        with pytest.raises(PermissionRefused):
            difference.stand_difference(who, compared.id, 3, on=TODAY)
    with pytest.raises(queries.NoSuchStand):
        difference.stand_difference(person("xu", viewer=LONGQUAN), compared.id, 99, on=TODAY)
    with pytest.raises(changes.NoSuchChange):
        difference.stand_difference(person("ma", viewer=LONGQUAN), "no-such", 3, on=TODAY)


@pytest.mark.database
def test_of_earlier_land_in_another_village_its_stand_is_not_told(person: Person, tmp_path: Path) -> None:
    technician, reviewer = person("lin", technician=LONGQUAN), person("chen", reviewer="3311")
    villages = [f"{TOWN}{202 if row < 6 else 201}" for row in range(12)]
    before = release_of(technician, reviewer, write_layer(tmp_path / "2016.gpkg", CUN=villages), year=2016)
    after = release_of(technician, reviewer, write_layer(tmp_path / "2021.gpkg"), year=2021)
    info = compare_releases(technician, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)
    of_village = person("xu", viewer=f"{TOWN}201")
    land = [difference.stand_difference(of_village, info.id, row, on=TODAY).pieces for row in range(12)]
    told = [[(one.is_elsewhere, one.earlier is None) for one in pieces] for pieces in land]
    assert told.count([(True, True)]) == told.count([(False, False)]) == 6
    sees_all = difference.stand_difference(technician, info.id, 0, on=TODAY)
    assert sees_all.pieces[0].earlier is not None


@pytest.mark.database
def test_the_interval_of_a_difference_is_that_of_two_independent_surveys(compared: changes.ChangeInfo) -> None:
    halves = [errors_of(side.id, [TOWN], is_calibrated=False) for side in (compared.before, compared.after)]
    assert halves[0] is not None
    assert halves[1] is not None
    one, other = halves[0][TOWN].half_width_tc, halves[1][TOWN].half_width_tc
    found = difference.half_width_tc(compared.id, within=TOWN, basis="measured")
    assert found == pytest.approx((one**2 + other**2) ** 0.5)
    assert difference.half_width_tc(compared.id, within="331199", basis="measured") is None


@pytest.mark.database
def test_events_are_found_by_their_stands(compared: changes.ChangeInfo, person: Person) -> None:
    xu = person("xu", viewer=LONGQUAN)
    assert len(events.events(xu, on=TODAY, release_id=compared.before.id, rows=[3, 11])) == 1
    assert events.events(xu, on=TODAY, release_id=compared.before.id, rows=[3]) == []
