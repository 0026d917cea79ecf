"""The question mark beside a term: a press, or Enter, opens what it means. No script is needed."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from senhui.web.glossary import terms

register = template.Library()

_COUNTED = "n_helps"


@register.inclusion_tag("senhui/fragments/help.html", takes_context=True, name="help")
def explained_term(context: Context, term: str) -> dict[str, Any]:
    """Explain a term of the glossary; a term it does not have is an error of the template.

    Fragments are put into pages that have question marks of their own, so theirs are counted apart.
    """
    request = context["request"]
    number = getattr(request, _COUNTED, 0) + 1
    setattr(request, _COUNTED, number)
    part = "part" if "HX-Request" in request.headers else "page"
    return {"term": terms()[term], "id": f"help-{part}-{number}"}
