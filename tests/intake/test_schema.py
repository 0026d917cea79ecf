"""The official schema is complete, sourced, and fits a Shapefile without two names falling together."""

from senhui.intake.schema import FIELD_BY_NAME, FIELD_CODES, FIELDS, shapefile_name


def test_the_schema_has_the_144_fields_in_order() -> None:
    assert len(FIELDS) == 144
    assert [field.name for field in FIELDS[:3]] == ["SHENG", "SHI", "XIAN"]
    assert FIELDS[-1].name == "YDZL"
    assert len({field.name for field in FIELDS}) == 144


def test_only_one_name_is_cut_for_a_shapefile_and_none_collide() -> None:
    cut = {field.name: field.shapefile_name for field in FIELDS if len(field.name) > 10}
    assert cut == {"Q_LIN_ZHONG": "Q_LIN_ZHON"}
    assert len({field.shapefile_name for field in FIELDS}) == 144


def test_a_field_is_found_by_every_spelling() -> None:
    assert FIELD_BY_NAME["Q_LIN_ZHON"] is FIELD_BY_NAME["Q_LIN_ZHONG"]
    assert FIELD_BY_NAME["REMARKS"] is FIELD_BY_NAME["Remarks"]
    assert all(FIELD_BY_NAME[shapefile_name(field.name)] is field for field in FIELDS)


def test_every_field_has_a_source_and_a_mark_and_every_unit_has_its_own() -> None:
    for field in FIELDS:
        assert field.source
        assert field.where
        assert field.mark in set("ABCD")
        assert field.type in {"string", "int", "double"}
        assert bool(field.unit) == (field.unit_mark in set("ABCD"))


def test_the_trap_of_the_two_names_xj_is_written_down() -> None:
    assert FIELD_BY_NAME["PINGJUN_XJ"].unit == "cm"
    assert FIELD_BY_NAME["HUO_LMGQXJ"].unit == "m3/ha"
    assert FIELD_BY_NAME["ZXJ"].unit == "m3"


def test_codes_belong_to_fields_and_numbers_of_the_method_are_not_here() -> None:
    assert set(FIELD_CODES) <= {field.name for field in FIELDS}
    assert not {"DI_LEI", "SHU_ZHONG", "YOU_SHI_SZ"} & set(FIELD_CODES)
    assert FIELD_CODES["QI_YUAN"]["21"] == "植苗"
    assert FIELD_CODES["LING_ZU"] == {
        "1": "幼龄林",
        "2": "中龄林",
        "3": "近熟林",
        "4": "成熟林",
        "5": "过熟林",
    }
