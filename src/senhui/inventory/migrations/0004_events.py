"""Events and their movements: signed entries that are added and never changed; a wrong one is answered by another.

On SQLite a changed table is made anew and loses its triggers: a later migration that changes these tables runs `allow`
first and `forbid` last.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from senhui.inventory.triggers import runs

_STAYS = "an event never changes; reverse it by a new one"
_TABLES = ("inventory_event", "inventory_movement")

FORBID = {
    "sqlite": [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
        for table in _TABLES
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION inventory_refuse('{_STAYS}')"
        for table in _TABLES
    ],
}
ALLOW = {
    "sqlite": [f"DROP TRIGGER {table}_no_{verb}" for table in _TABLES for verb in ("update", "delete")],
    "postgresql": [f"DROP TRIGGER {table}_stays ON {table}" for table in _TABLES],
}


forbid = runs(FORBID)
allow = runs(ALLOW)


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0003_row_decisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("harvest", "harvest"),
                            ("fire", "fire"),
                            ("pine_wilt", "pine_wilt"),
                            ("conversion", "conversion"),
                            ("planting", "planting"),
                        ],
                        max_length=10,
                    ),
                ),
                ("row", models.PositiveIntegerField()),
                ("sub_compartment_id", models.TextField()),
                ("township_code", models.CharField(db_index=True, max_length=9)),
                ("village_code", models.CharField(max_length=12)),
                ("happened_on", models.DateField()),
                ("area_ha", models.FloatField()),
                ("living_change_tc", models.FloatField()),
                ("facts", models.JSONField()),
                ("note", models.TextField(blank=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="inventory.release"
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="inventory.event",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Movement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "pool",
                    models.CharField(
                        choices=[
                            ("stem", "stem"),
                            ("branches", "branches"),
                            ("roots", "roots"),
                            ("living", "living"),
                            ("dead_wood", "dead_wood"),
                            ("litter", "litter"),
                            ("soil", "soil"),
                            ("wood_products", "wood_products"),
                            ("ch4", "ch4"),
                            ("n2o", "n2o"),
                            ("ch4_n2o", "ch4_n2o"),
                        ],
                        max_length=13,
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("change_tc", models.FloatField(null=True)),
                ("emission_tco2e", models.FloatField(null=True)),
                ("gas_t", models.FloatField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="inventory.event"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["release", "row"], name="event_of_a_stand"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["harvest", "fire", "pine_wilt", "conversion", "planting"])),
                name="event_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(condition=models.Q(("area_ha__gt", 0)), name="event_has_an_area"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("reverses", None), models.Q(("note", ""), _negated=True), _connector="OR"),
                name="event_reversal_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("change_tc__isnull", False), ("emission_tco2e__isnull", True), ("gas_t__isnull", True)),
                    models.Q(("change_tc__isnull", True), ("emission_tco2e__isnull", False)),
                    _connector="OR",
                ),
                name="movement_is_a_stock_or_a_gas",
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("emission_tco2e__isnull", False), ("pool__in", ["ch4", "n2o", "ch4_n2o"])),
                    models.Q(
                        ("change_tc__isnull", False),
                        (
                            "pool__in",
                            ["stem", "branches", "roots", "living", "dead_wood", "litter", "soil", "wood_products"],
                        ),
                    ),
                    _connector="OR",
                ),
                name="movement_gas_is_not_a_pool",
            ),
        ),
        migrations.RunPython(forbid, allow),
    ]
