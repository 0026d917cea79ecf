"""What the environment of a place turns into: a database and a signing key. For `senhui.web.settings` only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Readers never wait for the writer (WAL). NORMAL may lose the last commits at a power cut, never the file.
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
SQLITE_WAIT_S = 20


class DatabaseUrlUnknown(ValueError):
    """SENHUI_DATABASE_URL names neither PostgreSQL nor SQLite.

    Parameters
    ----------
    scheme : what stands before `://`.
    """

    def __init__(self, scheme: str) -> None:
        super().__init__(
            f"SENHUI_DATABASE_URL begins with {scheme!r}, which is no database known here. "
            "Use postgres://user:password@host:port/name or sqlite:////absolute/path."
        )
        self.scheme = scheme


def database(url: str | None, *, home: Path) -> dict[str, Any]:
    """Return the entry of Django's DATABASES for a URL; without one, SQLite in `home`.

    Examples
    --------
    >>> entry = database("postgres://senhui:p%40ss@db.local:5433/forest?sslmode=require", home=Path("var"))
    >>> entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"], entry["NAME"]
    ('senhui', 'p@ss', 'db.local', '5433', 'forest')
    >>> database(None, home=Path("/srv/senhui"))["NAME"]
    '/srv/senhui/senhui.sqlite3'
    """
    if url is None:
        return _sqlite(home / "senhui.sqlite3")
    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": path,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    if parts.scheme == "sqlite":
        return _sqlite(Path(path))
    raise DatabaseUrlUnknown(parts.scheme)


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            # Take the write lock when a transaction begins: a transaction that first reads and then writes
            # would otherwise be refused at once, without waiting, whenever another wrote in between.
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_WAIT_S,
            "init_command": SQLITE_PRAGMAS,
        },
    }


def secret_key(home: Path) -> str:
    """Return the signing key of this place: made once in `home/secret_key`, readable by its owner alone."""
    given = os.environ.get("SENHUI_SECRET_KEY")
    if given:
        return given
    path = home / "secret_key"
    home.mkdir(parents=True, exist_ok=True)
    # Several processes may start at once: each writes a file of its own, the first link wins, all read that.
    if not path.exists():
        own = home / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(own, path)
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_text().strip()
