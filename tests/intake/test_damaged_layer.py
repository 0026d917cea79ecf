"""A layer with damaged rows of fifteen kinds: every one is told with the right reason, and no other row is."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from tests.intake.damaged_layer import REASONS, make_damaged_layer

from senhui.intake import ImportContext, read_sub_compartments


@pytest.mark.parametrize("n_rows", [10_000, pytest.param(300_000, marks=pytest.mark.long)])
def test_every_damaged_row_is_told_and_no_other(tmp_path: Path, n_rows: int) -> None:
    damaged = make_damaged_layer(tmp_path, n_rows=n_rows)

    layer = read_sub_compartments(damaged.path, context=ImportContext(county_outlines=damaged.counties))

    told = set(layer.findings.select("row", "other_row", "reason").rows())
    assert told - damaged.expected == set()
    assert damaged.expected - told == set()

    n_damaged = Counter(damaged.kinds.values())
    assert set(n_damaged) == set(REASONS)
    assert n_damaged.total() == n_rows // 100
    assert max(n_damaged.values()) - min(n_damaged.values()) <= 1
    assert layer.profile.area_unit == "mu"
    assert layer.source["encoding"] == "GB18030"
    assert len(layer.profile.field_names) == 144
    assert layer.source_fields.height == n_rows

    wrong = {
        row for row, _, reason in told if layer.findings.filter(pl.col("reason") == reason)["severity"][0] == "error"
    }
    assert layer.stands.height == n_rows - len(wrong)
    assert layer.source["n_rejected"] == len(wrong)
    # Of the kinds only a missing outline has no place to look at.
    placeless = layer.findings.filter(pl.col("lon").is_null() | pl.col("lat").is_null())
    assert set(placeless["reason"]) == {"geometry_missing"}
