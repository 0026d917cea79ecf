"""Answers requests for map tiles in front of Django, so that a tile costs neither middleware nor templates.

``/tiles/<release>/<z>/<x>/<y>.mvt`` and ``/tiles/change-<comparison>/…`` are answered here, everything else by the
wrapped application. Who asks is found as Django finds it, from the session; the areas found are believed for at most
two seconds, which is also how long a withdrawn grant or an ended session may still show tiles. After one second a
single thread looks again, so that the others need not wait for the database. The cases are in
``tests/web/test_tile_server.py``.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib import import_module
from math import inf
from threading import Lock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest, parse_cookie
from django.utils import timezone
from django.utils.translation import override

from senhui.access.queries import areas_for
from senhui.access.rules import NOWHERE, AreaSet, PermissionRefused
from senhui.atlas import tiles
from senhui.web.errors import explain

AREAS_BELIEVED_FOR_S = 2.0
_LOOK_AGAIN_AFTER_S = 1.0
_SESSIONS_KEPT = 4096
_PATH = re.compile(r"/tiles/([A-Za-z0-9_-]+)/(\d{1,2})/(\d{1,9})/(\d{1,9})\.mvt")
_PREFIX = "/tiles/"
_DEEPEST_ZOOM = 31


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
        self._looking = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(_PREFIX):
            return self._application(environ, start_response)
        answer = _Answer(environ, start_response)
        place = _PATH.fullmatch(path)
        if place is None or not _is_on_earth(*(int(number) for number in place.groups()[1:])):
            now = "The address of a tile is /tiles/<release>/<z>/<x>/<y>.mvt, x and y below two to the power of z."
            return answer.refusal(HTTPStatus.NOT_FOUND, "NoSuchTile", "There is no such tile.", now)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            what = "A tile can only be read."
            return answer.refusal(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", what, "Ask for it with GET.")
        try:
            areas = self._areas_of(environ.get("HTTP_COOKIE", ""))
            if areas.is_empty:
                raise PermissionRefused(tiles.PERMISSION)
            return _tile(answer, place, areas)
        except (PermissionRefused, tiles.TilesMissing, tiles.ChangeTilesMissing) as refusal:
            # The language a thread was left in by another request is nobody's choice here.
            with override("en"):
                explanation = explain(refusal)
            assert explanation is not None, "the refusals of tiles are explained"
            status = HTTPStatus(explanation.status)
            return answer.refusal(status, type(refusal).__name__, explanation.what, explanation.now)

    def _areas_of(self, cookie: str) -> AreaSet:
        session_key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)
        if not session_key:
            return NOWHERE
        looked_at, areas = self._areas.get(session_key, (-inf, NOWHERE))
        age_s = self._clock() - looked_at
        if age_s < _LOOK_AGAIN_AFTER_S:
            return areas
        if age_s < AREAS_BELIEVED_FOR_S:
            if not self._looking.acquire(blocking=False):
                return areas
            try:
                return self._look(session_key)
            finally:
                self._looking.release()
        return self._look(session_key)

    def _look(self, session_key: str) -> AreaSet:
        now = self._clock()
        areas = _look_up(session_key)
        if len(self._areas) >= _SESSIONS_KEPT:
            self._areas.clear()
        self._areas[session_key] = (now, areas)
        return areas


def _is_on_earth(z: int, x: int, y: int) -> bool:
    return z <= _DEEPEST_ZOOM and max(x, y) < 1 << z


def _tile(answer: _Answer, place: re.Match[str], areas: AreaSet) -> Iterable[bytes]:
    name = place[1]
    z, x, y = (int(number) for number in place.groups()[1:])
    etag = tiles.etag(name, z, x, y, areas)
    if answer.is_held(etag):
        return answer.send(HTTPStatus.NOT_MODIFIED, [("ETag", etag)])
    data = tiles.tile(name, z, x, y, areas)
    if data is None:
        return answer.send(HTTPStatus.NO_CONTENT, [("ETag", etag)])
    return answer.tile(data, etag=etag)


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
        held = self._environ.get("HTTP_IF_NONE_MATCH", "").split(",")
        return etag in (tag.strip() for tag in held)

    def tile(self, data: bytes, *, etag: str) -> list[bytes]:
        """Send a compressed tile, unpacked for the rare client that cannot do so."""
        headers = [("ETag", etag), ("Content-Type", "application/vnd.mapbox-vector-tile")]
        if "gzip" in self._environ.get("HTTP_ACCEPT_ENCODING", ""):
            return self.send(HTTPStatus.OK, [*headers, ("Content-Encoding", "gzip")], data)
        return self.send(HTTPStatus.OK, headers, gzip.decompress(data))

    def refusal(self, status: HTTPStatus, error: str, what: str, now: str) -> list[bytes]:
        """Send why there is no tile, as JSON in the shape of the API's refusals."""
        body = json.dumps({"error": error, "what": what, "now": now}, ensure_ascii=False).encode()
        return self.send(status, [("Content-Type", "application/json")], body)

    def send(self, status: HTTPStatus, headers: list[tuple[str, str]], body: bytes = b"") -> list[bytes]:
        """Send a response; the browser may keep it for this person but must ask each time if it still holds."""
        lines = [
            *headers,
            ("Cache-Control", "private, no-cache"),
            ("Vary", "Cookie, Accept-Encoding"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            lines.append(("Content-Length", str(len(body))))
        self._start_response(f"{status.value} {status.phrase}", lines)
        return [] if self._environ["REQUEST_METHOD"] == "HEAD" else [body]
