"""What the server calls: tiles first, by a small function in front of Django; all else is Django's."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senhui.web.settings")

# Django must be set up before the tile server's imports reach the models.
_pages = get_wsgi_application()

from senhui.web.tile_server import TileServer  # noqa: E402

application = TileServer(_pages)
