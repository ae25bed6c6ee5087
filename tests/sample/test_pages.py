"""Sample data in the console: who may, what they see, and the way there and back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.middleware import SESSION_TENANT
from tenants.models import AuditEvent, Membership, Tenant
from tenants.operations import remove_sample, suspend_tenant
from tenants.queries import tenants_of
from tests.sample.conftest import work

BANNER = "nothing here is real; nothing leaves"
PAGE, MAKE, REMOVE = (reverse(f"admin:pqlhub_sample{name}") for name in ("", "_make", "_remove"))
OPEN = reverse("tenants:switch_to_sample")


def text(client, address) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_there_and_back_and_away(client, acme, alice, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False  # as in production: no request reaches into another tenant
    client.force_login(alice)
    assert "Try it with sample data" in text(client, "/")

    assert client.post(MAKE).url == PAGE
    assert client.post(MAKE).url == PAGE
    assert "Living through its history" in text(client, PAGE)
    work()
    assert "Open the sample data" in text(client, "/")
    assert BANNER not in text(client, "/")

    assert client.post(OPEN).url == "/"
    sample = Tenant.objects.get(sample_of=acme)
    assert client.session[SESSION_TENANT] == sample.pk
    for name in ("index", "routing_lead_changelist", "reports_overview", "ingestion_account_changelist"):
        shown = text(client, reverse(f"admin:{name}"))
        assert BANNER in shown
        assert "Back to Acme" in shown

    client.post(reverse("tenants:switch_tenant"), {"tenant": acme.pk})
    assert "Everything in" in text(client, REMOVE)
    assert Tenant.objects.get(pk=sample.pk).status == "active"
    assert client.post(REMOVE).url == PAGE
    assert "A worker is removing" in text(client, PAGE)
    work()
    assert "Try it with sample data" in text(client, PAGE)
    with tenant_context(acme.pk):
        verbs = list(
            AuditEvent.objects.filter(verb__startswith="tenant.sample").values_list("verb", flat=True)
        )
    assert sorted(verbs) == ["tenant.sample_removed", "tenant.sample_requested"]


@pytest.mark.parametrize("who", ["bob", "rita"])
def test_only_corporate_admins_may(client, opened, who, request):
    client.force_login(request.getfixturevalue(who))

    assert "sample data" not in text(client, "/").lower()
    assert [client.get(PAGE).status_code, client.get(REMOVE).status_code] == [403, 403]
    assert [client.post(each).status_code for each in (MAKE, REMOVE, OPEN)] == [403, 403, 403]
    opened.refresh_from_db()
    assert opened.status == "active"


def test_another_company_reaches_only_its_own(client, acme, globex, opened, charlie):
    client.force_login(charlie)
    client.get("/")

    assert client.post(reverse("tenants:switch_tenant"), {"tenant": opened.pk}).status_code == 404
    client.post(REMOVE)
    client.post(OPEN)

    assert client.session[SESSION_TENANT] == globex.pk
    opened.refresh_from_db()
    assert opened.status == "active"


def test_in_sample_data_there_is_no_sample_data(client, opened, alice):
    client.force_login(alice)
    client.get("/")
    client.post(OPEN)

    assert "Try it with sample data" not in text(client, "/")
    assert f'href="{PAGE}"' not in text(client, "/")
    assert client.get(PAGE).status_code == 403
    assert client.post(OPEN).status_code == 302
    assert client.session[SESSION_TENANT] == opened.pk


def test_a_new_session_begins_in_the_company(client, acme, opened, alice):
    Tenant.objects.filter(pk=opened.pk).update(name="AAA, first by name")
    client.force_login(alice)
    client.get("/")
    client.post(OPEN)
    client.logout()
    client.force_login(alice)
    client.get("/")

    assert client.session[SESSION_TENANT] == acme.pk


def test_it_is_open_to_members_of_the_company_alone(client, acme, opened, alice, now):
    client.force_login(alice)
    client.get("/")
    client.post(OPEN)
    assert [choice.tenant_id for choice in tenants_of(alice.pk)] == [acme.pk, opened.pk]

    suspend_tenant(tenant=acme, by=SYSTEM, now=now)
    assert [choice.tenant_id for choice in tenants_of(alice.pk)] == [acme.pk]
    Tenant.objects.filter(pk=acme.pk).update(status="active")
    with tenant_context(acme.pk):
        Membership.objects.filter(user=alice).update(ended_at=now)
    assert tenants_of(alice.pk) == []
    with tenant_context(opened.pk):
        people = [membership.user_id for membership in Membership.objects.exclude(user=alice)]
    assert len(people) == 9
    assert [tenants_of(person) for person in people] == [[]] * 9


def test_opening_before_it_is_ready_goes_home(client, acme, sample, alice):
    client.force_login(alice)
    client.get("/")

    assert client.post(OPEN).url == "/"
    assert "is not ready" in text(client, "/")
    assert client.session[SESSION_TENANT] == acme.pk


def test_who_works_in_it_while_it_is_removed_is_sent_home(client, acme, opened, alice):
    client.force_login(alice)
    client.get("/")
    client.post(OPEN)
    with tenant_context(acme.pk):
        remove_sample(company=acme, by=SYSTEM, now=timezone.now())

    assert "no longer a member" in text(client, "/")
    assert client.session[SESSION_TENANT] == acme.pk
