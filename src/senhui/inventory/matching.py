"""Two layers of polygons laid over each other (叠置): which land of the one is which land of the other.

Most outlines of a survey are those of the survey before; they are found by number and shape without any geometry.
The rest is intersected. What remains too thin to be land (`matching_levels.csv`) goes to the larger neighbour piece of
the same stand, and the pieces of each stand are then scaled to its area, so that areas close on both sides.
Cases: tests/inventory/test_matching.py; how fast: benchmarks/change.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from senhui.intake.geometry import polygon_areas_ha

Objects = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PIECE_COLUMNS: Final = ("row_before", "row_after", "area_ha", "area_before_ha", "area_after_ha")
STAND_CLASSES: Final = ("unchanged", "renumbered", "split", "merged", "moved_boundary", "vanished", "new")
"""What became of a stand, or what it came from. Only an earlier stand vanishes, only a later one is new."""

CHUNK_PAIRS: Final = 4_000


@dataclass(frozen=True)
class Matching:
    """What lies where in two layers.

    Attributes
    ----------
    pieces : DataFrame
        row_before, row_after (u32, position in its layer, null where only the other layer covers the land), area_ha
        (of the land), area_before_ha and area_after_ha (its part of the area recorded for the stand on each side;
        the parts of a stand add up to the stand's area).
    before, after : DataFrame
        One row per stand: row, class (`STAND_CLASSES`).
    n_same : outlines found without intersecting.
    sliver_ha : area of all pieces that were too thin and went to a neighbour.
    """

    pieces: pl.DataFrame
    before: pl.DataFrame
    after: pl.DataFrame
    n_same: int
    sliver_ha: float

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many stands of each side fell into each class."""
        return {side: _counted(frame) for side, frame in (("before", self.before), ("after", self.after))}


@cache
def matching_levels() -> dict[str, float]:
    """Return the levels of the matching by name; each has its reason in `matching_levels.csv`."""
    text = resources.files("senhui.inventory").joinpath("matching_levels.csv").read_bytes()
    return dict(pl.read_csv(text).select("name", "value").iter_rows())


def match(
    before: pl.DataFrame, after: pl.DataFrame, *, progress: Callable[[float, str], None] | None = None
) -> Matching:
    """Lay two layers over each other.

    Parameters
    ----------
    before, after : DataFrame
        sub_compartment_id, area_ha (as recorded, > 0) and geometry (WKB in EPSG:4490, valid polygons). The position
        of a row is its number in the result.
    progress : called with the fraction done (0–1) and a note.

    Returns
    -------
    Matching
        Σ area_before_ha over the pieces of a stand is its recorded area, and the same after, to rounding of floats.
    """
    tell = progress or (lambda fraction, note: None)
    tell(0.0, "Comparing outlines")
    shapes = [shapely.from_wkb(frame["geometry"].to_numpy()) for frame in (before, after)]
    ids = [frame["sub_compartment_id"].to_numpy() for frame in (before, after)]
    same = _same_outlines(before, after, shapes[0], shapes[1])
    rest = [np.setdiff1d(np.arange(len(shape)), same[:, side]) for side, shape in enumerate(shapes)]
    geometry_ha = [polygon_areas_ha(shape) for shape in shapes]
    tell(0.1, "Intersecting outlines")
    pairs, pair_ha = _intersected(
        shapes[0], shapes[1], rest[0], rest[1], lambda fraction: tell(0.1 + 0.8 * fraction, "Intersecting outlines")
    )
    tell(0.9, "Adding the pieces up")
    pieces, slivers = _pieces(same, pairs, pair_ha, geometry_ha, rest)
    pieces = _apportioned(pieces, slivers, before["area_ha"], after["area_ha"])
    return Matching(
        pieces=pieces,
        before=_classes(pieces, "before", ids, geometry_ha),
        after=_classes(pieces, "after", ids, geometry_ha),
        n_same=len(same),
        sliver_ha=float(slivers["area_ha"].sum()),
    )


def _same_outlines(before: pl.DataFrame, after: pl.DataFrame, left: Objects, right: Objects) -> Ints:
    """Return pairs of rows with the same outline: equal bytes, or equal number and points within the tolerance.

    Coordinates that went through another projection come back a tenth of a millimetre off, so equal bytes alone would
    find nothing in a layer that was handed over in Gauss-Krüger coordinates.
    """
    numbered = [
        frame.select(
            "sub_compartment_id",
            pl.col("geometry").hash().alias("hash"),
        )
        .with_row_index("row")
        .filter(pl.len().over("sub_compartment_id") == 1)
        for frame in (before, after)
    ]
    by_id = numbered[0].join(numbered[1], on="sub_compartment_id", suffix="_after", maintain_order="left")
    is_equal = by_id["hash"].to_numpy() == by_id["hash_after"].to_numpy()
    rows = by_id.select("row", "row_after").to_numpy().astype(np.int64)
    close = np.flatnonzero(~is_equal)
    tolerance = matching_levels()["same_point_deg"]
    one, other = left[rows[close, 0]], right[rows[close, 1]]
    alike = shapely.get_num_coordinates(one) == shapely.get_num_coordinates(other)
    is_close = np.zeros(len(close), dtype=bool)
    is_close[alike] = shapely.equals_exact(one[alike], other[alike], tolerance, normalize=True)
    is_equal[close] = is_close
    found = rows[is_equal]
    # Equal bytes under another number: renumbered. Only outlines that occur once on a side, so that a pair is a pair.
    left_over = [
        frame.select(pl.col("geometry").hash().alias("hash"))
        .with_row_index("row")
        .filter(~pl.col("row").is_in(pl.Series(found[:, side], dtype=pl.UInt32).implode()))
        .filter(pl.len().over("hash") == 1)
        for side, frame in enumerate((before, after))
    ]
    renumbered = left_over[0].join(left_over[1], on="hash", suffix="_after", maintain_order="left")
    again = renumbered.select("row", "row_after").to_numpy().astype(np.int64)
    return np.concatenate([found, again])


def _intersected(
    left: Objects, right: Objects, left_rows: Ints, right_rows: Ints, tell: Callable[[float], None]
) -> tuple[Ints, Floats]:
    """Return the pairs of rows that share land, and how much [ha]."""
    if not (len(left_rows) and len(right_rows)):
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    one, other = left[left_rows], right[right_rows]
    found = shapely.STRtree(other).query(one, predicate="intersects").T
    found = found[_boxes_share_land(one[found[:, 0]], other[found[:, 1]])]
    area_ha = np.zeros(len(found))
    chunks = [slice(start, start + CHUNK_PAIRS) for start in range(0, len(found), CHUNK_PAIRS)]

    def intersect(chunk: slice) -> None:
        shared = shapely.intersection(one[found[chunk, 0]], other[found[chunk, 1]])
        area_ha[chunk] = _polygonal_area_ha(shared)

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for done, _nothing in enumerate(pool.map(intersect, chunks), start=1):
            tell(done / len(chunks))
    shares = area_ha > 0.0
    rows = np.column_stack([left_rows[found[shares, 0]], right_rows[found[shares, 1]]])
    return rows, area_ha[shares]


def _boxes_share_land(one: Objects, other: Objects) -> npt.NDArray[np.bool_]:
    """Return whether the bounding boxes overlap and do not only touch."""
    a, b = shapely.bounds(one), shapely.bounds(other)
    overlap = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    return np.asarray((overlap > 0.0).all(axis=1))


def _polygonal_area_ha(shapes: Objects) -> Floats:
    """Return the area of each shape; points and lines where outlines touch have none."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    polygons &= ~shapely.is_empty(parts)
    return np.bincount(of[polygons], polygon_areas_ha(parts[polygons]), minlength=len(shapes)).astype(np.float64)


def _pieces(
    same: Ints, pairs: Ints, pair_ha: Floats, geometry_ha: list[Floats], rest: list[Ints]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the pieces with the land of each, and the slivers that were taken out, in the same columns."""
    level = matching_levels()
    smaller = np.minimum(geometry_ha[0][pairs[:, 0]], geometry_ha[1][pairs[:, 1]])
    is_sliver = (pair_ha < level["sliver_ha"]) & (pair_ha < level["sliver_frac"] * smaller)
    slivers = [_frame(pairs[is_sliver, 0], pairs[is_sliver, 1], pair_ha[is_sliver])]
    frames = [
        _frame(same[:, 0], same[:, 1], geometry_ha[0][same[:, 0]]),
        _frame(pairs[~is_sliver, 0], pairs[~is_sliver, 1], pair_ha[~is_sliver]),
    ]
    for side, rows in enumerate(rest):
        # What no stand of the other layer covers; a thin rest is the noise of two digitisations.
        whole_ha = geometry_ha[side][rows]
        covered_ha = np.bincount(pairs[:, side], pair_ha, minlength=len(geometry_ha[side]))[rows]
        alone_ha = np.maximum(whole_ha - covered_ha, 0.0)
        n_true = np.bincount(pairs[~is_sliver, side], minlength=len(geometry_ha[side]))[rows]
        is_thin = (alone_ha < level["sliver_ha"]) & (alone_ha < level["sliver_frac"] * whole_ha)
        for kept, where in ((frames, ~is_thin | (n_true == 0)), (slivers, is_thin & (n_true > 0) & (alone_ha > 0.0))):
            land_ha = np.where(n_true == 0, whole_ha, alone_ha)[where]
            kept.append(_frame(rows[where] if side == 0 else None, rows[where] if side == 1 else None, land_ha))
    return pl.concat(frames), pl.concat(slivers)


def _frame(before: Ints | None, after: Ints | None, area_ha: Floats) -> pl.DataFrame:
    nulls = pl.Series([None], dtype=pl.UInt32).new_from_index(0, len(area_ha))
    return pl.DataFrame(
        {
            "row_before": nulls if before is None else pl.Series(before, dtype=pl.UInt32),
            "row_after": nulls if after is None else pl.Series(after, dtype=pl.UInt32),
            "area_ha": pl.Series(area_ha, dtype=pl.Float64),
        }
    )


def _apportioned(
    pieces: pl.DataFrame, slivers: pl.DataFrame, before_ha: pl.Series, after_ha: pl.Series
) -> pl.DataFrame:
    """Give every piece its part of the recorded area of both stands, in the proportion of the land.

    The recorded area is what a stand's stock was calculated with. It differs from the area of its outline by what the
    office rounded, and the outlines of a layer may overlap; so the pieces are parts of it, and add up to it. A sliver
    is part of the stand's largest piece.
    """
    for side, recorded_ha in (("before", before_ha), ("after", after_ha)):
        row = f"row_{side}"
        recorded = recorded_ha.alias("recorded_ha").to_frame().with_row_index(row)
        thin = slivers.drop_nulls(row).group_by(row).agg(pl.col("area_ha").sum().alias("thin_ha"))
        is_largest = pl.col("area_ha").arg_max().over(row) == pl.int_range(pl.len()).over(row)
        land_ha = pl.col("area_ha") + pl.when(is_largest).then(pl.col("thin_ha").fill_null(0.0)).otherwise(0.0)
        pieces = (
            pieces.join(recorded, on=row, how="left", maintain_order="left")
            .join(thin, on=row, how="left", maintain_order="left")
            .with_columns(land_ha.alias("land_ha"))
            .with_columns(
                pl.when(pl.col(row).is_not_null())
                .then(pl.col("recorded_ha") * (pl.col("land_ha") / pl.col("land_ha").sum().over(row)))
                .alias(f"area_{side}_ha")
            )
            .drop("recorded_ha", "thin_ha", "land_ha")
        )
    return pieces.select(PIECE_COLUMNS)


def _classes(pieces: pl.DataFrame, side: str, ids: list[Objects], geometry_ha: list[Floats]) -> pl.DataFrame:
    """Name what became of every stand of a side (`STAND_CLASSES`).

    A piece ties two stands together where it is most of one of them. A stand to which nothing is tied vanished, or is
    new. An earlier stand that holds most of two or more later ones was split, and so are those; a later stand that
    holds most of two or more earlier ones is merged, and so are those. Two that share nearly all of both are unchanged,
    or renumbered. Of any other the boundary moved.
    """
    level = matching_levels()
    here, there = (0, 1) if side == "before" else (1, 0)
    row, partner = (f"row_{'before' if i == 0 else 'after'}" for i in (here, there))
    paired = pieces.drop_nulls(["row_before", "row_after"])
    mine, theirs = paired[row].to_numpy(), paired[partner].to_numpy()
    area_ha = paired["area_ha"].to_numpy()
    of_mine = area_ha / geometry_ha[here][mine]
    of_theirs = area_ha / geometry_ha[there][theirs]
    n = len(geometry_ha[here])
    most = level["most_of_a_stand_frac"]
    n_tied = np.bincount(mine[(of_mine >= most) | (of_theirs >= most)], minlength=n)
    n_within = np.bincount(mine[of_theirs >= most], minlength=n)
    nearly = level["same_outline_frac"]
    is_same = (of_mine >= nearly) & (of_theirs >= nearly)
    same_id = ids[here][mine] == ids[there][theirs]
    classes = np.full(n, "moved_boundary", dtype=object)
    classes[n_tied == 0] = "vanished" if side == "before" else "new"
    n_within_theirs = np.bincount(theirs[of_mine >= most], minlength=len(geometry_ha[there]))
    part_of = mine[(of_mine >= most) & (n_within_theirs[theirs] >= 2)]
    classes[part_of] = "merged" if side == "before" else "split"
    classes[n_within >= 2] = "split" if side == "before" else "merged"
    classes[mine[is_same]] = np.where(same_id[is_same], "unchanged", "renumbered")
    return pl.DataFrame(
        {"row": pl.arange(n, eager=True, dtype=pl.UInt32), "class": pl.Series(classes, dtype=pl.String)}
    )


def _counted(frame: pl.DataFrame) -> dict[str, int]:
    counted = dict(frame.group_by("class").len().iter_rows())
    return {name: int(counted.get(name, 0)) for name in STAND_CLASSES}
