"""`senhui change` and `senhui event …`: two releases compared, and what happened to a stand between them.

Cases: `tests/cli/test_changes.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from senhui.cli import terminal

AsUser = Annotated[str, typer.Option("--as", envvar="SENHUI_USER", help="User name of the person acting.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def add_commands(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    """Add the commands of this file to the program."""
    _add_change(app, set_up=set_up, person=person, now=now)
    event_app = typer.Typer(no_args_is_help=True, help="What happened to a stand between two surveys.")
    app.add_typer(event_app, name="event")
    for add in (_add_record, _add_reverse, _add_list):
        add(event_app, set_up=set_up, person=person, now=now)


def _add_change(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    @app.command()
    def change(
        before: Annotated[str, typer.Argument(help="Earlier release, such as 2016-1.")],
        after: Annotated[str, typer.Argument(help="Later release, such as 2021-2.")],
        as_user: AsUser,
        within: Annotated[str, typer.Option(help="Code of a county, to list its townships.")] = "",
        basis: Annotated[str, typer.Option(help="measured or calibrated.")] = "measured",
        as_json: AsJson = False,
    ) -> None:
        """Compare two releases and print the table that closes: stock before + movements = stock after.

        Example: senhui change 2016-1 2021-2 --as demo-technician
        """
        set_up()
        from django.utils import timezone

        from senhui.access.queries import areas_for
        from senhui.atlas import change_tables
        from senhui.atlas.change_jobs import compare_and_map

        if basis not in ("measured", "calibrated"):
            terminal.fail("The basis is measured or calibrated.", code=2)
        actor, instant = person(as_user), now()
        with terminal.refusals_told(), terminal.progress_bar(f"Compare {before} with {after}") as progress:
            info = compare_and_map(actor, before_id=before, after_id=after, now=instant, progress=progress)
        areas = areas_for(actor, "view_sub_compartments", on=timezone.localdate(instant))
        chosen: change_tables.Basis = "measured" if basis == "measured" else "calibrated"
        table = change_tables.closing(info.id, areas=areas, within=within, basis=chosen)
        summary = change_tables.summary(info.id, areas=areas, within=within, basis=chosen)
        if as_json:
            lines = dict(zip(table.lines, table.exact_tc.tolist(), strict=True))
            whole = {
                "change": info.id,
                "places": table.places,
                "lines": lines,
                "removal": summary.removal and asdict(summary.removal),
            }
            terminal.print_json(whole | {"counts": info.manifest["counts"], "remeasured": info.manifest["remeasured"]})
            return
        if info.manifest["remeasured"]:
            terminal.out.print("The releases rest on different numbers: both were measured again with today's.")
        rows = [
            {"tC": change_tables.LINE_NAMES[line][1], **dict(zip((*table.places, "total"), values, strict=True))}
            for line, values in zip(table.lines, table.rounded_tc(0.01).tolist(), strict=True)
        ]
        terminal.print_rows(rows, title=f"{info.id} ({basis})")
        if summary.removal is None:
            terminal.out.print("Removal withheld: it would tell of fewer than three sub-compartments.")
            return
        terminal.out.print(
            f"Removal {summary.removal.change_tc_yr:,.2f} tC a year = {summary.removal.change_tco2e_yr:,.2f} tCO2e; "
            f"not counted: {summary.apparent_tc:,.2f} tC.",
            highlight=False,
        )


def _add_record(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    @app.command("record")
    def record(
        kind: Annotated[str, typer.Argument(help="harvest, fire, pine_wilt, conversion or planting.")],
        release: Annotated[str, typer.Argument(help="Survey before the event, such as 2016-1.")],
        stand: Annotated[str, typer.Argument(help="Number of the sub-compartment, such as 331181103201-0001-0004.")],
        day: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="Day, such as 2019-03-04.")],
        area_ha: Annotated[float, typer.Option(help="Area that was struck, ha.")],
        as_user: AsUser,
        taken: Annotated[float | None, typer.Option(help="Share felled or dead, 0-1.")] = None,
        product: Annotated[float | None, typer.Option(help="Share of the stems made into products, 0-1.")] = None,
        fate: Annotated[str | None, typer.Option(help="oxidised, dead_wood or wood_products.")] = None,
        after_tc_ha: Annotated[float | None, typer.Option(help="Carbon directly after, tC/ha.")] = None,
        soil_after_tc_ha: Annotated[float | None, typer.Option(help="Soil carbon at its new balance, tC/ha.")] = None,
        gwp: Annotated[str, typer.Option(help="Report of the warming potentials: ar5, ar4 or ar6.")] = "ar5",
        note: Annotated[str, typer.Option(help="Remarks.")] = "",
        another: Annotated[bool, typer.Option("--another", help="An equal event stands; this is another.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Record what happened to a stand.

        Example: senhui event record fire 2016-1 331181103201-0001-0004 2019-03-04 --area-ha 2.5 --as demo-technician
        """
        set_up()
        from django.utils import timezone

        from senhui.inventory import queries
        from senhui.inventory.actions import record_event as room

        actor, instant = person(as_user), now()
        statement = room.Statement(
            taken_frac=taken,
            product_frac=product,
            fate=fate,  # type: ignore[arg-type]  # the action refuses another word
            after_tc_ha=after_tc_ha,
            soil_after_tc_ha=soil_after_tc_ha,
            gwp_report=gwp,
        )
        with terminal.refusals_told():
            found = queries.find_stands(actor, release, stand, on=timezone.localdate(instant))
            rows = [one["row_index"] for one in found if one["sub_compartment_id"] == stand]
            if len(rows) != 1:
                terminal.fail(f"Release {release} has {len(rows)} stands {stand!r} on your land.")
            made = room.record_event(
                actor,
                kind=kind,
                release_id=release,
                row=rows[0],
                happened_on=day.date(),
                area_ha=area_ha,
                statement=statement,
                note=note,
                is_another=another,
                now=instant,
            )
        _print(made, as_json=as_json)


