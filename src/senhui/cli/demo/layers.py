"""The sample city as files: two sub-compartment layers in the official schema and the administrative units.

The 2016 layer is a Shapefile in EPSG:4549, encoded in GBK and without .cpg, as offices hand it over; the 2021 layer
is in EPSG:4490 with .cpg. `format="gpkg"` writes GeoPackages instead, which suits 300,000 rows. Cases:
tests/cli/demo/test_layers.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
import shapely
from pyproj import Transformer

from senhui.cli.demo.attributes import land_fields, number_rows, official_fields
from senhui.cli.demo.geometry import Cells, Objects, counties, local_plane, make_cells
from senhui.cli.demo.mosaic import Bools, Floats, Ints
from senhui.cli.demo.places import outlines, place_cells, write_units
from senhui.cli.demo.redrawn import Redrawn, redraw
from senhui.cli.demo.site import Site
from senhui.cli.demo.stands import survey
from senhui.cli.demo.terrain import Terrain, make_terrain
from senhui.cli.demo.totals import YEARS
from senhui.intake.schema import FIELDS, SHAPEFILE_NAME_WIDTH
from senhui.parameters import scalar

SEED = 20260101
NON_FOREST_ROWS_FRAC = 0.005
TITLE = "示例数据 sample data"
GEOGRAPHIC, GAUSS_KRUGER = "EPSG:4490", "EPSG:4549"
NUMERIC_DIGITS = 16  # the schema's 38 digits are a database's default; a DBF column needs no more than 16

LayerFormat = Literal["shapefile", "gpkg"]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class SampleCity:
    """Where the sample city's files lie.

    Attributes
    ----------
    layers : year -> path of the sub-compartment layer
    boundaries : GeoJSON of city, counties, townships (outlines) and villages (names only)
    n_rows, area_ha : rows and total area of each layer
    """

    layers: dict[int, Path]
    boundaries: Path
    n_rows: int
    area_ha: float
    is_sample: bool = True


def make_sample_layers(
    directory: Path,
    *,
    n_sub_compartments: int = 20_000,
    seed: int = SEED,
    format: LayerFormat = "shapefile",
    progress: Progress | None = None,
) -> SampleCity:
    """Make the sample city and write its files into a directory.

    The same number and seed give the same values on the same versions of the libraries.

    Parameters
    ----------
    directory : created if it does not exist; files of the same names are replaced
    n_sub_compartments : rows of each layer, at least 500
    progress : called with the fraction done and a note
    """
    assert n_sub_compartments >= 500, "fewer rows cannot hold every land class"
    tell = progress or (lambda fraction, note: None)
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    plane = local_plane()
    size_km = plane.to_plane(shapely.total_bounds(counties().outlines)[None, 2:])[0]

    tell(0.0, "cells")
    terrain = make_terrain(size_km, rng=rng)
    forest_frac = _forest_land_frac()
    n_bare = round(NON_FOREST_ROWS_FRAC * n_sub_compartments)
    cells = make_cells(round((n_sub_compartments - n_bare) / forest_frac), rng=rng)
    tell(0.25, "townships and villages")
    places = place_cells(cells, terrain, size_km, rng=rng)
    units = outlines(cells, places)
    tell(0.4, "stands")
    rows, is_forest = _choose_rows(cells, terrain, n_sub_compartments, n_bare, rng)
    centre_km = cells.centre_km[rows]
    site = Site(
        centre_km=centre_km,
        size_km=size_km,
        area_ha=cells.area_ha[rows],
        elevation_m=terrain.elevation_m.at(centre_km),
        slope_deg=terrain.slope_deg.at(centre_km),
        is_forest_land=is_forest,
    )
    stands = survey(site, rng=rng)
    place = number_rows(places, rows, cells.centre_km)
    land = land_fields(terrain, centre_km, site.area_ha, rng=rng)

    layers: dict[int, Path] = {}
    earlier: pl.DataFrame | None = None
    lot_seed = int(rng.integers(2**32))
    for step, year in enumerate(YEARS):
        tell(0.55 + 0.22 * step, f"layer {year}")
        fields = official_fields(
            place, land, stands[year], year=year, earlier=earlier, rng=np.random.default_rng(lot_seed)
        )
        survey_of_year = Redrawn(fields, cells.polygons[rows])
        if earlier is not None:
            survey_of_year = redraw(fields, cells.polygons[rows], rng=np.random.default_rng(lot_seed + 1))
        layers[year] = _write_layer(directory, year, survey_of_year, format)
        earlier = fields
    city = SampleCity(
        layers=layers,
        boundaries=write_units(units, directory / "boundaries.geojson"),
        n_rows=len(rows),
        area_ha=float(site.area_ha.sum()),
    )
    tell(1.0, "done")
    return city


def _forest_land_frac() -> float:
    """Return the share of the city that is forest land (林地)."""
    forest_ha = float(scalar("lishui_forest_land_2008_wan_ha").value) * 1e4
    return forest_ha / (float(scalar("lishui_land_area_km2").value) * 100)


def _choose_rows(
    cells: Cells, terrain: Terrain, n_rows: int, n_bare: int, rng: np.random.Generator
) -> tuple[Ints, Bools]:
    """Choose the cells of the layer: forest land, which leaves out the valley floors, and a few non-forest rows."""
    lowland = terrain.valley.at(cells.centre_km) + 0.05 * rng.normal(size=len(cells.area_ha))
    order = np.argsort(-lowland, kind="stable")
    forest, rest = order[: n_rows - n_bare], order[n_rows - n_bare :]
    bare = rng.choice(rest, size=n_bare, replace=False)
    rows = np.sort(np.concatenate([forest, bare]))
    return rows, ~np.isin(rows, bare)


def _write_layer(directory: Path, year: int, surveyed: Redrawn, format: LayerFormat) -> Path:
    """Write one survey; the older one as offices kept them, projected and without a code-page file."""
    projected = year == YEARS[0]
    shapes = _projected(surveyed.polygons) if projected else surveyed.polygons
    suffix, driver = ("gpkg", "GPKG") if format == "gpkg" else ("shp", "ESRI Shapefile")
    path = directory / f"xiaoban_{year}.{suffix}"
    is_shapefile = format == "shapefile"
    for old in directory.glob(f"{path.stem}.*"):
        old.unlink()
    pyogrio.write_arrow(
        _arrow(surveyed.fields, shapes, is_shapefile=is_shapefile),
        path,
        driver=driver,
        geometry_name="geometry",
        geometry_type="Polygon",
        crs=GAUSS_KRUGER if projected else GEOGRAPHIC,
        encoding="GBK" if is_shapefile else None,
        layer_options=None if is_shapefile else {"DESCRIPTION": TITLE},
    )
    if is_shapefile and projected:
        path.with_suffix(".cpg").unlink()
    return path


def _projected(polygons: Objects) -> Objects:
    """Project to the three-degree Gauss-Kruger zone of 120 E [m], rounded to a tenth of a millimetre."""
    transformer = Transformer.from_crs(GEOGRAPHIC, GAUSS_KRUGER, always_xy=True)

    def project(degrees: Floats) -> Floats:
        return np.column_stack(transformer.transform(degrees[:, 0], degrees[:, 1])).round(4)

    projected: Objects = shapely.transform(polygons, project)
    return projected


def _arrow(fields: pl.DataFrame, polygons: Objects, *, is_shapefile: bool) -> pa.Table:
    """Return the rows as Arrow with the schema's widths, which GDAL takes from field metadata and decimal types."""
    arrays, schema = [], []
    for field in FIELDS:
        column = fields[field.name].to_arrow()
        if field.type == "string":
            column = column.cast(pa.string())
        elif field.type == "double" and is_shapefile:
            column = column.cast(pa.decimal128(NUMERIC_DIGITS, field.precision or 0))
        metadata = {"GDAL:OGR:width": str(field.width)} if field.type == "string" and field.width else None
        name = field.name[:SHAPEFILE_NAME_WIDTH] if is_shapefile else field.name
        schema.append(pa.field(name, column.type, metadata=metadata))
        arrays.append(column)
    schema.append(pa.field("geometry", pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"}))
    arrays.append(pa.array(shapely.to_wkb(polygons), type=pa.binary()))
    return pa.Table.from_arrays(arrays, schema=pa.schema(schema))
