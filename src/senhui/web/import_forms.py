"""The form that begins an import: files, year, and how to read them. Cases: tests/web/test_upload.py."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from senhui import intake
from senhui.intake import LayerRefused
from senhui.web.errors import explain

RECOGNISE = ("", _("recognise from the file"))
COORDINATE_SYSTEMS: Final = (
    ("EPSG:4490", _("CGCS2000, longitude and latitude (EPSG:4490)")),
    ("EPSG:4549", _("CGCS2000, 3-degree zones, 120° E, without zone number (EPSG:4549)")),
    ("EPSG:4528", _("CGCS2000, 3-degree zones, zone 40, with zone number (EPSG:4528)")),
    ("EPSG:4499", _("CGCS2000, 6-degree zones, zone 21, with zone number (EPSG:4499)")),
    ("EPSG:4509", _("CGCS2000, 6-degree zones, 117° E, without zone number (EPSG:4509)")),
    ("EPSG:4326", _("WGS 84, longitude and latitude (EPSG:4326)")),
    ("EPSG:2364", _("Xi'an 1980, 3-degree zones, zone 40, with zone number (EPSG:2364), needs a datum change")),
    ("EPSG:2385", _("Xi'an 1980, 3-degree zones, 120° E, without zone number (EPSG:2385), needs a datum change")),
    ("EPSG:2416", _("Beijing 1954, 3-degree zones, zone 40, with zone number (EPSG:2416), needs a datum change")),
    ("EPSG:2437", _("Beijing 1954, 3-degree zones, 120° E, without zone number (EPSG:2437), needs a datum change")),
)
SHAPEFILE_PARTS: Final = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst", ".sbn", ".sbx", ".qpj", ".xml"})
LAYER_TYPES: Final = (".zip", ".gpkg", ".parquet", ".geojson", ".csv", ".shp")
TABLE_TYPES: Final = (".csv", ".xlsx")
SHIFTS: Final = ("dx_m", "dy_m", "dz_m")
N_PER_CONTROL_POINT: Final = 4
FEWEST_POINTS: Final = 3
CONTROL_POINT_EXAMPLE: Final = "40512345.67,3112345.67,40512460.12,3112340.05"
"""East before north, as `ControlPoints` has it; Xi'an 1980 and CGCS2000, zone 40."""
ROTATIONS: Final = ("rx_arcsec", "ry_arcsec", "rz_arcsec", "scale_ppm")


class _SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True


class LayerFiles(forms.FileField):
    """One file, or the parts of one Shapefile."""

    def __init__(self, **named: Any) -> None:
        accepted = ",".join((*LAYER_TYPES, *SHAPEFILE_PARTS))
        super().__init__(widget=_SeveralFilesInput(attrs={"accept": accepted}), **named)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """Check each file, and that several belong together."""
        if not data and not self.required:
            return []
        files = [super(LayerFiles, self).clean(file, initial) for file in data or [None]]
        names = [PurePath(file.name.lower()) for file in files]
        are_parts = {name.suffix for name in names} <= SHAPEFILE_PARTS and ".shp" in {name.suffix for name in names}
        if len(files) > 1 and not (are_parts and len({name.name.split(".")[0] for name in names}) == 1):
            raise forms.ValidationError(
                _("Several files may only be the parts of one Shapefile. Choose one layer, or pack it as a zip.")
            )
        return files


