"""Boundaries over the map (叠加图层): which there are, the form that brings new ones, removal, and the history."""

from __future__ import annotations

import shutil
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from senhui.access.queries import areas_for, require
from senhui.intake import ImportProfile
from senhui.inventory import overlays as room
from senhui.inventory.actions.import_overlay import OverlayStatement, import_overlay
from senhui.inventory.actions.remove_overlay import remove_overlay
from senhui.web import names, overlay_words, uploads
from senhui.web.errors import explain
from senhui.web.import_forms import COORDINATE_SYSTEMS, RECOGNISE, LayerFiles
from senhui.web.page import page, today


class OverlayForm(forms.Form):
    """The file, and what must be said of it."""

    file = LayerFiles(
        label=gettext_lazy("File with the outlines"),
        help_text=gettext_lazy("GeoPackage, Shapefile (all its files or a zip) or GeoJSON."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=list(overlay_words.KIND_WORDS.items()))
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name in English (may be empty)"), max_length=120, required=False)
    source = forms.CharField(label=gettext_lazy("Source"), help_text=gettext_lazy("Who drew or published it."))
    year = forms.IntegerField(label=gettext_lazy("Year of the boundaries"), min_value=1900, max_value=2100)
    licence_note = forms.CharField(label=gettext_lazy("Terms of use (may be empty)"), required=False)
    visibility = forms.ChoiceField(label=gettext_lazy("Shown to"), choices=list(overlay_words.VISIBILITY_WORDS.items()))
    crs = forms.ChoiceField(
        label=gettext_lazy("Coordinate system"), required=False, choices=[RECOGNISE, *COORDINATE_SYSTEMS]
    )


def list_overlays(request: HttpRequest) -> HttpResponse:
    """List what lies over the map; who may, imports here."""
    may_change = not areas_for(request.user, room.PERMISSION_TO_CHANGE, on=today()).is_empty
    form = OverlayForm(request.POST or None, request.FILES or None)
    refused = None
    status = 200
    if request.method == "POST" and uploads.is_too_large(request):
        too_large = _("The upload is larger than %(limit)s, the most that is taken here. Pack it, or cut it by county.")
        form.add_error("file", too_large % {"limit": filesizeformat(settings.UPLOAD_MAX_BYTES)})
    elif request.method == "POST" and form.is_valid():
        try:
            _import(request, form.cleaned_data)
        except Exception as error:
            # Shown above the form, which keeps what was typed; what is no refusal stays a mistake.
            refused = explain(error)
            if refused is None or refused.status in {403, 404}:
                raise
            status = refused.status
        else:
            return redirect("overlays")
    if form.errors:
        status = 400
    changeable = room.overlay_history(request.user, on=today())
    ids = {info.id for info in changeable}
    context: dict[str, Any] = {
        "overlays": [_described(info, may_remove=info.id in ids) for info in room.overlays(request.user, on=today())],
        "removed": [_described(info) for info in changeable if info.removed_at is not None],
        "may_change": may_change,
        "form": form,
        "refused": refused,
    }
    return page(request, "overlays/list.html", context, status=status)


@require_POST
def remove(request: HttpRequest, overlay_id: int) -> HttpResponse:
    """Take boundaries off the map."""
    remove_overlay(request.user, overlay_id=overlay_id, reason=request.POST.get("reason", ""), now=timezone.now())
    return redirect("overlays")


def _import(request: HttpRequest, given: dict[str, Any]) -> None:
    require(request.user, room.PERMISSION_TO_CHANGE, on=today())
    paths = uploads.keep(given["file"])
    path = next((one for one in paths if one.suffix.lower() == ".shp"), paths[0])
    statement = OverlayStatement(
        **{name: given[name] for name in ("kind", "name_zh", "name_en", "source", "year", "licence_note", "visibility")}
    )
    try:
        import_overlay(
            request.user,
            path=path,
            original_name=path.name,
            statement=statement,
            profile=ImportProfile(crs=given["crs"]) if given["crs"] else None,
            now=timezone.now(),
        )
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def _described(info: room.OverlayInfo, *, may_remove: bool = False) -> dict[str, Any]:
    return {
        "info": info,
        "name": overlay_words.name_of(info),
        "kind": overlay_words.KIND_WORDS[info.kind],
        "visibility": overlay_words.VISIBILITY_WORDS[info.visibility],
        "counties": [names.place(code) for code in info.county_codes],
        "may_remove": may_remove,
    }
