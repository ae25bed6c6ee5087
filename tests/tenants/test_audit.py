import pytest
from django.db import DatabaseError, connection, transaction

from tenants.audit import SYSTEM, actor_for, first_broken_link, record
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tenants.operations import create_business_unit, create_source


def test_each_row_continues_the_chain(in_acme, corporate, now):
    for name in ("Boards", "Insights"):
        create_business_unit(name=name, parent=corporate, by=SYSTEM, now=now)

    events = list(AuditEvent.objects.order_by("sequence"))
    assert [event.sequence for event in events] == [1, 2, 3]
    assert [bytes(event.previous_hash) for event in events[1:]] == [bytes(event.hash) for event in events[:2]]
    assert first_broken_link() is None


@pytest.mark.parametrize(
    "statement", ["UPDATE tenants_auditevent SET verb = 'x'", "DELETE FROM tenants_auditevent"]
)
def test_app_cannot_change_or_delete_what_was_logged(in_acme, statement):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE tenants_auditevent SET verb = 'harmless' WHERE sequence = 2", 2),
        ("UPDATE tenants_auditevent SET business_unit_id = NULL WHERE sequence = 2", 2),
        ("DELETE FROM tenants_auditevent WHERE sequence = 2", 3),
    ],
)
def test_tampering_by_the_owner_shows(acme, now, owner_connection, tampering, broken):
    with tenant_context(acme.pk):
        units = [
            create_business_unit(name=n, parent=_root(), by=SYSTEM, now=now) for n in ("Boards", "Insights")
        ]
    assert units

    with owner_connection.transaction():
        owner_connection.execute(f"SET LOCAL app.tenant_id = '{acme.pk}'")
        owner_connection.execute(tampering)

    with tenant_context(acme.pk):
        assert first_broken_link() == broken


def test_row_names_fields_actor_and_unit_and_no_values(in_acme, boards, alice, now):
    event = record(by=actor_for(alice), verb="business_unit.renamed", target=boards, fields=["name"], now=now)

    assert (event.actor_id, event.fields, event.business_unit_id) == (alice.pk, ["name"], boards.pk)
    assert "Boards" not in str(event.__dict__)


def test_what_belongs_to_no_unit_names_none(in_acme, now):
    source = create_source(name="Web", kind="browser", by=SYSTEM, now=now)

    assert AuditEvent.objects.get(target_id=str(source.pk)).business_unit_id is None


def _root():
    from tenants.models import BusinessUnit

    return BusinessUnit.objects.get(parent__isnull=True)
