"""County × species and its relatives (统计表): one table, sorted, with its area without estimate, and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senhui.access.rules import AreaSet
from senhui.atlas import exports
from senhui.atlas.statistics import public_statistics, read_by, statistics
from senhui.inventory import queries
from senhui.web import names, summaries, units
from senhui.web.page import page, seen_areas

DIMENSION_LABELS: dict[str, Promise] = {
    "species_group": _("Species group"),
    "land_class": _("Land class"),
    "origin": _("Origin"),
    "age_group": _("Age group"),
    "county": _("County"),
    "township": _("Township"),
}

MEASURE_LABELS: dict[str, Promise] = {
    "calibrated_stock_tc": _("Carbon stock, calibrated"),
    "stock_tc": _("Carbon stock, measured"),
    "area_ha": _("Area"),
    "area_without_estimate_ha": _("Area without estimate"),
    "volume_m3": _("Living stock volume"),
    "forest_area_ha": _("Forest land"),
    "calibrated_stock_tc_per_forest_ha": _("Calibrated stock per hectare of forest"),
    "stock_tc_per_forest_ha": _("Measured stock per hectare of forest"),
    "calibrated_stock_tc_per_land_ha": _("Calibrated stock per hectare of land"),
    "stock_tc_per_land_ha": _("Measured stock per hectare of land"),
    "n": _("Sub-compartments"),
}

CROSS_MEASURES = (
    "calibrated_stock_tc", "stock_tc", "calibrated_stock_tc_per_forest_ha", "calibrated_stock_tc_per_land_ha",
    "area_ha", "forest_area_ha", "area_without_estimate_ha", "volume_m3",
)  # fmt: skip
ALL_MEASURES = "all"
UNCALIBRATED = {
    "calibrated_stock_tc": "stock_tc",
    "calibrated_stock_tc_per_forest_ha": "stock_tc_per_forest_ha",
    "calibrated_stock_tc_per_land_ha": "stock_tc_per_land_ha",
}
"""What stands in the place of a calibrated measure where the release is not calibrated."""

LIST_COLUMNS = (
    "n", "area_ha", "forest_area_ha", "area_without_estimate_ha", "volume_m3", "stock_tc", "calibrated_stock_tc",
    "calibrated_stock_tc_per_forest_ha", "calibrated_stock_tc_per_land_ha",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What the reader chose: release, grouping, area, measure and order of rows."""

    release: queries.ReleaseInfo
    by: str
    within: str
    measure: str
    sort: str

    @property
    def is_cross(self) -> bool:
        """Whether counties stand side by side as columns (one measure), or measures do (one area)."""
        return self.measure != ALL_MEASURES and not self.within and self.by not in {"county", "township"}

    def address(self, **changed: str) -> str:
        """Return the query of this choice with some of it changed."""
        chosen = {
            "release": self.release.id,
            "by": self.by,
            "within": self.within,
            "measure": self.measure,
            "sort": self.sort,
        }
        return urlencode({key: value for key, value in {**chosen, **changed}.items() if value})


@dataclass(frozen=True)
class Heading:
    """A column's head: key, words, quantity, and the link that sorts by it."""

    key: str
    label: str
    quantity: str
    sort_link: str
    direction: str


def statistics_page(request: HttpRequest) -> HttpResponse:
    """Show the chosen table."""
    releases = queries.releases()
    if not releases:
        return page(request, "no_release.html")
    choice = _choice(request, releases)
    areas = seen_areas(request)
    headings, rows, footer = _cross_table(choice, areas) if choice.is_cross else _list_table(choice, areas)
    counties = [unit.code for unit in queries.administrative_units("county")]
    measure = _offered(("calibrated_stock_tc",), choice.release)[0]
    total = summaries.total(choice.release.id, within=choice.within)
    context = {
        "total": total,
        "excluded_area_ha": choice.release.excluded_area_within(choice.within),
        "total_tc": total and total[measure],
        "error": summaries.error(choice.release, within=choice.within, measure=measure) if total else None,
        "pools": summaries.pools(total) if total else [],
        "land_source": names.LAND_SOURCES[total["land_source"]] if total else "",
        "rows_are_places": choice.by in {"county", "township"},
        "choice": choice,
        "releases": releases,
        "release": choice.release,
        "is_sample": choice.release.is_sample,
        "dimensions": DIMENSION_LABELS.items(),
        "measures": [(key, MEASURE_LABELS[key]) for key in _offered(CROSS_MEASURES, choice.release)],
        "places": [(code, names.place(code)) for code in counties],
        "place": names.place(choice.within) if choice.within else "",
        "within_township": len(choice.within) == names.LENGTH_OF_LEVEL["township"],
        "dimension": DIMENSION_LABELS[choice.by],
        "measure_label": MEASURE_LABELS.get(choice.measure),
        "headings": headings,
        "has_withheld": any(is_withheld for row in rows for *_value, is_withheld in row["cells"]),
        "rows": rows,
        "footer": footer,
        "unit": units.habit(units.QUANTITY_OF_COLUMN[choice.measure]).unit if choice.is_cross else "",
        "name_link": choice.address(sort="name"),
        "download_query": choice.address(),
    }
    return page(request, "statistics.html", context)


def download(request: HttpRequest, form: Literal["csv", "xlsx"]) -> HttpResponse:
    """Give the chosen table as CSV or XLSX, in SI units with the unit in each column's name."""
    if form not in {"csv", "xlsx"}:
        raise Http404
    choice = _choice(request, queries.releases())
    by = ("county", choice.by) if choice.is_cross else (choice.by,)
    with read_by(seen_areas(request)):
        data = exports.statistics_file(
            choice.release.id, within=choice.within or None, by=by, where={}, form=form, language=names.language()
        )
    response = HttpResponse(data.content, content_type=data.content_type)
    response["Content-Disposition"] = f'attachment; filename="{data.name}"'
    return response


