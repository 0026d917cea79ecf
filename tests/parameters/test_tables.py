"""House tests of the real numbers: complete crosswalks, sources everywhere, files that Excel opens."""

import csv
import statistics
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from senhui import parameters
from senhui.parameters import scalar, table, value
from senhui.parameters.book import HOME, read_book
from senhui.parameters.loader import Provenance
from senhui.parameters.values import MARKS

CSV_FILES = sorted((HOME / "tables").glob("*.csv"))
BOOK = read_book(HOME)
TREE_ROWS = ("arcm_row", "zhejiang_row", "fang_row", "li_lei_row", "zhejiang_2009_row")


def provenances() -> Iterator[tuple[str, Provenance]]:
    for item in BOOK.scalars.values():
        yield from ((item.id, entry.provenance) for entry in item.entries)
    for file in BOOK.tables.values():
        yield from ((f"{file.id}#{row.key}", row.provenance) for row in file.rows)


class TestProvenance:
    def test_every_value_has_mark_source_page_region_and_range(self) -> None:
        for name, item in provenances():
            assert item.mark in MARKS, name
            assert all(text.strip() for text in (item.source, item.where, item.region, item.range)), name

    def test_only_a_document_that_was_read_has_mark_a(self) -> None:
        assert [name for name, item in provenances() if item.mark == "A" and item.where == "not read"] == []

    def test_a_derived_value_says_so_and_shows_its_arithmetic_or_inference(self) -> None:
        for name, item in provenances():
            if item.mark == "D":
                assert "derived here" in item.source or "inferred here" in item.source, name

    def test_only_the_zhejiang_equations_may_issue_and_not_the_one_from_yunnan(self) -> None:
        may_issue = {name for name, item in provenances() if item.may_issue}
        keys = table("bef_continuous_zhejiang").frame["id"]
        assert may_issue == {f"bef_continuous_zhejiang#{key}" for key in keys if key != "mixed_conifer"}

    def test_sources_are_written_out_and_name_no_machine(self) -> None:
        for name, item in provenances():
            text = " ".join((item.source, item.where, item.region, item.range))
            assert len(item.source) > 10, name
            assert not any(word in text for word in ("/work", "/root", "/tmp", "seed plan")), name
            assert item.source not in ("same", "see above"), name


class TestFiles:
    @pytest.mark.parametrize("path", CSV_FILES, ids=lambda path: path.name)
    def test_excel_opens_it_as_utf8(self, path: Path) -> None:
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf"), "without the byte-order mark Excel reads UTF-8 as GBK"
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines(), strict=True))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1

    def test_every_column_is_documented_and_every_document_has_its_column(self) -> None:
        for file in BOOK.tables.values():
            with (HOME / "tables" / f"{file.id}.csv").open(encoding="utf-8-sig", newline="") as opened:
                header = next(csv.reader(opened))
            assert header == [*(column.name for column in file.columns), "edition", "provenance"]

    def test_every_number_has_a_unit_and_no_text_has_one(self) -> None:
        for file in BOOK.tables.values():
            for column, rule in zip(file.columns, file.allowed, strict=True):
                is_number = rule.kind in ("number", "integer")
                assert is_number == (column.unit != "-"), f"{file.id}.{column.name}"

    def test_no_provenance_block_lies_unused(self) -> None:
        for file in BOOK.tables.values():
            text = (HOME / "tables" / f"{file.id}.source.yaml").read_text(encoding="utf-8")
            n_blocks = text.count("\n    mark:")
            assert n_blocks == len({row.provenance for row in file.rows}), file.id


