"""The `senhui` command. Each verb is a thin call of an action or query of a room below.

`senhui COMMAND --help` shows an example for each. Cases: `tests/cli/`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from senhui.cli import changes, drafts, terminal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Senhui (森汇): a city's forest carbon, from the tree in a plot to the certificate on a wall.",
)

AsUser = Annotated[str, typer.Option("--as", envvar="SENHUI_USER", help="User name of the person acting.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def set_up() -> None:
    """Start Django and bring the database up to date."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senhui.web.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    Path(settings.SENHUI_HOME).mkdir(parents=True, exist_ok=True)
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
) -> None:
    """Make an administrator and ask for the password; there is no default password.

    Example: senhui create-admin lin --area 3311
    """
    set_up()
    from senhui.access.actions.create_admin import UserExists, UsernameUnfit, WeakPassword, create_admin
    from senhui.access.rules import AreaCodeUnknown

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        create_admin(username=username, password=password, area_code=area, now=now())
    except (UserExists, UsernameUnfit, WeakPassword, AreaCodeUnknown) as problem:
        terminal.fail(str(problem))
    terminal.out.print(f"Administrator {username} made for area {area}.")


@app.command("add-user")
def add_user(
    username: Annotated[str, typer.Argument(help="User name.")],
    role: Annotated[str, typer.Option(help="viewer, technician, reviewer or administrator.")],
    area: Annotated[str, typer.Option(help="Code of the city, county or township it is for, such as 331181.")],
    name: Annotated[str, typer.Option(help="Name shown to others (the user name if left out).")] = "",
    base_url: Annotated[str, typer.Option(help="Address of the server, for the link.")] = "http://127.0.0.1:8000",
) -> None:
    """Make a person with one role over an area and print a one-time sign-in link; again, for a further role.

    Example: senhui add-user lin --role technician --area 331181
    """
    set_up()
    from django.db import transaction
    from django.utils import timezone

    from senhui.access.actions.create_sign_in_link import create_sign_in_link
    from senhui.access.actions.create_user import UsernameUnfit, create_user
    from senhui.access.actions.grant_role import RoleUnknown, grant_role
    from senhui.access.queries import user_named
    from senhui.access.rules import AreaCodeUnknown
    from senhui.access.terminal import OPERATOR

    instant = now()
    today = timezone.localdate(instant)
    try:
        with transaction.atomic():
            user = user_named(username) or create_user(
                OPERATOR, username=username, display_name=name or username, now=instant
            )
            grant_role(OPERATOR, user=user, role=role, area_code=area, starts_on=today, now=instant)
            token = create_sign_in_link(user, now=instant, valid_for=dt.timedelta(days=7))
    except (UsernameUnfit, RoleUnknown, AreaCodeUnknown) as problem:
        terminal.fail(str(problem))
    terminal.out.print(f"{username} is {role} of {area}. This link signs in once, within seven days:")
    terminal.out.print(f"{base_url}/sign-in/{token}/", highlight=False, soft_wrap=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, readable=True, help="Shapefile, zip, GeoPackage or GeoParquet.")],
    year: Annotated[int, typer.Option(min=1949, max=2100, help="Year to which the survey refers.")],
    as_user: AsUser,
    species_codes: Annotated[
        Literal["nfi", "gx"] | None, typer.Option(help="Species code system (else recognised).")
    ] = None,
    land_classes: Annotated[
        Literal["G1", "G2", "G3", "G4"] | None, typer.Option(help="Land-class generation (else recognised).")
    ] = None,
    area_unit: Annotated[
        Literal["ha", "mu"] | None, typer.Option(help="Unit of the area field (else recognised).")
    ] = None,
    crs: Annotated[
        Literal["EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:4326"] | None,
        typer.Option(help="Coordinate system (else what the file says)."),
    ] = None,
    encoding: Annotated[
        Literal["UTF-8", "GB18030"] | None, typer.Option(help="Encoding of a Shapefile's text (else recognised).")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a GeoPackage that holds several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import a sub-compartment (小班) layer as a draft; bad rows are listed in a file beside it.

    Example: senhui import longquan.shp --year 2021 --as demo-technician
    """
    set_up()
    from senhui.access.rules import PermissionRefused
    from senhui.intake import ImportProfile, LayerRefused, write_findings
    from senhui.inventory import queries
    from senhui.inventory.actions.import_layer import import_layer
    from senhui.inventory.land import LayerOutsideYourAreas

    profile = ImportProfile(
        species_code_system=species_codes,
        land_class_generation=land_classes,
        area_unit=area_unit,
        crs=crs,
        encoding=encoding,
        layer=layer,
    )
    try:
        with terminal.progress_bar(f"Import {file.name}") as progress:
            info = import_layer(
                person(as_user),
                path=file,
                original_name=file.name,
                reference_year=year,
                profile=profile,
                now=now(),
                progress=progress,
            )
    except (LayerRefused, PermissionRefused, LayerOutsideYourAreas) as problem:
        terminal.fail(str(problem))
    found = queries.findings(info)
    rejected = file.with_name(f"{file.stem}.findings.csv")
    if found.height:
        write_findings(found, rejected)
    summary = {
        "draft": info.id,
        "state": info.state,
        "question": info.question,
        "rows": info.n_rows,
        "errors": info.n_errors,
        "warnings": info.n_warnings,
        "area_ha": info.area_ha,
        "profile": info.profile,
        "findings_file": str(rejected) if found.height else None,
    }
    if as_json:
        terminal.print_json(summary)
    else:
        terminal.out.print(
            f"Draft {info.id}: {info.n_rows:,} sub-compartments, {info.area_ha:,.1f} ha, "
            f"{info.n_errors} errors, {info.n_warnings} warnings."
        )
        shown = (
            found.sort("severity")
            .head(20)
            .select("row", "sub_compartment_id", "field", "value", "message_en", "remedy_en")
        )
        if found.height:
            terminal.print_rows(
                shown.to_dicts(),
                title=f"First {shown.height} of {found.height} findings, all in {rejected.name}",
            )
    if info.question is not None and not as_json:
        facts = "; ".join(f"{name}: {fact}" for name, fact in info.question["fields"].items())
        terminal.out.print(
            f"Its columns are not understood yet ({facts}). Answer with: senhui map {info.id} MAPPING.json"
        )
    if info.n_errors or info.question is not None:
        raise typer.Exit(terminal.FILE_HAS_ERRORS)


@app.command()
def measure(
    draft: Annotated[int, typer.Argument(help="Number of the draft.")],
    as_user: AsUser,
    culm_age: Annotated[float | None, typer.Option(help="Declare the mean age of moso culms, in du.")] = None,
    soil: Annotated[
        str | None, typer.Option(help="Declare climate and clay, as warm_temperate_moist/low_activity.")
    ] = None,
    declared_from: Annotated[str, typer.Option(help="Who declares it, and from what.")] = "",
    as_json: AsJson = False,
) -> None:
    """Calculate the carbon stock of every stand of a draft.

    Example: senhui measure 3 --as demo-technician
    """
    set_up()
    from senhui.access.rules import PermissionRefused
    from senhui.inventory.actions.measure_draft import NothingToMeasure, measure_draft
    from senhui.inventory.queries import NoSuchDraft
    from senhui.inventory.refusals import DraftChangedMeanwhile, DraftHasErrors, DraftIsClosed, DraftNeedsMapping
    from senhui.measurement import DeclarationIncomplete, Declarations, UnknownSoil

    refusals = (DraftIsClosed, DraftNeedsMapping, DraftHasErrors, NothingToMeasure, DraftChangedMeanwhile)
    day = now().date().isoformat()
    try:
        declared = Declarations(culm_age_du=culm_age, soil=soil, source=declared_from, declared_on=day)
    except (DeclarationIncomplete, UnknownSoil) as problem:
        terminal.fail(str(problem))
    try:
        with terminal.progress_bar(f"Measure draft {draft}") as progress:
            info = measure_draft(person(as_user), draft_id=draft, declarations=declared, now=now(), progress=progress)
    except (NoSuchDraft, PermissionRefused, *refusals) as problem:
        terminal.fail(str(problem))
    assert info.measurement is not None
    if as_json:
        terminal.print_json({"draft": info.id, **info.measurement})
    else:
        terminal.out.print(
            f"Draft {info.id}: {info.measurement['stock_tc']:,.0f} tC; "
            f"{info.measurement['area_without_estimate_ha']:,.1f} of {info.measurement['area_ha']:,.1f} ha "
            "without estimate."
        )


@app.command()
def release(
    draft: Annotated[int, typer.Argument(help="Number of the draft.")],
    label: Annotated[str, typer.Option(help="What people call it.")],
    as_user: AsUser,
) -> None:
    """Freeze a measured draft as a release and make its map; somebody else than who measured it.

    Example: senhui release 3 --label "2021 survey" --as demo-reviewer
    """
    set_up()
    from senhui.access.rules import PermissionRefused
    from senhui.atlas.jobs import MapNotMade, release_and_map
    from senhui.inventory.actions.release_draft import (
        AlreadyReleased,
        DraftIsNotMeasured,
        DraftWasChanged,
        SecondPersonNeeded,
    )
    from senhui.inventory.queries import NoSuchDraft
    from senhui.inventory.refusals import DraftChangedMeanwhile, DraftHasErrors, DraftIsClosed

    try:
        with terminal.progress_bar(f"Release draft {draft}") as progress:
            release_id = release_and_map(person(as_user), draft_id=draft, label=label, now=now(), progress=progress)
    except (
        NoSuchDraft,
        PermissionRefused,
        AlreadyReleased,
        DraftIsClosed,
        DraftIsNotMeasured,
        DraftHasErrors,
        DraftChangedMeanwhile,
        SecondPersonNeeded,
        DraftWasChanged,
        MapNotMade,
    ) as problem:
        terminal.fail(str(problem))
    terminal.out.print(f"Release {release_id}.")


@app.command()
def verify(release_id: Annotated[str, typer.Argument(help="Release, such as 2021-2.")]) -> None:
    """Calculate a release again from its draft and compare the value hash bit by bit.

    Example: senhui verify 2021-2
    """
    set_up()
    from senhui.inventory.queries import NoSuchRelease
    from senhui.inventory.verification import recalculate

    try:
        result = recalculate(release_id)
    except NoSuchRelease as problem:
        terminal.fail(str(problem))
    if result.differs_in:
        terminal.fail(f"Release {release_id} differs in: {', '.join(result.differs_in)}.")
    terminal.out.print(f"Release {release_id} reproduces: value hash {result.value_hash}.", soft_wrap=True)


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
    from senhui.atlas.statistics import RATIOS, UnknownDimension, statistics
    from senhui.inventory import queries

    release_id = release_id or next((info.id for info in queries.releases()), None)
    if release_id is None:
        terminal.fail("There is no release yet. `senhui demo` makes the sample city.")
    try:
        frame = statistics(release_id, within=within, by=tuple(filter(None, by.split(","))), where={})
    except (queries.NoSuchRelease, UnknownDimension) as problem:
        terminal.fail(str(problem))
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
def tiles(release_id: Annotated[str, typer.Argument(help="Release, such as 2021-2.")]) -> None:
    """Make the map tiles and the statistics of a release anew.

    Example: senhui tiles 2021-2
    """
    set_up()
    from senhui.atlas.jobs import build_map
    from senhui.inventory.queries import NoSuchRelease

    try:
        with terminal.progress_bar(f"Map of {release_id}") as progress:
            build_map(release_id, progress=progress)
    except NoSuchRelease as problem:
        terminal.fail(str(problem))


changes.add_commands(app, set_up=set_up, person=person, now=now)
drafts.add_commands(app, set_up=set_up, person=person, now=now)


if __name__ == "__main__":
    app()
