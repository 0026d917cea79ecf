"""`senhui sheet`: a map sheet to scale, as PDF or PNG.

Cases: `tests/cli/test_sheet.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from senhui.cli import terminal
from senhui.cli.options import AsJson, AsReader, Session


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the command of this file to the program."""

    @app.command()
    def sheet(
        file: Annotated[Path, typer.Argument(help="File to write; its ending says PDF or PNG.")],
        release: Annotated[str, typer.Option(help="Release; the newest when left out.")] = "",
        place: Annotated[str, typer.Option(help="Code of a county or township; the whole city when left out.")] = "",
        layer: Annotated[str, typer.Option(help="Layer, such as density or species.")] = "density",
        paper: Annotated[str, typer.Option(help="A4 or A3.")] = "A4",
        portrait: Annotated[bool, typer.Option("--portrait/--landscape", help="How the paper lies.")] = False,
        language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
        as_user: AsReader = None,
        as_json: AsJson = False,
    ) -> None:
        """Draw a map sheet of a release, to scale, with legend, numbers and their origin.

        Example: senhui sheet longquan.pdf --place 331181 --paper A3
        """
        session.set_up()
        from senhui.atlas.sheet import hand_out_sheet
        from senhui.atlas.sheet_values import Asked
        from senhui.inventory import queries

        form = file.suffix.lower().removeprefix(".")
        if form not in {"pdf", "png"} or paper not in {"A4", "A3"} or language not in {"zh", "en"}:
            terminal.fail("A sheet is a .pdf or .png on A4 or A3, in zh or en.", code=2)
        chosen = release or next((info.id for info in queries.releases()), "")
        if not chosen:
            terminal.fail("There is no release yet. `senhui demo` makes the sample city.")
        asked = Asked(
            chosen,
            layer_id=layer,
            place=place,
            paper="A3" if paper == "A3" else "A4",
            orientation="portrait" if portrait else "landscape",
            language="en" if language == "en" else "zh",
        )
        with terminal.refusals_told():
            _name, made = hand_out_sheet(
                session.reader(as_user), asked, form="png" if form == "png" else "pdf", now=session.now()
            )
        file.write_bytes(made)
        if as_json:
            terminal.print_json({"file": str(file), "release": chosen, "bytes": len(made)})
        else:
            terminal.say(f"{file}: {layer} of release {chosen}, {len(made):,} bytes.")
