"""Sample boundaries: four kinds, the same each time, valid, within the land, and called invented."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import shapely

from senhui.cli.demo.overlays import SAMPLES, write_sample_overlays
from senhui.inventory.overlays import GARDEN_KINDS

COUNTIES = [shapely.box(119, 27.5, 119.6, 28.4), shapely.box(119.6, 27.5, 120.2, 28.4)]


def test_the_four_kinds_are_drawn_within_the_land_and_called_sample(tmp_path: Path) -> None:
    made = write_sample_overlays(tmp_path, COUNTIES)
    assert tuple(statement.kind for _, statement in made) == GARDEN_KINDS
    land = shapely.union_all(np.array(COUNTIES, dtype=object))
    for (path, statement), sample in zip(made, SAMPLES, strict=True):
        features = json.loads(path.read_text("utf-8"))["features"]
        outlines = [shapely.geometry.shape(feature["geometry"]) for feature in features]
        assert len(outlines) == sample.n
        assert all(outline.is_valid and shapely.covers(land, outline) for outline in outlines)
        assert statement.is_sample
        assert "演示数据" in statement.source


def test_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    first, again = (write_sample_overlays(tmp_path / name, COUNTIES) for name in ("a", "b"))
    other = write_sample_overlays(tmp_path / "c", COUNTIES, seed=1)
    for (one, _), (two, _), (three, _) in zip(first, again, other, strict=True):
        assert one.read_bytes() == two.read_bytes() != three.read_bytes()
