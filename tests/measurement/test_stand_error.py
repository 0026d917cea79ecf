"""The error of one stand on the map is the error that its total would have, were it a place of its own."""

from __future__ import annotations

import pytest
from tests.measurement.stands import BOOK
from tests.measurement.test_uncertainty import AREA, FIR, NO_MODEL, NO_SURVEY, NOTHING, OAK, book_with, sums_of

from senhui.measurement.stand_error import stand_errors
from senhui.measurement.uncertainty import interval

ONE = {**FIR, "area_ha": 10.0}


@pytest.mark.parametrize("row", [FIR, OAK], ids=["fir", "oak"])
def test_a_stand_alone_in_its_township_has_the_error_of_the_total(row: dict[str, object]) -> None:
    sums, book = sums_of([{**row, "area_ha": 7.0}]), book_with((AREA,))
    (error_frac,) = stand_errors(sums, book=book)["error_frac"]
    total = interval(sums, book=book)
    assert error_frac == pytest.approx(1.959964 * total.standard_error_tc / total.total_tc, rel=1e-6)


def test_more_stands_do_not_make_a_single_one_better_known() -> None:
    alone = stand_errors(sums_of([ONE]), book=book_with((AREA,)))["error_frac"].item()
    among = stand_errors(sums_of([{**FIR, "area_ha": float(i)} for i in range(1, 40)]), book=book_with((AREA,)))
    assert among["error_frac"].item() == pytest.approx(alone)


def test_by_hand() -> None:
    # The factor errs by 0.0744, the area by 0.05: 1.959964 x sqrt(0.0744² + 0.05²) = 1.959964 x 0.0896401 = 0.1756915
    found = stand_errors(sums_of([ONE]), book=book_with((AREA, NO_SURVEY)))
    assert found["error_frac"].item() == pytest.approx(0.1756915, abs=5e-8)
    assert found.columns == ["township_code", "derivation_id", "error_frac"]


def test_without_any_source_that_has_a_value_nothing_is_said() -> None:
    assert stand_errors(sums_of([ONE]), book=book_with(tuple(NOTHING))).is_empty()
    without_stock = [{"land_class": "non_forest", "area_ha": 3.0}]
    assert stand_errors(sums_of([ONE, *without_stock]), book=book_with((*NO_MODEL, NO_SURVEY, AREA))).height == 1
    assert {derivation.id for derivation in BOOK.derivations} >= set(
        stand_errors(sums_of([ONE]), book=book_with((AREA,)))["derivation_id"]
    )
