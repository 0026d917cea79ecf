"""What a second survey draws anew (区划调整): a few stands split, a few merged, a few given another number.

A survey that repeats every outline of the one before does not exist, and a comparison of two surveys that has only
met such ones proves nothing. What is drawn anew stays in its village and compartment, keeps its wood, and shares its
borders exactly. How many was chosen for the sample. Cases: tests/cli/demo/test_redrawn.py.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely

from senhui.cli.demo.geometry import Objects
from senhui.cli.demo.mosaic import Bools, Floats, Ints
from senhui.intake.geometry import polygon_areas_ha

SPLIT_FRAC, RENUMBERED_FRAC = 0.012, 0.01  # as many stands are merged as are split, so that the number of rows stays
ALIKE = ("CUN", "LIN_BAN", "DI_LEI", "YOU_SHI_SZ", "QI_YUAN", "LING_ZU")
"""Two neighbours become one stand only if all of these agree: nobody draws a fir and an oak stand as one."""
AREAS = ("MIAN_JI", "YXMJ", "V_TMMJ")


@dataclass(frozen=True)
class Redrawn:
    """A survey after its outlines were drawn anew: fields and polygons, row by row."""

    fields: pl.DataFrame
    polygons: Objects


def redraw(fields: pl.DataFrame, polygons: Objects, *, rng: np.random.Generator) -> Redrawn:
    """Split, merge and renumber a few stands of a survey.

    Parameters
    ----------
    fields : the official fields of the survey
    polygons : (n,) object, outlines in EPSG:4490

    Returns
    -------
    Redrawn
        As many rows as before; the second parts of split stands come last.
    """
    n_wanted = max(1, round(SPLIT_FRAC * len(fields)))
    order = rng.permutation(len(fields))
    kept, gone = _pairs(fields, polygons, order, n_wanted=n_wanted)
    free = order[~np.isin(order, np.concatenate([kept, gone]))]
    split, halves = _halves(polygons, free, n_wanted=len(kept))
    # A split that found no chord takes a merger with it: the number of rows stays.
    kept, gone = kept[: len(split)], gone[: len(split)]
    rest = free[~np.isin(free, split)]
    renumbered = rest[: max(1, round(RENUMBERED_FRAC * len(fields)))]

    drawn = polygons.copy()
    drawn[kept] = [shapely.coverage_union_all(pair) for pair in zip(polygons[kept], polygons[gone], strict=True)]
    drawn[split] = halves[:, 0]
    stays = np.setdiff1d(np.arange(len(fields)), gone)
    source = np.concatenate([stays, split])  # row of `fields` that each new row is made of
    shapes = np.concatenate([drawn[stays], halves[:, 1]])
    is_new = np.concatenate([np.isin(stays, renumbered), np.ones(len(split), dtype=bool)])
    frame = _with_merged_wood(fields, kept, gone)[source]
    frame = _with_areas(frame, shapes, is_drawn=np.isin(source, np.concatenate([kept, split])))
    frame = _with_shared_scattered(frame, n_split=len(split), first=np.searchsorted(stays, split))
    return Redrawn(_numbered(frame, is_new=is_new), shapes)


def _pairs(fields: pl.DataFrame, polygons: Objects, order: Ints, *, n_wanted: int) -> tuple[Ints, Ints]:
    """Find neighbours that are alike: the larger of each pair, which stays, and the smaller, which goes."""
    tried = order[: 20 * n_wanted]
    at, neighbour = shapely.STRtree(polygons).query(polygons[tried], predicate="touches")
    one = tried[at]
    kind = fields.select(pl.struct(ALIKE).rank("dense").alias("kind"))["kind"].to_numpy()
    has_stand = fields["YOU_SHI_SZ"].is_not_null().to_numpy()
    fit = (kind[one] == kind[neighbour]) & has_stand[one]
    one, neighbour = one[fit], neighbour[fit]
    border = shapely.intersection(polygons[one], polygons[neighbour])
    joined = shapely.length(border) > 0
    area = fields["MIAN_JI"].to_numpy()
    kept: list[int] = []
    gone: list[int] = []
    used: set[int] = set()
    for a, b in zip(one[joined].tolist(), neighbour[joined].tolist(), strict=True):
        if a in used or b in used or len(kept) == n_wanted:
            continue
        used |= {a, b}
        large, small = (a, b) if area[a] >= area[b] else (b, a)
        kept.append(large)
        gone.append(small)
    return np.array(kept, dtype=np.int64), np.array(gone, dtype=np.int64)


def _halves(polygons: Objects, order: Ints, *, n_wanted: int) -> tuple[Ints, Objects]:
    """Cut stands along a chord between two of their own corners, so that no neighbour's border changes."""
    chosen: list[int] = []
    halves: list[list[shapely.Polygon]] = []
    for row in order:
        if len(chosen) == n_wanted:
            break
        ring = shapely.get_coordinates(shapely.get_exterior_ring(polygons[row]))[:-1]
        middle = len(ring) // 2
        if len(ring) < 8 or shapely.get_num_interior_rings(polygons[row]):
            continue
        pair = [shapely.Polygon(ring[: middle + 1]), shapely.Polygon(np.concatenate([ring[middle:], ring[:1]]))]
        chord = shapely.LineString([ring[0], ring[middle]])
        crosses = shapely.length(shapely.difference(chord, polygons[row])) > 0
        if not crosses and all(shapely.is_valid(pair)) and min(shapely.area(pair)) > 0.2 * shapely.area(polygons[row]):
            chosen.append(int(row))
            halves.append(pair)
    shapes = np.empty((len(halves), 2), dtype=object)
    for nth, pair in enumerate(halves):
        shapes[nth] = pair
    return np.array(chosen, dtype=np.int64), shapes


