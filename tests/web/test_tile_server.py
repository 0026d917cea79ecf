"""The tile door: who gets what, what is refused, and that a change of rights is felt within two seconds."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shapely
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test.utils import CaptureQueriesContext

from senhui.access.actions.end_grant import end_grant
from senhui.access.queries import grants_of
from senhui.access.terminal import OPERATOR
from senhui.atlas import tile_writer
from senhui.web import tile_server
from senhui.web.tile_server import TileServer

pytestmark = pytest.mark.django_db
Person = Callable[..., Any]
TILE = "/tiles/2021-1/11/1702/857.mvt"
LONGQUAN, QINGYUAN = "331181", "331126"


class Client:
    """Calls the server as a web server would, with a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.server = TileServer(self._pages, clock=lambda: self.now_s)

    def _pages(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"page " + environ["PATH_INFO"].encode()]

    def get(self, path: str, session: str | None = None, method: str = "GET", **environ: str) -> Response:
        environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_ACCEPT_ENCODING": "gzip, br", **environ}
        if session:
            environ["HTTP_COOKIE"] = f"other=1; {settings.SESSION_COOKIE_NAME}={session}"
        response = Response()
        response.body = b"".join(self.server(environ, response.start))  # type: ignore[arg-type]
        return response


class Response:
    """What came back."""

    status = 0
    body = b""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = int(status[:3]), dict(headers)


