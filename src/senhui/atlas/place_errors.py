"""How well the stock of each county and township is known, for colouring: worked out once for a release and kept.

A release never changes, nor do the sources of error it was measured with. Cases: ``tests/atlas/test_place_errors.py``.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

import polars as pl
from django.conf import settings

from senhui.atlas.uncertainty import COUNTY_DIGITS, TOWNSHIP_DIGITS, errors_of
from senhui.inventory import queries

Level = Literal["county", "township"]
_N_DIGITS = {"county": COUNTY_DIGITS, "township": TOWNSHIP_DIGITS}


def build_place_errors(release_id: str) -> None:
    """Work out half of the 95 % interval over the stock of every county and township, and store it.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    townships = queries.release(release_id).township_codes
    codes = sorted({code[:n_digits] for code in townships for n_digits in _N_DIGITS.values()})
    columns: dict[str, list[float | None]] = {}
    for name, is_calibrated in (("calibrated", True), ("measured", False)):
        found = errors_of(release_id, codes, is_calibrated=is_calibrated) or {}
        columns[name] = [
            found[code].relative_half_width_frac if code in found and found[code].standard_error_tc > 0 else None
            for code in codes
        ]
    path = _path(release_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    schema = {"code": pl.String, "calibrated": pl.Float64, "measured": pl.Float64}
    pl.DataFrame({"code": codes, **columns}, schema=schema).write_parquet(partial)
    partial.replace(path)


def place_errors(release_id: str, *, level: Level, is_calibrated: bool) -> dict[str, float | None]:
    """Return half of the 95 % interval over the stock by area code, a fraction; None where it is not known.

    Worked out now if no job has done it yet.
    """
    queries.release_path(release_id)
    path = _path(release_id)
    if not path.exists():
        build_place_errors(release_id)
    found = _read(path, path.stat().st_mtime_ns)
    of_level = found.filter(pl.col("code").str.len_chars() == _N_DIGITS[level])
    return dict(of_level.select("code", "calibrated" if is_calibrated else "measured").iter_rows())


def _path(release_id: str) -> Path:
    return Path(settings.SENHUI_HOME) / "atlas" / release_id / "place_errors.parquet"


@lru_cache(maxsize=16)
def _read(path: Path, written_ns: int) -> pl.DataFrame:
    del written_ns  # part of the key
    return pl.read_parquet(path)
