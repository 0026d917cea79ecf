"""What a map sheet draws of a release and of the outlines of places: which stands, in which order, with which lines.

The cases are in ``tests/atlas/test_sheet.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from senhui.access.rules import AreaSet
from senhui.atlas.layers import MapLayer, choropleth
from senhui.atlas.place_errors import place_errors
from senhui.atlas.sheet_drawing import Shapes, Stratum, Stroke, class_of, coloured, picture
from senhui.atlas.sheet_extent import Box, Frame, crossings_of, frame_of, project
from senhui.atlas.sheet_names import Label, Named, place_labels
from senhui.atlas.sheet_values import Sheet
from senhui.atlas.uncertainty import stand_errors_of
from senhui.inventory import events, queries
from senhui.quantities import percent_from_frac

VALUE_OF_STAND: dict[str, pl.Expr] = {
    "calibrated": pl.col("calibrated_stock_tc") / pl.col("area_ha"),
    "stock": pl.col("stock_tc_ha"),
    "species": pl.col("species_group"),
    "origin": pl.col("origin"),
    "age_group": pl.col("age_group"),
    "land_class": pl.col("land_class"),
    "method": pl.col("method"),
    "protection": pl.col("forest_category"),
    "disturbance": pl.col("disturbance"),
    "error": pl.col("error_frac") * 100,
}
"""What each attribute of the tiles is in a release, or in what `stands_in` puts beside it."""
LAYERS_OF_PLACES = {"density", "error"}
"""Layers with a value of a county or township that `_place_values` knows."""

PAPER, LAND, INK, ACCENT = "#fcfcf8", "#ecece4", "#3c4a45", "#c43c1d"
_TOWNSHIP_LINE = Stroke("#6f7a74", 0.12, (0.9, 0.5), 0.9)
_COUNTY_LINE = Stroke(INK, 0.28, (2.6, 0.7, 0.5, 0.7))
_CHOSEN_LINE = Stroke("#111a17", 0.55)
_STAND_LINE = Stroke(INK, 0.06, (), 0.45)
_GRATICULE = Stroke("#3c6e8f", 0.1)
_SEAM_MM = 0.06
_VEIL_OPACITY = 0.62
_LEAST_OUTLINED_MM2 = 4.0
_LEAST_NUMBERED_MM2 = 60.0
_CROSS_MM = 1.5
_SIZES_PT = {"county": 11.0, "township": 6.5, "stand": 5.0}


def can_draw(layer: MapLayer) -> bool:
    """Return whether a sheet knows where the values of a layer lie."""
    near = layer.value in VALUE_OF_STAND and (layer.value_measured is None or layer.value_measured in VALUE_OF_STAND)
    return near if layer.needs_role else near and layer.id in LAYERS_OF_PLACES


def whole_city() -> str:
    """Return the code of the city, or nothing where no units are loaded."""
    cities = queries.administrative_units("city")
    return cities[0].code if cities else ""


def box_of(release: queries.ReleaseInfo, place: str) -> Box:
    """Return the box of a place, degrees: of its outline, of the outlines in it, or of the release's stands there."""
    for level in ("city", "county", "township"):
        shapes = [
            unit.geometry
            for unit in queries.administrative_units(level)
            if unit.geometry is not None and (unit.code == place or (unit.code.startswith(place) and level != "city"))
        ]
        if shapes:
            west, south, east, north = shapely.total_bounds(shapes).tolist()
            return west, south, east, north
    edges = (pl.col("min_lon").min(), pl.col("min_lat").min(), pl.col("max_lon").max(), pl.col("max_lat").max())
    stands = queries.scan(release.id).filter(pl.col("township_code").str.starts_with(place))
    west, south, east, north = stands.select(edges).collect().row(0)
    return (west, south, east, north) if west is not None else box_of(release, "")


