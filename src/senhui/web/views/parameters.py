"""Published numbers (参数): the list, and one with every value's mark, source, region, range and edition."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from senhui import parameters
from senhui.web.page import page
from senhui.web.parameter_rows import rows_of, summary_of


def list_parameters(request: HttpRequest) -> HttpResponse:
    """List all scalars and tables."""
    context = {"listed": parameters.all_parameters(), "edition_hash": parameters.edition_hash()}
    return page(request, "parameters.html", context)


def show_parameter(request: HttpRequest, parameter_id: str) -> HttpResponse:
    """Show one scalar or one table, each value with its provenance."""
    summary = summary_of(parameter_id)
    if summary.kind == "scalar":
        return page(request, "parameter.html", {"summary": summary, "uses": rows_of(parameter_id)})
    table = parameters.table(parameter_id)
    rows = [
        {
            "anchor": "/".join(str(row[part]) for part in table.key),
            "cells": [row[column.name] for column in table.columns],
            **{name: row[name] for name in ("edition", "mark", "source", "where", "region", "range", "may_issue")},
        }
        for row in rows_of(parameter_id)
    ]
    return page(request, "parameter_table.html", {"summary": summary, "table": table, "rows": rows})
