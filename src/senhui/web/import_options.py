"""Which option of the import form answers a refusal, so that a page leads back to the very field.

By class, as in `web.errors`; a refusal without an entry is mended in the file and not by an option.
"""

from __future__ import annotations

from senhui.intake import LayerRefused
from senhui.intake.attribute_table import KeyColumnsMissing, NothingJoins, TableNotFound
from senhui.intake.coordinate_system import (
    CoordinatesContradictSystem,
    CoordinatesOfNoSystem,
    CoordinateSystemNotSupported,
    NoCoordinateSystem,
)
from senhui.intake.datum import (
    ControlPointsDoNotFit,
    ControlPointsTooFew,
    DatumChangeNeeded,
    DatumChangeNotWanted,
    DatumChangeTooLarge,
)
from senhui.intake.gdal_layer import LayerNotFound, SeveralLayers
from senhui.intake.text_encoding import EncodingContradicted, EncodingUnknown
from senhui.intake.workbook import SheetUnclear

OPTIONS: dict[type[LayerRefused], str] = {
    NoCoordinateSystem: "crs",
    CoordinatesContradictSystem: "crs",
    CoordinateSystemNotSupported: "crs",
    CoordinatesOfNoSystem: "crs",
    DatumChangeNeeded: "datum_kind",
    DatumChangeNotWanted: "datum_kind",
    DatumChangeTooLarge: "datum_kind",
    ControlPointsTooFew: "control_points",
    ControlPointsDoNotFit: "control_points",
    SeveralLayers: "layer",
    LayerNotFound: "layer",
    TableNotFound: "attributes_file",
    KeyColumnsMissing: "layer_keys",
    NothingJoins: "layer_keys",
    SheetUnclear: "sheet",
    EncodingUnknown: "encoding",
    EncodingContradicted: "encoding",
}


def option_of(refusal: Exception | None) -> str:
    """Return the name of the field of `ImportForm` that answers a refusal, or nothing."""
    return OPTIONS.get(type(refusal), "") if isinstance(refusal, LayerRefused) else ""
