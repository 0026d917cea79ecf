"""Published numbers (参数): the list, and one with every value's mark, source, region, range and edition."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from senhui import parameters
from senhui.web import parameter_groups
from senhui.web.page import page
from senhui.web.parameter_rows import rows_of, summary_of

MOST_SOUGHT: Final = 100
"""Characters of a search that are looked at."""

ROWS_A_PAGE: Final = 60


def list_parameters(request: HttpRequest) -> HttpResponse:
    """List all scalars and tables under what they are about, or those that were sought."""
    sought = _sought(request)
    listed = parameters.all_parameters()
    groups = parameter_groups.grouped(listed, sought=sought)
    context = {
        "sought": sought,
        "groups": groups,
        "n_found": sum(len(group.entries) for group in groups),
        "n_all": len(listed),
        "edition_hash": parameters.edition_hash(),
    }
    return page(request, "parameters.html", context)


def show_parameter(request: HttpRequest, parameter_id: str) -> HttpResponse:
    """Show one scalar or one table, each value with its provenance; of a long table a page, or the rows sought."""
    summary = summary_of(parameter_id)
    if summary.kind == "scalar":
        return page(request, "parameter.html", {"summary": summary, "uses": rows_of(parameter_id)})
    table = parameters.table(parameter_id)
    every = rows_of(parameter_id)
    sought = _sought(request)
    rows = [row for row in every if _holds(row, sought)]
    shown = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page") or _page_of(rows, table, request))
    context = {
        "summary": summary,
        "table": table,
        "rows": [_shown_row(table, row) for row in shown.object_list],
        "shown": shown,
        "sought": sought,
        "n_all": len(every),
        "has_search": len(every) > ROWS_A_PAGE // 4,
    }
    return page(request, "parameter_table.html", context)


def _sought(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:MOST_SOUGHT]


def _holds(row: dict[str, Any], sought: str) -> bool:
    text = " ".join(str(value) for value in row.values() if value is not None).casefold()
    return all(word in text for word in sought.casefold().split())


def _anchor(table: parameters.Table, row: dict[str, Any]) -> str:
    return "/".join(str(row[part]) for part in table.key)


def _page_of(rows: list[dict[str, Any]], table: parameters.Table, request: HttpRequest) -> int:
    """Return the page on which the row that the address asks for stands, or the first."""
    asked = request.GET.get("row")
    at = next((number for number, row in enumerate(rows) if _anchor(table, row) == asked), 0)
    return at // ROWS_A_PAGE + 1


def _shown_row(table: parameters.Table, row: dict[str, Any]) -> dict[str, Any]:
    kept = ("edition", "mark", "source", "where", "region", "range", "may_issue")
    return {
        "anchor": _anchor(table, row),
        "cells": [row[column.name] for column in table.columns],
        **{name: row[name] for name in kept},
    }
