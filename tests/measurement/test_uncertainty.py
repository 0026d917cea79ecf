"""Error propagation against hand-computed cases, and the laws that it keeps.

The layer of the cases: fir on 10 ha and on 20 ha, oak on 10 ha, each with 100 m3/ha.
    fir  (0.4652 x 100 + 19.141) x 0.520 = 34.14372 tC/ha -> 341.4372 and 682.8744 tC
    oak  (1.1453 x 100 + 8.5473) x 0.500 = 61.53865 tC/ha -> 615.3865 tC
Their factors err by 0.0744 each (one per species); areas are set to err by 0.05, each stand for itself.
"""

import math
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measurement.stands import BOOK, measured, stand_rows, stands

from senhui.measurement import CalibrationFactors, DesignTotal, calibrate
from senhui.measurement.error_book import ErrorBook, ErrorOverride, error_book
from senhui.measurement.sensitivity import error_sums
from senhui.measurement.uncertainty import Interval, change_half_width_frac, interval, interval_of_part, intervals

FIR = {"land_class": "tree_forest", "species_group": "chinese_fir", "volume_m3_ha": 100.0}
OAK = {"land_class": "tree_forest", "species_group": "oak", "volume_m3_ha": 100.0}
AREA = ErrorOverride("area_single", 0.05, "the case")
NO_SURVEY = ErrorOverride("volume_survey", 0.0, "the case")
NO_MODEL = [ErrorOverride(id, 0.0, "the case") for id in ("volume_line_model", "expansion_model")]
NOTHING = [*NO_MODEL, *(ErrorOverride(id, 0.0, "the case") for id in (
    "volume_survey", "bamboo_density", "moso_carbon_fraction", "moso_root_ratio", "tree_equation_model",
    "volume_equation_model",
))]  # fmt: skip


def sums_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    layer = stands(rows).with_columns(
        pl.concat_str(pl.col("county_code").fill_null("331102"), pl.lit("101")).alias("township_code")
    )
    return error_sums(measured(layer), book=BOOK)


@cache
def book_with(overrides: tuple[ErrorOverride, ...]) -> ErrorBook:
    return error_book(BOOK.derivations, overrides=overrides)


def error_of(rows: list[dict[str, Any]], *overrides: ErrorOverride, **options: Any) -> Interval:
    return interval(sums_of(rows), book=book_with(overrides), **options)


