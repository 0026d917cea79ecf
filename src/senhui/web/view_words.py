"""What the map's script needs to speak of saved views, files and pictures (`static/js/map/views.js`)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from senhui.access.queries import areas_for
from senhui.web.export_request import FORM_NAMES, FORMS


def for_script(request: HttpRequest, *, on: dt.date) -> dict[str, Any]:
    """Return addresses, formats and words; who has no role to export takes townships along."""
    number = settings.SENHUI_MAP_REVIEW_NUMBER
    takes_stands = not areas_for(request.user, "export_sub_compartments", on=on).is_empty
    return {
        "may_keep": request.user.is_authenticated,
        "takes_stands": takes_stands,
        "forms": [{"suffix": suffix, "name": FORM_NAMES[form]} for suffix, form in FORMS.items()],
        "review": _("Map review number: %(n)s") % {"n": number} if number else _("No map review number"),
        "addresses": {"views": reverse("map-views"), "export": "/map/export.{form}", "link": "/v/{key}/"},
        "texts": {
            "cancel": _("Cancel"),
            "copied": _("The link is copied."),
            "copy_this": _("Copy the link to this view"),
            "copy": _("Copy the link"),
            "delete": _("Delete"),
            "deleted": _("“{name}” is deleted."),
            "failed": _("The server did not answer. Check the connection and try again."),
            "files": _("Sub-compartments of the selection") if takes_stands else _("Totals of townships"),
            "link": _("Link"),
            "name": _("Name of the view"),
            "none": _("You have no saved views yet."),
            "open": _("Open"),
            "picture": _("Picture of the map (PNG)"),
            "picture_failed": _("The picture could not be made: the map is not drawn here."),
            "private": _("only you"),
            "rename": _("Rename"),
            "renamed": _("The view is called “{name}” now."),
            "save": _("Save this view"),
            "saved": _("“{name}” is saved."),
            "share": _("Whoever has the link may open it; each sees only what that person may see."),
            "share_now": _("Share by link"),
            "shared": _("by link"),
            "sign_in": _("Sign in to keep views under a name."),
            "take": _("Save"),
            "unshare": _("Stop sharing"),
            "version": _("Data version"),
            "views": _("Views"),
        },
    }
