"""Files that offices open: statistics as CSV and XLSX, sub-compartments as GPKG, Shapefile, CSV and XLSX."""

from senhui.atlas.exports.statistics_file import ExportFile, statistics_file
from senhui.atlas.exports.sub_compartments import TooManyRows, sub_compartments

__all__ = ["ExportFile", "TooManyRows", "statistics_file", "sub_compartments"]
