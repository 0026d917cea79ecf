"""The first stage gives every row and every outline, and does not ask what the columns mean."""

from pathlib import Path

import polars as pl
import shapely
from tests.intake.layers import good_rows, write_layer

from senhui.intake import read_layer
from senhui.intake.as_read import NOTES, OUTLINES


def test_a_layer_with_columns_of_its_own_is_read_and_every_row_has_its_outline(tmp_path: Path) -> None:
    rows = good_rows().select("geometry", KIND=pl.lit("forest"))
    rows = rows.with_columns(
        geometry=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(None)).otherwise(pl.col("geometry"))
    )

    as_read = read_layer(write_layer(rows, tmp_path / "layer.parquet"))

    assert as_read.source_fields.columns == ["row", "KIND"]
    assert dict(as_read.outlines.schema) == OUTLINES
    assert as_read.outlines["row"].to_list() == as_read.source_fields["row"].to_list() == list(range(1, 13))
    assert as_read.outlines["reason"].to_list() == [None] * 3 + ["geometry_missing"] + [None] * 8
    assert as_read.outlines["geometry_area_ha"].is_null().to_list() == [index == 3 for index in range(12)]
    first = shapely.from_wkb(as_read.outlines["geometry"][0])
    assert first.bounds == as_read.outlines.select("min_lon", "min_lat", "max_lon", "max_lat").row(0)
    assert as_read.source["n_rows"] == 12


def test_text_that_a_shapefile_cut_is_a_note_of_its_row(tmp_path: Path) -> None:
    path = write_layer(good_rows(), tmp_path / "layer.shp", encoding="UTF-8")
    dbf = path.with_suffix(".dbf")
    content = dbf.read_bytes()
    village = "林垟村".encode()
    # The last byte of a field of 80 becomes the first byte of a character that has no second.
    cut = content.replace(village + b" " * (80 - len(village)), village + b" " * (79 - len(village)) + b"\xe6", 1)
    assert cut != content
    dbf.write_bytes(cut)

    notes = read_layer(path).notes

    assert dict(notes.schema) == NOTES
    assert notes.select("row", "field", "reason").rows() == [(2, "CUN_NAME", "text_cut")]
