"""Administrative units are read from outlines and from code lists alike, and nonsense is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from senhui.intake import read_boundaries
from senhui.intake.boundaries import NotBoundaries


def written(directory: Path, content: Any) -> Path:
    path = directory / "units.json"
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def test_counties_come_with_their_outlines(tmp_path: Path) -> None:
    square = shapely.box(119, 28, 119.1, 28.1)
    feature = {
        "type": "Feature",
        "properties": {"code": "331181", "name": "龙泉市"},
        "geometry": shapely.geometry.mapping(square),
    }
    units = read_boundaries(written(tmp_path, {"type": "FeatureCollection", "features": [feature]}))
    (unit,) = units.rows(named=True)
    assert shapely.from_wkb(unit.pop("wkb")).equals(square)
    assert unit == {"code": "331181", "level": "county", "name_zh": "龙泉市", "parent_code": "3311"}


def test_lists_of_several_levels_come_as_one_table_by_code(tmp_path: Path) -> None:
    content = {
        "streets": [{"code": "331181103", "name": "八都镇", "areaCode": "331181"}],
        "areas": [{"code": "331181", "name": "龙泉市"}],
    }
    units = read_boundaries(written(tmp_path, content))
    assert units.select("code", "level", "parent_code").rows() == [
        ("331181", "county", "3311"),
        ("331181103", "township", "331181"),
    ]
    assert units["wkb"].to_list() == [None, None]


def test_villages_of_a_plain_list(tmp_path: Path) -> None:
    units = read_boundaries(written(tmp_path, [{"code": "331102001001", "name": "㙟下村"}]))
    assert units.drop("wkb").rows() == [("331102001001", "village", "㙟下村", "331102001")]


@pytest.mark.parametrize(
    "content",
    [
        [{"code": "33118", "name": "x"}],
        [{"code": "abcdef", "name": "x"}],
        [{"name": "x"}],
        [{"code": "331181", "name": "x"}, {"code": "331181", "name": "y"}],
        {"type": "FeatureCollection"},
        7,
    ],
)
def test_what_is_not_a_list_of_units_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(NotBoundaries) as refused:
        read_boundaries(written(tmp_path, content))
    assert refused.value.file_name == "units.json"


def test_no_file_and_no_json_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotBoundaries):
        read_boundaries(tmp_path / "lost.json")
    (tmp_path / "text.json").write_text("not json")
    with pytest.raises(NotBoundaries):
        read_boundaries(tmp_path / "text.json")
