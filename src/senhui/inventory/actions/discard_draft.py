"""Put a draft aside. Its row and its audit trail stay; its files are removed.

1. The actor must hold `import_layer` over the draft's townships.
2. A released draft stays (`DraftIsClosed`): a release rests on it.
"""

from __future__ import annotations

import datetime as dt
import shutil

from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import require
from senhui.access.rules import Actor
from senhui.inventory import queries, store
from senhui.inventory.models import Draft
from senhui.inventory.refusals import DraftIsClosed


def discard_draft(actor: Actor, *, draft_id: int, now: dt.datetime) -> None:
    """Discard a draft that is not released.

    Raises
    ------
    NoSuchDraft, PermissionRefused, DraftIsClosed
    """
    info = queries.draft(actor, draft_id, on=timezone.localdate(now))
    for code in info.township_codes:
        require(actor, "import_layer", area=code, on=timezone.localdate(now))
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft_id)
        if row.state in {"released", "discarded"}:
            raise DraftIsClosed(draft_id, row.state)
        row.state = "discarded"
        row.save()
        record_audit(actor, "inventory.discard_draft", subject=f"draft {draft_id}", detail={}, now=now)
    # After the commit: what a kill leaves of a discarded draft is swept later, an open row without files would mislead.
    shutil.rmtree(store.drafts_directory() / row.directory_name, ignore_errors=True)