def _with_merged_wood(fields: pl.DataFrame, kept: Ints, gone: Ints) -> pl.DataFrame:
    """Give the stands that stay the wood of those that go: volume per hectare by area, scattered trees as a sum."""
    area = fields["MIAN_JI"].to_numpy()
    volume, scattered = (fields[name].fill_null(0.0).to_numpy().copy() for name in ("HUO_LMGQXJ", "SSXJ"))
    both = area[kept] + area[gone]
    volume[kept] = (volume[kept] * area[kept] + volume[gone] * area[gone]) / both
    scattered[kept] += scattered[gone]
    species, kind = (fields[name].to_list() for name in ("SSZYSZ", "SSLX"))
    for one, other in zip(kept.tolist(), gone.tolist(), strict=True):
        species[one], kind[one] = species[one] or species[other], kind[one] or kind[other]
    return fields.with_columns(
        HUO_LMGQXJ=pl.when(pl.col("HUO_LMGQXJ").is_not_null()).then(pl.Series(volume).round(2)),
        SSXJ=_none_for_zero(scattered),
        SSZYSZ=pl.Series(species, dtype=pl.String),
        SSLX=pl.Series(kind, dtype=pl.String),
    )


def _with_areas(frame: pl.DataFrame, shapes: Objects, *, is_drawn: Bools) -> pl.DataFrame:
    """Measure what was drawn anew, and multiply its volume by its new area."""
    area_ha = frame["MIAN_JI"].to_numpy().copy()
    area_ha[is_drawn] = polygon_areas_ha(shapes[is_drawn]).round(2)
    drawn = pl.Series(is_drawn)
    total_m3 = (pl.col("HUO_LMGQXJ") * pl.col("MIAN_JI")).round()
    return frame.with_columns(pl.Series(name, area_ha) for name in AREAS).with_columns(
        pl.when(drawn & pl.col(name).is_not_null()).then(total_m3).otherwise(name).alias(name)
        for name in ("ZXJ", "SLXJ", "YSSZXJ")
    )


def _with_shared_scattered(frame: pl.DataFrame, *, n_split: int, first: Ints) -> pl.DataFrame:
    """Share the scattered trees of a split stand between its parts by area, in whole cubic metres."""
    scattered = frame["SSXJ"].fill_null(0.0).to_numpy().copy()
    area = frame["MIAN_JI"].to_numpy()
    second = np.arange(len(frame) - n_split, len(frame))
    of_first = np.rint(scattered[first] * area[first] / (area[first] + area[second]))
    scattered[second] = scattered[first] - of_first
    scattered[first] = of_first
    has_any = pl.Series(scattered > 0)
    return frame.with_columns(
        SSXJ=_none_for_zero(scattered),
        SSZYSZ=pl.when(has_any).then("SSZYSZ"),
        SSLX=pl.when(has_any).then("SSLX"),
    )


def _numbered(frame: pl.DataFrame, *, is_new: Bools) -> pl.DataFrame:
    """Give new stands the next free numbers of their compartments."""
    new = pl.Series("is_new", is_new)
    last = pl.col("XIAO_BAN").cast(pl.Int64).max().over("CUN", "LIN_BAN")
    nth = pl.col("is_new").cum_sum().over("CUN", "LIN_BAN")
    number = (last + nth).cast(pl.String).str.zfill(4)
    return (
        frame.with_columns(new)
        .with_columns(XIAO_BAN=pl.when("is_new").then(number).otherwise("XIAO_BAN"))
        .with_columns(XBID=pl.concat_str("CUN", "LIN_BAN", "XIAO_BAN", separator="-"))
        .drop("is_new")
    )


def _none_for_zero(values: Floats) -> pl.Series:
    return pl.Series(np.where(values > 0, values, np.nan)).fill_nan(None)
