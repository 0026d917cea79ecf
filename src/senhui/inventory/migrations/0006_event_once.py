"""An event that is sent twice is recorded once: by the key of its request, and by what it says."""

import importlib
from collections import Counter

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_EVENTS = importlib.import_module("senhui.inventory.migrations.0004_events")
_SAID = ("release_id", "row", "kind", "happened_on", "area_ha", "living_change_tc")


def count_equal(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now equal events were recorded without a question; they stay, one after the other."""
    event = apps.get_model("inventory", "Event")
    seen: Counter[tuple[object, ...]] = Counter()
    for row in event.objects.filter(reverses=None).order_by("id").only("id", *_SAID):
        said = tuple(getattr(row, name) for name in _SAID)
        if seen[said]:
            event.objects.filter(pk=row.pk).update(nth_equal=seen[said])
        seen[said] += 1


def nothing(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave the numbers, for their column goes."""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0005_declarations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(_EVENTS.allow, _EVENTS.forbid),
        migrations.AddField("event", "nth_equal", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("event", "request_key", models.CharField(max_length=64, null=True)),
        migrations.RunPython(count_equal, nothing),
        migrations.AddConstraint(
            "event",
            models.UniqueConstraint(
                condition=models.Q(("reverses", None)),
                fields=("release", "row", "kind", "happened_on", "area_ha", "living_change_tc", "nth_equal"),
                name="event_is_recorded_once",
            ),
        ),
        migrations.AddConstraint(
            "event",
            models.UniqueConstraint(fields=("recorded_by", "request_key"), name="event_request_is_answered_once"),
        ),
        migrations.RunPython(_EVENTS.forbid, _EVENTS.allow),
    ]