class TestByHand:
    rows = ({**FIR, "area_ha": 10.0}, {**FIR, "area_ha": 20.0}, {**OAK, "area_ha": 10.0})

    def test_shared_errors_add_up_within_a_species_and_as_squares_between_them(self) -> None:
        # fir 0.0744 x (341.4372 + 682.8744) = 76.20878; oak 0.0744 x 615.3865 = 45.78476
        # sqrt(5807.7786 + 2096.2438) = sqrt(7904.0225) = 88.90457
        found = error_of(list(self.rows), NO_SURVEY)
        assert found.total_tc == pytest.approx(1639.6981, abs=5e-5)
        assert found.standard_error_tc == pytest.approx(88.90457, abs=5e-6)

    def test_errors_of_single_stands_add_up_as_squares(self) -> None:
        # 0.05 x sqrt(341.4372² + 682.8744² + 615.3865²) = 0.05 x sqrt(116579.36 + 466317.45 + 378700.54)
        #                                                = 0.05 x 980.6107 = 49.0305
        found = error_of(list(self.rows), NO_SURVEY, *NO_MODEL, AREA)
        assert found.standard_error_tc == pytest.approx(49.0305, abs=5e-4)

    def test_both_together_and_what_contributes_how_much(self) -> None:
        # 7904.02 + 2403.99 = 10308.01; root 101.5284; share of the factors 0.76679
        found = error_of(list(self.rows), NO_SURVEY, AREA)
        assert found.standard_error_tc == pytest.approx(101.5284, abs=5e-4)
        shares = {item.source: item.share_frac for item in found.contributions}
        assert shares == {
            "volume_line_model": pytest.approx(0.76679, abs=5e-5),
            "area_single": pytest.approx(0.23321, abs=5e-5),
        }
        assert [item.n_groups for item in found.contributions] == [2, 1]

    def test_the_volume_of_a_survey_moves_only_the_part_of_the_line_that_has_volume_in_it(self) -> None:
        # a V CF A: fir 46.52 x 0.520 x 30 = 725.712; oak 114.53 x 0.500 x 10 = 572.65; one county, so they add up:
        # 0.0765 x 1298.362 = 99.3247
        found = error_of(list(self.rows), *NO_MODEL)
        assert found.standard_error_tc == pytest.approx(99.3247, abs=5e-4)

    def test_the_interval_is_normal_without_and_student_with_degrees_of_freedom(self) -> None:
        normal = error_of(list(self.rows), NO_SURVEY, *NO_MODEL, AREA)
        assert normal.degrees_of_freedom is None
        assert normal.half_width_tc == pytest.approx(1.959964 * 49.0305, abs=1e-3)
        # One species alone has the 12 degrees of freedom of the pooled pairs: t = 2.178813 (Student's table).
        student = error_of([{**OAK, "area_ha": 10.0}], NO_SURVEY)
        assert student.degrees_of_freedom == pytest.approx(12.0)
        assert student.half_width_tc == pytest.approx(2.178813 * 45.78476, abs=1e-3)
        assert student.lower_tc == pytest.approx(student.total_tc - student.half_width_tc)

    def test_two_species_have_more_degrees_of_freedom_than_one(self) -> None:
        # (76.20878² + 45.78476²)² / ((76.20878⁴ + 45.78476⁴) / 12) = 7904.05² / (38124890 / 12) = 19.664
        assert error_of(list(self.rows), NO_SURVEY).degrees_of_freedom == pytest.approx(19.664, abs=5e-4)


class TestCorrelation:
    @pytest.mark.parametrize("n", [4, 100, 2500])
    def test_a_shared_error_does_not_shrink_with_the_number_of_stands(self, n: int) -> None:
        rows = [{**FIR, "area_ha": 1.0}] * n
        shared = error_of(rows, NO_SURVEY)
        alone = error_of(rows, NO_SURVEY, *NO_MODEL, AREA)
        assert shared.standard_error_tc / shared.total_tc == pytest.approx(0.0744, rel=1e-9)
        # ... an independent one does, by the root of n.
        assert alone.standard_error_tc / alone.total_tc == pytest.approx(0.05 / math.sqrt(n), rel=1e-5)

    def test_counties_that_share_a_factor_are_wider_together_than_in_quadrature(self) -> None:
        rows = [{**FIR, "area_ha": 10.0, "county_code": code} for code in ("331102", "331121")]
        book = error_book(BOOK.derivations, overrides=[NO_SURVEY])
        found = intervals(sums_of(rows), book=book, within=["", "331102", "331121"])
        parts = [found[code].standard_error_tc for code in ("331102", "331121")]
        assert found[""].standard_error_tc == pytest.approx(sum(parts))
        assert found[""].standard_error_tc > math.hypot(*parts) * 1.4

    def test_counties_with_surveys_of_their_own_add_up_in_quadrature(self) -> None:
        rows = [{**FIR, "area_ha": 10.0, "county_code": code} for code in ("331102", "331121")]
        book = error_book(BOOK.derivations, overrides=NO_MODEL)
        found = intervals(sums_of(rows), book=book, within=["", "331102", "331121"])
        parts = [found[code].standard_error_tc for code in ("331102", "331121")]
        assert found[""].standard_error_tc == pytest.approx(math.hypot(*parts))
        assert [item.n_groups for item in found[""].contributions] == [2]

    def test_below_the_ramp_the_whole_stock_moves_with_the_volume(self) -> None:
        # At 10 m3/ha the line runs to the origin: dC/d(ln V) = C, and not only a V.
        found = error_of([{**FIR, "volume_m3_ha": 10.0, "area_ha": 1.0}], *NO_MODEL)
        assert found.standard_error_tc / found.total_tc == pytest.approx(0.0765, rel=1e-5)


