"""Does a published release still come out the same? Calculated again from its draft, compared by hash."""

from __future__ import annotations

from dataclasses import dataclass

from senhui.inventory import queries, store
from senhui.inventory.actions.measure_draft import measured_stands
from senhui.inventory.models import Release
from senhui.inventory.row_decisions import decisions_of
from senhui.measurement import apply_factors, calibration_from_dict, declarations_from_dict, default_book


@dataclass(frozen=True)
class Recalculation:
    """What a recalculation found; `differs_in` is empty when everything is the same."""

    value_hash: str
    differs_in: tuple[str, ...]


def recalculate(release_id: str) -> Recalculation:
    """Calculate a release again from the stands of its draft and the decisions on its rows.

    Returns
    -------
    Recalculation
        `differs_in` names `files` (bytes on disk against the manifest) and `values` (value hash).

    Raises
    ------
    NoSuchRelease, DraftFilesMissing
    """
    info = queries.release(release_id)
    differs = []
    for name, expected in info.manifest["files"].items():
        path = info.directory / name
        if not path.exists() or store.sha256_of(path) != expected["sha256"]:
            differs.append(f"files ({name})")
    measurement = info.manifest["measurement"]
    draft = Release.objects.select_related("draft").get(pk=release_id).draft
    measured = measured_stands(
        store.draft_directory(draft.pk, draft.directory_name),
        decisions_of(draft),
        profile=draft.profile,
        book=default_book(declarations=declarations_from_dict(measurement.get("declarations") or {})),
    )
    calibration = measurement["calibration"]
    if calibration is not None:
        measured = apply_factors(measured, calibration_from_dict(calibration))
    found = store.value_hash(measured)
    if found != info.value_hash:
        differs.append("values")
    return Recalculation(value_hash=found, differs_in=tuple(differs))
