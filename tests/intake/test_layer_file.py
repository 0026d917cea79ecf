"""A file that cannot be a layer is refused by name, with what, why and what to do, and leaves nothing behind."""

import tempfile
import zipfile
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.intake.layers import good_rows, names_in, write_layer

from senhui.intake import ImportProfile, LayerRefused, read_sub_compartments
from senhui.intake.archive import ArchiveDamaged
from senhui.intake.coordinate_system import (
    CoordinatesContradictSystem,
    CoordinateSystemNotSupported,
    NoCoordinateSystem,
)
from senhui.intake.fields import ColumnNotFound, FieldNamedTwice, FieldsMissing
from senhui.intake.gdal_layer import FileEmpty, LayerNotFound, SeveralLayers, TextNotUtf8
from senhui.intake.layer_file import (
    FileNotFound,
    FileTypeNotSupported,
    LayerUnreadable,
    NotGeoParquet,
    TableWithoutOutlines,
)
from senhui.intake.shapefile import ShapefilePartDamaged, ShapefilePartMissing
from senhui.intake.text_encoding import EncodingContradicted, EncodingUnknown


@pytest.fixture(autouse=True)
def unpacking_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary files appear where the cases can see that none stays."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def refuse(kind: type[LayerRefused], path: Path, profile: ImportProfile | None = None) -> dict[str, object]:
    """Expect a refusal, assert that it explains itself and that nothing changed on the disk; give its facts."""
    before = names_in(path.parent)
    with pytest.raises(kind) as caught:
        read_sub_compartments(path, profile=profile)
    assert names_in(path.parent) == before
    message = str(caught.value)
    assert "{" not in message
    assert message.count(". ") >= 2
    return caught.value.facts


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refuse(FileNotFound, tmp_path / "lost.shp") == {"file_name": "lost.shp"}


@pytest.mark.parametrize("name", ["layer.shp", "layer.gpkg", "layer.parquet", "layer.zip"])
def test_a_file_without_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    assert refuse(FileEmpty, path) == {"file_name": name}


@pytest.mark.parametrize("name", ["layer.shp", "layer.gpkg", "layer.parquet"])
def test_a_layer_without_rows(tmp_path: Path, name: str) -> None:
    refuse(FileEmpty, write_layer(good_rows().head(0), tmp_path / name))


def test_a_file_of_another_kind_whatever_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "layer.shp"
    path.write_text("小班,面积\n1,2\n")
    refuse(FileTypeNotSupported, path)


def test_the_dbf_of_a_shapefile_is_not_the_layer(tmp_path: Path) -> None:
    refuse(FileTypeNotSupported, write_layer(good_rows(), tmp_path / "layer.shp").with_suffix(".dbf"))


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_a_shapefile_without_one_of_its_parts(tmp_path: Path, part: str) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    path.with_suffix(part).unlink()
    assert refuse(ShapefilePartMissing, path) == {"file_name": "layer.shp", "part": part}


