"""`senhui overlay …`: boundaries over the map, brought, removed and listed. Cases: `tests/cli/test_overlays.py`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from senhui.cli import terminal
from senhui.cli.options import AsJson, AsReader, AsUser, Session


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the commands of this file to the program."""
    overlay_app = typer.Typer(no_args_is_help=True, help="Boundaries over the map: parks, beautiful towns, reserves.")
    app.add_typer(overlay_app, name="overlay")
    for add in (_add_import, _add_remove, _add_list):
        add(overlay_app, session)


def _add_import(app: typer.Typer, session: Session) -> None:
    @app.command("import")
    def import_(
        file: Annotated[Path, typer.Argument(help="GeoPackage, Shapefile or GeoJSON.")],
        kind: Annotated[
            str,
            typer.Option(
                help="national_park, beautiful_city, beautiful_town, beautiful_village, nature_reserve or other."
            ),
        ],
        name: Annotated[str, typer.Option(help="Name in Chinese.")],
        source: Annotated[str, typer.Option(help="Who drew or published it.")],
        year: Annotated[int, typer.Option(help="Year of the boundaries.")],
        as_user: AsUser,
        name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
        licence: Annotated[str, typer.Option(help="Terms of use.")] = "",
        visibility: Annotated[str, typer.Option(help="public, or role: people with a role in the county.")] = "public",
        crs: Annotated[str | None, typer.Option(help="Coordinate system, where the file does not tell it.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Lay boundaries over the map.

        Example: senhui overlay import park.gpkg --kind national_park --name 国家公园 --source 林业局 --year 2024
        --as demo-technician
        """
        session.set_up()
        from senhui.intake import ImportProfile
        from senhui.inventory.actions import import_overlay as room

        statement = room.OverlayStatement(
            kind=kind,
            name_zh=name,
            name_en=name_en,
            source=source,
            year=year,
            licence_note=licence,
            visibility=visibility,
        )
        with terminal.refusals_told():
            made = room.import_overlay(
                session.person(as_user),
                path=file,
                original_name=file.name,
                statement=statement,
                profile=ImportProfile(crs=crs) if crs else None,
                now=session.now(),
            )
        if as_json:
            terminal.print_json(asdict(made))
        else:
            terminal.out.print(
                f"Overlay {made.id}: {made.name_zh}, {made.area_ha:,.1f} ha, land under two outlines once."
            )


def _add_remove(app: typer.Typer, session: Session) -> None:
    @app.command("remove")
    def remove(
        overlay: Annotated[int, typer.Argument(help="Number of the overlay.")],
        reason: Annotated[str, typer.Option(help="Why; the history keeps it.")],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Take boundaries off the map; they stay in the history.

        Example: senhui overlay remove 3 --reason "replaced by the outlines of 2025" --as demo-technician
        """
        session.set_up()
        from senhui.inventory.actions.remove_overlay import remove_overlay

        with terminal.refusals_told():
            gone = remove_overlay(session.person(as_user), overlay_id=overlay, reason=reason, now=session.now())
        if as_json:
            terminal.print_json(asdict(gone))
        else:
            terminal.out.print(f"Overlay {gone.id} no longer lies over the map.")


def _add_list(app: typer.Typer, session: Session) -> None:
    @app.command("list")
    def list_(as_user: AsReader = None, as_json: AsJson = False) -> None:
        """List the boundaries over the map.

        Example: senhui overlay list
        """
        session.set_up()
        from senhui.inventory.overlays import overlays

        rows = [
            {
                "id": info.id,
                "kind": info.kind,
                "name": info.name_zh,
                "year": info.year,
                "area_ha": round(info.area_ha, 1),
                "shown_to": info.visibility,
                "sample": info.is_sample,
                "source": info.source,
            }
            for info in overlays(session.reader(as_user), on=session.today())
        ]
        if as_json:
            terminal.print_json(rows)
        else:
            terminal.print_rows(rows, title="Boundaries over the map")
