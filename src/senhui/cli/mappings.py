"""How a draft's columns are read: shown, written as a file, and given back (字段映射).

A draft whose columns are not understood waits with a question. `senhui mapping` writes what is known of it as a mapping
file, with a question mark where an answer is missing; `senhui map` reads the answered file.
Cases: `tests/cli/test_mappings.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from senhui.cli import draft_state, terminal
from senhui.cli.draft_state import ASKED
from senhui.cli.options import AsJson, AsReader, AsUser, DraftId, Session

_UNIT_OF_QUESTION: Final = {
    "AreaUnitUnclear": "area_unit",
    "CanopyUnitUnclear": "canopy_unit",
    "LandClassGenerationUnclear": "land_class_generation",
    "SpeciesCodeSystemUnclear": "species_code_system",
}


def add_commands(app: typer.Typer, session: Session) -> None:
    """Add the commands of this file to the program."""

    @app.command()
    def columns(draft: DraftId, as_user: AsReader = None, as_json: AsJson = False) -> None:
        """List the columns of a draft's file, what they hold, and the field each is read as.

        Example: senhui columns 3 --as demo-technician
        """
        session.set_up()
        from senhui.inventory import queries

        with terminal.refusals_told():
            known = queries.draft_mapping(session.reader(as_user), draft, on=session.today())
        fields = {column: field for field, column in known.fields.items()}
        rows = [
            {
                "column": one.name,
                "kind": one.kind,
                "read_as": fields.get(one.name),
                "missing": one.n_missing,
                "samples": " · ".join(one.samples),
            }
            for one in known.columns
        ]
        if as_json:
            terminal.print_json(rows)
        else:
            terminal.print_rows(rows, title=f"Columns of draft {draft}, {known.n_rows:,} rows")

    @app.command()
    def mapping(
        draft: DraftId,
        file: Annotated[
            Path | None, typer.Argument(dir_okay=False, help="Where to write it; left out: to the output.")
        ] = None,
        replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there already.")] = False,
        as_user: AsReader = None,
        as_json: AsJson = False,
    ) -> None:
        """Write how a draft is read as a mapping file, with “?” where a person must answer.

        The file is given back with `senhui map`, or with `senhui import --mapping` for the next layer.

        Example: senhui mapping 3 longquan.mapping.json --as demo-technician
        """
        session.set_up()
        from senhui.inventory import queries

        with terminal.refusals_told():
            known = queries.draft_mapping(session.reader(as_user), draft, on=session.today())
        values, asked = _template(known)
        text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
        if file is None:
            typer.echo(text, nl=False)
            return
        _write(file, text, replace=replace)
        if as_json:
            terminal.print_json({"draft": draft, "file": str(file), "asked": asked})
        elif asked:
            terminal.say(f"{file} written. Put an answer in place of each “{ASKED}”: {', '.join(asked)}.")
            terminal.say(f"The columns to choose from: senhui columns {draft}{draft_state.as_option(as_user)}")
            terminal.say(f"Then: senhui map {draft} {draft_state.quoted(file)}{draft_state.as_option(as_user)}")
        else:
            terminal.say(f"{file} written. For the next layer: senhui import FILE --mapping {draft_state.quoted(file)}")

    @app.command("map")
    def map_(
        draft: DraftId,
        file: Annotated[
            Path, typer.Argument(metavar="MAPPING", exists=True, dir_okay=False, help="Saved mapping (JSON).")
        ],
        as_user: AsUser,
        as_json: AsJson = False,
    ) -> None:
        """Read the columns of a draft as a mapping file says, without the layer's own file.

        Example: senhui map 3 longquan.mapping.json --as demo-technician
        """
        session.set_up()
        from senhui.intake import read_mapping
        from senhui.inventory.actions.map_draft import map_draft

        with terminal.refusals_told():
            profile = read_mapping(file)
            if still := _unanswered(profile):
                terminal.fail(
                    f"{file} still asks: answer in place of “{ASKED}” at {', '.join(still)}. Nothing is changed."
                )
            actor = session.person(as_user)
            with terminal.progress_bar(f"Map draft {draft}") as progress:
                info = map_draft(actor, draft_id=draft, profile=profile, now=session.now(), progress=progress)
        draft_state.report(info, as_user=as_user, as_json=as_json)


def _template(known: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a mapping file's values with a question mark at what is asked, and the places of the question marks."""
    from senhui.intake import ImportProfile
    from senhui.intake.mapping_file import mapping_text

    profile = {**known.profile, "field_names": {**known.fields, **known.profile["field_names"]}}
    values: dict[str, Any] = json.loads(mapping_text(ImportProfile.from_json(profile)))
    question = known.question or {"class": "", "fields": {}}
    kind, facts = question["class"].rpartition(":")[2], question["fields"]
    asked: list[str] = []
    if kind in _UNIT_OF_QUESTION:
        values[_UNIT_OF_QUESTION[kind]] = ASKED
        asked.append(_UNIT_OF_QUESTION[kind])
    fields = facts.get("missing", [facts["field"]] if "columns" in facts and "field" in facts else [])
    for field in fields:
        values.setdefault("field_names", {})[field] = ASKED
        values.get("constants", {}).pop(field, None)
        asked.append(f"field_names.{field}")
    if kind == "CodesUnknown":
        meant = values.setdefault("code_map", {}).setdefault(facts["field"], {})
        for code in (counted.rpartition(" × ")[0] for counted in facts["codes"]):
            meant[code] = ASKED
            asked.append(f"code_map.{facts['field']}.{code}")
    return values, asked


def _unanswered(profile: Any) -> list[str]:
    """Return where a mapping file that was read still has a question mark; in a unit the reading refuses it itself."""
    places = [f"field_names.{field}" for field, column in profile.field_names.items() if column == ASKED]
    for field, meant in profile.code_map.items():
        places += [f"code_map.{field}.{code}" for code, other in meant.items() if other == ASKED]
    return places + [f"constants.{field}" for field, value in profile.constants.items() if value == ASKED]


def _write(file: Path, text: str, *, replace: bool) -> None:
    """Write a file whole or not at all, and never over somebody's answers without being told."""
    if file.exists() and not replace:
        terminal.fail(f"{file} is there already. Give another name, or --replace to write over it.")
    partial = file.with_name(f".{file.name}.part")
    try:
        partial.write_text(text, "utf-8")
        partial.replace(file)
    except OSError as problem:
        terminal.fail(f"{file} could not be written: {problem.strerror}.")
    finally:
        partial.unlink(missing_ok=True)
