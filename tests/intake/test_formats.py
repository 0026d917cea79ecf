"""Geodatabases, tables with WKT, and the real foreign layer: every format gives the rows the others give."""

import os
import shutil
from pathlib import Path

import polars as pl
import pyogrio
import pytest
import shapely
from polars.testing import assert_frame_equal
from tests.intake.layers import good_rows, write_layer

from senhui.intake import ImportProfile, LayerRefused, read_layer, read_sub_compartments
from senhui.intake.as_read import LayerWithoutPolygons
from senhui.intake.coordinate_system import NoCoordinateSystem
from senhui.intake.delimited_text import ColumnNamedTwice, LinesUneven
from senhui.intake.gdal_layer import FileEmpty, LayerNotFound, SeveralLayers
from senhui.intake.layer_file import FileTypeNotSupported, TextInUtf16
from senhui.intake.text_encoding import EncodingContradicted, EncodingUnknown

ROOT = Path(__file__).resolve().parents[2]
LONLAT = ImportProfile(crs="EPSG:4490")


def write_geodatabase(path: Path, *layers: str) -> Path:
    for index, layer in enumerate(layers or ("小班",)):
        pyogrio.write_arrow(
            good_rows(12 - index).to_arrow(compat_level=pl.CompatLevel.oldest()),
            path,
            driver="OpenFileGDB",
            layer=layer,
            append=index > 0,
            geometry_name="geometry",
            geometry_type="MultiPolygon",
            crs="EPSG:4490",
        )
    return path


def test_a_geodatabase_gives_the_stands_that_a_geopackage_gives(tmp_path: Path) -> None:
    path = write_geodatabase(tmp_path / "龙泉.gdb")
    layer = read_sub_compartments(path)
    assert layer.findings.height == 0
    assert layer.source["driver"] == "OpenFileGDB"
    assert layer.source["name"] == "龙泉.gdb"
    same = read_sub_compartments(write_layer(good_rows(), tmp_path / "layer.gpkg")).stands
    assert_frame_equal(layer.stands.drop("geometry"), same.drop("geometry"), abs_tol=1e-6)
    assert read_layer(path).source["sha256"] == layer.source["sha256"]
    outlines, others = (shapely.from_wkb(stands["geometry"].to_numpy()) for stands in (layer.stands, same))
    assert shapely.hausdorff_distance(outlines, others).max() < 1e-8


def test_a_geodatabase_in_a_zip_and_of_several_layers_is_chosen_from(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write_geodatabase(tmp_path / "inner" / "龙泉.gdb", "y2016", "y2021")
    archive = Path(shutil.make_archive(str(tmp_path / "upload"), "zip", tmp_path / "inner"))
    with pytest.raises(SeveralLayers) as refused:
        read_layer(archive)
    assert refused.value.layers == ("y2016", "y2021")
    with pytest.raises(LayerNotFound):
        read_layer(archive, profile=ImportProfile(layer="y2026"))
    for choice, n_rows in (("y2016", 12), ("y2021", 11), ("龙泉/y2021", 11)):
        assert read_layer(archive, profile=ImportProfile(layer=choice)).source["n_rows"] == n_rows


def test_a_shapefile_whose_column_names_are_in_gbk_too(tmp_path: Path) -> None:
    rows = good_rows().rename({"CUN_NAME": "村名", "DI_LEI": "地类"})
    as_read = read_layer(write_layer(rows, tmp_path / "layer.shp", encoding="GB18030"))
    assert as_read.source["encoding"] == "GB18030"
    assert as_read.source_fields["村名"].to_list() == good_rows()["CUN_NAME"].to_list()
    assert as_read.source_fields["地类"].to_list() == good_rows()["DI_LEI"].to_list()


def test_a_folder_that_is_no_geodatabase(tmp_path: Path) -> None:
    (tmp_path / "empty.gdb").mkdir()
    with pytest.raises(FileTypeNotSupported):
        read_layer(tmp_path / "empty.gdb")


def write_csv(
    path: Path, *, separator: str = ",", encoding: str = "utf-8", column: str = "WKT", bom: bool = False
) -> Path:
    rows = good_rows()
    wkt = shapely.to_wkt(shapely.from_wkb(rows["geometry"].to_numpy()), rounding_precision=9)
    text = rows.drop("geometry").with_columns(pl.Series(column, wkt)).write_csv(separator=separator)
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("separator", "encoding", "column", "bom"),
    [
        (",", "utf-8", "WKT", True),
        (",", "utf-8", "wkt", False),
        ("\t", "gb18030", "geometry", False),
        (";", "gb18030", "WKT", False),
    ],
)
def test_a_table_with_wkt_gives_the_stands_that_a_geopackage_gives(
    tmp_path: Path, separator: str, encoding: str, column: str, bom: bool
) -> None:
    path = write_csv(tmp_path / "小班.csv", separator=separator, encoding=encoding, column=column, bom=bom)
    layer = read_sub_compartments(path, profile=LONLAT)
    assert layer.findings.height == 0
    assert layer.source["encoding"] == {"utf-8": "UTF-8", "gb18030": "GB18030"}[encoding]
    same = read_sub_compartments(write_layer(good_rows(), tmp_path / "layer.gpkg")).stands
    assert_frame_equal(layer.stands.drop("geometry"), same.drop("geometry"), abs_tol=1e-6)
    assert layer.source_fields["XIAO_BAN"][0] == "0001"
    assert layer.source_fields["CUN_NAME"][0] == "㙟下村"


