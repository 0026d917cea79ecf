"""The mapping page of a draft (字段对照): which column is which, what codes and units mean, the open question first.

The form is a whole `ImportProfile`: it is applied to the draft without the file, saved as JSON, or loaded from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from senhui.access.rules import PermissionRefused
from senhui.intake import ImportProfile, MappingNeeded
from senhui.intake.fields import NUMBERS, OPTIONAL_TEXT, REQUIRED
from senhui.intake.mapping_file import mapping_text
from senhui.intake.schema import FIELD_CODES
from senhui.inventory import queries
from senhui.inventory.actions.map_draft import OF_THE_FILE, map_draft
from senhui.inventory.queries.draft_mapping import CODE_FIELDS
from senhui.jobs.actions.start_job import start_job
from senhui.jobs.refusal import from_data
from senhui.web import import_facts, job_titles, names
from senhui.web.errors import Explanation, explain
from senhui.web.field_words import FieldWords, field_words, known_codes
from senhui.web.import_forms import read_mapping
from senhui.web.page import page, today
from senhui.web.views.imports_draft import may

MAPPED_AT_ONCE: Final = 20_000
"""Rows up to which a mapping is applied while the person waits; a larger draft is mapped by a job."""

MOST_CODES: Final = 200
"""Codes of one field that the form offers; what goes beyond is no slip of the pen but another list."""

MAPPED: Final = tuple(dict.fromkeys((*REQUIRED, *OPTIONAL_TEXT, *NUMBERS)))
"""The fields a stand is made of."""

NOT_RECORDED: Final = "not-recorded"
"""What the form sends for a field of which the layer says nothing on any row."""

AREA: Final = "MIAN_JI"
"""Where the layer does not record it, the area of the outline is taken."""

UNITS: Final = ("species_code_system", "land_class_generation", "area_unit", "canopy_unit")
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "AreaUnitUnclear": ("area_unit",),
    "CanopyUnitUnclear": ("canopy_unit",),
    "LandClassGenerationUnclear": ("land_class_generation",),
    "SpeciesCodeSystemUnclear": ("species_code_system",),
}
"""Which unit or list answers a question, by its class."""


@dataclass(frozen=True)
class FieldRow:
    """A schema field in the form: its column or its constant."""

    words: FieldWords
    column: str
    constant: str
    samples: str
    n_filled: int | None
    is_required: bool
    is_asked: bool
    codes: list[tuple[str, str]]
    is_area: bool


@dataclass(frozen=True)
class CodeRow:
    """A code of the file that no list explains, or that a person said the meaning of."""

    field: str
    code: str
    n_rows: int
    meant: str


@dataclass(frozen=True)
class CodeList:
    """The codes of one field that need a meaning, and those to choose from."""

    words: FieldWords
    rows: list[CodeRow]
    choices: list[tuple[str, str]]
    n_known: int
    is_asked: bool


def show_mapping(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show how the columns of a draft are read; a POST applies what the form says."""
    if request.method == "POST":
        profile = _posted(request, queries.draft_mapping(request.user, draft_id, on=today()))
        return _apply(request, draft_id, profile)
    return _page(request, draft_id)


