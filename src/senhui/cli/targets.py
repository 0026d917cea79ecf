"""`senhui targets`: the targets of the plan, with value and verdict. Cases: `tests/cli/test_targets.py`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from senhui.cli import terminal
from senhui.cli.options import AsJson, Session


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the command of this file to the program."""

    @app.command()
    def targets(as_json: AsJson = False) -> None:
        """Print the 17 targets of the plan, what the releases say of each, and the verdict; numbers are SI.

        Example: senhui targets --json
        """
        session.set_up()
        from django.utils import timezone

        from senhui.governance.cockpit import targets_in

        found = targets_in(timezone.localdate(session.now()).year)
        if as_json:
            terminal.print_json([asdict(one) | {"light": one.light} for one in found.assessments])
            return
        rows = [
            {
                "target": one.target.id,
                "name": one.target.name_en,
                "unit": one.target.quantity,
                "to_reach": one.target.limit,
                "value": one.newest.value if one.newest else None,
                "half_width": one.newest.half_width if one.newest else None,
                "year": str(one.newest.year) if one.newest else None,
                "verdict": one.verdict,
            }
            for one in found.assessments
        ]
        terminal.print_rows(rows, title="Targets")
