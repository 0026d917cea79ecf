"""The error book: values have their arithmetic, sources find their derivations, what nobody published is named."""

import math
from statistics import stdev

import polars as pl
import pytest
from tests.measurement.stands import BOOK, EXPANSION_BOOK

from senhui.measurement.choice import method_rules
from senhui.measurement.error_book import (
    EVERY_GROUP,
    ErrorOverride,
    UnknownErrorSource,
    error_book,
    error_sources,
)
from senhui.parameters import scalar, table, value

ERRORS = error_book(BOOK.derivations)
SOURCES = {(source.id, source.group): source for source in error_sources()}


def derivation_of(method: str, group: str | None = None) -> int:
    return next(item.id for item in BOOK.derivations if item.method == method and item.species_group == group)


def effects(derivation_id: int, pool: str = "main") -> dict[str, dict[str, object]]:
    rows = ERRORS.effects.filter((pl.col("derivation_id") == derivation_id) & (pl.col("pool") == pool))
    return {row["source"]: row for row in rows.iter_rows(named=True)}


class TestValues:
    """The derived values agree with the numbers that they are derived from."""

    def disagreements(self) -> dict[str, float]:
        """ln of the ratio of the two published methods at V = 100 m3/ha."""
        stands_in = {"cryptomeria_metasequoia": "cryptomeria", "schima_camphor": "schima"}
        found = {}
        for row in table("bef_continuous_zhejiang").frame.iter_rows(named=True):
            key = stands_in.get(row["id"], row["id"])
            density, expansion, roots = (
                float(value("arcm_species_params", key, column).value)
                for column in ("density_t_m3", "bef_ratio", "root_shoot_ratio")
            )
            line, factor = 100 * row["a_t_m3"] + row["b_t_ha"], 100 * density * expansion * (1 + roots)
            found[row["id"]] = math.log(line / factor)
        return found

    @pytest.mark.parametrize("id", ["volume_line_model", "expansion_model"])
    def test_a_factor_errs_by_what_two_methods_disagree_and_never_less_than_all_pairs_say(self, id: str) -> None:
        # Two values x, y of one thing have the standard deviation |x - y| / sqrt(2). Pooled over twelve pairs it is
        # 0.0744; schima, whose methods are 22 % apart, keeps its own: |ln 0.783| / sqrt(2) = 0.1726.
        logs = self.disagreements()
        pooled = math.sqrt(sum(log**2 for log in logs.values()) / (2 * len(logs)))
        for group, log in logs.items():
            expected = max(abs(log) / math.sqrt(2), pooled)
            assert SOURCES[id, group].relative_error_frac == pytest.approx(expected, abs=5e-5), group
        assert SOURCES[id, "schima_camphor"].relative_error_frac == 0.1726
        assert SOURCES[id, "chinese_fir"].relative_error_frac == 0.0744

    def test_bamboo(self) -> None:
        mean = float(scalar("bamboo_mean_density_tc_ha").value)
        other = float(scalar("bamboo_mean_biomass_t_ha").value) * float(scalar("cf_provincial_guideline").value)
        density = SOURCES["bamboo_density", EVERY_GROUP].relative_error_frac
        assert density == pytest.approx(abs(math.log(other / mean)) / math.sqrt(2), abs=5e-5)
        fraction = SOURCES["moso_carbon_fraction", EVERY_GROUP].relative_error_frac
        ratio = float(scalar("cf_moso_zhou").value) / float(scalar("cf_moso_mean").value)
        assert fraction == pytest.approx(math.log(ratio) / math.sqrt(2), abs=5e-5)
        assert SOURCES["moso_root_ratio", EVERY_GROUP].absolute_error == scalar("moso_root_shoot_half_width").value

    def test_survey_and_design_total(self) -> None:
        half = float(1 - float(scalar("lishui_stock_precision_frac").value))
        assert SOURCES["design_total", EVERY_GROUP].relative_error_frac == pytest.approx(half / 1.959964, abs=5e-5)
        by_variation = SOURCES["design_total_by_variation", EVERY_GROUP].relative_error_frac
        assert by_variation == pytest.approx(0.7369 / math.sqrt(float(scalar("lishui_fixed_plots").value)), abs=5e-5)
        assert SOURCES["volume_survey", EVERY_GROUP].relative_error_frac == pytest.approx(0.15 / 1.959964, abs=5e-5)

    def test_five_tree_models_disagree_by_fourteen_per_cent(self) -> None:
        # Chinese fir of 20 cm and 15 m: 111, 121, 128, 151, 152 kg.
        logs = [math.log(mass_kg) for mass_kg in (111, 121, 128, 151, 152)]
        tree = SOURCES.get(("tree_equation_model", EVERY_GROUP))
        assert tree is not None
        assert tree.relative_error_frac == pytest.approx(stdev(logs), abs=5e-5)
        assert tree.degrees_of_freedom == 4


