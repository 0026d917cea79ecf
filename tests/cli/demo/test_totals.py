"""The two years of the sample city have the published mean and difference, and living stock grows with them."""

import pytest

from senhui.cli.demo.totals import YEARS, city_stock_tc, design_totals, living_stock
from senhui.measurement.calibration import domains


def test_mean_and_yearly_difference_are_the_published_ones() -> None:
    first, last = (city_stock_tc(year) for year in YEARS)
    assert (first + last) / 2 / 1e4 == pytest.approx(6654.97, abs=0.005)
    assert (last - first) / 5 / 1e4 == pytest.approx(290.32, abs=0.005)


@pytest.mark.parametrize("year", YEARS)
def test_domains_add_up_and_say_why(year: int) -> None:
    totals = design_totals(year)
    assert {total.domain for total in totals} == set(domains())
    assert sum(total.total_tc for total in totals) == pytest.approx(city_stock_tc(year))
    assert all(total.source and total.reason_zh and total.reason_en for total in totals)


def test_mean_shares_are_those_of_the_survey() -> None:
    # 6654.97 万tC in the shares 82.90, 7.98, 2.67 and 6.45 %: test vector T29.
    mean = [(a.total_tc + b.total_tc) / 2e4 for a, b in zip(*map(design_totals, YEARS), strict=True)]
    assert mean == pytest.approx([5516.97, 531.07, 177.69, 429.25], abs=0.01)


def test_mean_living_stock_is_the_extrapolated_one() -> None:
    stocks = [living_stock(year) for year in YEARS]
    assert sum(stock.stand_m3 + stock.other_m3 for stock in stocks) / 2 == pytest.approx(105_000_000)


def test_a_year_without_survey_is_refused() -> None:
    with pytest.raises(AssertionError, match="2019"):
        city_stock_tc(2019)
