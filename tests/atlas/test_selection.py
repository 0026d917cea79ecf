"""A selection adds up what its filters keep; whoever may not see a stand learns nothing of it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import shapely

from senhui.access.rules import AreaSet, PermissionRefused
from senhui.atlas import selection, stand_table
from senhui.atlas.cube import CORE_SUMS
from senhui.atlas.selection import Selection, ShapeWrong, UnknownValue, answer, cross_table, parse, rows
from senhui.atlas.stand_table import DIMENSIONS
from senhui.atlas.statistics import ErrorUnknown, TooFine, UnknownDimension, statistics
from senhui.inventory import queries
from senhui.inventory.queries import ReleaseInfo

CITY = AreaSet(frozenset({"3311"}))
LONGQUAN = AreaSet(frozenset({"331181"}))
NOWHERE = AreaSet(frozenset())
PLANTED = [("where", "origin:planted")]
WEST = "119.19,27.9;119.25,27.9;119.25,28.3;119.19,28.3"


def ask(release: ReleaseInfo, *query: tuple[str, str], areas: AreaSet = CITY, by: tuple[str, ...] = ()) -> Any:
    return answer(parse(query, release_id=release.id), areas=areas, dimensions=by)


def stands_of(release: ReleaseInfo) -> pl.DataFrame:
    return queries.scan(release.id).collect().with_row_index("row_index")


class TestReading:
    def test_values_of_one_dimension_come_together_and_a_dash_is_not_recorded(self) -> None:
        query = [("where", "origin:planted,-"), ("where", "age_group:1"), ("where", "origin:natural"), ("other", "x")]
        found = parse([("within", "331181"), *query], release_id="2021-1")
        assert found == Selection("2021-1", "331181", {"origin": ("planted", None, "natural"), "age_group": (1,)})

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("colour:red", UnknownDimension),
            ("origin:", UnknownValue),
            ("origin:planted;drop", UnknownValue),
            ("age_group:old", UnknownValue),
            ("age_group:²", UnknownValue),
            ("county:3311", UnknownValue),
            ("village:331181103", UnknownValue),
            ("origin:" + "x" * 41, UnknownValue),
        ],
    )
    def test_what_cannot_be_a_filter_is_refused(self, text: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            parse([("where", text)], release_id="2021-1")

    @pytest.mark.parametrize("within", ["33118", "331181 ", "33118x", "3311811032019"])
    def test_what_cannot_be_a_place_is_refused(self, within: str) -> None:
        with pytest.raises(UnknownValue):
            parse([("within", within)], release_id="2021-1")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("119,28;120,28", "too_few"),
            ("119,28;119,28;119,28", "too_few"),
            ("119,28;120,28;121,28", "crosses_itself"),
            ("119,28;120,29;120,28;119,29", "crosses_itself"),
            (";".join(f"{119 + i / 1000},{28 + (i % 2) / 100}" for i in range(101)), "too_many"),
            ("119,28;120,28;nan,29", "not_points"),
            ("119,28;120,28;119,91", "not_points"),
            ("119,28,1;120,28;119,29", "not_points"),
            ("here", "not_points"),
            ("b7", "no_such_boundary"),
            ("b../7", "no_such_boundary"),
        ],
    )
    def test_what_cannot_be_a_shape_is_refused(self, text: str, reason: str) -> None:
        with pytest.raises(ShapeWrong) as caught:
            parse([("shape", text)], release_id="2021-1", boundary=lambda number: None)
        assert caught.value.reason == reason

    def test_an_uploaded_boundary_is_asked_for_by_its_number(self) -> None:
        square = shapely.to_wkb(shapely.box(119, 28, 120, 29))
        found = parse([("shape", "b7")], release_id="2021-1", boundary={"7": square}.get)
        assert found.shape == square


class TestAddingUp:
    def test_without_a_filter_it_is_the_statistics(self, release: ReleaseInfo) -> None:
        for within in (None, "331181", "331126100"):
            total = ask(release, ("within", within or "")).total
            expected = statistics(release.id, within=within, by=(), where={}).row(0, named=True)
            for name in ("n", *CORE_SUMS, "stock_tc_per_forest_ha", "calibrated_stock_tc_per_forest_ha"):
                assert total[name] == pytest.approx(expected[name]), name

    def test_filters_keep_what_has_one_of_their_values(self, release: ReleaseInfo) -> None:
        total = ask(release, ("where", "origin:planted,-"), ("where", "age_group:2,3")).total
        stands = stands_of(release).filter(
            (pl.col("origin") == "planted") | pl.col("origin").is_null(), pl.col("age_group").is_in([2, 3])
        )
        assert total["n"] == stands.height > 0
        assert total["area_ha"] == pytest.approx(stands["area_ha"].sum())
        assert total["stock_tc"] == pytest.approx(stands["stock_tc"].sum())

    def test_a_breakdown_obeys_every_filter_but_its_own(self, release: ReleaseInfo) -> None:
        found = ask(release, *PLANTED, ("where", "age_group:2"), by=("origin", "age_group", "species_group"))
        origins = statistics(release.id, within=None, by=("origin",), where={"age_group": 2})
        ages = statistics(release.id, within=None, by=("age_group",), where={"origin": "planted"})
        species = statistics(
            release.id, within=None, by=("species_group",), where={"origin": "planted", "age_group": 2}
        )
        for dimension, expected in (("origin", origins), ("age_group", ages), ("species_group", species)):
            rows_of = {row["value"]: row for row in found.by[dimension]}
            assert len(rows_of) == expected.height > 1
            for row in expected.iter_rows(named=True):
                mine = rows_of[row[dimension]]
                assert mine["n"] == row["n"]
                assert mine["calibrated_stock_tc"] == pytest.approx(row["calibrated_stock_tc"])
        assert sum(row["n"] for row in found.by["species_group"]) == found.total["n"]

    def test_of_nothing_known_the_sum_is_not_zero(self, release: ReleaseInfo) -> None:
        none = ask(release, ("where", "land_class:mangrove")).total
        assert (none["n"], none["stock_tc"], none["stock_tc_per_forest_ha"]) == (0, None, None)

    def test_a_shape_keeps_stands_whose_inner_point_lies_in_it(self, release: ReleaseInfo) -> None:
        found = ask(release, ("shape", WEST))
        box = shapely.box(119.19, 27.9, 119.25, 28.3)
        stands = stands_of(release)
        inside = shapely.contains(box, shapely.point_on_surface(shapely.from_wkb(stands["geometry"].to_numpy())))
        assert 0 < inside.sum() < stands.height
        assert found.total["n"] == inside.sum()
        assert found.rule == "inner_point"
        kept = rows(parse([("shape", WEST)], release_id=release.id), areas=CITY, columns=["area_ha"])
        assert kept["row_index"].to_list() == stands["row_index"].filter(pl.Series(inside)).to_list()
        assert kept["area_ha"].sum() == pytest.approx(found.total["area_ha"])

    def test_several_dimensions_at_once_add_up_to_the_whole(self, release: ReleaseInfo) -> None:
        by = ("village", "species_group", "age_group", "origin", "land_class", "protection", "ownership")
        table = cross_table(Selection(release.id), areas=CITY, by=by)
        total = ask(release).total
        assert table.columns == [*by, "n", *CORE_SUMS]
        assert table.select(by).is_duplicated().sum() == 0
        for name in ("n", *CORE_SUMS):
            assert table[name].sum() == pytest.approx(total[name]), name
        assert set(table["village"]) == set(stands_of(release)["village_code"])
        same = statistics(release.id, within=None, by=("species_group", "origin"), where={})
        mine = cross_table(Selection(release.id), areas=CITY, by=("species_group", "origin"))
        assert mine["stock_tc"].fill_null(-1).to_list() == pytest.approx(same["stock_tc"].fill_null(-1).to_list())

    def test_the_table_is_kept_and_made_anew_the_same(self, release: ReleaseInfo) -> None:
        first = ask(release, *PLANTED).total
        path = stand_table._path(release.id)
        written = path.read_bytes()
        stand_table.build_stand_table(release.id)
        assert path.read_bytes() == written
        assert ask(release, *PLANTED).total == first
        assert list(path.parent.glob(".*")) == []

    def test_a_release_without_sums_of_error_says_so(self, release: ReleaseInfo) -> None:
        for query in ([], PLANTED):
            assert ask(release, *query).error == ErrorUnknown("not_computed")


class TestReach:
    def test_the_public_gets_what_public_statistics_gives(self, release: ReleaseInfo) -> None:
        found = ask(release, areas=NOWHERE, by=("origin", "method", "village", "county"))
        assert found.total["n"] == 400
        assert found.by["method"] is found.by["village"] is None
        assert {row["value"] for row in found.by["county"]} == {"331181", "331126"}
        assert {row["value"] for row in found.by["origin"]} == {"natural", "planted", None}
        of_township = ask(release, ("within", "331181100"), areas=NOWHERE, by=("origin",))
        assert of_township.by == {"origin": None}
        assert of_township.total["n"] > 0

    @pytest.mark.parametrize(
        "query", [PLANTED, [("shape", WEST)], [("within", "331181100201")]], ids=["filter", "shape", "village"]
    )
    def test_the_public_gets_no_filter_no_shape_and_no_village(
        self, release: ReleaseInfo, query: list[tuple[str, str]]
    ) -> None:
        with pytest.raises(TooFine):
            ask(release, *query, areas=NOWHERE)
        with pytest.raises(PermissionRefused):
            rows(parse(query, release_id=release.id), areas=NOWHERE, columns=["area_ha"])

    def test_stands_outside_the_areas_are_left_out_and_counted_by_place(self, release: ReleaseInfo) -> None:
        mine = ask(release, *PLANTED, areas=LONGQUAN, by=("county", "village"))
        whole = ask(release, *PLANTED, ("within", "331181"))
        assert mine.total == whole.total
        assert {row["value"] for row in mine.by["county"]} == {"331181"}
        n_outside = stands_of(release).filter(pl.col("county_code") != "331181").height
        assert mine.n_outside_reach == n_outside
        # Another filter does not change it: it would tell how many of the others have that attribute.
        assert ask(release, ("where", "origin:natural"), areas=LONGQUAN).n_outside_reach == n_outside
        kept = rows(parse(PLANTED, release_id=release.id), areas=LONGQUAN, columns=["county_code"])
        assert set(kept["county_code"]) == {"331181"}

    def test_a_village_is_answered_to_whom_it_is_shown(self, release: ReleaseInfo) -> None:
        village = ask(release, ("within", "331181100201"), areas=LONGQUAN, by=("village",))
        assert village.total["n"] == stands_of(release).filter(pl.col("village_code") == "331181100201").height
        assert [row["value"] for row in village.by["village"]] == ["331181100201"]
        with pytest.raises(TooFine):
            ask(release, ("within", "331126100201"), areas=LONGQUAN)

    def test_within_reach_nothing_is_outside(self, release: ReleaseInfo) -> None:
        assert ask(release, *PLANTED, ("within", "331181"), areas=LONGQUAN).n_outside_reach == 0

    def test_another_county_is_answered_as_to_the_public(self, release: ReleaseInfo) -> None:
        found = ask(release, ("within", "331126"), areas=LONGQUAN, by=("origin", "protection"))
        assert found.total["n"] > 0
        assert found.by["protection"] is None
        assert ask(release, ("within", "331126"), *PLANTED, areas=LONGQUAN).total["n"] == 0

    def test_a_fine_table_needs_the_whole_place(self, release: ReleaseInfo) -> None:
        with pytest.raises(TooFine):
            cross_table(Selection(release.id), areas=LONGQUAN, by=("village",))
        assert cross_table(Selection(release.id, "331181"), areas=LONGQUAN, by=("village",)).height == 2

    @pytest.mark.parametrize("by", [("colour",), ("origin", "origin")])
    def test_unknown_dimensions_are_refused(self, release: ReleaseInfo, by: tuple[str, ...]) -> None:
        with pytest.raises(UnknownDimension):
            cross_table(Selection(release.id), areas=CITY, by=by)

    def test_the_dimensions_are_these(self) -> None:
        assert set(DIMENSIONS) == {
            "county", "township", "village", "land_class", "species_group", "origin", "age_group", "method",
            "protection", "ownership",
        }  # fmt: skip
        assert selection.MOST_POINTS == 100
