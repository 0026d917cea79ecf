"""Events of the sample city (示例事件) between its two surveys, recorded through the action that everybody uses.

What happened is read off the later layer's change codes, as a forester would: stands it calls burned, cut, planted or
converted. Pine wilt has no code; a few neighbouring pine stands get it. The choice is drawn with a fixed seed, and each
event says that it is sample data. Cases: tests/cli/demo/test_events.py.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import numpy as np
import polars as pl
from django.utils import timezone

from senhui.inventory import events as recorded
from senhui.inventory import queries
from senhui.inventory.actions.record_event import Statement, record_event

SEED: Final = 20260102
NOTE: Final = "示例数据 sample data"
N_OF_KIND: Final = {"fire": 3, "harvest": 6, "planting": 3, "conversion": 1}
N_STRUCK_BY_PINE_WILT: Final = 4
STATEMENTS: Final = {
    "fire": Statement(),
    "harvest": Statement(taken_frac=1.0, product_frac=0.5),
    "planting": Statement(after_tc_ha=0.1),
    "conversion": Statement(after_tc_ha=0.0),
    "pine_wilt": Statement(taken_frac=0.2, fate="oxidised"),
}
"""What is stated of each kind; the shares are made up, as everything of the sample city is."""


def record_sample_events(actor: Any, *, before_id: str, after_id: str, now: dt.datetime) -> int:
    """Record the sample events on the earlier survey, unless there are any; return how many there are then.

    Parameters
    ----------
    actor : somebody who may import layers in the whole sample city.
    before_id, after_id : its two releases.
    now : the instant (UTC).
    """
    there = recorded.events(actor, on=timezone.localdate(now), release_id=before_id)
    if there:
        return len(there)
    before, after = queries.release(before_id), queries.release(after_id)
    rng = np.random.default_rng(SEED)
    stands = _stands(before_id, after_id)
    drawn: list[tuple[str, int, float]] = []
    for kind, n in N_OF_KIND.items():
        fit = stands.filter(pl.col("said") == kind, _has_stock() | (pl.lit(kind) == "planting"))
        if kind == "conversion" and fit.is_empty():
            # The layer tells of none: a small stand, so that what grew elsewhere is not drowned by it.
            fit = stands.filter(pl.col("said").is_null(), _has_stock()).sort("stock_tc", "row").head(20)
        rows = rng.permutation(fit.height)[:n]
        drawn += [(kind, *row) for row in fit[rows].select("row", "area_ha").rows()]
    drawn += [("pine_wilt", *row) for row in _pine_wilt(stands, rng).select("row", "area_ha").rows()]
    first, last = dt.date(before.reference_year + 1, 1, 1), dt.date(after.reference_year, 12, 31)
    for kind, row, area_ha in drawn:
        record_event(
            actor,
            kind=kind,
            release_id=before_id,
            row=row,
            happened_on=first + dt.timedelta(days=int(rng.integers((last - first).days))),
            area_ha=area_ha,
            statement=STATEMENTS[kind],
            note=NOTE,
            now=now,
        )
    return len(drawn)


def _stands(before_id: str, after_id: str) -> pl.DataFrame:
    """Return the earlier stands with what the later layer says happened to the stand of the same number."""
    columns = ["sub_compartment_id", "species_group", "area_ha", "stock_tc", "min_lon", "min_lat"]
    earlier = queries.scan(before_id).select(columns).collect().with_row_index("row")
    later = queries.scan(after_id).select("sub_compartment_id").collect()
    kinds = recorded.change_codes(after_id).replace_strict(recorded.KIND_OF_CODE, default=None, return_dtype=pl.String)
    later = later.with_columns(kinds.alias("said")).unique("sub_compartment_id", keep="none", maintain_order=True)
    return earlier.join(later, on="sub_compartment_id", how="left", maintain_order="left")


def _has_stock() -> pl.Expr:
    return (pl.col("stock_tc") > 0.0).fill_null(value=False)


def _pine_wilt(stands: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return a pine stand drawn at random and its nearest neighbours of pine, of which no code says anything else."""
    pines = stands.filter((pl.col("species_group") == "masson_pine") & _has_stock() & pl.col("said").is_null())
    if pines.is_empty():
        return pines
    first = pines.row(int(rng.integers(pines.height)), named=True)
    away = (pl.col("min_lon") - first["min_lon"]) ** 2 + (pl.col("min_lat") - first["min_lat"]) ** 2
    return pines.sort(away, maintain_order=True).head(N_STRUCK_BY_PINE_WILT)
