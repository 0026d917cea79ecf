"""No stand is lost, none is moved, and the bytes are what the vector tile specification asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from shapely.affinity import affine_transform
from shapely.geometry import shape
from tests.atlas.conftest import LAND_CLASSES, METHODS, SPECIES_GROUPS, Decoded, blob, odd_shapes, stands_of

from senhui.atlas import tile_writer

EXTENT = 4096


def nothing(fraction: float, note: str) -> None:
    """Report no progress."""


def write(frame: pl.DataFrame, path: Path) -> tile_writer.TileReport:
    return tile_writer.write_tiles(
        frame.lazy(),
        path,
        land_classes=LAND_CLASSES,
        species_groups=SPECIES_GROUPS,
        methods=METHODS,
        about={},
        progress=nothing,
    )


@pytest.mark.parametrize("zoom", tile_writer.ZOOMS)
def test_every_stand_is_drawn_at_every_zoom(decoded: Decoded, stands: pl.DataFrame, zoom: int) -> None:
    drawn = {
        feature["id"]
        for (z, _, _), tile in decoded.items()
        if z == zoom
        for feature in tile["sub_compartments"]["features"]
    }
    assert drawn == set(range(1, stands.height + 1))


def test_attributes_are_those_of_the_row(decoded: Decoded, stands: pl.DataFrame) -> None:
    n_checked = 0
    for tile in decoded.values():
        for feature in tile["sub_compartments"]["features"]:
            row = stands.row(feature["id"] - 1, named=True)
            stock, species = row["stock_tc_ha"], row["species_group"]
            assert feature["properties"] == {
                "stock": 0 if stock is None else round(stock),
                "calibrated": 0 if stock is None else round(1.3 * stock),
                "estimate": 0 if stock is None else 1,
                "land_class": LAND_CLASSES.index(row["land_class"]),
                "species": 2 if species is None else SPECIES_GROUPS.index(species),
                "age_group": row["age_group"] or 0,
                "origin": tile_writer.ORIGINS.index(row["origin"]),
                "method": (*METHODS, None).index(row["method"]),
                "protection": tile_writer.PROTECTIONS.index(row["forest_category"]),
                "error": 255 if row["error_frac"] is None else min(round(100 * row["error_frac"]), 254),
                "disturbance": tile_writer.DISTURBANCES.index(row["disturbance"]),
            }
            n_checked += 1
    assert n_checked >= 3 * stands.height


def mercator_shape(geometry: shapely.Geometry, zoom: int) -> shapely.Geometry:
    """Project with the textbook formula, written apart from the product's."""

    def project(xy: np.ndarray) -> np.ndarray:
        scale = EXTENT * 2**zoom / (2 * np.pi)
        lat = np.radians(xy[:, 1])
        return np.column_stack(
            (scale * (np.radians(xy[:, 0]) + np.pi), scale * (np.pi - np.log(np.tan(np.pi / 4 + lat / 2))))
        )

    return shapely.transform(geometry, project)


@pytest.mark.parametrize("zoom", tile_writer.ZOOMS)
def test_shapes_put_together_again_are_the_shapes_given(decoded: Decoded, stands: pl.DataFrame, zoom: int) -> None:
    """Cut to its own tile without buffer and joined, a stand differs from the given one by a rim of 2 units."""
    pieces: dict[int, list[shapely.Geometry]] = {}
    tile_box = shapely.box(0, 0, EXTENT, EXTENT)
    for (z, x, y), tile in decoded.items():
        if z == zoom:
            for feature in tile["sub_compartments"]["features"]:
                piece = shapely.make_valid(shape(feature["geometry"])) & tile_box
                pieces.setdefault(feature["id"], []).append(
                    affine_transform(piece, [1, 0, 0, 1, x * EXTENT, y * EXTENT])
                )
    for row, wkb in enumerate(stands["geometry"]):
        given = shapely.make_valid(mercator_shape(shapely.from_wkb(wkb), zoom))
        drawn = shapely.union_all(pieces[row + 1])
        rim = given.boundary.buffer(2)
        assert shapely.area(shapely.difference(shapely.symmetric_difference(given, drawn), rim)) < 4, row


def test_rings_are_what_the_specification_asks_for(decoded: Decoded) -> None:
    """Outer rings have a positive surveyor's area, holes a negative one and lie within; none is empty."""
    n_holes = 0
    for tile in decoded.values():
        assert tile["sub_compartments"]["version"] == 2
        assert tile["sub_compartments"]["extent"] == EXTENT
        for feature in tile["sub_compartments"]["features"]:
            geometry = feature["geometry"]
            parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
            for outer, *holes in parts:
                assert surveyor(outer) > 0
                assert all(surveyor(hole) < 0 for hole in holes)
                if holes:
                    assert shapely.is_valid(shapely.Polygon(outer, holes)), feature["id"]
                n_holes += len(holes)
                assert np.abs(np.array(outer) - EXTENT / 2).max() <= EXTENT / 2 + 64
    assert n_holes > 0


def surveyor(ring: list[tuple[int, int]]) -> float:
    x, y = np.array(ring).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def test_all_tiles_carry_the_same_value_list(pmtiles: Path, decoded: Decoded) -> None:
    """Only the features differ, so the head cannot tell what has been taken out."""
    import gzip

    from mapbox_vector_tile.Mapbox.vector_tile_pb2 import tile as tile_message
    from pmtiles.reader import MmapSource, all_tiles

    heads = set()
    with pmtiles.open("rb") as file:
        for _, data in all_tiles(MmapSource(file)):
            message = tile_message()
            message.ParseFromString(gzip.decompress(data))
            (layer,) = message.layers
            heads.add((tuple(layer.keys), tuple(value.uint_value for value in layer.values)))
    assert heads == {(tuple(tile_writer.KEYS), tuple(range(256)))}


def test_stands_without_geometry_are_counted_and_keep_the_numbering(tmp_path: Path) -> None:
    frame = stands_of([blob(119.5, 28.0, 0.01), None, blob(119.6, 28.0, 0.01)])
    report = write(frame, tmp_path / "t.pmtiles")
    assert (report.n_stands, report.n_without_geometry) == (2, 1)


def test_an_unknown_code_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    frame = stands_of([blob(119.5, 28.0, 0.01)]).with_columns(land_class=pl.lit("marsh"))
    with pytest.raises(tile_writer.UnknownCode) as caught:
        write(frame, tmp_path / "map" / "t.pmtiles")
    assert (caught.value.column, caught.value.codes) == ("land_class", ("marsh",))
    assert not (tmp_path / "map").exists()


def test_a_cancelled_run_leaves_the_old_tiles(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(fraction: float, note: str) -> None:
        if fraction > 0.5:
            raise Cancelled

    path = tmp_path / "map" / "t.pmtiles"
    path.parent.mkdir()
    path.write_bytes(b"old")
    frame = stands_of([blob(119.5, 28.0, 0.01)])
    with pytest.raises(Cancelled):
        tile_writer.write_tiles(
            frame.lazy(),
            path,
            land_classes=LAND_CLASSES,
            species_groups=SPECIES_GROUPS,
            methods=METHODS,
            about={},
            progress=cancel,
        )
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    frame = stands_of(odd_shapes())
    write(frame, tmp_path / "one.pmtiles")
    write(frame, tmp_path / "two.pmtiles")
    assert (tmp_path / "one.pmtiles").read_bytes() == (tmp_path / "two.pmtiles").read_bytes()
