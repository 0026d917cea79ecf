"""Fixtures of the jobs: the kinds of job of the tests, and a way to queue one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.jobs import kinds

from senhui.jobs import registry


@pytest.fixture(autouse=True)
def kinds_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know the kinds of job of the tests, and forget them afterwards."""
    monkeypatch.setattr(registry, "_functions", dict(registry._functions))
    kinds.register()


@pytest.fixture
def queue(now: Any) -> Callable[..., int]:
    """Queue a job of the tests: ``queue(lin, "count", to=3)``."""
    from senhui.jobs.actions.start_job import start_job

    def start(actor: Any, name: str, **arguments: Any) -> int:
        return start_job(actor, f"tests.{name}", arguments, title=f"Test: {name}", now=now)

    return start