def test_a_zip_with_half_a_shapefile(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(path, "layer.shp")
    assert refuse(ShapefilePartMissing, archive)["part"] == ".shx"


def test_a_zip_without_a_shapefile_with_two_and_damaged(tmp_path: Path) -> None:
    write_layer(good_rows(), tmp_path / "layer.shp")
    none, two, damaged = (tmp_path / name for name in ("none.zip", "two.zip", "damaged.zip"))
    with zipfile.ZipFile(none, "w") as packed:
        packed.writestr("readme.txt", "nothing")
    refuse(FileTypeNotSupported, none)
    with zipfile.ZipFile(two, "w") as packed:
        for part in tmp_path.glob("layer.*"):
            packed.write(part, f"2016/龙泉{part.suffix}")
            packed.write(part, f"2021/庆元{part.suffix}")
    assert refuse(SeveralLayers, two)["layers"] == ("龙泉", "庆元")
    assert refuse(LayerNotFound, two, ImportProfile(layer="云和"))["layer"] == "云和"
    assert read_sub_compartments(two, profile=ImportProfile(layer="庆元")).findings.height == 0
    damaged.write_bytes(two.read_bytes()[:5000])
    refuse(ArchiveDamaged, damaged)


def test_a_zip_writes_nowhere_but_in_its_own_place(tmp_path: Path, unpacking_place: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in tmp_path.glob("layer.*"):
            packed.write(part, f"../../escaped{part.suffix}")
    before = names_in(tmp_path.parent)
    assert read_sub_compartments(archive).stands.height == 12
    assert names_in(tmp_path.parent) == before
    assert list(unpacking_place.iterdir()) == []
    assert path.exists()


def test_a_geopackage_of_several_layers(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.gpkg", layer="y2016")
    write_layer(good_rows().head(6), path, layer="y2021", append=True)
    assert refuse(SeveralLayers, path) == {"file_name": "layer.gpkg", "layers": ("y2016", "y2021")}
    assert refuse(LayerNotFound, path, ImportProfile(layer="y2026"))["layers"] == ("y2016", "y2021")
    assert read_sub_compartments(path, profile=ImportProfile(layer="y2021")).source["n_rows"] == 6


@pytest.mark.parametrize(("suffix", "kept"), [(".shp", 1000), (".shx", 120), (".shp", 40)])
def test_a_shapefile_with_a_part_that_was_cut(tmp_path: Path, suffix: str, kept: int) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    part = path.with_suffix(suffix)
    n_bytes = part.stat().st_size
    part.write_bytes(part.read_bytes()[:kept])
    facts = refuse(ShapefilePartDamaged, path)
    assert (facts["part"], facts["n_bytes"]) == (suffix, kept)
    assert facts["expected_bytes"] == n_bytes


def test_a_cut_shapefile_in_a_zip_names_the_part_and_no_place_on_the_server(tmp_path: Path) -> None:
    write_layer(good_rows(), tmp_path / "layer.shp")
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in tmp_path.glob("layer.*"):
            packed.writestr(part.name, part.read_bytes()[:1000] if part.suffix == ".shp" else part.read_bytes())
    facts = refuse(ShapefilePartDamaged, archive)
    assert (facts["file_name"], facts["part"]) == ("upload.zip", ".shp")


@pytest.mark.parametrize("name", ["layer.zip", "layer!1.gpkg", "what?.gpkg", "层.gpkg"])
def test_a_geopackage_is_read_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.gpkg").rename(tmp_path / name)
    assert read_sub_compartments(path).stands.height == 12


def test_a_damaged_geopackage_named_zip_tells_no_place_on_the_server(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.gpkg").rename(tmp_path / "layer.zip")
    path.write_bytes(path.read_bytes()[:3000])
    assert refuse(LayerUnreadable, path) == {"file_name": "layer.zip"}


@pytest.mark.parametrize("names", [("LAYER.SHP", "LAYER.DBF"), ("Layer.Shp", "Layer.Dbf")])
def test_extensions_may_be_in_capitals(tmp_path: Path, names: tuple[str, str]) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    for part in tmp_path.glob("layer.*"):
        suffix = part.suffix.upper() if names[0].isupper() else part.suffix.title()
        part.rename(tmp_path / f"{Path(names[0]).stem}{suffix}")
    assert not path.exists()
    assert read_sub_compartments(tmp_path / names[0]).findings.height == 0


@pytest.mark.parametrize("name", ["table.csv", "table.tsv"])
def test_a_table_without_outlines(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    good_rows().drop("geometry").write_csv(path)
    refuse(TableWithoutOutlines, path)


@pytest.mark.parametrize("name", ["layer.gpkg", "layer.parquet"])
def test_a_damaged_file(tmp_path: Path, name: str) -> None:
    path = write_layer(good_rows(), tmp_path / name)
    path.write_bytes(path.read_bytes()[:3000])
    refuse(LayerUnreadable, path)


def test_a_geopackage_whose_text_is_not_utf8(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.gpkg")
    path.write_bytes(path.read_bytes().replace("林垟村".encode(), "林垟村村".encode("gbk") + b"!"))
    assert refuse(TextNotUtf8, path)["field"] == "CUN_NAME"


def test_parquet_without_geometry(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    good_rows().drop("geometry").write_parquet(path)
    refuse(NotGeoParquet, path)


@pytest.mark.parametrize(
    "description",
    [
        b"no json",
        b'{"primary_column": "geometry"}',
        b'{"primary_column": "g", "columns": {"g": {"encoding": "point"}}}',
    ],
)
def test_parquet_with_another_description_of_its_geometry(tmp_path: Path, description: bytes) -> None:
    path = tmp_path / "layer.parquet"
    table = good_rows().to_arrow().replace_schema_metadata({b"geo": description})
    pq.write_table(table, path)
    refuse(NotGeoParquet, path)


def test_geoparquet_without_a_system_is_lon_lat_by_its_standard_and_a_null_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "layer.parquet"
    for crs, is_known in (("", True), (', "crs": null', False)):
        geo = '{"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"' + crs + "}}}"
        pq.write_table(good_rows().to_arrow().replace_schema_metadata({b"geo": geo.encode()}), path)
        if is_known:
            assert read_sub_compartments(path).source["crs"] == "EPSG:4326"
        else:
            refuse(NoCoordinateSystem, path)


def test_a_shapefile_without_prj_is_read_once_its_system_is_told(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", crs="EPSG:4549")
    path.with_suffix(".prj").unlink()
    refuse(NoCoordinateSystem, path)
    assert read_sub_compartments(path, profile=ImportProfile(crs="EPSG:4549")).findings.height == 0
    assert refuse(CoordinatesContradictSystem, path, ImportProfile(crs="EPSG:4528"))["fitting"] == ("EPSG:4549",)


def test_another_coordinate_system(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", crs="EPSG:32651")
    assert "UTM" in str(refuse(CoordinateSystemNotSupported, path)["name"])


def test_text_of_another_encoding_and_an_encoding_that_does_not_fit(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    refuse(EncodingContradicted, path, ImportProfile(encoding="UTF-8"))
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace("林垟村".encode("gbk"), b"\xff\xfe\xff\xfe\xff\xff"))
    assert refuse(EncodingUnknown, path)["file_name"] == "layer.shp"


def test_fields_that_are_missing_named_twice_or_not_there(tmp_path: Path) -> None:
    rows = good_rows()
    missing = refuse(FieldsMissing, write_layer(rows.drop("DI_LEI", "MIAN_JI"), tmp_path / "missing.gpkg"))
    assert missing["missing"] == ("DI_LEI", "MIAN_JI")
    assert "CUN_NAME" in missing["columns"]  # type: ignore[operator]
    twice = refuse(FieldNamedTwice, write_layer(rows.with_columns(di_lei=pl.lit("1111")), tmp_path / "twice.parquet"))
    assert (twice["field"], twice["columns"]) == ("DI_LEI", ("DI_LEI", "di_lei"))
    chosen = ImportProfile(field_names={"MIAN_JI": "XBMJ"})
    assert refuse(ColumnNotFound, write_layer(rows, tmp_path / "layer.gpkg"), chosen)["column"] == "XBMJ"


def test_a_column_chosen_by_hand_settles_which_of_two_is_read(tmp_path: Path) -> None:
    path = write_layer(good_rows().with_columns(di_lei=pl.lit("1111")), tmp_path / "twice.parquet")
    layer = read_sub_compartments(path, profile=ImportProfile(field_names={"DI_LEI": "DI_LEI"}))
    assert layer.findings.height == 0
