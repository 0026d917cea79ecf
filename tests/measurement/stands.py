"""Stands for the tests of this room: a frame with the columns that measurement reads, and ways to make one."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from hypothesis import strategies as st

from senhui.measurement import Declarations, Declared, MethodBook, default_book, measure_stands

BOOK = default_book()
EXPANSION_BOOK = default_book(prefer="expansion")
SURVEY_OF_2025 = "forestry bureau of the test, from its survey of 2025"
DECLARED = Declarations(
    culm_age_du=Declared(2.0, SURVEY_OF_2025, "2026-11-22"),
    soil=Declared("warm_temperate_moist/low_activity", SURVEY_OF_2025, "2026-11-22"),
)
DECLARED_BOOK = default_book(declarations=DECLARED)
SCHEMA = {
    "row": pl.UInt32,
    "county_code": pl.String,
    "land_class": pl.String,
    "species_group": pl.String,
    "volume_m3_ha": pl.Float64,
    "volume_m3": pl.Float64,
    "stems_ha": pl.Float64,
    "dbh_cm": pl.Float64,
    "height_m": pl.Float64,
    "area_ha": pl.Float64,
    "scattered_volume_m3": pl.Float64,
    "scattered_species_group": pl.String,
}
LAND_CLASSES = BOOK.land_classes[:-1]
SPECIES_GROUPS = BOOK.species_groups[:-1]
TREES = tuple(str(derivation.species_group) for derivation in BOOK.derivations if derivation.method == "volume_line")


def stands(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Make a layer; what a row leaves out is not recorded."""
    return pl.DataFrame([dict.fromkeys(SCHEMA) | row for row in rows], schema=SCHEMA)


def measured(layer: pl.DataFrame, *, book: MethodBook = BOOK) -> pl.DataFrame:
    """Measure a layer at once."""
    return measure_stands(layer.lazy(), book=book).collect()


def stand_rows(max_size: int = 30) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Layers of any stands at all, with gaps and contradictions."""
    number = st.floats(0.0, 2000.0, allow_nan=False)
    one = st.fixed_dictionaries(
        {
            "county_code": st.sampled_from(["331102", "331121", "331181"]),
            "land_class": st.sampled_from(LAND_CLASSES),
            "species_group": st.none() | st.sampled_from(SPECIES_GROUPS),
            "volume_m3_ha": st.none() | st.just(0.0) | number,
            "volume_m3": st.none() | number,
            "stems_ha": st.none() | st.just(0.0) | number,
            "dbh_cm": st.none() | st.just(0.0) | st.floats(0.5, 80.0),
            "height_m": st.none() | st.just(0.0) | st.floats(0.5, 40.0),
            "area_ha": st.floats(0.01, 500.0),
            "scattered_volume_m3": st.none() | st.just(0.0) | number,
            "scattered_species_group": st.none() | st.sampled_from(SPECIES_GROUPS),
        }
    )
    return st.lists(one, min_size=1, max_size=max_size)
