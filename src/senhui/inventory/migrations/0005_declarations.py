"""What the installation declares: lines that are added and never changed; the last one of each counts.

On SQLite a changed table is made anew and loses its triggers: a later migration that changes this table runs `allow`
first and `forbid` last.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from senhui.inventory.triggers import runs

_STAYS = "a declaration never changes; add another line"

FORBID = {
    "sqlite": [
        f"CREATE TRIGGER inventory_declaration_no_{verb.lower()} BEFORE {verb} ON inventory_declaration "
        f"BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE TRIGGER inventory_declaration_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory_declaration "
        f"FOR EACH STATEMENT EXECUTE FUNCTION inventory_refuse('{_STAYS}')",
    ],
}
ALLOW = {
    "sqlite": [f"DROP TRIGGER inventory_declaration_no_{verb}" for verb in ("update", "delete")],
    "postgresql": ["DROP TRIGGER inventory_declaration_stays ON inventory_declaration"],
}


forbid = runs(FORBID)
allow = runs(ALLOW)


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0004_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Declaration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("declarable", models.CharField(max_length=80)),
                ("number", models.PositiveIntegerField()),
                ("value", models.JSONField(null=True)),
                ("ground", models.TextField()),
                ("declared_at", models.DateTimeField()),
                (
                    "declared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("declarable", "number"), name="declaration_answers_one_line"),
                    models.CheckConstraint(
                        condition=models.Q(("ground", ""), _negated=True), name="declaration_has_a_ground"
                    ),
                ],
            },
        ),
        migrations.RunPython(forbid, allow),
    ]
