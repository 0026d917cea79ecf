"""The database refuses to change or delete a line of the audit, whoever asks: the product, a console, a tool.

Only the owner of the tables can take the triggers away, which no code of this product does.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "a line of the audit is never changed or deleted"

FORBID = {
    "sqlite": [
        f"""
        CREATE TRIGGER audit_forbids_{verb} BEFORE {verb.upper()} ON access_auditentry
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """
        for verb in ("update", "delete")
    ],
    "postgresql": [
        f"""
        CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
        """,
        # For each statement, so that TRUNCATE is met as well and an empty match is refused like a full one.
        """
        CREATE TRIGGER audit_forbids_change BEFORE UPDATE OR DELETE OR TRUNCATE ON access_auditentry
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
        """,
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER audit_forbids_update", "DROP TRIGGER audit_forbids_delete"],
    "postgresql": [
        "DROP TRIGGER audit_forbids_change ON access_auditentry",
        "DROP FUNCTION audit_is_append_only",
    ],
}


def forbid(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers in the words of the database at hand."""
    for statement in FORBID[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def allow(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers, to go back before this migration."""
    for statement in ALLOW[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]
    operations = [migrations.RunPython(forbid, allow)]
