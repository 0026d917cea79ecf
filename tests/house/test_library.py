"""`import senhui` in a notebook: the science rooms work where Django was never set up, and do not load it."""

from __future__ import annotations

import subprocess
import sys


def test_the_science_rooms_measure_a_stand_without_django() -> None:
    script = """
import sys
import polars as pl
from senhui.measurement import default_book, measure_stands
stand = pl.LazyFrame({
    "land_class": ["tree_forest"], "species_group": ["chinese_fir"], "volume_m3_ha": [100.0], "stems_ha": [None],
    "area_ha": [2.0], "volume_m3": [200.0], "scattered_volume_m3": [None], "scattered_species_group": [None],
    "dbh_cm": [None], "height_m": [None],
}, schema_overrides={"scattered_species_group": pl.String} | dict.fromkeys(
    ("stems_ha", "scattered_volume_m3", "dbh_cm", "height_m"), pl.Float64))
print(measure_stands(stand, book=default_book()).collect()["stock_tc"][0])
print(any(name.split(".")[0] in {"django", "shapely", "pyogrio", "sqlite3"} for name in sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={})
    stock_tc, loaded = run.stdout.split()
    # B = 0.4652 × 100 + 19.141 = 65.661 t/ha; × CF 0.520 × 2 ha
    assert abs(float(stock_tc) - 65.661 * 0.520 * 2) < 1e-9
    assert loaded == "False"
