"""Answers requests for map tiles in front of Django, so that a tile costs neither middleware nor templates.

``/tiles/<release>/<z>/<x>/<y>.mvt`` is answered here, everything else by the wrapped application. Who asks is found
as Django finds it, from the session; the areas found are believed for at most two seconds, which is also how long a
withdrawn grant or an ended session may still show tiles. The cases are in ``tests/web/test_tile_server.py``.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib import import_module
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest, parse_cookie
from django.utils import timezone

from senhui.access.queries import areas_for
from senhui.access.rules import NOWHERE, AreaSet, PermissionRefused
from senhui.atlas import tiles

AREAS_BELIEVED_FOR_S = 2.0
_SESSIONS_KEPT = 4096
_PATH = re.compile(r"/tiles/([A-Za-z0-9-]+)/(\d{1,2})/(\d{1,9})/(\d{1,9})\.mvt")
_PREFIX = "/tiles/"


class TileServer:
    """A WSGI application around another one.

    Parameters
    ----------
    application : WSGI application
        Gets every request that is not for a tile.
    clock : callable
        Seconds that only ever grow.
    """

    def __init__(self, application: WSGIApplication, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._clock = clock
        self._areas: dict[str, tuple[float, AreaSet]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(_PREFIX):
            return self._application(environ, start_response)
        answer = _Answer(environ, start_response)
        place = _PATH.fullmatch(path)
        if place is None:
            return answer.refuse(
                HTTPStatus.NOT_FOUND, "no_such_tile", "A tile is /tiles/<release>/<z>/<x>/<y>.mvt."
            )
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return answer.refuse(
                HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Tiles are read with GET."
            )
        release_id = place[1]
        z, x, y = (int(number) for number in place.groups()[1:])
        areas = self._areas_of(environ.get("HTTP_COOKIE", ""))
        try:
            if areas.is_empty:
                raise PermissionRefused(tiles.PERMISSION)
            return self._tile(answer, release_id, z, x, y, areas)
        except PermissionRefused as refusal:
            return answer.refuse(HTTPStatus.FORBIDDEN, "permission_refused", str(refusal))
        except tiles.TilesMissing as missing:
            return answer.refuse(HTTPStatus.NOT_FOUND, "tiles_missing", str(missing))

    def _tile(
        self, answer: _Answer, release_id: str, z: int, x: int, y: int, areas: AreaSet
    ) -> Iterable[bytes]:
        etag = tiles.etag(release_id, z, x, y, areas)
        if answer.is_held(etag):
            return answer.send(HTTPStatus.NOT_MODIFIED, etag=etag)
        data = tiles.tile(release_id, z, x, y, areas)
        if data is None:
            return answer.send(HTTPStatus.NO_CONTENT, etag=etag)
        return answer.send_tile(data, etag=etag)

    def _areas_of(self, cookie: str) -> AreaSet:
        session_key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)
        if not session_key:
            return NOWHERE
        now = self._clock()
        known = self._areas.get(session_key)
        if known is not None and now < known[0]:
            return known[1]
        areas = _look_up(session_key)
        if len(self._areas) >= _SESSIONS_KEPT:
            self._areas.clear()
        self._areas[session_key] = (now + AREAS_BELIEVED_FOR_S, areas)
        return areas


def _look_up(session_key: str) -> AreaSet:
    """Return the areas of whoever holds a session, as Django's own middleware would recognise the person."""
    close_old_connections()
    try:
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        return areas_for(get_user(request), tiles.PERMISSION, on=timezone.localdate())
    finally:
        close_old_connections()


class _Answer:
    """Writes one response; reads of the request what the response depends on."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._environ = environ
        self._start_response = start_response

    def is_held(self, etag: str) -> bool:
        """Whether the browser has this version already."""
        held = [tag.strip() for tag in self._environ.get("HTTP_IF_NONE_MATCH", "").split(",")]
        return etag in held or etag.removeprefix("W/") in held

    def send(self, status: HTTPStatus, body: bytes = b"", **headers: str) -> list[bytes]:
        """Send a response. The browser may keep it for this person, but must ask each time whether it still holds."""
        lines = [
            ("Cache-Control", "private, no-cache"),
            ("Vary", "Cookie, Accept-Encoding"),
            ("X-Content-Type-Options", "nosniff"),
            *((name.replace("_", "-").title(), value) for name, value in headers.items()),
        ]
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            lines.append(("Content-Length", str(len(body))))
        self._start_response(f"{status.value} {status.phrase}", lines)
        return [] if self._environ["REQUEST_METHOD"] == "HEAD" else [body]

    def send_tile(self, data: bytes, *, etag: str) -> list[bytes]:
        """Send a compressed tile, unpacked for the rare client that cannot do so."""
        kind = "application/vnd.mapbox-vector-tile"
        if "gzip" in self._environ.get("HTTP_ACCEPT_ENCODING", ""):
            return self.send(HTTPStatus.OK, data, etag=etag, content_type=kind, content_encoding="gzip")
        return self.send(HTTPStatus.OK, gzip.decompress(data), etag=etag, content_type=kind)

    def refuse(self, status: HTTPStatus, code: str, message: str) -> list[bytes]:
        """Send why there is no tile, as JSON."""
        body: dict[str, Any] = {"code": code, "message": message}
        return self.send(status, json.dumps(body).encode(), content_type="application/json")