class TestCrosswalk:
    def test_every_national_code_and_all_216_of_the_guangxi_variant_have_a_group(self) -> None:
        codes = table("species_codes").frame
        assert dict(codes["code_system"].value_counts().iter_rows()) == {"nfi": 42, "gx": 216}
        assert codes.filter(pl.col("species_group").is_null()).is_empty()

    @pytest.mark.parametrize(
        ("system", "code", "group"),
        [
            ("nfi", "310", "chinese_fir"),
            ("gx", "121", "chinese_fir"),
            ("gx", "310", "acacia"),  # the same digits mean Chinese fir in the national list
            ("nfi", "220", "masson_pine"),
            ("gx", "131", "masson_pine"),
            ("gx", "411", "moso_bamboo"),
            ("nfi", "660", "moso_bamboo"),
            ("gx", "100", "mixed_conifer"),
            ("gx", "271", "schima"),
            ("gx", "500", "mangrove"),
            ("gx", "661", "oil_tea"),
            ("gx", "901", "herb"),
        ],
    )
    def test_a_code_finds_its_group(self, system: str, code: str, group: str) -> None:
        assert parameters.species_group(code, system) == group

    @pytest.mark.parametrize(("code", "system"), [("999", "nfi"), ("121", "nfi"), ("310", "zj"), ("", "gx")])
    def test_an_unknown_code_is_an_error_and_never_a_default(self, code: str, system: str) -> None:
        with pytest.raises(parameters.UnknownSpeciesCode) as caught:
            parameters.species_group(code, system)
        assert (caught.value.code, caught.value.system) == (code, system)

    def test_national_codes_stay_unsure(self) -> None:
        codes = table("species_codes").frame
        assert set(codes.filter(pl.col("code_system") == "nfi")["mark"]) == {"C"}

    def test_every_tree_has_a_row_in_every_set(self) -> None:
        trees = table("species_groups").frame.filter(pl.col("kind") == "tree")
        assert trees.select(TREE_ROWS).null_count().sum_horizontal().item() == 0

    def test_other_kinds_have_all_stand_rows_or_none(self) -> None:
        others = table("species_groups").frame.filter(pl.col("kind") != "tree")
        for row in others.select("id", *TREE_ROWS[:4]).iter_rows():
            assert len({cell is None for cell in row[1:]}) == 1, row[0]

    def test_no_row_of_a_set_is_out_of_reach_of_the_stand_factors(self) -> None:
        groups = table("species_groups").frame
        for column, id in (("arcm_row", "arcm_species_params"), ("zhejiang_row", "bef_continuous_zhejiang")):
            assert set(table(id).frame["id"]) == set(groups[column].drop_nulls()), id

    def test_names_are_unique_in_both_languages(self) -> None:
        groups = table("species_groups").frame
        assert groups["name_zh"].is_unique().all()
        assert groups["name_en"].is_unique().all()

    def test_a_mangrove_says_that_its_rows_are_borrowed(self) -> None:
        assert "hard broadleaf" in str(value("species_groups", "mangrove", "note").value)
        assert value("species_groups", "mangrove", "arcm_row").value == "hard_broadleaf"


class TestLandClasses:
    def test_four_generations_lead_to_the_canonical_classes(self) -> None:
        codes = table("land_class_codes").frame
        assert dict(codes["generation"].value_counts().iter_rows()) == {"G1": 52, "G2": 20, "G3": 14, "G4": 7}

    @pytest.mark.parametrize(
        ("key", "land_class"),
        [
            ("G1/1120", "tree_forest"),
            ("G1/1430", "young_plantation"),
            ("G1/1632", "unstocked"),
            ("G1/1750", "plantable"),
            ("G1/2120", "non_forest"),
            ("G2/0111", "tree_forest"),
            ("G3/030301", "special_shrub"),
            ("G4/0303", "tree_forest"),
            ("G4/0305", "shrub"),
        ],
    )
    def test_a_code_finds_its_class(self, key: str, land_class: str) -> None:
        assert value("land_class_codes", key, "land_class").value == land_class

    def test_all_but_non_forest_is_forest_land(self) -> None:
        classes = table("land_classes").frame
        assert classes.filter(~pl.col("is_forest_land"))["id"].to_list() == ["non_forest"]
        assert classes.filter("has_tree_volume")["id"].to_list() == ["tree_forest", "sparse_forest"]


