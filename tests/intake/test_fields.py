"""Columns of any type become text or numbers without a change of meaning."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.intake.fields import as_number, as_text


def text(values: list[object], dtype: pl.DataType | type[pl.DataType]) -> list[str | None]:
    column = pl.Series("x", values, dtype=dtype)
    return pl.DataFrame([column]).select(as_text(pl.col("x"), column.dtype)).to_series().to_list()


def number(values: list[object], dtype: pl.DataType | type[pl.DataType]) -> list[float | None]:
    column = pl.Series("x", values, dtype=dtype)
    return pl.DataFrame([column]).select(as_number(pl.col("x"), column.dtype)).to_series().to_list()


def test_a_code_stored_as_a_number_is_the_code() -> None:
    assert text([310, None], pl.Int64) == ["310", None]
    assert text([310.0, 310.5, None], pl.Float64) == ["310", "310.5", None]
    assert text([331181103200.0], pl.Float64) == ["331181103200"]


def test_blanks_around_and_nothing_inside_are_taken_away() -> None:
    assert text([" 0012 ", "", "   ", "\u3000", "\0\0", "a b"], pl.String) == ["0012", None, None, None, None, "a b"]


@given(st.text(st.characters(categories=["Lo", "Nd"]), min_size=1))
def test_other_text_stays_as_it_is(value: str) -> None:
    assert text([value], pl.String) == [value]


def test_numbers_written_as_text_are_numbers_and_other_text_is_none() -> None:
    assert number([" 12.5 ", "1e2", "12,5", "", None], pl.String) == [12.5, 100.0, None, None, None]
    assert number([math.nan, math.inf, 2.5], pl.Float64) == [None, None, 2.5]


@pytest.mark.parametrize("dtype", [pl.Int16, pl.Int64, pl.UInt8, pl.Float32])
def test_every_numeric_type_is_read(dtype: type[pl.DataType]) -> None:
    assert number([3, None], dtype) == [3.0, None]
