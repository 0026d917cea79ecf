"""`senhui import`: a layer of any kind that is read becomes a draft, with what its owner says of it.

Cases: `tests/cli/test_imports.py`; what is read and how: `docs/importing.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from senhui.cli import draft_state, terminal
from senhui.cli.options import AsJson, AsUser, Session

FINDINGS_SHOWN = 20
AN_INPUT = {"exists": True, "dir_okay": False, "readable": True}


def _list_systems(wanted: bool) -> None:
    if wanted:
        from senhui.cli.import_profile import coordinate_systems

        terminal.print_rows(coordinate_systems(), title="Coordinate systems that are read")
        raise typer.Exit


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the command of this file to the program."""

    @app.command("import")
    def import_(
        files: Annotated[
            list[Path],
            typer.Argument(
                metavar="FILE...",
                exists=True,
                readable=True,
                help="Shapefile (its .shp, or all its parts), GeoPackage, FileGDB (its .gdb folder), GeoParquet, "
                "CSV with WKT, or a zip of one of them.",
            ),
        ],
        year: Annotated[int, typer.Option(min=1949, max=2100, help="Year to which the survey refers.")],
        as_user: AsUser,
        mapping: Annotated[
            Path | None,
            typer.Option(**AN_INPUT, help="Saved mapping (JSON), from `senhui mapping` or the mapping page."),
        ] = None,
        layer: Annotated[
            str | None,
            typer.Option(help="Layer, where the file has several; in a zip also FILE/LAYER."),
        ] = None,
        crs: Annotated[
            str | None,
            typer.Option(help="Coordinate system, as EPSG:4549 or 4549 (else what the file says)."),
        ] = None,
        list_crs: Annotated[
            bool,
            typer.Option("--list-crs", is_eager=True, callback=_list_systems, help="List all coordinate systems."),
        ] = False,
        encoding: Annotated[
            Literal["UTF-8", "GB18030"] | None,
            typer.Option(help="Encoding of a Shapefile's or CSV's text (else recognised); GB18030 contains GBK."),
        ] = None,
        attributes: Annotated[
            Path | None, typer.Option(**AN_INPUT, help="Table of attributes to join to the outlines: XLSX or CSV.")
        ] = None,
        layer_key: Annotated[
            list[str] | None, typer.Option(help="Column of the layer that joins the table; again, for a further one.")
        ] = None,
        table_key: Annotated[
            list[str] | None, typer.Option(help="Column of the table that has the same values, in the same order.")
        ] = None,
        sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook that has several.")] = None,
        datum: Annotated[
            Path | None,
            typer.Option(**AN_INPUT, help="Mapping file (JSON) with the change of datum: parameters or points."),
        ] = None,
        control_points: Annotated[
            Path | None,
            typer.Option(**AN_INPUT, help="Text with four numbers a line: x, y in the layer, x, y in --points-crs."),
        ] = None,
        points_crs: Annotated[
            str | None, typer.Option(help="System of the points' second pair, of CGCS2000: EPSG:4490, EPSG:4549 …")
        ] = None,
        datum_source: Annotated[str, typer.Option(help="Who gave the change of datum, for the record.")] = "",
        species_codes: Annotated[
            Literal["nfi", "gx"] | None, typer.Option(help="Species code system (else recognised).")
        ] = None,
        land_classes: Annotated[
            Literal["G1", "G2", "G3", "G4"] | None, typer.Option(help="Land-class generation (else recognised).")
        ] = None,
        area_unit: Annotated[
            Literal["ha", "mu"] | None, typer.Option(help="Unit of the area field (else recognised).")
        ] = None,
        canopy_unit: Annotated[
            Literal["frac", "percent"] | None, typer.Option(help="Unit of the canopy field (else recognised).")
        ] = None,
        licence: Annotated[
            str, typer.Option(help="Whose the data are and under which terms; kept with draft and release.")
        ] = "",
        findings: Annotated[
            Path | None,
            typer.Option(dir_okay=False, help="Where to write the findings (else FILE.findings.csv beside the file)."),
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Import a sub-compartment (小班) layer as a draft; what is wrong with its rows is listed in a file.

        A file that names no coordinate system, as a CSV, needs --crs; Xi'an 1980 and Beijing 1954 need a datum change.

        What the command says counts before the saved mapping, and this before what is recognised.

        Example: senhui import longquan.shp --year 2021 --as demo-technician

        Example: senhui import stands.csv --crs EPSG:4549 --year 2021 --as demo-technician

        Example: senhui import city.gdb --layer xiaoban --mapping last.json --year 2021 --as demo-technician

        Example: senhui import lines.shp --attributes t.xlsx --layer-key XBH --table-key 小班号 --year 2021 --as lin

        Example: senhui import old.shp --control-points points.csv --points-crs EPSG:4549 --year 2021 --as lin
        """
        session.set_up()
        from senhui.cli import import_profile as said
        from senhui.inventory import queries
        from senhui.inventory.actions.import_layer import import_layer

        file = said.layer_of(files)
        with terminal.refusals_told(more=said.answering_option):
            change = said.datum_change(
                datum=datum, control_points=control_points, points_crs=points_crs, source=datum_source
            )
            table = said.joined_table(
                attributes, layer_keys=layer_key or (), table_keys=table_key or (), sheet=sheet, mapping=mapping
            )
            profile = said.stated_profile(
                mapping=mapping,
                said={
                    "species_code_system": species_codes,
                    "land_class_generation": land_classes,
                    "area_unit": area_unit,
                    "canopy_unit": canopy_unit,
                    "encoding": encoding,
                    "crs": None if crs is None else said.system_code(crs),
                    "layer": layer,
                    "licence_note": licence.strip(),
                },
                table=table,
                datum=change,
            )
            actor = session.person(as_user)
            with (
                said.side_by_side(file, attributes) as path,
                terminal.progress_bar(f"Import {file.name}") as progress,
            ):
                info = import_layer(
                    actor,
                    path=path,
                    original_name=file.name,
                    reference_year=year,
                    profile=profile,
                    now=session.now(),
                    progress=progress,
                )
            found = queries.findings(info)
        written = _write(found, findings or file.with_name(f"{file.stem}.findings.csv"))
        if as_json:
            terminal.print_json(_summary(info, written, as_user))
        else:
            _tell(info, found, written, as_user)
        if info.n_errors or info.question is not None:
            raise typer.Exit(terminal.FILE_HAS_ERRORS)


def _write(found: Any, path: Path) -> Path | None:
    """Write the findings, and return where they are; the draft stands also where the folder takes no file."""
    from senhui.intake import write_findings

    if not found.height:
        return None
    try:
        write_findings(found, path)
    except OSError as problem:
        terminal.warn(f"The findings could not be written to {path}: {problem.strerror}. See `senhui errors`.")
        return None
    return path


def _summary(info: Any, findings_file: Path | None, as_user: str) -> dict[str, Any]:
    return {
        "draft": info.id,
        "state": info.state,
        "question": info.question,
        "question_text": draft_state.question_text(info),
        "rows": info.n_rows,
        "errors": info.n_errors,
        "warnings": info.n_warnings,
        "area_ha": info.area_ha,
        "profile": info.profile,
        "source": info.source,
        "findings_file": None if findings_file is None else str(findings_file),
        "next": _next(info, as_user),
    }


def _tell(info: Any, found: Any, findings_file: Path | None, as_user: str) -> None:
    terminal.say(f"Read as {', '.join(_reading(info))}.")
    if info.question is not None:
        draft_state.tell_question(info, as_user)
        return
    terminal.say(
        f"Draft {info.id}: {info.n_rows:,} sub-compartments, {info.area_ha:,.1f} ha, "
        f"{info.n_errors} errors, {info.n_warnings} warnings."
    )
    if found.height:
        columns = ("row", "sub_compartment_id", "field", "value", "message_en", "remedy_en")
        shown = found.sort("severity", maintain_order=True).head(FINDINGS_SHOWN).select(columns)
        place = f", all in {findings_file}" if findings_file is not None else ""
        terminal.print_rows(shown.to_dicts(), title=f"First {shown.height} of {found.height} findings{place}")
    terminal.say(f"Next: {_next(info, as_user)}")


def _next(info: Any, as_user: str) -> str:
    """Return the command that comes after an import."""
    if info.question is not None:
        return draft_state.next_commands(info, as_user)[0]
    return f"senhui {'errors' if info.n_errors else 'measure'} {info.id} --as {as_user}"


def _reading(info: Any) -> list[str]:
    """Say what was recognised or stated, so that a wrong unit or list is seen at once."""
    profile, source = info.profile, info.source
    words = [source["driver"], source["crs"], source["encoding"]]
    units = {"area_unit": "area in {}", "canopy_unit": "canopy as {}", "land_class_generation": "land classes {}",
             "species_code_system": "species codes {}"}  # fmt: skip
    words += [text.format(profile[name]) for name, text in units.items() if profile.get(name)]
    if "attribute_table" in source:
        joined = source["attribute_table"]
        words.append(f"{joined['n_joined']:,} of {joined['n_rows']:,} rows of {joined['file_name']} joined")
    if source.get("datum_change", {}).get("moved_m") is not None:
        words.append(f"the middle stand moved by {source['datum_change']['moved_m']:,.2f} m to CGCS2000")
    return words
