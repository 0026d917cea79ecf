"""A release carries the sums of its error, and its manifest the error of the total it was calibrated to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.small_layer import LONGQUAN, quiet

from senhui.inventory import queries
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.release_draft import release_draft
from senhui.measurement import Derivation, DesignError, DesignTotal, calibration_from_dict, design_totals_from_shares
from senhui.measurement.error_book import error_book
from senhui.measurement.uncertainty import interval

pytestmark = pytest.mark.database
ERROR = DesignError(0.0357, "Du Hao 2023: precision of more than 93 %", "D", "city")
TOTALS = design_totals_from_shares(
    5000.0, shares_frac={"arbor": 0.9}, source="a survey", reason_zh="抽样总体", reason_en="sampled", error=ERROR
)


@pytest.fixture
def released(
    person: Callable[..., Any], layer: Path, now: dt.datetime
) -> Callable[[Sequence[DesignTotal]], queries.ReleaseInfo]:
    """Import, measure and release the small layer, calibrated to what is given."""

    def make(design_totals: Sequence[DesignTotal]) -> queries.ReleaseInfo:
        lin, chen = person("lin", technician=LONGQUAN), person("chen", reviewer=LONGQUAN)
        draft = import_layer(lin, path=layer, original_name=layer.name, reference_year=2021, now=now, progress=quiet)
        measure_draft(lin, draft_id=draft.id, design_totals=design_totals, now=now, progress=quiet)
        return release_draft(chen, draft_id=draft.id, label="Case", now=now, progress=quiet)

    return make


def book_of(release: queries.ReleaseInfo) -> Any:
    return error_book(Derivation.from_dict(row) for row in queries.derivations(release.id).values())


def test_the_sums_lie_in_the_release_and_add_up_to_its_stock(released: Any) -> None:
    release = released(())
    sums = queries.error_sums(release.id)
    assert sums is not None
    assert "error_sums.parquet" in release.manifest["files"]
    vegetation = sums.filter(pl.col("pool").is_in(["main", "scattered"]))
    assert vegetation["sum_tc"].sum() == pytest.approx(release.manifest["measurement"]["stock_tc"])
    found = interval(sums, book=book_of(release))
    assert 0.05 < found.standard_error_tc / found.total_tc < 0.2
    assert {"area_single", "carbon_fraction"} <= {item.source for item in found.not_set}


def test_a_calibrated_release_has_the_error_of_its_survey_which_the_manifest_keeps(released: Any) -> None:
    release = released(TOTALS)
    stored = release.manifest["measurement"]["calibration"]
    assert stored["factors"][0]["standard_error_frac"] == 0.0357
    assert stored["factors"][0]["error_source"] == ERROR.source
    assert stored["factors"][0]["error_mark"] == "D"
    sums = queries.error_sums(release.id)
    assert sums is not None
    found = interval(sums, book=book_of(release), calibration=calibration_from_dict(stored))
    assert found.total_tc == pytest.approx(4500.0)
    assert found.standard_error_tc == pytest.approx(0.0357 * 4500.0)


def test_a_manifest_from_before_errors_is_read_without_one(released: Any) -> None:
    stored = released(TOTALS).manifest["measurement"]["calibration"]
    old = {"factors": [{k: v for k, v in stored["factors"][0].items() if "error" not in k and k != "survey"}]}
    assert calibration_from_dict(old).factors[0].standard_error_frac is None


def test_a_release_from_before_sums_were_kept_has_none(released: Any) -> None:
    release = released(())
    (release.directory / "error_sums.parquet").unlink()
    assert queries.error_sums(release.id) is None
