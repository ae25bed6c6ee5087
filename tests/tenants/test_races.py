"""Two at once: what must happen once happens once."""

import threading

import pytest
from django.db import connection

from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Membership, Role
from tenants.operations import (
    Refused,
    accept_invitation,
    create_business_unit,
    invite_member,
    move_business_unit,
    remove_member,
)
from tests.factories.tenants import make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _real_transactions(settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False


def at_once(tenant, *calls):
    """Run the calls in threads of their own; returns the names of what they raised."""
    barrier, raised = threading.Barrier(len(calls)), []

    def run(call):
        try:
            barrier.wait()
            with tenant_context(tenant.pk):
                call()
        except Refused as refusal:
            raised.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_two_admins_cannot_both_leave(acme, now):
    with tenant_context(acme.pk):
        root = BusinessUnit.objects.get()
        for name in ("alice", "anna"):
            make_member(f"{name}@acme.test", role=Role.CORPORATE_ADMIN, business_unit=root, now=now)
        members = list(Membership.objects.select_related("user", "business_unit"))

    refused = at_once(acme, *[lambda m=m: remove_member(membership=m, by=SYSTEM, now=now) for m in members])

    with tenant_context(acme.pk):
        assert Membership.objects.filter(ended_at__isnull=True).count() == 1
    assert len(refused) == 1


def test_one_invitation_makes_one_account(acme, now):
    with tenant_context(acme.pk):
        invitation, _secret = invite_member(
            email="new@acme.test",
            role=Role.REP,
            business_unit=BusinessUnit.objects.get(),
            invited_by=None,
            by=SYSTEM,
            now=now,
        )

    def join():
        accept_invitation(
            invitation_id=invitation.pk, user=None, name="Nia", password="a long enough phrase", now=now
        )

    refused = at_once(acme, join, join, join)

    with tenant_context(acme.pk):
        assert Membership.objects.count() == 1
    assert len(refused) == 2


def test_two_moves_cannot_make_a_ring(acme, now):
    with tenant_context(acme.pk):
        root = BusinessUnit.objects.get()
        one, other = (create_business_unit(name=n, parent=root, by=SYSTEM, now=now) for n in ("One", "Other"))

    refused = at_once(
        acme,
        lambda: move_business_unit(unit=one, parent=other, by=SYSTEM, now=now),
        lambda: move_business_unit(unit=other, parent=one, by=SYSTEM, now=now),
    )

    with tenant_context(acme.pk):
        assert all(unit.path.startswith(root.path) for unit in BusinessUnit.objects.all())
    assert len(refused) == 1
