"""What the kill tests start as a process of its own: one action on the store, and then the end.

``python -m tests.races.work KIND ARGUMENT…`` says ``ready`` before it begins and ``done`` after the commit. With an
exclamation mark behind the kind it kills itself at the worst moment: the files have their name, no row is committed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any


def main(kind: str, username: str, *rest: str) -> None:
    """Do one action as a person."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senhui.web.settings")
    import django

    django.setup()
    from tests.small_layer import NOW, quiet

    from senhui.access.queries import user_named
    from senhui.intake import ImportProfile
    from senhui.inventory import store
    from senhui.inventory.actions.correct_row import correct_row
    from senhui.inventory.actions.import_layer import import_layer
    from senhui.inventory.actions.map_draft import map_draft
    from senhui.inventory.actions.measure_draft import measure_draft
    from senhui.inventory.actions.release_draft import release_draft

    dies = kind.endswith("!")
    kind = kind.rstrip("!")
    actor: Any = user_named(username)
    draft_id = int(rest[0]) if kind != "import" else 0
    actions = {
        "import": lambda: import_layer(
            actor, path=Path(rest[0]), original_name="x", reference_year=2021, now=NOW, progress=quiet
        ),
        "map": lambda: map_draft(
            actor, draft_id=draft_id, profile=ImportProfile(area_unit="mu"), now=NOW, progress=quiet
        ),
        "correct": lambda: correct_row(actor, draft_id=draft_id, row=1, values={"HUO_LMGQXJ": "77"}, now=NOW),
        "measure": lambda: measure_draft(actor, draft_id=draft_id, now=NOW, progress=quiet),
        "release": lambda: release_draft(actor, draft_id=draft_id, label="Test", now=NOW, progress=quiet),
    }
    if dies:
        finish = store.finish
        store.finish = lambda directory, target: (finish(directory, target), os.kill(os.getpid(), signal.SIGKILL))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    actions[kind]()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
