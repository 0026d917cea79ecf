"""Drafts in the terminal: which there are, what is wrong with them, and what a named person decides of their rows.

What is decided of a row carries a name: the commands that decide ask for ``--as``. Cases: `tests/cli/test_drafts.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from senhui.cli import terminal

AsUser = Annotated[str, typer.Option("--as", envvar="SENHUI_USER", help="User name of the person deciding.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DraftId = Annotated[int, typer.Argument(metavar="DRAFT", help="Number of the draft.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]

FINDINGS_SHOWN = 50
_MOST_DIGITS = 18


def add_commands(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    """Add the commands of this file to the program."""
    _add_lists(app, set_up=set_up, now=now)
    _add_decisions(app, set_up=set_up, person=person, now=now)
    _add_map(app, set_up=set_up, person=person, now=now)


def _add_lists(app: typer.Typer, *, set_up: Callable[[], None], now: Callable[[], dt.datetime]) -> None:
    @app.command()
    def drafts(as_json: AsJson = False) -> None:
        """List the drafts: what was read, what is still wrong, what is left out.

        Example: senhui drafts
        """
        set_up()
        from django.utils import timezone

        from senhui.access.terminal import OPERATOR
        from senhui.inventory import queries

        rows = [_draft(info) for info in queries.drafts(OPERATOR, on=timezone.localdate(now()))]
        _print(rows, title="Drafts", none="There is no draft. `senhui import FILE` makes one.", as_json=as_json)

    @app.command()
    def errors(
        draft: DraftId,
        reason: Annotated[str | None, typer.Option(help="Only this reason, such as area_impossible.")] = None,
        warnings: Annotated[bool, typer.Option("--warnings", help="Warnings instead of errors.")] = False,
        page: Annotated[int, typer.Option(min=1, help=f"Page of {FINDINGS_SHOWN}.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """List what is still wrong with a draft, after all decisions on its rows.

        Example: senhui errors 3 --reason outline_overlaps
        """
        set_up()
        from django.utils import timezone

        from senhui.access.terminal import OPERATOR
        from senhui.inventory import queries
        from senhui.inventory.refusals import DraftIsClosed, DraftNeedsMapping

        severity = "warning" if warnings else "error"
        try:
            found = queries.draft_errors(
                OPERATOR,
                draft,
                on=timezone.localdate(now()),
                reason=reason,
                severity=severity,
                page=page,
                per_page=FINDINGS_SHOWN,
            )
        except (queries.NoSuchDraft, DraftIsClosed, DraftNeedsMapping) as problem:
            terminal.fail(str(problem))
        if as_json:
            terminal.print_json(
                {
                    "draft": draft,
                    "n": found.n_findings,
                    "by_reason": found.n_by_reason,
                    "page": found.page,
                    "pages": found.n_pages,
                    "findings": found.findings,
                }
            )
            return
        columns = ("row", "sub_compartment_id", "field", "value", "reason", "message_en", "remedy_en")
        rows = [{name: finding[name] for name in columns} for finding in found.findings]
        title = f"{severity.capitalize()}s of draft {draft}, page {found.page} of {found.n_pages} ({found.n_findings})"
        _print(rows, title=title, none=f"Draft {draft} has no open {severity}.", as_json=False)

    @app.command()
    def releases(as_json: AsJson = False) -> None:
        """List the releases.

        Example: senhui releases --json
        """
        set_up()
        from senhui.inventory import queries

        rows = [
            {
                "release": info.id,
                "label": info.label,
                "year": info.reference_year,
                "sample": info.is_sample,
                "townships": len(info.township_codes),
                "stock_tc": info.manifest["measurement"]["stock_tc"],
                "area_ha": info.manifest["measurement"]["area_ha"],
                "excluded_area_ha": info.excluded_area_ha,
                "released_by": info.released_by,
                "released_at": info.released_at.isoformat(timespec="minutes"),
            }
            for info in queries.releases()
        ]
        none = "There is no release yet. `senhui release DRAFT` makes one."
        _print(rows, title="Releases", none=none, as_json=as_json)

    @app.command()
    def users(as_json: AsJson = False) -> None:
        """List the people with a seat, and the roles that they hold today.

        Example: senhui users
        """
        set_up()
        from django.utils import timezone

        from senhui.access.queries import users as all_users

        rows = [
            {
                "user": one.username,
                "name": one.display_name,
                "active": one.is_active,
                "roles": ", ".join(f"{role} of {area or 'everywhere'}" for role, area in one.roles),
            }
            for one in all_users(on=timezone.localdate(now()))
        ]
        none = "There is nobody yet. `senhui create-admin NAME` makes the first one."
        _print(rows, title="Users", none=none, as_json=as_json)


def _add_decisions(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
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
        set_up()
        from senhui.inventory.actions.correct_row import correct_row

        pairs = [value.partition("=") for value in values or []]
        for name, sign, _text in pairs:
            if not sign:
                terminal.fail(f"{name!r} is no FIELD=VALUE, such as MIAN_JI=4.2.", code=2)

        def decide() -> Any:
            columns = _columns_by_field(draft, now=now)
            given = {columns.get(name, name): text or None for name, _sign, text in pairs}
            return correct_row(
                person(as_user),
                draft_id=draft,
                row=row,
                values=given,
                repair_outline=repair_outline,
                reason=reason,
                now=now(),
            )

        _report(decide, as_json=as_json)

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
        set_up()
        from senhui.inventory.actions.exclude_rows import exclude_rows

        ranges = _ranges(rows)

        def decide() -> Any:
            chosen = _rows(ranges, draft, now=now)
            return exclude_rows(person(as_user), draft_id=draft, rows=chosen, reason=reason, now=now())

        _report(decide, as_json=as_json)

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
        set_up()
        from senhui.inventory.actions.reopen_row import reopen_row

        _report(lambda: reopen_row(person(as_user), draft_id=draft, row=row, reason=reason, now=now()), as_json=as_json)


def _add_map(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    @app.command("map")
    def map_(
        draft: DraftId,
        mapping: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Saved mapping (JSON).")],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Read the columns of a draft as a saved mapping says, without the file.

        Example: senhui map 3 longquan.mapping.json --as demo-technician
        """
        set_up()
        from senhui.intake import read_mapping
        from senhui.inventory.actions.map_draft import map_draft

        def decide() -> Any:
            with terminal.progress_bar(f"Map draft {draft}") as progress:
                return map_draft(
                    person(as_user), draft_id=draft, profile=read_mapping(mapping), now=now(), progress=progress
                )

        _report(decide, as_json=as_json)


