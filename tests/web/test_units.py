"""Quantities in the reader's habit. The arithmetic stands beside the number."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from senhui.web.units import Shown, shown

CASES = [
    # language, SI value, quantity, as shown
    ("zh-hans", 66_549_700.0, "stock_tc", Shown("6,654.97", "万吨碳", "66,549,700.00 t C")),  # / 10 000
    ("en", 66_549_700.0, "stock_tc", Shown("66,549,700", "t C", "66,549,700.00 t C")),
    ("zh-hans", 2000.0, "area_ha", Shown("3.00", "万亩", "2,000.00 ha")),  # · 15 / 10 000
    ("zh-hans", 4.0, "stand_area_ha", Shown("60.0", "亩", "4.00 ha")),  # · 15
    ("zh-hans", 12_500.0, "volume_m3", Shown("1.25", "万m³", "12,500.00 m³")),  # / 10 000
]


@pytest.mark.parametrize(("language", "value", "quantity", "expected"), CASES)
def test_a_quantity_is_written_as_the_reader_writes_it(
    language: str, value: float, quantity: str, expected: Shown
) -> None:
    with override(language):
        assert shown(value, quantity) == expected


def test_nothing_known_is_a_dash_and_not_a_zero() -> None:
    with override("zh-hans"):
        assert shown(None, "stock_tc") == Shown("–", "", "")
        assert shown(float("nan"), "stock_tc") == Shown("–", "", "")
        assert shown(0.0, "stock_tc").text == "0.00"


def test_a_small_stock_is_never_printed_as_zero() -> None:
    with override("zh-hans"):
        assert shown(12.34, "stock_tc").text == "0.00123"  # 12.34 t = 0.001234 万吨, three figures
