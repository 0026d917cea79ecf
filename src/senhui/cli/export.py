"""`senhui export`: sub-compartments of a release, all or a selection, as a file. Cases: `tests/cli/test_export.py`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from senhui.cli import terminal
from senhui.cli.options import AsJson, AsUser, Session

SUFFIXES = {".gpkg": "gpkg", ".zip": "zip", ".csv": "csv", ".xlsx": "xlsx"}


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the command of this file to the program."""

    @app.command()
    def export(
        release_id: Annotated[str, typer.Argument(metavar="RELEASE", help="Release, such as 2021-2.")],
        out: Annotated[Path, typer.Argument(help="File: .gpkg, .zip (Shapefile), .csv or .xlsx.")],
        as_user: AsUser,
        within: Annotated[str, typer.Option(help="Area code, such as 331181103.")] = "",
        where: Annotated[
            list[str] | None, typer.Option(help="Filter; may be repeated: origin:planted,natural.")
        ] = None,
        shape: Annotated[Path | None, typer.Option(help="Area: GeoJSON, KML, zipped Shapefile or GeoPackage.")] = None,
        language: Annotated[str, typer.Option(help="zh or en, of names and reasons.")] = "zh",
        overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Write the sub-compartments that a person may export as a file that an import reads again.

        Example: senhui export 2021-2 longquan.gpkg --within 331181 --where origin:planted --as demo-technician
        """
        session.set_up()
        from dataclasses import replace

        from senhui.atlas.exports import sub_compartments
        from senhui.atlas.selection import parse
        from senhui.intake.area_outline import read_area

        form = SUFFIXES.get(out.suffix.lower())
        if form is None:
            terminal.fail(f"{out.name} ends in none of: {', '.join(SUFFIXES)}.", code=2)
        if language not in ("zh", "en"):
            terminal.fail(f"{language!r} is no language. Choose zh or en.", code=2)
        if out.exists() and not overwrite:
            terminal.fail(f"{out} is there already. Choose another name, or give --overwrite.")
        if not out.absolute().parent.is_dir():
            terminal.fail(f"There is no folder {out.absolute().parent}.")
        actor = session.person(as_user)
        query = [("within", within), *(("where", one) for one in where or [])]
        with terminal.refusals_told(), terminal.progress_bar(f"Export {release_id}") as progress:
            selection = parse(query, release_id=release_id)
            if shape is not None:
                if not shape.is_file():
                    terminal.fail(f"There is no file {shape}.")
                selection = replace(selection, shape=read_area(shape, shown_name=shape.name).wkb)
            written = sub_compartments(
                actor,
                selection,
                form=form,  # type: ignore[arg-type]  # one of SUFFIXES
                language=language,  # type: ignore[arg-type]  # zh or en
                now=session.now(),
                progress=progress,
            )
            shutil.move(written.path, out)
            written.path.parent.rmdir()
        if as_json:
            terminal.print_json({"release": release_id, "file": str(out), "n_rows": written.n_rows})
        else:
            terminal.say(f"{written.n_rows:,} sub-compartments in {out}.")