class TestArithmetic:
    """Numbers of mark D, and numbers that stand in two documents, agree with what they rest on."""

    def test_mean_carbon_fraction_of_moso(self) -> None:
        ages = [float(scalar(f"cf_moso_year_{age}").value) for age in (1, 3, 5)]
        assert scalar("cf_moso_mean").value == pytest.approx(statistics.mean(ages))

    def test_root_shoot_ratio_of_moso(self) -> None:
        sites = [0.606, 0.649, 0.480, 0.525, 0.384, 0.331, 0.560, 0.387, 0.196]
        assert scalar("moso_root_shoot_ratio").value == pytest.approx(round(statistics.mean(sites) * 20) / 20)
        assert scalar("moso_root_shoot_half_width").value == pytest.approx(round(statistics.stdev(sites) * 20) / 20)

    def test_bamboo_density_is_the_one_of_the_type_table(self) -> None:
        table_value = value("zhejiang_carbon_density_2009_2012", "bamboo", "tree_tc_ha")
        assert scalar("bamboo_mean_density_tc_ha").value == table_value.value

    def test_living_stock_of_the_sample_city_lies_on_the_line_from_2008_to_the_target(self) -> None:
        start = float(scalar("lishui_living_stock_2008_wan_m3").value)
        end = float(scalar("target_living_stock_2025_wan_m3").value)
        in_2020 = start + (end - start) / 17 * 12
        assert scalar("lishui_sample_living_stock_wan_m3").value == pytest.approx(in_2020, rel=0.01)

    def test_chinese_fir_volume_follows_from_its_biomass_and_conversion_factor(self) -> None:
        for row, size in (("v_cf_2264", "from"), ("v_cf_2264s", "below")):
            above, bcf = (f"{quantity}_{size}_5_cm" for quantity in ("above_ground", "bcf"))

            def of(table_row: str, column: str) -> float:
                return float(value("lyt2264_cunninghamia", table_row, column).value)

            a, b, c = (float(value("volume_equations", row, column).value) for column in "abc")
            assert a == pytest.approx(of(above, "a") / of(bcf, "a") / 1000, rel=1e-5)
            assert (b, c) == (
                pytest.approx(of(above, "b") - of(bcf, "b"), abs=1e-8),
                pytest.approx(of(above, "c") - of(bcf, "c"), abs=1e-8),
            )

    def test_age_groups_ascend_and_intervals_do_not_cross(self) -> None:
        ages = table("age_groups_south").frame.select(
            "young_to_yr", "middle_to_yr", "near_mature_to_yr", "mature_to_yr"
        )
        for row in ages.iter_rows():
            assert list(row) == sorted(set(row))
        anhui = table("biomass_anhui_d2h").frame
        assert (anhui["dbh_min_cm"] < anhui["dbh_max_cm"]).all()

    def test_the_counties_begin_with_the_code_of_the_city(self) -> None:
        units = table("lishui_admin").frame
        (city,) = units.filter(pl.col("level") == "city")["code"]
        counties = units.filter(pl.col("level") == "county")["code"]
        assert len(counties) == 9
        assert counties.str.starts_with(city).all()


class TestGroundAndDeadMatter:
    def test_every_tree_but_mangrove_and_every_bamboo_has_a_type_of_ground(self) -> None:
        groups = table("species_groups").frame
        without = groups.filter(pl.col("kind").is_in(["tree", "bamboo"]) & pl.col("zhejiang_type_row").is_null())
        assert without["id"].to_list() == ["mangrove"]
        others = groups.filter(~pl.col("kind").is_in(["tree", "bamboo"]))
        assert others["zhejiang_type_row"].null_count() == others.height

    def test_the_soils_of_two_tables_are_of_the_same_types(self) -> None:
        densities = table("zhejiang_carbon_density_2009_2012").frame.filter(~pl.col("is_total"))
        without_profiles = set(densities["id"]) - set(table("zhejiang_soc_content").frame["id"])
        assert without_profiles == {"mixed_broadleaf"}, "the source prints no profiles of 阔叶混"

    def test_soil_carbon_thins_out_with_depth_but_for_the_soft_broadleaf_of_the_source(self) -> None:
        frame = table("zhejiang_soc_content").frame
        depths = [c for c in frame.columns if c.startswith("content_") and "_sd_" not in c]
        rising = [
            row["id"]
            for row in frame.iter_rows(named=True)
            if [row[d] for d in depths] != sorted((row[d] for d in depths), reverse=True)
        ]
        assert sorted(rising) == ["cypress", "soft_broadleaf"], "as printed; cypress 7.23 then 7.72 g/kg below 50 cm"

    def test_dead_wood_only_loses_mass(self) -> None:
        frame = table("deadwood_decay_weights").frame
        for row in frame.select(*[f"class_{n}_frac" for n in range(1, 6)]).iter_rows():
            assert list(row) == sorted(row, reverse=True)

    def test_parts_of_the_guideline_do_not_add_up_and_stay_as_printed(self) -> None:
        def printed(name: str) -> float:
            return float(scalar(f"{name}_biomass_t_ha").value)

        gaps = {
            pool: round(printed(f"{pool}_mean_above") + printed(f"{pool}_mean_below") - printed(f"{pool}_mean"), 2)
            for pool in ("shrub", "economic_forest", "bamboo")
        }
        assert gaps == {"shrub": 1.24, "economic_forest": 1.69, "bamboo": 1.45}

    def test_the_ratio_of_moso_lies_between_its_two_local_sites(self) -> None:
        ratio = float(scalar("moso_root_shoot_ratio").value)
        assert float(scalar("moso_root_shoot_ratio_tianmu").value) < ratio
        assert ratio < float(scalar("moso_root_shoot_ratio_linan").value)
