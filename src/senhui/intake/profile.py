"""What the owner of a layer knows of it, and what was recognised where the owner said nothing.

A profile goes through JSON (a draft keeps it) and can be saved as a mapping file (``mapping_file``), so that next
year's layer is read the same way. Cases: ``tests/intake/test_profile.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from senhui.intake.coordinate_system import SYSTEMS
from senhui.intake.fields import NUMBERS, TEXTS
from senhui.intake.schema import FIELD_BY_NAME
from senhui.intake.strict_json import ProfileKeyUnknown, ProfileValueWrong, built, plain

SpeciesCodeSystem = Literal["nfi", "gx"]
LandClassGeneration = Literal["G1", "G2", "G3", "G4"]
AreaUnit = Literal["ha", "mu", "outline"]
CanopyUnit = Literal["frac", "percent"]


@dataclass(frozen=True, kw_only=True)
class HelmertChange:
    """A change of datum by three or seven parameters (三参数/七参数), as a surveying office gives them.

    Attributes
    ----------
    dx_m, dy_m, dz_m : float, [m]
        Shift of the geocentric coordinates.
    rx_arcsec, ry_arcsec, rz_arcsec : float, [arc seconds]
        Rotations; all zero for three parameters.
    scale_ppm : float, [1e-6]
        Change of scale.
    convention : {'position_vector', 'coordinate_frame'}
        Which way a positive rotation turns: the two differ in sign, so that a guess doubles the rotation.
    direction : {'to_cgcs2000', 'from_cgcs2000'}
        Whether the parameters lead from the layer's datum to CGCS2000 or back.
    source : str
        Who gave them, for the record.
    kind : 'helmert'
        Tells the two changes of datum apart in JSON.
    """

    kind: Literal["helmert"] = "helmert"
    dx_m: float
    dy_m: float
    dz_m: float
    convention: Literal["position_vector", "coordinate_frame"]
    direction: Literal["to_cgcs2000", "from_cgcs2000"]
    rx_arcsec: float = 0.0
    ry_arcsec: float = 0.0
    rz_arcsec: float = 0.0
    scale_ppm: float = 0.0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class ControlPoints:
    """A change of datum by points known in both systems (控制点), fitted by a plane similarity (四参数).

    Attributes
    ----------
    points : tuple of (x, y, x, y)
        Three or more: x (east) and y (north) in the layer's system, then in ``system``.
    system : str
        EPSG:4490 (longitude, latitude) or a projected system of CGCS2000.
    source : str
        Who gave them, for the record.
    kind : 'control_points'
        Tells the two changes of datum apart in JSON.
    """

    kind: Literal["control_points"] = "control_points"
    points: tuple[tuple[float, float, float, float], ...]
    system: str = "EPSG:4490"
    source: str = ""


DatumChange = HelmertChange | ControlPoints


@dataclass(frozen=True, kw_only=True)
class AttributeTable:
    """A table (XLSX or CSV) whose rows belong to the outlines of a layer.

    Attributes
    ----------
    file_name : str
        Name of the file beside the layer, or with it in the same zip.
    layer_keys, table_keys : tuple of str
        Columns that say which rows belong together, in pairs.
    sheet : str or None
        Sheet of a workbook that has several.
    """

    file_name: str
    layer_keys: tuple[str, ...]
    table_keys: tuple[str, ...]
    sheet: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImportProfile:
    """How to read a layer (导入方案). ``None`` means: recognise from the whole column, or refuse and ask.

    The profile that comes back with a layer is resolved: it names what was recognised, and reading the same file
    with it gives the same table.

    Attributes
    ----------
    species_code_system : {'nfi', 'gx'} or None
        Code list of YOU_SHI_SZ: national inventory or the Guangxi variant. The same number means different trees.
    land_class_generation : {'G1', 'G2', 'G3', 'G4'} or None
        Code list of DI_LEI.
    area_unit : {'ha', 'mu', 'outline'} or None
        Unit of MIAN_JI. ``outline``: the layer records no area, and that of the outline is taken; so it is where
        MIAN_JI is a constant without a value.
    canopy_unit : {'frac', 'percent'} or None
        Unit of YU_BI_DU.
    encoding : {'UTF-8', 'GB18030'} or None
        Encoding of the text of a Shapefile or CSV; GB18030 contains GBK and GB2312.
    crs : str or None
        A key of ``coordinate_system.SYSTEMS``, e.g. ``EPSG:4549``. Overrides what the file says.
    layer : str or None
        Layer of a GeoPackage or geodatabase, or file of a zip, that holds several.
    field_names : mapping
        Schema field → name of the column in the file, where the file uses another name.
    code_map : mapping
        Schema field → code in the file → code of the list that is meant.
    constants : mapping
        Schema field → the one value of all rows, where the file has no column for it.
    datum : HelmertChange, ControlPoints or None
        How to get from Xi'an 1980 or Beijing 1954 to CGCS2000.
    attribute_table : AttributeTable or None
        Where the attributes are, when the layer has outlines and keys only.
    expected_bounds : (west, south, east, north) or None
        Degrees; a stand outside is an error. ``None``: where EPSG:4490 is in use (China).
    licence_note : str
        Whose the data are and under which terms; kept with everything made of them.
    """

    species_code_system: SpeciesCodeSystem | None = None
    land_class_generation: LandClassGeneration | None = None
    area_unit: AreaUnit | None = None
    canopy_unit: CanopyUnit | None = None
    encoding: Literal["UTF-8", "GB18030"] | None = None
    crs: str | None = None
    layer: str | None = None
    field_names: Mapping[str, str] = field(default_factory=dict)
    code_map: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    datum: DatumChange | None = None
    attribute_table: AttributeTable | None = None
    expected_bounds: tuple[float, float, float, float] | None = None
    licence_note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the profile as plain values that JSON can hold."""
        values: dict[str, Any] = plain(self)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build a profile from what :meth:`as_json` gave; what is left out is open.

        Raises
        ------
        ProfileKeyUnknown, ProfileValueWrong
            See there; the key says where, e.g. ``datum.dx_m``.
        """
        profile = built(cls, values)
        if profile.crs is not None and profile.crs not in SYSTEMS:
            raise ProfileValueWrong("crs", profile.crs, "EPSG:4490")
        if isinstance(profile.datum, ControlPoints):
            system = SYSTEMS.get(profile.datum.system)
            if system is None or system.datum != "CGCS2000":
                raise ProfileValueWrong("datum.system", profile.datum.system, "EPSG:4490 | EPSG:4549 | …")
        for name in ("field_names", "code_map", "constants"):
            for key in getattr(profile, name):
                if key not in FIELD_BY_NAME:
                    raise ProfileKeyUnknown(f"{name}.{key}", tuple(sorted({*TEXTS, *NUMBERS})))
        table = profile.attribute_table
        if table is not None and not 0 < len(table.layer_keys) == len(table.table_keys):
            raise ProfileValueWrong(
                "attribute_table.table_keys", str(list(table.table_keys)), str(list(table.layer_keys))
            )
        return profile
