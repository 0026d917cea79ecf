"""What there is: drafts, what is wrong with one, releases, people. Nothing here changes anything.

Cases: `tests/cli/test_drafts.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from senhui.cli import draft_state, terminal
from senhui.cli.draft_state import draft_row
from senhui.cli.options import AsJson, AsReader, DraftId, Session

FINDINGS_SHOWN = 50


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the commands of this file to the program."""
    _add_drafts(app, session)
    _add_others(app, session)


def _add_drafts(app: typer.Typer, session: Session) -> None:
    @app.command()
    def drafts(as_user: AsReader = None, as_json: AsJson = False) -> None:
        """List the drafts: what was read, what is still wrong, what is left out.

        Example: senhui drafts --as demo-technician
        """
        session.set_up()
        from senhui.inventory import queries

        found = queries.drafts(session.reader(as_user), on=session.today())
        _print(
            [draft_row(info) for info in found],
            title="Drafts",
            none="There is no draft. `senhui import FILE` makes one.",
            as_json=as_json,
        )

    @app.command()
    def errors(
        draft: DraftId,
        reason: Annotated[str | None, typer.Option(help="Only this reason, such as area_impossible.")] = None,
        warnings: Annotated[bool, typer.Option("--warnings", help="Warnings instead of errors.")] = False,
        page: Annotated[int, typer.Option(min=1, help=f"Page of {FINDINGS_SHOWN}.")] = 1,
        as_user: AsReader = None,
        as_json: AsJson = False,
    ) -> None:
        """List what is still wrong with a draft, after all decisions on its rows.

        Example: senhui errors 3 --reason outline_overlaps --as demo-technician
        """
        session.set_up()
        from senhui.intake import REASONS
        from senhui.inventory import queries
        from senhui.inventory.refusals import DraftNeedsMapping

        if reason is not None and reason not in REASONS:
            terminal.fail(f"{reason!r} is no reason of a finding. There are: {', '.join(sorted(REASONS))}.", code=2)
        severity = "warning" if warnings else "error"
        actor = session.reader(as_user)
        with terminal.refusals_told():
            try:
                found = queries.draft_errors(
                    actor,
                    draft,
                    on=session.today(),
                    reason=reason,
                    severity=severity,
                    page=page,
                    per_page=FINDINGS_SHOWN,
                )
            except DraftNeedsMapping:
                draft_state.tell_question(queries.draft(actor, draft, on=session.today()), as_user, to_err=True)
                raise typer.Exit(terminal.REFUSED) from None
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
        of_reason = "" if reason is None else f" of the reason {reason}"
        _print(rows, title=title, none=f"Draft {draft} has no open {severity}{of_reason}.", as_json=False)


def _add_others(app: typer.Typer, session: Session) -> None:
    @app.command()
    def releases(as_json: AsJson = False) -> None:
        """List the releases.

        Example: senhui releases --json
        """
        session.set_up()
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
        session.set_up()
        from senhui.access.queries import users as all_users

        rows = [
            {
                "user": one.username,
                "name": one.display_name,
                "active": one.is_active,
                "roles": ", ".join(f"{role} of {area or 'everywhere'}" for role, area in one.roles),
            }
            for one in all_users(on=session.today())
        ]
        none = "There is nobody yet. `senhui create-admin NAME` makes the first one."
        _print(rows, title="Users", none=none, as_json=as_json)


def _print(rows: list[dict[str, Any]], *, title: str, none: str, as_json: bool) -> None:
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_rows(rows, title=title)
    else:
        terminal.say(none)
