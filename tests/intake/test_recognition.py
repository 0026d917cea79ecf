"""Units and code systems are read off whole columns, and asked for where the column leaves them open."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.intake.recognition import (
    AreaUnitUnclear,
    CanopyUnitUnclear,
    LandClassGenerationUnclear,
    SpeciesCodeSystemUnclear,
    area_unit,
    canopy_unit,
    land_class_generation,
    species_code_system,
)


def species(*pairs: tuple[str | None, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"code": pl.String, "land_class": pl.String}, orient="row")


@given(st.lists(st.floats(0.05, 500), min_size=1, max_size=50), st.floats(-0.019, 0.019))
def test_hectares_and_mu_are_told_apart_within_two_percent(areas_ha: list[float], error_frac: float) -> None:
    outlines = pl.Series(areas_ha)
    assert area_unit(outlines * (1 + error_frac), outlines) == "ha"
    assert area_unit(outlines * 15 * (1 + error_frac), outlines) == "mu"


@pytest.mark.parametrize("factor", [0.9, 1.1, 10.0, 14.0, 16.0, 10_000.0])
def test_another_ratio_is_asked_about(factor: float) -> None:
    outlines = pl.Series([1.0, 2.0, 3.0])
    with pytest.raises(AreaUnitUnclear) as refused:
        area_unit(outlines * factor, outlines)
    assert refused.value.ratio == pytest.approx(factor)


def test_one_wild_area_and_missing_ones_do_not_decide() -> None:
    assert area_unit(pl.Series([1.0, 2.0, 4500.0, None, 0.0]), pl.Series([1.0, 2.0, 3.0, 4.0, None])) == "ha"


def test_no_area_at_all_is_asked_about() -> None:
    with pytest.raises(AreaUnitUnclear):
        area_unit(pl.Series([None], dtype=pl.Float64), pl.Series([1.0]))


def test_one_canopy_above_one_does_not_make_a_column_of_percent() -> None:
    assert canopy_unit(pl.Series([0.7, 0.8, 70.0, None])) == "frac"
    assert canopy_unit(pl.Series([70.0, 80.0, 0.7])) == "percent"
    assert canopy_unit(pl.Series([None, 0.0], dtype=pl.Float64)) == "frac"


def test_canopy_that_may_be_in_tenths_is_asked_about() -> None:
    with pytest.raises(CanopyUnitUnclear) as refused:
        canopy_unit(pl.Series([7.0, 8.0, 6.0]))
    assert refused.value.largest == 8.0


@pytest.mark.parametrize(
    ("codes", "generation"),
    [
        (["1111", "1130", "2110"], "G1"),
        (["0111", "0113", "0210"], "G2"),
        (["030100", "030301"], "G3"),
        (["0301", "0302", "0305"], "G4"),
    ],
)
def test_the_generation_of_land_classes_is_recognised(codes: list[str], generation: str) -> None:
    assert land_class_generation(pl.Series("DI_LEI", codes)) == generation
    assert land_class_generation(pl.Series("DI_LEI", [*codes, "9999", None])) == generation


def test_a_slip_into_another_generation_does_not_decide_but_a_merged_layer_is_asked_about() -> None:
    assert land_class_generation(pl.Series("DI_LEI", ["1111"] * 99 + ["0111"])) == "G1"
    with pytest.raises(LandClassGenerationUnclear) as refused:
        land_class_generation(pl.Series("DI_LEI", ["1111"] * 6 + ["0111"] * 4 + ["X"]))
    assert refused.value.rows == ("G1 6", "G2 4")
    assert refused.value.unknown == ("X",)


def test_codes_of_no_generation_are_listed() -> None:
    with pytest.raises(LandClassGenerationUnclear) as refused:
        land_class_generation(pl.Series("DI_LEI", ["A", "B", None]))
    assert (refused.value.rows, refused.value.unknown) == ((), ("A", "B"))


def test_a_code_that_only_one_list_has_decides() -> None:
    assert species_code_system(species(("470", "tree_forest"), ("310", "tree_forest"))) == "nfi"
    assert species_code_system(species(("131", "tree_forest"), ("310", "tree_forest"))) == "gx"


def test_the_land_class_decides_where_both_lists_have_the_code() -> None:
    """410 is oak in the national list and moso bamboo in the Guangxi list."""
    assert species_code_system(species(("410", "tree_forest"))) == "nfi"
    assert species_code_system(species(("410", "bamboo_forest"))) == "gx"


def test_what_fits_both_lists_is_asked_about() -> None:
    with pytest.raises(SpeciesCodeSystemUnclear) as refused:
        species_code_system(species(("310", "tree_forest"), ("220", "tree_forest")))
    assert refused.value.both == ("220", "310")


def test_what_fits_partly_one_and_partly_the_other_is_asked_about() -> None:
    with pytest.raises(SpeciesCodeSystemUnclear) as refused:
        species_code_system(species(("470", "tree_forest"), ("131", "tree_forest"), ("Q", "tree_forest")))
    assert refused.value.facts == {"only_nfi": ("470",), "only_gx": ("131",), "both": (), "neither": ("Q",)}


def test_no_species_at_all_needs_no_system() -> None:
    assert species_code_system(species((None, "non_forest"))) is None
