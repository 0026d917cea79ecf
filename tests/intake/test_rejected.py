"""The list of findings opens in an office program, in Chinese, and carries no formula out of a user's file."""

import csv
from pathlib import Path

import polars as pl
from tests.intake.layers import good_rows, write_layer

from senhui.intake import read_sub_compartments, write_rejected


def test_findings_become_a_table_that_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    rows = good_rows().with_columns(
        DI_LEI=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("乔木林")).otherwise(pl.col("DI_LEI"))
    )
    layer = read_sub_compartments(write_layer(rows, tmp_path / "layer.gpkg"))

    write_rejected(layer.findings, tmp_path / "findings.csv")

    content = (tmp_path / "findings.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "findings.csv").open(encoding="utf-8-sig", newline="") as stream:
        (finding,) = csv.DictReader(stream)
    assert finding == {
        "row": "1",
        "id": "331181103200-0012-0001",
        "field": "DI_LEI",
        "value": "乔木林",
        "reason": "The land-class code is not in the code list of this layer.",
        "remedy": "Correct the code, or choose another generation of land classes for the layer.",
        "severity": "error",
        "n_rows": "1",
    }


def test_a_formula_is_text_and_a_negative_number_stays_one(tmp_path: Path) -> None:
    rows = good_rows().with_columns(PO_XIANG=pl.lit("=1+1"), PINGJUN_SG=pl.lit(-3.0))
    layer = read_sub_compartments(write_layer(rows.head(3), tmp_path / "layer.gpkg"))
    write_rejected(layer.findings, tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8-sig", newline="") as stream:
        values = {finding["value"] for finding in csv.DictReader(stream)}
    assert values == {"'=1+1", "-3.0"}


def test_no_findings_give_a_table_with_its_heading_alone(tmp_path: Path) -> None:
    layer = read_sub_compartments(write_layer(good_rows(), tmp_path / "layer.gpkg"))
    write_rejected(layer.findings, tmp_path / "findings.csv")
    assert (tmp_path / "findings.csv").read_text("utf-8-sig").strip() == (
        "row,id,field,value,reason,remedy,severity,n_rows"
    )
