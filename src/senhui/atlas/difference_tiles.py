"""Tiles of a comparison (变化图的瓦片): every stand of the later release with what its land took up, and why.

The outlines and their feature ids are those of the later release, so the map changes colours and nothing else; the
permission is that of `senhui.atlas.tiles`. Land that no later stand covers has no outline here: how much it is stands
in the metadata. Cases: tests/atlas/test_difference_tiles.py.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from senhui.atlas import tiles
from senhui.atlas.difference import CAUSES, stand_changes
from senhui.atlas.tile_writer import Attributes, Progress, TileReport, write_outlines
from senhui.inventory import changes, queries

PER_UNIT: Final = 10
"""Numbers per tC/ha/yr."""
ZERO: Final = 512
"""The number of no change."""
NOTHING_COMPARED: Final = 0
_HIGHEST: Final = 1023
LISTED_CAUSES: Final[tuple[str | None, ...]] = (None, *CAUSES)

KEYS: Final = {
    "change": f"removal on the calibrated basis in tenths of tC/ha/yr, rounded down, plus {ZERO}; positive where the "
    f"land took carbon up; from -51.1 to 51.1, what lies beyond is told as its end; {NOTHING_COMPARED} is nothing "
    "measured alike by both surveys",
    "change_measured": "the same of the stocks as measured, before calibration",
    "cause": "position in the metadata's list causes: why most of the difference of the measured stocks is there; its "
    "first entry, null, is no difference",
}


def name_of(change_id: str) -> str:
    """Return the name by which `senhui.atlas.tiles` knows the tiles of a comparison."""
    return f"{tiles.OF_CHANGE}{change_id}"


def has_tiles(change_id: str) -> bool:
    """Return whether the tiles of a comparison have been made."""
    return tiles.has_map(name_of(change_id))


def build(change_id: str, *, progress: Progress) -> TileReport:
    """Write the tiles of a comparison; run again, it writes the same.

    Raises
    ------
    NoSuchChange, ChangeWasAltered
    """
    info = changes.change(change_id)
    progress(0.0, "Reading the comparison")
    pieces = changes.pieces(change_id)
    stands = queries.scan(info.after.id).select("geometry", "village_code").collect()
    is_left = pl.col("row_after").is_null()
    about: dict[str, Any] = {
        "change": info.id,
        "before": info.before.id,
        "after": info.after.id,
        "years": [info.before.reference_year, info.after.reference_year],
        "is_sample": info.is_sample,
        "attribution": f"{info.before.label} – {info.after.label}{' · 示例数据 Sample data' if info.is_sample else ''}",
        "unit": "tC/ha/yr",
        "numbers_per_unit": PER_UNIT,
        "number_of_zero": ZERO,
        "number_of_nothing_compared": NOTHING_COMPARED,
        "causes": list(LISTED_CAUSES),
        "without_outline_ha": round(float(pieces.filter(is_left)["area_before_ha"].sum()), 2),
    }
    return write_outlines(
        stands["geometry"],
        tiles.path_of(name_of(change_id)),
        village_codes=stands["village_code"],
        attributes=attributes_of(stand_changes(pieces, period_yr=info.period_yr), n_stands=stands.height),
        keys=KEYS,
        about=about,
        progress=progress,
    )


def attributes_of(changed: pl.DataFrame, *, n_stands: int) -> Attributes:
    """Return the numbers of every stand of the later release, in the order of `KEYS`.

    Parameters
    ----------
    changed : DataFrame
        From `stand_changes`; stands that it does not name have nothing compared.
    n_stands : int
    """
    numbers = np.zeros((n_stands, len(KEYS)), dtype=np.uint32)
    rows = changed["row_after"].to_numpy()
    numbers[rows, 0] = numbers_of(changed["calibrated_tc_ha_yr"])
    numbers[rows, 1] = numbers_of(changed["measured_tc_ha_yr"])
    position = {cause: nth for nth, cause in enumerate(LISTED_CAUSES) if cause is not None}
    numbers[rows, 2] = changed["cause"].replace_strict(position, default=0, return_dtype=pl.UInt32).to_numpy()
    return numbers


def numbers_of(rates_tc_ha_yr: pl.Series) -> npt.NDArray[np.uint32]:
    """Return rates as the tiles write them: rounded down, so that a step of the legend begins where it says.

    Examples
    --------
    >>> numbers_of(pl.Series([None, 0.0, 0.1, 0.19, -0.01, 99.0])).tolist()
    [0, 512, 513, 513, 511, 1023]
    """
    # Sums of floats fall short of the tenth that they are by some 1e-12.
    tenths = (rates_tc_ha_yr * PER_UNIT + 1e-6).floor() + ZERO
    whole = tenths.clip(NOTHING_COMPARED + 1, _HIGHEST).fill_null(NOTHING_COMPARED)
    return whole.cast(pl.UInt32).to_numpy()