def stands_in(release: queries.ReleaseInfo, layer: MapLayer, frame: Frame, areas: AreaSet) -> pl.LazyFrame:
    """Return the stands of a person's land whose box meets the frame, with what the layer needs beside them."""
    west, south, east, north = frame.box_degrees
    meets = (pl.col("min_lon") < east) & (pl.col("max_lon") > west) & (pl.col("min_lat") < north)
    meets &= pl.col("max_lat") > south
    stands = queries.scan(release.id)
    if layer.value == "protection" and "forest_category" not in stands.collect_schema().names():
        stands = stands.with_columns(pl.lit(None, dtype=pl.String).alias("forest_category"))
    if layer.value == "disturbance":  # row by row of the whole release, so before any row goes
        stands = stands.with_columns(events.disturbances(release.id).alias("disturbance"))
    stands = stands.filter(meets, queries.area_filter(sorted(areas.codes)))
    if layer.value == "error":
        errors = stand_errors_of(release.id).lazy()
        stands = stands.join(errors, on=["township_code", "derivation_id"], how="left", maintain_order="left")
    return stands


def with_values(stands: pl.LazyFrame, layer: MapLayer, *, measure: str) -> pl.LazyFrame:
    """Return outline, area, number and the layer's value of each stand."""
    attribute = layer.value_measured if measure == "measured" and layer.value_measured else layer.value
    assert attribute is not None, layer.id
    return stands.select("geometry", "area_ha", "sub_compartment_no", value=VALUE_OF_STAND[attribute])


def covers_all(frame: Frame, areas: AreaSet) -> bool:
    """Return whether a person's land is all land of the townships that the frame shows."""
    window = shapely.box(*frame.box_degrees)
    units = queries.administrative_units("township") or queries.administrative_units("county")
    shown = [unit.code for unit in units if unit.geometry is not None and shapely.intersects(unit.geometry, window)]
    return all(areas.covers(code) for code in shown) if shown else not areas.is_empty


def picture_of(sheet: Sheet, stands: pl.DataFrame | None, *, areas: AreaSet) -> bytes:
    """Draw the map of a sheet: colours, lines of places, a veil over what is outside the place, the graticule."""
    frame, layer = sheet.frame, sheet.layer
    townships, counties = (_outlines(level) for level in ("township", "county"))
    strata = [Stratum(_all(counties) if counties else _all(townships), fill=LAND)]
    if sheet.level != "stand":
        strata += _places(sheet, counties if sheet.level == "county" else townships)
    elif stands is not None and stands.height:
        if "township" in layer.levels:
            strata += _places(sheet, {code: shape for code, shape in townships.items() if not areas.covers(code)})
        strata += _single_stands(frame, layer, stands)
    if sheet.level != "county":
        strata.append(Stratum(_all(townships), stroke=_TOWNSHIP_LINE))
    strata.append(Stratum(_all(counties), stroke=_COUNTY_LINE))
    chosen = (townships | counties).get(sheet.asked.place)
    if chosen is not None:
        veil = shapely.difference(shapely.box(*frame.box_m).buffer(frame.metres(2)), shapely.make_valid(chosen))
        strata.append(Stratum(np.array([veil]), fill="#ffffff", fill_opacity=_VEIL_OPACITY))
        strata.append(Stratum(np.array([chosen]), stroke=_CHOSEN_LINE))
    strata.append(Stratum(_crosses(sheet), stroke=_GRATICULE))
    return picture(frame, strata)


def _places(sheet: Sheet, outlines: Mapping[str, shapely.Geometry]) -> list[Stratum]:
    level: Literal["county", "township"] = "county" if sheet.level == "county" else "township"
    values = _place_values(sheet, level)
    classes = class_of(sheet.layer, [values.get(code) for code in outlines])
    return coloured(_all(outlines), classes, sheet.layer, seam_mm=_SEAM_MM, outline=None) if outlines else []


def _place_values(sheet: Sheet, level: Literal["county", "township"]) -> dict[str, float | None]:
    if sheet.layer.id == "error":
        errors = place_errors(sheet.release.id, level=level, is_calibrated=sheet.measure == "calibrated")
        return {code: None if error is None else percent_from_frac(error) for code, error in errors.items()}
    stock = "calibrated_stock_tc" if sheet.measure == "calibrated" else "stock_tc"
    return choropleth(sheet.release.id, level=level, measure=f"{stock}_per_{sheet.asked.per}_ha")


def _single_stands(frame: Frame, layer: MapLayer, stands: pl.DataFrame) -> list[Stratum]:
    shapes = project(shapely.from_wkb(stands["geometry"].to_numpy()))
    outline = _STAND_LINE if mean_area_mm2(stands, frame) >= _LEAST_OUTLINED_MM2 else None
    classes = class_of(layer, stands["value"].to_list())
    return coloured(shapes, classes, layer, seam_mm=_SEAM_MM, outline=outline)


