"""Files that offices open: statistics as CSV and XLSX, sub-compartments as GPKG, Shapefile, CSV and XLSX."""

from senhui.atlas.exports.change_file import change_file
from senhui.atlas.exports.layer_files import TooManyRows
from senhui.atlas.exports.statistics_file import ExportFile, statistics_file
from senhui.atlas.exports.sub_compartments import (
    Export,
    ExportIsGone,
    NothingChosen,
    kept_export,
    n_exported,
    refuse_export,
    sub_compartments,
)

__all__ = [
    "Export",
    "ExportFile",
    "ExportIsGone",
    "NothingChosen",
    "TooManyRows",
    "change_file",
    "kept_export",
    "n_exported",
    "refuse_export",
    "statistics_file",
    "sub_compartments",
]
