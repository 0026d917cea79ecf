"""What the owner of a layer knows of it, and what was recognised where the owner said nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

SpeciesCodeSystem = Literal["nfi", "gx"]
LandClassGeneration = Literal["G1", "G2", "G3", "G4"]
AreaUnit = Literal["ha", "mu"]
CanopyUnit = Literal["frac", "percent"]


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
    area_unit : {'ha', 'mu'} or None
        Unit of MIAN_JI.
    canopy_unit : {'frac', 'percent'} or None
        Unit of YU_BI_DU.
    encoding : {'UTF-8', 'GB18030'} or None
        Encoding of a Shapefile's text; GB18030 contains GBK and GB2312.
    crs : str or None
        EPSG:4490, EPSG:4549, EPSG:4528 or EPSG:4326. Overrides what the file says.
    layer : str or None
        Layer of a GeoPackage, or Shapefile of a zip, that holds several.
    field_names : mapping
        Schema field → name of the column in the file, where the file uses another name.
    expected_bounds : (west, south, east, north) or None
        Degrees; a stand outside is an error. ``None``: where EPSG:4490 is in use (China).
    """

    species_code_system: SpeciesCodeSystem | None = None
    land_class_generation: LandClassGeneration | None = None
    area_unit: AreaUnit | None = None
    canopy_unit: CanopyUnit | None = None
    encoding: Literal["UTF-8", "GB18030"] | None = None
    crs: str | None = None
    layer: str | None = None
    field_names: Mapping[str, str] = field(default_factory=dict)
    expected_bounds: tuple[float, float, float, float] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the profile as plain values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build a profile from what :meth:`as_json` gave."""
        bounds = values.get("expected_bounds")
        return cls(**{**values, "expected_bounds": tuple(bounds) if bounds is not None else None})
