"""Derivations: complete, honest about their weakest number, and the same after a trip through a file."""

import json
from dataclasses import replace

import pytest
from tests.measurement.stands import BOOK, EXPANSION_BOOK, measured, stands

from senhui.measurement import Derivation, ParameterUse, parameters_used
from senhui.parameters import scalar, value

FIR = next(d for d in BOOK.derivations if (d.method, d.species_group) == ("volume_line", "chinese_fir"))
BAMBOO = next(d for d in BOOK.derivations if d.method == "bamboo_area_density")


def test_a_derivation_survives_a_file() -> None:
    for derivation in (*BOOK.derivations, *EXPANSION_BOOK.derivations):
        stored = json.loads(json.dumps(derivation.as_dict(), ensure_ascii=False))
        assert Derivation.from_dict(stored) == derivation
        assert stored["weakest_mark"] == derivation.weakest_mark
        assert stored["may_issue"] == derivation.may_issue


def test_the_number_of_a_derivation_is_its_place() -> None:
    assert [derivation.id for derivation in BOOK.derivations] == list(range(len(BOOK.derivations)))


def test_a_stand_can_be_calculated_again_from_its_derivation() -> None:
    number = {use.symbol: use.value.value for use in FIR.parameters}
    by_hand = (number["a"] * 100.0 + number["b"]) * number["CF"]
    stand = {"land_class": "tree_forest", "species_group": "chinese_fir", "volume_m3_ha": 100.0, "area_ha": 1.0}
    found = measured(stands([stand])).row(0, named=True)
    assert found["derivation_id"] == FIR.id
    assert found["stock_tc"] == pytest.approx(by_hand, rel=1e-12)


def test_every_number_names_its_source_and_mark() -> None:
    for derivation in BOOK.derivations:
        for use in derivation.as_dict()["parameters"]:
            assert use["source"]
            assert use["mark"] in "ABCD"
            assert use["edition"]


def test_every_derivation_speaks_both_languages() -> None:
    for derivation in BOOK.derivations:
        names = (derivation.name_zh, derivation.rule.reason_zh, *(i.name_zh for i in derivation.inputs))
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in name) for name in names)
        assert all(name.isascii() for name in (derivation.rule.reason_en, *(i.name_en for i in derivation.inputs)))


def test_the_line_of_zhejiang_is_no_better_than_the_carbon_fraction_beside_it() -> None:
    marks = {use.symbol: use.value.mark for use in FIR.parameters}
    assert (marks["a"], marks["CF"]) == ("A", "B")
    assert FIR.weakest_mark == max(marks.values(), key="ADBC".index)
    assert not FIR.may_issue


@pytest.mark.parametrize(
    ("marks", "weakest"), [("A", "A"), ("AD", "D"), ("ADB", "B"), ("ADBC", "C"), ("BA", "B"), ("", None)]
)
def test_the_weakest_mark_decides(marks: str, weakest: str | None) -> None:
    known = scalar("cf_shrub_ar_tool14")
    uses = tuple(ParameterUse("x", replace(known, mark=mark)) for mark in marks)
    assert replace(FIR, parameters=uses).weakest_mark == weakest


def test_one_number_that_may_not_issue_stops_the_whole() -> None:
    good = ParameterUse("x", replace(scalar("cf_shrub_ar_tool14"), may_issue=True))
    bad = ParameterUse("y", replace(good.value, may_issue=False))
    assert replace(FIR, parameters=(good,)).may_issue
    assert not replace(FIR, parameters=(good, bad)).may_issue


def test_what_has_no_estimate_never_issues() -> None:
    without = [d for d in BOOK.derivations if d.method == "no_estimate"]
    assert without
    assert not any(derivation.may_issue for derivation in without)


def test_a_total_lists_each_parameter_once() -> None:
    used = parameters_used([FIR.id, BAMBOO.id, FIR.id, None], BOOK.derivations)
    ids = [parameter.id for parameter in used]
    assert ids == sorted(set(ids))
    assert "bamboo_mean_density_tc_ha" in ids
    assert "bef_continuous_zhejiang#chinese_fir.a_t_m3" in ids
    assert len(ids) == len(FIR.parameters) + len(BAMBOO.parameters)


def test_a_number_of_another_release_is_refused() -> None:
    with pytest.raises(KeyError):
        parameters_used([10_000], BOOK.derivations)


def test_the_crosswalk_row_is_one_of_the_parameters() -> None:
    crosswalk = {use.symbol: use.value for use in FIR.parameters}["zhejiang_row"]
    assert crosswalk == value("species_groups", "chinese_fir", "zhejiang_row")
    assert crosswalk.mark == "D"
