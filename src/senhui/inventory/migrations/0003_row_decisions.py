"""Drafts that wait for a mapping, and decisions on single rows, which the database only ever adds.

On SQLite a changed table is made anew and loses its triggers, and a trigger that looks into a table keeps that table
from being made anew: a later migration that changes drafts or decisions runs `allow` first and `forbid` last, as here.
"""

import importlib

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from senhui.inventory.triggers import runs

_RELEASES = importlib.import_module("senhui.inventory.migrations.0002_guards")
_STAYS = "a decision on a row never changes"

FORBID = {
    "sqlite": [
        *[
            f"CREATE TRIGGER inventory_decision_no_{verb.lower()} BEFORE {verb} ON inventory_rowdecision "
            f"BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
            for verb in ("UPDATE", "DELETE")
        ],
        "CREATE TRIGGER inventory_decision_on_open_draft BEFORE INSERT ON inventory_rowdecision "
        "WHEN (SELECT state FROM inventory_draft WHERE id = NEW.draft_id) <> 'imported' "
        "BEGIN SELECT RAISE(ABORT, 'a decision needs a draft that is imported'); END",
    ],
    "postgresql": [
        "CREATE TRIGGER inventory_decision_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory_rowdecision "
        f"FOR EACH STATEMENT EXECUTE FUNCTION inventory_refuse('{_STAYS}')",
        "CREATE OR REPLACE FUNCTION inventory_refuse_decision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT state FROM inventory_draft WHERE id = NEW.draft_id) <> 'imported' THEN "
        "RAISE EXCEPTION 'a decision needs a draft that is imported' USING ERRCODE = 'restrict_violation'; "
        "END IF; RETURN NEW; END $$",
        "CREATE TRIGGER inventory_decision_on_open_draft BEFORE INSERT ON inventory_rowdecision "
        "FOR EACH ROW EXECUTE FUNCTION inventory_refuse_decision()",
    ],
}
ALLOW = {
    "sqlite": [
        "DROP TRIGGER inventory_decision_no_update",
        "DROP TRIGGER inventory_decision_no_delete",
        "DROP TRIGGER inventory_decision_on_open_draft",
    ],
    "postgresql": [
        "DROP TRIGGER inventory_decision_stays ON inventory_rowdecision",
        "DROP TRIGGER inventory_decision_on_open_draft ON inventory_rowdecision",
    ],
}


forbid = runs(FORBID)
allow = runs(ALLOW)


def count_open_errors(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now every error of a draft was open: there was no way to correct or exclude a row."""
    drafts = apps.get_model("inventory", "Draft").objects.filter(n_errors__gt=0)
    drafts.update(n_open_errors=models.F("n_errors"))


def nothing(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave the counts, for their column goes."""


_OPEN = ["unmapped", "imported", "discarded"]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("inventory", "0002_guards"),
    ]

    operations = [
        migrations.RunPython(_RELEASES.allow, _RELEASES.forbid),
        migrations.RemoveConstraint(model_name="draft", name="draft_state_is_known"),
        migrations.RemoveConstraint(model_name="draft", name="draft_measured_has_a_person"),
        migrations.AlterField(
            model_name="draft",
            name="state",
            field=models.CharField(
                choices=[
                    ("unmapped", "unmapped"),
                    ("imported", "imported"),
                    ("measured", "measured"),
                    ("released", "released"),
                    ("discarded", "discarded"),
                ],
                default="imported",
                max_length=10,
            ),
        ),
        migrations.AddField(model_name="draft", name="question", field=models.JSONField(null=True)),
        migrations.AddField(model_name="draft", name="licence_note", field=models.TextField(blank=True, default="")),
        migrations.AddField(model_name="draft", name="mapping_no", field=models.PositiveSmallIntegerField(default=1)),
        migrations.AddField(model_name="draft", name="n_open_errors", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="draft", name="n_excluded", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="draft", name="excluded_area_ha", field=models.FloatField(default=0.0)),
        migrations.RunPython(count_open_errors, nothing),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["unmapped", "imported", "measured", "released", "discarded"])),
                name="draft_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "discarded"),
                    models.Q(("question__isnull", False), ("state", "unmapped")),
                    models.Q(models.Q(("state", "unmapped"), _negated=True), ("question__isnull", True)),
                    _connector="OR",
                ),
                name="draft_unmapped_has_a_question",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", _OPEN), ("measured_by__isnull", False), _connector="OR"),
                name="draft_measured_has_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", _OPEN), ("n_open_errors", 0), _connector="OR"),
                name="draft_measured_has_no_open_error",
            ),
        ),
        migrations.CreateModel(
            name="RowDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("mapping_no", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("corrected", "corrected"), ("excluded", "excluded"), ("reopened", "reopened")],
                        max_length=9,
                    ),
                ),
                ("values", models.JSONField(default=dict)),
                ("repair_outline", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True)),
                ("sub_compartment_id", models.TextField(blank=True)),
                ("area_ha", models.FloatField(null=True)),
                ("findings_after", models.JSONField()),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="row_decisions", to="inventory.draft"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "row", "number"), name="row_decision_answers_one_line"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["corrected", "excluded", "reopened"])),
                        name="row_decision_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "excluded"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="row_decision_exclusion_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.RunPython(_RELEASES.forbid, _RELEASES.allow),
        migrations.RunPython(forbid, allow),
    ]
