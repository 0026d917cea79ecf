"""Every level of a check is used, sourced and explained."""

import csv
from importlib.resources import files
from pathlib import Path

from senhui.intake.levels import LEVELS


def test_levels_say_why_and_are_read_by_code() -> None:
    room = files("senhui.intake")
    code = "".join(Path(str(path)).read_text("utf-8") for path in room.iterdir() if path.name.endswith(".py"))
    with room.joinpath("levels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["id"] for row in rows} == set(LEVELS)
    for row in rows:
        assert f'LEVELS["{row["id"]}"]' in code
        assert row["mark"] in set("ABCD")
        assert row["source"]
        assert row["why"]