def _add_reverse(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    @app.command("reverse")
    def reverse(
        event: Annotated[int, typer.Argument(help="Number of the event.")],
        reason: Annotated[str, typer.Option(help="Why it is taken back.")],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Take an event back by an entry with opposite signs.

        Example: senhui event reverse 7 --reason "another stand" --as demo-technician
        """
        set_up()
        from senhui.inventory.actions import reverse_event as room

        with terminal.refusals_told():
            made = room.reverse_event(person(as_user), event_id=event, reason=reason, now=now())
        _print(made, as_json=as_json)


def _add_list(
    app: typer.Typer, *, set_up: Callable[[], None], person: Callable[[str], Any], now: Callable[[], dt.datetime]
) -> None:
    @app.command("list")
    def list_(as_user: AsUser, as_json: AsJson = False) -> None:
        """List the events on a person's land, the newest first.

        Example: senhui event list --as demo-technician
        """
        set_up()
        from django.utils import timezone

        from senhui.inventory import events

        found = events.events(person(as_user), on=timezone.localdate(now()))
        rows = [
            {
                "id": info.id,
                "kind": info.kind,
                "day": info.happened_on.isoformat(),
                "stand": info.sub_compartment_id,
                "area_ha": info.area_ha,
                "change_tc": info.living_change_tc,
                "emission_tco2e": info.emission_tco2e,
                "reverses": info.reverses_id,
                "reversed_by": info.reversed_by_id,
            }
            for info in found
        ]
        if as_json:
            terminal.print_json(rows)
        else:
            terminal.print_rows(rows, title="Events")


def _print(info: Any, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(asdict(info))
        return
    gases = f"; {info.emission_tco2e:,.2f} tCO2e of CH4 and N2O apart" if info.emission_tco2e else ""
    terminal.out.print(
        f"Event {info.id}: {info.kind} on {info.sub_compartment_id}, stock {info.living_change_tc:+,.2f} tC{gases}.",
        highlight=False,
    )
