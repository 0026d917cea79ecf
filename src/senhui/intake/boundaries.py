"""Administrative units (行政区划): county outlines from GeoJSON, township and village codes from JSON lists."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import polars as pl
import shapely

from senhui.intake.refusal import LayerRefused

LEVELS_BY_DIGITS: Final = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}

_SCHEMA: Final = {
    "code": pl.String,
    "level": pl.String,
    "name_zh": pl.String,
    "parent_code": pl.String,
    "wkb": pl.Binary,
}


@dataclass(eq=False)
class NotBoundaries(LayerRefused):
    """The file is not a list of administrative units."""

    what: ClassVar[str] = "{file_name} is not a list of administrative units."
    why: ClassVar[str] = "{detail}."
    remedy: ClassVar[str] = "Hand in a GeoJSON file or a JSON list in which each unit has a code and a name."
    file_name: str
    detail: str


def read_boundaries(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Read administrative units.

    Parameters
    ----------
    path : path
        GeoJSON with properties ``code`` and ``name``, a JSON list of ``{code, name}``, or an object of such lists.

    Returns
    -------
    polars.DataFrame
        ``code``, ``level`` (province, city, county, township, village), ``name_zh``, ``parent_code``,
        ``wkb`` (lon/lat; null in lists without outlines), by code. The parent is the code one level up.

    Raises
    ------
    NotBoundaries
        No such file, no JSON, no code or name, a code of another length, or a code that stands twice.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8"))
        units = [_unit(entry) for entry in _entries(content)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise NotBoundaries(path.name, f"{type(error).__name__}: {error}") from error
    frame = pl.DataFrame(units, schema=_SCHEMA, orient="row").sort("code")
    repeated = frame.filter(pl.col("code").is_duplicated())["code"].unique().sort().to_list()
    if repeated:
        raise NotBoundaries(path.name, f"Codes stand twice: {', '.join(repeated)}")
    return frame


def _entries(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, list):
        return content
    if content.get("type") == "FeatureCollection":
        return [{**feature["properties"], "geometry": feature["geometry"]} for feature in content["features"]]
    return [entry for entries in content.values() if isinstance(entries, list) for entry in entries]


def _unit(entry: dict[str, Any]) -> tuple[str, str, str, str | None, bytes | None]:
    code, name = str(entry["code"]), str(entry["name"])
    lengths = list(LEVELS_BY_DIGITS)
    if not code.isdigit() or len(code) not in LEVELS_BY_DIGITS:
        raise ValueError(f"{code!r} is not a code of 2, 4, 6, 9 or 12 digits")
    shorter = lengths.index(len(code)) - 1
    parent = code[: lengths[shorter]] if shorter >= 0 else None
    geometry = entry.get("geometry")
    wkb = shapely.to_wkb(shapely.geometry.shape(geometry)) if geometry is not None else None
    return code, LEVELS_BY_DIGITS[len(code)], name, parent, wkb
