"""The written layers: the official schema, its widths and codes, encodings, projections, and the living stock."""

from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
import shapely
from tests.cli.demo.conftest import N_ROWS

from senhui.cli.demo import YEARS, SampleCity, design_totals, make_sample_layers
from senhui.cli.demo.attributes import REMARK
from senhui.cli.demo.layers import _forest_land_frac
from senhui.cli.demo.places import divisions
from senhui.cli.demo.totals import living_stock
from senhui.intake import read_sub_compartments
from senhui.intake.geometry import polygon_areas_ha
from senhui.intake.schema import FIELD_BY_NAME, FIELD_CODES, FIELDS, SHAPEFILE_NAME_WIDTH
from senhui.measurement import calibrate, default_book, measure_stands
from senhui.measurement.choice import method_rules
from senhui.parameters import table


def columns_of(path: Path) -> pl.DataFrame:
    """Read the attributes as they stand, under the names of the schema."""
    _, read = pyogrio.read_arrow(path, read_geometry=False, encoding="GBK" if path.suffix == ".shp" else None)
    frame = pl.DataFrame(pl.from_arrow(read))
    return frame.rename({name: FIELD_BY_NAME[name].name for name in frame.columns})


@pytest.fixture(scope="module", params=YEARS)
def year(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def fields(city: SampleCity, year: int) -> pl.DataFrame:
    return columns_of(city.layers[year])


def test_all_144_fields_stand_in_the_order_of_the_schema(city: SampleCity, year: int) -> None:
    names = list(pyogrio.read_info(city.layers[year])["fields"])
    assert names == [field.name[:SHAPEFILE_NAME_WIDTH] for field in FIELDS]
    assert len(names) == 144


def test_text_columns_have_the_widths_of_the_schema(city: SampleCity, year: int) -> None:
    header = city.layers[year].with_suffix(".dbf").read_bytes()[: 32 + 144 * 32]
    widths = [header[32 + 32 * index + 16] for index in range(144)]
    assert [width for width, field in zip(widths, FIELDS, strict=True) if field.type == "string"] == [
        field.width for field in FIELDS if field.type == "string"
    ]


def test_2016_is_projected_gbk_without_cpg_and_2021_is_geographic_gbk_with_cpg(city: SampleCity) -> None:
    older, newer = (city.layers[year] for year in YEARS)
    assert pyogrio.read_info(older)["crs"] == "EPSG:4549"
    assert pyogrio.read_info(newer)["crs"] == "EPSG:4490"
    assert not older.with_suffix(".cpg").exists()
    assert newer.with_suffix(".cpg").read_text() == "GBK"
    for path in (older, newer):
        assert "示例数据".encode("gbk") in path.with_suffix(".dbf").read_bytes()


def test_every_row_says_that_it_is_sample_data(fields: pl.DataFrame) -> None:
    assert fields["Remarks"].unique().to_list() == [REMARK]
    assert "示例数据" in REMARK


def test_every_code_stands_in_its_dictionary(fields: pl.DataFrame) -> None:
    for name, codes in FIELD_CODES.items():
        if name in fields.columns:
            assert set(fields[name].drop_nulls()) <= set(codes), name
    land = table("land_class_codes").frame.filter(pl.col("generation") == "G1")
    assert set(fields["DI_LEI"]) <= set(land["code"])
    species = table("species_codes").frame.filter(pl.col("code_system") == "nfi")
    for name in ("YOU_SHI_SZ", "SSZYSZ"):
        assert set(fields[name].drop_nulls()) <= set(species["code"])


def test_places_have_real_codes_and_numbers_are_unique(fields: pl.DataFrame) -> None:
    assert set(fields["CUN"]) <= set(divisions()["village"])
    assert (fields["CUN"].str.head(9) == fields["XIANG"]).all()
    assert (fields["CUN"].str.head(6) == fields["XIAN"]).all()
    assert fields.select("CUN", "LIN_BAN", "XIAO_BAN").is_unique().all()
    assert fields["XIANG"].n_unique() == 173


def test_area_is_that_of_the_outline_to_the_hundredth(city: SampleCity, year: int, fields: pl.DataFrame) -> None:
    stands = read_sub_compartments(city.layers[year]).stands
    polygons = shapely.from_wkb(stands["geometry"].to_numpy())
    # 0.005 for rounding, and as much again because 2016 goes through a projection and back.
    assert np.abs(polygon_areas_ha(polygons) - stands["area_ha"].to_numpy()).max() < 0.01
    assert shapely.is_valid(polygons).all()


def test_forest_land_has_its_share_of_the_city(city: SampleCity, fields: pl.DataFrame) -> None:
    forest_ha = fields.filter(~pl.col("DI_LEI").str.starts_with("2"))["MIAN_JI"].sum()
    # Cells differ in size; with 3,000 rows their number settles the area to one part in fifty.
    assert forest_ha == pytest.approx(_forest_land_frac() * 1_726_017, rel=0.02)


def test_living_stock_is_that_of_the_year(year: int, fields: pl.DataFrame) -> None:
    wanted = living_stock(year)
    found_m3 = fields["ZXJ"].sum() + fields["SSXJ"].sum()
    assert found_m3 == pytest.approx(wanted.stand_m3 + wanted.other_m3, rel=1e-4)


def test_total_volume_is_volume_per_hectare_times_area(fields: pl.DataFrame) -> None:
    off = (fields["ZXJ"] - fields["HUO_LMGQXJ"] * fields["MIAN_JI"]).abs()
    assert off.drop_nulls().max() <= 0.5 + 1e-6


def test_bamboo_has_culms_and_no_volume(fields: pl.DataFrame) -> None:
    moso = fields.filter(pl.col("YOU_SHI_SZ") == "660")
    assert (moso["DI_LEI"] == "1130").all()
    assert moso["HUO_LMGQXJ"].to_list() == [0.0] * len(moso)
    assert moso["MEI_GQ_ZS"].min() > 1000


def test_the_second_survey_repeats_the_first_in_its_earlier_fields(city: SampleCity) -> None:
    before, after = (columns_of(city.layers[year]) for year in YEARS)
    both = after.join(before, on="XBID", suffix="_before")
    assert 0.95 * N_ROWS < len(both) < N_ROWS, "a few numbers were drawn anew"
    assert both["Q_ZXJ"].to_list() == both["ZXJ_before"].to_list()
    assert both["Q_DI_LEI"].to_list() == both["DI_LEI_before"].to_list()
    changed = after.filter(pl.col("DI_LEI") != pl.col("Q_DI_LEI"))
    assert len(changed) > 0
    assert changed["BHYY"].is_in(["11", "12", "21", "71", "81", "82"]).all()


def test_the_front_door_takes_every_row(city: SampleCity, year: int) -> None:
    layer = read_sub_compartments(city.layers[year])
    assert len(layer.stands) == N_ROWS
    # Both warnings are right: the culms of bamboo other than moso are not counted, and some stands have no volume.
    assert set(layer.findings["reason"]) <= {"bamboo_without_culms", "volume_missing"}
    assert set(layer.findings["severity"]) == {"warning"}


DERIVATIONS = ("derivation_id", "scattered_derivation_id", "ground_derivation_id")


def test_every_method_that_needs_no_other_book_and_no_declaration_is_met(city: SampleCity) -> None:
    book = default_book()
    stands = [read_sub_compartments(city.layers[year]).stands.lazy() for year in YEARS]
    measured = [measure_stands(layer, book=book).collect() for layer in stands]
    used = {number for layer in measured for column in DERIVATIONS for number in layer[column].unique()}
    met = {derivation.method for derivation in book.derivations if derivation.id in used}
    assert met == set(method_rules().methods) - {
        "expansion",  # the other book: a line of Zhejiang covers every tree that grows here
        "ground_by_type_and_ratio",  # as above
        "culms_by_diameter",  # the mean age of culms must be declared
    }


def test_calibration_factors_are_moderate(city: SampleCity, year: int) -> None:
    stands = read_sub_compartments(city.layers[year]).stands
    measured = measure_stands(stands.lazy(), book=default_book()).collect()
    for factor in calibrate(measured, design_totals=design_totals(year)).factors:
        assert 0.7 < factor.factor < 1.5, factor.domain


def test_the_same_seed_gives_the_same_layers(city: SampleCity, tmp_path: Path) -> None:
    again = make_sample_layers(tmp_path / "again", n_sub_compartments=N_ROWS)
    for year in YEARS:
        assert again.layers[year].read_bytes() == city.layers[year].read_bytes()
        assert columns_of(again.layers[year]).equals(columns_of(city.layers[year]))


def test_geopackage_holds_the_same_values_and_another_seed_other_ones(tmp_path: Path) -> None:
    notes: list[str] = []
    first = make_sample_layers(tmp_path / "a", n_sub_compartments=600, progress=lambda _, note: notes.append(note))
    package = make_sample_layers(tmp_path / "b", n_sub_compartments=600, format="gpkg")
    other = make_sample_layers(tmp_path / "c", n_sub_compartments=600, seed=7)
    assert columns_of(package.layers[2021])["XBID"].to_list() == columns_of(first.layers[2021])["XBID"].to_list()
    assert columns_of(package.layers[2021])["ZXJ"].to_list() == columns_of(first.layers[2021])["ZXJ"].to_list()
    assert columns_of(other.layers[2021])["ZXJ"].to_list() != columns_of(first.layers[2021])["ZXJ"].to_list()
    assert notes[-1] == "done"
