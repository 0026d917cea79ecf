"""What the script needs to speak of a selection: values of each dimension with name and colour, units, words.

Charts, filters and drawing (`static/js/map/{charts,filters,draw}.js`) write numbers themselves, because they change
under the pointer; how a quantity is written is still said in one place, `senhui.web.units`. The cases are in
``tests/web/test_selection_words.py``.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from senhui.access.rules import AreaSet
from senhui.atlas.disclosure import ATTRIBUTES
from senhui.atlas.layers import LAYERS, MapLayer, list_of
from senhui.web import names, units
from senhui.web.map_style import TITLES

LAYER_OF_DIMENSION = {
    "species_group": "species",
    "age_group": "age_group",
    "origin": "origin",
    "land_class": "land_class",
    "protection": "protection",
    "method": "method",
}
"""The layer of the map that colours by a dimension of the statistics, in the order of the charts."""

QUANTITIES = ("stock_tc", "area_ha", "share_frac", "count")


def for_script(areas: AreaSet) -> dict[str, Any]:
    """Return everything that the map's script needs for charts, filters and drawing.

    Parameters
    ----------
    areas : AreaSet
        The land whose sub-compartments the reader sees. Without any, only the public's dimensions are there.
    """
    return {
        "dimensions": [
            dimension_as_json(dimension, LAYERS[layer])
            for dimension, layer in LAYER_OF_DIMENSION.items()
            if not areas.is_empty or dimension in ATTRIBUTES
        ],
        "units": {quantity: unit_as_json(quantity) for quantity in QUANTITIES},
        "addresses": {
            "answer": "/api/v1/releases/{release}/answer",
            "history": "/api/v1/places/{place}/history",
            "export": "/map/export.{form}",
            "sheet": "/map/sheet/",
            "boundaries": "/map/boundaries/",
            "sign_in": reverse("sign-in"),
        },
        "texts": _texts(),
    }


def dimension_as_json(dimension: str, layer: MapLayer) -> dict[str, Any]:
    """Return a dimension with its values in the order of the layer's kinds, "not recorded" last."""
    colour_of = {code: kind.colour for kind in layer.kinds for code in kind.codes}
    listed = (value for value in list_of(layer.table) if value is not None) if layer.table else ()
    return {
        "id": dimension,
        "title": str(TITLES[layer.id]),
        "values": [
            *(
                {
                    "value": value,
                    "name": names.of_value(dimension, value),
                    "colour": colour_of.get(value, layer.no_value),
                }
                for value in dict.fromkeys((*colour_of, *listed))
            ),
            {"value": None, "name": str(names.NOT_RECORDED), "colour": layer.no_value},
        ],
    }


def unit_as_json(quantity: str) -> dict[str, Any]:
    """Return how the active language writes a quantity: unit, digits, and the factor from SI; all are proportions."""
    form = units.habit(quantity)
    return {"unit": form.unit, "n_digits": form.n_digits, "factor": form.convert(1.0)}


def _texts() -> dict[str, str]:
    """Return the words that charts, filters and drawing write; names in braces are filled by the script."""
    return {
        "all_filters": _("Filter …"),
        "area": _("Area"),
        "as_table": _("as table"),
        "asking": _("Adding up …"),
        "box": _("Box"),
        "box_help": _("Drag from one corner to the opposite one. Escape cancels."),
        "boundary": _("Uploaded boundary"),
        "boundary_file": _("File of the boundary (GeoPackage, zipped Shapefile, GeoJSON)"),
        "boundary_refused": _("The boundary was not taken: {what}"),
        "cancel": _("Cancel"),
        "clear_all": _("Clear all"),
        "close": _("Close"),
        "corners": _("Corners, one per line: longitude,latitude in degrees (CGCS2000)"),
        "corners_wrong": _("Line {line} is not a longitude and a latitude: {text}"),
        "corners_crossing": _("The outline crosses itself. Give the corners in the order in which they follow."),
        "corners_few": _("An outline has at least 3 and at most {most} corners; there are {n}."),
        "done": _("Done"),
        "failed": _("The numbers could not be loaded. What is shown in grey is of before. Check the connection."),
        "facts": _("{quantity} in {unit} · {year} · data version {release}"),
        "filter_help": _(
            "A value that is ticked is kept; several of one kind are added up. Numbers follow all other filters."
        ),
        "filters": _("Filters"),
        "history": _("History of the place"),
        "history_facts": _("{quantity} in {unit}, with the 95 % interval of each data version"),
        "history_note": _("Of the whole place: filters and selection do not apply to it."),
        "history_one": _("There is only one data version with this place."),
        "interval": _("95 % interval"),
        "keys": _("Arrow keys choose a bar, Enter filters by it."),
        "n_stands": _("Sub-compartments"),
        "no_connection": _("The server did not answer. Check the connection and try again."),
        "no_interval": _("not known"),
        "no_numbers": _("Nothing fits: remove a filter or the shape."),
        "not_all_shown": _("The {n} largest of {n_all}; the table lists them all."),
        "other_origin": _("other origin or none recorded"),
        "outline": _("Drawn shape"),
        "polygon": _("Polygon"),
        "polygon_help": _(
            "Click the corners. Double-click, Enter or a click on the first corner ends; Backspace takes one back; "
            "Escape cancels."
        ),
        "public_note": _(
            "The public sees the composition of counties and the city. Filters, selection and townships need a role."
        ),
        "pyramid": _("Age and origin"),
        "pyramid_note": _("Left natural, right planted; of other or unknown origin: {other}."),
        "remove": _("Remove: {name}"),
        "remove_shape": _("Remove the shape"),
        "sample": _("Sample data"),
        "select": _("Select"),
        "select_area": _("Select an area"),
        "share": _("Share"),
        "stock": _("Carbon stock"),
        "stock_measured": _("Carbon stock, measured"),
        "stock_calibrated": _("Carbon stock, calibrated"),
        "take": _("Select this outline"),
        "too_many": _("A shape has at most {most} corners."),
        "try_again": _("Try again"),
        "type_corners": _("Type corners"),
        "undo": _("Take back"),
        "upload": _("Upload a boundary"),
        "upload_take": _("Upload and select"),
        "version": _("Data version"),
        "what_is_shown": _("What the bars show"),
        "withheld": _("withheld"),
        "withheld_note": _("Withheld: fewer than three sub-compartments, or such a cell could be computed from it"),
        "without_table": _("hide the table"),
        "year": _("Year"),
    }
