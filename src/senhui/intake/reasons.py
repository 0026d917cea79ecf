"""Every reason why a row of a layer is refused or doubted, in one table.

Messages are templates without gaps: row, field and value stand beside them in the findings, so that the English
text is itself the key of the translation (:func:`msgids`). A reason's severity decides what happens to the row:
an ``error`` keeps it out of the stands, a ``warning`` lets it in.
Cases: ``tests/intake/test_reasons.py`` provokes each of them alone.
"""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Reason:
    """One reason: its code, how severe it is, what it says and what to do."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    remedy: str


GEOMETRY_MISSING: Final = "geometry_missing"
GEOMETRY_NOT_POLYGON: Final = "geometry_not_polygon"
GEOMETRY_INVALID: Final = "geometry_invalid"

_ERRORS: Final = (
    (GEOMETRY_MISSING, "The row has no outline.", "Draw the outline, or delete the row."),
    (GEOMETRY_NOT_POLYGON, "The outline is not a polygon.", "Replace it by a polygon."),
    (
        GEOMETRY_INVALID,
        "The outline is not a valid polygon.",
        "Repair the geometry in the mapping program (repair geometry, fix geometries).",
    ),
    (
        "geometry_outside",
        "The outline lies outside the area where this layer is expected.",
        "Check the coordinate system, and whether x and y were exchanged.",
    ),
    (
        "geographic_code_invalid",
        "The geographic code is missing or has the wrong number of digits.",
        "Enter county with 6 digits, township with 3 or 9, village with 3 or 12.",
    ),
    (
        "geographic_code_contradiction",
        "The geographic code does not begin with the code of the unit it lies in.",
        "Correct the county, the township or the village.",
    ),
    (
        "number_missing",
        "The number of the compartment or sub-compartment is missing.",
        "Enter the number; it is part of the identity of the stand.",
    ),
    (
        "id_duplicate",
        "Several rows have the same village, compartment and sub-compartment number.",
        "Give each its own number, or a part number (XI_BAN).",
    ),
    (
        "outline_duplicate",
        "The same outline is drawn twice.",
        "Delete or exclude one of the two rows, or give it its own outline.",
    ),
    (
        "outline_overlaps",
        "The outline overlaps another one.",
        "Move the border where the two meet, so that the land counts once.",
    ),
    (
        "outside_county",
        "The outline lies outside the county of its code.",
        "Correct the county code or the outline.",
    ),
    ("land_class_missing", "The land class is missing.", "Enter the land-class code."),
    (
        "land_class_unknown",
        "The land-class code is not in the code list of this layer.",
        "Correct the code, or choose another generation of land classes for the layer.",
    ),
    (
        "species_unknown",
        "The species code is not in the code list of this layer.",
        "Correct the code, or choose the other species code system for the layer.",
    ),
    (
        "area_missing",
        "The area is missing or zero.",
        "Enter the area of the sub-compartment.",
    ),
    (
        "area_impossible",
        "The area entered and the area of the outline differ by more than a factor of two.",
        "Check the unit (ha or mu), the decimal point and the outline.",
    ),
    (
        "table_row_missing",
        "The outline has no row in the table of attributes.",
        "Add the row to the table, or correct the key.",
    ),
    (
        "table_key_repeated",
        "The key that joins outline and attributes stands more than once.",
        "Give each outline and each row of the table a key of its own.",
    ),
    ("not_a_number", "The value is not a number.", "Enter a number, or leave the field empty."),
    ("value_negative", "The value is negative.", "Correct the sign, or leave the field empty."),
    (
        "canopy_out_of_range",
        "The canopy or cover is larger than the whole.",
        "Enter a share from 0 to 1, or a percentage from 0 to 100, in the same unit for all rows.",
    ),
)

_WARNINGS: Final = (
    (
        "gap_between",
        "There is a narrow gap between two outlines.",
        "Join the borders if nothing lies between the two; the gap belongs to no stand.",
    ),
    (
        "sliver",
        "The outline is a sliver: narrower than a stand can be.",
        "Join it to its neighbour if it is a remnant of drawing.",
    ),
    (
        "area_differs",
        "The area entered and the area of the outline differ by more than the level for this check.",
        "Check which of the two is right; the area entered is used.",
    ),
    (
        "species_missing",
        "The stand has trees or bamboo but no species.",
        "Enter the dominant species; without it the stand gets no estimate.",
    ),
    (
        "species_contradicts_land_class",
        "The species does not belong to the land class.",
        "Check the species and the land class, for example bamboo entered as tree forest.",
    ),
    (
        "volume_missing",
        "A stand of trees has no volume.",
        "Enter volume per hectare or total volume; zero is right only for trees too young to be measured.",
    ),
    (
        "volume_inconsistent",
        "Total volume is not volume per hectare times area.",
        "Check the three values; volume per hectare is used.",
    ),
    (
        "scattered_in_total",
        "The volume of scattered trees is contained in the volume of the stand.",
        "They were taken out of the stand, so that they count once. If the volume per hectare does not include them, "
        "enter the total volume with them.",
    ),
    (
        "scattered_species_missing",
        "There is volume of scattered trees but no species for it.",
        "Enter the main species of the scattered trees.",
    ),
    (
        "bamboo_without_culms",
        "A stand of bamboo has no number of culms.",
        "Enter the culms per hectare (MEI_GQ_ZS).",
    ),
    (
        "code_unknown",
        "The code is not in the list of this field.",
        "Correct the code; the value is taken as not known.",
    ),
    (
        "code_not_in_dictionary",
        "Rows carry a code that the code dictionary does not have.",
        "Check the code; the field is kept as it is and no number depends on it.",
    ),
    (
        "age_not_whole",
        "The age is not a whole number of years.",
        "Enter whole years; the completed years are used.",
    ),
    (
        "age_group_disagrees",
        "The age group does not follow from the age.",
        "Check age, origin, species and age group; the age group entered is used.",
    ),
    (
        "canopy_unit_mixed",
        "The canopy looks like a share although the column is in percent.",
        "Check the value; it is read as a percentage.",
    ),
    (
        "empty_mark",
        "A mark for “nothing” stands in this field.",
        "It is read as empty; leave the field empty in the source.",
    ),
    (
        "zeros_restored",
        "Codes in this column had lost their leading zeros, which were put back; this row is the first.",
        "Format the column as text in the spreadsheet, so that zeros stay.",
    ),
    (
        "text_cut",
        "The text was cut through its last character by the width of the field.",
        "Widen the field in the source; the whole characters are used.",
    ),
)

REASONS: Final[dict[str, Reason]] = {
    **{code: Reason(code, "error", message, remedy) for code, message, remedy in _ERRORS},
    **{code: Reason(code, "warning", message, remedy) for code, message, remedy in _WARNINGS},
}
"""Reason by code."""


def msgids() -> tuple[str, ...]:
    """Return every English text a catalogue must translate."""
    return tuple(text for reason in REASONS.values() for text in (reason.message, reason.remedy))
