"""A released layer of twelve stands, made by the product's own actions, and clients for who looks at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, quiet, write_layer


@pytest.fixture
def draft_id(person: Callable[..., Any], tmp_path: Path, now: dt.datetime) -> int:
    """A measured draft of twelve stands in one township of Longquan, imported by lin."""
    from senhui.inventory.actions.import_layer import import_layer
    from senhui.inventory.actions.measure_draft import measure_draft

    lin = person("lin", technician=LONGQUAN)
    path = write_layer(tmp_path / "stands.gpkg")
    draft = import_layer(
        lin, path=path, original_name=path.name, reference_year=2021, is_sample=True, now=now, progress=quiet
    )
    measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    return draft.id


@pytest.fixture
def release_id(draft_id: int, person: Callable[..., Any], now: dt.datetime) -> str:
    """A release of twelve stands in one township of Longquan, imported by lin and released by chen."""
    from senhui.atlas.jobs import release_and_map

    chen = person("chen", reviewer="3311")
    return release_and_map(chen, draft_id=draft_id, label="Case", now=now, progress=quiet)


@pytest.fixture
def browse(monkeypatch: pytest.MonkeyPatch, now: dt.datetime) -> Callable[..., Client]:
    """Return a client in a language, signed in as somebody or not: ``browse("zh", as_user=lin)``."""

    monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    def make(language: str = "zh", *, as_user: Any = None) -> Client:
        client = Client(headers={"accept-language": {"zh": "zh-CN", "en": "en-GB"}[language]})
        if as_user is not None:
            client.force_login(as_user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make