@pytest.fixture(autouse=True)
def transaction_of_the_test(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the connection open that holds the test's transaction, as Django's own test client does."""
    if "transactional_db" not in request.fixturenames:
        monkeypatch.setattr(tile_server, "close_old_connections", lambda: None)


@pytest.fixture
def client(senhui_home: Path) -> Client:
    """A server with one tile that holds two stands, one in each of two counties."""
    stands = pl.DataFrame(
        {
            "geometry": [shapely.to_wkb(shapely.box(lon, 28.0, lon + 0.01, 28.01)) for lon in (119.2, 119.22)],
            "area_ha": [1.0, 2.0],
            "stock_tc_ha": [40.0, 60.0],
            "calibrated_stock_tc": [44.0, 132.0],
            "land_class": ["tree_forest"] * 2,
            "species_group": ["chinese_fir"] * 2,
            "age_group": [2, 3],
            "origin": ["natural", "planted"],
            "village_code": [f"{QINGYUAN}100201", f"{LONGQUAN}100201"],
            "method": ["volume_line"] * 2,
            "forest_category": ["011", "022"],
            "error_frac": [0.3, None],
            "disturbance": [None, "fire"],
        }
    )
    tile_writer.write_tiles(
        stands.lazy(),
        senhui_home / "atlas" / "2021-1" / "tiles.pmtiles",
        land_classes=["tree_forest"],
        species_groups=["chinese_fir"],
        methods=["volume_line"],
        about={},
        progress=lambda fraction, note: None,
    )
    return Client()


def session_of(user: Any) -> str:
    """Sign a user in, as Django keeps it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return session.session_key


@pytest.fixture
def city(person: Person) -> str:
    return session_of(person("wu", viewer="3311"))


@pytest.fixture
def county(person: Person) -> str:
    return session_of(person("lin", technician=LONGQUAN))


def n_features(body: bytes) -> int:
    import mapbox_vector_tile

    return len(mapbox_vector_tile.decode(gzip.decompress(body))["sub_compartments"]["features"])


def test_the_city_sees_all_and_the_county_its_own(client: Client, city: str, county: str) -> None:
    whole, part = client.get(TILE, city), client.get(TILE, county)
    assert (whole.status, part.status) == (200, 200)
    assert (n_features(whole.body), n_features(part.body)) == (2, 1)
    assert whole.headers["Content-Encoding"] == "gzip"
    assert whole.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert whole.headers["Cache-Control"].startswith("private")
    assert "Cookie" in whole.headers["Vary"]
    assert int(whole.headers["Content-Length"]) == len(whole.body)


def test_a_client_without_gzip_gets_the_tile_unpacked(client: Client, city: str) -> None:
    packed, plain = client.get(TILE, city), client.get(TILE, city, HTTP_ACCEPT_ENCODING="identity")
    assert "Content-Encoding" not in plain.headers
    assert plain.body == gzip.decompress(packed.body)


@pytest.mark.parametrize("session", [None, "nobody-has-this-key"])
def test_the_public_is_refused(client: Client, session: str | None) -> None:
    """Also where there is no tile and no release, so that a refusal says nothing of what exists."""
    for path in (TILE, "/tiles/2021-1/11/0/0.mvt", "/tiles/1999-1/11/0/0.mvt"):
        response = client.get(path, session)
        assert response.status == 403
        assert response.headers["Content-Type"] == "application/json"
        assert json.loads(response.body).keys() == {"error", "what", "now"}
        assert json.loads(response.body)["error"] == "PermissionRefused"


def test_someone_without_a_grant_is_refused(client: Client, person: Person) -> None:
    assert client.get(TILE, session_of(person("guest"))).status == 403


def test_an_ended_or_forged_session_is_refused(client: Client, person: Person, city: str) -> None:
    """The hash in the session is checked as Django does, so a changed password ends it here too."""
    user = person("chen", viewer="3311")
    key = session_of(user)
    user.set_password("another long password")
    user.save()
    assert client.get(TILE, key).status == 403
    SessionStore(city).delete()
    assert client.get(TILE, city).status == 403


def test_a_withdrawn_grant_is_felt_within_two_seconds(client: Client, person: Person, now: dt.datetime) -> None:
    user = person("zhou", viewer="3311")
    session = session_of(user)
    assert client.get(TILE, session).status == 200
    (grant,) = grants_of(user)
    end_grant(OPERATOR, grant_id=grant.id, now=now)
    client.now_s += 2.0
    assert client.get(TILE, session).status == 403


def test_within_a_second_the_database_is_not_asked_again(client: Client, city: str) -> None:
    from django.db import connection

    client.get(TILE, city)
    client.now_s += 0.9
    with CaptureQueriesContext(connection) as asked:
        assert client.get(TILE, city).status == 200
    assert len(asked) == 0


def test_while_one_looks_again_the_others_do_not_wait(client: Client, city: str) -> None:
    """In the second second, and only until it is over."""
    from django.db import connection

    client.get(TILE, city)
    client.now_s += 1.9
    with client.server._looking, CaptureQueriesContext(connection) as asked:
        assert client.get(TILE, city).status == 200
        assert len(asked) == 0
        client.now_s += 0.1
        assert client.get(TILE, city).status == 200
    assert len(asked) > 0


def test_no_connection_is_left_open_by_a_look_at_the_database(
    transactional_db: None, client: Client, city: str
) -> None:
    from django.db import connection

    if connection.settings_dict["CONN_MAX_AGE"] != 0:
        pytest.skip("connections to this database are kept on purpose")
    assert client.get(TILE, city).status == 200
    assert connection.connection is None


def test_a_tile_the_browser_holds_is_not_sent_again(client: Client, city: str, county: str) -> None:
    etag = client.get(TILE, city).headers["ETag"]
    again = client.get(TILE, city, HTTP_IF_NONE_MATCH=f'"x", {etag}')
    assert (again.status, again.body) == (304, b"")
    assert client.get(TILE, county, HTTP_IF_NONE_MATCH=etag).status == 200
    assert client.get(TILE, HTTP_IF_NONE_MATCH=etag).status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/2021-1/11/0/0.mvt", 204),
        ("/tiles/2021-1/99/0/0.mvt", 404),
        ("/tiles/2021-1/11/2048/0.mvt", 404),
        ("/tiles/1999-1/11/1702/857.mvt", 404),
        ("/tiles/../11/1702/857.mvt", 404),
        ("/tiles/2021-1/11/1702/857.png", 404),
        ("/tiles/2021-1/11/-1/857.mvt", 404),
        ("/tiles/", 404),
    ],
)
def test_what_is_not_there(client: Client, city: str, path: str, status: int) -> None:
    assert client.get(path, city).status == status


def test_tiles_are_only_read(client: Client, city: str) -> None:
    assert client.get(TILE, city, method="POST").status == 405
    head = client.get(TILE, city, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0


def test_everything_else_is_passed_on(client: Client) -> None:
    assert client.get("/statistics/").body == b"page /statistics/"
    assert client.get("/tilesets").body == b"page /tilesets"
