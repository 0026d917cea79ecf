"""A map sheet: who sees what, what fits the paper, and what stands on it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely

from senhui.access.rules import NOWHERE, AreaSet, PermissionRefused
from senhui.access.terminal import OPERATOR
from senhui.atlas import sheet, sheet_map
from senhui.atlas.layers import LAYERS
from senhui.atlas.sheet import LayerNotOnPaper, MapNeedsReviewNumber, TooManyStands
from senhui.atlas.sheet_values import Asked
from senhui.documents import MissingGlyph
from senhui.inventory import queries
from senhui.inventory.queries import ReleaseInfo, Unit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

EVERYWHERE = AreaSet(frozenset({""}))
LONGQUAN = AreaSet(frozenset({"331181"}))
ON = dt.date(2026, 11, 22)
RARE = "垟漈濛"
"""Characters of local names that GB2312 lacks."""


def units() -> list[Unit]:
    """Two counties side by side, each with two townships, as wide as the stands."""
    found = []
    for nth, county in enumerate(("331126", "331181")):
        west = 119.19 + 0.06 * nth
        found.append(Unit(county, "county", f"县{nth}", "3311", True, shapely.box(west, 27.99, west + 0.06, 28.11)))
        for kth, code in enumerate(("100", "102") if nth == 0 else ("100", "101")):
            box = shapely.box(west, 27.99 + 0.06 * kth, west + 0.06, 28.05 + 0.06 * kth)
            found.append(Unit(county + code, "township", f"上{RARE[kth]}乡", county, True, box))
    return found


@pytest.fixture
def drawn(
    release: ReleaseInfo, measured: pl.DataFrame, senhui_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReleaseInfo]:
    """The release with the boxes of its stands, and outlines of its counties and townships."""
    bounds = shapely.bounds(shapely.from_wkb(measured["geometry"].to_numpy()))
    edges = dict(zip(("min_lon", "min_lat", "max_lon", "max_lat"), bounds.T, strict=True))
    path = senhui_home / "releases" / release.id / "sub_compartments.parquet"
    measured.with_columns(**{name: pl.Series(values) for name, values in edges.items()}).write_parquet(path)
    known = units()
    monkeypatch.setattr(
        queries, "administrative_units", lambda level=None: [u for u in known if level in (None, u.level)]
    )
    monkeypatch.setattr(queries, "unit_names", lambda: {unit.code: unit.name_zh for unit in known})
    return release


def asked(release: ReleaseInfo, **changed: Any) -> Asked:
    """A sheet of everything."""
    return replace(Asked(release.id), **changed)


def test_who_sees_the_land_gets_stands_and_the_public_gets_townships(drawn: ReleaseInfo) -> None:
    plan, stands = sheet.plan(asked(drawn), areas=EVERYWHERE)
    assert (plan.level, plan.n_stands, plan.shortfall, plan.is_partial) == ("stand", 400, None, False)
    assert stands is not None
    plan, stands = sheet.plan(asked(drawn), areas=NOWHERE)
    assert (plan.level, plan.n_stands, plan.shortfall, stands) == ("township", 0, "no_role", None)


def test_a_reader_of_one_county_gets_its_stands_only_and_the_sheet_says_so(drawn: ReleaseInfo) -> None:
    plan, stands = sheet.plan(asked(drawn), areas=LONGQUAN)
    assert plan.is_partial
    n_there = queries.scan(drawn.id).filter(pl.col("county_code") == "331181").select(pl.len()).collect().item()
    assert stands is not None
    assert stands.height == plan.n_stands == n_there < 400


def test_a_layer_of_single_stands_is_refused_to_the_public(drawn: ReleaseInfo) -> None:
    with pytest.raises(PermissionRefused):
        sheet.plan(asked(drawn, layer_id="species"), areas=NOWHERE)


def test_more_stands_than_fit_become_townships_and_a_layer_without_townships_is_refused(
    drawn: ReleaseInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "MOST_STANDS", 399)
    plan, stands = sheet.plan(asked(drawn), areas=EVERYWHERE)
    assert (plan.level, plan.shortfall, stands) == ("township", "too_many", None)
    with pytest.raises(TooManyStands) as refused:
        sheet.plan(asked(drawn, layer_id="species"), areas=EVERYWHERE)
    assert refused.value.n_stands == 400


def test_stands_smaller_than_half_a_millimetre_become_townships(drawn: ReleaseInfo) -> None:
    """At 1:1,200,000 a stand of 5 ha is a fifth of a millimetre wide."""
    plan, _stands = sheet.plan(asked(drawn, box=(118.7, 27.4, 120.4, 28.9)), areas=EVERYWHERE)
    assert plan.frame.denominator == 1_200_000
    assert (plan.level, plan.shortfall) == ("township", "too_small")


def test_far_away_counties_carry_the_colours(drawn: ReleaseInfo) -> None:
    plan, _stands = sheet.plan(asked(drawn, box=(117.5, 26.0, 122.0, 30.0)), areas=NOWHERE)
    assert plan.level == "county"


def test_the_public_gets_no_map_of_real_data_without_a_review_number(
    drawn: ReleaseInfo, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "release", lambda release_id: replace(drawn, is_sample=False))
    settings.SENHUI_MAP_REVIEW_NUMBER = ""
    with pytest.raises(MapNeedsReviewNumber):
        sheet.plan(asked(drawn), areas=NOWHERE)
    assert sheet.plan(asked(drawn), areas=LONGQUAN)[0].review_number == ""
    settings.SENHUI_MAP_REVIEW_NUMBER = "浙丽S(2026)1号"
    assert sheet.plan(asked(drawn), areas=NOWHERE)[0].review_number == "浙丽S(2026)1号"


def test_a_layer_that_no_sheet_knows_is_refused(drawn: ReleaseInfo) -> None:
    with pytest.raises(LayerNotOnPaper):
        sheet.plan(asked(drawn, layer_id="nonsense"), areas=EVERYWHERE)
    assert {"density", "species", "land_class"} <= set(sheet.drawable_layers()) <= LAYERS.keys()


@pytest.mark.parametrize(
    "layer_id",
    ["density", "species", "origin", "age_group", "land_class", "method", "protection", "disturbance", "error"],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_layer_becomes_a_pdf_and_the_same_bytes_again(drawn: ReleaseInfo, layer_id: str, language: Any) -> None:
    wanted = asked(drawn, layer_id=layer_id, language=language, place="331181")
    _plan, made = sheet.make_sheet(OPERATOR, wanted, form="pdf", on=ON)
    assert made.startswith(b"%PDF-")
    assert sheet.make_sheet(OPERATOR, wanted, form="pdf", on=ON)[1] == made


@pytest.mark.parametrize(("paper", "orientation", "size"), [
    ("A4", "landscape", (2970, 2100)), ("A4", "portrait", (2100, 2970)), ("A3", "landscape", (4200, 2970)),
])  # fmt: skip
def test_a_picture_has_the_size_of_its_paper(drawn: ReleaseInfo, paper: Any, orientation: Any, size: Any) -> None:
    wanted = asked(drawn, paper=paper, orientation=orientation)
    made = sheet.make_sheet(OPERATOR, wanted, form="png", on=ON, pixels_per_inch=254)[1]
    assert (int.from_bytes(made[16:20], "big"), int.from_bytes(made[20:24], "big")) == size


def test_the_colours_of_the_legend_are_those_of_the_map(drawn: ReleaseInfo) -> None:
    plan, stands = sheet.plan(asked(drawn), areas=EVERYWHERE)
    svg = sheet_map.picture_of(plan, stands, areas=EVERYWHERE).decode()
    known = {step.colour for step in plan.layer.steps} | {plan.layer.no_value}
    used = set(re.findall(r'fill="(#\w{6})" stroke="#\w{6}" stroke-width="3"', svg))
    assert used
    assert used <= known


def test_names_with_rare_characters_are_on_the_sheet_and_a_missing_one_is_refused(
    drawn: ReleaseInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, stands = sheet.plan(asked(drawn), areas=NOWHERE)
    names = {unit.code: unit.name_zh for unit in units()}
    labels = {label.text for label in sheet_map.labels_of(plan, stands, names)}
    assert {"上垟乡", "上漈乡"} <= labels
    missing = names | {"331181100": "上\U000200a0乡"}
    monkeypatch.setattr(queries, "unit_names", lambda: missing)
    with pytest.raises(MissingGlyph, match=r"U\+200A0"):
        sheet.make_sheet(OPERATOR, asked(drawn), form="pdf", on=ON)


def test_the_numbers_are_those_of_the_place(drawn: ReleaseInfo) -> None:
    city, _stands = sheet.plan(asked(drawn), areas=NOWHERE)
    county, _stands = sheet.plan(asked(drawn, place="331181"), areas=NOWHERE)
    rows = queries.scan(drawn.id).select("county_code", "calibrated_stock_tc").collect()
    assert city.total is not None
    assert county.total is not None
    assert city.total["calibrated_stock_tc"] == pytest.approx(rows["calibrated_stock_tc"].sum())
    inside = rows.filter(pl.col("county_code") == "331181")["calibrated_stock_tc"]
    assert county.total["calibrated_stock_tc"] == pytest.approx(inside.sum())


def test_a_code_leads_back_to_the_view_where_an_address_is_configured(drawn: ReleaseInfo, settings: Any) -> None:
    settings.SENHUI_PUBLIC_ADDRESS = ""
    assert sheet.plan(asked(drawn), areas=NOWHERE)[0].address == ""
    settings.SENHUI_PUBLIC_ADDRESS = "https://carbon.example.cn"
    address = sheet.plan(asked(drawn, place="331181"), areas=NOWHERE)[0].address
    assert address.startswith("https://carbon.example.cn/#map=")
    assert "&release=2021-1&layer=density&measure=calibrated&per=forest&place=331181" in address
    zoom, lat, lon = (float(part) for part in address.split("map=")[1].split("&")[0].split("/"))
    assert np.allclose((lat, lon), (28.05, 119.28), atol=0.001)
    assert 10 < zoom < 13
    assert b"<path" in sheet.qr_code(address)
