"""Fixtures of all rooms: a home directory of its own for each test, a real database, people.

The database is SQLite in a file, or PostgreSQL where SENHUI_DATABASE_URL says so. A file and not memory, for job
processes and racing threads must meet in it.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from hypothesis import settings as hypothesis_settings

# How long an example takes says something of the machine and nothing of the property.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def senhui_home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SENHUI_HOME for one test, also for the processes it starts."""
    home = tmp_path / "senhui_home"
    home.mkdir()
    settings.SENHUI_HOME = home
    # The real one is slow on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setenv("SENHUI_HOME", str(home))
    monkeypatch.setenv("SENHUI_SECRET_KEY", "only for tests")
    return home


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Put the SQLite test database into a file, and let the tests empty what nobody else can: audit and releases."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    guards = [
        importlib.import_module("senhui.access.migrations.0002_audit_is_append_only"),
        importlib.import_module("senhui.inventory.migrations.0002_guards"),
        importlib.import_module("senhui.inventory.migrations.0003_row_decisions"),
        importlib.import_module("senhui.inventory.migrations.0004_events"),
        importlib.import_module("senhui.inventory.migrations.0005_declarations"),
    ]
    flush = connection.ops.execute_sql_flush

    def flush_with_the_triggers_away(statements: list[str]) -> None:
        for guard in guards:
            _execute(guard.ALLOW[connection.vendor])
        flush(statements)
        for guard in guards:
            _execute(guard.FORBID[connection.vendor])

    connection.ops.execute_sql_flush = flush_with_the_triggers_away
    yield
    connection.ops.execute_sql_flush = flush


@pytest.fixture
def database_for_processes(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes that a test starts open the test database."""
    entry = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{quote(str(entry['NAME']))}"
    else:
        user = quote(entry["USER"]) + (f":{quote(entry['PASSWORD'])}" if entry["PASSWORD"] else "")
        url = f"postgres://{user}@{entry['HOST']}:{entry['PORT']}/{entry['NAME']}"
    monkeypatch.setenv("SENHUI_DATABASE_URL", url)


@pytest.fixture
def now() -> dt.datetime:
    """An instant: 22 November 2026, noon in Lishui."""
    return dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def today(now: dt.datetime) -> dt.date:
    """The day of `now` in Lishui."""
    return dt.date(2026, 11, 22)


@pytest.fixture
def person(db: None, now: dt.datetime, today: dt.date) -> Callable[..., Any]:
    """Make a user with roles from today on: ``person("lin", technician="331181", reviewer="3311")``."""
    from senhui.access.actions.create_user import create_user
    from senhui.access.actions.grant_role import grant_role
    from senhui.access.terminal import OPERATOR

    def make(username: str, **area_by_role: str) -> Any:
        user = create_user(OPERATOR, username=username, display_name=username, now=now)
        for role, area_code in area_by_role.items():
            grant_role(OPERATOR, user=user, role=role, area_code=area_code, starts_on=today, now=now)
        return user

    return make


def _execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