def _choice(request: HttpRequest, releases: list[queries.ReleaseInfo]) -> Choice:
    asked = request.GET
    release = queries.release(asked["release"]) if asked.get("release") else releases[0] if releases else None
    if release is None:
        raise Http404
    by = asked.get("by", summaries.DIMENSIONS[0])
    within = asked.get("within", "")
    measure = asked.get("measure", CROSS_MEASURES[0])
    known = by in DIMENSION_LABELS and measure in {*CROSS_MEASURES, ALL_MEASURES}
    if not known or (within and (not within.isdecimal() or len(within) not in names.LEVEL_OF_LENGTH)):
        raise Http404
    if not summaries.is_calibrated(release):
        measure = UNCALIBRATED.get(measure, measure)
    if len(within) == names.LENGTH_OF_LEVEL["city"]:
        within = ""
    return Choice(release, by, within, measure, asked.get("sort", ""))


def _offered(columns: tuple[str, ...], release: queries.ReleaseInfo) -> list[str]:
    """Return the columns without those called calibrated, where the release is not."""
    is_calibrated = summaries.is_calibrated(release)
    kept = dict.fromkeys(column if is_calibrated else UNCALIBRATED.get(column, column) for column in columns)
    return list(kept)


def _cross_table(choice: Choice, areas: AreaSet) -> tuple[list[Heading], list[dict[str, Any]], list[dict[str, Any]]]:
    """Values of the dimension down, counties across, one measure; the margins come from the same cube."""
    measure = choice.measure
    quantity = units.QUANTITY_OF_COLUMN[measure]
    cells = public_statistics(choice.release.id, areas=areas, within=None, by=(choice.by, "county"), where={})
    by_row = public_statistics(choice.release.id, areas=areas, within=None, by=(choice.by,), where={})
    withheld = set(cells.filter("is_withheld").select(choice.by, "county").iter_rows())
    withheld |= {(value, "total") for value in by_row.filter("is_withheld")[choice.by]}
    by_county = statistics(choice.release.id, within=None, by=("county",), where={}).sort("county")
    total = statistics(choice.release.id, within=None, by=(), where={}).row(0, named=True)
    counties: list[str] = by_county["county"].to_list()
    wide = (
        by_row.select(choice.by, total=measure)
        .join(_across(cells, choice.by, measure), on=choice.by, how="left", nulls_equal=True)
        .with_columns(pl.lit(0.0).alias(code) for code in counties if code not in set(cells["county"]))
    )
    columns = [*counties, "total"]
    wide = _sorted(wide, choice, default="total", allowed=columns)
    headings = [
        _heading(choice, key, names.place(key) if key != "total" else str(_("Whole city")), quantity, default="total")
        for key in columns
    ]
    rows = [
        {
            "name": names.word(choice.by, row[choice.by]),
            "cells": [(row[key], quantity, (row[choice.by], key) in withheld) for key in columns],
        }
        for row in wide.iter_rows(named=True)
    ]
    footer = [
        {
            "name": str(MEASURE_LABELS[key] if key != measure else _("Total")),
            "unit": "" if key == measure else units.habit(units.QUANTITY_OF_COLUMN[key]).unit,
            "cells": [(value, units.QUANTITY_OF_COLUMN[key]) for value in [*by_county[key].to_list(), total[key]]],
        }
        for key in dict.fromkeys((measure, "area_ha", "area_without_estimate_ha"))
    ]
    return headings, rows, footer


def _across(cells: pl.DataFrame, by: str, measure: str) -> pl.DataFrame:
    return cells.select(by, "county", measure).pivot(on="county", index=by, values=measure)


def _list_table(choice: Choice, areas: AreaSet) -> tuple[list[Heading], list[dict[str, Any]], list[dict[str, Any]]]:
    """Values of the dimension down, measures across, for one area."""
    frame = public_statistics(choice.release.id, areas=areas, within=choice.within or None, by=(choice.by,), where={})
    columns = _offered(LIST_COLUMNS, choice.release)
    default = _offered(("calibrated_stock_tc",), choice.release)[0]
    frame = _sorted(frame, choice, default=default, allowed=columns)
    headings = [
        _heading(choice, key, str(MEASURE_LABELS[key]), units.QUANTITY_OF_COLUMN[key], default=default)
        for key in columns
    ]
    rows = [
        {**row, "cells": [(row[key], units.QUANTITY_OF_COLUMN[key], row["is_withheld"]) for key in columns]}
        for row in summaries.named_rows(frame, choice.by)
    ]
    total = summaries.total(choice.release.id, within=choice.within)
    footer = []
    if total is not None:
        cells = [(total[key], units.QUANTITY_OF_COLUMN[key]) for key in columns]
        footer = [{"name": str(_("Total")), "unit": "", "cells": cells}]
    return headings, rows, footer


def _sorted(frame: pl.DataFrame, choice: Choice, *, default: str, allowed: list[str]) -> pl.DataFrame:
    """Sort by the chosen column; a leading minus means the largest first. By name is the order of the codes."""
    key = choice.sort.removeprefix("-")
    if key == "name":
        return frame.sort(choice.by, descending=choice.sort.startswith("-"), nulls_last=True)
    if key not in allowed:
        return frame.sort(default, descending=True, nulls_last=True)
    return frame.sort(key, descending=choice.sort.startswith("-"), nulls_last=True)


def _heading(choice: Choice, key: str, label: str, quantity: str, *, default: str) -> Heading:
    current = choice.sort or f"-{default}"
    direction = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    following = key if direction == "descending" else f"-{key}"
    return Heading(key, label, quantity, choice.address(sort=following), direction)
