"""What is read back is what was written, and a part of a tile holds nothing of the rest."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
from pmtiles.reader import MmapSource, all_tiles
from tests.atlas.conftest import Decoded, decode

from senhui.atlas import vector_tile
from senhui.atlas.tile_archive import TileArchive


@pytest.fixture(scope="module")
def archive(pmtiles: Path) -> TileArchive:
    return TileArchive(pmtiles)


def test_whole_tiles_are_the_stored_bytes(archive: TileArchive, pmtiles: Path) -> None:
    with pmtiles.open("rb") as file:
        stored = dict(all_tiles(MmapSource(file)))
    assert len(stored) > 100
    for (z, x, y), data in stored.items():
        assert archive.whole(z, x, y) == data


def test_a_part_holds_exactly_the_features_of_the_villages_asked_for(
    archive: TileArchive, decoded: Decoded, stands: pl.DataFrame
) -> None:
    n_mixed = 0
    for (z, x, y), tile in decoded.items():
        features = tile["sub_compartments"]["features"]
        village = {
            feature["id"]: archive.places.index(stands["village_code"][feature["id"] - 1]) for feature in features
        }
        present = set(village.values())
        assert archive.places_in(z, x, y) == present
        asked = frozenset(list(present)[::2])
        expected = [feature for feature in features if village[feature["id"]] in asked]
        part = archive.part(z, x, y, asked)
        assert part is not None
        assert decode(part)["sub_compartments"]["features"] == expected
        n_mixed += asked != present
    assert n_mixed > 10


def test_the_bytes_of_the_others_are_gone(archive: TileArchive, decoded: Decoded) -> None:
    """The part has the length of its head and of the features asked for, and none of the other bytes in it."""
    z, x, y = next(place for place in decoded if len(archive.places_in(*place)) > 2)
    asked = frozenset([min(archive.places_in(z, x, y))])
    whole = archive.whole(z, x, y)
    part = archive.part(z, x, y, asked)
    assert whole is not None
    assert part is not None
    tile, left = gzip.decompress(whole), gzip.decompress(part)
    head_length = archive.metadata["head_length"]
    at = vector_tile.features_offset(tile, head_length)
    for village, length in archive._runs[str(_tile_id(z, x, y))]:
        assert (tile[at : at + length] in left) == (village in asked)
        at += length
    kept = sum(length for village, length in archive._runs[str(_tile_id(z, x, y))] if village in asked)
    assert len(left) == vector_tile.features_offset(left, head_length) + kept


def _tile_id(z: int, x: int, y: int) -> int:
    from pmtiles.tile import zxy_to_tileid

    return zxy_to_tileid(z, x, y)


def test_of_villages_that_are_not_in_the_tile_nothing_is_left(archive: TileArchive, decoded: Decoded) -> None:
    z, x, y = next(iter(decoded))
    assert archive.part(z, x, y, frozenset()) is None


@pytest.mark.parametrize("place", [(13, 0, 0), (5, 1, 1), (13, 1 << 13, 0), (99, 0, 0)])
def test_a_place_without_stands_has_no_tile(archive: TileArchive, place: tuple[int, int, int]) -> None:
    assert archive.whole(*place) is None
    assert archive.part(*place, frozenset({0, 1, 2})) is None
    assert archive.places_in(*place) == frozenset()
