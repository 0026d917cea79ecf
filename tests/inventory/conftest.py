"""A small layer in a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_layer import write_layer


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """Twelve stands of fir and pine in one township of Longquan (龙泉)."""
    return write_layer(tmp_path / "stands.gpkg")
