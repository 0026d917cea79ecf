"""What a named person decides of a draft's rows in the terminal, one by one or in a table; and a draft put aside.

What is decided carries a name: the commands that decide ask for ``--as``. Cases: `tests/cli/test_drafts.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from senhui.cli import draft_state, terminal
from senhui.cli.draft_state import draft_row, report
from senhui.cli.options import AsJson, AsReader, AsUser, DraftId, Reason, Session

_MOST_DIGITS = 18
_TABLES = (".xlsx", ".csv")


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the commands of this file to the program."""
    _add_decisions(app, session)
    _add_tables(app, session)
    _add_discard(app, session)


def _add_decisions(app: typer.Typer, session: Session) -> None:
    @app.command()
    def correct(
        draft: DraftId,
        row: Annotated[int, typer.Argument(help="Row of the file; the first is 1.")],
        as_user: AsUser,
        values: Annotated[
            list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="What is right; FIELD= for nothing.")
        ] = None,
        repair_outline: Annotated[bool, typer.Option("--repair-outline", help="Repair the outline as well.")] = False,
        reason: Reason = "",
        as_json: AsJson = False,
    ) -> None:
        """Correct one row of a draft and check it again.

        Example: senhui correct 3 117 MIAN_JI=4.2 LING_ZU=2 --as demo-technician
        """
        session.set_up()
        from senhui.inventory import queries
        from senhui.inventory.actions.correct_row import correct_row

        pairs = [value.partition("=") for value in values or []]
        for name, sign, _text in pairs:
            if not sign:
                terminal.fail(f"{name!r} is no FIELD=VALUE, such as MIAN_JI=4.2.", code=2)
        actor = session.person(as_user)
        with terminal.refusals_told():
            # A field can be named as the schema does or as the file does.
            columns = queries.draft(actor, draft, on=session.today()).profile["field_names"]
            info = correct_row(
                actor,
                draft_id=draft,
                row=row,
                values={columns.get(name, name): text or None for name, _sign, text in pairs},
                repair_outline=repair_outline,
                reason=reason,
                now=session.now(),
            )
        report(info, as_user=as_user, as_json=as_json)

    @app.command()
    def exclude(
        draft: DraftId,
        rows: Annotated[str, typer.Argument(help="Rows of the file, such as 3,7,10-12.")],
        reason: Annotated[str, typer.Option(help="Why; it is printed with the release.")],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Leave rows with errors out of a draft, with a reason that the release will carry.

        Example: senhui exclude 3 17,40-42 --reason "drawn twice, see 2019 survey" --as demo-technician
        """
        session.set_up()
        from senhui.inventory import queries
        from senhui.inventory.actions.exclude_rows import exclude_rows

        ranges = _ranges(rows)
        actor = session.person(as_user)
        with terminal.refusals_told():
            n_rows = queries.draft(actor, draft, on=session.today()).n_rows
            chosen = _rows(ranges, draft, n_rows=n_rows)
            info = exclude_rows(actor, draft_id=draft, rows=chosen, reason=reason, now=session.now())
        report(info, as_user=as_user, as_json=as_json)

    @app.command()
    def reopen(
        draft: DraftId,
        row: Annotated[int, typer.Argument(help="Row of the file; the first is 1.")],
        as_user: AsUser,
        reason: Reason = "",
        as_json: AsJson = False,
    ) -> None:
        """Take back what was decided of a row: it says again what the file says.

        Example: senhui reopen 3 117 --as demo-technician
        """
        session.set_up()
        from senhui.inventory.actions.reopen_row import reopen_row

        actor = session.person(as_user)
        with terminal.refusals_told():
            info = reopen_row(actor, draft_id=draft, row=row, reason=reason, now=session.now())
        report(info, as_user=as_user, as_json=as_json)


def _add_tables(app: typer.Typer, session: Session) -> None:
    @app.command()
    def rejected(
        draft: DraftId,
        file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write the table: .xlsx or .csv.")],
        replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there already.")] = False,
        as_user: AsReader = None,
        as_json: AsJson = False,
    ) -> None:
        """Write the rows with errors as a table, to correct them in an office program.

        Example: senhui rejected 3 longquan.rejected.xlsx --as demo-technician
        """
        session.set_up()
        from senhui.intake import write_rejected
        from senhui.inventory import queries

        if file.suffix.lower() not in _TABLES:
            terminal.fail(f"{file.name} is neither .xlsx nor .csv.", code=2)
        if file.exists() and not replace:
            terminal.fail(f"{file} is there already. Give another name, or --replace to write over it.")
        with terminal.refusals_told():
            found, source = queries.rejected_rows(session.reader(as_user), draft, on=session.today())
        n_rows = found["row"].n_unique()
        if n_rows:
            _written_whole(file, lambda path: write_rejected(found, source, path))
        if as_json:
            terminal.print_json({"draft": draft, "rows": n_rows, "file": str(file) if n_rows else None})
        elif n_rows:
            terminal.say(f"{n_rows:,} rows with errors are in {file}. Correct the cells and save it; then:")
            terminal.say(f"senhui correct-file {draft} {draft_state.quoted(file)} --as {as_user or 'NAME'}")
        else:
            terminal.say(f"Draft {draft} has no row with an error; no file was written.")

    @app.command("correct-file")
    def correct_file(
        draft: DraftId,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Table of `senhui rejected`, edited.")],
        as_user: AsUser,
        reason: Reason = "",
        as_json: AsJson = False,
    ) -> None:
        """Correct the rows of a draft that come back in a table, and check them again; all of them or none.

        Example: senhui correct-file 3 longquan.rejected.xlsx --as demo-technician
        """
        session.set_up()
        from senhui.inventory.actions.correct_rows_from_file import correct_rows_from_file

        actor = session.person(as_user)
        with terminal.refusals_told():
            info = correct_rows_from_file(actor, draft_id=draft, path=file, reason=reason, now=session.now())
        report(info, as_user=as_user, as_json=as_json)


def _add_discard(app: typer.Typer, session: Session) -> None:
    @app.command()
    def discard(draft: DraftId, as_user: AsUser, as_json: AsJson = False) -> None:
        """Put a draft aside for good: its files go, its record stays.

        Example: senhui discard 3 --as demo-technician
        """
        session.set_up()
        from senhui.inventory import queries
        from senhui.inventory.actions.discard_draft import discard_draft

        actor = session.person(as_user)
        with terminal.refusals_told():
            discard_draft(actor, draft_id=draft, now=session.now())
            info = queries.draft(actor, draft, on=session.today())
        if as_json:
            terminal.print_json(draft_row(info))
        else:
            terminal.say(f"Draft {draft} is discarded. `senhui import` reads the layer again.")


def _written_whole(file: Path, write: Any) -> None:
    """Write a table beside its place and give it its name when it is whole."""
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".senhui-") as directory:
            # The name tells the writer which kind of table is wanted.
            write(Path(directory) / f"table{file.suffix.lower()}")
            (Path(directory) / f"table{file.suffix.lower()}").replace(file)
    except OSError as problem:
        terminal.fail(f"{file} could not be written: {problem.strerror}.")


def _ranges(text: str) -> list[tuple[int, int]]:
    """Read ``3,7,10-12`` as first and last row of each part, without counting through it.

    Examples
    --------
    >>> _ranges("3,7,10-12")
    [(3, 3), (7, 7), (10, 12)]
    """
    ranges = []
    for part in (part.strip() for part in text.split(",")):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not all(end.isdecimal() and len(end) <= _MOST_DIGITS for end in (first, last)):
            terminal.fail(f"{part!r} is no row. Give rows as 3,7,10-12.", code=2)
        if int(first) > int(last):
            terminal.fail(f"{part!r} ends before it begins. Give the smaller row first: {last}-{first}.", code=2)
        ranges.append((int(first), int(last)))
    return ranges


def _rows(ranges: list[tuple[int, int]], draft_id: int, *, n_rows: int) -> list[int]:
    """Return every row of ranges that the draft has; a range that goes beyond it is refused before it is counted."""
    from senhui.inventory.refusals import NoSuchRow

    for first, last in ranges:
        if first < 1 or last > n_rows:
            raise NoSuchRow(draft_id, first if first < 1 else last)
    return sorted({row for first, last in ranges for row in range(first, last + 1)})