class TestCalibrated:
    """Fir lies in both counties, oak in the first alone; the city's total of 2000 tC errs by 0.03."""

    rows = (
        {**FIR, "area_ha": 10.0, "county_code": "331102"},
        {**OAK, "area_ha": 10.0, "county_code": "331102"},
        {**FIR, "area_ha": 20.0, "county_code": "331121"},
    )
    design = DesignTotal("arbor", 2000.0, "a survey", "抽样总体", "sampled", 0.03, "its plots", "D", "city")

    def found(self, *overrides: ErrorOverride, rows: tuple[dict[str, Any], ...] = rows) -> dict[str, Interval]:
        layer = measured(stands(list(rows)))
        factors = calibrate(layer, design_totals=[self.design])
        book = error_book(BOOK.derivations, overrides=[NO_SURVEY, *overrides])
        return intervals(sums_of(list(rows)), book=book, calibration=factors, within=["", "331102", "331121"])

    def test_the_city_has_the_error_of_its_survey_and_no_other(self) -> None:
        city = self.found()[""]
        assert city.total_tc == pytest.approx(2000.0)
        assert city.standard_error_tc == pytest.approx(60.0)
        assert [(item.source, item.share_frac) for item in city.contributions] == [("design_total", pytest.approx(1.0))]

    def test_a_county_of_other_composition_keeps_the_difference(self) -> None:
        # f = 2000 / 1639.6981 = 1.2197368; county 331121 is all fir: 682.8744 tC, part p = 0.41646350
        # fir  0.0744 f (682.8744 - p x 1024.3116) = 0.0744 x 1.2197368 x 256.28601 = 23.25755
        # oak  0.0744 f (0 - p x 615.3865)         = -23.25755 (what one gains the other loses)
        # survey 0.03 x 832.9270 = 24.98781; sqrt(2 x 23.25755² + 24.98781²) = 41.30639
        county = self.found()["331121"]
        assert county.total_tc == pytest.approx(832.9270, abs=5e-5)
        assert county.standard_error_tc == pytest.approx(41.30639, abs=5e-5)

    def test_counties_of_one_composition_have_the_relative_error_of_the_survey(self) -> None:
        rows = tuple(
            {**FIR, "area_ha": area, "county_code": code} for area, code in ((10.0, "331102"), (7.0, "331121"))
        )
        for place in self.found(rows=rows).values():
            assert place.standard_error_tc / place.total_tc == pytest.approx(0.03, rel=1e-9)

    def test_independent_errors_of_a_part_do_not_cancel(self) -> None:
        # Three equal stands of fir, one of them in the second county: p = 1/3, q = (0.05 C)² each.
        # f² ((1 - p)² q + p² 2 q) = f² q (4/9 + 2/9); f C = 2000 / 3
        rows = tuple({**FIR, "area_ha": 10.0, "county_code": code} for code in ("331102", "331102", "331121"))
        county = self.found(*NO_MODEL, AREA, rows=rows)["331121"]
        expected = math.hypot(0.05 * 2000 / 3 * math.sqrt(6 / 9), 0.03 * 2000 / 3)
        assert county.standard_error_tc == pytest.approx(expected, rel=1e-5)

    def test_what_the_survey_does_not_say_is_named(self) -> None:
        # In the city every error of the stands cancels; in a county of a part p of the domain 1 - p of it is left.
        assert {item.source for item in self.found()[""].not_set} == {"design_shares"}
        county = self.found()["331121"]
        touched = {item.source: item.touched_tc for item in county.not_set}
        assert touched["carbon_fraction"] == pytest.approx(county.total_tc * (1.0 - 0.41646349))
        silent = DesignTotal("arbor", 2000.0, "a survey", "抽样总体", "sampled")
        layer = measured(stands(list(self.rows)))
        factors = calibrate(layer, design_totals=[silent])
        found = interval(sums_of(list(self.rows)), book=error_book(BOOK.derivations), calibration=factors)
        assert {item.source: item.touched_tc for item in found.not_set}["design_total"] == pytest.approx(2000.0)
        assert found.standard_error_tc == 0.0

    def test_domains_of_one_survey_err_together_and_others_do_not(self) -> None:
        rows = [{**FIR, "area_ha": 10.0}, {"land_class": "bamboo_forest", "area_ha": 10.0}]
        layer = measured(stands(rows))
        for survey, expected in (("city", 0.03 * 1000.0), ("", 0.03 * math.hypot(700.0, 300.0))):
            totals = [
                DesignTotal(domain, tc, "s", "", "", 0.03, "plots", "D", survey)
                for domain, tc in (("arbor", 700.0), ("bamboo", 300.0))
            ]
            factors = calibrate(layer, design_totals=totals)
            found = interval(sums_of(rows), book=error_book(BOOK.derivations), calibration=factors)
            assert found.standard_error_tc == pytest.approx(expected)

    def test_no_calibration_is_a_calibration_of_nothing(self) -> None:
        sums = sums_of(list(self.rows))
        book = error_book(BOOK.derivations)
        plain, empty = interval(sums, book=book), interval(sums, book=book, calibration=CalibrationFactors(()))
        assert plain.standard_error_tc == empty.standard_error_tc


