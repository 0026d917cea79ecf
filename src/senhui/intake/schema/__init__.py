"""The official sub-compartment (小班) schema: 144 fields of the one map (林地一张图) and their codes.

Fields are in ``sub_compartment_fields.csv``, codes in ``field_codes.csv``, each row with source and mark;
what the columns mean is in the sibling ``*.columns.csv``. Species (SHU_ZHONG) and land-class (DI_LEI) codes
are not here: they decide numbers and live in ``senhui.parameters`` (``species_codes``, ``land_class_codes``).
Cases: ``tests/intake/test_schema.py``.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal

SHAPEFILE_NAME_WIDTH: Final = 10
"""A DBF column name has at most ten bytes: of the 144 ``Q_LIN_ZHONG`` alone is cut, to ``Q_LIN_ZHON``."""


@dataclass(frozen=True)
class Field:
    """One field (字段) of the official schema.

    Attributes
    ----------
    name : str
        Name as in the schema, e.g. ``HUO_LMGQXJ``.
    alias_zh : str
        Chinese alias, e.g. 公顷蓄积(活立木).
    unit : str
        Unit, e.g. ``m3/ha``; empty for codes and where the source gives none.
    type : {'string', 'int', 'double'}
        Kind of value.
    width, precision : int or None
        Characters (string) or digits and decimals (double) of the table definition.
    mark, unit_mark : str
        Confidence of the name and type, and of the unit ('' where there is no unit).
    source, where : str
        Where the field was read.
    note : str
        A trap for whoever reads or writes the field.
    """

    name: str
    alias_zh: str
    unit: str
    type: Literal["string", "int", "double"]
    width: int | None
    precision: int | None
    mark: str
    unit_mark: str
    source: str
    where: str
    note: str

    @property
    def shapefile_name(self) -> str:
        """Name of the column in a Shapefile, where names are upper-case and cut to ten characters."""
        return shapefile_name(self.name)


def shapefile_name(name: str) -> str:
    """Give the name a Shapefile column gets.

    Examples
    --------
    >>> shapefile_name("Q_LIN_ZHONG")
    'Q_LIN_ZHON'
    >>> shapefile_name("Remarks")
    'REMARKS'
    """
    return name.upper()[:SHAPEFILE_NAME_WIDTH]


def _rows(file_name: str) -> list[dict[str, str]]:
    with files(__package__).joinpath(file_name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _read_fields() -> tuple[Field, ...]:
    return tuple(
        Field(
            name=row["name"],
            alias_zh=row["alias_zh"],
            unit=row["unit"],
            type=row["type"],  # type: ignore[arg-type]  # the file is checked by tests/intake/test_schema.py
            width=int(row["width"]) if row["width"] else None,
            precision=int(row["precision"]) if row["precision"] else None,
            mark=row["mark"],
            unit_mark=row["unit_mark"],
            source=row["source"],
            where=row["where"],
            note=row["note"],
        )
        for row in _rows("sub_compartment_fields.csv")
    )


def _read_codes() -> dict[str, Mapping[str, str]]:
    codes: dict[str, dict[str, str]] = {}
    for row in _rows("field_codes.csv"):
        codes.setdefault(row["field"], {})[row["code"]] = row["name_zh"]
    return {field: MappingProxyType(names) for field, names in codes.items()}


FIELDS: Final[tuple[Field, ...]] = _read_fields()
"""The 144 fields in the order of the source."""

FIELD_BY_NAME: Final[Mapping[str, Field]] = MappingProxyType(
    {key: field for field in FIELDS for key in (field.name, field.name.upper(), field.shapefile_name)}
)
"""Field by its name in any spelling a layer may use: as printed, upper-case, or cut for a Shapefile."""

FIELD_CODES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(_read_codes())
"""Field name → code → Chinese name. A field without an entry is not coded or its list is not known."""
