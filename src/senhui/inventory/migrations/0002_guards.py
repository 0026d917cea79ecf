"""The database itself refuses to change or delete a release, and to alter a draft that was released."""

from django.db import migrations

from senhui.inventory.triggers import runs

_TRIGGERS = (
    ("release_no_update", "inventory_release", "UPDATE", "", "a release never changes"),
    ("release_no_delete", "inventory_release", "DELETE", "", "a release is never deleted"),
    ("released_draft_stays", "inventory_draft", "UPDATE", "OLD.state = 'released'", "a released draft never changes"),
)

FORBID = {
    "sqlite": [
        f"CREATE TRIGGER inventory_{name} BEFORE {event} ON {table} {f'WHEN {condition}' if condition else ''} "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        for name, table, event, condition, words in _TRIGGERS
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION inventory_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$",
        *[
            # Without a condition it is for each statement, so that TRUNCATE is met as well.
            f"CREATE TRIGGER inventory_{name} BEFORE {event}{' OR TRUNCATE' if event == 'DELETE' else ''} ON {table} "
            f"FOR EACH {f'ROW WHEN ({condition})' if condition else 'STATEMENT'} "
            f"EXECUTE FUNCTION inventory_refuse('{words}')"
            for name, table, event, condition, words in _TRIGGERS
        ],
    ],
}
ALLOW = {
    "sqlite": [f"DROP TRIGGER inventory_{name}" for name, *_ in _TRIGGERS],
    "postgresql": [f"DROP TRIGGER inventory_{name} ON {table}" for name, table, *_ in _TRIGGERS],
}


forbid = runs(FORBID)
allow = runs(ALLOW)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [migrations.RunPython(forbid, allow)]
