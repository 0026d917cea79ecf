"""A layer in good order gives the same stands, whatever its format, coordinates, encoding and unit of area."""

import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from polars.testing import assert_frame_equal
from tests.intake.layers import VILLAGES_ZH, good_rows, names_in, write_layer

from senhui.intake import ImportProfile, read_sub_compartments
from senhui.intake.stands import CANONICAL

FORMATS = ("layer.shp", "layer.gpkg", "layer.parquet")
SYSTEMS = ("EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:4326")
MM_IN_DEGREES = 1e-8


def same_stands(left: pl.DataFrame, right: pl.DataFrame) -> None:
    """Assert that two layers agree: attributes exactly, areas to 1e-6, outlines to a millimetre."""
    numbers = [name for name, dtype in CANONICAL.items() if dtype == pl.Float64]
    assert_frame_equal(left.drop("geometry", *numbers), right.drop("geometry", *numbers))
    for frame in (left, right):
        assert frame.schema == pl.Schema(CANONICAL)
    assert_frame_equal(left.select(numbers), right.select(numbers), rel_tol=1e-6, abs_tol=MM_IN_DEGREES)
    # A Shapefile runs its rings the other way round.
    outlines = [shapely.orient_polygons(shapely.from_wkb(frame["geometry"].to_numpy())) for frame in (left, right)]
    distance = shapely.get_coordinates(outlines[0]) - shapely.get_coordinates(outlines[1])
    assert np.abs(distance).max() < MM_IN_DEGREES


@pytest.mark.parametrize("crs", SYSTEMS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_and_coordinate_system_gives_the_same_stands(tmp_path: Path, name: str, crs: str) -> None:
    reference = read_sub_compartments(write_layer(good_rows(), tmp_path / "reference.gpkg"))
    layer = read_sub_compartments(write_layer(good_rows(), tmp_path / name, crs=crs))

    assert layer.findings.height == 0
    same_stands(layer.stands, reference.stands)
    assert layer.source["crs"] == crs
    assert layer.source["n_rows"] == 12
    assert layer.source["n_rejected"] == 0


def test_a_zip_gives_what_its_shapefile_gives(tmp_path: Path) -> None:
    shapefile = write_layer(good_rows(), tmp_path / "layer.shp")
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in tmp_path.glob("layer.*"):
            packed.write(part, f"林小班/2021/{part.name}")
            packed.writestr(f"__MACOSX/林小班/2021/._{part.name}", b"shadow")

    layer = read_sub_compartments(archive)

    same_stands(layer.stands, read_sub_compartments(shapefile).stands)
    assert layer.source["name"] == "upload.zip"
    assert layer.findings.height == 0


@pytest.mark.parametrize("name", FORMATS)
def test_names_beyond_gb2312_and_gbk_come_through(tmp_path: Path, name: str) -> None:
    layer = read_sub_compartments(write_layer(good_rows(), tmp_path / name))
    assert layer.source_fields["CUN_NAME"].to_list()[:4] == list(VILLAGES_ZH)


@pytest.mark.parametrize("encoding", ["GB18030", "UTF-8"])
@pytest.mark.parametrize("cpg", ["", None, "UTF-8", "GBK", "ISO-8859-1"])
def test_the_bytes_decide_the_encoding_whatever_the_cpg_says(tmp_path: Path, encoding: str, cpg: str | None) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", encoding=encoding, cpg=cpg)

    layer = read_sub_compartments(path)

    assert layer.source_fields["CUN_NAME"].to_list()[:4] == list(VILLAGES_ZH)
    assert layer.profile.encoding == encoding
    assert layer.source["encoding"] == encoding


def test_mu_and_hectares_give_the_same_stands(tmp_path: Path) -> None:
    hectares = read_sub_compartments(write_layer(good_rows(), tmp_path / "ha.gpkg"))
    mu = read_sub_compartments(
        write_layer(good_rows().with_columns(pl.col("MIAN_JI") * 15), tmp_path / "mu.gpkg"),
    )

    assert (hectares.profile.area_unit, mu.profile.area_unit) == ("ha", "mu")
    assert mu.findings.height == 0
    same_stands(hectares.stands, mu.stands)


def test_origin_follows_the_first_digit(tmp_path: Path) -> None:
    codes = ["11", "13", "21", "26", "31", "34", "1", "2"]
    rows = good_rows().with_columns(QI_YUAN=pl.Series(codes + [None] * 4))
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))
    expected = ["natural", "natural", "planted", "planted", "coppice", "coppice", "natural", "planted"]
    assert layer.stands["origin"].to_list() == expected + [None] * 4


def test_percent_and_share_give_the_same_canopy(tmp_path: Path) -> None:
    percent = read_sub_compartments(
        write_layer(good_rows().with_columns(pl.col("YU_BI_DU") * 100), tmp_path / "layer.gpkg"),
    )
    assert percent.profile.canopy_unit == "percent"
    assert percent.stands["canopy_frac"].to_list()[:3] == pytest.approx([0.7, 0.8, 0.0])


def test_short_and_full_geographic_codes_give_the_same_identity(tmp_path: Path) -> None:
    full = good_rows().with_columns(
        XIANG=pl.lit("331181103"), CUN=pl.lit("331181103") + pl.col("CUN"), XI_BAN=pl.lit("2")
    )
    stand = read_sub_compartments(write_layer(full, tmp_path / "layer.gpkg")).stands.row(0, named=True)
    assert stand["township_code"] == "331181103"
    assert stand["village_code"] == "331181103200"
    assert stand["sub_compartment_id"] == "331181103200-0012-0001-2"