def _report(decide: Callable[[], Any], *, as_json: bool) -> None:
    """Do what was decided and print the draft as it is now; leave with 1 if refused, with 3 while errors are open."""
    from senhui.access.rules import PermissionRefused
    from senhui.intake import LayerRefused
    from senhui.inventory import refusals
    from senhui.inventory.actions.exclude_rows import NoRowsChosen, ReasonMissing, RowHasNoError
    from senhui.inventory.actions.map_draft import MappingNeedsTheFile
    from senhui.inventory.actions.reopen_row import RowIsNotDecided
    from senhui.inventory.corrections import NoSuchColumn, NothingToCorrect, ValueDoesNotFit
    from senhui.inventory.land import LayerOutsideYourAreas
    from senhui.inventory.queries import NoSuchDraft

    try:
        info = decide()
    except (
        NoSuchDraft,
        PermissionRefused,
        LayerRefused,
        LayerOutsideYourAreas,
        refusals.DraftIsClosed,
        refusals.DraftNeedsMapping,
        refusals.DraftChangedMeanwhile,
        refusals.NoSuchRow,
        refusals.RowChangedMeanwhile,
        refusals.RowIsExcluded,
        refusals.ReasonTooLong,
        refusals.TextCannotBeWritten,
        NoRowsChosen,
        ReasonMissing,
        RowHasNoError,
        RowIsNotDecided,
        NoSuchColumn,
        ValueDoesNotFit,
        NothingToCorrect,
        MappingNeedsTheFile,
    ) as problem:
        terminal.fail(str(problem))
    if as_json:
        terminal.print_json(_draft(info))
    elif info.question is not None:
        terminal.out.print(f"Draft {info.id} is still not mapped: {info.question['fields']}", soft_wrap=True)
    else:
        terminal.out.print(
            f"Draft {info.id}: {info.n_open_errors} open errors; {info.n_excluded} rows with "
            f"{info.excluded_area_ha:,.1f} ha left out."
        )
    if info.n_open_errors or info.question is not None:
        raise typer.Exit(terminal.FILE_HAS_ERRORS)


def _draft(info: Any) -> dict[str, Any]:
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


def _columns_by_field(draft_id: int, *, now: Callable[[], dt.datetime]) -> dict[str, str]:
    """Return schema field → column of the file, so that a field can be named either way."""
    from django.utils import timezone

    from senhui.access.terminal import OPERATOR
    from senhui.inventory import queries

    names: dict[str, str] = queries.draft(OPERATOR, draft_id, on=timezone.localdate(now())).profile["field_names"]
    return names


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


def _rows(ranges: list[tuple[int, int]], draft_id: int, *, now: Callable[[], dt.datetime]) -> list[int]:
    """Return every row of ranges that the draft has; a range that goes beyond it is refused before it is counted."""
    from django.utils import timezone

    from senhui.access.terminal import OPERATOR
    from senhui.inventory import queries
    from senhui.inventory.refusals import NoSuchRow

    n_rows = queries.draft(OPERATOR, draft_id, on=timezone.localdate(now())).n_rows
    for first, last in ranges:
        if first < 1 or last > n_rows:
            raise NoSuchRow(draft_id, first if first < 1 else last)
    return sorted({row for first, last in ranges for row in range(first, last + 1)})


def _print(rows: list[dict[str, Any]], *, title: str, none: str, as_json: bool) -> None:
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_rows(rows, title=title)
    else:
        terminal.out.print(none)
