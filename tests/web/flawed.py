"""A draft with a few known errors, imported by the product's own action: what the cases of the draft pages work on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyogrio
from tests.small_layer import quiet, write_layer

from senhui.inventory import queries

N_ROWS = 40
NEGATIVE_ROW, SPECIES_ROW, CANOPY_ROW = 3, 5, 7
SPECIES = ["310", "220", "610"]


def import_flawed(actor: Any, directory: Path, *, now: dt.datetime, **overrides: list[Any]) -> queries.DraftInfo:
    """Import forty stands: row 3 has a negative volume, row 5 an unknown species, row 7 a canopy above the whole.

    Overrides replace whole columns; one without any value is not in the file.
    """
    from senhui.inventory.actions.import_layer import import_layer

    volume = [round(10 + 4.5 * row, 2) for row in range(N_ROWS)]
    volume[NEGATIVE_ROW - 1] *= -1
    species = (SPECIES * N_ROWS)[:N_ROWS]
    species[SPECIES_ROW - 1] = "998"
    canopy = [0.7] * N_ROWS
    canopy[CANOPY_ROW - 1] = 1.6
    columns = {"HUO_LMGQXJ": volume, "YOU_SHI_SZ": species, "YU_BI_DU": canopy, "ZXJ": [None] * N_ROWS, **overrides}
    kept = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    path = write_layer(directory / "flawed.gpkg", n=N_ROWS, **kept)
    _without(path, [name for name in columns if name not in kept])
    return import_layer(actor, path=path, original_name=path.name, reference_year=2024, now=now, progress=quiet)


def _without(path: Path, names: list[str]) -> None:
    """Take columns out of a layer."""
    meta, table = pyogrio.read_arrow(path)
    path.unlink()
    pyogrio.write_arrow(
        table.drop_columns(names), path, driver="GPKG", layer="xiaoban", geometry_name=meta["geometry_name"],
        geometry_type="Polygon", crs="EPSG:4490",
    )  # fmt: skip
