"""A profile comes back from JSON and from a mapping file as it was, and nothing in it is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest

from senhui.intake import ImportProfile, LayerRefused, read_mapping, write_mapping
from senhui.intake.mapping_file import NotAMapping, mapping_text
from senhui.intake.profile import AttributeTable, ControlPoints, HelmertChange
from senhui.intake.strict_json import ProfileKeyUnknown, ProfileValueWrong

FULL = ImportProfile(
    species_code_system="nfi",
    land_class_generation="G1",
    area_unit="mu",
    canopy_unit="percent",
    encoding="GB18030",
    crs="EPSG:4549",
    layer="龙泉",
    field_names={"MIAN_JI": "小班面积"},
    code_map={"DI_LEI": {"乔木林": "1111"}},
    constants={"XIAN": "331181"},
    datum=HelmertChange(
        dx_m=1.5, dy_m=-2, dz_m=3, rx_arcsec=0.1, convention="position_vector", direction="to_cgcs2000", source="丽水"
    ),
    attribute_table=AttributeTable(file_name="属性.xlsx", layer_keys=("XBH",), table_keys=("小班号",), sheet="2021"),
    expected_bounds=(118.0, 27.0, 121.0, 29.0),
    licence_note="龙泉市林业局",
)
POINTS = ImportProfile(
    datum=ControlPoints(points=((1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0), (9.0, 1.0, 2.0, 3.0)), system="EPSG:4549")
)


@pytest.mark.parametrize("profile", [ImportProfile(), FULL, POINTS])
def test_a_profile_comes_back_as_it_was(profile: ImportProfile, tmp_path: Path) -> None:
    assert ImportProfile.from_json(json.loads(json.dumps(profile.as_json()))) == profile
    write_mapping(tmp_path / "mapping.json", profile=profile)
    assert read_mapping(tmp_path / "mapping.json") == profile
    assert [path.name for path in tmp_path.glob("*mapping*")] == ["mapping.json"]


def test_a_mapping_file_is_readable_and_says_only_what_is_known() -> None:
    assert json.loads(mapping_text(POINTS)).keys() == {"senhui_mapping", "datum"}
    assert "小班面积" in mapping_text(FULL)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"area_units": "mu"}, "area_units"),
        ({"datum": {"kind": "control_points", "points": [], "sytem": "EPSG:4490"}}, "datum.sytem"),
        ({"constants": {"XAIN": "331181"}}, "constants.XAIN"),
        ({"code_map": {"DILEI": {"1": "2"}}}, "code_map.DILEI"),
        ({"field_names": {"AREA": "XBMJ"}}, "field_names.AREA"),
    ],
)
def test_an_unknown_name_is_refused_by_its_place(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ProfileKeyUnknown) as refused:
        ImportProfile.from_json(values)
    assert refused.value.key == key
    assert refused.value.known


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"area_unit": "acre"}, "area_unit"),
        ({"area_unit": ["mu"]}, "area_unit"),
        ({"encoding": "Big5"}, "encoding"),
        ({"crs": "EPSG:32650"}, "crs"),
        ({"layer": 5}, "layer"),
        ({"licence_note": None}, "licence_note"),
        ({"field_names": ["MIAN_JI"]}, "field_names"),
        ({"field_names": {"MIAN_JI": 5}}, "field_names.MIAN_JI"),
        ({"code_map": {"DI_LEI": {"1": 1111}}}, "code_map.DI_LEI.1"),
        ({"expected_bounds": [1, 2, 3]}, "expected_bounds"),
        ({"expected_bounds": [1, 2, 3, "4"]}, "expected_bounds[3]"),
        ({"expected_bounds": [1, 2, 3, True]}, "expected_bounds[3]"),
        ({"expected_bounds": [1, 2, 3, float("nan")]}, "expected_bounds[3]"),
        ({"datum": {"dx_m": 1}}, "datum"),
        ({"datum": {"kind": "guess"}}, "datum"),
        (
            {"datum": {"kind": "helmert", "dx_m": 1, "dy_m": 1, "dz_m": 1, "direction": "to_cgcs2000"}},
            "datum.convention",
        ),
        ({"datum": {"kind": "control_points", "points": [[1, 2, 3]]}}, "datum.points[0]"),
        (
            {"attribute_table": {"file_name": "a.csv", "layer_keys": ["A", "B"], "table_keys": ["A"]}},
            "attribute_table.table_keys",
        ),
        ({"attribute_table": {"file_name": "a.csv", "layer_keys": [], "table_keys": []}}, "attribute_table.table_keys"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_place(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ProfileValueWrong) as refused:
        ImportProfile.from_json(values)
    assert refused.value.key == key
    assert refused.value.expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", NotAMapping),
        (b"\xff\xfe{}", NotAMapping),
        (b"[1]", NotAMapping),
        (b"{}", NotAMapping),
        (b'{"senhui_mapping": 2}', NotAMapping),
        (b"[" * 100_000, NotAMapping),
        (b" " * (2**20 + 1), NotAMapping),
        (b'{"senhui_mapping": 1, "area_unit": "mu", "area_unit": "ha"}', ProfileKeyUnknown),
        (b'{"senhui_mapping": 1, "area": "mu"}', ProfileKeyUnknown),
        (b'{"senhui_mapping": 1, "area_unit": "acre"}', ProfileValueWrong),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(content: bytes, kind: type[LayerRefused], tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    path.write_bytes(content)
    with pytest.raises(kind):
        read_mapping(path)


def test_a_mapping_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAMapping, match=r"lost\.json"):
        read_mapping(tmp_path / "lost.json")


def test_a_mapping_saved_by_an_editor_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    path.write_bytes(b"\xef\xbb\xbf" + mapping_text(FULL).encode())
    assert read_mapping(path) == FULL


def test_the_examples_of_the_documentation_are_read(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "importing.md").read_text("utf-8")
    examples = [block.split("```")[0] for block in page.split("```json\n")[1:]]
    assert len(examples) == 2
    for example in examples:
        path = tmp_path / "mapping.json"
        path.write_text(example, "utf-8")
        assert read_mapping(path).datum is not None
    first = json.loads(examples[0])
    names = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert set(first) - {"senhui_mapping", "layer", "crs", "canopy_unit"} <= names
