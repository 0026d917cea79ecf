"""What a person says of a layer at the terminal, made into the profile that the reading takes.

The order of precedence is that of the web form: what is said in the command, then the saved mapping, then what is
recognised. Cases: `tests/cli/test_imports.py`; the mapping file: `docs/importing.md`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pyproj import CRS
from pyproj.exceptions import CRSError

from senhui.cli import terminal
from senhui.intake import ImportProfile, read_mapping
from senhui.intake.archive import SHAPEFILE_PARTS
from senhui.intake.attribute_table import KeyColumnsMissing, NothingJoins, TableNotFound
from senhui.intake.coordinate_system import (
    SYSTEMS,
    CoordinatesContradictSystem,
    CoordinatesOfNoSystem,
    CoordinateSystem,
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
from senhui.intake.profile import AttributeTable, DatumChange
from senhui.intake.refusal import LayerRefused
from senhui.intake.scratch import scratch_directory
from senhui.intake.text_encoding import EncodingContradicted, EncodingUnknown
from senhui.intake.workbook import SheetUnclear

OPTIONS: Final[Mapping[type[LayerRefused], str]] = {
    **dict.fromkeys(
        (NoCoordinateSystem, CoordinatesContradictSystem, CoordinateSystemNotSupported, CoordinatesOfNoSystem),
        "--crs; `senhui import --list-crs` lists all",
    ),
    **dict.fromkeys(
        (DatumChangeNeeded, DatumChangeNotWanted, DatumChangeTooLarge, ControlPointsTooFew, ControlPointsDoNotFit),
        "--datum or --control-points with --points-crs",
    ),
    **dict.fromkeys((SeveralLayers, LayerNotFound), "--layer"),
    TableNotFound: "--attributes",
    **dict.fromkeys((KeyColumnsMissing, NothingJoins), "--layer-key and --table-key"),
    SheetUnclear: "--sheet",
    **dict.fromkeys((EncodingUnknown, EncodingContradicted), "--encoding"),
}
"""Which option of `senhui import` answers a refusal; one without an entry is mended in the file."""

N_PER_CONTROL_POINT: Final = 4
_NEAREST: Final = 4
_BY_SPELLING: Final = 0.6


def answering_option(problem: Exception) -> str:
    """Return the sentence that names the option which answers a refusal, or nothing."""
    option = OPTIONS.get(type(problem)) if isinstance(problem, LayerRefused) else None
    return "" if option is None else f" Here: {option}."


def coordinate_systems() -> list[dict[str, Any]]:
    """Return every coordinate system that is read, as rows of a list."""
    return [
        {
            "code": system.code,
            "name": CRS(system.code).name,
            "datum": system.datum,
            "meridian_deg": system.meridian_deg,
            "zone_width_deg": system.zone_width_deg,
            "datum_change": "needed" if system.needs_datum_change else "",
        }
        for system in SYSTEMS.values()
    ]


def system_code(said: str) -> str:
    """Return the code of the system that is meant by `EPSG:4549`, `4549` or its whole name; leave where it is none."""
    code = said.strip().upper()
    code = f"EPSG:{code}" if code.isdecimal() else code
    if code in SYSTEMS:
        return code
    names = {CRS(one).name.casefold(): one for one in SYSTEMS}
    if said.strip().casefold() in names:
        return names[said.strip().casefold()]
    told = f"{said!r} is none of the {len(SYSTEMS)} coordinate systems that are read"
    try:
        known = CRS(code)
    except CRSError:
        close = difflib.get_close_matches(code, SYSTEMS, n=_NEAREST, cutoff=_BY_SPELLING)
        close += [
            names[name] for name in difflib.get_close_matches(said.casefold(), names, n=_NEAREST, cutoff=_BY_SPELLING)
        ]
        nearest = f" Nearest: {', '.join(map(_described, close[:_NEAREST]))}." if close else ""
        terminal.fail(f"{told}.{nearest} `senhui import --list-crs` lists all.", code=2)
    same = ", ".join(_described(system.code) for system in _of_its_meridian(known))
    nearest = f" of the same meridian is {same}" if same else " is EPSG:4490 (CGCS2000)"
    terminal.fail(
        f"{told}: it is {known.name}. Convert the layer with a procedure of your surveying office; nearest{nearest}. "
        "`senhui import --list-crs` lists all.",
        code=2,
    )


def _described(code: str) -> str:
    return f"{code} ({CRS(code).name})"


def _of_its_meridian(crs: CRS) -> list[CoordinateSystem]:
    """Return the systems of CGCS2000 with the central meridian of another one, without zone number."""
    operation = crs.coordinate_operation
    wanted = {"Longitude of natural origin", "Longitude of origin"}
    found = [float(one.value) for one in operation.params if one.name in wanted] if operation is not None else []
    return [
        system
        for system in SYSTEMS.values()
        if system.datum == "CGCS2000" and system.meridian_deg in found and system.false_easting_m == 500_000
    ]


def stated_profile(
    *,
    mapping: Path | None,
    said: Mapping[str, Any],
    table: AttributeTable | None,
    datum: DatumChange | None,
) -> ImportProfile:
    """Return the saved mapping with what was said in the command laid over it.

    Parameters
    ----------
    mapping : saved mapping, or None.
    said : fields of the profile; None or empty means: not said.
    table, datum : the same for the two that consist of several options.
    """
    saved = ImportProfile() if mapping is None else read_mapping(mapping)
    stated = {name: value for name, value in said.items() if value}
    stated |= {} if table is None else {"attribute_table": table}
    stated |= {} if datum is None else {"datum": datum}
    return replace(saved, **stated)


def joined_table(
    attributes: Path | None,
    *,
    layer_keys: Sequence[str],
    table_keys: Sequence[str],
    sheet: str | None,
    mapping: Path | None,
) -> AttributeTable | None:
    """Return the table to join; what the command leaves out of it, the saved mapping may say. Leave where it is half.

    Where the command says nothing of a table, that of the mapping counts, and this returns None.
    """
    saved = None if mapping is None else read_mapping(mapping).attribute_table
    if attributes is None:
        if layer_keys or table_keys or sheet:
            terminal.fail("Key columns and sheet belong to a table. Name it with --attributes FILE.", code=2)
        return None
    keys = (tuple(layer_keys), tuple(table_keys))
    if saved is not None and keys == ((), ()):
        return replace(saved, file_name=attributes.name, sheet=sheet or saved.sheet)
    if not 0 < len(layer_keys) == len(table_keys):
        terminal.fail(
            f"--attributes needs as many --layer-key as --table-key, at least one of each: there are "
            f"{len(layer_keys)} and {len(table_keys)}. Example: --layer-key XBH --table-key 小班号",
            code=2,
        )
    return AttributeTable(file_name=attributes.name, layer_keys=keys[0], table_keys=keys[1], sheet=sheet)


def datum_change(
    *, datum: Path | None, control_points: Path | None, points_crs: str | None, source: str
) -> DatumChange | None:
    """Return the change of datum of a mapping file, or that of a table of control points; leave where it is neither."""
    if datum is not None and control_points is not None:
        terminal.fail("Give --datum or --control-points, not both.", code=2)
    if datum is not None:
        change = read_mapping(datum).datum
        if change is None:
            terminal.fail(f"{datum.name} says nothing of “datum”. docs/importing.md shows how it is written.")
        return replace(change, source=source) if source else change
    if control_points is None:
        if points_crs or source:
            terminal.fail("--points-crs and --datum-source belong to --control-points or --datum.", code=2)
        return None
    if points_crs is None:
        terminal.fail("Say with --points-crs in which system the second pair of each point is.", code=2)
    values = {
        "kind": "control_points",
        "points": _points(control_points),
        "system": system_code(points_crs),
        "source": source,
    }
    return ImportProfile.from_json({"datum": values}).datum


def _points(path: Path) -> list[list[float]]:
    """Read control points: four numbers a line, as copied from a spreadsheet."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        terminal.fail(f"{path.name} is no text in UTF-8. Save the control points as CSV.")
    points = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = [float(part) for part in re.split(r"[,;，；\s]+", line.strip())]
        except ValueError:
            values = []
        if len(values) != N_PER_CONTROL_POINT:
            terminal.fail(
                f"{path.name}, line {number}: {line.strip()[:80]!r} is not four numbers. A line has x (east) and y "
                "(north) in the layer, then x and y of the same point in the system of --points-crs; no heading."
            )
        points.append(values)
    return points