def mean_area_mm2(stands: pl.DataFrame, frame: Frame) -> float:
    """Return how large a stand is on paper, on average."""
    return float(stands["area_ha"].sum()) / max(stands.height, 1) * 1e4 * (1000 / frame.denominator) ** 2


def _crosses(sheet: Sheet) -> Shapes:
    """Return small crosses where meridians and parallels meet, as thin rings."""
    frame, half = sheet.frame, _CROSS_MM / 2
    made = []
    for x_mm, y_mm in crossings_of(frame, sheet.tick_step_s):
        x_m, y_m = frame.west_m + frame.metres(x_mm), frame.north_m - frame.metres(y_mm)
        reach = frame.metres(half)
        made += [
            shapely.Polygon([(x_m - reach, y_m), (x_m + reach, y_m), (x_m + reach, y_m)]),
            shapely.Polygon([(x_m, y_m - reach), (x_m, y_m + reach), (x_m, y_m + reach)]),
        ]
    return np.array(made, dtype=object)


def labels_of(sheet: Sheet, stands: pl.DataFrame | None, names: Mapping[str, str]) -> list[Label]:
    """Return the names of counties and townships that have room, and the numbers of stands that are large enough.

    The county that a sheet is of is not named in its middle; the title names it.
    """
    grown = sheet.layout.type_pt / 8.0
    named = []
    for rank, level in enumerate(("county", "township")):
        if level == "township" and sheet.level == "county":
            continue
        for code, shape in _outlines(level).items():
            if level == "county" and sheet.asked.place.startswith(code):
                continue
            weight = "Bold" if level == "county" else "Regular"
            named.append(Named(names.get(code, code), shape, rank, _SIZES_PT[level] * grown, weight))
    if stands is not None and mean_area_mm2(stands, sheet.frame) >= _LEAST_NUMBERED_MM2:
        shapes = project(shapely.from_wkb(stands["geometry"].to_numpy()))
        numbers = stands["sub_compartment_no"].fill_null("").to_list()
        numbered = zip(numbers, shapes, strict=True)
        named += [
            Named(number, shape, 2, _SIZES_PT["stand"] * grown, "Regular") for number, shape in numbered if number
        ]
    arrow = (sheet.frame.width_mm - 12.0 * grown, 0.0, sheet.frame.width_mm, 20.0 * grown)
    return place_labels(sheet.frame, named, taken=arrow)


def overview_of(sheet: Sheet) -> bytes:
    """Draw the city with its counties, the place, and where the sheet lies."""
    counties = _outlines("county") or _outlines("township")
    size_mm = sheet.layout.overview_mm
    frame = frame_of(box_of(sheet.release, ""), width_mm=size_mm, height_mm=size_mm)
    strata = [Stratum(_all(counties), fill=LAND, stroke=Stroke("#8a948e", 0.12))]
    chosen = (_outlines("township") | _outlines("county")).get(sheet.asked.place)
    if chosen is not None:
        strata.append(Stratum(np.array([chosen]), fill="#7fae8c", stroke=Stroke("#3c4a45", 0.15)))
    shown = np.array([shapely.box(*sheet.frame.box_m)])
    strata.append(Stratum(shown, stroke=Stroke(ACCENT, 0.4)))
    return picture(frame, strata)


def _all(outlines: Mapping[str, shapely.Geometry]) -> Shapes:
    return np.array(list(outlines.values()), dtype=object)


def _outlines(level: str) -> dict[str, shapely.Geometry]:
    """Return the outlines of a level by code, m in the projection."""
    units = [unit for unit in queries.administrative_units(level) if unit.geometry is not None]
    if not units:
        return {}
    shapes = _projected(tuple(shapely.to_wkb(unit.geometry) for unit in units))
    return dict(zip((unit.code for unit in units), shapes, strict=True))


@lru_cache(maxsize=4)
def _projected(outlines: tuple[bytes, ...]) -> NDArray[np.object_]:
    return project(shapely.from_wkb(np.array(outlines, dtype=object)))
