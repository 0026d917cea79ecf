"""Townships with their totals as a layer: what everybody may take along of a release.

The numbers are those of `public_statistics`, the outlines those of the boundaries at hand; a township without an
outline keeps its numbers. The cases are in ``tests/atlas/test_townships_file.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import polars as pl
import shapely

from senhui.access.rules import AreaSet
from senhui.atlas.exports.caveats import caveats_of, half_widths_tc
from senhui.atlas.exports.columns import Column, Language
from senhui.atlas.exports.layer_files import Contents, write
from senhui.atlas.exports.provenance import is_calibrated, release_facts, release_label
from senhui.atlas.exports.qgis_style import Style, graduated
from senhui.atlas.exports.statistics_file import ExportFile
from senhui.atlas.layers import LAYERS
from senhui.atlas.selection import Selection
from senhui.atlas.statistics import TooFine, public_statistics
from senhui.inventory import queries

LayerForm = Literal["gpkg", "zip"]

_TYPES = {"gpkg": "application/geopackage+sqlite3", "zip": "application/zip"}

COLUMNS = (
    Column("code", "CODE", "township", "", "乡镇代码", "code of the township"),
    Column("name", "NAME", "", "", "乡镇", "name of the township"),
    Column("n", "N", "n", "", "小班数", "sub-compartments"),
    Column("area_ha", "AREA_HA", "area_ha", "ha", "面积", "area"),
    Column("forest_area_ha", "FOREST_HA", "forest_area_ha", "ha", "其中林地", "of it forest land"),
    Column(
        "area_without_estimate_ha", "NO_EST_HA", "area_without_estimate_ha", "ha", "无估算", "of it without estimate"
    ),
    Column("volume_m3", "VOL_M3", "volume_m3", "m³", "蓄积量", "volume"),
    Column("stock_tc", "STOCK_TC", "stock_tc", "tC", "碳储量（测算）", "stock, measured"),
    Column("calibrated_stock_tc", "CALIB_TC", "calibrated_stock_tc", "tC", "碳储量（校准）", "stock, calibrated"),
    Column(
        "stock_tc_per_forest_ha", "TC_FOR_HA", "stock_tc_per_forest_ha", "tC/ha",
        "每公顷森林碳储量（测算）", "stock per hectare of forest, measured",
    ),
    Column(
        "calibrated_stock_tc_per_forest_ha", "CAL_FOR_HA", "calibrated_stock_tc_per_forest_ha", "tC/ha",
        "每公顷森林碳储量（校准）", "stock per hectare of forest, calibrated",
    ),
    Column("half_width_tc", "HALF_TC", "", "tC", "碳储量 95% 区间半宽", "half of the 95 % interval of the stock"),
    Column("release", "RELEASE", "", "", "数据版本", "data version"),
)  # fmt: skip


def townships_file(selection: Selection, *, areas: AreaSet, form: LayerForm, language: Language) -> ExportFile:
    """Return the townships of a place with outlines and totals, as a GeoPackage with a style or a zipped Shapefile.

    Raises
    ------
    TooFine
        A filter or a shape: totals of a choice within a township could tell of single stands.
    NoSuchRelease, NoSuchPlace
    """
    if selection.where or selection.shape is not None:
        raise TooFine
    release = queries.release(selection.release_id)
    caveats = caveats_of(release, within=selection.within, is_choice=False)
    frame = _frame(selection, release, areas)
    facts = [*release_facts(release), ("内容 Content", "乡镇合计 totals of townships")]
    facts.append(("未纳入本版的面积 Area left out of the release (ha)", f"{caveats.excluded_area_ha:.2f}"))
    if caveats.unknown_because:
        facts.append(("误差 Error", " ".join(caveats.unknown_because)))
    elif caveats.error is not None:
        interval = f"{caveats.error.lower_tc:.0f} – {caveats.error.upper_tc:.0f}"
        facts.append(("碳储量 95% 区间 95 % interval of the stock (tC)", interval))
        facts.append(("未设定的误差来源 Sources of error not set", f"{caveats.not_set(0)} / {caveats.not_set(1)}"))
    measure = "calibrated_stock_tc" if is_calibrated(release) else "stock_tc"
    titles = ("每公顷森林碳储量", "Carbon stock per hectare of forest")
    unknown = ("无估算", "no estimate")
    at = 0 if language == "zh" else 1
    qml = graduated(LAYERS["density"], f'"{measure}_per_forest_ha"', unknown=unknown[at])
    contents = Contents(
        frame=frame, columns=COLUMNS, layer="townships", facts=facts, styles=[Style("density", titles[at], qml)]
    )
    name = f"senhui_{release.id}_townships{f'_{selection.within}' if selection.within else ''}.{form}"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        write(contents, path, form=form, progress=lambda _done: None)
        return ExportFile(name, _TYPES[form], path.read_bytes())


def _frame(selection: Selection, release: queries.ReleaseInfo, areas: AreaSet) -> pl.DataFrame:
    totals = public_statistics(release.id, areas=areas, within=selection.within, by=("township",), where={})
    units = {unit.code: unit for unit in queries.administrative_units("township")}
    codes = totals["township"].to_list()
    half_width_tc = half_widths_tc(release, codes)
    outlines = [units[code].geometry if code in units else None for code in codes]
    made = {
        "code": codes,
        "name": [units[code].name_zh if code in units else code for code in codes],
        "half_width_tc": [half_width_tc.get(code) for code in codes],
        "release": [release_label(release)] * len(codes),
    }
    schema = {"code": pl.String, "name": pl.String, "half_width_tc": pl.Float64, "release": pl.String}
    geometry = pl.Series(
        "geometry", [None if one is None else shapely.to_wkb(one) for one in outlines], dtype=pl.Binary
    )
    joined = pl.concat([totals, pl.DataFrame(made, schema=schema), geometry.to_frame()], how="horizontal")
    return joined.select(*(column.name for column in COLUMNS), "geometry")
