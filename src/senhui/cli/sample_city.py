"""Make the sample city (示例数据) through the front door: the same actions a bureau uses, with made-up data.

What is drawn and why stands in `senhui.cli.demo`. Everything here may be killed and run again: what is done is kept.
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from senhui.access.actions.create_sign_in_link import create_sign_in_link
from senhui.access.actions.create_user import create_user
from senhui.access.actions.grant_role import grant_role
from senhui.access.queries import user_named
from senhui.access.terminal import OPERATOR
from senhui.atlas import difference_tiles
from senhui.atlas.change_jobs import compare_and_map, draw
from senhui.atlas.jobs import build_map, release_and_map
from senhui.cli import terminal
from senhui.intake import read_boundaries
from senhui.inventory import changes, overlays, queries
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.import_overlay import import_overlay
from senhui.inventory.actions.load_administrative_units import load_administrative_units
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.measurement import DesignTotal

YEARS = (2016, 2021)
CITY = "3311"
PEOPLE = (
    ("demo-admin", "示例 管理员", "administrator", CITY),
    ("demo-technician", "示例 市级技术员", "technician", CITY),
    ("demo-reviewer", "示例 市级审核员", "reviewer", CITY),
    ("demo-longquan", "示例 龙泉技术员", "technician", "331181"),
    ("demo-viewer", "示例 市级查看", "viewer", CITY),
)
LINK_HOURS = 12


def make(*, n_sub_compartments: int) -> None:
    """Make what is not there yet of the sample city: people, outlines, two measured and released layers, the map."""
    began = time.monotonic()
    now = dt.datetime.now(dt.UTC)
    people = make_people(now=now)
    done = {info.reference_year: info for info in queries.releases() if info.is_sample}
    missing = [year for year in YEARS if year not in done]
    for info in done.values():
        _ensure_map(info.id)
    if not missing:
        _ensure_overlays(people)
        _ensure_change(people)
        return
    # Only here, for a second start is to take seconds: drawing a city loads a good deal that serving it does not need.
    from senhui.cli.demo import make_sample_layers

    directory = Path(settings.SENHUI_HOME) / "sample"
    with terminal.progress_bar("Sample city") as progress:
        city = make_sample_layers(
            directory,
            n_sub_compartments=n_sub_compartments,
            format="gpkg" if n_sub_compartments > 100_000 else "shapefile",
            progress=progress,
        )
    load_administrative_units(people["demo-admin"], units=read_boundaries(city.boundaries), is_sample=True, now=now)
    _ensure_overlays(people)
    for year in missing:
        _import_measure_release(people, city.layers[year], year)
    _ensure_change(people)
    terminal.out.print(f"The sample city took {time.monotonic() - began:.0f} s.")


def make_people(*, now: dt.datetime) -> dict[str, Any]:
    """Return the sample city's people by user name; none has a password, all sign in by one-time links."""
    people = {}
    for username, display_name, role, area in PEOPLE:
        found = user_named(username)
        if found is None:
            found = create_user(OPERATOR, username=username, display_name=display_name, now=now)
            today = timezone.localdate(now)
            grant_role(OPERATOR, user=found, role=role, area_code=area, starts_on=today, now=now)
        people[username] = found
    return people


def _import_measure_release(people: dict[str, Any], layer: Path, year: int) -> None:
    from senhui.cli.demo import design_totals

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    with terminal.progress_bar(f"{year}: import") as progress:
        draft = import_layer(
            people["demo-technician"],
            path=layer,
            original_name=layer.name,
            reference_year=year,
            is_sample=True,
            now=now(),
            progress=progress,
        )
    if draft.n_errors:
        terminal.fail(f"The sample layer of {year} has {draft.n_errors} errors; see draft {draft.id}.")
    totals: tuple[DesignTotal, ...] = design_totals(year)
    with terminal.progress_bar(f"{year}: measure") as progress:
        measure_draft(people["demo-technician"], draft_id=draft.id, design_totals=totals, now=now(), progress=progress)
    with terminal.progress_bar(f"{year}: release and map") as progress:
        release_and_map(
            people["demo-reviewer"],
            draft_id=draft.id,
            label="示例城市 sample city",
            now=now(),
            progress=progress,
        )


def _ensure_map(release_id: str) -> None:
    """Make a map that a kill between release and map left out."""
    if not (Path(settings.SENHUI_HOME) / "atlas" / release_id / "tiles.pmtiles").exists():
        with terminal.progress_bar(f"Map of {release_id}") as progress:
            build_map(release_id, progress=progress)


def _ensure_overlays(people: dict[str, Any]) -> None:
    """Lay the sample boundaries over the map, unless that was done."""
    actor = people["demo-technician"]
    now = dt.datetime.now(dt.UTC)
    there = {info.kind for info in overlays.overlay_history(actor, on=timezone.localdate(now))}
    if there >= set(overlays.GARDEN_KINDS):
        return
    from senhui.cli.demo.overlays import write_sample_overlays

    counties = [unit.geometry for unit in queries.administrative_units("county") if unit.geometry is not None]
    directory = Path(settings.SENHUI_HOME) / "sample" / "overlays"
    for path, statement in write_sample_overlays(directory, counties):
        if statement.kind not in there:
            import_overlay(actor, path=path, original_name=path.name, statement=statement, now=now)


def _ensure_change(people: dict[str, Any]) -> None:
    """Record the sample events between the two surveys and compare them, unless that was done."""
    by_year = {info.reference_year: info.id for info in queries.releases() if info.is_sample}
    for info in changes.changes():
        if info.is_sample and not difference_tiles.has_tiles(info.id):
            with terminal.progress_bar(f"Map of {info.id}") as progress:
                draw(info.id, progress=progress)
    if changes.changes() or not set(YEARS) <= set(by_year):
        return
    from senhui.cli.demo.events import record_sample_events

    before_id, after_id = (by_year[year] for year in (YEARS[0], YEARS[-1]))
    with terminal.progress_bar(f"{YEARS[0]} → {YEARS[-1]}") as progress:
        progress(0.0, "events")
        record_sample_events(
            people["demo-technician"], before_id=before_id, after_id=after_id, now=dt.datetime.now(dt.UTC)
        )
        compare_and_map(
            people["demo-technician"],
            before_id=before_id,
            after_id=after_id,
            now=dt.datetime.now(dt.UTC),
            progress=lambda fraction, note: progress(0.2 + 0.8 * fraction, note),
        )


def print_sign_in_links(*, base_url: str) -> None:
    """Print one sign-in link for each of the sample city's people; each opens once."""
    now = dt.datetime.now(dt.UTC)
    words = f"\nSample data. Open {base_url}/ for the public view, or sign in (each link works once):"
    terminal.out.print(words, highlight=False, soft_wrap=True)
    for username, _, role, _ in PEOPLE:
        user = user_named(username)
        assert user is not None, "make() makes the people first"
        token = create_sign_in_link(user, now=now, valid_for=dt.timedelta(hours=LINK_HOURS))
        line = f"  {username:16} {role:14} {base_url}/sign-in/{token}/"
        terminal.out.print(line, highlight=False, soft_wrap=True)