class TestGround:
    """Litter of Chinese fir: 2.68 tC/ha, standard deviation 1.09 over 24 plots (Li Yin et al. 2016, table 3)."""

    def litter(self, n: int) -> Interval:
        return error_of([{**FIR, "area_ha": 5.0}] * n, pools=["litter"])

    def test_the_mean_of_the_type_is_shared_and_the_single_stand_is_not(self) -> None:
        # mean 1.09 / sqrt(24) / 2.68 = 0.083021; single stand 1.09 / 2.68 = 0.406716, over 100 stands 0.0406716
        # sqrt(0.0830206² + 0.0406716²) = 0.0924479
        found = self.litter(100)
        assert found.total_tc == pytest.approx(2.68 * 500)
        assert found.standard_error_tc / found.total_tc == pytest.approx(0.0924479, abs=5e-8)
        assert {item.source for item in found.contributions} == {"litter_mean", "litter_single"}

    def test_many_stands_leave_the_error_of_the_mean_with_its_degrees_of_freedom(self) -> None:
        found = self.litter(20_000)
        assert found.standard_error_tc / found.total_tc == pytest.approx(0.083021, rel=1e-3)
        assert found.degrees_of_freedom == pytest.approx(23.0, rel=1e-2)

    def test_a_calibration_of_the_vegetation_leaves_the_ground_alone(self) -> None:
        rows = [{**FIR, "area_ha": 5.0}]
        factors = calibrate(measured(stands(rows)), design_totals=[DesignTotal("arbor", 1.0, "s", "", "")])
        found = error_of(rows, pools=["soil_100cm"], calibration=factors)
        assert found.total_tc == pytest.approx(5 * 98.96)
        assert not found.is_calibrated


class TestLaws:
    @given(stand_rows(12))
    @settings(max_examples=15, deadline=None)
    def test_contributions_add_up_to_one_and_nothing_is_negative(self, rows: list[dict[str, Any]]) -> None:
        found = error_of(rows, AREA)
        assert found.lower_tc <= found.total_tc <= found.upper_tc
        assert all(0.0 < item.share_frac <= 1.0 + 1e-12 for item in found.contributions)
        if found.standard_error_tc > 0.0:
            assert sum(item.share_frac for item in found.contributions) == pytest.approx(1.0)

    @given(stand_rows(12))
    @settings(max_examples=15, deadline=None)
    def test_without_error_the_interval_has_no_width(self, rows: list[dict[str, Any]]) -> None:
        found = error_of(rows, *NOTHING)
        assert found.standard_error_tc == 0.0
        assert found.lower_tc == found.total_tc == found.upper_tc
        assert found.contributions == ()

    @given(stand_rows(8), st.integers(2, 5))
    @settings(max_examples=12, deadline=None)
    def test_splitting_a_stand_changes_no_shared_error(self, rows: list[dict[str, Any]], n: int) -> None:
        first = rows[0] | {"scattered_volume_m3": None}
        whole = error_of([first, *rows[1:]])
        parts = error_of([first | {"area_ha": first["area_ha"] / n}] * n + rows[1:])
        assert parts.total_tc == pytest.approx(whole.total_tc)
        assert parts.standard_error_tc == pytest.approx(whole.standard_error_tc, rel=1e-6, abs=1e-9)

    @given(st.integers(1, 60), st.integers(1, 60))
    @settings(max_examples=12, deadline=None)
    def test_more_stands_never_widen_the_relative_interval(self, n: int, more: int) -> None:
        few = error_of([{**FIR, "area_ha": 3.0}] * n, AREA)
        many = error_of([{**FIR, "area_ha": 3.0}] * (n + more), AREA)
        assert few.relative_half_width_frac is not None
        assert many.relative_half_width_frac is not None
        assert many.standard_error_tc / many.total_tc <= few.standard_error_tc / few.total_tc * (1.0 + 1e-9)