class ImportForm(forms.Form):
    """A layer, the year it stands for, and what its owner knows of how to read it."""

    file = LayerFiles(
        label=_("Layer"),
        help_text=_(
            "GeoPackage (.gpkg), GeoParquet (.parquet), CSV with outlines as WKT, or a .zip of a Shapefile or of a "
            "FileGDB; of a Shapefile also its parts together (.shp, .shx, .dbf, .prj)."
        ),
    )
    reference_year = forms.IntegerField(
        label=_("Survey year"), min_value=1949, max_value=2100, help_text=_("The year whose state the layer shows.")
    )
    attributes_file = forms.FileField(
        label=_("Table of attributes"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(TABLE_TYPES)}),
        help_text=_("XLSX or CSV whose rows are joined to the outlines by a number that both have."),
    )
    layer_keys = forms.CharField(
        label=_("Key columns of the layer"),
        required=False,
        help_text=_("The column by which rows are joined; several with commas between, in the order of those below."),
    )
    table_keys = forms.CharField(label=_("Key columns of the table"), required=False)
    sheet = forms.CharField(label=_("Sheet"), required=False, help_text=_("Only for a workbook with several sheets."))
    crs = forms.ChoiceField(
        label=_("Coordinate system"),
        required=False,
        choices=[RECOGNISE, *COORDINATE_SYSTEMS],
        help_text=_("Choose it only where the file does not name it, or names it wrongly."),
    )
    encoding = forms.ChoiceField(
        label=_("Text encoding"),
        required=False,
        choices=[RECOGNISE, ("UTF-8", _("UTF-8 (all languages)")), ("GB18030", _("GBK / GB18030 (Chinese)"))],
        help_text=_("Of a Shapefile or CSV. Choose it where names come out as nonsense."),
    )
    layer = forms.CharField(
        label=_("Name of the layer"), required=False, help_text=_("Only for a file or zip that holds several.")
    )
    mapping_file = forms.FileField(
        label=_("Saved mapping"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".json"}),
        help_text=_("JSON file saved from the mapping page of an earlier draft: columns, codes, units, constants."),
    )
    datum_kind = forms.ChoiceField(
        label=_("Datum change"),
        required=False,
        choices=[
            ("", _("none, the layer is in CGCS2000 or WGS 84")),
            ("parameters", _("three or seven parameters of the surveying office")),
            ("control_points", _("control points, known in both systems")),
        ],
        help_text=_("A layer in Xi'an 1980 or Beijing 1954 is never shifted by guess."),
    )
    dx_m = forms.FloatField(label=_("Shift in x, m"), required=False)
    dy_m = forms.FloatField(label=_("Shift in y, m"), required=False)
    dz_m = forms.FloatField(label=_("Shift in z, m"), required=False)
    rx_arcsec = forms.FloatField(label=_("Rotation about x, arc seconds"), required=False)
    ry_arcsec = forms.FloatField(label=_("Rotation about y, arc seconds"), required=False)
    rz_arcsec = forms.FloatField(label=_("Rotation about z, arc seconds"), required=False)
    scale_ppm = forms.FloatField(label=_("Scale, ppm"), required=False)
    convention = forms.ChoiceField(
        label=_("Sense of the rotations"),
        required=False,
        choices=[
            ("", _("not chosen")),
            ("position_vector", _("position vector (Bursa-Wolf, EPSG:9606)")),
            ("coordinate_frame", _("coordinate frame (EPSG:9607)")),
        ],
        help_text=_("The same seven numbers mean different places in the two; ask whoever gave the numbers."),
    )
    direction = forms.ChoiceField(
        label=_("Direction"),
        required=False,
        choices=[
            ("", _("not chosen")),
            ("to_cgcs2000", _("from the layer's system to CGCS2000")),
            ("from_cgcs2000", _("from CGCS2000 to the layer's system")),
        ],
    )
    control_points = forms.CharField(
        label=_("Control points"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "placeholder": CONTROL_POINT_EXAMPLE}),
        help_text=_(
            "One point a line: x (east) and y (north) in the layer, then x and y of the same point in the system "
            "below, with commas or tabs between, as copied from a spreadsheet. At least three; the residuals are shown."
        ),
    )
    points_system = forms.ChoiceField(
        label=_("System of the second pair"), required=False, choices=[("", _("not chosen")), *COORDINATE_SYSTEMS[:5]]
    )
    datum_source = forms.CharField(
        label=_("Source of the numbers"), required=False, help_text=_("Who gave them, for the record.")
    )
    licence_note = forms.CharField(
        label=_("Licence and origin"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who may use the layer, and under which terms. It stays with draft and release."),
    )
    species_code_system = forms.ChoiceField(
        label=_("Species codes"),
        required=False,
        choices=[RECOGNISE, ("nfi", _("national forest inventory")), ("gx", _("Guangxi variant"))],
    )
    land_class_generation = forms.ChoiceField(
        label=_("Land-class codes"), required=False, choices=[RECOGNISE, *((g, g) for g in ("G1", "G2", "G3", "G4"))]
    )
    area_unit = forms.ChoiceField(
        label=_("Unit of the area field"), required=False, choices=[RECOGNISE, ("ha", _("hectare")), ("mu", _("mu"))]
    )

    PLAIN = ("file", "reference_year")
    TABLE = ("attributes_file", "layer_keys", "table_keys", "sheet")
    READING = ("crs", "encoding", "layer", "mapping_file", "licence_note")
    DATUM = ("datum_kind", *SHIFTS, *ROTATIONS, "convention", "direction", "control_points", "points_system",
             "datum_source")  # fmt: skip
    CODES = ("species_code_system", "land_class_generation", "area_unit")

    def __init__(self, *positional: Any, table_kept: str = "", **named: Any) -> None:
        """Build the form.

        Parameters
        ----------
        table_kept : name of a table of attributes that is kept from an earlier import, with the layer.
        """
        super().__init__(*positional, **named)
        self.table_kept = table_kept

    def clean_file(self) -> list[UploadedFile[bytes]]:
        """Refuse a kind of file that is no layer before it is kept."""
        files: list[UploadedFile[bytes]] = self.cleaned_data["file"]
        if not files:  # those of an earlier import are kept, and were looked at then
            return files
        suffixes = {PurePath(file.name or "").suffix.lower() for file in files}
        if suffixes & {".xlsx", ".xls"}:
            raise forms.ValidationError(
                _("A workbook has no outlines. Choose the layer here, and the workbook as its table of attributes.")
            )
        if not suffixes & set(LAYER_TYPES):
            raise forms.ValidationError(
                _("This is none of the kinds of file that are read here. Export the layer as one of those named below.")
            )
        return files

    def clean_mapping_file(self) -> dict[str, Any] | None:
        """Read a saved mapping; what it may hold is decided by `ImportProfile`."""
        file = self.cleaned_data["mapping_file"]
        return None if file is None else read_mapping(file)

    def clean_control_points(self) -> list[list[float]]:
        """Read the control points, one a line."""
        lines = [line for line in self.cleaned_data["control_points"].splitlines() if line.strip()]
        points = []
        for number, line in enumerate(lines, start=1):
            parts = re.split(r"[,;，；\s]+", line.strip())
            try:
                points.append([float(part) for part in parts])
            except ValueError:
                points.append([])
            if len(points[-1]) != N_PER_CONTROL_POINT:
                raise forms.ValidationError(
                    _("Line %(number)s, “%(line)s”, is not four numbers."), params={"number": number, "line": line}
                )
        return points

    def clean(self) -> dict[str, Any]:
        """Check what belongs together: the table with its keys, the datum change with its numbers."""
        given = super().clean() or self.cleaned_data
        if self._table_name(given):
            for name in ("layer_keys", "table_keys"):
                if not given.get(name):
                    self.add_error(name, _("Name the column by which table and layer are joined."))
            if len(_names(given.get("layer_keys"))) != len(_names(given.get("table_keys"))):
                self.add_error("table_keys", _("Layer and table need the same number of key columns."))
        if given.get("datum_kind") == "parameters":
            self._check_parameters(given)
        if given.get("datum_kind") == "control_points":
            if "control_points" not in self.errors and len(given["control_points"]) < FEWEST_POINTS:
                self.add_error("control_points", _("A datum change needs at least three control points."))
            if not given.get("points_system"):
                self.add_error("points_system", _("Say in which system the second pair of numbers is."))
        return given

    def _table_name(self, given: dict[str, Any]) -> str:
        """Return the name of the table to join: one that comes with the form, else one that is kept with the layer."""
        if given.get("attributes_file"):
            return PurePath(given["attributes_file"].name).name
        return "" if given.get("file") else self.table_kept

    def _check_parameters(self, given: dict[str, Any]) -> None:
        for name in SHIFTS:
            if given.get(name) is None and name not in self.errors:
                self.add_error(name, _("All three shifts are needed; a shift of zero is entered as 0."))
        if not given.get("direction"):
            self.add_error("direction", _("Say from which system to which the numbers lead."))
        if not given.get("convention") and any(given.get(name) for name in ROTATIONS[:3]):
            self.add_error("convention", _("Say in which sense the rotations turn."))

    def profile(self) -> dict[str, Any]:
        """Return what the owner stated of the layer; what is left out is recognised."""
        given = self.cleaned_data
        names = (
            "species_code_system",
            "land_class_generation",
            "area_unit",
            "encoding",
            "layer",
            "crs",
            "licence_note",
        )
        stated: dict[str, Any] = {name: given[name] for name in names if given[name]}
        if table_name := self._table_name(given):
            stated["attribute_table"] = {
                "file_name": table_name,
                "layer_keys": _names(given["layer_keys"]),
                "table_keys": _names(given["table_keys"]),
                "sheet": given["sheet"] or None,
            }
        if given["datum_kind"]:
            stated["datum"] = self._datum()
        return (given["mapping_file"] or {}) | stated

    def _datum(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given["datum_kind"] == "control_points":
            return {
                "kind": "control_points",
                "points": given["control_points"],
                "system": given["points_system"],
                "source": given["datum_source"],
            }
        return {
            "kind": "helmert",
            **{name: given[name] or 0.0 for name in (*SHIFTS, *ROTATIONS)},
            # Without rotations both conventions are the same change.
            "convention": given["convention"] or "position_vector",
            "direction": given["direction"],
            "source": given["datum_source"],
        }

    def _group(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """The fields everybody fills in."""
        return self._group(self.PLAIN)

    @property
    def reading_fields(self) -> list[forms.BoundField]:
        """How the file is read."""
        return self._group(self.READING)

    @property
    def table_fields(self) -> list[forms.BoundField]:
        """The table joined to the outlines."""
        return self._group(self.TABLE)

    @property
    def datum_fields(self) -> list[forms.BoundField]:
        """From another datum to CGCS2000."""
        return self._group(self.DATUM)

    @property
    def codes_fields(self) -> list[forms.BoundField]:
        """Codes and units."""
        return self._group(self.CODES)

    def open_groups(self, asked: str) -> set[str]:
        """Return the groups of options to show opened: those with an error, and the one that was asked for."""
        groups = {"table": self.TABLE, "datum": self.DATUM, "codes": self.CODES}
        return {
            group
            for group, names in groups.items()
            if asked in names or any(name in self.errors or self.data.get(name) for name in names)
        }


def read_mapping(file: UploadedFile[bytes]) -> dict[str, Any]:
    """Read a saved mapping file as the profile it holds.

    Raises
    ------
    forms.ValidationError
        It is no mapping file; the message says what is wrong with it.
    """
    with TemporaryDirectory() as directory:
        path = Path(directory) / PurePath(file.name or "mapping.json").name
        path.write_bytes(file.read())
        try:
            return intake.read_mapping(path).as_json()
        except LayerRefused as refused:
            explanation = explain(refused)
            assert explanation is not None, "every refused layer is explained"
            words = (explanation.what, explanation.why, explanation.now)
            raise forms.ValidationError(" ".join(words)) from refused


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in re.split(r"[,，、]", text or "") if name.strip()]
