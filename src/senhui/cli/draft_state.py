"""What the terminal says of a draft after each command: a row of a list, what is open, the question it waits on.

Cases: `tests/cli/test_mappings.py`.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Final

import typer

from senhui.cli import terminal

ASKED: Final = "?"
"""What stands in a mapping file where a person must answer."""

MOST_COLUMNS: Final = 8
"""Columns of a file that a question names before it says how many more there are."""


def draft_row(info: Any) -> dict[str, Any]:
    """Return what a list says of a draft."""
    return {
        "draft": info.id,
        "file": info.original_name,
        "year": info.reference_year,
        "state": info.state,
        "rows": info.n_rows,
        "open_errors": info.n_open_errors,
        "warnings": info.n_warnings,
        "excluded": info.n_excluded,
        "excluded_area_ha": info.excluded_area_ha,
        "imported_by": info.imported_by,
        "release": info.release_id,
    }


def report(info: Any, *, as_user: str, as_json: bool) -> None:
    """Print a draft as it is now; leave with 3 while errors are open or it waits for its mapping."""
    if as_json:
        terminal.print_json(draft_row(info) | {"question_text": question_text(info)})
    elif info.question is not None:
        tell_question(info, as_user)
    else:
        terminal.say(
            f"Draft {info.id}: {info.n_open_errors} open errors; {info.n_excluded} rows with "
            f"{info.excluded_area_ha:,.1f} ha left out."
        )
    if info.n_open_errors or info.question is not None:
        raise typer.Exit(terminal.FILE_HAS_ERRORS)


def question_text(info: Any) -> str | None:
    """Return what a draft waits on, with the first of a long list of columns; None where it waits on nothing."""
    from senhui.jobs.refusal import from_data

    asked = from_data(info.question)
    if asked is None:
        return None if info.question is None else str(info.question["fields"])
    found = getattr(asked, "columns", ())
    if len(found) > MOST_COLUMNS:
        asked.columns = (*found[:MOST_COLUMNS], f"and {len(found) - MOST_COLUMNS} more")  # type: ignore[attr-defined]
    return str(asked)


def next_commands(info: Any, as_user: str | None) -> tuple[str, str, str]:
    """Return the commands that lead a waiting draft on: write the mapping, look at the columns, give it back."""
    file = f"draft-{info.id}.mapping.json"
    return (
        f"senhui mapping {info.id} {file}{as_option(as_user)}",
        f"senhui columns {info.id}{as_option(as_user)}",
        f"senhui map {info.id} {file}{as_option(as_user)}",
    )


def tell_question(info: Any, as_user: str | None, *, to_err: bool = False) -> None:
    """Print what a draft waits on, and the commands that answer it."""
    write, look, give_back = next_commands(info, as_user)
    for line in (
        f"Draft {info.id} is kept with {info.n_rows:,} rows and waits for its mapping: {question_text(info)}",
        f"Next: {write}   (writes what is known, with “{ASKED}” where you answer)",
        f"      {look}   (the columns to choose from)",
        f"Then: {give_back}",
    ):
        terminal.say(line, to_err=to_err)


def quoted(file: Path) -> str:
    """Return a path as it is typed in a command."""
    return shlex.quote(str(file))


def as_option(as_user: str | None) -> str:
    """Return the option that names the person, as it is typed in a command."""
    return "" if as_user is None else f" --as {shlex.quote(as_user)}"
