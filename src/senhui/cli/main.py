"""The `senhui` command. Each verb is a thin call of an action or query of a room below.

`senhui COMMAND --help` shows an example for each. Cases: `tests/cli/`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from senhui.cli import (
    changes,
    declarations,
    drafts,
    export,
    imports,
    lists,
    mappings,
    overlays,
    sheet,
    targets,
    terminal,
)
from senhui.cli.options import AsJson, AsUser, DraftId, Session

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Senhui (森汇): a city's forest carbon, from the tree in a plot to the certificate on a wall.\n\n"
        "The way of a layer: import → errors, correct, exclude → measure → release → stats; where its columns are not "
        "understood, mapping and map come after import. Each command shows an example with --help.\n\n"
        "People are named with --as or in SENHUI_USER; create-admin makes the first one, add-user the others. The data "
        "lie in SENHUI_HOME (./var where it is not set).\n\n"
        "Exit codes: 0 done · 1 refused or not found · 2 wrong usage · 3 the layer has errors or waits for its mapping."
    ),
)


def set_up() -> None:
    """Start Django and bring the database up to date."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senhui.web.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    try:
        Path(settings.SENHUI_HOME).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        terminal.fail(
            f"SENHUI_HOME is {settings.SENHUI_HOME}, and that folder cannot be made: {problem.strerror}. "
            "Name another one in SENHUI_HOME."
        )
    django.setup()

    call_command("migrate", interactive=False, verbosity=0)


def now() -> dt.datetime:
    """Return the present instant; the only clock of this room."""
    return dt.datetime.now(dt.UTC)


def person(username: str) -> Any:
    """Return the user of this name or leave with a plain message."""
    from senhui.access.queries import user_named

    found = user_named(username)
    if found is None:
        terminal.fail(f"There is no active user {username!r}. `senhui create-admin NAME` makes the first one.")
    return found


@app.command()
def demo(
    sub_compartments: Annotated[int, typer.Option(min=2000, max=1_000_000, help="How many sub-compartments.")] = 20_000,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8000,
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve when it is made.")] = True,
) -> None:
    """Make the sample city, measure it, make its tiles and serve it.

    Example: senhui demo --sub-compartments 300000
    """
    set_up()
    from senhui.cli import sample_city

    sample_city.make(n_sub_compartments=sub_compartments)
    if serve_it:
        sample_city.print_sign_in_links(base_url=f"http://127.0.0.1:{port}")
        # A new program in place of this one: the server forks, and what was calculated here would not survive that.
        os.execv(sys.executable, [sys.executable, "-m", "senhui.cli.main", "serve", "--port", str(port)])  # noqa: S606


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8000,
) -> None:
    """Serve the web pages and run the jobs.

    Example: senhui serve --port 8080
    """
    set_up()
    from senhui.cli.server import PortTaken, run

    try:
        run(host=host, port=port)
    except PortTaken as problem:
        terminal.fail(str(problem))


@app.command()
def work() -> None:
    """Run the jobs that people start on the web pages (`serve` does this by itself).

    Example: senhui work
    """
    set_up()
    from senhui.jobs.worker import run_worker

    parent = os.getppid()
    run_worker(stop=lambda: os.getppid() != parent)


@app.command("create-admin")
def create_admin(
    username: Annotated[str, typer.Argument(help="User name.")],
    area: Annotated[str, typer.Option(help="Area code the administrator answers for, such as 3311.")] = "3311",
    as_json: AsJson = False,
) -> None:
    """Make an administrator and ask for the password; there is no default password.

    Example: senhui create-admin lin --area 3311
    """
    set_up()
    from senhui.access.actions.create_admin import create_admin

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with terminal.refusals_told():
        create_admin(username=username, password=password, area_code=area, now=now())
    if as_json:
        terminal.print_json({"user": username, "role": "administrator", "area": area})
    else:
        terminal.say(f"Administrator {username} made for area {area}.")


@app.command("add-user")
def add_user(
    username: Annotated[str, typer.Argument(help="User name.")],
    role: Annotated[str, typer.Option(help="viewer, technician, reviewer or administrator.")],
    area: Annotated[str, typer.Option(help="Code of the city, county or township it is for, such as 331181.")],
    name: Annotated[str, typer.Option(help="Name shown to others (the user name if left out).")] = "",
    base_url: Annotated[str, typer.Option(help="Address of the server, for the link.")] = "http://127.0.0.1:8000",
    as_json: AsJson = False,
) -> None:
    """Make a person with one role over an area and print a one-time sign-in link; again, for a further role.

    Example: senhui add-user lin --role technician --area 331181
    """
    set_up()
    from django.db import transaction
    from django.utils import timezone

    from senhui.access.actions.create_sign_in_link import create_sign_in_link
    from senhui.access.actions.create_user import create_user
    from senhui.access.actions.grant_role import grant_role
    from senhui.access.queries import user_named
    from senhui.access.terminal import OPERATOR

    instant = now()
    today = timezone.localdate(instant)
    with terminal.refusals_told(), transaction.atomic():
        user = user_named(username) or create_user(
            OPERATOR, username=username, display_name=name or username, now=instant
        )
        grant_role(OPERATOR, user=user, role=role, area_code=area, starts_on=today, now=instant)
        token = create_sign_in_link(user, now=instant, valid_for=dt.timedelta(days=7))
    link = f"{base_url}/sign-in/{token}/"
    if as_json:
        terminal.print_json({"user": username, "role": role, "area": area, "link": link})
        return
    terminal.say(f"{username} is {role} of {area}. This link signs in once, within seven days:")
    terminal.say(link)