def layer_of(files: Sequence[Path]) -> Path:
    """Return the file that stands for the layer: the only one, or the .shp among the parts of one Shapefile."""
    if len(files) == 1:
        return files[0]
    layers = [file for file in files if file.suffix.lower() == ".shp"]
    if len(layers) == 1 and all((file.parent, file.stem) == (layers[0].parent, layers[0].stem) for file in files):
        return layers[0]
    terminal.fail(
        f"{len(files)} files were named, and several may only be the parts of one Shapefile. Import one layer at a "
        "time; a table of attributes is named with --attributes.",
        code=2,
    )


@contextmanager
def side_by_side(layer: Path, table: Path | None) -> Iterator[Path]:
    """Give a path at which the layer has the table beside it, where the reading looks for one; no byte is copied."""
    if table is None or table.parent.resolve() == layer.parent.resolve():
        yield layer
        return
    if table.name == layer.name:
        terminal.fail(f"Layer and table are both called {layer.name}. Give one of them another name.", code=2)
    is_shapefile = layer.suffix.lower() == ".shp"
    siblings = [
        one for one in layer.parent.iterdir() if one.stem == layer.stem and one.suffix.lower() in SHAPEFILE_PARTS
    ]
    with scratch_directory() as directory:
        for file in [table, *(siblings if is_shapefile else [layer])]:
            (directory / file.name).symlink_to(file.resolve(), target_is_directory=file.is_dir())
        yield directory / layer.name
