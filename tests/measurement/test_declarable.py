"""What an installation may declare: known by name, of the right kind, in a range that catches slips of the pen."""

import math

import pytest
from tests.measurement.stands import BOOK

from senhui.measurement.choice import method_rules
from senhui.measurement.declarable import DeclaredValueWrong, NotDeclarable, declarable, declarables
from senhui.measurement.declarations import UNITS
from senhui.measurement.error_book import ErrorOverride, error_book, error_sources


def test_every_assumption_that_a_rule_asks_for_can_be_declared() -> None:
    asked = {word for rule in method_rules().rules for word in rule.declared}
    asked |= {
        word
        for method in method_rules().methods.values()
        for reference in method.parameters.values()
        for word in (reference.declared, reference.row_declared)
        if word is not None
    }
    assert asked == set(UNITS)
    assert asked <= declarables().keys()


def test_every_source_of_error_but_that_of_the_sample_survey_can_be_declared() -> None:
    missing = {source.id for source in error_sources()} - {
        item.error_source.id for item in declarables().values() if item.error_source is not None
    }
    assert missing == {"design_total", "design_total_by_variation", "design_shares"}


def test_each_error_that_can_be_declared_sets_the_row_that_it_names_and_no_other() -> None:
    for item in declarables().values():
        if item.error_source is None:
            continue
        row = item.error_source
        errors = error_book(BOOK.derivations, overrides=[ErrorOverride(row.id, 0.5, "the case", group=row.group)])
        assert errors.sources[row.id].relative_error_frac == 0.5
        assert errors.sources[row.id].mark == "C"


@pytest.mark.parametrize(
    ("declarable_id", "value"),
    [
        ("culm_age_du", 1),
        ("culm_age_du", 2.5),
        ("soil", "warm_temperate_moist/low_activity"),
        ("error.area_single", 0.02),
        ("error.volume_line_model.oak", 1.0),
    ],
)
def test_what_fits_is_kept(declarable_id: str, value: float | str) -> None:
    assert declarable(declarable_id).checked(value) == value


@pytest.mark.parametrize(
    ("declarable_id", "value"),
    [
        ("culm_age_du", 0.9),
        ("culm_age_du", 10.5),
        ("culm_age_du", math.nan),
        ("culm_age_du", "two"),
        ("culm_age_du", True),
        ("soil", "red"),
        ("soil", 1.0),
        ("error.area_single", 0.0),
        ("error.area_single", -0.02),
        ("error.area_single", 2.0),
        ("error.area_single", math.inf),
        ("error.area_single", "2 %"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(declarable_id: str, value: float | str) -> None:
    with pytest.raises(DeclaredValueWrong) as refusal:
        declarable(declarable_id).checked(value)
    assert refusal.value.declarable_id == declarable_id
    assert refusal.value.allowed == declarable(declarable_id).allowed


@pytest.mark.parametrize("unknown", ["weather", "error.weather", "error.design_total", "error.area_single.oak", ""])
def test_what_is_not_there_cannot_be_declared(unknown: str) -> None:
    with pytest.raises(NotDeclarable):
        declarable(unknown)