@app.command()
def measure(draft: DraftId, as_user: AsUser, as_json: AsJson = False) -> None:
    """Calculate the carbon stock of every stand of a draft, with what `senhui declaration list` shows as declared.

    Example: senhui measure 3 --as demo-technician
    """
    set_up()
    from senhui.inventory.actions.measure_draft import measure_draft

    actor = person(as_user)
    with terminal.refusals_told(), terminal.progress_bar(f"Measure draft {draft}") as progress:
        info = measure_draft(actor, draft_id=draft, now=now(), progress=progress)
    assert info.measurement is not None
    if as_json:
        terminal.print_json({"draft": info.id, **info.measurement})
        return
    terminal.say(
        f"Draft {info.id}: {info.measurement['stock_tc']:,.0f} tC; "
        f"{info.measurement['area_without_estimate_ha']:,.1f} of {info.measurement['area_ha']:,.1f} ha "
        "without estimate."
    )
    terminal.say(f"Next, a second person: senhui release {info.id} --label NAME --as REVIEWER")


@app.command()
def release(
    draft: DraftId,
    label: Annotated[str, typer.Option(help="What people call it.")],
    as_user: AsUser,
    as_json: AsJson = False,
) -> None:
    """Freeze a measured draft as a release and make its map; somebody else than who measured it.

    Example: senhui release 3 --label "2021 survey" --as demo-reviewer
    """
    set_up()
    from senhui.atlas.jobs import release_and_map
    from senhui.inventory import queries

    actor = person(as_user)
    with terminal.refusals_told(), terminal.progress_bar(f"Release draft {draft}") as progress:
        release_id = release_and_map(actor, draft_id=draft, label=label, now=now(), progress=progress)
    if as_json:
        info = queries.release(release_id)
        terminal.print_json(
            {
                "release": info.id,
                "draft": draft,
                "label": info.label,
                "year": info.reference_year,
                "value_hash": info.value_hash,
                "stock_tc": info.manifest["measurement"]["stock_tc"],
                "area_ha": info.manifest["measurement"]["area_ha"],
                "excluded_area_ha": info.excluded_area_ha,
            }
        )
    else:
        terminal.say(f"Release {release_id}.")


@app.command()
def verify(
    release_id: Annotated[str, typer.Argument(help="Release, such as 2021-2.")], as_json: AsJson = False
) -> None:
    """Calculate a release again from its draft and compare the value hash bit by bit.

    Example: senhui verify 2021-2
    """
    set_up()
    from senhui.inventory.verification import recalculate

    with terminal.refusals_told():
        result = recalculate(release_id)
    if as_json:
        terminal.print_json(
            {
                "release": release_id,
                "reproduces": not result.differs_in,
                "value_hash": result.value_hash,
                "differs_in": result.differs_in,
            }
        )
    if result.differs_in:
        terminal.fail(f"Release {release_id} differs in: {', '.join(result.differs_in)}.")
    if not as_json:
        terminal.say(f"Release {release_id} reproduces: value hash {result.value_hash}.")


@app.command()
def stats(
    release_id: Annotated[str | None, typer.Argument(help="Release; the newest when left out.")] = None,
    by: Annotated[str, typer.Option(help="Dimensions, such as county,species_group.")] = "county",
    within: Annotated[str | None, typer.Option(help="Area code, such as 331181.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print area and carbon stock of a release by county, township, land class, species, origin or age group.

    Example: senhui stats 2021-2 --by county,species_group
    """
    set_up()
    from senhui.atlas.statistics import RATIOS, statistics
    from senhui.inventory import queries

    release_id = release_id or next((info.id for info in queries.releases()), None)
    if release_id is None:
        terminal.fail("There is no release yet. `senhui demo` makes the sample city.")
    with terminal.refusals_told():
        frame = statistics(release_id, within=within, by=tuple(filter(None, by.split(","))), where={})
    if as_json:
        terminal.print_json(frame.to_dicts())
    else:
        shown = (
            "n",
            "area_ha",
            "forest_area_ha",
            "area_without_estimate_ha",
            "stock_tc",
            "calibrated_stock_tc",
            *RATIOS,
        )
        terminal.print_rows(
            frame.select(*filter(None, by.split(",")), *shown).to_dicts(), title=f"Release {release_id}"
        )


@app.command()
def tiles(
    release_id: Annotated[str | None, typer.Argument(help="Release, such as 2021-2.")] = None,
    change: Annotated[str | None, typer.Option(help="A comparison in place of a release.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the map tiles and the statistics of a release anew, or the tiles of a comparison.

    Example: senhui tiles 2021-2
    Example: senhui tiles --change 2016-1_2021-2_1f0c9a2b
    """
    if (release_id is None) == (change is None):
        terminal.fail("Name a release, or a comparison with --change.", code=2)
    set_up()
    from senhui.atlas.change_jobs import draw
    from senhui.atlas.jobs import build_map

    if change is not None:
        with terminal.refusals_told(), terminal.progress_bar(f"Map of {change}") as progress:
            draw(change, progress=progress)
        if as_json:
            terminal.print_json({"change": change, "map": "made"})
        else:
            terminal.say(f"The map of {change} is made anew.")
        return
    assert release_id is not None
    with terminal.refusals_told(), terminal.progress_bar(f"Map of {release_id}") as progress:
        build_map(release_id, progress=progress)
    if as_json:
        terminal.print_json({"release": release_id, "map": "made"})
    else:
        terminal.say(f"The map of {release_id} is made anew.")


changes.add_commands(app, set_up=set_up, person=person, now=now)
session = Session(set_up=set_up, person=person, now=now)
for room in (imports, mappings, lists, declarations, drafts, export, overlays, targets, sheet):
    room.add_commands(app, session)


if __name__ == "__main__":
    app()
