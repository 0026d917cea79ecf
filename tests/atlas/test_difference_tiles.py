"""Tiles of a comparison: no stand is lost, each carries its rate and cause, and each reader gets his own land."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pmtiles.reader import MmapSource, all_tiles
from tests.atlas.conftest import decode
from tests.inventory.surveys import two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet

from senhui.access.rules import NOWHERE, AreaSet, PermissionRefused
from senhui.atlas import difference_tiles, tiles
from senhui.atlas.change_jobs import ChangeMapNotMade, compare_and_map, draw_change_as_job
from senhui.atlas.difference import stand_changes
from senhui.atlas.tile_writer import ZOOMS
from senhui.inventory import changes
from senhui.jobs.progress import JobCancelled

Person = Callable[..., Any]
TOWN = f"{LONGQUAN}103"
OF_LONGQUAN = AreaSet(frozenset({LONGQUAN}))

pytestmark = pytest.mark.database


@pytest.fixture
def drawn(person: Person, tmp_path: Path) -> changes.ChangeInfo:
    """A comparison of twelve stands of which one has no estimate later, drawn by the job that compared."""
    before, after = two_releases(person, tmp_path, DI_LEI=["1111"] * 11 + ["1410"])
    wang = person("wang", technician=LONGQUAN)
    return compare_and_map(wang, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


def stored(info: changes.ChangeInfo) -> dict[tuple[int, int, int], dict[str, Any]]:
    with tiles.path_of(difference_tiles.name_of(info.id)).open("rb") as file:
        return {place: decode(data) for place, data in all_tiles(MmapSource(file))}


def test_every_stand_of_the_later_release_is_drawn_at_every_zoom(drawn: changes.ChangeInfo) -> None:
    found = stored(drawn)
    for zoom in ZOOMS:
        ids = {
            feature["id"]
            for (z, _, _), tile in found.items()
            if z == zoom
            for feature in tile["sub_compartments"]["features"]
        }
        assert ids == set(range(1, 13))


def test_a_stand_carries_its_rate_and_cause(drawn: changes.ChangeInfo) -> None:
    expected = {row["row_after"]: row for row in stand_changes(changes.pieces(drawn.id), period_yr=5).to_dicts()}
    metadata = tiles.metadata(difference_tiles.name_of(drawn.id))
    causes, zero, per_unit = metadata["causes"], metadata["number_of_zero"], metadata["numbers_per_unit"]
    assert set(tiles.attributes(difference_tiles.name_of(drawn.id))) == {"change", "change_measured", "cause"}
    for tile in stored(drawn).values():
        for feature in tile["sub_compartments"]["features"]:
            row, told = expected[feature["id"] - 1], feature["properties"]
            assert causes[told["cause"]] == row["cause"]
            for key, basis in (("change", "calibrated"), ("change_measured", "measured")):
                rate = row[f"{basis}_tc_ha_yr"]
                if rate is None:
                    assert told[key] == metadata["number_of_nothing_compared"]
                else:
                    low = (told[key] - zero) / per_unit
                    assert low - 1e-9 <= rate < low + 1 / per_unit
    assert expected[11]["cause"] == "no_estimate"
    assert expected[11]["measured_tc_ha_yr"] is None


def test_numbers_begin_where_a_tenth_begins_and_end_at_their_ends() -> None:
    rates = pl.Series([None, 0.0, 0.3, 0.7, 0.2999, -0.1, -0.11, 51.1, 99.0, -51.1, -99.0])
    assert difference_tiles.numbers_of(rates).tolist() == [0, 512, 515, 519, 514, 511, 510, 1023, 1023, 1, 1]


def test_stands_that_were_not_compared_have_no_number() -> None:
    changed = pl.DataFrame(
        {"row_after": [2], "measured_tc_ha_yr": [1.0], "calibrated_tc_ha_yr": [2.0], "cause": ["growth"]},
        schema_overrides={"row_after": pl.UInt32},
    )
    assert difference_tiles.attributes_of(changed, n_stands=3).tolist() == [[0, 0, 0], [0, 0, 0], [532, 522, 1]]


def test_each_reader_gets_the_tiles_of_his_land(drawn: changes.ChangeInfo) -> None:
    name = difference_tiles.name_of(drawn.id)
    place = next(place for place in stored(drawn) if place[0] == 11)
    assert tiles.tile(name, *place, OF_LONGQUAN) is not None
    assert tiles.tile(name, *place, AreaSet(frozenset({QINGYUAN}))) is None
    with pytest.raises(PermissionRefused):
        tiles.tile(name, *place, NOWHERE)


@pytest.mark.parametrize("name", ["change-", "change-no-such", "change-../x", "change-2016-1_2021-2_00000000"])
def test_a_comparison_without_tiles_is_named(drawn: changes.ChangeInfo, name: str) -> None:
    with pytest.raises(tiles.ChangeTilesMissing):
        tiles.tile(name, 11, 0, 0, OF_LONGQUAN)


def test_drawing_again_writes_the_same_and_needs_a_role(drawn: changes.ChangeInfo, person: Person) -> None:
    path = tiles.path_of(difference_tiles.name_of(drawn.id))
    bytes_before = path.read_bytes()
    assert draw_change_as_job(person("xu", viewer=LONGQUAN), change_id=drawn.id, now=NOW, progress=quiet) == {
        "change_id": drawn.id
    }
    assert path.read_bytes() == bytes_before
    path.unlink()
    with pytest.raises(PermissionRefused):
        draw_change_as_job(person("nobody"), change_id=drawn.id, now=NOW, progress=quiet)
    with pytest.raises(changes.NoSuchChange):
        draw_change_as_job(person("ma", viewer=LONGQUAN), change_id="no-such", now=NOW, progress=quiet)
    assert not path.exists()


def test_a_cancelled_drawing_leaves_the_comparison_and_says_so(person: Person, tmp_path: Path) -> None:
    before, after = two_releases(person, tmp_path)
    wang = person("wang", technician=LONGQUAN)

    def cancel(fraction: float, note: str) -> None:
        if note == "Drawing the map":
            raise JobCancelled

    with pytest.raises(ChangeMapNotMade) as caught:
        compare_and_map(wang, before_id=before.id, after_id=after.id, now=NOW, progress=cancel)
    assert changes.change(caught.value.change_id).after.id == after.id
    assert not difference_tiles.has_tiles(caught.value.change_id)
    info = compare_and_map(wang, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)
    assert info.id == caught.value.change_id
    assert difference_tiles.has_tiles(info.id)
