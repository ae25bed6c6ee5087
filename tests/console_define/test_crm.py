"""CRM connections in the console, against a CRM that is a real server on this machine."""

import pytest
from django.urls import reverse
from django.utils import timezone

from ingestion.models import Account, CrmConnection
from pqlhub.pulse import LONG, run_until_idle
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.factories.crm import SECRET, crm, make_connection
from tests.factories.ingestion import group, identify, send_and_fold

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with crm() as found:
        yield found


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def page(name, *keys):
    return reverse(f"admin:ingestion_crmconnection_{name}", args=keys)


def typed(box, **changes):
    usual = {
        "name": "HubSpot",
        "kind": "hubspot",
        "about": "account",
        "url": box.url,
        "secret": SECRET,
        "mapping": "employees = employees",
        "every_minutes": "15",
    }
    return usual | changes


def test_from_the_form_to_a_trait(as_alice, acme, box, now):
    """Add, try, switch on; the worker does the rest."""
    send_and_fold(acme, [group("ann", "a1", traits={"domain": "acme.com"}, ts=now)], received_at=now)
    box.put("1", now, domain="acme.com", employees="250")

    tried_at = as_alice.post(page("add"), typed(box)).url
    tried = as_alice.post(tried_at).content.decode()
    assert "a1" in tried
    assert "<b>250</b>" in tried
    with tenant_context(acme.pk):
        key = CrmConnection.objects.get().pk
    as_alice.post(page("act", key), {"do": "on"})
    run_until_idle(LONG, clock=timezone.now, budget_seconds=20)

    with tenant_context(acme.pk):
        assert Account.objects.get(key="a1").traits["employees"] == "250"
    assert "Told something new" in as_alice.get(page("change", key)).content.decode()


def test_a_crm_that_refuses_says_why_on_the_page(as_alice, in_acme, box, now):
    row = make_connection(box, now, secret="wrong")

    answer = as_alice.post(page("try", row.pk))

    assert answer.status_code == 422
    assert "does not take the key. Authentication credentials not found." in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://crm.example/path"}, "nothing behind it"),
        ({"mapping": "no line"}, "is no “path = trait”"),
        ({"secret": ""}, "Type the key"),
        ({"kind": "salesforce"}, "consumer key of your app"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(as_alice, in_acme, box, changes, words):
    answer = as_alice.post(page("add"), typed(box, **changes))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert SECRET not in answer.content.decode()


def test_the_key_is_never_shown(as_alice, in_acme, box, now):
    row = make_connection(box, now)

    assert SECRET not in as_alice.get(page("change", row.pk)).content.decode()


def test_a_dry_run_hides_contacts_from_an_engineer(as_user, acme, box, now):
    send_and_fold(acme, [identify("u1", traits={"email": "ada@acme.com"})], received_at=now)
    box.put("1", now, email="ada@acme.com", employees="Lovelace")
    mapping = [{"path": "employees", "trait": "lastname"}]
    with tenant_context(acme.pk):
        row = make_connection(box, now, about="person", mapping=mapping)
    client = as_user(member(acme, "eli@acme.test", Role.PRODUCT_ENGINEER, "Corporate", now))

    shown = client.post(page("try", row.pk)).content.decode()

    assert "a…@acme.com" in shown
    assert "Lovelace" not in shown


@pytest.mark.parametrize("name", ["change", "try", "delete", "act"])
def test_a_connection_of_another_company_is_not_there(client, charlie, acme, box, now, name):
    with tenant_context(acme.pk):
        row = make_connection(box, now)
    client.force_login(charlie)

    assert client.post(page(name, row.pk), {"do": "off"}).status_code == 404


def test_who_may_only_look_changes_nothing(as_user, in_acme, box, now):
    row = make_connection(box, now)
    analyst = as_user(member(in_acme, "ana@acme.test", Role.ANALYST, "Corporate", now))

    assert analyst.get(page("change", row.pk)).status_code == 200
    for name in ("try", "act", "delete"):
        assert analyst.post(page(name, row.pk), {"do": "off"}).status_code == 403
