"""Triggers that keep the database from changing what never changes: how migrations install and remove them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def runs(statements: Mapping[str, Sequence[str]]) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    """Return a step of a migration that executes the statements in the dialect of the database at hand."""

    def step(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)

    return step
