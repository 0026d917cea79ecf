"""What a place's environment turns into."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from senhui.web.content_security import ContentSecurityMiddleware
from senhui.web.environment import DatabaseUrlUnknown, database, secret_key


def test_the_signing_key_is_made_once_and_read_by_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("SENHUI_SECRET_KEY", raising=False)
    home = tmp_path / "home"
    key = secret_key(home)
    assert len(key) >= 50
    assert secret_key(home) == key
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_signing_key(tmp_path, monkeypatch):
    monkeypatch.delenv("SENHUI_SECRET_KEY", raising=False)
    barrier = threading.Barrier(8)
    keys = []

    def start() -> None:
        barrier.wait(timeout=10)
        keys.append(secret_key(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir() if "secret" in path.name] == ["secret_key"]


def test_a_signing_key_from_the_environment_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("SENHUI_SECRET_KEY", "given")
    assert secret_key(tmp_path / "home") == "given"
    assert not (tmp_path / "home").exists()


def test_an_unknown_database_is_refused_with_its_scheme():
    with pytest.raises(DatabaseUrlUnknown) as refused:
        database("mysql://localhost/senhui", home=Path("var"))
    assert refused.value.scheme == "mysql"


def test_a_home_with_odd_signs_in_its_name_is_a_home():
    assert database(None, home=Path("/srv/森汇 #1?"))["NAME"] == "/srv/森汇 #1?/senhui.sqlite3"


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="pragmas are SQLite's")
def test_sqlite_lets_readers_pass_the_writer_and_keeps_foreign_keys():
    with connection.cursor() as cursor:
        for pragma, expected in [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 20_000)]:
            assert cursor.execute(f"PRAGMA {pragma}").fetchone() == (expected,)


def test_every_page_forbids_scripts_from_elsewhere():
    response = ContentSecurityMiddleware(lambda _: HttpResponse())(RequestFactory().get("/"))
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["worker-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]


def test_the_fixed_settings_are_the_careful_ones(settings):
    assert settings.DEBUG is False
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.X_FRAME_OPTIONS == "DENY"
    assert settings.AUTHENTICATION_BACKENDS[0] == "axes.backends.AxesStandaloneBackend"
