"""The audit: kept with the action or not at all, and never rewritten by anybody."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from senhui.access.actions.record_audit import record_audit
from senhui.access.models import AuditEntry

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def entry(person, now):
    lin = person("lin")
    with transaction.atomic():
        record_audit(lin, "inventory.release_draft", subject="release 7", detail={"value_hash": "ab"}, now=now)
    return AuditEntry.objects.get(subject="release 7")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_auditentry SET actor_id = NULL",
        "UPDATE access_auditentry SET detail = '{}' WHERE subject = 'release 7'",
        "DELETE FROM access_auditentry",
        "DELETE FROM access_auditentry WHERE subject = 'release 7'",
    ],
)
def test_raw_sql_cannot_rewrite_it(entry, statement):
    n_before = AuditEntry.objects.count()
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(statement)
    assert AuditEntry.objects.count() == n_before
    kept = AuditEntry.objects.get(pk=entry.pk)
    assert (kept.actor_id, kept.subject, kept.detail) == (entry.actor_id, "release 7", {"value_hash": "ab"})


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite knows no TRUNCATE")
def test_postgresql_cannot_truncate_it(entry):
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute("TRUNCATE access_auditentry")
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


def test_the_product_cannot_rewrite_it_either(entry):
    entry.action = "inventory.discard_draft"
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.delete()
    assert AuditEntry.objects.get(pk=entry.pk).action == "inventory.release_draft"


def test_an_action_that_rolls_back_leaves_no_line(person, now):
    lin = person("lin")
    with transaction.atomic():
        record_audit(lin, "inventory.release_draft", subject="release 8", detail={}, now=now)
        transaction.set_rollback(True)
    assert not AuditEntry.objects.filter(subject="release 8").exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_a_programmers_mistake(person, now):
    lin = person("lin")
    with pytest.raises(AssertionError, match="transaction"):
        record_audit(lin, "inventory.release_draft", subject="release 9", detail={}, now=now)
    assert not AuditEntry.objects.filter(subject="release 9").exists()
