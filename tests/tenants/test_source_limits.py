"""The form of a source's limits."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import AuditEvent, Source
from tests.factories.tenants import make_source


@pytest.fixture
def source(acme):
    with tenant_context(acme.pk):
        return make_source(now=timezone.now())


def save(client, source, **values):
    fields = {"name": source.name, "kind": source.kind, "is_enabled": "on"}
    empty = {"events_per_second": "", "allowed_origins": "", "quota_events": "", "quota_period": "month"}
    return client.post(reverse("admin:tenants_source_change", args=[source.pk]), fields | empty | values)


def test_limits_are_saved_tidied_and_in_the_audit_log(client, acme, alice, source):
    client.force_login(alice)
    save(client, source, allowed_origins="https://b.acme.com\nhttps://A.acme.com/", events_per_second="50")

    with tenant_context(acme.pk):
        stored = Source.objects.get()
        assert stored.allowed_origins == ["https://a.acme.com", "https://b.acme.com"]
        assert stored.events_per_second == 50
        assert AuditEvent.objects.filter(verb="source.changed").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("allowed_origins", "app.acme.com", "“app.acme.com” is no website"),
        ("allowed_origins", "https://app.acme.com/path", "without a path"),
        ("events_per_second", "0", "greater than or equal to 1"),
        ("quota_events", "0", "greater than or equal to 1"),
        ("quota_period", "week", "Select a valid choice"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_what_to_write(
    client, acme, alice, source, field, value, says
):
    client.force_login(alice)
    response = save(client, source, **{field: value})

    assert says in response.content.decode()
    with tenant_context(acme.pk):
        assert Source.objects.get().events_per_second is None
