"""WHERE.md leads to what exists, and to every room."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def paths_named() -> list[str]:
    return re.findall(r"`([\w./*-]+/[\w./*-]*)`", (ROOT / "WHERE.md").read_text("utf-8"))


def test_every_path_in_where_exists() -> None:
    named = paths_named()
    assert len(named) > 20
    missing = [name for name in named if not (any(ROOT.glob(name)) if "*" in name else (ROOT / name).exists())]
    assert not missing


def test_every_room_is_in_where() -> None:
    text = (ROOT / "WHERE.md").read_text("utf-8")
    rooms = [path.name for path in (ROOT / "src/senhui").iterdir() if path.is_dir() and not path.name.startswith("_")]
    assert len(rooms) >= 10
    assert [room for room in rooms if f"src/senhui/{room}" not in text] == []