def test_a_table_names_no_coordinate_system(tmp_path: Path) -> None:
    with pytest.raises(NoCoordinateSystem):
        read_layer(write_csv(tmp_path / "layer.csv"))


@pytest.mark.parametrize(("second", "is_named"), [("SRID=4490;", True), ("srid=4490;", True), ("", False)])
def test_a_table_whose_every_outline_names_the_system_names_it(tmp_path: Path, second: str, is_named: bool) -> None:
    path = tmp_path / "layer.csv"
    box = "POLYGON ((119.9 28.4, 119.91 28.4, 119.91 28.41, 119.9 28.4))"
    path.write_text(f'N,WKT\n1,"SRID=4490;{box}"\n2,\n3,"{second}{box}"\n', "utf-8")
    if is_named:
        assert read_layer(path).source["crs"] == "EPSG:4490"
    else:
        with pytest.raises(NoCoordinateSystem):
            read_layer(path)


@pytest.mark.parametrize(
    ("second", "is_named"), [("EPSG:4490", True), ("epsg:4490", True), ("", False), ("EPSG:4549", False)]
)
def test_a_table_with_a_column_for_its_system_names_it(tmp_path: Path, second: str, is_named: bool) -> None:
    path = tmp_path / "layer.csv"
    box = "POLYGON ((119.9 28.4, 119.91 28.4, 119.91 28.41, 119.9 28.4))"
    path.write_text(f'N,Crs,WKT\n1,EPSG:4490,"{box}"\n2,{second},"{box}"\n', "utf-8")
    if is_named:
        assert read_layer(path).source["crs"] == "EPSG:4490"
    else:
        with pytest.raises(NoCoordinateSystem):
            read_layer(path)


def test_rows_of_a_table_whose_wkt_is_missing_or_nonsense_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "layer.csv"
    box = "POLYGON ((119.9 28.4, 119.91 28.4, 119.91 28.41, 119.9 28.4))"
    lines = [f'1,"{box}"', "2,", '3,"POLYGON ((119.9"', f'4,"SRID=4490;{box}"', '5,"POINT (119.9 28.4)"']
    path.write_text("N,WKT\n" + "\n".join(lines) + "\n", "utf-8")
    outlines = read_layer(path, profile=LONLAT).outlines
    assert outlines["reason"].to_list() == [None, "geometry_missing", "geometry_invalid", None, "geometry_not_polygon"]
    assert outlines["geometry"][0] == outlines["geometry"][3]


def test_zeros_that_a_spreadsheet_dropped_are_put_back_and_told_once_for_a_column(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "layer.csv")
    text = path.read_text("utf-8")
    path.write_text(text.replace("331181,103,200", "331181,103,1").replace("331181,103,203", "331181,103,20"), "utf-8")
    layer = read_sub_compartments(path, profile=LONLAT)
    assert layer.findings.select("row", "field", "value", "reason", "severity").rows() == [
        (1, "CUN", "1 → 001", "zeros_restored", "warning")
    ]
    assert layer.stands["village_code"][0] == "331181103001"
    assert layer.stands["village_code"][3] == "331181103020"


@pytest.mark.parametrize("suffix", [".gpkg", ".shp"])
def test_zeros_are_put_back_where_codes_are_stored_as_numbers(tmp_path: Path, suffix: str) -> None:
    rows = good_rows().with_columns(XIANG=pl.lit(3), CUN=pl.lit(20, dtype=pl.Float64))
    layer = read_sub_compartments(write_layer(rows, tmp_path / f"layer{suffix}"))
    assert layer.findings.select("field", "value", "reason").rows() == [
        ("CUN", "20 → 020", "zeros_restored"),
        ("XIANG", "3 → 003", "zeros_restored"),
    ]
    assert layer.stands["village_code"].unique().to_list() == ["331181003020"]


def test_short_codes_that_are_text_in_a_layer_are_as_somebody_entered_them(tmp_path: Path) -> None:
    path = write_layer(good_rows().with_columns(XIANG=pl.lit("3")), tmp_path / "layer.gpkg")
    assert read_sub_compartments(path).findings["reason"].unique().to_list() == ["geographic_code_invalid"]


