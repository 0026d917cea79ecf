"""An export is taken into an import again: no mapping is asked for, no row is wrong, and the totals are the same."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from tests.small_layer import LONGQUAN, quiet, write_layer

from senhui.atlas.exports import sub_compartments
from senhui.atlas.exports.layer_files import Form
from senhui.atlas.jobs import release_and_map
from senhui.atlas.selection import Selection
from senhui.intake import ImportProfile
from senhui.inventory import queries
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft

pytestmark = pytest.mark.django_db

SHOWN = {"area_ha": 2, "volume_m3": 1, "stock_tc": 2, "calibrated_stock_tc": 2, "litter_tc": 2, "understory_tc": 2}
"""Totals, and the digits after the point that pages and tables print of them."""
WITH_OUTLINES: tuple[Form, ...] = ("gpkg", "zip", "csv")


def all_kinds(path: Path) -> Path:
    """Write a layer with what surveys record: every kind of land, mu, tenths, scattered trees, numbers with zeros."""
    kinds = [  # land class, species, volume per hectare, culms, scattered volume
        ("1111", "310", 120.37, None, None),
        ("1112", "610", 88.123456789, None, 7.5),
        ("1130", "660", None, 2950, None),
        ("1200", "220", 14.2, None, None),
        ("1310", None, None, None, None),
        ("1320", None, None, None, None),
        ("1410", "310", None, None, 0.8),
        ("2300", None, None, None, None),
    ]
    n = 5 * len(kinds)
    volume = [kinds[i % len(kinds)][2] for i in range(n)]
    scattered = [kinds[i % len(kinds)][4] for i in range(n)]
    species = [kinds[i % len(kinds)][1] for i in range(n)]
    area_ha = [round(4.0 + 0.013 * (i % 7), 3) for i in range(n)]
    holed = shapely.box(119.1, 28.0, 119.10203628, 28.0018) - shapely.box(119.1001, 28.0001, 119.10012, 28.00012)
    return write_layer(
        path,
        n=n,
        outlines={1: holed},
        DI_LEI=[kinds[i % len(kinds)][0] for i in range(n)],
        YOU_SHI_SZ=species,
        MIAN_JI=[area * 15 for area in area_ha],
        HUO_LMGQXJ=volume,
        # Of the second kind the scattered trees stand in the volume of the stand, of the seventh beside it.
        ZXJ=[None if v is None else v * a for v, a in zip(volume, area_ha, strict=True)],
        SSXJ=scattered,
        SSZYSZ=[None if v is None else "440" for v in scattered],
        MEI_GQ_ZS=[kinds[i % len(kinds)][3] for i in range(n)],
        YU_BI_DU=[70.0 if volume[i] else None for i in range(n)],
        LIN_BAN=[f"{i // 10:04d}" for i in range(n)],
        XIAO_BAN=[f"{i % 10:04d}" for i in range(n)],
        XI_BAN=["01" if i % 3 else None for i in range(n)],
        PINGJUN_XJ=list(np.round(np.linspace(5.5, 30, n), 1)),
        PINGJUN_SG=list(np.round(np.linspace(3, 20, n), 1)),
        SEN_LIN_LB=["011" if i % 2 else "022" for i in range(n)],
    )


@pytest.fixture
def source(person: Callable[..., Any], tmp_path: Path, now: dt.datetime) -> queries.ReleaseInfo:
    """A release of that layer, imported by lin."""
    lin, chen = person("lin", technician=LONGQUAN), person("chen", reviewer="3311")
    draft = imported(lin, all_kinds(tmp_path / "survey.gpkg"), now)
    measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    release_id = release_and_map(chen, draft_id=draft.id, label="=1+1 乡镇", now=now, progress=quiet)
    return queries.release(release_id)


def imported(lin: Any, path: Path, now: dt.datetime) -> queries.DraftInfo:
    return import_layer(
        lin,
        path=path,
        original_name=path.name,
        reference_year=2021,
        is_sample=True,
        profile=ImportProfile(),
        now=now,
        progress=quiet,
    )


def findings_of(lin: Any, draft: queries.DraftInfo, today: dt.date) -> dict[str, int]:
    found = queries.draft_errors(lin, draft.id, on=today, severity="error", per_page=10)
    warned = queries.draft_errors(lin, draft.id, on=today, severity="warning", per_page=10)
    return {**found.n_by_reason, **warned.n_by_reason}


def sums(frame: pl.DataFrame) -> dict[str, str]:
    return {name: f"{math.fsum(frame[name].drop_nulls()):.{n}f}" for name, n in SHOWN.items()}


@pytest.mark.parametrize("form", WITH_OUTLINES)
def test_a_release_comes_back_with_the_same_totals(
    source: queries.ReleaseInfo, now: dt.datetime, today: dt.date, tmp_path: Path, form: Form
) -> None:
    lin = user_lin()
    before = queries.scan(source.id).collect()
    path = sub_compartments(lin, Selection(source.id), form=form, language="zh", now=now, progress=quiet).path
    draft = imported(lin, path, now)
    assert (draft.state, draft.n_rows, draft.n_open_errors) == ("imported", before.height, 0)
    again = measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    after = pl.read_parquet(again.directory / "measured.parquet")
    assert sums(after) == sums(before)
    assert after["sub_compartment_id"].to_list() == before["sub_compartment_id"].to_list()
    for column in ("land_class", "species_code", "species_group", "origin", "age_group", "method", "forest_category"):
        assert after[column].to_list() == before[column].to_list(), column
    for column in ("stock_tc", "volume_m3_ha", "area_ha", "scattered_volume_m3", "canopy_frac", "dbh_cm"):
        assert after[column].is_null().to_list() == before[column].is_null().to_list(), column
        difference = (after[column] - before[column]).abs().max()
        assert difference == pytest.approx(0.0, abs=1e-9), column
    assert shapely.equals(
        shapely.normalize(shapely.from_wkb(after["geometry"].to_numpy())),
        shapely.normalize(shapely.from_wkb(before["geometry"].to_numpy())),
    ).all()
    # What is wrong or doubtful with the rows was so before.
    first = imported(lin, tmp_path / "survey.gpkg", now)
    assert set(findings_of(lin, again, today)) <= set(findings_of(lin, first, today))


@pytest.mark.parametrize("form", WITH_OUTLINES)
def test_a_selection_comes_back_with_its_totals(source: queries.ReleaseInfo, now: dt.datetime, form: Form) -> None:
    lin = user_lin()
    shape = shapely.to_wkb(shapely.box(119.09, 27.99, 119.16, 28.01))
    chosen = Selection(source.id, LONGQUAN, {"land_class": ("tree_forest", "bamboo_forest")}, shape)
    everything = queries.scan(source.id).collect()
    inside = [lon < 119.16 for lon in ((everything["min_lon"] + everything["max_lon"]) / 2)]
    before = everything.filter(pl.Series(inside) & pl.col("land_class").is_in(["tree_forest", "bamboo_forest"]))
    assert 0 < before.height < everything.height
    written = sub_compartments(lin, chosen, form=form, language="zh", now=now, progress=quiet)
    assert written.n_rows == before.height
    draft = imported(lin, written.path, now)
    assert draft.n_open_errors == 0
    again = measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    assert sums(pl.read_parquet(again.directory / "measured.parquet")) == sums(before)


def user_lin() -> Any:
    from senhui.access.queries import user_named

    return user_named("lin")
