"""The parts of a Shapefile are of the same rows, or the layer is refused; names may be in any case."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.intake.layers import good_rows, write_layer

from senhui.intake import read_layer, read_sub_compartments
from senhui.intake.as_read import ROW_OF_LAYER
from senhui.intake.coordinate_system import NoCoordinateSystem
from senhui.intake.delimited_text import ColumnNamedTwice
from senhui.intake.shapefile import ShapefilePartsDisagree


@pytest.mark.parametrize(("part", "n_rows"), [(".dbf", 8), (".dbf", 15), (".shx", 8)])
def test_a_part_of_another_export(tmp_path: Path, part: str, n_rows: int) -> None:
    """GDAL reads as many rows as it can and says nothing of the others."""
    path = write_layer(good_rows(12), tmp_path / "layer.shp")
    other = write_layer(good_rows(n_rows), tmp_path / "other.shp")
    shutil.copy(other.with_suffix(part), path.with_suffix(part))
    with pytest.raises(ShapefilePartsDisagree) as refused:
        read_layer(path)
    counts = (12, n_rows) if part == ".dbf" else (n_rows, 12)
    assert tuple(refused.value.facts.values()) == ("layer.shp", *counts)


def test_a_row_that_is_marked_as_deleted_is_no_row_and_the_others_are_counted_without_it(tmp_path: Path) -> None:
    cut = "林" * 100  # longer than the field of the next name, which is as wide as its longest value
    path = write_layer(good_rows().with_columns(CUN_NAME=pl.Series(["林垟村"] * 11 + [cut])), tmp_path / "layer.shp")
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    first, length = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    content[first + 2 * length] = ord("*")
    at = content.find(cut[:10].encode("gb18030"), first)
    width = (len(content[at:]) - len(content[at:].lstrip("林".encode("gb18030")))) // 2 * 2
    content[at : at + width] = b"a" + cut.encode("gb18030")[: width - 1]
    dbf.write_bytes(content)
    as_read = read_layer(path)
    assert as_read.source_fields["XIAO_BAN"].to_list() == [f"{i:04d}" for i in range(1, 13) if i != 3]
    assert as_read.source["n_rows"] == as_read.outlines.height == 11
    assert as_read.notes.select("row", "field", "reason").rows() == [(11, "CUN_NAME", "text_cut")]


def test_names_of_the_parts_may_differ_in_case(tmp_path: Path) -> None:
    write_layer(good_rows(), tmp_path / "layer.shp")
    for part in tmp_path.glob("layer.*"):
        name = f"layer{part.suffix.upper()}" if part.suffix == ".dbf" else f"Layer{part.suffix}"
        part.rename(tmp_path / name)
    assert read_sub_compartments(tmp_path / "Layer.shp").findings.height == 0


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    """Names cut to ten characters by another program may be the same twice."""
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"PO_XIANG\0\0\0", b"LD_QS\0\0\0\0\0\0"))
    with pytest.raises(ColumnNamedTwice) as refused:
        read_layer(path)
    assert refused.value.facts == {"file_name": "layer.shp", "columns": ("LD_QS",)}


@pytest.mark.parametrize("name", ["layer.shp", "layer.gpkg", "layer.parquet"])
def test_a_column_of_the_file_may_be_called_row(tmp_path: Path, name: str) -> None:
    path = write_layer(good_rows().with_columns(row=pl.lit("a")), tmp_path / name)
    layer = read_sub_compartments(path)
    assert layer.findings.height == 0
    assert layer.source_fields["row"].to_list() == list(range(1, 13))
    assert layer.source_fields[ROW_OF_LAYER].to_list() == ["a"] * 12


@pytest.mark.parametrize(
    ("name", "encoding"), [("国家2000 120", "gbk"), ("国家2000 120", "utf-8"), ("CM_120", "utf-8-sig")]
)
def test_the_prj_may_be_in_any_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", crs="EPSG:4549")
    prj = path.with_suffix(".prj")
    definition = prj.read_text("ascii").replace("CGCS2000_3_Degree_GK_CM_120E", name)
    assert name in definition
    prj.write_bytes(definition.encode(encoding))
    assert read_sub_compartments(path).source["crs"] == "EPSG:4549"
    assert prj.read_bytes() == definition.encode(encoding)


def test_an_empty_prj_names_no_system(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp")
    path.with_suffix(".prj").write_text(" \n")
    with pytest.raises(NoCoordinateSystem):
        read_layer(path)
