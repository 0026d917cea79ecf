"""`senhui declaration …`: what the installation declares of itself, set, taken back and listed.

Cases: `tests/cli/test_declarations.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from senhui.cli import terminal
from senhui.cli.options import AsJson, AsUser, Session

Name = Annotated[str, typer.Argument(help="culm_age_du, soil, or an error such as error.area_single.")]


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the commands of this file to the program."""
    declaration_app = typer.Typer(no_args_is_help=True, help="Values that the installation declares of itself.")
    app.add_typer(declaration_app, name="declaration")
    for add in (_add_set, _add_withdraw, _add_list):
        add(declaration_app, session)


def _add_set(app: typer.Typer, session: Session) -> None:
    @app.command("set")
    def set_(
        name: Name,
        value: Annotated[str, typer.Argument(help="The value; of an error its share of the number, 0.02 for 2 %.")],
        ground: Annotated[str, typer.Option(help="From what it is known: a survey, a control, a document.")],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Declare a value for every draft that is measured from now on.

        Example: senhui declaration set error.area_single 0.02 --ground "area control of 2025" --as demo-technician
        """
        session.set_up()
        from senhui.inventory.actions import declare_value as room

        with terminal.refusals_told():
            made = room.declare_value(
                session.person(as_user),
                declarable_id=name,
                value=_number_or_text(value),
                ground=ground,
                now=session.now(),
            )
        if as_json:
            terminal.print_json(asdict(made))
        else:
            terminal.out.print(f"{name} is {made.value} from the next measurement on.")


def _add_withdraw(app: typer.Typer, session: Session) -> None:
    @app.command("withdraw")
    def withdraw(
        name: Name,
        ground: Annotated[str, typer.Option(help="Why it is taken back.")],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Take a declaration back; what is published counts again, or nothing.

        Example: senhui declaration withdraw error.area_single --ground "control found wrong" --as demo-technician
        """
        session.set_up()
        from senhui.inventory.actions.withdraw_declaration import withdraw_declaration

        with terminal.refusals_told():
            made = withdraw_declaration(session.person(as_user), declarable_id=name, ground=ground, now=session.now())
        if as_json:
            terminal.print_json(asdict(made))
        else:
            terminal.out.print(f"{name} is no longer declared.")


def _add_list(app: typer.Typer, session: Session) -> None:
    @app.command("list")
    def list_(as_user: AsUser, as_json: AsJson = False) -> None:
        """List all that can be declared, with what is declared and what is published in its place.

        Example: senhui declaration list --as demo-technician
        """
        session.set_up()
        from senhui.inventory.declarations import standing

        with terminal.refusals_told():
            found = standing(session.person(as_user), on=session.today())
        rows = [
            {
                "name": item.id,
                "meaning": item.name_en,
                "declared": None if last is None else last.value,
                "by": None if last is None or last.value is None else last.declared_by,
                "published": _published(item.error_source),
                "allowed": item.allowed,
            }
            for item, last in found
        ]
        if as_json:
            terminal.print_json(rows)
        else:
            terminal.print_rows(rows, title="What can be declared")


def _published(source: Any) -> float | str | None:
    """Return what the table has of a source of error; where it names a column, each row has a size of its own."""
    if source is None or not source.is_set:
        return None
    return "by row" if source.relative_error_frac is None else source.relative_error_frac


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