@require_POST
def save_mapping(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Give what the form says as a mapping file."""
    mapping = queries.draft_mapping(request.user, draft_id, on=today())
    text = mapping_text(ImportProfile.from_json(_posted(request, mapping)))
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mapping-draft-{draft_id}.json"'
    return response


@require_POST
def load_mapping(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Apply a saved mapping file; how the file itself was read stays as it is."""
    mapping = queries.draft_mapping(request.user, draft_id, on=today())
    file = request.FILES.get("mapping_file")
    if file is None:
        return _page(request, draft_id, file_error=_("Choose the mapping file first."), status=400)
    try:
        loaded = read_mapping(file)
    except forms.ValidationError as error:
        return _page(request, draft_id, file_error=" ".join(error.messages), status=422)
    return _apply(request, draft_id, loaded | {name: mapping.profile[name] for name in OF_THE_FILE})


def _apply(request: HttpRequest, draft_id: int, profile: dict[str, Any]) -> HttpResponse:
    """Interpret the draft anew: at once where it is small, else by a job."""
    draft = queries.draft(request.user, draft_id, on=today())
    if draft.n_rows > MAPPED_AT_ONCE:
        job = start_job(
            request.user,
            "inventory.map_draft",
            {"draft_id": draft_id, "profile": profile},
            title=job_titles.MAP_COLUMNS,
            title_facts={"file": draft.original_name},
            now=timezone.now(),
        )
        return redirect("jobs-one", job)
    try:
        after = map_draft(
            request.user,
            draft_id=draft_id,
            profile=ImportProfile.from_json(profile),
            now=timezone.now(),
            progress=_silent,
        )
    except Exception as error:
        explanation = explain(import_facts.in_short(error) or error)
        if explanation is None or isinstance(error, queries.NoSuchDraft | PermissionRefused):
            raise
        question = error if isinstance(error, MappingNeeded) else None
        return _page(
            request, draft_id, profile=profile, question=question, refused=explanation, status=explanation.status
        )
    return redirect("imports-mapping" if after.state == "unmapped" else "imports-draft", draft_id)


def _silent(_fraction: float, _note: str) -> None:
    """Report progress to nobody: the person waits for the answer."""


def _posted(request: HttpRequest, mapping: queries.DraftMapping) -> dict[str, Any]:
    """Return the profile that the form states, over the parts of the draft's own that it does not show."""
    own = mapping.profile
    given = request.POST
    columns = {column.name for column in mapping.columns}
    field_names = {name: column for name, column in own["field_names"].items() if name not in MAPPED}
    constants = {name: text for name, text in own["constants"].items() if name not in MAPPED}
    code_map = {name: dict(meant) for name, meant in own["code_map"].items()}
    for name in MAPPED:
        column, constant = given.get(f"column:{name}", ""), given.get(f"constant:{name}", "").strip()
        if column in columns:
            field_names[name] = column
        elif constant:
            constants[name] = "" if constant == NOT_RECORDED else constant
    for key, meant in given.items():
        kind, _colon, rest = key.partition(":")
        field, _colon, code = rest.partition(":")
        if kind != "code" or field not in CODE_FIELDS:
            continue
        if meant:
            code_map.setdefault(field, {})[code] = str(meant)
        else:
            code_map.get(field, {}).pop(code, None)
    units = {name: given.get(name) or None for name in UNITS}
    bounds = own.get("expected_bounds")
    if given.get("place") == "own":
        bounds = import_facts.own_bounds(queries.draft(request.user, mapping.draft_id, on=today()))
    return {
        **own,
        **units,
        "field_names": field_names,
        "constants": constants,
        "code_map": {name: meant for name, meant in code_map.items() if meant},
        "expected_bounds": bounds,
    }


def _page(
    request: HttpRequest,
    draft_id: int,
    *,
    profile: dict[str, Any] | None = None,
    question: MappingNeeded | None = None,
    refused: Explanation | None = None,
    file_error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the form with the draft's own profile, or with one that was refused."""
    draft = queries.draft(request.user, draft_id, on=today())
    trying = profile["field_names"] if profile else None
    mapping = queries.draft_mapping(request.user, draft_id, on=today(), trying=trying)
    if profile is not None:
        mapping = replace(mapping, profile=profile, fields={**_suggested(mapping), **profile["field_names"]})
    asked = question or from_data(mapping.question)
    rows = [_field_row(mapping, name, asked) for name in MAPPED]
    columns = {column.name for column in mapping.columns}
    codes = [
        _code_list(mapping, name, asked)
        for name in CODE_FIELDS
        if name in mapping.codes and mapping.fields.get(name) in columns
    ]
    context = {
        "draft": draft,
        "is_sample": draft.is_sample,
        "question": refused or import_facts.question(draft),
        "missing": import_facts.missing_fields(asked),
        "asked_columns": getattr(asked, "columns", ()),
        "takes_outline_area": mapping.profile["constants"].get(AREA) == "",
        "asked_rows": [row for row in rows if row.is_asked],
        "rows": [row for row in rows if not row.is_asked],
        "asked_codes": [one for one in codes if one.is_asked],
        "codes": [one for one in codes if not one.is_asked],
        "units": _units(mapping, asked),
        "columns": mapping.columns,
        "samples": {column.name: _samples(column) for column in mapping.columns},
        "lies_elsewhere": import_facts.lies_elsewhere(draft, mapping.profile),
        "file_error": file_error,
        "may": may(request, draft),
    }
    return page(request, "imports/mapping.html", context, status=status)


def _suggested(mapping: queries.DraftMapping) -> dict[str, str]:
    """Return the columns that their names alone say, for fields that the form does not show."""
    return {name: column for name, column in mapping.fields.items() if name not in MAPPED}


def _field_row(mapping: queries.DraftMapping, name: str, asked: Exception | None) -> FieldRow:
    column = mapping.fields.get(name, "")
    described = next((one for one in mapping.columns if one.name == column), None)
    constants = mapping.profile["constants"]
    constant = constants[name] or NOT_RECORDED if name in constants else ""
    is_coded = name in CODE_FIELDS or name in FIELD_CODES
    return FieldRow(
        words=field_words(name, column=column, profile=mapping.profile),
        column=column,
        constant=constant,
        samples=_samples(described) if described else "",
        n_filled=mapping.n_rows - described.n_missing if described else None,
        is_required=name in REQUIRED,
        is_asked=_is_asked(asked, name),
        codes=_choices(name, mapping.profile) if is_coded else [],
        is_area=name == AREA,
    )


def _is_asked(asked: Exception | None, name: str) -> bool:
    """Return whether a question is about a field: missing, named twice, or with a column that is not there."""
    return name in (getattr(asked, "missing", ()) or ()) or (
        isinstance(asked, MappingNeeded) and getattr(asked, "field", None) == name and hasattr(asked, "columns")
    )


def _samples(column: queries.Column) -> str:
    return " · ".join(column.samples[:3])


def _code_list(mapping: queries.DraftMapping, name: str, asked: Exception | None) -> CodeList:
    """Return the codes of a field that the list in use lacks; without a list in use, of the list that fits best."""
    choices = known_codes(name, _best_lists(mapping))
    known = {code for code, _name in choices}
    unknown = [one for one in mapping.codes[name] if one.code not in known or one.meant]
    meant = mapping.profile["code_map"].get(name, {})
    return CodeList(
        words=field_words(name, column=mapping.fields[name], profile=mapping.profile),
        rows=[CodeRow(name, one.code, one.n_rows, meant.get(one.code, "")) for one in unknown[:MOST_CODES]],
        choices=_choices(name, _best_lists(mapping)),
        n_known=len(mapping.codes[name]) - len(unknown),
        is_asked=type(asked).__name__ == "CodesUnknown" and getattr(asked, "field", "") == name,
    )


def _best_lists(mapping: queries.DraftMapping) -> dict[str, Any]:
    """Return the profile with the code lists in use; where none is settled, those that explain most rows."""
    best = dict(mapping.profile)
    for unit, field in (("land_class_generation", "DI_LEI"), ("species_code_system", "YOU_SHI_SZ")):
        counts = mapping.n_known.get(field, {})
        if best.get(unit) is None and counts:
            best[unit] = max(counts, key=lambda name: counts[name])
    return best


def _choices(name: str, profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return codes with the words of a choice: in Chinese the name first, else the code."""
    pattern = "{name} ({code})" if names.language() == "zh" else "{code} {name}"
    return [(code, pattern.format(code=code, name=name_zh)) for code, name_zh in known_codes(name, profile)]


def _units(mapping: queries.DraftMapping, asked: Exception | None) -> list[dict[str, Any]]:
    """Return the units and code lists as choices, with how many rows each list explains."""
    wanted = ASKED.get(type(asked).__name__, ())
    species, classes = mapping.n_known.get("YOU_SHI_SZ", {}), mapping.n_known.get("DI_LEI", {})

    def counted(label: str, counts: Mapping[str, int], name: str) -> str:
        return _("%(list)s: explains %(n)s rows") % {"list": label, "n": f"{counts[name]:,}"} if counts else label

    choices: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "species_code_system": (
            _("Species codes"),
            [
                ("nfi", counted(_("national forest inventory"), species, "nfi")),
                ("gx", counted(_("Guangxi variant"), species, "gx")),
            ],
        ),
        "land_class_generation": (
            _("Land-class codes"), [(name, counted(name, classes, name)) for name in ("G1", "G2", "G3", "G4")]
        ),
        "area_unit": (_("Unit of the area field"), [("ha", _("hectare")), ("mu", _("mu"))]),
        "canopy_unit": (
            _("Unit of the canopy field"), [("frac", _("share from 0 to 1")), ("percent", _("percent"))]
        ),
    }  # fmt: skip
    return [
        {
            "name": name,
            "label": label,
            "choices": known,
            "value": mapping.profile.get(name) or "",
            "is_asked": name in wanted,
        }
        for name, (label, known) in choices.items()
    ]