def test_the_difference_of_two_inventories_is_poorly_known() -> None:
    # T22: sqrt((0.08 x 50000)² + (0.07 x 65000)²) / 15000 = 6058.3 / 15000
    found = change_half_width_frac(50_000.0, 65_000.0, first_half_width_frac=0.08, second_half_width_frac=0.07)
    assert found == pytest.approx(0.4039, abs=5e-5)


class TestPartOfALayer:
    """Any choice of stands: exact where it is a place, and never better known than its stands allow."""

    layer = (
        *({**FIR, "area_ha": float(i), "county_code": "331102"} for i in (3, 9)),
        *({**OAK, "area_ha": float(i), "county_code": "331181"} for i in (2, 5, 8)),
        {**FIR, "area_ha": 4.0, "county_code": "331181"},
    )
    design = DesignTotal("arbor", 3_000.0, "the case", "", "", standard_error_frac=0.04, error_source="the case")
    factors = calibrate(measured(stands(list(layer))), design_totals=[design])

    def part(self, keep: pl.Expr) -> pl.DataFrame:
        keys = ["township_code", "domain", "pool", "derivation_id"]
        return sums_of(list(self.layer)).filter(keep).select(*keys, "sum_tc", "sum_tc2")

    @pytest.mark.parametrize("is_calibrated", [False, True])
    def test_a_place_chosen_as_a_part_has_the_interval_of_the_place(self, is_calibrated: bool) -> None:
        sums, book = sums_of(list(self.layer)), book_with((AREA,))
        factors = self.factors if is_calibrated else None
        for place in ("331181", "331102", ""):
            part = self.part(pl.col("township_code").str.starts_with(place))
            found = interval_of_part(sums, part, book=book, calibration=factors)
            expected = interval(sums, book=book, calibration=factors, within=place)
            assert found.total_tc == pytest.approx(expected.total_tc)
            assert found.standard_error_tc == pytest.approx(expected.standard_error_tc)
            assert {one.source: one.share_frac for one in found.contributions} == pytest.approx(
                {one.source: one.share_frac for one in expected.contributions}
            )

    def test_nothing_chosen_has_no_error(self) -> None:
        found = interval_of_part(
            sums_of(list(self.layer)), self.part(pl.lit(value=False)), book=book_with((AREA,)), calibration=None
        )
        assert (found.total_tc, found.standard_error_tc) == (0.0, 0.0)

    def test_part_of_a_kind_of_stand_shares_its_error_out_as_its_stock(self) -> None:
        # One stand of three that hold a third each: shared errors a third, its own error that of one stand.
        one = interval_of_part(
            sums_of([{**FIR, "area_ha": 6.0}] * 3),
            sums_of([{**FIR, "area_ha": 6.0}]).select(
                "township_code", "domain", "pool", "derivation_id", "sum_tc", "sum_tc2"
            ),
            book=book_with((AREA,)),
        )
        alone = error_of([{**FIR, "area_ha": 6.0}], AREA)
        assert one.total_tc == pytest.approx(alone.total_tc)
        assert one.standard_error_tc == pytest.approx(alone.standard_error_tc)
