"""Tiles of a release: whole for the city, cut down for a county, refused without any area."""

from __future__ import annotations

import math

import polars as pl
import pytest
from tests.atlas.conftest import decode

from senhui import parameters
from senhui.access.rules import AreaSet, PermissionRefused
from senhui.atlas import tiles
from senhui.atlas.layers import LAYERS
from senhui.atlas.tile_writer import KEYS
from senhui.inventory import queries
from senhui.inventory.queries import NoSuchRelease, ReleaseInfo

CITY = AreaSet(frozenset({"3311"}))
EVERYWHERE = AreaSet(frozenset({""}))
LONGQUAN = AreaSet(frozenset({"331181"}))
ELSEWHERE = AreaSet(frozenset({"331102"}))
NOWHERE = AreaSet(frozenset())


@pytest.fixture
def built(release: ReleaseInfo) -> ReleaseInfo:
    tiles.build(release.id, progress=lambda fraction, note: None)
    return release


def place(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int((lon / 360 + 0.5) * 2**zoom), int(y * 2**zoom)


MIDDLE = place(119.25, 28.05, 11)


def villages_in(data: bytes | None, release: ReleaseInfo) -> set[str]:
    assert data is not None
    village = queries.scan(release.id).select("village_code").collect()["village_code"]
    return {village[feature["id"] - 1] for feature in decode(data)["sub_compartments"]["features"]}


def townships_in(data: bytes | None, release: ReleaseInfo) -> set[str]:
    return {code[:9] for code in villages_in(data, release)}


def test_the_city_gets_the_stored_bytes(built: ReleaseInfo) -> None:
    stored = tiles._archive(built.id).whole(*MIDDLE)
    assert stored is not None
    assert tiles.tile(built.id, *MIDDLE, CITY) == stored == tiles.tile(built.id, *MIDDLE, EVERYWHERE)


def test_a_county_gets_its_own_stands_and_no_others(built: ReleaseInfo) -> None:
    assert townships_in(tiles.tile(built.id, *MIDDLE, CITY), built) == {
        "331181100",
        "331181101",
        "331126100",
        "331126102",
    }
    assert townships_in(tiles.tile(built.id, *MIDDLE, LONGQUAN), built) == {"331181100", "331181101"}
    one = AreaSet(frozenset({"331181101"}))
    assert townships_in(tiles.tile(built.id, *MIDDLE, one), built) == {"331181101"}


def test_a_village_gets_its_own_stands(built: ReleaseInfo) -> None:
    village = AreaSet(frozenset({"331181101201"}))
    assert villages_in(tiles.tile(built.id, *MIDDLE, village), built) == {"331181101201"}
    assert tiles.tile(built.id, *MIDDLE, AreaSet(frozenset({"331181101299"}))) is None


def test_another_county_gets_nothing(built: ReleaseInfo) -> None:
    assert tiles.tile(built.id, *MIDDLE, ELSEWHERE) is None


def test_nobody_is_refused_also_where_nothing_is(built: ReleaseInfo) -> None:
    for where in (MIDDLE, (11, 0, 0)):
        with pytest.raises(PermissionRefused):
            tiles.tile(built.id, *where, NOWHERE)


def test_a_place_without_stands_has_no_tile(built: ReleaseInfo) -> None:
    assert tiles.tile(built.id, 11, 0, 0, CITY) is None


@pytest.mark.parametrize("name", ["1999-1", "..", "2021-1/../2021-1", ""])
def test_a_release_without_tiles_is_named(built: ReleaseInfo, name: str) -> None:
    with pytest.raises(tiles.TilesMissing):
        tiles.tile(name, *MIDDLE, CITY)


def test_an_unknown_release_cannot_be_built(release: ReleaseInfo) -> None:
    with pytest.raises(NoSuchRelease):
        tiles.build("1999-1", progress=lambda fraction, note: None)


def test_the_tag_follows_what_is_visible_and_which_writing_it_is(built: ReleaseInfo) -> None:
    city, everywhere = tiles.etag(built.id, *MIDDLE, CITY), tiles.etag(built.id, *MIDDLE, EVERYWHERE)
    county = tiles.etag(built.id, *MIDDLE, LONGQUAN)
    assert city == everywhere != county
    tiles.build(built.id, progress=lambda fraction, note: None)
    assert tiles.etag(built.id, *MIDDLE, CITY) != city


def test_metadata_names_what_the_numbers_mean(built: ReleaseInfo) -> None:
    metadata = tiles.metadata(built.id)
    assert metadata["release"] == built.id
    assert "示例数据" in metadata["attribution"]
    assert metadata["land_classes"] == parameters.table("land_classes").frame["id"].to_list()
    assert metadata["species_groups"] == [*parameters.table("species_groups").frame["id"], None]
    assert metadata["vector_layers"][0]["id"] == "sub_compartments"


def test_what_the_map_has_no_word_for_is_shown_as_not_recorded(release: ReleaseInfo) -> None:
    path = queries.release_path(release.id)
    whole = pl.read_parquet(path)
    odd = whole.with_columns(method=pl.lit("of another time"), forest_category=pl.lit("099"))
    odd.write_parquet(path)
    tiles.build(release.id, progress=lambda fraction, note: None)
    lists = tiles.metadata(release.id)
    stands = decode(tiles.tile(release.id, *MIDDLE, CITY) or b"")["sub_compartments"]["features"]
    assert {stand["properties"]["method"] for stand in stands} == {len(lists["methods"]) - 1}
    assert {stand["properties"]["protection"] for stand in stands} == {len(lists["protections"]) - 1}
    assert lists["methods"][-1] is lists["protections"][-1] is lists["disturbances"][0] is None


def test_every_method_of_the_release_has_a_number_and_a_colour(built: ReleaseInfo) -> None:
    methods = tiles.metadata(built.id)["methods"]
    used = set(queries.scan(built.id).select("method").collect()["method"])
    drawn = {
        methods[stand["properties"]["method"]]
        for stand in decode(tiles.tile(built.id, *MIDDLE, CITY) or b"")["sub_compartments"]["features"]
    }
    assert drawn == used
    coloured = {code for kind in LAYERS["method"].kinds for code in kind.codes}
    assert used <= coloured | {"no_estimate"}


def test_it_says_which_attributes_the_tiles_carry(built: ReleaseInfo) -> None:
    assert tiles.attributes(built.id) == set(KEYS)
    assert tiles.attributes("2001-9") == set()
