"""What the checks of a layer need to know of the world outside it: the outlines of the counties."""

from __future__ import annotations

import polars as pl

from senhui.intake import ImportContext
from senhui.inventory.models import AdministrativeUnit


def import_context() -> ImportContext:
    """Return the counties' outlines, as far as they are known; without any, no stand is checked against its county."""
    rows = AdministrativeUnit.objects.filter(level="county", wkb__isnull=False).values_list("code", "wkb")
    counties = [(code, bytes(wkb)) for code, wkb in rows if wkb is not None]
    if not counties:
        return ImportContext(county_outlines=None)
    return ImportContext(
        county_outlines=pl.DataFrame(counties, schema={"code": pl.String, "geometry": pl.Binary}, orient="row")
    )