def test_lines_without_a_value_are_no_rows_and_lines_may_end_as_on_any_machine(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "layer.csv")
    text = path.read_text("utf-8")
    blank = "," * text.split("\n")[0].count(",")
    for other in (
        text.replace("\n", "\n\n"),
        f"{text}{blank}\n{blank}\n",
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
    ):
        path.write_bytes(other.encode())
        layer = read_sub_compartments(path, profile=LONLAT)
        assert (layer.source["n_rows"], layer.findings.height) == (12, 0)


def test_a_table_in_utf16_is_refused_for_that(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "layer.csv")
    path.write_text(path.read_text("utf-8"), "utf-16")
    with pytest.raises(TextInUtf16):
        read_layer(path, profile=LONLAT)


@pytest.mark.parametrize("wkt", ["LINESTRING (119.9 28.4, 119.91 28.4)", "POINT (119.9 28.4)", None])
def test_a_layer_without_a_polygon_is_refused_for_that(tmp_path: Path, wkt: str | None) -> None:
    wkb = None if wkt is None else shapely.to_wkb(shapely.from_wkt(wkt))
    rows = good_rows().with_columns(geometry=pl.lit(wkb, dtype=pl.Binary))
    with pytest.raises(LayerWithoutPolygons) as refused:
        read_layer(write_layer(rows, tmp_path / "layer.gpkg"))
    assert refused.value.facts == {"file_name": "layer.gpkg", "n_rows": 12}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"WKT,A\n", FileEmpty),
        (b"WKT,A,A\nx,1,2\n", ColumnNamedTwice),
        (b"WKT,,A\nx,1,2\n", ColumnNamedTwice),
        (b"A,WKT\n1,x\n1,x,2\n", LinesUneven),
        (b"A,WKT\n1,x\n1\n", LinesUneven),
        (b'A,WKT\n1,"x\n1,x\n', LinesUneven),
        (b"A,WKT\n\xff\xff,x\n", EncodingUnknown),
    ],
)
def test_a_table_out_of_order_is_refused_by_name(tmp_path: Path, content: bytes, kind: type[LayerRefused]) -> None:
    path = tmp_path / "layer.csv"
    path.write_bytes(content)
    with pytest.raises(kind):
        read_layer(path, profile=LONLAT)


def test_an_outline_may_be_longer_than_a_spreadsheet_cell(tmp_path: Path) -> None:
    ring = shapely.Point(120, 28).buffer(0.01, quad_segs=4000)
    path = tmp_path / "layer.csv"
    path.write_text(f'WKT,A\n"{shapely.to_wkt(ring, rounding_precision=9)}",\n', "utf-8")
    assert path.stat().st_size > 2**18
    assert read_layer(path, profile=LONLAT).outlines["reason"].to_list() == [None]


def test_the_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "layer.csv"
    path.write_bytes(b"A,WKT\n1,x\n1,x,2\n")
    with pytest.raises(LinesUneven) as refused:
        read_layer(path, profile=LONLAT)
    assert refused.value.facts == {"file_name": "layer.csv", "line": 3, "n_found": 3, "n_expected": 2}
    path.write_bytes(b"A,WKT\n1,x\n" + "县".encode("gbk") + b",x\n")
    with pytest.raises(EncodingContradicted) as contradicted:
        read_layer(path, profile=ImportProfile(crs="EPSG:4490", encoding="UTF-8"))
    assert contradicted.value.row == 3


def carpathians() -> Path:
    """The layer of 16 real polygons, from the shared data beside the project."""
    shared = Path(os.environ.get("SENHUI_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = shared / "layers" / "carpathians" / "inventory.shp"
    if not path.exists():
        pytest.skip(f"{path} is not here: set SENHUI_SHARED_DATA to the folder with the shared data")
    return path


def test_the_carpathians_are_read_with_their_licence_and_are_where_they_are_expected() -> None:
    profile = ImportProfile(licence_note="MPL-2.0, moja global", expected_bounds=(17.0, 44.0, 27.0, 51.0))
    as_read = read_layer(carpathians(), profile=profile)
    assert as_read.source["n_rows"] == 16
    assert as_read.source["crs"] == "EPSG:4326"
    assert as_read.source["licence_note"] == as_read.profile.licence_note == "MPL-2.0, moja global"
    assert as_read.outlines["reason"].null_count() == 16
    west, south, east, north = profile.expected_bounds or (0.0, 0.0, 0.0, 0.0)
    assert (
        as_read.outlines.filter(
            (pl.col("min_lon") > west)
            & (pl.col("max_lon") < east)
            & (pl.col("min_lat") > south)
            & (pl.col("max_lat") < north)
        ).height
        == 16
    )
