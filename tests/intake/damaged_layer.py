"""A layer as an office hands it over, with one row in a hundred damaged in one of fifteen ways, and what is damaged.

The ground is the sample city: 144 fields, a Shapefile in GBK, areas in mu. Damaged rows lie apart from each other, so
that one does not hide another; the chance is fixed by a seed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
import shapely

from senhui.cli.demo import make_sample_layers
from senhui.intake import read_boundaries
from senhui.intake.geometry import polygon_areas_ha
from senhui.intake.schema import FIELDS, SHAPEFILE_NAME_WIDTH

EAST_M, NORTH_M = 98_000.0, 110_800.0  # metres in a degree around Lishui
MU_PER_HA = 15
SLIVER_WIDTH_M = 3.0

REASONS: Final = {
    "impossible code": "land_class_unknown",
    "unknown species": "species_unknown",
    "area is not that of the outline": "area_differs",
    "negative volume": "value_negative",
    "age as text": "not_a_number",
    "invalid ring": "geometry_invalid",
    "drawn twice": "outline_duplicate",
    "overlap": "outline_overlaps",
    "sliver": "sliver",
    "outside its county": "outside_county",
    "no outline": "geometry_missing",
    "canopy in another unit": "canopy_out_of_range",
    "age group is not that of the age": "age_group_disagrees",
    "bamboo without culms": "bamboo_without_culms",
    "total volume is not stock times area": "volume_inconsistent",
}
"""Kind of damage → reason that must be told."""


@dataclass(frozen=True)
class DamagedLayer:
    """The layer and what is wrong in it.

    Attributes
    ----------
    path : path of the Shapefile
    counties : code and geometry (WKB) of the counties
    kinds : row → kind of damage
    partners : row → row that an overlap or an outline drawn twice is with
    """

    path: Path
    counties: pl.DataFrame
    kinds: dict[int, str]
    partners: dict[int, int]

    @property
    def expected(self) -> set[tuple[int, int | None, str]]:
        """Row, other row and reason of everything that must be told, once each."""
        own = {(row, self.partners.get(row), REASONS[kind]) for row, kind in self.kinds.items()}
        return own | {(other, row, REASONS[self.kinds[row]]) for row, other in self.partners.items()}


@dataclass
class _Draft:
    """The rows while they are being damaged; row i of the file is at i - 1."""

    rows: pl.DataFrame
    outlines: Any
    area_ha: Any
    tree: shapely.STRtree
    counties: pl.DataFrame
    rng: np.random.Generator
    changes: dict[str, dict[int, Any]] = field(default_factory=dict)
    partners: dict[int, int] = field(default_factory=dict)

    def put(self, at: int, **values: Any) -> None:
        for name, value in values.items():
            self.changes.setdefault(name, {})[at] = value

    def draw(self, at: int, outline: shapely.Geometry) -> None:
        """Give a row another outline, and area and total volume to match."""
        self.outlines[at] = outline
        self.enter_area(at, float(polygon_areas_ha(np.array([outline], dtype=object))[0]))

    def enter_area(self, at: int, area_ha: float) -> None:
        area_mu = round(area_ha * MU_PER_HA, 2)
        stock_m3_ha = self.rows["HUO_LMGQXJ"][at] or 0.0
        self.put(at, MIAN_JI=area_mu, ZXJ=round(stock_m3_ha * area_mu / MU_PER_HA))

    def neighbours(self, outline: shapely.Geometry, at: int) -> list[int]:
        return [int(near) for near in self.tree.query(outline, predicate="intersects") if near != at]


def make_damaged_layer(directory: Path, *, n_rows: int, seed: int = 20261122) -> DamagedLayer:
    """Make the layer in a directory."""
    city = make_sample_layers(directory / "city", n_sub_compartments=n_rows, format="gpkg")
    draft = _good(city.layers[2021], city.boundaries, seed=seed)
    kinds: dict[int, str] = {}
    is_taken = np.zeros(n_rows, dtype=bool)
    for number, kind in enumerate(REASONS):
        n_left = len(range(number, n_rows // 100, len(REASONS)))
        for at in draft.rng.permutation(n_rows).tolist():
            if n_left == 0:
                break
            near = draft.neighbours(draft.outlines[at], at) if not is_taken[at] else []
            if not near or is_taken[near].any():
                continue
            around = [at, *near, *(far for one in near for far in draft.neighbours(draft.outlines[one], one))]
            if _DAMAGES[kind](draft, at):
                kinds[at + 1] = kind
                is_taken[around] = True
                n_left -= 1
        assert n_left == 0, f"there is no room for {n_left} more rows with {kind}"
    partners = {row + 1: other + 1 for row, other in draft.partners.items()}
    return DamagedLayer(_write(draft, directory / "damaged.shp"), draft.counties, kinds, partners)


def _good(layer: Path, boundaries: Path, *, seed: int) -> _Draft:
    """Read the sample city and put in order what it leaves out on purpose."""
    meta, table = pyogrio.read_arrow(layer)
    rows = pl.DataFrame(pl.from_arrow(table.drop_columns([meta["geometry_name"]])))
    outlines = shapely.from_wkb(table[meta["geometry_name"]].to_numpy(zero_copy_only=False))
    area_mu = (pl.col("MIAN_JI") * MU_PER_HA).round(2)
    is_bamboo = pl.col("DI_LEI") == "1130"
    lacks_volume = pl.col("DI_LEI").is_in(["1111", "1112", "1200"]) & (pl.col("HUO_LMGQXJ").fill_null(0.0) == 0.0)
    stock_m3_ha = 50.0
    total_m3 = (stock_m3_ha * pl.col("MIAN_JI") + pl.col("SSXJ").fill_null(0.0)).round()
    rows = rows.with_columns(
        pl.when(lacks_volume).then(stock_m3_ha).otherwise(pl.col("HUO_LMGQXJ")).alias("HUO_LMGQXJ"),
        pl.when(lacks_volume).then(total_m3).otherwise(pl.col("ZXJ")).alias("ZXJ"),
        area_mu.alias("MIAN_JI"),
        pl.when(is_bamboo).then(pl.col("MEI_GQ_ZS").fill_null(2400)).otherwise(pl.col("MEI_GQ_ZS")).alias("MEI_GQ_ZS"),
        pl.col("PINGJUN_NL").cast(pl.String),
    )
    counties = read_boundaries(boundaries).filter(pl.col("level") == "county").select("code", geometry="wkb")
    return _Draft(
        rows,
        outlines,
        polygon_areas_ha(outlines),
        shapely.STRtree(outlines.copy()),
        counties,
        np.random.default_rng(seed),
    )


def _is_stocked(draft: _Draft, at: int) -> bool:
    """Tell whether a row is a tree stand of Chinese fir with a volume of its own."""
    row = draft.rows.row(at, named=True)
    return row["DI_LEI"] == "1111" and row["YOU_SHI_SZ"] == "310" and row["HUO_LMGQXJ"] > 5 and not row["SSXJ"]


def _change(**values: Any) -> Callable[[_Draft, int], bool]:
    """Make a damage that puts values into a stocked row."""

    def damage(draft: _Draft, at: int) -> bool:
        if _is_stocked(draft, at):
            draft.put(at, **values)
            return True
        return False

    return damage


def _area(draft: _Draft, at: int) -> bool:
    draft.enter_area(at, 1.2 * draft.area_ha[at])
    return True


def _negative(draft: _Draft, at: int) -> bool:
    if _is_stocked(draft, at):
        draft.put(at, HUO_LMGQXJ=-draft.rows["HUO_LMGQXJ"][at], ZXJ=-draft.rows["ZXJ"][at])
        return True
    return False


def _ring(draft: _Draft, at: int) -> bool:
    points = shapely.get_coordinates(draft.outlines[at])
    a, b = len(points) // 4, len(points) // 2
    points[[a, b]] = points[[b, a]]
    crossed = shapely.Polygon(points)
    if crossed.is_valid:
        return False
    draft.outlines[at] = crossed
    return True


def _twice(draft: _Draft, at: int) -> bool:
    (other, *_) = draft.neighbours(draft.outlines[at], at)
    draft.draw(at, draft.outlines[other])
    draft.partners[at] = other
    return True


def _overlap(draft: _Draft, at: int) -> bool:
    """Let the outline bulge into one neighbour and nobody else."""
    (other, *_) = draft.neighbours(draft.outlines[at], at)
    border = shapely.intersection(draft.outlines[at].boundary, draft.outlines[other].boundary)
    if border.length == 0:
        return False
    middle = shapely.line_interpolate_point(shapely.line_merge(border), 0.5, normalized=True)
    bulge = shapely.buffer(middle, 0.1 * np.sqrt(draft.area_ha[at] * 1e4) / EAST_M)
    if set(draft.neighbours(bulge, at)) != {other}:
        return False
    drawn = shapely.union(draft.outlines[at], bulge)
    if not (drawn.geom_type == "Polygon" and len(drawn.interiors) == 0):
        return False
    draft.draw(at, drawn)
    draft.partners[at] = other
    return True


def _sliver(draft: _Draft, at: int) -> bool:
    middle = shapely.point_on_surface(draft.outlines[at])
    half_m = 0.1 * np.sqrt(draft.area_ha[at] * 1e4)
    east, north = half_m / EAST_M, SLIVER_WIDTH_M / 2 / NORTH_M
    strip = shapely.box(middle.x - east, middle.y - north, middle.x + east, middle.y + north)
    room = shapely.buffer(strip, 20 / EAST_M)
    if not shapely.contains(draft.outlines[at], room):
        return False
    draft.draw(at, strip)
    return True


def _county(draft: _Draft, at: int) -> bool:
    """Give the row the codes of a village in a county far away."""
    other = int(draft.rng.integers(draft.rows.height))
    code = draft.rows["XIAN"][other]
    far = shapely.from_wkb(draft.counties.filter(pl.col("code") == code)["geometry"][0])
    if shapely.distance(far, draft.outlines[at]) < 0.02:
        return False
    codes = {name: draft.rows[name][other] for name in ("XIAN", "XIANG", "CUN")}
    draft.put(at, **codes, LIN_BAN="9999", XIAO_BAN=f"{at:06d}")
    return True


def _missing(draft: _Draft, at: int) -> bool:
    draft.outlines[at] = None
    return True


def _age_group(draft: _Draft, at: int) -> bool:
    row = draft.rows.row(at, named=True)
    is_planted_timber = (row["QI_YUAN"], row["LIN_ZHONG"], row["SEN_LIN_LB"]) == ("21", "233", "022")
    if not (_is_stocked(draft, at) and is_planted_timber and row["LING_ZU"]):
        return False
    draft.put(at, LING_ZU=str(int(row["LING_ZU"]) % 5 + 1))
    return True


def _culms(draft: _Draft, at: int) -> bool:
    if draft.rows["DI_LEI"][at] != "1130":
        return False
    draft.put(at, MEI_GQ_ZS=None)
    return True


def _total(draft: _Draft, at: int) -> bool:
    if not _is_stocked(draft, at):
        return False
    draft.put(at, ZXJ=2 * draft.rows["ZXJ"][at] + 100)
    return True


_DAMAGES: Final[dict[str, Callable[[_Draft, int], bool]]] = {
    "impossible code": _change(DI_LEI="9999"),
    "unknown species": _change(YOU_SHI_SZ="999"),
    "area is not that of the outline": _area,
    "negative volume": _negative,
    "age as text": _change(PINGJUN_NL="二十三"),
    "invalid ring": _ring,
    "drawn twice": _twice,
    "overlap": _overlap,
    "sliver": _sliver,
    "outside its county": _county,
    "no outline": _missing,
    "canopy in another unit": _change(YU_BI_DU=65.0),
    "age group is not that of the age": _age_group,
    "bamboo without culms": _culms,
    "total volume is not stock times area": _total,
}


def _write(draft: _Draft, path: Path) -> Path:
    """Write the rows with the widths of the schema."""
    rows = draft.rows
    for name, values in draft.changes.items():
        at = pl.Series(list(values), dtype=pl.UInt32)
        rows = rows.with_columns(rows[name].scatter(at, pl.Series(list(values.values()), dtype=rows.schema[name])))
    arrays, schema = [], []
    for each in FIELDS:
        column = rows[each.name].to_arrow(compat_level=pl.CompatLevel.oldest())
        width = 10 if each.name == "PINGJUN_NL" else each.width
        is_text = pa.types.is_large_string(column.type)
        if pa.types.is_floating(column.type):
            column = column.cast(pa.decimal128(16, each.precision or 0))
        metadata = {"GDAL:OGR:width": str(width)} if is_text else None
        schema.append(pa.field(each.name[:SHAPEFILE_NAME_WIDTH], column.type, metadata=metadata))
        arrays.append(column)
    schema.append(pa.field("geometry", pa.binary()))
    arrays.append(pa.array(shapely.to_wkb(draft.outlines), type=pa.binary()))
    pyogrio.write_arrow(
        pa.Table.from_arrays(arrays, schema=pa.schema(schema)),
        path,
        driver="ESRI Shapefile",
        geometry_name="geometry",
        geometry_type="Polygon",
        crs="EPSG:4490",
        encoding="GBK",
    )
    return path
