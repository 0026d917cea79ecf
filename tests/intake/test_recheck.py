"""A corrected row is checked alone and against its neighbours, and gives what a new import of the layer would give."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from polars.testing import assert_frame_equal
from tests.intake.layers import good_rows, write_layer

from senhui.intake import (
    ImportContext,
    SubCompartmentLayer,
    areas_of_repair,
    read_sub_compartments,
    recheck,
    repaired_outlines,
)

BOUNDS = ("min_lon", "min_lat", "max_lon", "max_lat")
BOW_TIE = "POLYGON ((119.9 28.4, 119.903 28.403, 119.903 28.4, 119.9 28.403, 119.9 28.4))"


def put(rows: pl.DataFrame, row: int, **values: Any) -> pl.DataFrame:
    """Put values into one row."""
    here = pl.int_range(pl.len()) == row - 1
    return rows.with_columns(
        pl.when(here).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in values.items()
    )


def read(rows: pl.DataFrame, directory: Path, *, context: ImportContext | None = None) -> SubCompartmentLayer:
    return read_sub_compartments(write_layer(rows, directory / "layer.gpkg"), context=context)


def again(
    layer: SubCompartmentLayer,
    rows: list[int],
    *,
    source: pl.DataFrame | None = None,
    outlines: pl.DataFrame | None = None,
    context: ImportContext | None = None,
) -> pl.DataFrame:
    """Check rows again with what they say now, and return the findings."""
    chosen = pl.col("row").is_in(rows)
    numbers = pl.concat([layer.stands.select("row", "sub_compartment_id"), _numbers(layer)]).unique("row")
    others = layer.outlines.filter(~chosen).select("row", *BOUNDS, "geometry").join(numbers, on="row", how="left")
    return recheck(
        (source if source is not None else layer.source_fields).filter(chosen),
        (outlines if outlines is not None else layer.outlines).filter(chosen),
        profile=layer.profile,
        context=context,
        others=others,
    ).findings


def _numbers(layer: SubCompartmentLayer) -> pl.DataFrame:
    return layer.findings.select("row", "sub_compartment_id").drop_nulls("row")


def test_every_row_checked_again_says_what_the_import_said(tmp_path: Path) -> None:
    rows = put(good_rows(), 1, DI_LEI="9999", PINGJUN_SG=-3.0)
    rows = put(rows, 5, CUN="200", XIAO_BAN="0001")
    rows = put(rows, 7, geometry=rows["geometry"][9])
    rows = put(rows, 3, geometry=shapely.to_wkb(shapely.from_wkt(BOW_TIE)))
    layer = read(rows, tmp_path)
    assert layer.findings["reason"].n_unique() >= 5

    every = again(layer, list(range(1, 13)))
    assert_frame_equal(every, layer.findings)
    for row in range(1, 13):
        mine = pl.col("row") == row
        assert_frame_equal(again(layer, [row]).filter(mine), layer.findings.filter(mine))


def test_a_corrected_value_takes_its_finding_away(tmp_path: Path) -> None:
    layer = read(put(good_rows(), 1, DI_LEI="9999"), tmp_path)
    corrected = layer.source_fields.with_columns(
        DI_LEI=pl.when(pl.col("row") == 1).then(pl.lit("1111")).otherwise(pl.col("DI_LEI"))
    )
    assert layer.findings["reason"].to_list() == ["land_class_unknown"]
    assert again(layer, [1], source=corrected).height == 0


def test_a_new_number_may_be_another_rows(tmp_path: Path) -> None:
    layer = read(good_rows(), tmp_path)
    corrected = put(layer.source_fields, 5, CUN="200", XIAO_BAN="0001")
    found = again(layer, [5], source=corrected)
    assert found.select("row", "other_row", "reason").rows() == [(1, 5, "id_duplicate"), (5, 1, "id_duplicate")]
    assert found["sub_compartment_id"].to_list() == ["331181103200-0012-0001"] * 2
    assert found["value"].to_list() == ["0001", "0001"]


def test_a_moved_outline_may_overlap_another_row_which_is_told_too(tmp_path: Path) -> None:
    layer = read(good_rows(), tmp_path)
    moved = read(put(good_rows(), 1, geometry=good_rows()["geometry"][1]), tmp_path)
    found = again(layer, [1], outlines=moved.outlines)
    assert found.select("row", "other_row", "reason").rows() == [
        (1, 2, "outline_duplicate"),
        (2, 1, "outline_duplicate"),
    ]


def test_the_county_is_checked_again(tmp_path: Path) -> None:
    far = shapely.to_wkb(shapely.box(121, 29, 122, 30))
    context = ImportContext(pl.DataFrame({"code": ["331181"], "geometry": [far]}))
    layer = read(good_rows(), tmp_path, context=context)
    assert set(layer.findings["reason"]) == {"outside_county"}
    assert again(layer, [1], context=context)["reason"].to_list() == ["outside_county"]
    assert again(layer, [1]).height == 0


def test_without_others_no_row_is_compared(tmp_path: Path) -> None:
    layer = read(put(good_rows(), 5, CUN="200", XIAO_BAN="0001", geometry=good_rows()["geometry"][0]), tmp_path)
    assert set(layer.findings["reason"]) == {"id_duplicate", "outline_duplicate"}
    alone = recheck(layer.source_fields, layer.outlines, profile=layer.profile, context=None, others=None)
    assert alone.findings.height == 0
    assert alone.stands["row"].to_list() == list(range(1, 13))
    assert_frame_equal(alone.stands.filter(~pl.col("row").is_in([1, 5])), layer.stands)


def test_a_crossed_ring_is_repaired_and_its_areas_are_told(tmp_path: Path) -> None:
    layer = read(put(good_rows(), 1, geometry=shapely.to_wkb(shapely.from_wkt(BOW_TIE))), tmp_path)
    repaired = repaired_outlines(layer.outlines)

    first = repaired.row(0, named=True)
    outline = shapely.from_wkb(first["geometry"])
    assert (outline.is_valid, outline.geom_type, len(outline.geoms)) == (True, "MultiPolygon", 2)
    assert (first["reason"], first["detail"]) == (None, None)
    # Two triangles of a quarter of the square each.
    assert first["geometry_area_ha"] == pytest.approx(layer.outlines["geometry_area_ha"][1] / 2, rel=1e-4)
    assert_frame_equal(repaired[1:], layer.outlines[1:])
    (told,) = areas_of_repair(layer.outlines).iter_rows(named=True)
    # Drawn, the two triangles run in opposite ways and almost cancel.
    assert told == {
        "row": 1,
        "drawn_ha": pytest.approx(0.0, abs=0.01),
        "repaired_ha": first["geometry_area_ha"],
    }


def test_an_outline_of_which_no_area_is_left_keeps_its_reason(tmp_path: Path) -> None:
    flat = "POLYGON ((119.9 28.4, 119.903 28.403, 119.9 28.4, 119.903 28.403, 119.9 28.4))"
    layer = read(put(good_rows(), 1, geometry=shapely.to_wkb(shapely.from_wkt(flat))), tmp_path)
    assert_frame_equal(repaired_outlines(layer.outlines), layer.outlines)
    assert areas_of_repair(layer.outlines)["repaired_ha"].to_list() == [None]


def test_one_row_is_checked_in_milliseconds_however_large_the_layer(tmp_path: Path) -> None:
    layer = read(good_rows(), tmp_path)
    n = 300_000
    west, south = 118 + 0.004 * (np.arange(n) % 600), 27 + 0.004 * (np.arange(n) // 600)
    others = pl.DataFrame(
        {
            "row": np.arange(13, n + 13, dtype=np.uint32),
            "sub_compartment_id": np.char.add("331181999999-0001-", np.arange(n).astype(str)),
            "min_lon": west,
            "min_lat": south,
            "max_lon": west + 0.003,
            "max_lat": south + 0.003,
            "geometry": pl.Series([None] * n, dtype=pl.Binary),
        }
    )
    taken_s = []
    for _ in range(5):
        begin = time.perf_counter()
        first = layer.source_fields.head(1), layer.outlines.head(1)
        found = recheck(*first, profile=layer.profile, context=None, others=others)
        taken_s.append(time.perf_counter() - begin)
        assert found.findings.height == 0
    assert min(taken_s) < 0.25
