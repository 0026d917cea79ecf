"""Read the columns of a draft in another way, without the file (字段映射): names, codes, units, constants.

1. The draft must be there and seen by the actor (`NoSuchDraft`), who must hold `import_layer` over all of its land
   (`PermissionRefused`).
2. It must be open (`DraftIsClosed`).
3. The mapping must not say of the file itself (coordinates, encoding, layer, joined table) something else than it was
   read with (`MappingNeedsTheFile`).
4. The rows are interpreted with their corrections and without those that are excluded; both stay as they are. Where
   a person is needed again, an unmapped draft keeps what was answered and asks the next question; a draft that was
   mapped stays as it was, and the question is the refusal (`MappingNeeded`).
5. Every township must lie within the actor's areas (`LayerOutsideYourAreas`).
6. The result is written to a new directory; then, if nobody changed the draft meanwhile (`DraftChangedMeanwhile`),
   row and audit entry are written and the new directory counts. A measured draft is imported again.

Cases: `tests/inventory/test_map_draft.py`; kills: `tests/races/test_kills.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for, require
from senhui.access.rules import Actor
from senhui.intake import ImportProfile, interpret
from senhui.inventory import draft_files, queries, store
from senhui.inventory.actions.import_layer import Reading, interpreted, refuse_outside
from senhui.inventory.context import import_context
from senhui.inventory.models import Draft, RowDecision
from senhui.inventory.refusals import DraftChangedMeanwhile, DraftIsClosed
from senhui.inventory.row_changes import void_measurement
from senhui.inventory.row_decisions import Decisions, decisions_of

OF_THE_FILE = ("crs", "encoding", "layer", "datum", "attribute_table")
"""What of a profile the first stage of the reading uses: it is in the outlines and columns already."""


class MappingNeedsTheFile(ValueError):
    """The mapping changes how the file itself is read, and the draft keeps no file."""

    def __init__(self, draft_id: int, names: tuple[str, ...]) -> None:
        super().__init__(
            f"Draft {draft_id} was read with another {', '.join(names)}. Import the file again with this mapping."
        )
        self.draft_id = draft_id
        self.names = names


def map_draft(
    actor: Actor,
    *,
    draft_id: int,
    profile: ImportProfile,
    now: dt.datetime,
    progress: Callable[[float, str], None],
) -> queries.DraftInfo:
    """Interpret a draft anew; see the module's numbered steps for what is refused, in order.

    Parameters
    ----------
    actor : needs `import_layer` over the draft's land, before and after.
    profile : the whole mapping; what it leaves open is recognised from whole columns.
    now : instant (UTC).
    progress : called with the fraction done (0–1) and a note.
    """
    on = timezone.localdate(now)
    info = queries.draft(actor, draft_id, on=on)
    for code in info.township_codes:
        require(actor, "import_layer", area=code, on=on)
    require(actor, "import_layer", on=on)
    if info.state in {"released", "discarded"}:
        raise DraftIsClosed(draft_id, info.state)
    profile = _with_the_files_own(info, profile)
    decisions = decisions_of(Draft.objects.get(pk=draft_id))
    progress(0.05, "Reading the draft")
    layer = draft_files.as_read(info.directory, decisions, profile=profile, source=info.source)
    read = interpreted(
        lambda: interpret(
            layer,
            profile=profile,
            context=import_context(),
            progress=lambda fraction, note: progress(0.1 + 0.7 * fraction, note),
        )
    )
    if read.question is not None and info.state != "unmapped":
        raise read.question
    refuse_outside(read.township_codes, areas_for(actor, "import_layer", on=on))
    progress(0.85, "Writing the draft")
    if read.interpretation is None:
        _commit(actor, info, decisions, read, name=None, profile=profile, now=now)
    else:
        with store.unfinished(store.drafts_directory()) as directory:
            store.link_files(info.directory, directory, draft_files.AS_READ)
            draft_files.write_interpretation(read.interpretation, directory)
            name = draft_files.settle(directory)
        _commit(actor, info, decisions, read, name=name, profile=profile, now=now)
        draft_files.leave_to_sweep(info.directory.name)
    progress(1.0, "Mapped")
    return queries.draft(actor, draft_id, on=on)


def _with_the_files_own(info: queries.DraftInfo, profile: ImportProfile) -> ImportProfile:
    """Fill in how the file was read, and refuse a mapping that says otherwise."""
    own = ImportProfile.from_json(info.profile)
    stated = {name: getattr(profile, name) for name in OF_THE_FILE}
    other = tuple(name for name, value in stated.items() if value is not None and value != getattr(own, name))
    if other:
        raise MappingNeedsTheFile(info.id, other)
    return replace(profile, **{name: getattr(own, name) for name in OF_THE_FILE})


def _commit(
    actor: Actor,
    info: queries.DraftInfo,
    decisions: Decisions,
    read: Reading,
    *,
    name: str | None,
    profile: ImportProfile,
    now: dt.datetime,
) -> None:
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=info.id)
        if row.state in {"released", "discarded"}:
            raise DraftIsClosed(info.id, row.state)
        newer = RowDecision.objects.filter(draft=row, pk__gt=decisions.last_id)
        if row.directory_name != info.directory.name or newer.exists():
            raise DraftChangedMeanwhile(info.id)
        void_measurement(row)
        row.profile = profile.as_json()
        read.apply_to(row)
        if name is not None:
            row.directory_name = name
            row.mapping_no += 1
        row.licence_note = profile.licence_note or row.licence_note
        row.save()
        record_audit(
            actor,
            "inventory.map_draft",
            subject=f"draft {info.id}",
            detail={"state": row.state, "errors": row.n_errors, "mapping_no": row.mapping_no},
            now=now,
        )
