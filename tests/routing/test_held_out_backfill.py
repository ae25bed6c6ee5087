"""PQLs routed before scoring was told who is held out: the migration says it of every tenant's."""

from importlib import import_module

import pytest

from routing.models import Lead
from scoring.models import Qualification
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tests.factories.routing import live_definition, make_lead, make_person, make_pql


def _history(tenant, state, now) -> None:
    """A PQL whose lead is in this state, and one without a lead, as they were before."""
    with tenant_context(tenant.pk):
        definition = live_definition(BusinessUnit.objects.get())
        make_lead(definition, now=now)
        make_pql(definition, make_person(now=now), now=now)
        Lead.objects.update(state=state)
        Qualification.objects.update(is_held_out=None)


def _said(tenant) -> list[bool | None]:
    with tenant_context(tenant.pk):
        return list(Qualification.objects.order_by("routed_at").values_list("is_held_out", flat=True))


@pytest.mark.django_db(transaction=True)
def test_every_tenant_is_told_of_its_own(acme, globex, owner_connection, now):
    _history(acme, "held_out", now)
    _history(globex, "hold", now)

    owner_connection.execute(import_module("routing.migrations.0004_say_who_is_held_out").FILL)

    assert (_said(acme), _said(globex)) == ([True, None], [False, None])
