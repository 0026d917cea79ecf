"""The database itself refuses to change or delete a release, and to alter a draft that was released."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "inventory_release"

SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'a release never changes'); END",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'a release is never deleted'); END",
    "CREATE TRIGGER inventory_draft_released_stays BEFORE UPDATE ON inventory_draft WHEN OLD.state = 'released' "
    "BEGIN SELECT RAISE(ABORT, 'a released draft never changes'); END",
]

POSTGRESQL = [
    "CREATE FUNCTION inventory_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$",
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW "
    "EXECUTE FUNCTION inventory_refuse('a release never changes')",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} FOR EACH ROW "
    "EXECUTE FUNCTION inventory_refuse('a release is never deleted')",
    "CREATE TRIGGER inventory_draft_released_stays BEFORE UPDATE ON inventory_draft FOR EACH ROW "
    "WHEN (OLD.state = 'released') EXECUTE FUNCTION inventory_refuse('a released draft never changes')",
]


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Install the triggers in the dialect of the database at hand."""
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