class TestEffects:
    def test_a_stand_by_the_line_shares_the_error_of_its_form_group(self) -> None:
        found = effects(derivation_of("volume_line", "chinese_fir"))
        assert found["volume_line_model"]["group"] == "chinese_fir"
        assert found["volume_line_model"]["shared_by"] == "zhejiang_row"
        assert found["volume_survey"]["basis"] == "volume_m3_ha"
        # Sassafras is measured with the row of the soft broadleaves and errs with them.
        assert effects(derivation_of("volume_line", "sassafras"))["volume_line_model"]["group"] == "soft_broadleaf"

    def test_an_equation_with_many_coefficients_errs_once(self) -> None:
        found = ERRORS.effects.filter(pl.col("source") == "tree_equation_model")
        assert found.height == found["derivation_id"].n_unique()
        # The equations of fir are for fir alone, so their stands share by the method.
        assert effects(derivation_of("mean_tree_fir"))["tree_equation_model"]["group"] == "mean_tree_fir"

    def test_every_tree_group_has_a_model_error_in_both_books(self) -> None:
        for book in (BOOK, EXPANSION_BOOK):
            with_error = error_book(book.derivations).effects.filter(pl.col("source").str.ends_with("_model"))
            methods = {
                "volume_line",
                "volume_ramp",
                "expansion",
                "scattered_expansion",
                "mean_tree_d2h",
                "mean_tree_fir",
            }
            assert {item.id for item in book.derivations if item.method in methods} <= set(with_error["derivation_id"])

    def test_what_has_no_estimate_has_no_error(self) -> None:
        without = {item.id for item in BOOK.derivations if item.method in ("no_estimate", "declared_zero")}
        assert without
        assert without.isdisjoint(ERRORS.effects["derivation_id"])
        assert without.isdisjoint(ERRORS.not_set["derivation_id"])

    def test_what_nobody_published_is_named(self) -> None:
        named = {
            item.method: set(ERRORS.not_set.filter(pl.col("derivation_id") == item.id)["source"])
            for item in BOOK.derivations
        }
        assert {"area_single", "land_class_recorded", "shrub_biomass", "carbon_fraction"} <= named["shrub_area_density"]
        assert {"culms_single", "culm_mass"} <= named["culms"]
        assert {"volume_single", "species_recorded"} <= named["volume_line"]
        assert "ramp_end" in named["volume_ramp"]
        assert {"dbh_single", "height_single", "carbon_fraction"} <= named["mean_tree_fir"]
        assert "dead_wood_mean" in named["ground_by_type"]

    def test_every_method_that_is_named_exists(self) -> None:
        named = {method for source in error_sources() for method in source.methods}
        assert named <= set(method_rules().methods)

    def test_every_method_is_touched_by_some_source(self) -> None:
        touched = set(ERRORS.effects["derivation_id"]) | set(ERRORS.not_set["derivation_id"])
        assert {item.id for item in BOOK.derivations if item.method not in ("no_estimate", "declared_zero")} <= touched


class TestOverrides:
    def test_an_officer_sets_what_was_not_set_with_his_source(self) -> None:
        set_by_officer = ErrorOverride("area_single", 0.02, "Survey office of Longquan, control of 2025")
        book = error_book(BOOK.derivations, overrides=[set_by_officer])
        assert "area_single" in set(ERRORS.not_set["source"])
        assert "area_single" not in set(book.not_set["source"])
        assert book.effects.filter(pl.col("source") == "area_single")["error_frac"].unique().to_list() == [0.02]
        assert book.sources["area_single"].source == set_by_officer.source

    def test_one_group_of_a_source_can_be_set_alone(self) -> None:
        one = ErrorOverride("volume_line_model", 0.5, "a source", group="oak")
        rows = error_book(BOOK.derivations, overrides=[one]).effects.filter(pl.col("source") == "volume_line_model")
        assert set(rows.filter(pl.col("error_frac") == 0.5)["group"]) == {"oak"}

    def test_a_source_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(UnknownErrorSource):
            error_book(BOOK.derivations, overrides=[ErrorOverride("weather", 0.1, "a source")])
