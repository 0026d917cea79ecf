"""What Senhui is, what its numbers mean and what it does not know."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

import senhui
from senhui.web.page import page


def about(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return page(request, "about.html", {"version": senhui.__version__})