def test_volume_per_hectare_and_total_volume_follow_from_each_other(tmp_path: Path) -> None:
    rows = good_rows()
    total_only = read_sub_compartments(write_layer(rows.drop("HUO_LMGQXJ"), tmp_path / "total.gpkg")).stands
    per_ha_only = read_sub_compartments(write_layer(rows.drop("ZXJ"), tmp_path / "per_ha.gpkg")).stands
    area_ha, total_m3 = rows["MIAN_JI"][0], rows["ZXJ"][0]
    assert total_only["volume_m3_ha"][0] == total_m3 / area_ha
    assert total_only["volume_m3"][0] == total_m3
    assert per_ha_only["volume_m3"][0] == 120.5 * area_ha


def test_columns_in_lower_case_numbers_for_codes_and_own_names_are_understood(tmp_path: Path) -> None:
    rows = good_rows().with_columns(pl.col("DI_LEI").cast(pl.Float64), pl.col("YOU_SHI_SZ").cast(pl.Int32))
    rows = rows.rename({name: name.lower() for name in rows.columns if name != "MIAN_JI"}).rename({"MIAN_JI": "XBMJ"})
    path = write_layer(rows, tmp_path / "layer.gpkg")

    layer = read_sub_compartments(path, profile=ImportProfile(field_names={"MIAN_JI": "XBMJ"}))

    assert layer.findings.height == 0
    assert layer.stands["species_group"].to_list()[:3] == ["chinese_fir", "moso_bamboo", None]
    assert layer.stands["land_class"].to_list()[:3] == ["tree_forest", "bamboo_forest", "non_forest"]
    assert layer.profile.field_names["MIAN_JI"] == "XBMJ"


def test_the_field_cut_by_a_shapefile_is_known_again(tmp_path: Path) -> None:
    rows = good_rows().with_columns(Q_LIN_ZHONG=pl.lit("233"))
    with pytest.warns(RuntimeWarning, match="Q_LIN_ZHON"):
        path = write_layer(rows, tmp_path / "layer.shp")
    assert read_sub_compartments(path).profile.field_names["Q_LIN_ZHONG"] == "Q_LIN_ZHON"


def test_every_column_of_the_file_is_kept_as_it_was_read(tmp_path: Path) -> None:
    rows = good_rows().with_columns(OWN_NOTE=pl.lit("  kept  "))
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))
    assert_frame_equal(layer.source_fields.drop("row"), rows.drop("geometry"))
    assert layer.source_fields["row"].to_list() == list(range(1, 13))


def test_reading_again_with_the_resolved_profile_gives_the_same(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", crs="EPSG:4549", cpg=None)
    first = read_sub_compartments(path)
    profile = ImportProfile.from_json(json.loads(json.dumps(first.profile.as_json())))

    again = read_sub_compartments(path, profile=profile)

    assert again.profile == profile == first.profile
    assert_frame_equal(again.stands, first.stands)
    assert again.source == first.source


def test_heights_of_the_outline_are_left_out(tmp_path: Path) -> None:
    rows = good_rows()
    solid = shapely.force_3d(shapely.from_wkb(rows["geometry"].to_numpy()), z=812.0)
    rows = rows.with_columns(geometry=pl.Series(shapely.to_wkb(solid, output_dimension=3), dtype=pl.Binary))
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.parquet"))
    assert layer.findings.height == 0
    same_stands(layer.stands, read_sub_compartments(write_layer(good_rows(), tmp_path / "flat.parquet")).stands)


def test_reading_goes_to_the_end_and_keeps_the_good_rows(tmp_path: Path) -> None:
    rows = good_rows().with_columns(
        DI_LEI=pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("9999")).otherwise(pl.col("DI_LEI"))
    )
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))
    assert layer.findings["row"].to_list() == [1, 2, 3]
    assert layer.stands["row"].to_list() == list(range(4, 13))
    assert layer.source_fields.height == 12
    assert layer.source["n_rejected"] == 3


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    read_sub_compartments(
        write_layer(good_rows(), tmp_path / "layer.gpkg"), progress=lambda fraction, note: told.append((fraction, note))
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert all(note for _, note in told)


def test_an_exception_in_progress_stops_the_reading_and_leaves_nothing(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.gpkg")
    before = names_in(tmp_path)

    def cancel(fraction: float, _note: str) -> None:
        if fraction > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_sub_compartments(path, progress=cancel)
    assert names_in(tmp_path) == before


def test_the_digest_changes_with_any_part_of_a_shapefile(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", cpg=None)
    before = read_sub_compartments(path).source["sha256"]
    path.with_suffix(".cpg").write_text("GBK")
    assert read_sub_compartments(path).source["sha256"] != before


def test_scattered_trees_within_the_volume_of_a_stand_count_once(tmp_path: Path) -> None:
    """ZXJ = HUO × area with SSXJ in it, or ZXJ = HUO × area + SSXJ: the living stock of the row is ZXJ either way."""
    for within, total_m3 in ((True, 480), (False, 520)):
        rows = good_rows().with_row_index()
        first = pl.col("index") == 0
        changes = {"HUO_LMGQXJ": 480 / rows["MIAN_JI"][0], "ZXJ": total_m3, "SSXJ": 40, "SSZYSZ": "470"}
        rows = rows.with_columns(
            pl.when(first).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in changes.items()
        ).drop("index")
        stand = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg")).stands.row(0, named=True)
        assert stand["volume_m3"] == pytest.approx(440 if within else 480)
        assert stand["volume_m3"] + stand["scattered_volume_m3"] == pytest.approx(total_m3)
        assert stand["volume_m3_ha"] * stand["area_ha"] == pytest.approx(stand["volume_m3"])
