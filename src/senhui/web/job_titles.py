"""What a job does, in the reader's language: its title is kept as a key of the catalogue with facts beside it.

A job of an earlier version has a finished text; it is shown as it is.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext, gettext_noop

from senhui.jobs.queries import JobInfo

IMPORT: Final = gettext_noop("Import %(file)s")
MEASURE: Final = gettext_noop("Measure %(file)s")
RELEASE: Final = gettext_noop("Release %(file)s")
MAP_COLUMNS: Final = gettext_noop("Map %(file)s")
EXPORT: Final = gettext_noop("Export %(release)s as %(form)s")
DRAW_MAP: Final = gettext_noop("Draw the map of %(release)s")
DRAW_CHANGE: Final = gettext_noop("Draw the change from %(before)s to %(after)s")
DRAW_DRAFT: Final = gettext_noop("Draw the map of draft %(draft)s")
"""The title that `senhui.atlas.draft_tiles` gives its jobs."""
COMPARE: Final = gettext_noop("Compare %(before)s with %(after)s")


def title_of(job: JobInfo) -> str:
    """Return the title of a job in the active language."""
    return gettext(job.title_key) % job.title_facts if job.title_facts else job.title
