"""Two releases of one small place, some years apart, for the cases of change and events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.small_layer import LONGQUAN, NOW, quiet, write_layer

from senhui.inventory import queries
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.release_draft import release_draft
from senhui.measurement import DesignTotal

Person = Callable[..., Any]


def release_of(
    technician: Any,
    reviewer: Any,
    path: Path,
    *,
    year: int,
    design_totals: tuple[DesignTotal, ...] = (),
) -> queries.ReleaseInfo:
    draft = import_layer(technician, path=path, original_name=path.name, reference_year=year, now=NOW, progress=quiet)
    measure_draft(
        technician,
        draft_id=draft.id,
        design_totals=design_totals,
        now=NOW,
        progress=quiet,
    )
    return release_draft(reviewer, draft_id=draft.id, label=f"{year}", now=NOW, progress=quiet)


def two_releases(
    person: Person, directory: Path, *, grown: float = 1.1, totals: tuple[DesignTotal, ...] = (), **later: list[Any]
) -> tuple[queries.ReleaseInfo, queries.ReleaseInfo]:
    """Release twelve stands of 4 ha for 2016 and, grown by a factor, for 2021; `later` replaces columns of 2021."""
    technician, reviewer = person("lin", technician=LONGQUAN), person("chen", reviewer="3311")
    volume = np.round(np.linspace(10, 200, 12) * grown, 2)
    columns: dict[str, list[Any]] = {
        "HUO_LMGQXJ": list(volume), "ZXJ": [round(float(v) * 4) for v in volume], **later,
    }  # fmt: skip
    before = release_of(technician, reviewer, write_layer(directory / "2016.gpkg"), year=2016, design_totals=totals)
    path = write_layer(directory / "2021.gpkg", **columns)
    return before, release_of(technician, reviewer, path, year=2021, design_totals=totals)
